"""Reads what the open task works through: the pick list with its ticks, the box that is checked, what a move takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryoledger.custody.workflow.checking import BoxCheck
from cryoledger.custody.workflow.look import label_of, last_place, place_text, taken, whereabouts
from cryoledger.custody.workflow.picking import Pick
from cryoledger.custody.workflow.units import Transfer
from cryoledger.domain.records import Order, OrderLine, Vial
from cryoledger.tui.view import Found, Item, Work

if TYPE_CHECKING:
    from cryoledger.custody.workflow import Task
    from cryoledger.database.store import Reading
    from cryoledger.domain.facts import Facts

MOST = 400


def read_work(now: Reading, tasks: tuple[Task, ...]) -> Work | None:
    """The list of the innermost task that has one."""
    for task in reversed(tasks):
        if isinstance(task, Pick) and task.source:
            return _pick(now.facts, task)
        if isinstance(task, BoxCheck) and task.box:
            return _check(now.facts, task)
        if isinstance(task, Transfer) and task.source and task.target:
            return _transfer(now.facts, task)
    return None


def aimed_at(now: Reading, tasks: tuple[Task, ...]) -> tuple[str, int] | None:
    """The box and position of the vial that is to be fetched or checked next."""
    for task in reversed(tasks):
        if isinstance(task, Pick) and task.source:
            rows = task.wanted(now.facts)
            first = rows[0] if rows else None
            return (first.unit, first.position) if first and first.unit and first.position is not None else None
        if isinstance(task, BoxCheck) and task.box:
            place = next((at for at, item in _expected(now.facts, task) if item.mark == "next"), None)
            return (task.box, place) if place is not None else None
    return None


def found_in(now: Reading, tasks: tuple[Task, ...], box: str) -> dict[int, Found]:
    """What an open check of a box has seen in its positions."""
    task = next((task for task in tasks if isinstance(task, BoxCheck) and task.box == box), None)
    if task is None:
        return {}
    held = {position: vial.code for position, vial in taken(now.facts, box).items()}
    found: dict[int, Found] = {at: "present" if held.get(at) == vial else "here" for at, vial in task.seen}
    return {**{at: "missing" for at, vial in held.items() if vial in task.absent}, **found}


def _pick(facts: Facts, task: Pick) -> Work:
    """Every vial of the list: those that are out already with the place they came from, then those to be fetched."""
    done = []
    for vial in facts.where(Vial, order_code=task.order) if task.order else facts.several(Vial, task.picked):
        if vial.custody == "stored":
            continue
        place = last_place(facts, vial.code)
        where = place_text(facts, *place) if place is not None else ""
        missing = vial.custody == "missing"
        done.append(Item("missing" if missing else "done", where, vial.code, vial.custody.replace("_", " ")))
    wanted = task.wanted(facts)
    rest = [
        Item("open" if at else "next", place_text(facts, vial.unit or "", vial.position), vial.code)
        for at, vial in enumerate(wanted[:MOST])
    ]
    picked = sum(item.mark == "done" for item in done)
    said = f"{picked} of {len(done) + len(wanted)} picked"
    order = facts.get(Order, task.order) if task.order else None
    if order is None:
        return Work(f"PICK LIST {task.name}", (*done, *rest), said)
    lines = [row for row in facts.where(OrderLine, order_code=task.order) if row.status == "open"]
    said += f" · {len(lines)} open line{'' if len(lines) == 1 else 's'}"
    done = sorted(done, key=lambda item: item.place)
    return Work(f"PICK LIST {task.order} · {order.product}", (*done, *rest), said)


def _expected(facts: Facts, task: BoxCheck) -> list[tuple[int, Item]]:
    """What is recorded in the box and what was seen there, by position."""
    held = {position: vial.code for position, vial in taken(facts, task.box).items()}
    seen = dict(task.seen)
    elsewhere = {vial for at, vial in task.seen if held.get(at) != vial}
    found: list[tuple[int, Item]] = []
    is_next = not task.ready
    for at in sorted({*held, *seen}):
        place = label_of(facts, task.box, at)
        if at in seen and held.get(at) == seen[at]:
            found.append((at, Item("done", place, seen[at], "present")))
            continue
        if at in seen:
            row = facts.get(Vial, seen[at])
            own = row is not None and row.unit == task.box
            note = "wrong slot" if own else f"moved here: {whereabouts(facts, row)}" if row is not None else ""
            found.append((at, Item("here", place, seen[at], note)))
        if at in held and held[at] not in elsewhere and at not in seen:
            absent = held[at] in task.absent
            at_next = is_next and not absent and place == task.where
            mark: str = "missing" if absent else "next" if at_next else "open"
            found.append((at, Item(mark, place, held[at], "missing" if absent else "")))  # type: ignore[arg-type]
    return found


def _check(facts: Facts, task: BoxCheck) -> Work:
    items = [item for _, item in _expected(facts, task)]
    count = {mark: sum(item.mark == mark for item in items) for mark in ("done", "here", "missing")}
    to_go = sum(item.mark in ("next", "open") for item in items)
    parts = [f"{count['done']} present", f"{count['here']} moved or wrong slot", f"{count['missing']} missing"]
    said = " · ".join([*parts, f"{task.unknown} unknown", f"{to_go} to go"])
    return Work(f"BOX CHECK {task.box}", tuple(items[:MOST]), said)


def _transfer(facts: Facts, task: Transfer) -> Work:
    """What goes slot for slot, and what stays: what does not fit comes first."""
    source, target = taken(facts, task.source), set(taken(facts, task.target))
    from cryoledger.custody.workflow.units import fitting

    fits, left = fitting(facts, task.source, task.target)
    staying = [
        Item("missing", label_of(facts, task.source, at), vial.code, "taken there" if at in target else "no such slot")
        for at, vial in left
    ]
    going = [
        Item("done", f"{label_of(facts, task.source, at)} → {label_of(facts, task.target, at)}", vial.code)
        for at, vial in fits
    ]
    said = f"{len(going)} of {len(source)} fit, {len(staying)} stay"
    return Work(f"{task.source} → {task.target}", (*staying[:MOST], *going[:MOST]), said)
