"""Undo: the inverse routine event, free of PIN, by the same person in the same session within ten minutes (I6)."""

from __future__ import annotations

from cryoledger.domain import times
from cryoledger.domain.events import storage
from cryoledger.domain.facts import Draft, Facts, Recorded
from cryoledger.domain.fields import Event, RoutineMove
from cryoledger.domain.records import Station, StorageUnit, UnitPlacement, Vial, VialPlacement
from cryoledger.errors import Refusal

WITHIN_MS = 10 * 60_000

INVERSE: dict[str, str] = {
    "VialsStored": "VialsTakenOut",
    "VialsReturned": "VialsTakenOut",
    "VialsTakenOut": "VialsReturned",
    "VialsMoved": "VialsMoved",
    "VialsTransferred": "VialsMoved",
    "StorageUnitMoved": "StorageUnitMoved",
    "StorageUnitTakenOut": "StorageUnitReturned",
    "StorageUnitReturned": "StorageUnitTakenOut",
}


def check(draft: Draft, facts: Facts) -> None:
    """Judge an event that says it undoes others; silent for one that does not."""
    if not isinstance(draft.event, RoutineMove) or not draft.event.undoes:
        return
    undone: list[Recorded] = []
    for reference in draft.event.undoes:
        entry = facts.recorded(reference.number)
        if entry is None or entry.leaf_hash != reference.leaf_hash:
            raise _no(f"There is no entry {reference.number} with that hash.")
        _check_one(draft, facts, entry)
        undone.append(entry)
    _check_same_things(draft, undone)
    for entry in undone:
        _check_untouched(facts, entry)
        _check_back_in_place(draft, facts, entry)


def _check_one(draft: Draft, facts: Facts, entry: Recorded) -> None:
    if INVERSE.get(entry.type) != draft.type:
        raise _no(f"{draft.type} is not the inverse of {entry.type}.")
    if entry.signers[0].name != draft.first:
        raise _no("Only the person who did it can undo it.")
    station = facts.get(Station, draft.station)
    if station is None or entry.station != draft.station or station.person != draft.first:
        raise _no("It was done at another station or in another session.")
    if station.session is None or station.session > entry.number:
        raise _no("It was done before the present sign-in.")
    if times.milliseconds(entry.recorded_at, draft.recorded_at) > WITHIN_MS:
        raise _no("It was done more than 10 minutes ago.")


def _check_same_things(draft: Draft, undone: list[Recorded]) -> None:
    before = [code for entry in undone for code in moved(entry.event)]
    if sorted(before) != sorted(moved(draft.event)):
        raise _no("It names other things than what it undoes.")


def _check_untouched(facts: Facts, entry: Recorded) -> None:
    for code in moved(entry.event):
        row = facts.get(StorageUnit, code) if _of_unit(entry.event) else facts.get(Vial, code)
        if row is None or row.last_entry != entry.number:
            raise _no(f"{code} was touched by a later event.")


def _check_back_in_place(draft: Draft, facts: Facts, entry: Recorded) -> None:
    """What went somewhere must go back to where it was; what was put down is in hand again."""
    event = draft.event
    if isinstance(event, storage.VialsMoved | storage.VialsReturned):
        positions = {item.vial: (event.unit, item.position) for item in event.vials}
        for past in facts.where(VialPlacement, ended=entry.number):
            if positions.get(past.vial) != (past.unit, past.position):
                raise _no(f"Vial {past.vial} was in {past.unit}, position {past.position}.")
    if isinstance(event, storage.StorageUnitMoved | storage.StorageUnitReturned):
        for stay in facts.where(UnitPlacement, ended=entry.number):
            if (event.parent, event.slot) != (stay.parent, stay.slot):
                raise _no(f"{stay.unit} was in {stay.parent or 'the room'} {stay.slot or ''}.")


def moved(event: Event) -> list[str]:
    """The codes of the things that a routine move moves."""
    if _of_unit(event):
        return [event.unit]  # type: ignore[attr-defined]
    vials = getattr(event, "vials", ())
    return [item if isinstance(item, str) else item.vial for item in vials]


def _of_unit(event: Event) -> bool:
    return isinstance(event, storage.StorageUnitMoved | storage.StorageUnitTakenOut | storage.StorageUnitReturned)


def _no(message: str) -> Refusal:
    return Refusal("I6.undo", f"This cannot be undone: {message}", "Record what you do now as a new event.")
