"""Looks up what was scanned, and says where things are in the words of the labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cryoledger.codes import Badge, CommandScan, PositionScan, Scan, badge_code
from cryoledger.codes import position as positions
from cryoledger.custody.known_codes import known
from cryoledger.custody.workflow.steps import Scanned
from cryoledger.domain.facts import Facts
from cryoledger.domain.records import Hold, LotDonation, ScanCode, StorageUnit, UnitPlacement, Vial, VialPlacement
from cryoledger.domain.records import Lot as LotRow
from cryoledger.errors import CodeError

DEEPEST = 16


def resolve(scan: Scan, facts: Facts, *, typed: bool = False) -> Scanned:
    """What a scan means here. CodeError for a position that its box does not have."""
    if isinstance(scan, CommandScan):
        return Scanned("command", text=scan.raw, command=scan.command, quantity=scan.quantity, typed=typed)
    if isinstance(scan, Badge):
        text = badge_code(scan.key_id)
        held = facts.get(ScanCode, text)
        return Scanned("badge", held.code if held is not None else "", text, typed=typed)
    if isinstance(scan, PositionScan):
        return _place(scan.unit, scan.position, facts, typed) or _thing(scan.text, facts, typed)
    found = _thing(scan.text, facts, typed)
    if found.kind == "text" and "/" in scan.text:
        unit, _, slot = scan.text.partition("/")
        return _place(unit, slot, facts, typed) or found
    return found


def _thing(text: str, facts: Facts, typed: bool) -> Scanned:
    row = known(facts, text)
    if row is None:
        return Scanned("text", text=text, typed=typed)
    if row.kind == "person":  # a badge that is another scheme's code
        return Scanned("badge", row.code, text, typed=typed)
    return Scanned(row.kind, row.code, text, retired=bool(row.retired), typed=typed)


def _place(unit: str, label: str, facts: Facts, typed: bool) -> Scanned | None:
    """A position of a box, or a slot of a unit that holds units; None where no unit has that code."""
    row = facts.get(ScanCode, unit)
    holder = facts.get(StorageUnit, row.code) if row is not None and row.kind == "unit" else None
    if holder is None:
        return None
    text = f"{unit}/{label}"
    if not holder.rows:
        return Scanned("position", holder.code, text, slot=label, typed=typed)
    index = positions.parse(holder.scheme, holder.rows, holder.columns, label)
    return Scanned("position", holder.code, text, position=index, typed=typed)


def need_unit(facts: Facts, code: str) -> StorageUnit:
    """A unit that the inventory names."""
    unit = facts.get(StorageUnit, code)
    if unit is None:
        raise RuntimeError(f"the storage unit {code} vanished")
    return unit


def need_vial(facts: Facts, code: str) -> Vial:
    """A vial that the inventory names."""
    vial = facts.get(Vial, code)
    if vial is None:
        raise RuntimeError(f"the vial {code} vanished")
    return vial


def label_of(facts: Facts, unit: str, position: int) -> str:
    """The label of a position: "A5"."""
    box = need_unit(facts, unit)
    try:
        return positions.label(box.scheme, box.rows, box.columns, position)
    except CodeError:
        return str(position + 1)


def place_text(facts: Facts, unit: str, position: int | None = None) -> str:
    """A place from the outside in: "F1 > R1 > B2 > A5"."""
    parts = [row.code for row in chain(facts, unit)][::-1]
    if position is not None:
        parts.append(label_of(facts, unit, position))
    return " > ".join(parts)


def chain(facts: Facts, unit: str | None) -> Iterator[StorageUnit]:
    """A unit and all that hold it, innermost first."""
    for _ in range(DEEPEST):
        row = facts.get(StorageUnit, unit) if unit is not None else None
        if row is None:
            return
        yield row
        unit = row.parent


def inside(facts: Facts, unit: str) -> Iterator[StorageUnit]:
    """Every unit in a unit, however deep, as one walks: slot 2 before slot 10."""
    held = facts.where(StorageUnit, parent=unit)
    for row in sorted(held, key=lambda each: natural_order(each.slot or "", each.code)):
        yield row
        yield from inside(facts, row.code)


def whereabouts(facts: Facts, vial: Vial) -> str:
    """Who or what holds a vial: "stored in F1 > R1 > B2 > A5", "out with maria.s"."""
    word = vial.custody.replace("_", " ")
    if vial.unit is not None:
        carried = next((unit for unit in chain(facts, vial.unit) if unit.status == "out"), None)
        text = f"{word} in {place_text(facts, vial.unit, vial.position)}"
        return f"{text} ({carried.code} is carried by {carried.custodian})" if carried else text
    held = {
        "person": f"{word} with {vial.custodian}", "shipment": f"{word} in shipment {vial.custodian}",
        "patient": f"{word} to patient {vial.custodian}", "process": f"{word} from {vial.custodian}",
    }  # fmt: skip
    return held.get(vial.custodian_kind, word) if vial.custodian else word


def in_place_order(facts: Facts, vials: Iterable[Vial]) -> list[Vial]:
    """Stored vials ordered by freezer, rack, box and position, as one walks: slot 2 before slot 10."""

    vials = list(vials)
    ways = {
        unit: [natural_order(each.slot or "", each.code) for each in chain(facts, unit)][::-1]
        for unit in dict.fromkeys(vial.unit for vial in vials)
    }
    return sorted(vials, key=lambda vial: (ways[vial.unit], vial.position or 0))


def natural_order(slot: str, code: str) -> tuple[int, str, str]:
    """A key that sorts slot 2 before slot 10."""
    return (int(slot), "", code) if slot.isascii() and slot.isdigit() else (1 << 40, slot, code)


def taken(facts: Facts, unit: str) -> dict[int, Vial]:
    """The vials of a box by position."""
    return {row.position: row for row in facts.where(Vial, unit=unit) if row.position is not None}


def next_free(facts: Facts, unit: str) -> int | None:
    """The first free position of a box in fill order; None where it is full or is no box."""
    box, used = need_unit(facts, unit), taken(facts, unit)
    return next((index for index in range(box.rows * box.columns) if index not in used), None)


def last_place(facts: Facts, vial: str) -> tuple[str, int] | None:
    """The box and position that a vial came from last."""
    stays = facts.where(VialPlacement, vial=vial)
    last = max(stays, key=lambda stay: stay.ended, default=None)
    return None if last is None else (last.unit, last.position)


def last_unit_place(facts: Facts, unit: str) -> tuple[str | None, str | None] | None:
    """The parent and slot that a unit came from last."""
    last = max(facts.where(UnitPlacement, unit=unit), key=lambda stay: stay.ended, default=None)
    return None if last is None else (last.parent, last.slot)


def holds(facts: Facts, vial: Vial) -> list[Hold]:
    """Every hold and recall in force on a vial, its units, lot, donations and donors."""
    from cryoledger.domain.records import Donation

    scopes = [("vial", vial.code), *(("unit", unit.code) for unit in chain(facts, vial.unit))]
    lot = facts.get(LotRow, vial.lot)
    for _ in range(DEEPEST):
        if lot is None:
            break
        scopes.append(("lot", lot.code))
        for row in facts.where(LotDonation, lot=lot.code):
            donation = facts.get(Donation, row.donation)
            scopes += [("donation", row.donation), *([("donor", donation.donor)] if donation else [])]
        lot = facts.get(LotRow, lot.parent) if lot.parent else None
    return [row for scope, code in dict.fromkeys(scopes) for row in facts.where(Hold, scope=scope, code=code)
            if row.lifted is None]  # fmt: skip
