"""Where a thing is now, in words a person can follow."""

from __future__ import annotations

from collections.abc import Iterable

from cryoledger.codes import position
from cryoledger.database import queries
from cryoledger.database.store import Reading
from cryoledger.documents.signatures import printed_name
from cryoledger.domain.records import Dose, Hold, StorageUnit, Vial

__all__ = ["held_by", "of_dose", "of_unit", "of_vial", "place_label"]


def place_label(reading: Reading, unit: str, index: int) -> str:
    """The label of a position as the box has it, such as "B4"."""
    box = reading.facts.get(StorageUnit, unit)
    if box is None or not 0 <= index < box.rows * box.columns:
        return f"number {index + 1}"
    return position.label(box.scheme, box.rows, box.columns, index)


def of_unit(reading: Reading, code: str) -> str:
    """The way to a unit from the outermost: "Freezer 1 (FRZ-1) > slot 2: Rack 2 (RACK-2)", and whether it is out."""
    parts = []
    for unit in queries.path_of(reading, code):
        slot = f"slot {unit.slot}: " if unit.slot else ""
        carried = (
            f", out with {printed_name(reading, unit.custodian)}" if unit.status == "out" and unit.custodian else ""
        )
        parts.append(f"{slot}{unit.name} ({unit.code}{carried})")
    return " > ".join(parts)


def of_vial(reading: Reading, vial: Vial) -> str:
    """Who or what holds a vial."""
    if vial.unit is not None and vial.position is not None:
        return f"{of_unit(reading, vial.unit)} > position {place_label(reading, vial.unit, vial.position)}"
    return _held(reading, vial.custodian_kind, vial.custodian)


def of_dose(reading: Reading, dose: Dose) -> str:
    """Who or what holds a dose."""
    return _held(reading, dose.custodian_kind, dose.custodian)


def held_by(reading: Reading, entries: Iterable[int]) -> dict[str, list[str]]:
    """The vials that entries put on hold, by where they are now, in the order of their codes."""
    found: dict[str, list[str]] = {}
    codes = {row.code for number in entries for row in reading.facts.where(Hold, number=number) if row.scope == "vial"}
    for code in sorted(codes):
        vial = reading.facts.get(Vial, code)
        if vial is not None:
            where = of_unit(reading, vial.unit) if vial.unit is not None else of_vial(reading, vial)
            found.setdefault(where, []).append(code)
    return found


def _held(reading: Reading, kind: str, custodian: str) -> str:
    match kind:
        case "person":
            return f"with {printed_name(reading, custodian)} ({custodian})"
        case "patient":
            return f"given to patient {custodian}"
        case "shipment":
            return f"in shipment {custodian}"
        case "waste":
            return "destroyed"
        case "nobody":
            return "nobody knows"
        case _:
            return f"in {kind}: {custodian}" if custodian else f"in {kind}"
