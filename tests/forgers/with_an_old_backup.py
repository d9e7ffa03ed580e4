"""Whoever has an old backup: put back as it is, worked on, with the station's memory or without, declared or not."""

from __future__ import annotations

from dataclasses import replace

from cryoledger.domain.events import vault
from cryoledger.ledger.entry import ZERO_HASH, Envelope, SignerRole, entry_text, seal, uuid7
from cryoledger.ledger.lines import encode_base64
from cryoledger.ledger.tree import root
from tests.audit.sources import row_of
from tests.audit.tampering import entry_of
from tests.forgers.scene import Attempt, Scene, moved
from tests.forgers.with_a_persons_key import REMEMBERS
from tests.forgers.with_database import ROLLED, SHORTER
from tests.forgers.with_log_key import OTHER
from tests.lab import ADMIN, ORIGIN, QUALITY, STATION, TECHNICIAN

HOLDER = "an old backup"
HELD = frozenset((ORIGIN, STATION))


def put_back(scene: Scene) -> None:
    """The database of some days ago; whoever restores it can sign nothing new."""
    scene.cut(scene.truth.seen - 2)
    scene.tidy()


def put_back_with_memory(scene: Scene) -> None:
    """The whole machine set back: what the station remembers is as old as the vault."""
    put_back(scene)
    last = scene.source.stored[-1]
    assert scene.head is not None
    scene.head = replace(scene.head, sequence=last.sequence, leaf_hash=last.leaf_hash)


def worked_on(scene: Scene) -> None:
    """Honest people go on in the old copy, knowing nothing."""
    honest = Scene(scene.truth, HELD | {TECHNICIAN})
    honest.source = scene.source
    put_back(scene)
    honest.source = scene.source
    for number in range(4):
        honest.append(moved(str(6 + number % 2)), (TECHNICIAN, "performed"))
    scene.source = honest.source
    scene.tidy()


def _restored(scene: Scene, event: vault.LedgerRestored | vault.RestoreFound, *signers: tuple[str, str]) -> None:
    """Open the next epoch over what is left."""
    last = entry_of(scene.source.stored[-1])
    moment = last.envelope.recorded_at
    identifier = uuid7(int(moment.timestamp() * 1000), bytes(9) + b"\x02")
    envelope = Envelope(
        type(event).__name__, 1, 1, identifier, moment, moment, STATION, tuple(SignerRole(*each) for each in signers),
        event.model_dump(mode="json", exclude_defaults=True),
    )  # fmt: skip
    text = entry_text(f"{ORIGIN}/e2", 0, ZERO_HASH, envelope)
    honest = Scene(scene.truth, HELD | {name for name, _ in signers})
    scene.source.stored.append(row_of(2, seal(text, [honest.sign(name, text) for name, _ in signers])))
    scene.tidy()


def _said(scene: Scene, **changed: object) -> dict[str, object]:
    kept = [row.leaf_hash for row in scene.source.stored]
    said = {"origin": ORIGIN, "size": len(kept), "root": encode_base64(root(kept)),
            "last_leaf_hash": encode_base64(kept[-1]), "lost_from": len(kept)}  # fmt: skip
    return said | changed


def found_by_the_station(scene: Scene) -> None:
    put_back(scene)
    _restored(scene, vault.RestoreFound.model_validate(_said(scene)), (STATION, "observed"))


def declared(scene: Scene) -> None:
    put_back(scene)
    event = vault.LedgerRestored.model_validate(_said(scene))
    _restored(scene, event, (ADMIN, "restored"), (QUALITY, "approved"))


def declared_too_little(scene: Scene) -> None:
    """Two persons say that one entry was lost; there were more."""
    put_back(scene)
    event = vault.LedgerRestored.model_validate(_said(scene, lost_to=len(scene.source.stored)))
    _restored(scene, event, (ADMIN, "restored"), (QUALITY, "approved"))


def declared_over_another_past(scene: Scene) -> None:
    put_back(scene)
    event = vault.LedgerRestored.model_validate(_said(scene, root=encode_base64(bytes(32))))
    _restored(scene, event, (ADMIN, "restored"), (QUALITY, "approved"))


def cut_before_a_restore(scene: Scene) -> None:
    """The restore stands; what it says it kept does not."""
    declared(scene)
    del scene.source.stored[-2]
    scene.tidy()


OLD = {"witness": ROLLED, "witness asked": "ROLLBACK"}

ATTEMPTS = (
    Attempt(HOLDER, "put it back", put_back, {**SHORTER, **OLD, "paper": ROLLED}, HELD),
    Attempt(HOLDER, "put it back, the station's memory too", put_back_with_memory, {**OLD, "paper": ROLLED}, HELD),
    Attempt(HOLDER, "put it back and work on in it", worked_on,
            {**REMEMBERS, "witness": OTHER, "paper": OTHER, "witness asked": "REWRITE"}, HELD),
    Attempt(HOLDER, "put it back; the station finds it and goes on", found_by_the_station,
            {"mark": "nobody has declared the restore", **SHORTER, "witness": ROLLED, "paper": ROLLED}, HELD),
    Attempt(HOLDER, "put it back; two persons declare it", declared, {"mark": "opened a new epoch over that"}, HELD),
    Attempt(HOLDER, "declare less than was lost", declared_too_little,
            {"witness": ROLLED, **SHORTER, "mark": "were lost, as entry 2/0 declares"}, HELD),
    Attempt(HOLDER, "declare a restore over another past", declared_over_another_past,
            {"verify": "does not name what stands before it", "mark": "opened a new epoch over that"}, HELD),
    Attempt(HOLDER, "cut what a restore kept", cut_before_a_restore,
            {"verify": "The tail of this epoch was cut", "mark": "opened a new epoch over that"}, HELD),
)  # fmt: skip
