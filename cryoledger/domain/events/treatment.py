"""Events from the order to the patient: reserve, issue, thaw, prepare, hand over, check, give, follow up."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cryoledger.domain.declare import declared
from cryoledger.domain.events.storage import Placements, Vials
from cryoledger.domain.fields import (
    Amount,
    ByTwo,
    Date,
    DoseCode,
    Event,
    Instant,
    OrderCode,
    OrderReference,
    PatientCode,
    PatientReference,
    PersonName,
    PlaceCode,
    Positive,
    ProductCode,
    Sha256,
    Value,
    VialCode,
)
from cryoledger.domain.roles import STAFF, Role, critical, dual, line, routine

PREPARES = (Role.PHARMACIST, Role.TECHNICIAN)
BEDSIDE = (
    line("administered", Role.CLINICIAN),
    line("witnessed", Role.CLINICIAN, Role.WITNESS, Role.PHARMACIST),
)


@declared(critical("registered", Role.CLINICIAN, Role.PHARMACIST))
class PatientRegistered(Event):
    """A patient was registered under a pseudonymous code.

    `bands` are HMAC-SHA-256 values of the wristband's codes under a key kept outside the vault: the ledger can
    compare a scanned band and cannot tell what it said.
    """

    patient: PatientCode
    bands: Annotated[tuple[Sha256, ...], Field(min_length=1, max_length=8)]


@declared(critical("registered", Role.CLINICIAN, Role.PHARMACIST))
class PatientBandAdded(Event):
    """A further wristband of a patient."""

    patient: PatientCode
    bands: Annotated[tuple[Sha256, ...], Field(min_length=1, max_length=8)]


class OrderLine(Value):
    """One dose that a physician asks for; `cells_max` is the most that may be given under the line."""

    line: Positive
    cells: Positive
    cells_max: Positive
    route: Literal["intravenous infusion", "local injection", "intrathecal", "intra-articular"]
    due_on: Date
    cells_per_kilogram: Positive | None = None
    weight_grams: Positive | None = None


@declared(critical("ordered", Role.CLINICIAN))
class OrderPlaced(Event):
    """A physician ordered one or more doses of a product for a patient."""

    order: OrderCode
    patient: PatientReference
    product: ProductCode
    lines: Annotated[tuple[OrderLine, ...], Field(min_length=1, max_length=40)]


@declared(critical("cancelled", Role.CLINICIAN))
class OrderCancelled(Event):
    """An order was cancelled: what was reserved for it is free again."""

    order: OrderCode
    reason: Literal["patient-condition", "duplicate", "mistake", "other"]


@declared(routine(Role.PHARMACIST), safety=True)
class VialsReserved(Event):
    """Vials were reserved for a line of an order."""

    order: OrderCode
    line: Positive
    vials: Vials


@declared(routine(Role.PHARMACIST))
class ReservationReleased(Event):
    """Vials are no longer reserved."""

    vials: Vials


@declared(
    dual(line("issued", Role.PHARMACIST), line("witnessed"), line("received", *STAFF, optional=True)),
    moves="out -> issued",
    safety=True,
)
class VialsIssued(Event):
    """A pharmacist checked vials out for a line of an order, with a second person.

    Where somebody else takes them over, `receiver` names the person, who signs too.
    """

    order: OrderCode
    line: Positive
    vials: Vials
    receiver: PersonName | None = None


@declared(
    dual(line("returned", *PREPARES), line("approved", Role.QUALITY)),
    moves="issued -> stored",
    proposable=True,
)
class IssuedVialsReturned(ByTwo):
    """Issued vials went back into stock, unopened, their cold chain documented, with quality's signature."""

    unit: PlaceCode
    vials: Placements
    cold_chain_sha256: Sha256


@declared(critical("thawed", *PREPARES), moves="issued|stored|out -> thawed", safety=True)
class VialsThawed(Event):
    """Vials were thawed: for the patient they were issued for, or for another stated purpose."""

    vials: Vials
    purpose: Literal["therapy", "testing", "expansion", "stability", "research"]
    method: Literal["water bath", "dry thawer", "bench", "other"] = "dry thawer"


@declared(critical("sampled", *PREPARES))
class SampleTaken(Event):
    """A part of a thawed vial went to a test."""

    vial: VialCode
    volume_microlitres: Positive
    purpose: Literal["count", "viability", "sterility", "retain", "other"]


class Source(Value):
    """What one thawed vial gave to a dose."""

    vial: VialCode
    volume_microlitres: Positive


@declared(critical("prepared", *PREPARES), moves="thawed|prepared -> prepared", safety=True)
class DosePrepared(Event):
    """A dose was prepared from thawed vials for a line of an order; volumes are after pooling and dilution.

    volume = sum of sources + diluent - sampled. The deadline is the earliest of its vials'.
    """

    dose: DoseCode
    order: OrderCode
    line: Positive
    container: Literal["syringe", "bag", "vial"]
    sources: Annotated[tuple[Source, ...], Field(min_length=1, max_length=50)]
    diluent_microlitres: Amount
    sampled_microlitres: Amount
    volume_microlitres: Positive
    cells: Positive
    viability_millipercent: Annotated[Amount, Field(le=100_000)]


class Remainder(Value):
    """What is left in one opened vial."""

    vial: VialCode
    volume_microlitres: Positive


@declared(dual(line("wasted", *PREPARES), line("witnessed")), proposable=True)
class RemaindersWasted(ByTwo):
    """What remained of opened vials was destroyed, by two."""

    vials: Annotated[tuple[Remainder, ...], Field(min_length=1, max_length=50)]


@declared(
    dual(line("handed over", *PREPARES), line("received", Role.CLINICIAN, Role.WITNESS, Role.PHARMACIST)),
    safety=True,
)
class DoseHandedOver(Event):
    """A dose went from one person to another; both sign."""

    dose: DoseCode
    receiver: PersonName


@declared(dual(line("discarded", *PREPARES, Role.CLINICIAN), line("witnessed")), proposable=True)
class DoseDiscarded(ByTwo):
    """A dose was destroyed, by two; the vials it came from go with it."""

    dose: DoseCode
    reason: Literal["window-passed", "patient-condition", "broken", "contaminated", "order-cancelled", "other"]


@declared(dual(*BEDSIDE), safety=True)
class BedsideCheckPassed(Event):
    """Wristband, dose and order were scanned at the bedside and match; all that allows the dose was checked again.

    `band` is the HMAC of the wristband as scanned, under the patient's key.
    """

    dose: DoseCode
    order: OrderCode
    line: Positive
    patient: PatientCode
    band: Sha256


@declared(dual(*BEDSIDE), safety=True)
class AdministrationCompleted(Event):
    """The dose was given: start, end, volumes, reaction. given + wasted = the dose's volume."""

    dose: DoseCode
    order: OrderReference
    patient: PatientReference
    started_at: Instant
    ended_at: Instant
    given_microlitres: Amount
    wasted_microlitres: Amount
    reaction: Literal["none", "mild", "moderate", "severe"]


@declared(critical("recorded", Role.CLINICIAN))
class FollowUpRecorded(Event):
    """A patient's outcome so many months after a dose."""

    dose: DoseCode
    month: Annotated[Positive, Field(le=240)]
    outcome: Literal["improved", "unchanged", "worse", "died", "lost to follow-up"]


@declared(critical("reported", Role.CLINICIAN, Role.PHARMACIST, Role.QUALITY))
class AdverseEventReported(Event):
    """Something harmful after a dose, traced back from it to vial, lot and donor."""

    dose: DoseCode
    severity: Literal["mild", "moderate", "severe", "life-threatening", "fatal"]
    kind: Literal["infusion reaction", "infection", "embolism", "allergy", "tumour", "other"]
    onset_on: Date
    relatedness: Literal["unrelated", "possible", "probable", "definite"] = "possible"
