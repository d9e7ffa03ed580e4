"""Events of donors, donations, products and lots, with their tests, dispositions, holds and recalls."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cryoledger.domain.declare import declared
from cryoledger.domain.fields import (
    Amount,
    ByTwo,
    Code,
    Date,
    DonationCode,
    DonationReference,
    DonorCode,
    EntryNumber,
    Event,
    Instant,
    LotCode,
    LotReference,
    Named,
    OrderReference,
    PatientReference,
    Positive,
    ProductCode,
    Scope,
    Sha256,
    Subject,
    Text,
    Value,
    VialCode,
    Whole,
)
from cryoledger.domain.roles import Role, critical, dual, line

RECORDED = critical("recorded", Role.TECHNICIAN, Role.QUALITY)
JUDGED = critical("approved", Role.QUALITY)

ConsentScope = Literal["therapy", "research", "commercial"]


class Consent(Value):
    """What a donor agreed to, and when; the signed form is a document."""

    scope: Annotated[tuple[ConsentScope, ...], Field(min_length=1)]
    given_on: Date


@declared(RECORDED)
class DonorRegistered(Event):
    """A donor was registered under a pseudonymous code, with consent."""

    donor: DonorCode
    consent: Consent


@declared(RECORDED)
class ConsentRecorded(Event):
    """A donor's consent was given again, or with another scope."""

    donor: DonorCode
    consent: Consent


@declared(JUDGED)
class ConsentWithdrawn(Event):
    """A donor withdrew consent: nothing that comes from the donor is used any more."""

    donor: DonorCode
    withdrawn_on: Date


class Screened(Value):
    """One infectious-disease result of a donor."""

    marker: Text
    sampled_on: Date
    method: Text
    result: Literal["nonreactive", "reactive", "indeterminate"]


@declared(RECORDED)
class DonorScreened(Event):
    """Infectious-disease results of a donor. One that is not nonreactive puts the donor on hold."""

    donor: DonorCode
    results: Annotated[tuple[Screened, ...], Field(min_length=1, max_length=40)]


@declared(JUDGED)
class DonorEligibilityDecided(Event):
    """Quality decided whether the donor is eligible (21 CFR 1271.50)."""

    donor: DonorCode
    eligibility: Literal["eligible", "ineligible"]


@declared(RECORDED)
class DonationCollected(Event):
    """One collection from one donor."""

    donation: DonationCode
    donor: DonorCode
    tissue: Literal["wharton's jelly", "bone marrow", "adipose"]
    collected_on: Date


class Requirement(Value):
    """One test of a product's specification: limits in thousandths of the unit, or the one accepted word."""

    test: Code
    unit: Text
    minimum_milli: Whole | None = None
    maximum_milli: Whole | None = None
    expected: Text | None = None
    required: bool = True


@declared(JUDGED)
class ProductDefined(Event):
    """A version of a product: its specification, storage band, windows and label layout.

    `item_code` is the product's code in the site's vial scheme: a GTIN of 14 digits, or six characters of an ISBT
    128 product code (description and type of collection).
    """

    product: Annotated[str, Field(pattern=r"^[!-~]{1,32}$"), Subject("product")]
    version: Positive
    name: Text
    storage_millicelsius_max: Whole
    post_thaw_minutes: Positive
    out_of_storage_minutes: Positive
    label_layout: Text
    specification: Annotated[tuple[Requirement, ...], Field(max_length=200)]
    item_code: Annotated[str, Field(pattern=r"^[0-9A-Z]{6}([0-9]{8})?$")] | None = None


@declared(RECORDED)
class LotRegistered(Event):
    """Cells expanded from one or more donations, of one product, with what each vial will hold.

    `expires_at` is the first instant at which the printed `expiry_on` is over, in the site's zone.
    """

    lot: LotCode
    product: ProductCode
    version: Positive
    donations: Annotated[tuple[DonationReference, ...], Field(min_length=1, max_length=50)]
    parent: LotReference | None = None
    bank: Literal["master", "working", "clinical"] = "clinical"
    donor_kind: Literal["allogeneic", "autologous", "directed"] = "allogeneic"
    patient: PatientReference | None = None
    passage: Amount
    cells_per_vial: Positive
    volume_microlitres: Positive
    cryoprotectant: Text
    filled_on: Date
    expiry_on: Date
    expires_at: Instant
    reagents: Annotated[tuple[Text, ...], Field(max_length=50)] = ()
    freezing_record_sha256: Sha256 | None = None


@declared(RECORDED, moves=" -> expected")
class LotFilled(Event):
    """Vials of a lot were filled and labelled; they are expected at the freezer.

    `labels`, where the site's vial scheme is not `local`, are what their symbols hold, in the same order: the scan of
    either finds the vial.
    """

    lot: LotCode
    vials: Annotated[tuple[VialCode, ...], Field(min_length=1, max_length=800)]
    labels: Annotated[tuple[Code, ...], Field(max_length=800)] = ()


class Result(Value):
    """One result on a lot: a value in thousandths of the specification's unit, or a word."""

    test: Code
    value_milli: Whole | None = None
    outcome: Text | None = None
    tested_on: Date
    method: Text


@declared(RECORDED)
class TestResultsRecorded(Event):
    """Results of tests on a lot, judged against its product's specification."""

    lot: LotCode
    results: Annotated[tuple[Result, ...], Field(min_length=1, max_length=100)]


@declared(critical("released", Role.QUALITY), safety=True)
class LotReleased(Event):
    """Quality released the lot: every required test is within limits and every donor eligible."""

    lot: LotCode
    certificate_sha256: Sha256 | None = None


@declared(
    dual(line("released", Role.QUALITY), line("requested", Role.CLINICIAN, Role.PHARMACIST)),
    proposable=True,
    safety=True,
)
class LotConditionallyReleased(ByTwo):
    """Quality released the lot for one order before all results are in, at a clinician's request."""

    lot: LotCode
    order: OrderReference
    reason: Literal["urgent-need", "no-alternative", "test-pending", "other"]


@declared(critical("rejected", Role.QUALITY))
class LotRejected(Event):
    """Quality rejected the lot: none of it reaches a patient."""

    lot: LotCode
    reason: Literal["test-failed", "contaminated", "process-failed", "donor-ineligible", "other"]


HoldReason = Literal[
    "investigation", "temperature", "donor-result", "label", "position", "missing-found", "key-suspect", "import",
    "lost-range", "other",
]  # fmt: skip


@declared(critical("held", Role.QUALITY))
class HoldPlaced(Event):
    """A hold was put on vials, units, lots, donations or donors; it has the number of this entry."""

    scope: Scope
    codes: Annotated[tuple[Code, ...], Field(min_length=1, max_length=800)]
    reason: HoldReason


@declared(critical("lifted", Role.QUALITY))
class HoldLifted(Event):
    """A hold, or a recall that proved unfounded, was lifted from everything it lay on."""

    number: EntryNumber
    reason: Literal["cleared", "box-checked", "placed-in-error", "other"]


@declared(critical("recalled", Role.QUALITY))
class RecallIssued(Event):
    """A lot, a donation or a donor was recalled: nothing of it may be used, all of it is traced."""

    scope: Literal["lot", "donation", "donor"]
    code: Code
    reason: Literal["donor-result", "contaminated", "adverse-event", "regulator", "other"]


@declared(dual(line("approved", Role.QUALITY), line("witnessed")), proposable=True)
class DeviationRecorded(ByTwo):
    """A limit was passed and two persons accept it for the things named, under a quality officer's signature."""

    limit: Literal["out-of-storage", "post-thaw-window", "test-limit", "dose-amount"]
    concerning: Annotated[tuple[Named, ...], Field(min_length=1, max_length=400)]
    reason: Literal["clinical-need", "assessed-no-impact", "equipment-failure", "other"]
