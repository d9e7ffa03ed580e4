"""Whether what an entry says of another site's ledger holds: signatures under the policy trusted here, and proofs.

    judge(event, facts)         # SignatureError or LedgerFormatError unless it does

`facts` are those before the entry. Judged before such an entry is recorded, and again whenever the ledger is verified.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryoledger.domain.events.shipments import (
    ForeignHead,
    OwnHead,
    ProvenEntry,
    ShipmentAnnounced,
    ShipmentConfirmed,
    SiteTrusted,
)
from cryoledger.domain.facts import Facts
from cryoledger.domain.fields import Event
from cryoledger.domain.shipment_records import OtherHead, OtherSite
from cryoledger.errors import LedgerFormatError, SignatureError
from cryoledger.ledger.checkpoint import Checkpoint, parse_checkpoint
from cryoledger.ledger.lines import decode_base64
from cryoledger.ledger.policy import Policy, parse_policy
from cryoledger.ledger.tree import verify_consistency, verify_inclusion

__all__ = ["COMMITTING", "judge", "own_head", "site_policy"]

COMMITTING = (SiteTrusted, ShipmentAnnounced, ShipmentConfirmed)


def judge(event: Event, facts: Facts) -> None:
    """SignatureError or LedgerFormatError where an entry says what its proofs do not show; silent for most events."""
    if isinstance(event, SiteTrusted):
        site_policy(event.origin, "".join(f"{line}\n" for line in event.policy))
    elif isinstance(event, ShipmentAnnounced):
        _commitment(event.site, event.head, (event.sent,), facts)
    elif isinstance(event, ShipmentConfirmed):
        _commitment(event.site, event.head, event.entries, facts)


def own_head(event: Event) -> OwnHead | None:
    """The head of this ledger that an entry says another site committed to."""
    return event.own if isinstance(event, ShipmentConfirmed) else None


def site_policy(origin: str, text: str) -> Policy:
    """The policy of a site; LedgerFormatError where it is none, or does not say by which keys that log signs."""
    policy = parse_policy(text.encode())
    others = [key.name for key in policy.logs if key.name != origin]
    if others or not policy.logs:
        raise LedgerFormatError(
            f"The policy names {', '.join(others) or 'no log'}, and the site's ledger is {origin}.",
            "Write its `log` lines, as `cryoledger checkpoint keys` prints them there; its witnesses; a quorum.",
        )
    return policy


def _commitment(site: str, head: ForeignHead, entries: Sequence[ProvenEntry], facts: Facts) -> None:
    row = facts.get(OtherSite, site)
    if row is None:
        raise SignatureError(f"The site {site} is not known here, so nothing of it can be verified.")
    signed, root = parse_checkpoint(head.checkpoint.encode()), _hash(head.root)
    if signed.checkpoint != Checkpoint(head.origin, head.size, root):
        raise SignatureError("The signed checkpoint says another head than the entry.")
    site_policy(row.origin, row.policy).judge(signed)
    held = facts.get(OtherHead, site, head.origin)
    if held is not None:
        verify_consistency(held.size, _hash(held.root), head.size, root, [_hash(each) for each in head.proof])
    elif head.proof:
        raise SignatureError("A proof of consistency is given where nothing was held before.")
    for entry in entries:
        proof = [_hash(each) for each in entry.proof]
        verify_inclusion(_hash(entry.leaf_hash), entry.sequence, head.size, proof, root)


def _hash(text: str) -> bytes:
    return decode_base64(text, "hash")
