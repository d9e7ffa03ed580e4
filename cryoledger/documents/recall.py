"""Whom a recall concerns: every lot, vial, dose and patient that comes from a lot, donation or donor, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cryoledger.database.store import Reading
from cryoledger.documents.card_words import counted
from cryoledger.documents.graph import Thing, all_after, thing_of
from cryoledger.documents.training import void_of
from cryoledger.documents.whereabouts import of_dose, of_vial
from cryoledger.domain.records import Dose, Lot, Order, Vial

__all__ = ["Concerned", "Recall", "recall"]

SCOPES = ("lot", "donation", "donor")


@dataclass(frozen=True, slots=True)
class Concerned:
    """A vial or dose that the recall reaches: its state, where it is now, and for whom it is or was."""

    code: str
    state: str
    where: str
    lot: str = ""
    patient: str = ""


@dataclass(frozen=True, slots=True)
class Recall:
    """All that a recall of one thing concerns."""

    scope: str
    code: str
    lots: tuple[str, ...]
    vials: tuple[Concerned, ...]
    doses: tuple[Concerned, ...]
    patients: tuple[str, ...]
    treated: tuple[str, ...]
    void: str = ""

    def text(self) -> str:
        """The list in lines of text."""
        concerned = (
            f"{counted(len(self.lots), 'lot')}, {counted(len(self.vials), 'vial')}, {counted(len(self.doses), 'dose')}"
        )
        patients = f"{counted(len(self.patients), 'patient')}; treated: {len(self.treated)}."
        lines = [
            *([self.void] if self.void else []),
            f"Recall of {self.scope} {self.code} concerns {concerned} and {patients}",
            "",
            *(f"lot {code}" for code in self.lots),
            *(f"vial {row.code}  lot {row.lot}  {row.state}  {row.where}" for row in self.vials),
            *(f"dose {row.code}  patient {row.patient}  {row.state}  {row.where}" for row in self.doses),
            *(f"patient {code}{'  TREATED' if code in self.treated else ''}" for code in self.patients),
        ]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The list as JSON writes it."""
        return {
            "scope": self.scope,
            "code": self.code,
            "void": self.void,
            "lots": list(self.lots),
            "vials": [
                {"code": row.code, "lot": row.lot, "custody": row.state, "where": row.where} for row in self.vials
            ],
            "doses": [
                {"code": row.code, "patient": row.patient, "custody": row.state, "where": row.where}
                for row in self.doses
            ],
            "patients": [{"code": code, "treated": code in self.treated} for code in self.patients],
        }


def recall(reading: Reading, code: str) -> Recall:
    """What a recall of a lot, donation or donor concerns; RequestError for any other code."""
    asked = thing_of(reading, code, SCOPES)
    reached = all_after(reading, asked)
    doses = [row for thing in reached if (row := _dose(reading, thing)) is not None]
    return Recall(
        scope=asked.kind,
        code=asked.code,
        lots=tuple(thing.code for thing in reached if thing.kind == "lot"),
        vials=tuple(_vial(reading, thing.code) for thing in reached if thing.kind == "vial"),
        doses=tuple(Concerned(row.code, row.custody, of_dose(reading, row), "", row.patient) for row in doses),
        patients=_patients(reading, asked, reached),
        treated=tuple(sorted({row.patient for row in doses if row.custody == "administered"})),
        void=void_of(reading),
    )


def _vial(reading: Reading, code: str) -> Concerned:
    vial = reading.facts.get(Vial, code)
    if vial is None:
        raise RuntimeError(f"vial {code} is in the graph and not in its table")
    order = reading.facts.get(Order, vial.order_code) if vial.order_code is not None else None
    return Concerned(code, vial.custody, of_vial(reading, vial), vial.lot, order.patient if order is not None else "")


def _dose(reading: Reading, thing: Thing) -> Dose | None:
    return reading.facts.get(Dose, thing.code) if thing.kind == "dose" else None


def _patients(reading: Reading, asked: Thing, reached: list[Thing]) -> tuple[str, ...]:
    """Patients of doses and of reservations, and those for whom a lot was made."""
    codes = {thing.code for thing in reached if thing.kind == "patient"}
    for thing in (asked, *reached):
        lot = reading.facts.get(Lot, thing.code) if thing.kind == "lot" else None
        if lot is not None and lot.patient is not None:
            codes.add(lot.patient)
    return tuple(sorted(codes))
