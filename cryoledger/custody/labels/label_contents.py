"""What the label of a thing says, from the inventory: pseudonymous codes, never the name of a donor or patient (I9).

**Marks.** "For autologous use only" stands on vials and doses of a lot whose donor is its patient (21 CFR
1271.90(c)(1)). The biohazard legend stands where the results of a donor of the lot, or of a lot that it was grown
from, are reactive or indeterminate, or the donor is ineligible (1271.90(c)(4), 1271.65(b)(2)(i)), autologous
lots included. A lot that is not released is no biohazard. Labels are printed at the fill, often before results:
after a reactive one they are printed again.

**Warnings** are sentences, of any donor of the lot:

- "NOT EVALUATED FOR INFECTIOUS SUBSTANCES" where a marker that the site asks for has no result (1271.90(c)(2),
  1271.60(d)(2)(i));
- "WARNING: Advise patient of communicable disease risks", not on autologous ones, where the donor is not found
  eligible, or shows a risk (1271.90(c)(3), 1271.60(d)(2)(ii), 1271.65(b)(2)(ii));
- "WARNING: Reactive test results for ..." with the marker (1271.90(c)(5), 1271.65(b)(2)(iii)).

While a lot that is not autologous is in quarantine the first two wait: testing goes on, and nobody may be given of
it (1271.60). A vial too small for a sentence sends it with the papers (1271.370(b)(4)): the command says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from cryoledger.codes import Code, read
from cryoledger.codes.local import check_prefix
from cryoledger.custody.labels import vial_scheme
from cryoledger.custody.vault import person_by, site_of
from cryoledger.custody.workflow.look import inside
from cryoledger.database.store import Reading
from cryoledger.domain.facts import Facts
from cryoledger.domain.records import (
    Donation,
    Donor,
    Dose,
    DoseSource,
    Lot,
    LotDonation,
    Order,
    OrderLine,
    Patient,
    Product,
    Record,
    Screening,
    Site,
    StorageUnit,
    Vial,
)
from cryoledger.domain.row import R
from cryoledger.errors import CodeError, Refusal, RequestError
from cryoledger.labels import BadgeLabel, DoseLabel, OrderLabel, PatientLabel, UnitLabel, VialLabel
from cryoledger.ledger.canonical import parse_time

__all__ = ["badge_label", "dose_label", "is_biohazard", "order_label", "patient_label", "unit_label", "vial_label"]
__all__ += ["layout_of", "units_inside", "warnings_of"]

ENDED = frozenset({"administered", "consumed", "discarded"})
NOT_EVALUATED = "NOT EVALUATED FOR INFECTIOUS SUBSTANCES"
ADVISE = "WARNING: Advise patient of communicable disease risks"


def vial_label(reading: Reading, code: str) -> VialLabel:
    """The label of a vial, with the code that it bears at present; Refusal for a vial that is no more."""
    facts = reading.facts
    vial = _need(facts, Vial, code, "vial")
    if vial.custody in ENDED:
        raise Refusal("label", f"Vial {code} is {vial.custody}.", "It needs no label.", subject=code)
    lot = _need(facts, Lot, vial.lot, "lot")
    product = facts.get(Product, lot.product, lot.version)
    if product is None:
        raise RequestError(f"The product {lot.product} of lot {lot.code} is not here.", "See `cryoledger lot show`.")
    short = vial.code if _is_scheme(vial.label) else vial.label
    return VialLabel(
        short,
        lot.product,
        lot.code,
        _source(facts, lot),
        date.fromisoformat(lot.expiry_on),
        cells=vial.cells,
        volume_microlitres=vial.filled_microlitres,
        storage_millicelsius_max=product.storage_millicelsius_max,
        autologous=lot.donor_kind == "autologous",
        biohazard=is_biohazard(facts, lot),
        symbol=vial.label if vial.label != short else "",
        gs1=_is_gs1(reading, vial.label),
        identifier=vial_scheme.identifier(vial.label),
        warnings=warnings_of(facts, [lot]),
    )


def layout_of(reading: Reading, code: str) -> str:
    """The name of the layout that a vial's product asks for."""
    lot = _need(reading.facts, Lot, _need(reading.facts, Vial, code, "vial").lot, "lot")
    product = reading.facts.get(Product, lot.product, lot.version)
    return product.label_layout if product is not None else "vial-33x13"


def dose_label(reading: Reading, code: str) -> DoseLabel:
    """The label of a prepared syringe or bag; its deadline is told in the site's time zone."""
    facts = reading.facts
    dose = _need(facts, Dose, code, "dose")
    if dose.custody in ENDED:
        raise Refusal("label", f"Dose {code} is {dose.custody}.", "It needs no label.", subject=code)
    vials = [_need(facts, Vial, source.vial, "vial") for source in facts.where(DoseSource, dose=code)]
    lots = [_need(facts, Lot, name, "lot") for name in sorted({vial.lot for vial in vials})]
    return DoseLabel(
        code,
        dose.product,
        ", ".join(lot.code for lot in lots),
        dose.order_code,
        dose.patient,
        _local(dose.deadline, site_of(reading).zone),
        cells=dose.cells,
        volume_microlitres=dose.volume_microlitres,
        autologous=any(lot.donor_kind == "autologous" for lot in lots),
        biohazard=any(is_biohazard(facts, lot) for lot in lots),
        gs1=_is_gs1(reading, code),
        warnings=warnings_of(facts, lots),
    )


def unit_label(reading: Reading, code: str) -> UnitLabel:
    """The label of a storage unit, with the place where it stands now."""
    unit = _need(reading.facts, StorageUnit, code, "storage unit")
    parent = reading.facts.get(StorageUnit, unit.parent) if unit.parent else None
    place = f"{parent.name}, slot {unit.slot}" if parent is not None and unit.slot else parent.name if parent else ""
    return UnitLabel(code, unit.kind, unit.name, place)


def units_inside(reading: Reading, code: str, kind: str) -> list[str]:
    """The units of a kind inside a unit, as one walks: slot 2 before slot 10; RequestError where there is none."""
    _need(reading.facts, StorageUnit, code, "storage unit")
    held = list(inside(reading.facts, code))
    found = [unit.code for unit in held if unit.kind == kind]
    if not found:
        kinds = sorted({unit.kind for unit in held})
        there = f"Inside are: {', '.join(kinds)}." if kinds else "Nothing is inside."
        raise RequestError(f"There is no unit of the kind {kind[:40]!r} inside {code}.", there)
    return found


def badge_label(reading: Reading, name: str) -> BadgeLabel:
    """The badge of a person, by signing name or badge."""
    person = person_by(reading, name)
    if person.status == "revoked":
        raise Refusal("label", f"The key of {person.full_name} is revoked.", "The person needs no badge.")
    roles = person.roles.replace(",", ", ")
    return BadgeLabel(person.badge, person.key_id, person.full_name, roles, site_of(reading).origin)


def patient_label(reading: Reading, code: str) -> PatientLabel:
    """The wristband of a patient: the code alone."""
    _need(reading.facts, Patient, code, "patient")
    return PatientLabel(code, site_of(reading).origin, gs1=_is_gs1(reading, code))


def order_label(reading: Reading, code: str) -> OrderLabel:
    """The label of an order, with its first dose that is still open."""
    order = _need(reading.facts, Order, code, "order")
    lines = sorted(reading.facts.where(OrderLine, order_code=code), key=lambda line: (line.status != "open", line.line))
    if not lines:
        return OrderLabel(code, order.patient, order.product)
    line = lines[0]
    more = f" (1 of {len(lines)})" if len(lines) > 1 else ""
    due = date.fromisoformat(line.due_on)
    return OrderLabel(code, order.patient, order.product, f"{line.cells:,} cells{more}", line.route, due)


def is_biohazard(facts: Facts, lot: Lot) -> bool:
    """Whether a label of the lot bears the biohazard legend: see this module's text."""
    return any(_shows_risk(facts, donor) for donor in _donors(facts, lot))


def warnings_of(facts: Facts, lots: Sequence[Lot]) -> str:
    """The sentences that a label of these lots bears, one after the other: see this module's text."""
    asked = [each for each in _need(facts, Site, "site", "site").screening_markers.split("\n") if each]
    untested = advise = False
    reactive: set[str] = set()
    for lot in lots:
        judged = lot.donor_kind == "autologous" or lot.disposition != "quarantined"
        for code in _donors(facts, lot):
            rows = [row for row in facts.where(Screening, donor=code) if row.corrected is None]
            reactive |= {row.marker for row in rows if row.result == "reactive"}
            untested |= judged and not set(asked) <= {row.marker for row in rows}
            donor = facts.get(Donor, code)
            eligible = donor is not None and donor.eligibility == "eligible"
            risk = (judged and not eligible) or _shows_risk(facts, code)
            advise |= risk and lot.donor_kind != "autologous"
    found = [NOT_EVALUATED] * untested + [ADVISE] * advise
    found += [f"WARNING: Reactive test results for {', '.join(sorted(reactive))}"] * bool(reactive)
    return ". ".join(found)


def _shows_risk(facts: Facts, code: str) -> bool:
    donor = facts.get(Donor, code)
    if donor is not None and donor.eligibility == "ineligible":
        return True
    standing = (row for row in facts.where(Screening, donor=code) if row.corrected is None)
    return any(row.result != "nonreactive" for row in standing)


def _lineage(facts: Facts, lot: Lot) -> Iterator[Lot]:
    """The lot, and those that it was grown from."""
    seen: set[str] = set()
    at: Lot | None = lot
    while at is not None and at.code not in seen:
        seen.add(at.code)
        yield at
        at = facts.get(Lot, at.parent) if at.parent else None


def _donations(facts: Facts, lot: Lot) -> list[str]:
    return sorted({row.donation for each in _lineage(facts, lot) for row in facts.where(LotDonation, lot=each.code)})


def _donors(facts: Facts, lot: Lot) -> list[str]:
    found = (facts.get(Donation, code) for code in _donations(facts, lot))
    return sorted({donation.donor for donation in found if donation is not None})


def _source(facts: Facts, lot: Lot) -> str:
    """The donation's number; of several, the donor's code, or how many there are."""
    donations = _donations(facts, lot)
    if len(donations) == 1:
        return donations[0]
    donors = _donors(facts, lot)
    return donors[0] if len(donors) == 1 else f"{len(donations)} donations" if donations else ""


def _is_scheme(text: str) -> bool:
    """Whether a label holds an ISBT 128 or GS1 code, too long for the eye: the vial's short code stands beside it."""
    return bool(vial_scheme.identifier(text))


def _is_gs1(reading: Reading, text: str) -> bool:
    """Whether a code is a GS1 element string, which goes into a GS1 Data Matrix."""
    prefix = site_of(reading).code_prefix
    try:
        check_prefix(prefix)
    except CodeError:
        prefix = ""
    try:
        scan = read(text, prefix)
    except CodeError:
        return False
    return isinstance(scan, Code) and scan.scheme == "gs1" and "://" not in text


def _need(facts: Facts, record: type[R], code: str, what: str) -> R:
    row: Record | None = facts.get(record, code)
    if not isinstance(row, record):
        raise RequestError(f"There is no {what} {code[:64]!r} here.", "Look it up with `cryoledger find`.")
    return row


def _local(text: str, zone: str) -> datetime:
    return parse_time(text).astimezone(ZoneInfo(zone))
