"""What is known of one thing, as plain data: the same card on paper, on the command line and on the screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from cryoledger.custody.known_codes import tubes_of
from cryoledger.database import queries
from cryoledger.database.store import Reading
from cryoledger.documents import whereabouts
from cryoledger.documents.card_words import (
    amount,
    centigrade,
    hold_lines,
    limits,
    microlitres,
    percent,
    result_lines,
    screening_lines,
)
from cryoledger.documents.signatures import local_time, printed_name, zone_of
from cryoledger.domain import times
from cryoledger.domain.records import (
    AdverseEvent,
    Donation,
    Donor,
    Dose,
    DoseSource,
    FollowUp,
    Lot,
    LotDonation,
    Order,
    OrderLine,
    Patient,
    PatientBand,
    Product,
    Record,
    ScanCode,
    Specification,
    StorageUnit,
    Vial,
)
from cryoledger.domain.rulebook_1.common import accepted_exposure, chain, donors_of, lineage, product_of, vial_exposure
from cryoledger.errors import RequestError

__all__ = ["Card", "card"]

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Card:
    """A thing: `lines` are label and value in the order of reading, `alerts` what stops its use."""

    kind: str
    code: str
    lines: tuple[tuple[str, str], ...]
    alerts: tuple[str, ...] = ()
    row: dict[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """The card in lines of text."""
        width = max((len(label) for label, _ in self.lines), default=0)
        told = [f"  {label:<{width}}  {value}" for label, value in self.lines]
        return "\n".join([f"{self.kind} {self.code}", *(f"  ! {alert}" for alert in self.alerts), *told])

    def to_dict(self) -> dict[str, Any]:
        """The card as JSON writes it; `row` is the inventory's row as it is."""
        return {
            "kind": self.kind,
            "code": self.code,
            "alerts": list(self.alerts),
            "lines": [{"label": label, "value": value} for label, value in self.lines],
            "row": self.row,
        }


def card(reading: Reading, kind: str, code: str, now: str) -> Card:
    """The card of a thing, as of the instant `now`; RequestError where there is none."""
    try:
        make = _CARDS[kind]
    except KeyError:
        raise RequestError(f"There are no cards of a {kind}.", "Give the code of another thing.") from None
    return make(reading, code, now)


def _need(reading: Reading, record: type[R], kind: str, code: str) -> R:
    row = reading.facts.get(record, code)
    if row is None:
        shown = code if len(code) <= 64 else f"{code[:60]}..."
        raise RequestError(f"There is no {kind} {shown!r}.", "Look it up by a part of its code: `cryoledger find`.")
    return row


def _vial(reading: Reading, code: str, now: str) -> Card:
    vial = _need(reading, Vial, "vial", code)
    lot = _need(reading, Lot, "lot", vial.lot)
    product, zone = product_of(reading.facts, lot), zone_of(reading)
    exposed, accepted = vial_exposure(reading.facts, vial, now), accepted_exposure(reading.facts, vial)
    lines = [
        ("where", whereabouts.of_vial(reading, vial)),
        ("custody", f"{vial.custody} since {local_time(vial.since, zone)}"),
        ("lot", f"{lot.code}, {lot.disposition}, passage {lot.passage}, expiry {lot.expiry_on}"),
        ("product", f"{product.name} ({product.code} v{product.version})"),
        ("content", f"{amount(vial.cells)} cells in {microlitres(vial.filled_microlitres)}"),
        ("out of storage", f"{times.span(exposed)} of {_allowed(product, accepted)}"),
    ]
    lines += _codes(reading, vial)
    if vial.order_code is not None:
        lines.append(("reserved", f"order {vial.order_code}, line {vial.order_line}"))
    if vial.thawed_at is not None:
        lines += _opened(vial, zone)
    places = [("vial", code), *(("unit", unit.code) for unit in chain(reading.facts, vial.unit))]
    alerts = _lot_alerts(reading, lot, now, places)
    if exposed > max(product.out_of_storage_minutes * 60_000, accepted):
        alerts.append("out of storage for longer than its product allows")
    return Card("vial", code, tuple(lines), tuple(alerts), asdict(vial))


def _codes(reading: Reading, vial: Vial) -> list[tuple[str, str]]:
    """What else finds the vial: its label where it has another code, tubes bound to it, labels that were replaced."""
    rows = sorted(reading.facts.where(ScanCode, kind="vial", code=vial.code), key=lambda row: row.text)
    bound = tubes_of(reading.facts, vial.code)
    replaced = [row.text for row in rows if row.retired]
    told = [("label", vial.label)] if vial.label != vial.code else []
    told += [("tube", ", ".join(bound))] if bound else []
    return told + ([("replaced label", ", ".join(replaced))] if replaced else [])


def _allowed(product: Product, accepted_ms: int) -> str:
    told = f"{product.out_of_storage_minutes} min allowed"
    return f"{told}; an accepted deviation reaches {times.span(accepted_ms)}" if accepted_ms else told


def _opened(vial: Vial, zone: str) -> list[tuple[str, str]]:
    parts = (
        f"{microlitres(vial.dosed_microlitres)} into doses, {microlitres(vial.sampled_microlitres)} sampled, "
        f"{microlitres(vial.wasted_microlitres)} wasted, {microlitres(vial.remaining_microlitres)} remaining"
    )
    lines = [("thawed", f"{local_time(str(vial.thawed_at), zone)} for {vial.purpose}"), ("amounts", parts)]
    return [*lines, ("deadline", local_time(vial.deadline, zone))] if vial.deadline is not None else lines


def _lot_alerts(reading: Reading, lot: Lot, now: str, places: list[tuple[str, str]]) -> list[str]:
    """Holds on these places, on the lot, its banks, donations and donors; and what else stops the lot's use."""
    pairs = donors_of(reading.facts, lot)
    places = [*places, *(("lot", row.code) for row in lineage(reading.facts, lot))]
    for donation, donor in pairs:
        places += [("donation", donation.code), ("donor", donor.code)]
    alerts = hold_lines(reading, places, now)
    if lot.disposition in ("quarantined", "rejected"):
        alerts.append(f"lot {lot.code} is {lot.disposition}")
    if lot.disposition == "conditionally released":
        alerts.append(f"lot {lot.code} is released for order {lot.conditional_order} only")
    if lot.expires_at <= now:
        alerts.append(f"expired on {lot.expiry_on}")
    alerts += [
        f"donor {donor.code} withdrew consent on {donor.consent_withdrawn_on}"
        for donor in {donor.code: donor for _, donor in pairs}.values()
        if donor.consent_withdrawn_on is not None
    ]
    return alerts


def _unit(reading: Reading, code: str, now: str) -> Card:
    unit = _need(reading, StorageUnit, "storage unit", code)
    inside = queries.vials_of(reading, "unit", code)
    lines = [
        ("name", unit.name),
        ("kind", unit.kind),
        ("where", whereabouts.of_unit(reading, code)),
        ("status", f"{unit.status} since {local_time(unit.since, zone_of(reading))}"),
        ("vials inside", str(len(inside))),
    ]
    if unit.rows:
        lines.append(("positions", f"{unit.rows} x {unit.columns}, scheme {unit.scheme}"))
    if unit.temperature_millicelsius_max is not None:
        lines.append(("warmest", centigrade(unit.temperature_millicelsius_max)))
    checked = local_time(unit.checked_at, zone_of(reading)) if unit.checked_at is not None else "never"
    lines.append(("last check", checked))
    alerts = hold_lines(reading, [("unit", row.code) for row in chain(reading.facts, code)], now)
    return Card("unit", code, tuple(lines), tuple(alerts), asdict(unit))


def _lot(reading: Reading, code: str, now: str) -> Card:
    lot = _need(reading, Lot, "lot", code)
    donations = ", ".join(row.donation for row in reading.facts.where(LotDonation, lot=code))
    lines = [
        ("disposition", lot.disposition),
        ("product", f"{lot.product} v{lot.version}"),
        ("origin", f"{lot.bank}, {lot.donor_kind}, donations {donations}"),
        ("passage", str(lot.passage)),
        ("vials", f"{lot.vial_count} of {amount(lot.cells_per_vial)} cells in {microlitres(lot.volume_microlitres)}"),
        ("cryoprotectant", lot.cryoprotectant),
        ("filled", lot.filled_on),
        ("expiry", lot.expiry_on),
    ]
    if lot.parent is not None:
        lines.append(("bank", lot.parent))
    if lot.patient is not None:
        lines.append(("for patient", lot.patient))
    lines += result_lines(reading, lot)
    return Card("lot", code, tuple(lines), tuple(_lot_alerts(reading, lot, now, [])), asdict(lot))


def _donor(reading: Reading, code: str, now: str) -> Card:
    donor = _need(reading, Donor, "donor", code)
    lines = [
        ("consent", f"{donor.consent_scope.replace(',', ', ')}, given on {donor.consent_given_on}"),
        ("eligibility", donor.eligibility),
        *screening_lines(reading, code),
        *(("donation", row.code) for row in reading.facts.where(Donation, donor=code)),
    ]
    alerts = hold_lines(reading, [("donor", code)], now)
    if donor.consent_withdrawn_on is not None:
        alerts.append(f"consent withdrawn on {donor.consent_withdrawn_on}")
    return Card("donor", code, tuple(lines), tuple(alerts), asdict(donor))


def _donation(reading: Reading, code: str, now: str) -> Card:
    row = _need(reading, Donation, "donation", code)
    lots = ", ".join(origin.lot for origin in reading.facts.where(LotDonation, donation=code)) or "none"
    lines = (("donor", row.donor), ("tissue", row.tissue), ("collected", row.collected_on), ("lots", lots))
    alerts = hold_lines(reading, [("donation", code), ("donor", row.donor)], now)
    return Card("donation", code, lines, tuple(alerts), asdict(row))


def _product(reading: Reading, code: str, _now: str) -> Card:
    versions = reading.facts.where(Product, code=code)
    if not versions:
        raise RequestError(f"There is no product {code[:64]!r}.", "See `cryoledger product list`.")
    product = versions[-1]
    lines = [
        ("name", product.name),
        ("version", str(product.version)),
        ("storage", f"at most {centigrade(product.storage_millicelsius_max)}"),
        ("post-thaw window", f"{product.post_thaw_minutes} min"),
        ("out of storage", f"at most {product.out_of_storage_minutes} min"),
        ("label layout", product.label_layout),
    ]
    tests = reading.facts.where(Specification, product=code, version=product.version)
    lines += [(f"test {row.test}", limits(row)) for row in tests]
    return Card("product", code, tuple(lines), (), asdict(product))


def _patient(reading: Reading, code: str, _now: str) -> Card:
    patient = _need(reading, Patient, "patient", code)
    bands = len(reading.facts.where(PatientBand, patient=code))
    orders = [("order", f"{row.code}, {row.status}") for row in reading.facts.where(Order, patient=code)]
    doses = [("dose", f"{row.code}, {row.custody}") for row in reading.facts.where(Dose, patient=code)]
    return Card("patient", code, (("wristbands", str(bands)), *orders, *doses), (), asdict(patient))


def _order(reading: Reading, code: str, _now: str) -> Card:
    order = _need(reading, Order, "order", code)
    lines = [
        ("patient", order.patient),
        ("product", order.product),
        ("prescriber", printed_name(reading, order.prescriber)),
        ("status", order.status),
    ]
    for row in reading.facts.where(OrderLine, order_code=code):
        asked = f"{amount(row.cells)} cells (at most {amount(row.cells_max)}), {row.route}, due {row.due_on}"
        lines.append((f"line {row.line}", f"{asked}, {row.status}, {amount(row.cells_given)} given"))
    reserved = [row.code for row in reading.facts.where(Vial, order_code=code)]
    lines += [("vial", vial) for vial in reserved]
    lines += [("dose", f"{row.code}, {row.custody}") for row in reading.facts.where(Dose, order_code=code)]
    return Card("order", code, tuple(lines), (), asdict(order))


def _dose(reading: Reading, code: str, now: str) -> Card:
    dose = _need(reading, Dose, "dose", code)
    zone = zone_of(reading)
    volume = microlitres(dose.volume_microlitres)
    lines = [
        ("where", whereabouts.of_dose(reading, dose)),
        ("custody", dose.custody),
        ("patient", dose.patient),
        ("order", f"{dose.order_code}, line {dose.order_line}"),
        ("content", f"{amount(dose.cells)} cells in {volume}, {percent(dose.viability_millipercent)} viable"),
        ("container", dose.container),
        ("deadline", local_time(dose.deadline, zone)),
    ]
    lines += [
        ("from vial", f"{row.vial}, {microlitres(row.volume_microlitres)}")
        for row in reading.facts.where(DoseSource, dose=code)
    ]
    if dose.started_at is not None and dose.ended_at is not None:
        given = f"{microlitres(dose.given_microlitres)} given, {microlitres(dose.wasted_microlitres)} wasted"
        lines.append(("given", f"{local_time(dose.started_at, zone)} to {local_time(dose.ended_at, zone)}, {given}"))
        lines.append(("reaction", str(dose.reaction)))
    lines += [(f"month {row.month}", row.outcome) for row in reading.facts.where(FollowUp, dose=code)]
    lines += [
        ("adverse event", f"{row.kind}, {row.severity}, {row.relatedness}, from {row.onset_on}")
        for row in reading.facts.where(AdverseEvent, dose=code)
    ]
    waiting = dose.custody not in ("administered", "discarded")
    alerts = hold_lines(reading, [("dose", code)], now)
    alerts += ["its post-thaw window is over"] if waiting and dose.deadline < now else []
    return Card("dose", code, tuple(lines), tuple(alerts), asdict(dose))


_CARDS: dict[str, Callable[[Reading, str, str], Card]] = {
    "vial": _vial,
    "unit": _unit,
    "lot": _lot,
    "donor": _donor,
    "donation": _donation,
    "product": _product,
    "patient": _patient,
    "order": _order,
    "dose": _dose,
}
