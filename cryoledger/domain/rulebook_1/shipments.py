"""Rules between sites: whom to trust, what may be sent, what another site's manifest brings, what it confirms.

Whether a foreign head is signed, and whether a proof leads to it, no rulebook can see: `audit.commitments` judges that,
before such an entry is recorded and whenever the ledger is verified.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from cryoledger.domain.events import lots, shipments, storage
from cryoledger.domain.facts import Draft, Facts, State
from cryoledger.domain.records import (
    Donation,
    Donor,
    Lot,
    Mention,
    Patient,
    Product,
    ScanCode,
    Shipment,
    Site,
    Vial,
)
from cryoledger.domain.rulebook_1.common import (
    CHANGES,
    changes,
    checks,
    donors_of,
    each_once,
    free_code,
    free_codes,
    happened,
    hold,
    holds_on,
    in_custody,
    lineage,
    need,
    not_held,
    unsafe,
    whereabouts,
)
from cryoledger.domain.rulebook_1.imports import UNDEFINED, newest_version, products_defined, release_from_outside
from cryoledger.domain.rulebook_1.lots import collected_first, latest_results, new_vial, sound_expiry
from cryoledger.domain.shipment_records import Consignment, OtherHead, OtherSite, Provenance
from cryoledger.errors import Refusal

STATED = ("", "pending", "eligible", "ineligible")


def trusted(facts: Facts, code: str) -> OtherSite:
    """Another site, trusted now; a refusal where it is unknown or the trust was withdrawn."""
    site = facts.get(OtherSite, code)
    if site is None or site.status != "trusted":
        how = "is not known here" if site is None else "is not trusted any more"
        raise unsafe(
            "site.trust", f"The site {code} {how}.",
            "Quality and an administrator accept its keys: `cryoledger site trust`.", code,
        )  # fmt: skip
    return site


def of_origin(origin: str, site: OtherSite) -> bool:
    """Whether an origin is that of a site's ledger, in its first epoch or a later one."""
    epoch = origin.removeprefix(f"{site.origin}/e")
    return origin == site.origin or (origin != epoch and epoch.isdigit() and epoch.isascii() and int(epoch) > 1)


@checks(shipments.SiteTrusted)
def _site(_draft: Draft, event: shipments.SiteTrusted, facts: Facts) -> None:
    own = need(facts, Site, "site")
    if event.origin == own.origin:
        raise Refusal("site", f"{event.origin} is this very site.", "Name the other site's origin.")
    known = facts.get(OtherSite, event.site)
    if known is None:
        free_code(facts, event.site, "site")
    elif known.origin != event.origin:
        raise Refusal(
            "site", f"{event.site} is the site with the ledger {known.origin}.",
            "Give the other ledger a code of its own.",
        )  # fmt: skip
    for other in facts.where(OtherSite, origin=event.origin):
        if other.code != event.site:
            raise Refusal("site", f"The ledger {event.origin} is that of site {other.code}.", "Name it so.")


@changes(shipments.SiteTrusted)
def _trust(draft: Draft, event: shipments.SiteTrusted, state: State) -> None:
    policy = "".join(f"{text}\n" for text in event.policy)
    state.put(
        OtherSite(event.site, event.name, event.origin, policy, "trusted", draft.number),
        ScanCode(event.site, "site", event.site, 0),
    )


@checks(shipments.SiteTrustWithdrawn)
def _withdrawn(_draft: Draft, event: shipments.SiteTrustWithdrawn, facts: Facts) -> None:
    trusted(facts, event.site)


@changes(shipments.SiteTrustWithdrawn)
def _withdraw(draft: Draft, event: shipments.SiteTrustWithdrawn, state: State) -> None:
    state.put(replace(state.need(OtherSite, event.site), status="withdrawn", number=draft.number))


# Sending


def check_sent(draft: Draft, event: storage.VialsShipped, facts: Facts) -> None:
    """What leaves for another site's ledger is untouched, unheld, and described by one manifest."""
    if (event.site is None) != (event.manifest_sha256 is None):
        raise Refusal("ship.manifest", "A shipment to another site bears its manifest's hash.", "Use `ship send`.")
    if event.site is None:
        return
    trusted(facts, event.site)
    free_code(facts, event.shipment, "shipment")
    if len(event.vials) > shipments.VIALS_MOST:
        raise Refusal("ship.manifest", f"A manifest has at most {shipments.VIALS_MOST} vials.", "Send two shipments.")
    for code in event.vials:
        vial = need(facts, Vial, code)
        if vial.remaining_microlitres != vial.filled_microlitres:
            raise Refusal("ship.opened", f"Vial {code} was opened or sampled.", "Send another one.", subject=code)
        lot = need(facts, Lot, vial.lot)
        came = facts.get(Provenance, "vial", code)
        if came is None or came.site != event.site:
            not_held(facts, vial, lot, draft.at)  # what goes back where it came from is held there in any case
        for _, donor in donors_of(facts, lot):
            if donor.consent_withdrawn_on is not None:
                raise unsafe("I3.consent", f"Donor {donor.code} withdrew consent.", "Leave it here.", code)


def send(draft: Draft, event: storage.VialsShipped, state: State) -> None:
    """The shipment is bound for another site's ledger."""
    if event.site is not None and event.manifest_sha256 is not None:
        state.put(
            Consignment(
                event.shipment, event.site, "out", event.shipment, event.manifest_sha256, draft.number, None
            )
        )  # fmt: skip


# Receiving


def _head(site: OtherSite, head: shipments.ForeignHead, facts: Facts) -> None:
    """The head is of the site's ledger, and goes on from the one held here."""
    if not of_origin(head.origin, site):
        raise unsafe(
            "site.head", f"The head is of {head.origin}; {site.code} keeps the ledger {site.origin}.",
            "Ask the sender for the right file.", site.code,
        )  # fmt: skip
    held = facts.get(OtherHead, site.code, head.origin)
    size = held.size if held is not None else 0
    if head.extends != size:
        raise Refusal(
            "site.extends", f"This ledger holds {site.code} at {size} entries; the proof goes on from {head.extends}.",
            f"Ask the other site to write its file again with --from-size {size}.",
        )  # fmt: skip
    if held is not None and (head.size < size or (head.size == size and head.root != held.root)):
        how = "fewer entries" if head.size < size else "other entries"
        raise unsafe(
            "site.head", f"{site.code} shows {how} than the {size} that this ledger holds it to.",
            "Its ledger was set back or rewritten. Keep the file, and call both sites' quality officers.", site.code,
        )  # fmt: skip


def _hold_to(draft: Draft, site: str, head: shipments.ForeignHead, state: State) -> None:
    state.put(OtherHead(site, head.origin, head.size, head.root, draft.number))


@checks(shipments.ShipmentAnnounced)
def _announced(draft: Draft, event: shipments.ShipmentAnnounced, facts: Facts) -> None:
    site = trusted(facts, event.site)
    for row in facts.where(Consignment, site=event.site):
        if row.direction == "in" and row.theirs == (event.theirs or event.shipment):
            raise Refusal(
                "receive.once", f"Shipment {row.theirs} of {site.code} is known here as {row.shipment}.",
                "Put its vials into positions: `cryoledger vial receive`.",
            )  # fmt: skip
    _head(site, event.head, facts)
    if event.sent.sequence >= event.head.size:
        raise unsafe("site.head", "The sender's entry lies after the head.", "Ask for the file again.", site.code)
    each_once(tuple(_codes(event)), "code")
    back = {vial.vial for vial in event.vials if _comes_back(vial, event.site, facts)}
    free_codes(facts, tuple(code for code in _codes(event) if code not in back), "thing")
    _check_donations(draft, event, facts)
    for lot in event.lots:
        _check_lot(draft, event, lot, facts)
    brought = {lot.lot for lot in event.lots}
    for vial in event.vials:
        if vial.lot not in brought and vial.vial not in back:
            _of_site(facts, "lot", vial.lot, event.site)
    if not {vial.vial for vial in event.vials}.issuperset(event.held):
        raise Refusal("receive.held", "A vial is to be held that this shipment does not bring.", "")


def _comes_back(vial: shipments.ArrivingVial, site: str, facts: Facts) -> bool:
    """Whether a vial is one that was delivered to the sender before; another that is known here is refused."""
    row = facts.get(Vial, vial.vial)
    if row is None:
        return False
    if (row.custody, row.custodian_kind, row.custodian) != ("delivered", "site", site):
        waits = row.custody == "in_transit"
        raise unsafe(
            "receive.back", f"Vial {row.code} is {row.custody}{whereabouts(row)}; it cannot come back from {site}.",
            f"Take back the receipt of {row.custodian} first: `cryoledger ship confirm`." if waits
            else "Keep the tube apart and look at both: one of the two sites is wrong about it.", row.code,
        )  # fmt: skip
    if vial.lot != row.lot:
        raise unsafe(
            "receive.back", f"Vial {row.code} is of lot {row.lot}, not of {vial.lot}.", "Keep it apart.", row.code
        )
    return True


def _codes(event: shipments.ShipmentAnnounced) -> Iterator[str]:
    yield event.shipment
    yield from (donor.donor for donor in event.donors)
    yield from (donation.donation for donation in event.donations)
    yield from (lot.lot for lot in event.lots)
    for vial in event.vials:
        yield vial.vial
        yield from vial.labels


def _of_site(facts: Facts, kind: Literal["donor", "donation", "lot"], code: str, site: str) -> None:
    """What the manifest refers to came from the same site before; nothing of ours is taken for theirs."""
    need(facts, {"donor": Donor, "donation": Donation, "lot": Lot}[kind], code)
    row = facts.get(Provenance, kind, code)
    if row is None or row.site != site:
        raise unsafe(
            "receive.origin", f"The {kind} {code} here is not one of {site}.",
            "Give the sender's another code here: --rename.", code,
        )  # fmt: skip


def _check_donations(draft: Draft, event: shipments.ShipmentAnnounced, facts: Facts) -> None:
    donors = {donor.donor for donor in event.donors}
    for donation in event.donations:
        if donation.donor not in donors:
            _of_site(facts, "donor", donation.donor, event.site)
        if donation.collected_on is not None:
            happened(draft, facts, donation.collected_on, "A collection")


def _check_lot(draft: Draft, event: shipments.ShipmentAnnounced, lot: shipments.ArrivingLot, facts: Facts) -> None:
    brought = {row.code: row for row in _donations(draft, event)}
    earlier = [each.lot for each in event.lots[: event.lots.index(lot)]]
    each_once(lot.donations, "donation")
    happened(draft, facts, lot.filled_on, "A filling")
    for code in lot.donations:
        if code not in brought:
            _of_site(facts, "donation", code, event.site)
        collected_first(lot.lot, lot.filled_on, brought.get(code) or need(facts, Donation, code))
    if lot.parent is not None and lot.parent not in earlier:
        _of_site(facts, "lot", lot.parent, event.site)
    if not lot.donations and lot.parent is None:
        raise Refusal("receive.lot", f"Lot {lot.lot} comes from no donation and no lot.", "Ask for the file again.")
    newest = newest_version(facts, lot.product)
    if lot.version != newest:
        raise Refusal("receive.product", f"The newest version of {lot.product} here is {newest}.", "Repeat.")
    if newest == UNDEFINED and facts.get(Product, lot.product, UNDEFINED) is None:
        free_code(facts, lot.product, "product")
    if (lot.donor_kind != "allogeneic") != (lot.patient is not None):
        raise Refusal("lot.patient", "An autologous or directed lot names its patient, another one none.", "")
    if lot.patient is not None:
        need(facts, Patient, lot.patient)
    sound_expiry(lot.filled_on, lot.expiry_on, lot.expires_at)


def _donations(draft: Draft, event: shipments.ShipmentAnnounced) -> Iterator[Donation]:
    for each in event.donations:
        collected_on = each.collected_on or ""
        yield Donation(each.donation, each.donor, each.tissue, collected_on, draft.occurred_at, draft.number)


@changes(shipments.ShipmentAnnounced)
def _announce(draft: Draft, event: shipments.ShipmentAnnounced, state: State) -> None:
    at, site = draft.occurred_at, event.site
    _hold_to(draft, site, event.head, state)
    state.put(
        Shipment(event.shipment, "here", "in transit", at, draft.number),
        ScanCode(event.shipment, "shipment", event.shipment, 0),
        Consignment(
            event.shipment, site, "in", event.theirs or event.shipment, event.manifest_sha256, draft.number,
            event.sent.leaf_hash,
        ),
    )  # fmt: skip
    for donor in event.donors:
        state.put(Donor(donor.donor, "", "", None, "pending", at, draft.number))
        _came(draft, state, "donor", donor.donor, donor.theirs, site, " ".join([donor.eligibility, *donor.consent]))
    for each, donation in zip(event.donations, _donations(draft, event), strict=True):
        state.put(donation)
        _came(draft, state, "donation", each.donation, each.theirs, site)
    for lot in event.lots:
        _record_lot(draft, lot, site, state)
    for vial in event.vials:
        _record_vial(draft, event, vial, state)


def _came(
    draft: Draft, state: State, kind: str, code: str, theirs: str | None, site: str, stated: str = ""
) -> None:  # fmt: skip
    state.put(Provenance(kind, code, site, theirs or code, stated, draft.number), ScanCode(code, kind, code, 0))


def _record_lot(draft: Draft, lot: shipments.ArrivingLot, site: str, state: State) -> None:
    if lot.version == UNDEFINED and not state.where(Product, code=lot.product):
        # Not defined here: limits that nothing passes, until quality defines the product.
        state.put(
            Product(lot.product, UNDEFINED, lot.product, -273_150, 0, 0, "", None),
            ScanCode(lot.product, "product", lot.product, 0),
        )
    values = {name: getattr(lot, name) for name in type(lot).model_fields if name not in ("theirs", "disposition")}
    CHANGES["LotRegistered"](draft, lots.LotRegistered.model_construct(**values), state)
    _came(draft, state, "lot", lot.lot, lot.theirs, site, lot.disposition)


def _record_vial(
    draft: Draft, event: shipments.ShipmentAnnounced, vial: shipments.ArrivingVial, state: State
) -> None:  # fmt: skip
    known = state.get(Vial, vial.vial)
    if known is not None:
        _take_back(draft, event, vial, known, state)
        return
    lot = state.need(Lot, vial.lot)
    state.put(replace(lot, vial_count=lot.vial_count + 1))
    state.put(
        replace(
            new_vial(draft, lot, vial.vial),
            label=vial.labels[0] if vial.labels else vial.vial,
            custody="in_transit",
            custodian_kind="shipment",
            custodian=event.shipment,
            cells=vial.cells or lot.cells_per_vial,
            exposed_ms=vial.exposed_ms,
        )
    )
    for label in vial.labels:
        state.put(ScanCode(label, "vial", vial.vial, 0))
    _came(draft, state, "vial", vial.vial, vial.theirs, event.site)
    if vial.vial in event.held or lot.disposition != "quarantined":
        # What was judged is not added to: quality judges these vials by themselves.
        hold(draft, state, "vial", vial.vial, "import")


def _take_back(
    draft: Draft, event: shipments.ShipmentAnnounced, vial: shipments.ArrivingVial, known: Vial, state: State
) -> None:  # fmt: skip
    """A vial that was delivered comes back: its exposure counts on, and quality judges it before it reaches anybody."""
    lot = state.need(Lot, known.lot)
    state.put(
        replace(
            known,
            label=vial.labels[0] if vial.labels else known.label,
            custody="in_transit",
            custodian_kind="shipment",
            custodian=event.shipment,
            since=draft.occurred_at,
            cells=vial.cells or lot.cells_per_vial,
            exposed_ms=max(known.exposed_ms, vial.exposed_ms),
        )
    )
    for label in vial.labels:
        state.put(ScanCode(label, "vial", vial.vial, 0))
    hold(draft, state, "vial", vial.vial, "import")


def arrived(draft: Draft, event: storage.VialsReceived, state: State) -> None:
    """Of another site's shipment, vials whose way shows no temperature are held until quality has judged it."""
    row = state.get(Consignment, event.shipment)
    if row is None or row.direction != "in" or event.worst_millicelsius is not None:
        return
    for item in event.vials:
        hold(draft, state, "vial", item.vial, "temperature")


# The receiver's word comes back


@checks(shipments.ShipmentConfirmed)
def _confirmed(draft: Draft, event: shipments.ShipmentConfirmed, facts: Facts) -> None:
    site = trusted(facts, event.site)
    row = facts.get(Consignment, event.shipment)
    if row is None or (row.direction, row.site) != ("out", event.site):
        raise Refusal(
            "confirm.shipment", f"No shipment {event.shipment} was sent to {event.site}.", "Name the right file."
        )
    _head(site, event.head, facts)
    if any(entry.sequence >= event.head.size for entry in event.entries):
        raise unsafe("site.head", "An entry lies after the head.", "Ask for the file again.", site.code)
    if row.leaf_hash not in (None, event.entries[0].leaf_hash):
        raise unsafe(
            "confirm.other", f"{site.code} showed another announcement of {event.shipment} before.",
            "Keep both files: the other site has two histories.", event.shipment,
        )  # fmt: skip
    if not (event.arrived or event.refused):
        raise Refusal("confirm.shipment", "It confirms the arrival of no vial.", "Ask for it again after they arrived.")
    codes = (*event.arrived, *event.refused)
    each_once(codes, "vial")
    for code in codes:
        vial = need(facts, Vial, code)
        in_custody(draft, vial)
        if vial.custodian != event.shipment:
            raise Refusal("ship", f"Vial {code} is in shipment {vial.custodian}.", "Name the right file.", subject=code)


@changes(shipments.ShipmentConfirmed)
def _confirm(draft: Draft, event: shipments.ShipmentConfirmed, state: State) -> None:
    _hold_to(draft, event.site, event.head, state)
    state.put(replace(state.need(Consignment, event.shipment), leaf_hash=event.entries[0].leaf_hash))
    for code in (*event.arrived, *event.refused):
        # Refused vials are destroyed there, by two, as the receiver's own entry shows: none comes back into stock.
        vial = state.need(Vial, code)
        state.put(
            replace(
                vial, custody="delivered", custodian_kind="site", custodian=event.site, since=draft.occurred_at,
                out_since=None,
            )
        )  # fmt: skip
    left = [vial.code for vial in state.where(Vial, custody="in_transit") if vial.custodian == event.shipment]
    status = "in transit" if left else "confirmed"
    state.put(replace(state.need(Shipment, event.shipment), status=status))


# Quality at the receiving site


@checks(shipments.ReceivedLotsReleased)
def _released(draft: Draft, event: shipments.ReceivedLotsReleased, facts: Facts) -> None:
    each_once(event.lots, "lot")
    products_defined(facts, event.lots)
    for code in event.lots:
        lot = need(facts, Lot, code)
        came = facts.get(Provenance, "lot", code)
        if came is None:
            raise unsafe("release.received", f"Lot {code} did not come from another site.", "Leave it out.", code)
        if came.stated != "released":
            raise unsafe(
                "release.received", f"{came.site} states lot {code} as {came.stated}, not as released.",
                "Release it by tests of your own, or ask the sender.", code,
            )  # fmt: skip
        if lot.disposition not in ("quarantined", "conditionally released"):
            raise Refusal("release", f"Lot {code} is {lot.disposition}.", "Leave it out.", subject=code)
        _unharmed(draft, facts, lot)


def _unharmed(draft: Draft, facts: Facts, lot: Lot) -> None:
    """What this vault itself knows does not speak against the sender's release."""
    failed = [name for name, result in latest_results(facts, lot.code).items() if not result.passed]
    if failed:
        raise unsafe("release.test", f"{failed[0]} of lot {lot.code} is out of limits.", "Reject the lot.", lot.code)
    for ancestor in lineage(facts, lot):
        if ancestor.disposition == "rejected":
            raise unsafe("release.parent", f"Lot {ancestor.code}, its bank, is rejected.", "Reject it.", lot.code)
        if holds_on(facts, "lot", ancestor.code, draft.at):
            raise unsafe("I3.hold", f"There is a hold or recall on lot {ancestor.code}.", "Lift it first.", lot.code)
    if lot.expires_at <= draft.at:
        raise unsafe("I3.expired", f"Lot {lot.code} expired on {lot.expiry_on}.", "Reject it.", lot.code)
    for donation, donor in donors_of(facts, lot):
        _donor_allows(draft, facts, lot, donation, donor)


def _donor_allows(draft: Draft, facts: Facts, lot: Lot, donation: Donation, donor: Donor) -> None:
    eligibility, consent = _stated(facts, donor)
    if eligibility != "eligible":
        raise unsafe(
            "release.donor", f"Donor {donor.code} of lot {lot.code} is {eligibility}.",
            "Ask the sender for its decision, or reject the lot.", lot.code,
        )  # fmt: skip
    if donor.consent_withdrawn_on is not None or "therapy" not in consent:
        raise unsafe("I3.consent", f"Donor {donor.code} does not consent to therapy.", "Reject the lot.", lot.code)
    for scope, code in (("donation", donation.code), ("donor", donor.code)):
        if holds_on(facts, scope, code, draft.at):
            raise unsafe("I3.hold", f"There is a hold on {scope} {code}.", "Lift it first.", lot.code)


def _stated(facts: Facts, donor: Donor) -> tuple[str, Sequence[str]]:
    """Eligibility and consent: what quality here decided, else what the sender states."""
    if donor.eligibility != "pending":
        return donor.eligibility, donor.consent_scope.split(",")
    came = facts.get(Provenance, "donor", donor.code)
    eligibility, *consent = came.stated.split(" ") if came is not None else ["pending"]
    return eligibility, consent


@changes(shipments.ReceivedLotsReleased)
def _release(draft: Draft, event: shipments.ReceivedLotsReleased, state: State) -> None:
    for code in event.lots:
        for _, donor in donors_of(state, release_from_outside(state, code)):
            if donor.eligibility != "pending":
                continue
            eligibility, consent = _stated(state, donor)
            state.put(replace(donor, eligibility=eligibility, consent_scope=",".join(consent)))
            state.journal(Mention(draft.number, "donor", donor.code))
