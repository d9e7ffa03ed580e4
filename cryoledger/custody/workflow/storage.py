"""Storing, moving, taking out and putting back vials: each vial is an entry at once, so that nothing is lost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from cryoledger.custody.workflow.look import (
    label_of,
    last_place,
    need_unit,
    need_vial,
    next_free,
    place_text,
    taken,
    whereabouts,
)
from cryoledger.custody.workflow.steps import Scanned, Step, Task, World, propose, question, refuse, tell, unexpected
from cryoledger.domain.events.storage import VialsMoved, VialsReturned, VialsStored, VialsTakenOut
from cryoledger.domain.fields import Placed
from cryoledger.domain.records import Vial

Place = tuple[str, int]


def is_box(scan: Scanned, world: World) -> bool:
    """True for a unit with positions."""
    return scan.kind == "unit" and need_unit(world.facts, scan.code).rows > 0


def place_of(scan: Scanned) -> Place | None:
    """The box and position that a position code names."""
    return (scan.code, scan.position) if scan.kind == "position" and scan.position is not None else None


def one(vial: str, position: int) -> tuple[Placed, ...]:
    """One vial in one position."""
    return (Placed(vial=vial, position=position),)


@dataclass(frozen=True, slots=True)
class Store(Task):
    """Box, then vials in fill order; or vial, then its position; a position after a vial of the box sets it right."""

    word: ClassVar[str] = "store"
    box: str = ""
    vial: str = ""
    place: Place | None = None
    last: str = ""
    next: str = ""

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return "position" if self.vial else "vial" if self.box or self.place else "box"

    @property
    def hint(self) -> str:
        """What can be scanned now."""
        if self.vial:
            return f"Scan the position for vial {self.vial} (typed: BOX/A1), or a box for its next free position."
        if self.place:
            return f"Scan the vial for {self.next}."
        if self.box:
            ahead = f"the next vial for {self.next}" if self.next else "another box: this one is full"
            return f"Scan {ahead}, or a position to put the last vial elsewhere; CMD-CANCEL ends."
        return "Scan a box and then vials in fill order, or a vial and then its position."

    def fresh(self, world: World) -> Store:
        """With the box's next free position as it is now."""
        if not self.box or self.place:
            return self
        free = next_free(world.facts, self.box)
        return replace(self, next="" if free is None else label_of(world.facts, self.box, free))

    def take(self, scan: Scanned, world: World) -> Step:
        """A box, a vial or a position."""
        place = place_of(scan)
        if scan.says_done:
            return tell(None, "Storing is finished.")
        if place is not None:
            return self._at(place, world)
        if is_box(scan, world):
            return self._into(scan.code, world)
        return self._of(scan.code, world) if scan.kind == "vial" else unexpected(self, scan)

    def _into(self, box: str, world: World) -> Step:
        if self.vial:
            return self._free(replace(self, box=box), self.vial, world)
        free, size = next_free(world.facts, box), need_unit(world.facts, box)
        if free is None:
            return refuse(self, f"{box} is full. Scan another box.")
        state = Store(box=box, next=label_of(world.facts, box, free))
        room = size.rows * size.columns - len(taken(world.facts, box))
        text = f"{place_text(world.facts, box)} has {room} free positions. {state.hint}"
        return question(state, text).on("unit", box)

    def _of(self, code: str, world: World) -> Step:
        vial = need_vial(world.facts, code)
        if vial.custody not in ("expected", "out"):
            advice = "CMD-MOVE moves it." if vial.custody == "stored" else "Put it aside."
            return refuse(self, f"Vial {code} is {whereabouts(world.facts, vial)}. {advice}").on("vial", code)
        if self.place:
            return _put(replace(self, place=None), vial, self.place, world)
        if self.box:
            return self._free(self, code, world)
        state = Store(vial=code)
        return question(state, state.hint).on("vial", code)

    def _free(self, state: Store, code: str, world: World) -> Step:
        free = next_free(world.facts, state.box)
        if free is None:
            return refuse(self, f"{state.box} is full. Scan another box.")
        return _put(state, need_vial(world.facts, code), (state.box, free), world)

    def _at(self, place: Place, world: World) -> Step:
        label = label_of(world.facts, *place)
        if self.vial:
            return _put(self, need_vial(world.facts, self.vial), place, world)
        last = world.facts.get(Vial, self.last) if self.last and place[0] == self.box else None
        if last is None or last.custody != "stored":
            state = Store(box=self.box, place=place, next=f"{place[0]} {label}")
            return question(state, state.hint)
        if (last.unit, last.position) == place:
            return tell(self, f"Right: vial {last.code} is in {label}.").on("vial", last.code)
        event = VialsMoved(unit=place[0], vials=one(last.code, place[1]))
        return propose(self, f"Vial {last.code} is in {place[0]} {label}.", event).on("vial", last.code)


def _put(state: Store, vial: Vial, place: Place, world: World) -> Step:
    """Propose that a vial goes into a position: stored for the first time, or returned from somebody's hands."""
    event = VialsReturned if vial.custody == "out" else VialsStored
    where = f"{place[0]} {label_of(world.facts, *place)}"
    box = state.box
    after = Store(box=box, last=vial.code if box == place[0] else "")
    proposed = event(unit=place[0], vials=one(vial.code, place[1]))
    return propose(after, f"Vial {vial.code} is stored in {where}.", proposed).on("vial", vial.code)


@dataclass(frozen=True, slots=True)
class Move(Task):
    """Vial, then its new position, or a box for its next free one."""

    word: ClassVar[str] = "move"
    vial: str = ""

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return "position" if self.vial else "vial"

    @property
    def hint(self) -> str:
        """What can be scanned now."""
        if self.vial:
            return f"Scan the new position of vial {self.vial}, or a box for its next free position."
        return "Scan the vial to move; CMD-CANCEL ends."

    def take(self, scan: Scanned, world: World) -> Step:
        """A vial, or where it goes."""
        if scan.says_done:
            return tell(None, "Moving is finished.")
        if scan.kind == "vial":
            vial = need_vial(world.facts, scan.code)
            if vial.custody != "stored":
                where = whereabouts(world.facts, vial)
                return refuse(self, f"Vial {vial.code} is {where}, not stored. {self.hint}").on("vial", vial.code)
            state = Move(vial.code)
            text = f"Vial {vial.code} is in {place_text(world.facts, vial.unit or '', vial.position)}. {state.hint}"
            return question(state, text).on("vial", vial.code)
        if not self.vial:
            return unexpected(self, scan)
        place = place_of(scan)
        if is_box(scan, world):
            free = next_free(world.facts, scan.code)
            if free is None:
                return refuse(self, f"{scan.code} is full. Scan another box or a position.")
            place = (scan.code, free)
        if place is None:
            return unexpected(self, scan)
        event = VialsMoved(unit=place[0], vials=one(self.vial, place[1]))
        where = place_text(world.facts, *place)
        return propose(Move(), f"Vial {self.vial} moved to {where}.", event).on("vial", self.vial)


@dataclass(frozen=True, slots=True)
class TakeOut(Task):
    """Vials, one by one, into the person's hands."""

    word: ClassVar[str] = "take out"
    help: ClassVar[str] = "Scan each vial that you take out; CMD-DONE ends."

    def take(self, scan: Scanned, world: World) -> Step:
        """A vial."""
        if scan.says_done:
            return tell(None, "Taking out is finished.")
        if scan.kind != "vial":
            return unexpected(self, scan)
        vial = need_vial(world.facts, scan.code)
        came = f" of {place_text(world.facts, vial.unit, vial.position)}" if vial.unit else ""
        event = VialsTakenOut(vials=(vial.code,))
        return propose(self, f"Vial {vial.code} is out{came}, in your hands.", event).on("vial", vial.code)


@dataclass(frozen=True, slots=True)
class Return(Task):
    """Vial: back to where it came from; or a position first, and the vial goes there."""

    word: ClassVar[str] = "return"
    place: Place | None = None
    vial: str = ""
    where: str = ""

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return "position" if self.vial else "vial"

    @property
    def hint(self) -> str:
        """What can be scanned now."""
        if self.vial:
            return f"Scan the position for vial {self.vial} (typed: BOX/A1)."
        if self.place:
            return f"Scan the vial that goes into {self.where}."
        return "Scan the next vial to put back, or a position first to put it elsewhere; CMD-DONE ends."

    def take(self, scan: Scanned, world: World) -> Step:
        """A vial, or a position."""
        if scan.says_done:
            return tell(None, "Putting back is finished.")
        place = place_of(scan)
        if scan.kind == "vial":
            return self._back(need_vial(world.facts, scan.code), world)
        if place is None:
            return unexpected(self, scan)
        if self.vial:
            return _returned(self.vial, place, world)
        state = Return(place=place, where=place_text(world.facts, *place))
        return question(state, state.hint)

    def _back(self, vial: Vial, world: World) -> Step:
        place = self.place or last_place(world.facts, vial.code)
        if vial.custody == "out" and place is None:
            state = Return(vial=vial.code)
            return question(state, f"It is not known where vial {vial.code} came from. {state.hint}")
        if vial.custody == "out" and place and self.place is None and taken(world.facts, place[0]).get(place[1]):
            state = Return(vial=vial.code)
            return question(state, f"{place_text(world.facts, *place)}, where it was, is taken. {state.hint}")
        if vial.custody != "out" or place is None:
            where = whereabouts(world.facts, vial)
            return refuse(self, f"Vial {vial.code} is {where}, not out. {self.hint}").on("vial", vial.code)
        return _returned(vial.code, place, world)


def _returned(vial: str, place: Place, world: World) -> Step:
    event = VialsReturned(unit=place[0], vials=one(vial, place[1]))
    where = place_text(world.facts, *place)
    return propose(Return(), f"Put vial {vial} into {where}: recorded as returned there.", event).on("vial", vial)
