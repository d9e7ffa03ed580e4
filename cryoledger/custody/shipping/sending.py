"""The sender's side: a shipment with its manifest, and what the receiver confirms of it.

event, kept = sent(vault, "SHIP-1", "HANOI", codes)
record(vault, event, By("maria.s", pin), also=kept.write)
manifest_of(vault, "SHIP-1", policy).encode()           # again at any time, under a newer checkpoint
event, kept = confirmed(vault, data)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from cryoledger.custody.identities import narrative
from cryoledger.custody.proof.commitments import check_own
from cryoledger.custody.proof.receipts import receipt_of
from cryoledger.custody.shipping.contents import Contents, describe, digest
from cryoledger.custody.shipping.files import (
    Acknowledgement,
    Manifest,
    consistency_of,
    foreign_head,
    parse_acknowledgement,
    proven,
    worded,
)
from cryoledger.database.store import Reading
from cryoledger.domain import catalogue, times
from cryoledger.domain.events.shipments import OwnHead, ShipmentAnnounced, ShipmentConfirmed
from cryoledger.domain.events.storage import ShipmentRefused, VialsReceived, VialsShipped
from cryoledger.domain.fields import Event
from cryoledger.domain.records import Vial
from cryoledger.domain.rulebook_1.common import need
from cryoledger.domain.rulebook_1.shipments import of_origin, trusted
from cryoledger.domain.shipment_records import Consignment, OtherSite
from cryoledger.errors import LedgerFormatError, RequestError, SignatureError, VaultDamagedError
from cryoledger.ledger import canonical
from cryoledger.ledger.entry import Entry
from cryoledger.ledger.lines import encode_base64
from cryoledger.ledger.policy import Policy, parse_policy
from cryoledger.ledger.proof import Receipt

if TYPE_CHECKING:
    from cryoledger.custody.identities.narrative import Kept
    from cryoledger.custody.vault import Vault

__all__ = ["confirmed", "manifest_of", "sent"]

E = TypeVar("E", bound=Event)


def sent(vault: Vault, shipment: str, site: str, codes: Sequence[str]) -> tuple[VialsShipped, Kept]:
    """The event of a shipment to another site, and its manifest's contents, to be kept in the same transaction."""
    with vault.store.reading() as reading, worded(f"The manifest of shipment {shipment}"):
        to = trusted(reading.facts, site)
        contents = describe(reading, shipment, to, codes, times.text_of(vault.clock.now()))
        event = VialsShipped(
            shipment=shipment, destination=to.name, vials=tuple(codes), site=site, manifest_sha256=digest(contents)
        )
    kept = narrative.keep(vault, canonical.write(contents.to_json()), narrative.SITE)
    return narrative.with_document(event, kept), kept


def manifest_of(vault: Vault, shipment: str, policy: Policy | None = None) -> Manifest:
    """The manifest of a shipment, under the newest checkpoint that the policy accepts (`receipt_of`)."""
    with vault.store.reading() as reading:
        row = _consignment(reading, shipment)
        recorded = reading.recorded(row.number)
    document = recorded.event.document if recorded is not None else None
    content = narrative.read(vault, document) if document is not None else None
    if content is None:
        raise VaultDamagedError(f"The manifest of shipment {shipment} was not kept.", "Restore it from a backup.")
    contents = Contents.model_validate(canonical.decode(content))
    if digest(contents) != row.manifest_sha256:
        raise VaultDamagedError(f"The manifest of shipment {shipment} was altered.", "Keep the vault, and run verify.")
    receipt = receipt_of(vault, row.number, policy)
    with vault.store.reading() as reading:
        return Manifest(contents, receipt, consistency_of(reading, receipt.checkpoint))


def _consignment(reading: Reading, shipment: str) -> Consignment:
    row = reading.facts.get(Consignment, shipment)
    if row is None or row.direction != "out":
        raise RequestError(f"No shipment {shipment} was sent to another site.", "See `cryoledger ship list`.")
    return row


def confirmed(vault: Vault, data: bytes) -> tuple[ShipmentConfirmed, Kept]:
    """The event by which an acknowledgement is taken into the ledger, and the file, to be kept beside it.

    SignatureError or LedgerFormatError where it does not hold under the policy that is trusted for that site.
    """
    found = parse_acknowledgement(data)
    with vault.store.reading() as reading, worded("The receipt"):
        event = _confirmed(reading, found)
    kept = narrative.keep(vault, data, narrative.SITE)
    return narrative.with_document(event, kept), kept


def _confirmed(reading: Reading, found: Acknowledgement) -> ShipmentConfirmed:
    row = _consignment(reading, found.shipment)
    site = trusted(reading.facts, row.site)
    policy = parse_policy(site.policy.encode())
    entries = [_entry(receipt, policy, site) for receipt in found.receipts]
    announced = _announcement(reading, row, entries[0])
    own = OwnHead(origin=announced.head.origin, size=announced.head.size, root=announced.head.root)
    check_own(own, reading)
    arrived, refused = _outcome(reading, row, announced, entries[1:])
    return ShipmentConfirmed(
        shipment=row.shipment,
        site=row.site,
        entries=tuple(proven(receipt) for receipt in found.receipts),
        head=foreign_head(reading, site, found.checkpoint, found.consistency, policy),
        own=own,
        arrived=arrived,
        refused=refused,
    )


def _entry(receipt: Receipt, policy: Policy, site: OtherSite) -> Entry:
    receipt.verify(policy)
    if not of_origin(receipt.entry.origin, site):
        raise SignatureError(
            f"The receipt is of {receipt.entry.origin}; {site.code} keeps the ledger {site.origin}.",
            "Ask the receiving site for the right file.",
        )
    return receipt.entry


def _announcement(reading: Reading, row: Consignment, entry: Entry) -> ShipmentAnnounced:
    """The receiver's announcement, where it names this very shipment of this ledger."""
    stored = reading.entry(row.number)
    event = _event(entry, ShipmentAnnounced)
    named = (event.theirs or event.shipment, event.sent.leaf_hash, event.manifest_sha256)
    leaf = encode_base64(stored.leaf_hash) if stored is not None else ""
    if named != (row.theirs, leaf, row.manifest_sha256):
        raise SignatureError(
            f"The receiver's announcement names another shipment than entry {row.number} of this ledger.",
            "If the shipment is the same, one of the two ledgers was rewritten: keep the file, and call the auditor.",
        )
    return event


def _event(entry: Entry, kind: type[E]) -> E:
    if entry.envelope.type != kind.__name__:
        raise LedgerFormatError(f"A {kind.__name__} is asked for; the receipt is of a {entry.envelope.type}.")
    event = catalogue.parse(entry.envelope.type, entry.envelope.data)
    assert isinstance(event, kind)
    return event


def _outcome(
    reading: Reading, row: Consignment, announced: ShipmentAnnounced, entries: Sequence[Entry]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which vials arrived, and which were refused, in this ledger's codes; without what was confirmed before."""
    ours = {vial.vial: vial.theirs or vial.vial for vial in announced.vials}
    arrived, refused = list[str](), list[str]()
    for entry in entries:
        if entry.envelope.type == "VialsReceived":
            received = _event(entry, VialsReceived)
            shipment, codes, into = received.shipment, [item.vial for item in received.vials], arrived
        else:
            back = _event(entry, ShipmentRefused)
            shipment, codes, into = back.shipment, list(back.vials), refused
        if shipment != announced.shipment or not ours.keys() >= set(codes):
            raise SignatureError(
                f"Entry {entry.sequence} of the receiver is about another shipment.", "Ask it for the right file."
            )
        into += [ours[code] for code in codes]

    def waiting(codes: Sequence[str]) -> tuple[str, ...]:
        return tuple(code for code in codes if need(reading.facts, Vial, code).custodian == row.shipment)

    return waiting(arrived), waiting(refused)
