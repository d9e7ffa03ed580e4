"""Rules of storage units: their places, carried units, exposure that their contents share."""

from __future__ import annotations

from dataclasses import replace

from cryoledger.domain.events import storage
from cryoledger.domain.facts import Draft, Facts, State
from cryoledger.domain.records import (
    ScanCode,
    StorageUnit,
    UnitPlacement,
    Vial,
)
from cryoledger.domain.rulebook_1.common import (
    DEEPEST,
    chain,
    changes,
    checks,
    free_code,
    holds_on,
    need,
    unit_exposure,
)
from cryoledger.errors import Refusal

TOP_KINDS = frozenset({"freezer", "tank"})


def usable_unit(facts: Facts, code: str) -> StorageUnit:
    """A storage unit that is in use."""
    unit = need(facts, StorageUnit, code)
    if unit.status == "retired":
        raise Refusal("unit", f"{unit.kind} {code} is retired.", "Use another one.", subject=code)
    return unit


def free_slot(facts: Facts, unit: str, kind: str, parent: str | None, slot: str | None) -> None:
    """Refuse a place for a unit that is taken, does not exist, or lies inside the unit itself."""
    if parent is None:
        if kind not in TOP_KINDS:
            raise Refusal(
                "unit", f"A {kind} stands in another unit.", "Scan the unit that is to hold it.", subject=unit
            )
        return
    if slot is None:
        raise Refusal("unit", f"{parent} holds units in slots.", "Name the slot.", subject=unit)
    holder = usable_unit(facts, parent)
    if holder.rows:
        raise Refusal("unit", f"{holder.kind} {parent} holds vials, not units.", "Scan another unit.", subject=unit)
    if any(row.code == unit for row in chain(facts, parent)):
        raise Refusal("unit", f"{unit} cannot stand inside itself.", "Scan another unit.", subject=unit)
    if sum(1 for _ in chain(facts, parent)) + _height(facts, unit) > DEEPEST - 1:
        raise Refusal("unit", "Storage units cannot be nested any deeper.", "", subject=unit)
    for row in facts.where(StorageUnit, parent=parent, slot=slot):
        if row.code != unit:
            raise Refusal(
                "unit", f"{parent} slot {slot} holds {row.kind} {row.code}.", "Name a free slot.", subject=unit
            )


def _height(facts: Facts, unit: str) -> int:
    """How many units stand one in another from a unit down, itself included."""
    return 1 + max((_height(facts, row.code) for row in facts.where(StorageUnit, parent=unit)), default=0)


@checks(storage.StorageUnitAdded)
def _unit_added(_draft: Draft, event: storage.StorageUnitAdded, facts: Facts) -> None:
    free_code(facts, event.unit, event.kind)
    if "/" in event.unit:
        raise Refusal(
            "unit", "A unit's code has no slash: it parts unit and position in a position's code.", "Change it."
        )
    if bool(event.rows) != bool(event.columns):
        raise Refusal("unit", "A box has rows and columns, another unit neither.", "Give both or none.")
    free_slot(facts, event.unit, event.kind, event.parent, event.slot)


@changes(storage.StorageUnitAdded)
def _add_unit(draft: Draft, event: storage.StorageUnitAdded, state: State) -> None:
    at = draft.occurred_at
    state.put(
        StorageUnit(
            code=event.unit,
            kind=event.kind,
            name=event.name,
            parent=event.parent,
            slot=event.slot,
            rows=event.rows,
            columns=event.columns,
            scheme=event.scheme,
            temperature_millicelsius_max=event.temperature_millicelsius_max,
            status="in place",
            custodian=None,
            since=at,
            out_since=None,
            exposed_ms=0,
            parent_mark_ms=_mark(state, event.parent, at),
            checked_at=None,
            last_at=at,
            last_entry=draft.number,
        ),
        ScanCode(event.unit, "unit", event.unit, 0),
    )


def _mark(state: State, parent: str | None, at: str) -> int:
    return unit_exposure(state, state.need(StorageUnit, parent), at) if parent is not None else 0


@checks(storage.StorageUnitRetired)
def _unit_retired(_draft: Draft, event: storage.StorageUnitRetired, facts: Facts) -> None:
    usable_unit(facts, event.unit)
    if bool(facts.where(Vial, unit=event.unit)) or bool(facts.where(StorageUnit, parent=event.unit)):
        raise Refusal("unit", f"{event.unit} is not empty.", "Move its contents first.", subject=event.unit)


@changes(storage.StorageUnitRetired)
def _retire_unit(draft: Draft, event: storage.StorageUnitRetired, state: State) -> None:
    unit = _unplaced(draft, state, event.unit)
    state.put(replace(unit, status="retired", custodian=None))


def _unplaced(draft: Draft, state: State, code: str) -> StorageUnit:
    """The unit out of its place, its stay written to the journal, its exposure settled; holds come along."""
    unit, at = state.need(StorageUnit, code), draft.occurred_at
    for holder in chain(state, unit.parent):
        for row in holds_on(state, "unit", holder.code, at):
            state.put(replace(row, code=code))
    if unit.status == "in place":
        state.journal(UnitPlacement(draft.number, code, unit.parent, unit.slot, unit.since, at))
    exposed = unit_exposure(state, unit, at)
    return replace(unit, parent=None, slot=None, since=at, out_since=None, exposed_ms=exposed, parent_mark_ms=0)


def _put_unit(draft: Draft, state: State, code: str, parent: str | None, slot: str | None) -> None:
    unit = _unplaced(draft, state, code)
    mark = _mark(state, parent, draft.occurred_at)
    state.put(
        replace(unit, parent=parent, slot=slot, status="in place", custodian=None, parent_mark_ms=mark),
    )


def _in_status(facts: Facts, code: str, status: str) -> StorageUnit:
    unit = usable_unit(facts, code)
    if unit.status != status:
        held = f" with {unit.custodian}" if unit.custodian else ""
        raise Refusal("unit", f"{unit.kind} {code} is {unit.status}{held}.", "Scan it to see its card.", subject=code)
    return unit


@checks(storage.StorageUnitMoved)
def _unit_moved(_draft: Draft, event: storage.StorageUnitMoved, facts: Facts) -> None:
    unit = _in_status(facts, event.unit, "in place")
    free_slot(facts, unit.code, unit.kind, event.parent, event.slot)


@changes(storage.StorageUnitMoved)
def _move_unit(draft: Draft, event: storage.StorageUnitMoved, state: State) -> None:
    _put_unit(draft, state, event.unit, event.parent, event.slot)


@checks(storage.StorageUnitTakenOut)
def _unit_out(_draft: Draft, event: storage.StorageUnitTakenOut, facts: Facts) -> None:
    _in_status(facts, event.unit, "in place")


@changes(storage.StorageUnitTakenOut)
def _take_unit(draft: Draft, event: storage.StorageUnitTakenOut, state: State) -> None:
    unit = _unplaced(draft, state, event.unit)
    state.put(replace(unit, status="out", custodian=draft.first, out_since=draft.occurred_at))


@checks(storage.StorageUnitReturned)
def _unit_back(_draft: Draft, event: storage.StorageUnitReturned, facts: Facts) -> None:
    unit = _in_status(facts, event.unit, "out")
    free_slot(facts, unit.code, unit.kind, event.parent, event.slot)


@changes(storage.StorageUnitReturned)
def _return_unit(draft: Draft, event: storage.StorageUnitReturned, state: State) -> None:
    _put_unit(draft, state, event.unit, event.parent, event.slot)
