"""The document that accompanies a dose to the bedside: what it is, of whom, for whom, until when, and who signed.

It says what 21 CFR 1271.55 asks to go with cells (a distinct code, the donors' eligibility) and the warnings that a
label has no room for (1271.370(b)(4)); codes stand for donors and patients, never names (I9).
"""

from __future__ import annotations

from cryoledger.custody.labels.label_contents import warnings_of
from cryoledger.database import queries
from cryoledger.database.store import Reading
from cryoledger.documents import whereabouts
from cryoledger.documents.card_words import amount, microlitres, percent
from cryoledger.documents.pages import Document, Page, Table, Words, stamp_of
from cryoledger.documents.signatures import local_time, printed_name, signatures_of, zone_of
from cryoledger.domain.records import Donor, Dose, DoseSource, Lot, Order, OrderLine, Vial
from cryoledger.domain.rulebook_1.common import donors_of
from cryoledger.errors import RequestError

__all__ = ["accompanying"]

TITLE = "Accompanying document"
_BY_HAND = ("received", "begun", "ended", "returned or discarded")
_SIGNED = ("DosePrepared", "RemaindersWasted", "DoseHandedOver", "BedsideCheckPassed", "AdministrationCompleted")


def accompanying(reading: Reading, code: str, now: str) -> Document:
    """The document of a dose as it is now; RequestError where there is no such dose."""
    dose = reading.facts.get(Dose, code)
    if dose is None:
        raise RequestError(f"There is no dose {code[:64]!r} here.", "Scan its label, or see `cryoledger dose list`.")
    sources = reading.facts.where(DoseSource, dose=code)
    vials = {row.vial: reading.facts.get(Vial, row.vial) for row in sources}
    lots = _lots(reading, [vial for vial in vials.values() if vial is not None])
    warnings = [part for part in warnings_of(reading.facts, lots).split(". ") if part]
    blocks = (
        Words(_dose(reading, dose)),
        Words(tuple(["WARNINGS", *warnings] if warnings else ["No warning belongs to these lots."])),
        Table(
            ("vial", "volume in the dose", "lot", "expiry"),
            tuple(
                (row.vial, microlitres(row.volume_microlitres), *_of(lots, vials[row.vial])) for row in sources
            ),
            (3, 2, 3, 2),
        ),
        Table(("lot", "product", "donor", "eligibility"), tuple(_donors(reading, lots)), (3, 3, 3, 3)),
        Table(("what", "when", "signed by", "meaning"), tuple(_signatures(reading, code)), (3, 4, 4, 2)),
        Table(
            ("at the bedside", "date and time", "volume", "name", "signature"),
            tuple((what, "", "", "", "") for what in _BY_HAND),
            (3, 3, 2, 4, 4),
            by_hand=True,
        ),
    )  # fmt: skip
    facts = {"dose": code, "patient": dose.patient, "order": dose.order_code, "warnings": warnings}
    return Document(TITLE, stamp_of(reading, now), (Page(f"{TITLE} of dose {code}", blocks),), facts)


def _dose(reading: Reading, dose: Dose) -> tuple[str, ...]:
    zone = zone_of(reading)
    order = reading.facts.get(Order, dose.order_code)
    line = reading.facts.get(OrderLine, dose.order_code, dose.order_line)
    prescriber = printed_name(reading, order.prescriber) if order is not None else ""
    return (
        f"Patient    {dose.patient}",
        f"Order      {dose.order_code} line {dose.order_line}, prescribed by {prescriber}",
        f"Product    {dose.product}, {line.route if line is not None else ''}",
        f"Content    {amount(dose.cells)} viable cells in {microlitres(dose.volume_microlitres)} ({dose.container})",
        f"Viability  {percent(dose.viability_millipercent)}",
        f"Give until {local_time(dose.deadline, zone, seconds=False)}",
        f"Now        {dose.custody}, {whereabouts.of_dose(reading, dose)}",
    )


def _lots(reading: Reading, vials: list[Vial]) -> list[Lot]:
    found = (reading.facts.get(Lot, code) for code in sorted({vial.lot for vial in vials}))
    return [lot for lot in found if lot is not None]


def _of(lots: list[Lot], vial: Vial | None) -> tuple[str, str]:
    lot = next((lot for lot in lots if vial is not None and lot.code == vial.lot), None)
    return (lot.code, lot.expiry_on) if lot is not None else ("", "")


def _donors(reading: Reading, lots: list[Lot]) -> list[tuple[str, str, str, str]]:
    found = []
    for lot in lots:
        donors: dict[str, Donor] = {donor.code: donor for _, donor in donors_of(reading.facts, lot)}
        product = f"{lot.product} v{lot.version}, {lot.donor_kind}"
        found += [(lot.code, product, donor.code, donor.eligibility) for donor in donors.values()]
    return found


def _signatures(reading: Reading, code: str) -> list[tuple[str, str, str, str]]:
    zone = zone_of(reading)
    found = []
    for entry in queries.history(reading, "dose", code):
        if entry.type in _SIGNED:
            when = local_time(entry.recorded_at, zone)
            found += [
                (entry.type, when, each.full_name, each.meaning) for each in signatures_of(reading, entry)
            ]  # fmt: skip
    return found
