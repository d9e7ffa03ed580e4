"""What a manifest says: products, donors, donations, lots and vials, in the sender's own codes.

made = describe(reading, "SHIP-1", site, codes, now)
digest(made)                # what `VialsShipped` bears
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field

from cryoledger.custody.vault import site_of
from cryoledger.database.store import Reading
from cryoledger.domain.events.lots import ConsentScope, Requirement, Result, Screened
from cryoledger.domain.events.shipments import THINGS_MOST, VIALS_MOST
from cryoledger.domain.fields import Amount, Code, Date, Instant, Positive, Sha256, Text, Value, Whole
from cryoledger.domain.records import (
    Donation,
    Donor,
    Lot,
    LotDonation,
    Product,
    ScanCode,
    Screening,
    Specification,
    TestResult,
    Vial,
)
from cryoledger.domain.rulebook_1.common import lineage, need, vial_exposure
from cryoledger.domain.shipment_records import OtherSite, Provenance
from cryoledger.ledger import canonical
from cryoledger.ledger.lines import encode_base64

__all__ = ["Contents", "SentDonation", "SentDonor", "SentLot", "SentProduct", "SentVial", "describe", "digest"]

FORMAT: Literal["cryoledger/manifest/v1"] = "cryoledger/manifest/v1"


class SentProduct(Value):
    """A product's version, with its windows and specification."""

    product: Code
    version: Amount
    name: Text
    storage_millicelsius_max: Whole
    post_thaw_minutes: Amount
    out_of_storage_minutes: Amount
    specification: Annotated[tuple[Requirement, ...], Field(max_length=200)] = ()


class SentDonor(Value):
    """A donor: eligibility, consent, and the last result of each marker (21 CFR 1271.55)."""

    donor: Code
    eligibility: Literal["pending", "eligible", "ineligible"]
    consent: Annotated[tuple[ConsentScope, ...], Field(max_length=3)] = ()
    screening: Annotated[tuple[Screened, ...], Field(max_length=200)] = ()


class SentDonation(Value):
    """A collection."""

    donation: Code
    donor: Code
    tissue: Literal["wharton's jelly", "bone marrow", "adipose"]
    collected_on: Date | None = None


class SentLot(Value):
    """A lot with its disposition and results; `passed` in the order of `tests`."""

    lot: Code
    disposition: Literal["quarantined", "released", "conditionally released", "rejected"]
    product: Code
    version: Amount
    donations: Annotated[tuple[Code, ...], Field(max_length=50)] = ()
    parent: Code | None = None
    bank: Literal["master", "working", "clinical"] = "clinical"
    donor_kind: Literal["allogeneic", "autologous", "directed"] = "allogeneic"
    patient: Code | None = None
    passage: Amount
    cells_per_vial: Positive
    volume_microlitres: Positive
    cryoprotectant: Text
    filled_on: Date
    expiry_on: Date
    expires_at: Instant
    reagents: Annotated[tuple[Text, ...], Field(max_length=50)] = ()
    freezing_record_sha256: Sha256 | None = None
    tests: Annotated[tuple[Result, ...], Field(max_length=200)] = ()
    passed: Annotated[tuple[bool, ...], Field(max_length=200)] = ()


class SentVial(Value):
    """A vial: what is in it, further codes on its tube, time out of storage so far.

    `theirs` is the receiver's own code of it, where it once came from there: then it goes back.
    """

    vial: Code
    theirs: Code | None = None
    lot: Code
    labels: Annotated[tuple[Code, ...], Field(max_length=8)] = ()
    cells: Positive
    volume_microlitres: Positive
    exposed_ms: Amount = 0


class Contents(Value):
    """The part of a manifest whose hash stands in the sender's ledger."""

    format: Literal["cryoledger/manifest/v1"]
    origin: Text
    to: Text
    shipment: Code
    products: Annotated[tuple[SentProduct, ...], Field(max_length=THINGS_MOST)] = ()
    donors: Annotated[tuple[SentDonor, ...], Field(max_length=THINGS_MOST)] = ()
    donations: Annotated[tuple[SentDonation, ...], Field(max_length=THINGS_MOST)] = ()
    lots: Annotated[tuple[SentLot, ...], Field(min_length=1, max_length=THINGS_MOST)]
    vials: Annotated[tuple[SentVial, ...], Field(min_length=1, max_length=VIALS_MOST)]

    def to_json(self) -> dict[str, Any]:
        """The object as the file holds it; fields that have their default are left out, so there is one form."""
        return self.model_dump(mode="json", exclude_defaults=True)


def digest(contents: Contents) -> str:
    """SHA-256 over the canonical JSON, in base64."""
    return encode_base64(hashlib.sha256(canonical.write(contents.to_json())).digest())


def describe(reading: Reading, shipment: str, to: OtherSite, codes: Iterable[str], at: str) -> Contents:
    """The contents of a manifest of these vials, as the inventory is; Refusal where one is not known."""
    facts = reading.facts
    vials = [need(facts, Vial, code) for code in codes]
    lots = _lots(reading, vials)
    donations = _once(
        need(facts, Donation, row.donation) for lot in lots for row in facts.where(LotDonation, lot=lot.code)
    )
    donors = _once(need(facts, Donor, donation.donor) for donation in donations)
    products = _once(need(facts, Product, lot.product, lot.version) for lot in lots)
    return Contents(
        format=FORMAT,
        origin=site_of(reading).origin,
        to=to.origin,
        shipment=shipment,
        products=tuple(_product(reading, each) for each in products),
        donors=tuple(_donor(reading, each) for each in donors),
        donations=tuple(
            SentDonation(
                donation=each.code,
                donor=each.donor,
                tissue=each.tissue,
                collected_on=each.collected_on or None,
            )
            for each in donations
        ),
        lots=tuple(_lot(reading, each) for each in lots),
        vials=tuple(_vial(reading, each, at, to) for each in vials),
    )


def _once(rows: Iterable[Any]) -> list[Any]:
    return list({row.identity: row for row in rows}.values())


def _lots(reading: Reading, vials: Iterable[Vial]) -> list[Lot]:
    """The lots of the vials and their banks, an ancestor first."""
    found: dict[str, Lot] = {}
    for vial in vials:
        for lot in reversed(lineage(reading.facts, need(reading.facts, Lot, vial.lot))):
            found.setdefault(lot.code, lot)
    return list(found.values())


def _product(reading: Reading, row: Product) -> SentProduct:
    tests = reading.facts.where(Specification, product=row.code, version=row.version)
    return SentProduct(
        product=row.code,
        version=row.version,
        name=row.name,
        storage_millicelsius_max=row.storage_millicelsius_max,
        post_thaw_minutes=row.post_thaw_minutes,
        out_of_storage_minutes=row.out_of_storage_minutes,
        specification=tuple(
            Requirement(
                test=each.test, unit=each.unit, minimum_milli=each.minimum_milli, maximum_milli=each.maximum_milli,
                expected=each.expected, required=bool(each.required),
            )
            for each in tests
        ),
    )  # fmt: skip


def _donor(reading: Reading, row: Donor) -> SentDonor:
    last: dict[str, Screening] = {}
    for each in reading.facts.where(Screening, donor=row.code):
        if each.corrected is None and (each.marker not in last or last[each.marker].number < each.number):
            last[each.marker] = each
    screening = [
        {"marker": each.marker, "sampled_on": each.sampled_on, "method": each.method, "result": each.result}
        for each in last.values()
    ]
    consent = [scope for scope in row.consent_scope.split(",") if scope]
    return SentDonor.model_validate(
        {"donor": row.code, "eligibility": row.eligibility, "consent": consent, "screening": screening}
    )


def _lot(reading: Reading, row: Lot) -> SentLot:
    last: dict[str, TestResult] = {}
    for each in reading.facts.where(TestResult, lot=row.code):
        if each.corrected is None and (each.test not in last or last[each.test].number < each.number):
            last[each.test] = each
    values = {name: getattr(row, name) for name in SentLot.model_fields if hasattr(row, name)}
    return SentLot.model_validate(
        {
            **values,
            "lot": row.code,
            "disposition": row.disposition,
            "donations": [each.donation for each in reading.facts.where(LotDonation, lot=row.code)],
            "reagents": [text for text in row.reagents.split("\n") if text],
            "tests": [_result(each) for each in last.values()],
            "passed": [bool(each.passed) for each in last.values()],
        }
    )


def _result(row: TestResult) -> dict[str, Any]:
    told = {"value_milli": row.value_milli, "outcome": row.outcome}
    return {"test": row.test, "tested_on": row.tested_on, "method": row.method, **told}


def _vial(reading: Reading, row: Vial, at: str, to: OtherSite) -> SentVial:
    came = reading.facts.get(Provenance, "vial", row.code)
    scans = reading.facts.where(ScanCode, kind="vial", code=row.code)
    labels = [each.text for each in scans if not each.retired and each.text != row.code]
    labels.sort(key=lambda text: text != row.label)
    return SentVial(
        vial=row.code,
        theirs=came.theirs if came is not None and came.site == to.code else None,
        lot=row.lot,
        labels=tuple(labels),
        cells=row.cells,
        volume_microlitres=row.filled_microlitres,
        exposed_ms=vial_exposure(reading.facts, row, at),
    )
