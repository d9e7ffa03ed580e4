"""Undo: the inverse of the person's last act in this session, or of all on one box, proposed as a new event (I6)."""

from __future__ import annotations

from collections.abc import Sequence

from cryoledger.custody.workflow import amounts
from cryoledger.custody.workflow.look import place_text
from cryoledger.custody.workflow.steps import Act, Step, Task, World, propose, refuse
from cryoledger.domain.events import storage
from cryoledger.domain.facts import Facts
from cryoledger.domain.fields import Event, Placed, Reference
from cryoledger.domain.records import UnitPlacement, VialPlacement

UNDOABLE = (
    storage.VialsStored, storage.VialsReturned, storage.VialsTakenOut, storage.VialsMoved, storage.VialsTransferred,
    storage.StorageUnitMoved, storage.StorageUnitTakenOut, storage.StorageUnitReturned,
)  # fmt: skip
_NOTHING = "There is nothing of yours to undo in this session. Record what you do now as a new event."


def can_undo(event: Event) -> bool:
    """True for a routine move that is not itself an undo."""
    return isinstance(event, UNDOABLE) and not event.undoes


def undo_last(task: Task | None, world: World) -> Step:
    """The inverse of the last act."""
    return _undo(task, world.acts[-1:], world) if world.acts else refuse(task, _NOTHING)


def undo_box(task: Task | None, world: World) -> Step:
    """The inverse of the last acts of one kind on one box since the box was scanned, as one event."""
    if not world.acts:
        return refuse(task, _NOTHING)
    last = world.acts[-1]
    box = _box_of(last, world.facts)
    if box is None:
        return refuse(task, "Your last act was not on one box. CMD-UNDO-LAST undoes it.")
    same: list[Act] = []
    for act in reversed(world.acts):
        alike = type(act.event) is type(last.event) and act.box_scans == last.box_scans
        if not alike or _box_of(act, world.facts) != box or _again(act, same):
            break
        same.append(act)
    return _undo(task, same[::-1], world)


def _again(act: Act, later: Sequence[Act]) -> bool:
    """True where a later act touched the same vials: the two cannot be undone in one event."""
    seen = {code for each in later for code in _codes(each.event)}
    return bool(seen & set(_codes(act.event)))


def _undo(task: Task | None, acts: Sequence[Act], world: World) -> Step:
    event = _inverse(acts, world.facts)
    if event is None:
        return refuse(task, "Where the vials came from is not one box. CMD-UNDO-LAST undoes one act at a time.")
    things = [code for act in acts for code in _codes(act.event)]
    what = things[0] if len(things) == 1 else amounts.count(len(things))
    step = propose(task, f"Undone: {what} {_now(event, world)}.", event)
    return Step(step.kind, step.message, task, step.events, undoes=len(acts))


def _now(event: Event, world: World) -> str:
    if isinstance(event, storage.VialsTakenOut | storage.StorageUnitTakenOut):
        return "back in your hands"
    if isinstance(event, storage.VialsMoved | storage.VialsReturned):
        position = event.vials[0].position if len(event.vials) == 1 else None
        return f"back in {place_text(world.facts, event.unit, position)}"
    return "back in its place"


def _inverse(acts: Sequence[Act], facts: Facts) -> Event | None:
    """The event that takes the acts back; None where no single event does."""
    undoes = tuple(Reference(number=act.number, leaf_hash=act.leaf_hash) for act in acts)
    first = acts[0].event
    codes = tuple(code for act in acts for code in _codes(act.event))
    if isinstance(first, storage.VialsStored | storage.VialsReturned):
        return storage.VialsTakenOut(vials=codes, purpose="undo", undoes=undoes)
    if isinstance(first, storage.StorageUnitReturned):
        return storage.StorageUnitTakenOut(unit=first.unit, undoes=undoes)
    if isinstance(first, storage.StorageUnitMoved | storage.StorageUnitTakenOut):
        moved = isinstance(first, storage.StorageUnitMoved)
        inverse = storage.StorageUnitMoved if moved else storage.StorageUnitReturned
        stay = facts.get(UnitPlacement, acts[0].number, first.unit)
        return inverse(
            unit=first.unit, parent=stay.parent if stay else None, slot=stay.slot if stay else None, undoes=undoes
        )
    stays = [facts.get(VialPlacement, act.number, code) for act in acts for code in _codes(act.event)]
    known = [stay for stay in stays if stay is not None]
    if len(known) < len(stays) or len({stay.unit for stay in known}) != 1:
        return None
    placed = tuple(Placed(vial=stay.vial, position=stay.position) for stay in known)
    back = storage.VialsReturned if isinstance(first, storage.VialsTakenOut) else storage.VialsMoved
    return back(unit=known[0].unit, vials=placed, undoes=undoes)


def _box_of(act: Act, facts: Facts) -> str | None:
    """The box that an act was on: into which it put vials, or out of which it took them."""
    if not isinstance(act.event, UNDOABLE):
        return None
    if isinstance(act.event, storage.VialsTakenOut | storage.VialsMoved):
        stays = [facts.get(VialPlacement, act.number, code) for code in _codes(act.event)]
        units = {stay.unit for stay in stays if stay is not None}
        return units.pop() if len(units) == 1 else None
    return getattr(act.event, "unit", None) if hasattr(act.event, "vials") else None


def _codes(event: Event) -> list[str]:
    """The codes of what an act moved."""
    vials = getattr(event, "vials", None)
    if vials is None:
        return [getattr(event, "unit", "")]
    return [item if isinstance(item, str) else item.vial for item in vials]
