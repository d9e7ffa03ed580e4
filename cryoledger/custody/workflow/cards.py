"""What a scanned thing is, in a few words: its card as one line."""

from __future__ import annotations

from collections.abc import Callable

from cryoledger.custody.workflow import amounts
from cryoledger.custody.workflow.look import holds, label_of, need_vial, next_free, place_text, taken, whereabouts
from cryoledger.custody.workflow.steps import Scanned, Step, World, refuse, tell
from cryoledger.domain.facts import Facts
from cryoledger.domain.records import Dose, Lot, Order, OrderLine, StorageUnit, Vial

NEXT = {
    "expected": "CMD-STORE puts it into a box",
    "stored": "CMD-MOVE, CMD-TAKE-OUT, or CMD-PICK with its order",
    "out": "CMD-RETURN puts it back, CMD-ISSUE issues it for its order",
    "issued": "CMD-THAW thaws it",
    "thawed": "CMD-PREPARE makes a dose of it",
    "prepared": "CMD-WASTE wastes what remains",
    "missing": "CMD-FOUND when it is found",
}


def card(scan: Scanned, world: World) -> Step:
    """The answer to a thing that is scanned while no task is open."""
    if scan.kind == "text":
        return refuse(None, "This code is unknown here. Put it aside and scan again; if it stays, look it up by name.")
    if scan.kind == "wristband":
        return refuse(None, "This is a wristband. At the bedside, scan CMD-BEDSIDE first.")
    if scan.kind == "position":
        return _position(scan, world)
    text = describe(scan.kind, scan.code, world)
    if scan.retired:
        text = f"This label was replaced: it was that of {scan.kind} {scan.code}, now labelled otherwise. {text}"
    return tell(None, text).on(scan.kind, scan.code)


def describe(kind: str, code: str, world: World) -> str:
    """The card of any thing."""
    say = _CARDS.get(kind)
    return say(code, world) if say is not None else f"This is {kind} {code}."


def _position(scan: Scanned, world: World) -> Step:
    place = f"{place_text(world.facts, scan.code)} > {scan.text.rpartition('/')[2]}"
    held = taken(world.facts, scan.code).get(scan.position) if scan.position is not None else None
    if held is None:
        return tell(None, f"Position {place} holds no vial.").on("unit", scan.code)
    return tell(None, f"Position {place}: {describe('vial', held.code, world)}").on("vial", held.code)


def _vial(code: str, world: World) -> str:
    facts = world.facts
    vial = need_vial(facts, code)
    lot = facts.get(Lot, vial.lot)
    parts = [f"Vial {code}: {whereabouts(facts, vial)}"]
    if lot is not None:
        parts.append(f"lot {lot.code} is {lot.disposition}")
        over = lot.expires_at <= world.now
        parts.append(f"EXPIRED on {lot.expiry_on}" if over else f"expires {lot.expiry_on}")
    found = [f"{row.kind.upper()} {row.number} on {row.scope} ({row.reason})" for row in holds(facts, vial)]
    parts.append("; ".join(found) if found else "no holds")
    if vial.order_code:
        parts.append(f"reserved for order {vial.order_code} line {vial.order_line}")
    if vial.deadline:
        parts.append(f"thawed, use before {world.local(vial.deadline)}")
    return ", ".join(parts) + f". {NEXT.get(vial.custody, 'Its story is closed')}."


def _unit(code: str, world: World) -> str:
    facts = world.facts
    unit = facts.get(StorageUnit, code)
    if unit is None:
        return f"This is unit {code}."
    carried = f" with {unit.custodian}" if unit.custodian else ""
    status = "" if unit.status == "in place" else f", {unit.status}{carried}"
    if not unit.rows:
        inside = amounts.count(len(facts.where(StorageUnit, parent=code)), "unit")
        return f"{unit.kind.capitalize()} {code} ({unit.name}) in {place_text(facts, code)}{status}: holds {inside}."
    free = next_free(facts, code)
    first = f"the next free is {label_of(facts, code, free)}" if free is not None else "it is full"
    fill = f"{len(taken(facts, code))} of {unit.rows * unit.columns} positions filled, {first}"
    return f"{unit.kind.capitalize()} {code} in {place_text(facts, code)}{status}: {fill}."


def _dose(code: str, world: World) -> str:
    dose = world.facts.get(Dose, code)
    if dose is None:
        return f"This is dose {code}."
    holder = f" with {dose.custodian}" if dose.custodian_kind == "person" else ""
    return (
        f"Dose {code}: {dose.custody}{holder}, for order {dose.order_code} line {dose.order_line}, "
        f"{amounts.millilitres(dose.volume_microlitres)}, {amounts.millions(dose.cells)}, "
        f"use before {world.local(dose.deadline)}."
    )


def _order(code: str, world: World) -> str:
    order = world.facts.get(Order, code)
    if order is None:
        return f"This is order {code}."
    lines = [f"line {row.line} {row.status}" for row in world.facts.where(OrderLine, order_code=code)]
    vials = world.facts.where(Vial, order_code=code)
    return (
        f"Order {code} for {order.product}: {order.status} ({', '.join(lines)}), {amounts.count(len(vials))} reserved. "
        "CMD-PICK picks them."
    )


def _lot(code: str, world: World) -> str:
    lot = world.facts.get(Lot, code)
    return f"This is lot {code}." if lot is None else (
        f"Lot {code} of {lot.product}: {lot.disposition}, {amounts.count(lot.vial_count)}, expires {lot.expiry_on}."
    )  # fmt: skip


_CARDS: dict[str, Callable[[str, World], str]] = {
    "vial": _vial, "unit": _unit, "dose": _dose, "order": _order, "lot": _lot,
}  # fmt: skip


def lines_of(facts: Facts, order: str) -> list[OrderLine]:
    """The open lines of an order."""
    return [row for row in facts.where(OrderLine, order_code=order) if row.status == "open"]
