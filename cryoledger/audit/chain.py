"""Step 1 of a verification: every entry is one, stands at its place, and names the entry before it.

What a stored entry's columns say is only compared with its note: the note is the truth.
"""

from __future__ import annotations

from array import array
from binascii import b2a_base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

from cryoledger.audit.findings import Finding, Findings
from cryoledger.audit.source import Source, StoredEntry
from cryoledger.domain import numbers
from cryoledger.errors import CryoledgerError
from cryoledger.ledger.canonical import format_time
from cryoledger.ledger.entry import TAG, Entry, parse_entry
from cryoledger.ledger.lines import encode_base64
from cryoledger.ledger.tiles import Growth, Tile
from cryoledger.ledger.tree import leaf_hash

__all__ = ["Chain", "EpochEnd", "Step"]

EPOCHS = 2**13 - 1  # numbers.number_of
TABLE = "entry"


@dataclass(frozen=True, slots=True)
class EpochEnd:
    """What was kept of an epoch when the next one opened."""

    origin: str
    size: int
    root: bytes
    last_leaf_hash: bytes


@dataclass(frozen=True, slots=True)
class Step:
    """A stored entry at its place. `entry` is None where the bytes are no entry, or not the one of this place.

    `follows`: it names the leaf hash of the entry before, or that is unknown. `before`: the epoch that ended, in
    the first entry of the next one. `tiles` are those of the tree that it fills.
    """

    epoch: int
    sequence: int
    leaf_hash: bytes
    entry: Entry | None
    follows: bool
    expected_previous: bytes | None
    previous_recorded_at: str | None
    before: EpochEnd | None
    tiles: tuple[Tile, ...] = ()

    @property
    def number(self) -> int:
        """The entry's number over all epochs."""
        return numbers.number_of(self.epoch, self.sequence)

    def broken(self, check: str, message: str, *, expected: str | None = None, found: str | None = None) -> Finding:
        """A broken finding at this entry."""
        return at(self.epoch, self.sequence, check, message, expected=expected, found=found)


def at(
    epoch: int, sequence: int, check: str, message: str, *, expected: str | None = None, found: str | None = None
) -> Finding:
    """A broken finding at a place of the ledger."""
    row = numbers.place_shown(epoch, sequence)
    return Finding(check, "broken", epoch, sequence, TABLE, row, expected, found, message)


class Chain:
    """The chain as it is walked: remembers the last entry, the tree's right edge, and eight bytes of each id."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self.entries = 0
        self.epoch = 1
        self.next_sequence = 0
        self.torn = False  # an entry is missing or unreadable: what follows cannot be replayed
        self.recorded_at: str | None = None
        self.growth = Growth()  # the tree of the present epoch
        self._previous: bytes | None = None
        self._origins: dict[int, str] = {}
        self._lead = b""  # the first two lines of every entry of this epoch
        self._before: EpochEnd | None = None
        self._ids = _Ids()

    @property
    def origin(self) -> str:
        """The origin of the present epoch; empty while no entry has said it."""
        return self._origins.get(self.epoch, "")

    def each(self, source: Source) -> Iterator[StoredEntry]:
        """The stored entries; a source that breaks in the middle ends them, with a finding."""
        try:
            yield from source.entries()
        except Exception as error:  # noqa: BLE001 - whatever a torn vault raises is a finding
            self.unreadable(error)

    def unreadable(self, error: Exception) -> None:
        """Find that nothing can be read from here on."""
        message = f"The entries cannot be read from here on: {str(error) or type(error).__name__}"[:400]
        self._findings.add(at(self.epoch, self.next_sequence, "entry", message))

    def pass_over(self, stored: StoredEntry) -> tuple[Tile, ...] | None:
        """Take the next entry by its hashes alone, and say which tiles of the tree it fills.

        None, with nothing taken, where anything is not as it ought to be, or opens an epoch: `step` then says what.
        """
        sequence, previous, note = self.next_sequence, self._previous, stored.note
        if previous is None or not sequence or stored.sequence != sequence or stored.epoch != self.epoch:
            return None
        # These four lines are all that a chain says; their one spelling is compared, so that nothing need be parsed.
        lead = b"%b%d\n%b{" % (self._lead, sequence, b2a_base64(previous))
        if type(note) is not bytes or not self._lead or not note.startswith(lead):
            return None
        leaf = sha256(b"\0" + note).digest()
        if stored.leaf_hash != leaf or stored.previous != previous:
            return None
        self.entries += 1
        self._previous, self.next_sequence = leaf, sequence + 1
        return self.growth.append(leaf)

    def step(self, stored: StoredEntry) -> Step | None:
        """Take the next stored entry; None where it stands at no place that could be its own."""
        self.entries += 1
        if not self._placed(stored):
            return None
        sequence, expected = self.next_sequence, self._previous if self.next_sequence else None
        leaf, entry = self._read(stored)
        follows = entry is None or expected is None or entry.previous == expected
        before = self._before if sequence == 0 else None
        tiles = self.growth.append(leaf)
        step = Step(self.epoch, sequence, leaf, entry, follows, expected, self.recorded_at, before, tiles)
        if entry is None:
            self.torn = True
        else:
            self.recorded_at = format_time(entry.envelope.recorded_at)
            self._ids.add(entry.envelope.id)
        self._previous, self.next_sequence = leaf, sequence + 1
        return step

    def judge_previous(self, step: Step, verified: bool) -> None:
        """Say which entry is bad where one does not name the leaf hash of the entry before.

        Where its own signatures verify, its signers saw another entry before it than the one that stands there
        now; otherwise the entry itself was changed.
        """
        if step.follows or step.entry is None or step.expected_previous is None:
            return
        named, stands = encode_base64(step.entry.previous), encode_base64(step.expected_previous)
        if verified:
            message = f"The signers of entry {step.sequence} saw another entry before theirs: this one was replaced."
            place = (step.epoch, step.sequence - 1)
            self._findings.add(at(*place, "previous", message, expected=named, found=stands))
        else:
            message = "The entry does not name the leaf hash of the entry before."
            self._findings.add(step.broken("previous", message, expected=stands, found=named))

    def finish(self, again: Iterable[StoredEntry]) -> None:
        """What shows only at the end: no entry at all, ids that stand twice. `again` iterates over all entries."""
        self.must_hold_entries()
        if not (suspects := self._ids.twice()):
            return
        first: dict[str, str] = {}
        for stored in again:
            identifier = stored.id
            if not isinstance(identifier, str) or _bits(identifier) not in suspects:
                continue
            place = f"{stored.epoch}/{stored.sequence}"
            if first.setdefault(identifier, place) != place:
                message = f"The id of entry {first[identifier]} stands again in another entry."
                self._add(stored.epoch, stored.sequence, "id", message, found=identifier)

    def must_hold_entries(self) -> None:
        """Say so where there was none."""
        if not self.entries:
            self._add(1, 0, "sequence", "The ledger holds no entry; entry 0 creates the vault.")

    def _add(
        self, epoch: int, sequence: int, check: str, message: str, expected: str | None = None, found: str | None = None
    ) -> None:
        self._findings.add(at(epoch, sequence, check, message, expected=expected, found=found))

    def _placed(self, stored: StoredEntry) -> bool:
        """Move to the stored entry's place, saying what is missing before it; False where it has no place here."""
        epoch, sequence = stored.epoch, stored.sequence
        if not _is_place(epoch, sequence):
            found, message = f"{str(epoch)[:20]}/{str(sequence)[:20]}", "An entry is stored at a place that is none."
            self._add(self.epoch, self.next_sequence, "sequence", message, found=found)
            return False
        if (epoch, sequence) < (self.epoch, self.next_sequence):
            self._add(epoch, sequence, "sequence", "Another entry is stored at the same place.")
            return False
        if (epoch, sequence) == (self.epoch, self.next_sequence):
            return True
        if (epoch, sequence) == (self.epoch + 1, 0) and self.next_sequence and self._previous is not None:
            self._before = EpochEnd(self.origin, self.growth.size, self.growth.root, self._previous)
            self._open(epoch)
            return True
        same = epoch == self.epoch or self._of_this_epoch(stored)
        missing = (self.epoch, self.next_sequence) if same else (self.epoch + 1, 0)
        if epoch != self.epoch:
            self._open(epoch)
        message = f"An entry is missing here; the next one stands at {epoch}/{sequence}."
        self._add(*missing, "sequence", message, expected=f"{missing[0]}/{missing[1]}", found=f"{epoch}/{sequence}")
        self.torn, self.next_sequence, self._previous = True, sequence, None
        return True

    def _of_this_epoch(self, stored: StoredEntry) -> bool:
        """Whether an entry that stands in a later epoch was signed for the present one."""
        try:
            return parse_entry(stored.note).origin == self._origins.get(self.epoch)
        except (CryoledgerError, TypeError, AttributeError):
            return False

    def _open(self, epoch: int) -> None:
        self.epoch, self.next_sequence, self.growth, self._lead = epoch, 0, Growth(), b""

    def _read(self, stored: StoredEntry) -> tuple[bytes, Entry | None]:
        epoch, sequence, note = self.epoch, self.next_sequence, stored.note
        if type(note) is not bytes:
            self._add(epoch, sequence, "entry", "The stored note is not made of bytes.", found=type(note).__name__)
            return bytes(32), None
        leaf = leaf_hash(note)
        self._column(stored.leaf_hash, leaf, "leaf_hash")
        try:
            entry = parse_entry(note)
        except CryoledgerError as error:
            self._add(epoch, sequence, "entry", f"The stored note is no entry: {error.message}")
            return leaf, None
        self._column(stored.id, entry.envelope.id, "id")
        self._column(stored.previous, entry.previous, "previous")
        if entry.sequence != sequence:
            message = "The entry that stands here is another one, by its own signed sequence."
            self._add(epoch, sequence, "sequence", message, expected=str(sequence), found=str(entry.sequence))
            return leaf, None
        return leaf, entry if self._same_origin(entry) else None

    def _column(self, found: object, expected: bytes | str, column: str) -> None:
        if type(found) is type(expected) and found == expected:
            return
        message = f"The column {column} does not say what the entry's note says."
        self._add(self.epoch, self.next_sequence, "columns", message, _shown(expected), _shown(found))

    def _same_origin(self, entry: Entry) -> bool:
        known = self._origins.get(self.epoch)
        if known == entry.origin:
            return True
        if known is None and entry.origin not in self._origins.values():
            self._origins[self.epoch] = entry.origin
            self._lead = f"{TAG}\n{entry.origin}\n".encode()
            return True
        message = "The entry was made for another ledger, or an epoch bears the origin of an earlier one."
        self._add(self.epoch, self.next_sequence, "origin", message, known or "an origin of its own", entry.origin)
        return False


class _Ids:
    """Finds ids that may stand twice, in eight bytes an entry: the half of a UUIDv7 that is random."""

    def __init__(self) -> None:
        self._buckets = [array("Q") for _ in range(256)]

    def add(self, identifier: str) -> None:
        bits = _bits(identifier)
        self._buckets[bits & 255].append(bits)

    def twice(self) -> set[int]:
        found: set[int] = set()
        for bucket in self._buckets:
            if len(set(bucket)) != len(bucket):
                ordered = sorted(bucket)
                found |= {one for one, other in pairwise(ordered) if one == other}
        return found


def _is_place(epoch: object, sequence: object) -> bool:
    if type(epoch) is not int or type(sequence) is not int:
        return False
    return 1 <= epoch <= EPOCHS and 0 <= sequence < numbers.SEQUENCES


def _bits(identifier: str) -> int:
    try:
        return int(identifier[19:23] + identifier[24:], 16) & (2**64 - 1)
    except ValueError:
        return -1


def _shown(value: object) -> str:
    if isinstance(value, bytes):
        return encode_base64(value)[:120]
    return str(value)[:120]
