"""The box check: what is scanned compared with what is recorded; nothing is corrected without a yes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from cryoledger.codes import Command
from cryoledger.custody.workflow import amounts
from cryoledger.custody.workflow.look import label_of, need_vial, place_text, taken, whereabouts
from cryoledger.custody.workflow.steps import (
    Scanned,
    Step,
    Task,
    World,
    propose,
    question,
    refuse,
    refused_by,
    tell,
    unexpected,
)
from cryoledger.custody.workflow.storage import is_box, place_of
from cryoledger.domain.events.storage import BoxChecked
from cryoledger.domain.facts import Facts
from cryoledger.domain.fields import Placed


@dataclass(frozen=True, slots=True)
class BoxCheck(Task):
    """Box, then its vials in position order, or a position and the vial in it; at the end a summary and a yes.

    `seen` are positions with the vial found there; a vial of this box scanned alone counts as found in its place.
    """

    word: ClassVar[str] = "box check"
    box: str = ""
    seen: tuple[tuple[int, str], ...] = ()
    absent: tuple[str, ...] = ()
    unknown: int = 0
    place: int | None = None
    vial: str = ""
    where: str = ""
    ready: bool = False

    @property
    def ask(self) -> str:
        """What is awaited now."""
        if self.ready:
            return "confirm"
        return "position" if self.vial else "vial" if self.box else "box"

    @property
    def unsaved(self) -> bool:
        """True once something was scanned."""
        return bool(self.seen or self.absent or self.unknown)

    @property
    def hint(self) -> str:
        """What can be scanned now."""
        if self.ready:
            return "Scan CMD-CONFIRM to record the check, a further vial to go on, or CMD-CANCEL."
        if self.vial:
            return f"Scan the position of {self.box} in which vial {self.vial} lies."
        if self.place is not None:
            return f"Scan the vial in {self.where}, or CMD-MISSING if that position is empty."
        if self.box:
            ahead = f"Next is {self.where}. " if self.where else "Nothing more is recorded here. "
            return f"{ahead}Scan the next vial, CMD-MISSING where its place is empty, CMD-DONE at the end."
        return "Scan the box to check."

    def fresh(self, world: World) -> BoxCheck:
        """With the next recorded position as it is now."""
        return _on(self, world) if self.box and self.place is None else self

    def take(self, scan: Scanned, world: World) -> Step:
        """The box, its vials, and yes."""
        if not self.box:
            return self._start(scan, world)
        if scan.says_done:
            return self._sum(world)
        if self.ready and scan.says_yes:
            return propose(None, f"The check of {self.box} is recorded.", self.event(world)).on("unit", self.box)
        if scan.says(Command.MISSING):
            return self._missing(world)
        place = place_of(scan)
        if place is not None:
            return self._position(place, world)
        if scan.kind == "vial":
            return self._vial(scan.code, world)
        return self._unknown(world) if scan.kind == "text" else unexpected(self, scan)

    def _start(self, scan: Scanned, world: World) -> Step:
        if not is_box(scan, world):
            return unexpected(self, scan)
        state = _on(BoxCheck(box=scan.code), world)
        count = len(taken(world.facts, scan.code))
        text = f"{place_text(world.facts, scan.code)}: {amounts.count(count)} recorded. {state.hint}"
        return question(state, text).on("unit", scan.code)

    def _vial(self, code: str, world: World) -> Step:
        found = {vial: position for position, vial in self.seen}
        if code in found and self.place is None:
            label = label_of(world.facts, self.box, found[code])
            return tell(self, f"Vial {code} was scanned already, in {label}: a duplicate scan.").on("vial", code)
        vial = need_vial(world.facts, code)
        here = vial.unit == self.box and vial.position is not None
        if self.place is None and not here:
            state = replace(self, vial=code, ready=False)
            where = whereabouts(world.facts, vial)
            return question(state, f"Vial {code} is not recorded here: {where}. {state.hint}").on("vial", code)
        return self._found(code, self.place if self.place is not None else vial.position or 0, world)

    def _found(self, code: str, position: int, world: World) -> Step:
        others = tuple((at, vial) for at, vial in self.seen if vial != code)
        if position in dict(others):
            other, label = dict(others)[position], label_of(world.facts, self.box, position)
            text = f"Vial {other} was scanned in {label} already; a position holds one vial. Scan the position again."
            return refuse(replace(self, place=None, vial=""), text)
        absent = tuple(each for each in self.absent if each != code)
        state = replace(self, seen=(*others, (position, code)), absent=absent, place=None, vial="", ready=False)
        event = state.event(world)
        refusal = world.foreseen(event)
        if refusal is not None:
            return refused_by(replace(self, place=None, vial="", ready=False), refusal, event)
        vial, label = need_vial(world.facts, code), label_of(world.facts, self.box, position)
        right = (vial.unit, vial.position) == (self.box, position)
        state = _on(state, world)
        text = f"{label}: vial {code} is present." if right else f"{label}: vial {code} lies here, recorded elsewhere."
        return tell(state, text).on("vial", code)

    def _position(self, place: tuple[str, int], world: World) -> Step:
        if place[0] != self.box:
            return refuse(self, f"That is a position of {place[0]}, not of {self.box}. {self.hint}")
        if self.vial:
            return self._found(self.vial, place[1], world)
        state = replace(self, place=place[1], where=label_of(world.facts, *place), ready=False)
        return question(state, state.hint)

    def _missing(self, world: World) -> Step:
        held = taken(world.facts, self.box)
        position = self.place if self.place is not None else _next(self, world.facts)
        state = replace(self, place=None, vial="", ready=False)
        if position is None or position not in held:
            return tell(_on(state, world), "Empty, and recorded as empty: right.")
        code = held[position].code
        if code in {vial for _, vial in self.seen}:
            return tell(_on(state, world), f"Empty; vial {code}, recorded here, was found elsewhere in this check.")
        state = _on(replace(state, absent=(*state.absent, code)), world)
        return tell(state, f"{label_of(world.facts, self.box, position)}: vial {code} is not there.").on("vial", code)

    def _unknown(self, world: World) -> Step:
        state = replace(self, unknown=self.unknown + 1, place=None, vial="", ready=False)
        text = f"Unknown code, {state.unknown} so far: no vial of ours. Put it aside for quality."
        return Step("refused", f"{text} {_on(state, world).hint}", _on(state, world))

    def event(self, world: World) -> BoxChecked:
        """The check as it would be recorded now: what was not seen is missing."""
        held = {vial.code: position for position, vial in taken(world.facts, self.box).items()}
        found = {vial: position for position, vial in self.seen}
        placed = {vial: at for vial, at in found.items() if held.get(vial) != at}
        return BoxChecked(
            unit=self.box,
            present=tuple(vial for vial, at in held.items() if found.get(vial) == at),
            moved=tuple(Placed(vial=vial, position=at) for vial, at in placed.items()),
            missing=tuple(vial for vial in held if vial not in found),
            unknown_count=self.unknown,
        )

    def _sum(self, world: World) -> Step:
        event, state = self.event(world), replace(self, ready=True, vial="", place=None)
        parts = [f"Box {self.box}: {len(event.present)} present"]
        if event.moved:
            here = [f"{item.vial} in {label_of(world.facts, self.box, item.position)}" for item in event.moved]
            parts.append(f"{len(here)} in another slot or from elsewhere ({amounts.listed(here)})")
        gone = f"{len(event.missing)} MISSING ({amounts.listed(event.missing)})" if event.missing else "0 missing"
        parts.append(gone)
        if event.unknown_count:
            parts.append(f"{event.unknown_count} unknown")
        return question(state, f"{', '.join(parts)}. {state.hint}").on("unit", self.box)


def _next(state: BoxCheck, facts: Facts) -> int | None:
    """The first recorded position after the last one seen whose vial is not dealt with yet; else any before it."""
    done = {vial for _, vial in state.seen} | set(state.absent)
    held = taken(facts, state.box)
    open_at = sorted(position for position, vial in held.items() if vial.code not in done)
    last = state.seen[-1][0] if state.seen else -1
    return next((position for position in open_at if position > last), open_at[0] if open_at else None)


def _on(state: BoxCheck, world: World) -> BoxCheck:
    """The state with the label of the next recorded position."""
    position = _next(state, world.facts)
    return replace(state, where="" if position is None else label_of(world.facts, state.box, position))
