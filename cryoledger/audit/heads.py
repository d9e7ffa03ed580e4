"""What the ledger must still hold: the head that a station remembers, and the fingerprint of entry 0."""

from __future__ import annotations

from dataclasses import dataclass

from cryoledger.audit.chain import Chain, Step, at
from cryoledger.audit.findings import Finding, Findings
from cryoledger.domain import numbers
from cryoledger.domain.events.vault import LedgerRestored
from cryoledger.domain.facts import Draft
from cryoledger.ledger.lines import encode_base64

__all__ = ["Head", "Heads"]


@dataclass(frozen=True, slots=True)
class Head:
    """An entry that was once seen, by place and leaf hash."""

    origin: str
    epoch: int
    sequence: int
    leaf_hash: bytes


class Heads:
    """Looks for what is remembered as the ledger goes by."""

    def __init__(self, findings: Findings, remembered: Head | None, fingerprint: bytes | None) -> None:
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
            self._lost.append((draft.event.lost_from, draft.event.lost_to, draft.number))
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
        number = numbers.number_of(head.epoch, head.sequence)
        restored = [by for first, last, by in self._lost if first <= number and (last is None or number <= last)]
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
