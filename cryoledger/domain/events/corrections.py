"""Typed corrections: each names the entry it corrects and why, and acts on the present state (I6)."""

from __future__ import annotations

from typing import Literal

from cryoledger.domain.declare import declared
from cryoledger.domain.events.lots import Result, Screened
from cryoledger.domain.fields import (
    Amount,
    Correction,
    Date,
    DonorCode,
    DoseCode,
    EntryNumber,
    Instant,
    LotCode,
    PersonName,
    PlaceCode,
    Positive,
    Reference,
    VialCode,
)
from cryoledger.domain.roles import Role, critical, dual, line


@declared(critical("corrected", Role.TECHNICIAN, Role.QUALITY), moves="stored -> stored")
class PositionCorrected(Correction):
    """A vial lies in another position than an entry says."""

    vial: VialCode
    unit: PlaceCode
    position: Amount


@declared(critical("corrected", Role.QUALITY))
class QuantityCorrected(Correction):
    """A vial holds another volume or number of cells than recorded; only of a vial that was not opened."""

    vial: VialCode
    volume_microlitres: Positive
    cells: Positive


@declared(critical("corrected", Role.QUALITY))
class TestResultCorrected(Correction):
    """A recorded result was wrong; the old one stays in sight. `number` is the entry that recorded it."""

    lot: LotCode
    number: EntryNumber
    result: Result


@declared(critical("corrected", Role.QUALITY))
class ScreeningCorrected(Correction):
    """A donor's recorded result was wrong; the old one stays in sight."""

    donor: DonorCode
    number: EntryNumber
    result: Screened


@declared(critical("corrected", Role.QUALITY))
class LotExpiryCorrected(Correction):
    """A lot's expiry was recorded wrongly."""

    lot: LotCode
    expiry_on: Date
    expires_at: Instant


@declared(critical("corrected", Role.QUALITY))
class AttributionCorrected(Correction):
    """Somebody other than the signer did what an entry says; the signature stays what it is."""

    person: PersonName


@declared(dual(line("corrected", Role.QUALITY), line("witnessed")), proposable=True)
class FinalStateCorrected(Correction):
    """A vial was recorded as given, used up or destroyed, and was not: it is missing until found, then held."""

    vial: VialCode
    proposal: Reference | None = None


@declared(dual(line("corrected", Role.QUALITY), line("confirmed", Role.CLINICIAN)))
class AdministrationCorrected(Correction):
    """What was recorded of giving a dose was wrong; by two, since the dose's state is final."""

    dose: DoseCode
    started_at: Instant
    ended_at: Instant
    given_microlitres: Amount
    wasted_microlitres: Amount
    reaction: Literal["none", "mild", "moderate", "severe"]
