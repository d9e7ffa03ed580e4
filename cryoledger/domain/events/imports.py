"""Events of an import: a laboratory's own list of what lies in its freezers, taken over in parts.

`ImportBegun` names the file by its hash; each part is an entry of its own, so that scans pass between; until
`ImportCompleted` nothing of it can be used. What comes in is quarantined: its tests lie outside this vault, and
quality says so in a statement of its own, `ImportedLotsReleased`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cryoledger.domain.declare import declared
from cryoledger.domain.events.storage import Slot
from cryoledger.domain.fields import (
    Amount,
    Code,
    Date,
    DonationCode,
    DonationReference,
    DonorCode,
    DonorReference,
    EntryNumber,
    Event,
    Instant,
    LotCode,
    LotReference,
    PatientReference,
    PlaceCode,
    Positive,
    ProductCode,
    Sha256,
    Subject,
    Text,
    UnitCode,
    Value,
)
from cryoledger.domain.roles import Role, critical, routine

VIALS_MOST = 2000
THINGS_MOST = 1000

# A part makes its vials, so there is nothing earlier that they could contradict: not `touched`, which would ask that
# of each of a million. The rule dates their rows itself.
NewVial = Annotated[Code, Subject("vial", touched=False)]


class ImportedUnit(Value):
    """A storage unit that the file names and the vault did not know."""

    unit: UnitCode
    kind: Literal["freezer", "tank", "shelf", "canister", "tower", "rack", "drawer", "cane", "box"]
    name: Text
    parent: PlaceCode | None = None
    slot: Slot | None = None
    rows: Annotated[Amount, Field(le=64)] = 0
    columns: Annotated[Amount, Field(le=64)] = 0
    scheme: Literal["letters", "running", "columns"] = "letters"


class ImportedDonation(Value):
    """A collection that the file names, or that stands for all of one tissue from one donor."""

    donation: DonationCode
    donor: DonorReference
    tissue: Literal["wharton's jelly", "bone marrow", "adipose"]
    collected_on: Date | None = None


class ImportedLot(Value):
    """A lot as the file describes it. `version` 0: the product is not defined in this vault yet."""

    lot: LotCode
    product: ProductCode
    version: Amount
    donations: Annotated[tuple[DonationReference, ...], Field(min_length=1, max_length=50)]
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
    viability_millipercent: Annotated[Amount, Field(le=100_000)] | None = None


class ImportedVials(Value):
    """Vials of one lot in one box, and their positions in the same order (0 is the first in fill order)."""

    unit: PlaceCode
    lot: LotReference
    vials: Annotated[tuple[NewVial, ...], Field(min_length=1, max_length=VIALS_MOST)]
    positions: Annotated[tuple[Amount, ...], Field(min_length=1, max_length=VIALS_MOST)]


IMPORTER = (Role.TECHNICIAN, Role.QUALITY)


@declared(critical("imported", *IMPORTER))
class ImportBegun(Event):
    """The import of a file was begun; it has the number of this entry.

    `sha256` is the file's; `plan_sha256` that of all parts one after the other, so that a resumed import goes on with
    what was begun.
    """

    sha256: Sha256
    plan_sha256: Sha256
    rows: Positive
    vial_count: Positive
    parts: Positive


@declared(routine(*IMPORTER))
class ImportPartRecorded(Event):
    """A part of an import: vials where the file says that they lie, and the units, donors and lots they need.

    `held` are vials whose code or position the file gives twice: on hold until a box check has cleared it.
    """

    number: EntryNumber
    part: Positive
    units: Annotated[tuple[ImportedUnit, ...], Field(max_length=THINGS_MOST)] = ()
    donors: Annotated[tuple[DonorCode, ...], Field(max_length=THINGS_MOST)] = ()
    donations: Annotated[tuple[ImportedDonation, ...], Field(max_length=THINGS_MOST)] = ()
    lots: Annotated[tuple[ImportedLot, ...], Field(max_length=THINGS_MOST)] = ()
    vials: Annotated[tuple[ImportedVials, ...], Field(min_length=1, max_length=VIALS_MOST)]
    held: Annotated[tuple[Code, ...], Field(max_length=VIALS_MOST)] = ()


@declared(critical("completed", *IMPORTER))
class ImportCompleted(Event):
    """Every part of an import is recorded: what came in can be moved, and judged by quality."""

    number: EntryNumber


@declared(critical("abandoned", *IMPORTER))
class ImportAbandoned(Event):
    """An import was given up before it completed: its parts are withdrawn, the last first."""

    number: EntryNumber
    reason: Literal["wrong-file", "wrong-columns", "interrupted", "other"]


@declared(routine(*IMPORTER))
class ImportPartWithdrawn(Event):
    """A part of an abandoned import left the inventory, with all that it brought."""

    number: EntryNumber
    part: Positive


@declared(critical("released", Role.QUALITY), safety=True)
class ImportedLotsReleased(Event):
    """Quality states that imported lots were released before, by records that lie outside this vault.

    The statement covers their tests, and the eligibility and consent to therapy of donors of whom nothing else is
    recorded here.
    """

    number: EntryNumber
    lots: Annotated[tuple[LotCode, ...], Field(min_length=1, max_length=400)]
    basis: Literal["former-release-records", "certificates-of-analysis", "validated-former-system"]
