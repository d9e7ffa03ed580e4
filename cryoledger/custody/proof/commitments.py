"""The last look before an entry about another site's ledger is recorded: nothing unproven comes in by any way.

What the entry says of their ledger is judged by `audit.commitments`, as every later verification will; what it says of
this one, by the tree that lies here.
"""

from __future__ import annotations

from cryoledger.audit import commitments
from cryoledger.database.store import Reading, Transaction
from cryoledger.domain import numbers
from cryoledger.domain.events.shipments import OwnHead
from cryoledger.domain.fields import Event
from cryoledger.errors import SignatureError
from cryoledger.ledger.lines import encode_base64

__all__ = ["check", "check_own"]


def check(event: Event, transaction: Transaction) -> None:
    """SignatureError or LedgerFormatError where an event commits to what is not proven; silent for most events."""
    if not isinstance(event, commitments.COMMITTING):
        return
    commitments.judge(event, transaction.facts)
    own = commitments.own_head(event)
    if own is not None:
        check_own(own, transaction)


def check_own(own: OwnHead, reading: Reading) -> None:
    """SignatureError unless the head to which another site committed is one that this ledger had."""
    head = reading.head()
    for epoch in range(1, head.epoch + 1 if head is not None else 1):
        first, last = reading.entry(numbers.number_of(epoch, 0)), reading.entry(numbers.number_of(epoch, own.size - 1))
        if first is None or first.parse().origin != own.origin:
            continue
        if last is not None and encode_base64(reading.tree(epoch, own.size).root_at(own.size)) == own.root:
            return
        raise SignatureError(
            f"REWRITE: the other site holds {own.origin} to another tree of {own.size} entries than the one that lies "
            "here: entries were changed, or are gone.",
            "Keep this file and the vault as they are, run `cryoledger verify`, and call the auditor.",
        )
    raise SignatureError(
        f"The other site committed to a ledger {own.origin[:80]}, which is not this one.", "Ask it for the right file."
    )
