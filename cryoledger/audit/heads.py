"""What the ledger must still hold: the head that a station remembers, and the fingerprint of entry 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cryoledger.audit.chain import Chain, Step, at
from cryoledger.audit.findings import Finding, Findings
from cryoledger.domain import numbers
from cryoledger.domain.events.vault import LedgerRestored
from cryoledger.domain.facts import Draft
from cryoledger.ledger.lines import encode_base64

__all__ = ["Head", "Heads", "Seen"]


class Seen(Protocol):
    """An entry that was once seen, by place and leaf hash."""

    @property
    def origin(self) -> str:
        """Of the ledger, in that epoch."""

    @property
    def epoch(self) -> int:
        """From 1."""

    @property
    def sequence(self) -> int:
        """From 0, in its epoch."""

    @property
    def leaf_hash(self) -> bytes:
        """Of the note."""


@dataclass(frozen=True, slots=True)
class Head:
    """A `Seen` of its own, for whoever has none at hand."""

    origin: str
    epoch: int
    sequence: int
    leaf_hash: bytes


class Heads:
    """Looks for what is remembered as the ledger goes by."""

    def __init__(self, findings: Findings, remembered: Seen | None, fingerprint: bytes | None) -> None:
        self._findings = findings
        self._remembered = remembered
        self._fingerprint = fingerprint
        self._met = False
        self._lost: list[tuple[int, int | None, int]] = []

    def pass_by(self, step: Step, draft: Draft | None) -> None:
        """Compare an entry with what is remembered of its place."""
        if (step.epoch, step.sequence) == (1, 0) and self._fingerprint not in (None, step.leaf_hash):
            expected, found = encode_base64(self._fingerprint or b""), encode_base64(step.leaf_hash)
            message = "This is another vault: the leaf hash of entry 0 is not its fingerprint."
            self._findings.add(step.broken("fingerprint", message, expected=expected, found=found))
        if draft is not None and isinstance(draft.event, LedgerRestored):
            # It speaks of the epochs before its own, whether it opened that or declared it later.
            opened = numbers.number_of(step.epoch, 0)
            self._lost.append((draft.event.lost_from, draft.event.lost_to, opened))
        head = self._remembered
        if head is None or (step.epoch, step.sequence) != (head.epoch, head.sequence):
            return
        self._met = True
        if step.leaf_hash != head.leaf_hash or (step.entry is not None and step.entry.origin != head.origin):
            message = "This station remembers another entry here: history was rewritten, or this is another vault."
            found = encode_base64(step.leaf_hash)
            self._findings.add(
                step.broken("remembered head", message, expected=encode_base64(head.leaf_hash), found=found)
            )

    def finish(self, chain: Chain) -> None:
        """The remembered entry is not there: the ledger was cut, or restored by two persons' word."""
        head = self._remembered
        if head is None or self._met:
            return
        restored = [by for first, last, by in self._lost if _lost((head.epoch, head.sequence), first, last, by)]
        expected, ends = f"{head.epoch}/{head.sequence}", f"{chain.epoch}/{chain.next_sequence - 1}"
        if restored:
            message = (
                f"The entry that this station remembers was lost; entry {numbers.shown(restored[-1])} "
                "opened a new epoch over that."
            )
            place = (head.epoch, head.sequence)
            self._findings.add(Finding("remembered head", "open", *place, expected=expected, message=message))
            return
        message = "The ledger is shorter than the one this station remembers: its tail was cut, or it was restored."
        cut = (chain.epoch, chain.next_sequence) if head.epoch >= chain.epoch else (head.epoch, head.sequence)
        self._findings.add(at(*cut, "remembered head", message, expected=expected, found=ends))


def _lost(place: tuple[int, int], first: int, last: int | None, by: int) -> bool:
    """Whether the restore `by` declared a place lost; it speaks of the epochs before its own."""
    before = numbers.place_of(first) <= place < numbers.place_of(by)
    return before and (last is None or place <= numbers.place_of(last))
