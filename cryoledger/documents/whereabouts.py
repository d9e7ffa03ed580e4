"""Where a thing is now, in words a person can follow."""

from __future__ import annotations

from cryoledger.codes import position
from cryoledger.database import queries
from cryoledger.database.store import Reading
from cryoledger.documents.signatures import printed_name
from cryoledger.domain.records import Dose, StorageUnit, Vial

__all__ = ["of_dose", "of_unit", "of_vial", "place_label"]


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
