"""The scene of a forgery: a true ledger, what others hold of it outside, and the forger's copy with the keys held.

A forger is given every advantage that the keys allow: derived tables are made anew to fit, checkpoints that contradict
are taken out of the vault, and with the log's key a new head is signed. What catches is asked of everybody at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from cryoledger.audit import Head, Outside, Report, verify
from cryoledger.audit import draft as drafts
from cryoledger.database.trees import StoredTile
from cryoledger.domain import catalogue
from cryoledger.domain.events.storage import StorageUnitMoved
from cryoledger.domain.facts import Inventory
from cryoledger.domain.fields import Event
from cryoledger.domain.records import DERIVED, Person
from cryoledger.domain.roles import Role
from cryoledger.domain.rulebooks import CURRENT, rulebook
from cryoledger.errors import CryoledgerError
from cryoledger.ledger.canonical import parse_time
from cryoledger.ledger.checkpoint import Checkpoint, SignedCheckpoint, cosign, sign_checkpoint
from cryoledger.ledger.entry import Envelope, SignerRole, entry_text, seal, uuid7
from cryoledger.ledger.keys import PrivateKey
from cryoledger.ledger.note import Algorithm, Note, Signature
from cryoledger.ledger.policy import Policy, parse_policy
from cryoledger.ledger.proof import Receipt
from cryoledger.ledger.tree import consistency_proof, inclusion_proof, leaf_hash, root
from cryoledger.ledger.witnessing import Request, WitnessError, judge
from tests.audit.sources import Listed, Row, row_of, sort_key
from tests.audit.tampering import entry_of, resigned
from tests.lab import ORIGIN, QUALITY, STATION, TECHNICIAN, Lab, private_key

WITNESS = PrivateKey.from_seed("hospital.example/it", bytes([7]) * 32, Algorithm.COSIGNATURE_V1)
SECONDS = 1_795_000_000


@dataclass(frozen=True)
class Truth:
    """What really happened, and what is held of it elsewhere: sizes say how much each had seen."""

    ledger: Listed
    administered: int
    receipt: Receipt
    paper: SignedCheckpoint
    witness: SignedCheckpoint
    head: Head
    fingerprint: bytes
    badges: Mapping[str, str]
    policy: Policy

    @property
    def size(self) -> int:
        """How many entries there are."""
        return len(self.ledger.stored)

    @property
    def seen(self) -> int:
        """How many of them the witness cosigned."""
        return self.witness.checkpoint.size


def true_story() -> Truth:
    """A dose given, a key revoked, a hold; then four moves that rest on one technician's key alone."""
    lab = Lab()
    lab.furnish()
    lab.release_lot("LOT-1", filled=4)
    vials = lab.vials("LOT-1", 4)
    lab.enrol("lena.k", "Lena Krause", Role.TECHNICIAN)
    lab.record(moved("6"), "lena.k")
    key = private_key("lena.k").verifier.key_id_hex
    lab.record(catalogue.parse("KeyRevoked", {"name": "lena.k", "key_id": key, "reason": "lost"}), QUALITY)
    lab.place_order("ORDER-1", "PATIENT-1")
    lab.give(lab.to_dose("DOSE-1", "ORDER-1", vials[:1]))
    received = len(lab.entries)
    discard = catalogue.parse("VialsDiscarded", {"vials": [vials[1]], "reason": "broken"})
    lab.record(discard, TECHNICIAN, QUALITY)
    lab.hold("vial", vials[2])
    for slot in ("2", "3", "4", "5"):
        lab.record(moved(slot), TECHNICIAN)
    ledger, size = Listed.of(lab), len(lab.entries)
    log, last = private_key(ORIGIN), lab.entries[-1]

    def at(count: int) -> SignedCheckpoint:
        return head_of(ledger, count, log)

    witnessed = at(size - 2)
    witnessed = witnessed.with_signatures(cosign(witnessed.checkpoint, WITNESS, SECONDS))
    leaves = [row.leaf_hash for row in ledger.stored[:received]]
    given = received - 1
    receipt = Receipt(ledger.stored[given].note, given, tuple(inclusion_proof(leaves, given)), at(received))
    policy = f"log {log.verifier.encode()}\nwitness it {WITNESS.verifier.encode()}\nquorum it\n"
    badges = {row.name: row.badge for row in lab.inventory.rows(Person)}
    return Truth(
        ledger, given, receipt, at(size - 3), witnessed, Head(ORIGIN, 1, size - 1, last.leaf_hash),
        ledger.stored[0].leaf_hash, badges, parse_policy(policy.encode()),
    )  # fmt: skip


def moved(slot: str) -> StorageUnitMoved:
    """A move that is legal at any time."""
    return StorageUnitMoved(unit="BOX-2", parent="RACK-2", slot=slot)


def head_of(source: Listed, size: int, log: PrivateKey, epoch: int = 1) -> SignedCheckpoint:
    """A checkpoint over the first entries of an epoch, signed by the log."""
    leaves = [row.leaf_hash for row in source.stored if row.epoch == epoch][:size]
    return sign_checkpoint(Checkpoint(log.name, len(leaves), root(leaves)), [log])


@dataclass
class Scene:
    """The forger's copy of the vault, and the keys in the forger's hands."""

    truth: Truth
    held: frozenset[str]
    source: Listed = field(init=False)
    kept: list[SignedCheckpoint] = field(init=False)
    tiles: list[StoredTile] = field(default_factory=list)
    head: Head | None = field(init=False)
    brings: bool = True  # the auditor has heads from outside at hand

    def __post_init__(self) -> None:
        self.source = self.truth.ledger.copy()
        newest = head_of(self.source, self.truth.size, private_key(ORIGIN))
        self.kept = [self.truth.receipt.checkpoint, self.truth.paper, self.truth.witness, newest]
        self.head = self.truth.head

    # The forger's hands

    def sign(self, name: str, text: bytes) -> Signature:
        """A signature by a key that is held; by a key of the forger's own under that name where it is not."""
        true = private_key(name)
        if name in self.held:
            return true.sign(text)
        own = PrivateKey.from_seed(name, b"the forger's own key, 32 bytes..").sign(text)
        return Signature(name, true.verifier.key_id, own.signature)

    def change(self, index: int, **changed: Any) -> None:
        """Replace an entry by another that says something else, signed as far as keys are held (see `resigned`)."""
        self.source.stored[index] = resigned(self.source.stored[index], sign=self.sign, **changed)

    def follow(self, index: int) -> None:
        """Have every later entry name the one before it anew, signed as far as keys are held."""
        for at in range(index, len(self.source.stored)):
            before = self.source.stored[at - 1]
            self.source.stored[at] = resigned(
                self.source.stored[at], previous=before.leaf_hash, sequence=before.sequence + 1, sign=self.sign
            )

    def text(self, event: Event, *signers: tuple[str, str], origin: str = "", **envelope: Any) -> bytes:
        """The text of a next entry, whatever the rules say."""
        last = entry_of(self.source.stored[-1])
        now = envelope.pop("now", None)
        moment = parse_time(now) if now else last.envelope.recorded_at
        identifier = uuid7(int(moment.timestamp() * 1000), bytes(8) + len(self.source.stored).to_bytes(2, "big"))
        made = Envelope(
            type(event).__name__, 1, 1, identifier, moment, moment, STATION,
            tuple(SignerRole(*signer) for signer in signers), event.model_dump(mode="json", exclude_defaults=True),
        )  # fmt: skip
        return entry_text(origin or last.origin, last.sequence + 1, last.leaf_hash, replace(made, **envelope))

    def append(self, event: Event, *signers: tuple[str, str], **envelope: Any) -> None:
        """One more entry at the end, whatever the rules say."""
        text = self.text(event, *signers, **envelope)
        self.source.stored.append(row_of(1, seal(text, [self.sign(name, text) for name, _ in signers])))

    def append_note(self, text: bytes, lines: Iterable[Signature]) -> None:
        """Bytes as one more entry, that no strict writer would make."""
        last = self.source.stored[-1]
        note = Note(text, tuple(lines)).encode()
        identifier = text.split(b'"id":"', 1)[1][:36].decode()
        row = Row(1, last.sequence + 1, identifier, last.leaf_hash, leaf_hash(note), note)
        self.source.stored.append(row)

    def respell(self, index: int, old: bytes, new: bytes) -> None:
        """Other bytes in a note, the columns made to fit."""
        row = self.source.stored[index]
        assert old in row.note
        row.note = new.join(row.note.rsplit(old, 1))
        row.leaf_hash = leaf_hash(row.note)

    def cut(self, size: int) -> None:
        """Nothing but the first entries."""
        del self.source.stored[size:]

    def tidy(self) -> None:
        """Make all that follows from the entries fit them: tables and checkpoints; with the log's key also a new head,

        cosigned by the witness where the witness lets itself be deceived.
        """
        self.source.tables = rebuilt(self.source)
        leaves = [row.leaf_hash for row in self.source.stored if row.epoch == 1]
        self.kept = [
            kept
            for kept in self.kept
            if kept.checkpoint.size <= len(leaves) and root(leaves[: kept.checkpoint.size]) == kept.checkpoint.root
        ]
        if ORIGIN in self.held:
            signed = self._newest()
            willing = () if self._asked() else (cosign(signed.checkpoint, WITNESS, SECONDS + 60),)
            self.kept.append(signed.with_signatures(*willing))

    # What the others say

    def caught(self) -> dict[str, list[str]]:
        """By whom the forgery is caught, each with what it says; `mark` where a report lists it and does not fail."""
        report = self.report()
        found: dict[str, list[str]] = {}
        for finding in report.findings:
            by = self._by(finding.check, finding.row, finding.message)
            found.setdefault(by if finding.severity == "broken" else "mark", []).append(finding.message)
        assert report.ok is not any(finding.severity == "broken" for finding in report.findings)
        found |= {name: said for name, said in (("witness asked", self._asked()), ("badges", self._badges())) if said}
        return found

    def report(self) -> Report:
        """One verification, with all that anybody outside holds."""
        truth = self.truth
        brought = [truth.receipt.checkpoint, truth.paper, truth.witness] if self.brings else []
        outside = Outside(
            self.tiles, [kept.encode() for kept in self.kept], [signed.encode() for signed in brought], truth.policy
        )
        return verify(self.source, remembered=self.head, fingerprint=truth.fingerprint, outside=outside)

    def _by(self, check: str, row: str | None, message: str) -> str:
        if check in ("remembered head", "fingerprint"):
            return check
        if check == "policy":
            return "witness"
        if check == "checkpoint" and message.startswith("A checkpoint that the verifier holds"):
            size = int((row or "").rsplit(" ", 1)[1])
            held = {
                self.truth.receipt.checkpoint.checkpoint.size: "receipt",
                self.truth.paper.checkpoint.size: "paper",
                self.truth.seen: "witness",
            }
            return held[size]
        return "verify"

    def _newest(self) -> SignedCheckpoint:
        """The head of the last epoch, signed by the log."""
        epoch = self.source.stored[-1].epoch
        name = ORIGIN if epoch == 1 else f"{ORIGIN}/e{epoch}"
        return head_of(
            self.source, len(self.source.stored), PrivateKey.from_seed(name, private_key(ORIGIN).seed), epoch
        )

    def _asked(self) -> list[str]:
        """What the witness says when it is shown the forged head; nothing where no head can be signed."""
        if ORIGIN not in self.held:
            return []
        newest = self._newest()
        head = newest.checkpoint
        log = PrivateKey.from_seed(head.origin, private_key(ORIGIN).seed).verifier
        last = self.truth.witness.checkpoint if head.origin == ORIGIN else None
        size = last.size if last is not None else 0
        leaves = [row.leaf_hash for row in self.source.stored if row.epoch == 1]
        proof = tuple(consistency_proof(leaves, size)) if 0 < size <= head.size else ()
        try:
            judge(Request(min(size, head.size), proof, newest), last, [log])
        except WitnessError as error:
            return [error.message]
        return []

    def _badges(self) -> list[str]:
        """Whose printed badge is not the one that the ledger names."""
        now = {row.name: row.badge for row in self.source.tables[Person] if isinstance(row, Person)}
        wrong = [name for name, badge in self.truth.badges.items() if now.get(name, badge) != badge]
        return [f"The badge of {', '.join(wrong)} bears another key ID."] if wrong else []


def rebuilt(source: Listed) -> dict[Any, Any]:
    """Derived tables that fit the entries, as far as these can be carried out at all."""
    inventory, previous = Inventory(), None
    for row in source.stored:
        with suppress(CryoledgerError, RuntimeError, KeyError, IndexError):
            entry = entry_of(row)
            draft = drafts.draft_of(entry, row.epoch, previous)
            recorded = drafts.recorded_of(entry, row.epoch)
            inventory.apply(rulebook(CURRENT).changes(draft, inventory))
            inventory.entries[recorded.number] = recorded
            previous = recorded.recorded_at
    return {record: sorted(inventory.rows(record), key=sort_key) for record in DERIVED}


@dataclass(frozen=True)
class Attempt:
    """One try: who holds what, what is done, and by whom it must be caught, in which words; nobody else may be named.

    `untold` is what LEDGER says where nothing can catch it.
    """

    holder: str
    name: str
    forge: Callable[[Scene], None]
    caught: Mapping[str, str]
    held: frozenset[str] = frozenset()
    untold: str = ""

    @property
    def id(self) -> str:
        """As pytest shows it."""
        return f"{self.holder}: {self.name}"
