"""The receiver's side: another site's manifest, verified and mapped to codes of this vault; and its acknowledgement.

event, kept = announced(vault, data, Choices(rename={"D1": "HCM-D1"}))
record(vault, event, By("maria.s", pin), also=kept.write)
acknowledgement_of(vault, "SHIP-1", policy).encode()
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cryoledger.custody.identities import narrative
from cryoledger.custody.proof.receipts import receipts_of
from cryoledger.custody.shipping.contents import Contents, SentLot, SentVial, digest
from cryoledger.custody.shipping.files import (
    Acknowledgement,
    Manifest,
    consistency_of,
    foreign_head,
    parse_manifest,
    proven,
    worded,
)
from cryoledger.custody.vault import site_of
from cryoledger.database import queries
from cryoledger.database.store import Reading
from cryoledger.domain.events.shipments import (
    ArrivingDonation,
    ArrivingDonor,
    ArrivingLot,
    ArrivingVial,
    ShipmentAnnounced,
)
from cryoledger.domain.records import Lot, ScanCode, Vial
from cryoledger.domain.rulebook_1.common import need
from cryoledger.domain.rulebook_1.imports import newest_version
from cryoledger.domain.rulebook_1.shipments import of_origin, trusted
from cryoledger.domain.shipment_records import Consignment, OtherSite, Provenance
from cryoledger.errors import RequestError, SignatureError
from cryoledger.ledger.policy import Policy, parse_policy

if TYPE_CHECKING:
    from cryoledger.custody.identities.narrative import Kept
    from cryoledger.custody.vault import Vault

__all__ = ["Choices", "acknowledgement_of", "announced", "site_of_manifest"]

# What a later manifest may say of a lot that is known here; another word on any of these holds the vials.
_SAME = ("passage", "cells_per_vial", "volume_microlitres", "cryoprotectant", "filled_on", "expiry_on", "bank")


@dataclass(frozen=True, slots=True)
class Choices:
    """Codes here for the sender's: of any thing but products and patients; of products; of patients."""

    rename: Mapping[str, str] = field(default_factory=dict)
    products: Mapping[str, str] = field(default_factory=dict)
    patients: Mapping[str, str] = field(default_factory=dict)


def announced(vault: Vault, data: bytes, choices: Choices) -> tuple[ShipmentAnnounced, Kept]:
    """The event by which a manifest is taken into the ledger, and the file, to be kept beside it.

    SignatureError or LedgerFormatError where it does not hold under the policy that is trusted for the sender;
    RequestError where it is for another site, or a code here must be chosen.
    """
    manifest = parse_manifest(data)
    with vault.store.reading() as reading, worded("What the manifest brings"):
        site = site_of_manifest(reading, manifest.contents)
        event = _announced(reading, manifest, site, choices)
    kept = narrative.keep(vault, data, narrative.SITE)
    return narrative.with_document(event, kept), kept


def site_of_manifest(reading: Reading, contents: Contents) -> OtherSite:
    """The trusted site that a manifest says it is from; nothing of it is verified by that."""
    found = reading.facts.where(OtherSite, origin=contents.origin)
    if not found:
        raise RequestError(
            f"The manifest is of {contents.origin[:80]}, a site that is not known here.",
            "Quality and an administrator accept its keys first: `cryoledger site trust`.",
        )
    own = site_of(reading).origin
    if contents.to != own:
        raise RequestError(
            f"The manifest is for {contents.to[:80]}; this is {own}.", "Give it to the site that it is for."
        )
    return trusted(reading.facts, found[0].code)


def _announced(reading: Reading, manifest: Manifest, site: OtherSite, choices: Choices) -> ShipmentAnnounced:
    policy = parse_policy(site.policy.encode())
    _verified(manifest, site, policy)
    codes = _Codes(reading, site, choices)
    sent = manifest.contents
    shipment = codes.new("shipment", sent.shipment)
    back = {each.vial: row for each in sent.vials if (row := codes.back(each)) is not None}
    brought = _brought(sent, [each for each in sent.vials if each.vial not in back])
    lots = [codes.lot(each) for each in brought if not codes.known("lot", each.lot)]
    collected = {code for each in brought for code in each.donations}
    donations = [
        ArrivingDonation(
            **codes.named("donation", each.donation), donor=codes.of("donor", each.donor), tissue=each.tissue,
            collected_on=each.collected_on,
        )
        for each in sent.donations
        if each.donation in collected and not codes.known("donation", each.donation)
    ]  # fmt: skip
    given = {each.donor for each in sent.donations if each.donation in collected}
    donors = [
        ArrivingDonor(**codes.named("donor", each.donor), eligibility=each.eligibility, consent=each.consent)
        for each in sent.donors
        if each.donor in given and not codes.known("donor", each.donor)
    ]
    by_lot = {each.lot: each for each in sent.lots}
    differing = {each.lot for each in brought if codes.known("lot", each.lot) and codes.differs(each)}
    vials = [
        codes.returning(each, back[each.vial]) if each.vial in back else ArrivingVial(
            **codes.named("vial", each.vial), lot=codes.of("lot", each.lot), labels=each.labels,
            cells=each.cells if each.cells != by_lot[each.lot].cells_per_vial else None, exposed_ms=each.exposed_ms,
        )
        for each in sent.vials
    ]  # fmt: skip
    held = [codes.of("vial", each.vial) for each in sent.vials if each.lot in differing and each.vial not in back]
    return ShipmentAnnounced(
        **_named("shipment", shipment, sent.shipment),
        site=site.code,
        manifest_sha256=digest(sent),
        sent=proven(manifest.receipt),
        head=foreign_head(reading, site, manifest.receipt.checkpoint, manifest.consistency, policy),
        donors=tuple(donors),
        donations=tuple(donations),
        lots=tuple(lots),
        vials=tuple(vials),
        held=tuple(held),
    )


def _brought(sent: Contents, vials: Sequence[SentVial]) -> list[SentLot]:
    """The lots of some vials with their banks. What comes back is known here: its lots are not brought again."""
    wanted = {vial.lot for vial in vials}
    for lot in reversed(sent.lots):
        if lot.lot in wanted and lot.parent is not None:
            wanted.add(lot.parent)
    return [lot for lot in sent.lots if lot.lot in wanted]


def _verified(manifest: Manifest, site: OtherSite, policy: Policy) -> None:
    """SignatureError unless the sender's own entry, in its own ledger, bears this manifest and these vials."""
    manifest.receipt.verify(policy)
    entry, sent = manifest.receipt.entry, manifest.contents
    said = entry.envelope.data
    told = (entry.envelope.type, said.get("manifest_sha256"), said.get("shipment"), said.get("vials"))
    wanted = ("VialsShipped", digest(sent), sent.shipment, [vial.vial for vial in sent.vials])
    if told != wanted or not of_origin(entry.origin, site):
        raise SignatureError(
            f"The sender's entry {entry.sequence} does not bear this manifest: one of the two was changed.",
            "Store nothing of it for patients. Ask the sender for the manifest again, and compare.",
        )
    lots = {lot.lot for lot in sent.lots}
    if not lots.issuperset(vial.lot for vial in sent.vials):
        raise SignatureError("The manifest has a vial of a lot that it does not describe.", "Ask for another.")


def _is_of(scan: ScanCode | None, vial: Vial) -> bool:
    return scan is not None and (scan.kind, scan.code) == ("vial", vial.code)


def _named(kind: str, code: str, theirs: str) -> dict[str, Any]:
    return {kind: code, "theirs": theirs if theirs != code else None}


class _Codes:
    """The codes here of the sender's things: those they have already, else the same, else qualified by the site's."""

    def __init__(self, reading: Reading, site: OtherSite, choices: Choices) -> None:
        self._reading = reading
        self._site = site
        self._choices = choices
        self._known: dict[tuple[str, str], str | None] = {}

    def known(self, kind: str, theirs: str) -> bool:
        """Whether it came here before."""
        return self._before(kind, theirs) is not None

    def _before(self, kind: str, theirs: str) -> str | None:
        if (kind, theirs) not in self._known:
            rows = self._reading.facts.where(Provenance, site=self._site.code, kind=kind, theirs=theirs)
            self._known[kind, theirs] = rows[0].code if rows else None
        return self._known[kind, theirs]

    def of(self, kind: str, theirs: str) -> str:
        """Its code here."""
        return self._before(kind, theirs) or self.new(kind, theirs)

    def new(self, kind: str, theirs: str) -> str:
        """A code that is free here; RequestError where a vial needs one that its tube does not bear."""
        chosen = self._choices.rename.get(theirs)
        if chosen is not None:
            return chosen
        taken = self._reading.facts.get(ScanCode, theirs)
        if taken is None:
            return theirs
        if kind == "vial":
            vial = self._reading.facts.get(Vial, taken.code) if taken.kind == "vial" else None
            if vial is not None and vial.custody == "delivered":
                raise RequestError(
                    f"Vial {taken.code} was delivered to {vial.custodian}, and the manifest is of {self._site.code}.",
                    f"It comes back from {vial.custodian} only. If this is another tube: --rename {theirs}=NEW.",
                )
            raise RequestError(
                f"The vial {theirs} of the shipment has the code of {taken.kind} {taken.code} here.",
                f"Give it another: --rename {theirs}=NEW, and label it so before it is stored.",
            )
        return f"{self._site.code}/{theirs}"

    def back(self, sent: SentVial) -> Vial | None:
        """The vial here that was delivered to the sender and comes back; None for one that is new here."""
        code = self._before("vial", sent.vial) or sent.theirs
        if code is None:
            return None
        row = self._reading.facts.get(Vial, code)
        if row is None:
            raise RequestError(
                f"The manifest says that its vial {sent.vial} came from here as {code}; there is no such vial.",
                "Show the file to the sender: it is of another ledger's vial.",
            )
        return row

    def returning(self, sent: SentVial, row: Vial) -> ArrivingVial:
        """A vial that comes back, under its code here, with what its tube bears since."""
        facts, texts = self._reading.facts, (*sent.labels, sent.vial)
        new = [text for text in texts if text != row.code and not _is_of(facts.get(ScanCode, text), row)]
        lot = need(facts, Lot, row.lot)
        return ArrivingVial(
            **_named("vial", row.code, sent.vial), lot=row.lot, labels=tuple(new), exposed_ms=sent.exposed_ms,
            cells=sent.cells if sent.cells != lot.cells_per_vial else None,
        )  # fmt: skip

    def named(self, kind: str, theirs: str) -> dict[str, Any]:
        """The fields of a thing that is new here."""
        return _named(kind, self.new(kind, theirs), theirs)

    def lot(self, sent: SentLot) -> ArrivingLot:
        """A lot that is new here."""
        product = self._choices.products.get(sent.product, sent.product)
        same = {name: getattr(sent, name) for name in ArrivingLot.model_fields.keys() & SentLot.model_fields.keys()} | {
            "product": product,
            "version": newest_version(self._reading.facts, product),
            "donations": tuple(self.of("donation", code) for code in sent.donations),
            "parent": self.of("lot", sent.parent) if sent.parent is not None else None,
            "patient": self._patient(sent),
        }
        return ArrivingLot(**same | self.named("lot", sent.lot))

    def _patient(self, sent: SentLot) -> str | None:
        if sent.patient is None:
            return None
        if sent.patient not in self._choices.patients:
            raise RequestError(
                f"Lot {sent.lot} is {sent.donor_kind}, for the sender's patient {sent.patient}.",
                f"Say who that is here: --patient {sent.patient}=CODE.",
            )
        return self._choices.patients[sent.patient]

    def differs(self, sent: SentLot) -> bool:
        """Whether a lot that is known here is described otherwise than it is known."""
        row = need(self._reading.facts, Lot, self.of("lot", sent.lot))
        return any(getattr(row, name) != getattr(sent, name) for name in _SAME)


def acknowledgement_of(vault: Vault, shipment: str, policy: Policy | None = None) -> Acknowledgement:
    """What the sender takes back: receipts of all that this ledger holds of the shipment, under one checkpoint."""
    with vault.store.reading() as reading:
        row = reading.facts.get(Consignment, shipment)
        if row is None or row.direction != "in":
            raise RequestError(f"No shipment {shipment} came from another site.", "See `cryoledger receive list`.")
        story = queries.history(reading, "shipment", shipment)
    numbers = [entry.number for entry in story if entry.type in ("VialsReceived", "ShipmentRefused")]
    if not numbers:
        raise RequestError(
            f"Nothing of shipment {shipment} is in a position yet, or was refused.", "Receive it first: `vial receive`."
        )
    receipts = receipts_of(vault, [row.number, *numbers], policy)
    with vault.store.reading() as reading:
        consistency = consistency_of(reading, receipts[0].checkpoint)
    return Acknowledgement(row.theirs, tuple(receipts), consistency)
