"""Boxes, racks and freezers as wholes: transfer of a box's vials, moving, carrying out and bringing back a unit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from pydantic import ValidationError

from cryoledger.custody.workflow import amounts
from cryoledger.custody.workflow.look import label_of, last_unit_place, need_unit, place_text, taken
from cryoledger.custody.workflow.steps import Scanned, Step, Task, World, propose, question, refuse, unexpected
from cryoledger.custody.workflow.storage import is_box
from cryoledger.domain.events.storage import (
    StorageUnitMoved,
    StorageUnitReturned,
    StorageUnitTakenOut,
    VialsTransferred,
)
from cryoledger.domain.facts import Facts
from cryoledger.domain.fields import Event, Placed
from cryoledger.domain.records import StorageUnit, Vial

TOP = ("freezer", "tank")


@dataclass(frozen=True, slots=True)
class Transfer(Task):
    """Slot for slot from one box to another; what does not fit is shown before anything is recorded."""

    word: ClassVar[str] = "transfer"
    source: str = ""
    target: str = ""
    ready: bool = False

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return "confirm" if self.ready else "box"

    @property
    def hint(self) -> str:
        """What can be scanned now."""
        if self.ready:
            return "Scan CMD-CONFIRM to record it, or CMD-CANCEL."
        return f"Scan the box that takes the vials of {self.source}." if self.source else "Scan the box to empty."

    def take(self, scan: Scanned, world: World) -> Step:
        """The two boxes, then yes."""
        if self.ready and scan.says_yes:
            fits, _ = fitting(world.facts, self.source, self.target)
            placed = tuple(Placed(vial=vial.code, position=position) for position, vial in fits)
            event = VialsTransferred(source=self.source, unit=self.target, vials=placed)
            return propose(None, f"{amounts.count(len(placed))} went from {self.source} to {self.target}.", event)
        if not is_box(scan, world):
            return unexpected(self, scan)
        if not self.source or self.ready:
            if not taken(world.facts, scan.code):
                return refuse(self, f"{scan.code} is empty. Scan the box that holds the vials.")
            state = Transfer(scan.code)
            return question(state, f"{place_text(world.facts, scan.code)} is to be emptied. {state.hint}")
        return self._into(scan.code, world)

    def _into(self, target: str, world: World) -> Step:
        if target == self.source:
            return refuse(self, f"That is the same box. {self.hint}")
        fits, left = fitting(world.facts, self.source, target)
        if not fits:
            return refuse(self, f"None of the {len(left)} vials fits into {target}. Scan another box.")
        state = replace(self, target=target, ready=True)
        parts = [f"{len(fits)} of {len(fits) + len(left)} vials fit from {self.source} into {target}, slot for slot."]
        if left:
            where = [f"{vial.code} ({label_of(world.facts, self.source, position)})" for position, vial in left]
            parts.append(f"These do NOT fit and stay: {amounts.listed(where)}.")
        if _shape(world.facts, self.source) != _shape(world.facts, target):
            parts.append("The boxes differ: the same place in fill order has another label.")
        return question(state, " ".join([*parts, state.hint]))


def fitting(facts: Facts, source: str, target: str) -> tuple[list[tuple[int, Vial]], list[tuple[int, Vial]]]:
    """The vials of the source whose position is free in the target, and those whose is not."""
    box, used = need_unit(facts, target), taken(facts, target)
    fits: list[tuple[int, Vial]] = []
    left: list[tuple[int, Vial]] = []
    for position, vial in sorted(taken(facts, source).items()):
        fitting = position < box.rows * box.columns and position not in used
        (fits if fitting else left).append((position, vial))
    return fits, left


def _shape(facts: Facts, code: str) -> tuple[int, int, str]:
    box = need_unit(facts, code)
    return box.rows, box.columns, box.scheme


@dataclass(frozen=True, slots=True)
class UnitMove(Task):
    """Unit, then its new place; a freezer onto another freezer moves everything in it, slot for slot."""

    word: ClassVar[str] = "unit move"
    unit: str = ""
    parent: str = ""
    back: bool = False
    ready: bool = False

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return "confirm" if self.ready else "slot" if self.parent else "position" if self.unit else "unit"

    @property
    def hint(self) -> str:
        """What can be scanned now."""
        if self.ready:
            return "Scan CMD-CONFIRM to record it, or CMD-CANCEL."
        if self.parent:
            return f"Scan or type the slot of {self.parent} (CMD-QTY-n for a number)."
        if self.unit:
            return f"Scan the new place of {self.unit}: the slot's code, or the unit that is to hold it."
        return "Scan the unit to move, with all that it holds."

    def take(self, scan: Scanned, world: World) -> Step:
        """The unit, where it goes, and yes where much is moved."""
        if self.ready:
            return self._all(world) if scan.says_yes else unexpected(self, scan)
        if not self.unit:
            return self._which(scan, world)
        if scan.kind == "position" and scan.slot:
            return self._placed(scan.code, scan.slot, world)
        if self.parent and (slot := amounts.number(scan)):
            return self._placed(self.parent, slot, world)
        unit = need_unit(world.facts, self.unit)
        if scan.says_yes and unit.kind in TOP:
            return self._done(None, None, f"{self.unit} stands on its own.")
        return self._holder(unit, scan, world) if scan.kind == "unit" else unexpected(self, scan)

    def _which(self, scan: Scanned, world: World) -> Step:
        if scan.kind != "unit":
            return unexpected(self, scan)
        state = replace(self, unit=scan.code)
        alone = " CMD-CONFIRM: it stands on its own." if need_unit(world.facts, scan.code).kind in TOP else ""
        return question(state, f"{place_text(world.facts, scan.code)}. {state.hint}{alone}").on("unit", scan.code)

    def _holder(self, unit: StorageUnit, scan: Scanned, world: World) -> Step:
        holder = need_unit(world.facts, scan.code)
        if holder.rows:
            return refuse(self, f"{holder.kind} {holder.code} holds vials, not units. {self.hint}")
        if unit.kind in TOP and holder.kind in TOP and unit.code != holder.code and not self.back:
            return self._whole(holder, world)
        state = replace(self, parent=scan.code)
        used = sorted(row.slot or "" for row in world.facts.where(StorageUnit, parent=scan.code))
        return question(state, f"{state.hint} In use: {amounts.listed(used) or 'none'}.")

    def _whole(self, holder: StorageUnit, world: World) -> Step:
        fits, left = _children(world.facts, self.unit, holder.code)
        if not fits:
            text = f"Nothing of {self.unit} fits into {holder.code}: its slots are taken."
            return refuse(self, f"{text} Move units one by one.")
        state = replace(self, parent=holder.code, ready=True)
        stay = f" These do NOT fit and stay: {amounts.listed([row.code for row in left])}." if left else ""
        codes = amounts.listed([row.code for row in fits])
        return question(state, f"{codes} of {self.unit} go to the same slots of {holder.code}.{stay} {state.hint}")

    def _all(self, world: World) -> Step:
        fits, _ = _children(world.facts, self.unit, self.parent)
        events: list[Event] = [StorageUnitMoved(unit=row.code, parent=self.parent, slot=row.slot) for row in fits]
        return propose(None, f"{amounts.count(len(events), 'unit')} went from {self.unit} to {self.parent}.", *events)

    def _placed(self, parent: str, slot: str, world: World) -> Step:
        return self._done(parent, slot, f"{self.unit} is in {place_text(world.facts, parent)} > {slot}.")

    def _done(self, parent: str | None, slot: str | None, message: str) -> Step:
        kind = StorageUnitReturned if self.back else StorageUnitMoved
        try:
            event = kind(unit=self.unit, parent=parent, slot=slot)
        except ValidationError:
            text = f"{slot!r} cannot be the name of a slot: it has 1 to 16 plain letters, digits and signs."
            return refuse(self, f"{text} {self.hint}")
        return propose(None, message, event).on("unit", self.unit)


def _children(facts: Facts, source: str, target: str) -> tuple[list[StorageUnit], list[StorageUnit]]:
    """The units of one unit whose slots are free in another, and those whose are not."""
    used = {row.slot for row in facts.where(StorageUnit, parent=target)}
    rows = sorted(facts.where(StorageUnit, parent=source), key=lambda row: row.slot or "")
    return [row for row in rows if row.slot not in used], [row for row in rows if row.slot in used]


@dataclass(frozen=True, slots=True)
class UnitOut(Task):
    """A unit is carried away from its place."""

    word: ClassVar[str] = "unit out"
    help: ClassVar[str] = "Scan the unit that you carry out; all that it holds warms with it."

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return "unit"

    def take(self, scan: Scanned, _world: World) -> Step:
        """The unit."""
        if scan.kind != "unit":
            return unexpected(self, scan)
        event = StorageUnitTakenOut(unit=scan.code)
        return propose(
            None, f"{scan.code} is out, in your hands; CMD-UNIT-BACK when it is back in its place.", event
        ).on("unit", scan.code)


@dataclass(frozen=True, slots=True)
class UnitBack(Task):
    """A carried unit goes back to the place it came from; where that is taken, the place is asked."""

    word: ClassVar[str] = "unit back"
    help: ClassVar[str] = "Scan the unit that you bring back to its place."

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return "unit"

    def take(self, scan: Scanned, world: World) -> Step:
        """The unit."""
        if scan.kind != "unit":
            return unexpected(self, scan)
        unit, place = need_unit(world.facts, scan.code), last_unit_place(world.facts, scan.code)
        if unit.status != "out":
            return refuse(self, f"{unit.kind} {unit.code} is {unit.status}, not carried. {self.hint}")
        if place is None or _in_use(world.facts, place):
            state = UnitMove(unit=unit.code, back=True)
            return question(state, f"The place that {unit.code} came from is taken. {state.hint}")
        event = StorageUnitReturned(unit=unit.code, parent=place[0], slot=place[1])
        where = f"{place_text(world.facts, place[0])} > {place[1]}" if place[0] else "its own place"
        return propose(None, f"{unit.code} is back in {where}.", event).on("unit", unit.code)


def _in_use(facts: Facts, place: tuple[str | None, str | None]) -> bool:
    parent, slot = place
    if parent is None:
        return False
    holder = facts.get(StorageUnit, parent)
    return holder is None or holder.status == "retired" or bool(facts.where(StorageUnit, parent=parent, slot=slot))
