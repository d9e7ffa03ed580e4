"""Whoever has one technician's key too: that person's words, all of them, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cryoledger.domain import catalogue, times
from cryoledger.domain.events.lots import LotReleased
from cryoledger.ledger.entry import parse_entry
from cryoledger.ledger.note import Note
from tests.audit.sources import row_of
from tests.audit.tampering import entry_of, find
from tests.forgers.scene import Attempt, Scene, moved
from tests.forgers.with_database import SHORTER
from tests.forgers.with_log_key import OTHER
from tests.lab import ORIGIN, QUALITY, TECHNICIAN, later, private_key

HOLDER = "+ one person's key"
HELD = frozenset((ORIGIN, TECHNICIAN))
REMEMBERS = {"remembered head": "remembers another entry here"}


def rewrite_the_window(scene: Scene) -> None:
    """What no colleague signed after, and no witness saw."""
    _rewrite(scene, scene.truth.size - 2)


def rewrite_past_the_witness(scene: Scene) -> None:
    """What no colleague signed after, but the witness saw."""
    _rewrite(scene, scene.truth.seen - 1)


def rewrite_past_the_paper(scene: Scene) -> None:
    _rewrite(scene, scene.truth.seen - 2)


def _rewrite(scene: Scene, index: int) -> None:
    scene.change(index, data={"slot": "9"})
    scene.follow(index + 1)
    scene.tidy()


def and_the_stations_memory(scene: Scene) -> None:
    """The owner of the workstation puts the remembered head right too."""
    rewrite_the_window(scene)
    scene.head = None
    report = scene.report()
    assert any(line.startswith("exposed window: the last 4 entries") and TECHNICIAN in line for line in report.covers)


def rewrite_own_before_a_colleague(scene: Scene) -> None:
    index = find(scene.source, "VialsTakenOut")
    assert [line.name for line in entry_of(scene.source.stored[index]).signatures] == [TECHNICIAN]
    scene.change(index, data={"purpose": "check"})
    scene.follow(index + 1)
    scene.tidy()


def back_date(scene: Scene) -> None:
    """Recorded before the entry that stands before it."""
    scene.append(moved("6"), (TECHNICIAN, "performed"), now="2026-11-22T08:00:05.000Z")
    scene.tidy()


def occurred_earlier(scene: Scene) -> None:
    """It is said to have happened an hour ago, with no reason why it is late."""
    now = entry_of(scene.source.stored[-1]).envelope.recorded_at
    earlier = times.instant(later(times.text_of(now), -3_600_000))
    scene.append(moved("6"), (TECHNICIAN, "performed"), occurred_at=earlier)
    scene.tidy()


def alone_for_two(scene: Scene) -> None:
    scene.append(_discard(), (TECHNICIAN, "performed"))
    scene.tidy()


def twice_for_two(scene: Scene) -> None:
    """The same name for both: the format itself has no room for it, so the bytes are made by hand."""
    text = scene.text(_discard(), (TECHNICIAN, "performed"), ("x", "witnessed"))
    text = text.replace(b'"name":"x"', b'"name":"%b"' % TECHNICIAN.encode())
    scene.append_note(text, [scene.sign(TECHNICIAN, text)] * 2)


def in_a_colleagues_name(scene: Scene) -> None:
    scene.append(_discard(), (TECHNICIAN, "performed"), (QUALITY, "witnessed"))
    scene.tidy()


def own_line_under_a_colleagues_name(scene: Scene) -> None:
    """The second line is the first one's bytes with the colleague's name and key ID."""
    text = scene.text(_discard(), (TECHNICIAN, "performed"), (QUALITY, "witnessed"))
    own = scene.sign(TECHNICIAN, text)
    theirs = type(own)(QUALITY, private_key(QUALITY).verifier.key_id, own.signature)
    note = Note(text, (own, theirs)).encode()
    scene.source.stored.append(row_of(1, parse_entry(note)))
    scene.tidy()


def _discard() -> Any:
    return catalogue.parse("VialsDiscarded", {"vials": ["LOT-1-004"], "reason": "broken"})


def beyond_the_role(scene: Scene) -> None:
    scene.append(LotReleased(lot="LOT-1"), (TECHNICIAN, "released"))
    scene.tidy()


def against_a_rule(scene: Scene) -> None:
    """A vial where another one is (I2)."""
    there = {"unit": "BOX-1", "vials": [{"vial": "LOT-1-004", "position": 2}]}
    scene.append(catalogue.parse("VialsMoved", there), (TECHNICIAN, "performed"))
    scene.tidy()


def rulebook_of_his_own(scene: Scene) -> None:
    scene.append(moved("6"), (TECHNICIAN, "performed"), rules=2)
    scene.tidy()


def event_of_his_own(scene: Scene) -> None:
    scene.append(moved("6"), (TECHNICIAN, "performed"), type="VialsBlessed")


def id_again(scene: Scene) -> None:
    twin = entry_of(scene.source.stored[20]).envelope.id
    scene.append(moved("6"), (TECHNICIAN, "performed"), id=twin)
    scene.tidy()


def replay_from_another_ledger(scene: Scene) -> None:
    scene.append(moved("6"), (TECHNICIAN, "performed"), origin="velar.example/other")
    scene.tidy()


def old_signature_again(scene: Scene) -> None:
    """The line of the last entry under another text."""
    text = scene.text(moved("6"), (TECHNICIAN, "performed"))
    scene.append_note(text, entry_of(scene.source.stored[-1]).signatures)


def legal_entry(scene: Scene) -> None:
    """Somebody acts as the person, within the rules."""
    scene.append(moved("6"), (TECHNICIAN, "performed"), now=_now(scene))
    scene.tidy()


def _now(scene: Scene) -> str:
    return later(times.text_of(entry_of(scene.source.stored[-1]).envelope.recorded_at), 1000)


def legal_entry_noticed(scene: Scene) -> None:
    """The same; quality revokes the key, as suspect from that entry on."""
    legal_entry(scene)
    key_id = private_key(TECHNICIAN).verifier.key_id_hex
    data = {"name": TECHNICIAN, "key_id": key_id, "suspect_from": scene.truth.size, "reason": "stolen"}
    honest = Scene(scene.truth, scene.held | {QUALITY})
    honest.source = scene.source
    honest.append(catalogue.parse("KeyRevoked", data), (QUALITY, "revoked"), now=_now(scene))
    scene.tidy()


def fork_for_the_witness(scene: Scene) -> None:
    """Another history of just the size that the witness saw."""
    rewrite_past_the_witness(scene)
    scene.cut(scene.truth.seen)
    scene.tidy()


def revoked_key(scene: Scene) -> None:
    scene.append(moved("7"), ("lena.k", "performed"))
    scene.tidy()


def revoked_key_back_dated(scene: Scene) -> None:
    """The revoked key says something else in an entry from before its revocation."""
    index = next(
        at for at, row in enumerate(scene.source.stored)
        if [line.name for line in entry_of(row).signatures] == ["lena.k"]
    )  # fmt: skip
    _rewrite(scene, index)


def ambiguous(old: bytes, new: bytes) -> Callable[[Scene], None]:
    """An entry whose JSON can be read in two ways, properly signed."""

    def forge(scene: Scene) -> None:
        text = scene.text(moved("6"), (TECHNICIAN, "performed"))
        assert old in text
        text = text.replace(old, new, 1)
        scene.append_note(text, [scene.sign(TECHNICIAN, text)])

    return forge


JSON = (
    ("the same key twice", b'"slot":"6"', b'"slot":"6","slot":"7"', "twice"),
    ("the same key twice in the envelope", b'"rules":1', b'"rules":1,"rules":2', "twice"),
    ("keys in another order", b'"rules":1,"schema":1', b'"schema":1,"rules":1', "canonical"),
    ("white space", b'"data":{', b'"data": {', "canonical"),
    ("NaN", b'"slot":"6"', b'"slot":NaN', "NaN"),
    ("Infinity", b'"slot":"6"', b'"slot":-Infinity', "Infinity"),
    ("a float", b'"rules":1,', b'"rules":1.0,', "integer"),
    ("an exponent", b'"rules":1,', b'"rules":1e0,', "integer"),
    ("another exponent", b'"rules":1,', b'"rules":10E-1,', "integer"),
    ("minus zero", b'"data":{', b'"data":{"a":-0,', "canonical"),
    ("a leading zero", b'"rules":1,', b'"rules":01,', "JSON"),
    ("deep nesting", b'"data":{', b'"data":{"a":' + b"[" * 9000 + b"]" * 9000 + b",", "deep"),
    ("an integer beyond 2^53", b'"rules":1,', b'"rules":9007199254740993,', "2^53"),
    ("a lone surrogate", b'"slot":"6"', b'"slot":"\\ud800"', "canonical"),
    ("a surrogate in UTF-8", b'"slot":"6"', b'"slot":"\xed\xa0\x80"', "UTF-8"),
    ("an escape not needed", b'"slot":"6"', b'"slot":"\\u0036"', "canonical"),
    ("a raw control character", b'"slot":"6"', b'"slot":"6\x1d"', "control"),
    ("a field that is not declared", b'"data":{', b'"data":{"note":"x",', "note"),
    ("a default written out", b'"data":{', b'"data":{"late":null,', "its declaration writes it"),
)

ATTEMPTS = (
    Attempt(HOLDER, "rewrite own last entries, unseen by any witness", rewrite_the_window, REMEMBERS, HELD),
    Attempt(HOLDER, "rewrite them, and the station's memory with them", and_the_stations_memory, {}, HELD,
            untold="the exposed window is always shown: the last 4 entries rest on the key of maria.s alone"),
    Attempt(HOLDER, "rewrite own last entries, seen by a witness", rewrite_past_the_witness,
            {**REMEMBERS, "witness": OTHER, "witness asked": "REWRITE"}, HELD),
    Attempt(HOLDER, "rewrite own last entries, on paper too", rewrite_past_the_paper,
            {**REMEMBERS, "witness": OTHER, "paper": OTHER, "witness asked": "REWRITE"}, HELD),
    Attempt(HOLDER, "rewrite an own entry before a colleague's", rewrite_own_before_a_colleague,
            {"verify": "signature of", **REMEMBERS, "witness": OTHER, "paper": OTHER, "receipt": OTHER,
             "witness asked": "REWRITE"}, HELD),
    Attempt(HOLDER, "fork: another tree of the size that the witness saw", fork_for_the_witness,
            {**SHORTER, "witness": OTHER, "witness asked": "FORK"}, HELD),
    Attempt(HOLDER, "back-date: recorded before the entry before", back_date, {"verify": "refuses this"}, HELD),
    Attempt(HOLDER, "back-date: occurred an hour ago, no reason", occurred_earlier, {"verify": "refuses this"}, HELD),
    Attempt(HOLDER, "do alone what takes two", alone_for_two, {"verify": "is signed by"}, HELD),
    Attempt(HOLDER, "sign twice for two", twice_for_two, {"verify": "twice"}, HELD),
    Attempt(HOLDER, "sign in a colleague's name", in_a_colleagues_name, {"verify": "signature of quinn.o"}, HELD),
    Attempt(HOLDER, "own line under a colleague's name", own_line_under_a_colleagues_name,
            {"verify": "signature of quinn.o"}, HELD),
    Attempt(HOLDER, "act beyond the role", beyond_the_role, {"verify": "is no quality officer"}, HELD),
    Attempt(HOLDER, "act against a rule", against_a_rule, {"verify": "(I2"}, HELD),
    Attempt(HOLDER, "name a rulebook of one's own", rulebook_of_his_own, {"verify": "does not know"}, HELD),
    Attempt(HOLDER, "name an event of one's own", event_of_his_own, {"verify": "knows no such event"}, HELD),
    Attempt(HOLDER, "use an id again", id_again, {"verify": "stands again"}, HELD),
    Attempt(HOLDER, "replay an entry into another ledger", replay_from_another_ledger,
            {"verify": "for another ledger"}, HELD),
    Attempt(HOLDER, "an old signature under another text", old_signature_again, {"verify": "signature of maria.s"},
            HELD),
    Attempt(HOLDER, "a legal act in the person's name", legal_entry, {}, HELD,
            untold="not prevented by any chain: PIN for critical acts, a second person; seen at the next sign-in"),
    Attempt(HOLDER, "the same, noticed: the key revoked as suspect", legal_entry_noticed,
            {"mark": "are under suspicion until another reaffirms them"}, HELD),
    *(
        Attempt(HOLDER, f"ambiguous JSON: {name}", ambiguous(old, new), {"verify": words}, HELD)
        for name, old, new, words in JSON
    ),
    Attempt("+ a revoked key", "sign after the revocation", revoked_key, {"verify": "The key of Lena Krause is"},
            HELD | {"lena.k"}),
    Attempt("+ a revoked key", "rewrite an entry from before it", revoked_key_back_dated,
            {"verify": "signature of", **REMEMBERS, "witness": OTHER, "paper": OTHER, "receipt": OTHER,
             "witness asked": "REWRITE"}, HELD | {"lena.k"}),
)  # fmt: skip
