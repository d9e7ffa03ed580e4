"""Patients by their codes, for whoever prescribes or fills: registered here with the wristband, which nothing keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryoledger.custody.workflow.entering import Entering
from cryoledger.database import work_lists
from cryoledger.documents.signatures import local_time, zone_of
from cryoledger.tui.desks.sheet import Cell, Column, Offer, Row, Tab

if TYPE_CHECKING:
    from cryoledger.database.store import Reading

_PATIENTS: Final = (
    Column("patient", 16), Column("wristbands", 10), Column("open orders", 11), Column("last", 16), Column(""),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PatientLine:
    """A patient: how many wristbands are known, and how many orders are open."""

    code: str
    bands: int
    orders: int
    last: str


@dataclass(frozen=True, slots=True)
class Patients:
    """The patients of whom something was recorded last; without `lines` where the list is not open."""

    count: int = 0
    lines: tuple[PatientLine, ...] = ()


NO_PATIENTS: Final = Patients()


def read_patients(now: Reading, *, opened: bool) -> Patients:
    """The patients, the latest first; only how many there are where their list is not open."""
    count = work_lists.count_patients(now)
    if not opened:
        return Patients(count)
    zone = zone_of(now)
    lines = (
        PatientLine(patient.code, bands, orders, local_time(patient.last_at, zone)[:16])
        for patient, bands, orders in work_lists.patients(now)
    )
    return Patients(count, tuple(lines))


def patients_tab(view: Patients) -> Tab:
    """The list of patients."""
    rows = tuple(map(_patient, view.lines))
    return Tab(
        "Patients", _PATIENTS, rows, "No patient is registered.",
        (Offer("f11", "Register a patient", Entering("PatientRegistered")),),
        count=None if rows else view.count,
    )  # fmt: skip


def _patient(patient: PatientLine) -> Row:
    cells = (
        Cell(patient.code, "strong"), Cell(str(patient.bands), "" if patient.bands else "wait"),
        Cell(str(patient.orders), "note" if patient.orders else "quiet"), Cell(patient.last, "quiet"), Cell(""),
    )  # fmt: skip
    again = Entering("PatientBandAdded", (("patient", patient.code),))
    return Row(patient.code, cells, (Offer("f12", "Add a wristband", again),))
