"""The kinds of value that stand in events: codes of things, instants, amounts in whole units.

A field that names a thing carries a `Subject`, so that the things an event touches are read off its declaration.
Amounts are integers in the unit that ends the field's name; there are no floats in a signed text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, StringConstraints

from cryoledger.domain import times
from cryoledger.domain.roles import Role


@dataclass(frozen=True, slots=True)
class Subject:
    """Marks a field as the code of a thing; `touched` is false for a mere place or reference."""

    kind: str
    touched: bool = True


def _instant(text: str) -> str:
    times.instant(text)
    return text


def _day(text: str) -> str:
    times.day(text)
    return text


Code = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=120)]
SignerName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]
Instant = Annotated[str, AfterValidator(_instant), Field(json_schema_extra={"format": "date-time"})]
Date = Annotated[str, AfterValidator(_day), Field(json_schema_extra={"format": "date"})]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{43}=$")]
VerifierKeyText = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,4000}$")]
KeyId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}$")]

MOST = 2**53 - 1
Whole = Annotated[int, Strict(), Field(ge=-MOST, le=MOST)]
Amount = Annotated[int, Strict(), Field(ge=0, le=MOST)]
Positive = Annotated[int, Strict(), Field(ge=1, le=MOST)]
EntryNumber = Amount

VialCode = Annotated[Code, Subject("vial")]
UnitCode = Annotated[Code, Subject("unit")]
PlaceCode = Annotated[Code, Subject("unit", touched=False)]
LotCode = Annotated[Code, Subject("lot")]
LotReference = Annotated[Code, Subject("lot", touched=False)]
ProductCode = Annotated[Code, Subject("product", touched=False)]
DonorCode = Annotated[Code, Subject("donor")]
DonorReference = Annotated[Code, Subject("donor", touched=False)]
DonationCode = Annotated[Code, Subject("donation")]
DonationReference = Annotated[Code, Subject("donation", touched=False)]
PatientCode = Annotated[Code, Subject("patient")]
PatientReference = Annotated[Code, Subject("patient", touched=False)]
OrderCode = Annotated[Code, Subject("order")]
OrderReference = Annotated[Code, Subject("order", touched=False)]
DoseCode = Annotated[Code, Subject("dose")]
PersonName = Annotated[SignerName, Subject("person", touched=False)]
StationName = Annotated[SignerName, Subject("station", touched=False)]
ShipmentCode = Annotated[Code, Subject("shipment")]
SiteCode = Annotated[Code, Subject("site", touched=False)]

RoleName = Role
Scope = Literal["vial", "unit", "lot", "donation", "donor"]
SubjectKind = Literal[
    "vial", "unit", "lot", "donation", "donor", "patient", "order", "dose", "product", "person", "station",
    "shipment",
]  # fmt: skip


class Value(BaseModel):
    """A frozen part of a payload, with no field that its declaration does not name."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Reference(Value):
    """An earlier entry of this epoch, by number and by what it said."""

    number: EntryNumber
    leaf_hash: Sha256


class Document(Value):
    """Narrative or a file that lies outside the ledger: hash of its salted content, size, and the salt's id."""

    sha256: Sha256
    size_bytes: Amount
    salt_id: Code


class Named(Value):
    """Any thing, by kind and code."""

    kind: SubjectKind
    code: Code


class Placed(Value):
    """A vial and its position in a box (0 is the first in fill order)."""

    vial: VialCode
    position: Amount


LateReason = Literal[
    "emergency", "downtime", "no-station-at-hand", "forgotten", "found-in-check", "entered-from-paper", "other"
]  # fmt: skip


class Event(Value):
    """What every payload may carry beside its own fields.

    `late`: why the event is recorded more than 10 minutes after it occurred.
    `typed`: fields whose codes were typed, not scanned. `document`: narrative kept outside the ledger.
    """

    late: LateReason | None = None
    typed: tuple[Code, ...] = Field(default=(), max_length=64)
    document: Document | None = None


class RoutineMove(Event):
    """A routine event that can be the inverse of earlier ones: then `undoes` names them."""

    undoes: tuple[Reference, ...] = Field(default=(), max_length=2000)


class ByTwo(Event):
    """An event by two persons, the first of whom may have signed a proposal earlier: then it is named."""

    proposal: Reference | None = None


class Correction(Event):
    """A typed correction: the entry that it corrects, and why."""

    corrects: Reference
    reason: Literal["scanned-wrong", "typed-wrong", "wrong-person", "wrong-result", "found-in-check", "other"]
