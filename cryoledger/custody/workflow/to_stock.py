"""Issued vials back into stock: unopened, into one box, their cold chain on file, signed with quality."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from cryoledger.custody.workflow import amounts
from cryoledger.custody.workflow.look import label_of, last_place, need_unit, next_free, place_text, taken
from cryoledger.custody.workflow.steps import (
    Scanned,
    Step,
    Task,
    World,
    propose,
    question,
    refuse,
    refused_by,
    unexpected,
)
from cryoledger.custody.workflow.storage import is_box, place_of
from cryoledger.domain.events.treatment import IssuedVialsReturned
from cryoledger.domain.fields import Placed
from cryoledger.domain.records import DoseSource
from cryoledger.errors import Refusal

_NO_FILE = "A" * 43 + "="
_ANYWHERE = ("-", 0)


@dataclass(frozen=True, slots=True)
class ReturnIssued(Task):
    """Each vial and its position, all in one box; then the file that documents the cold chain; two sign.

    `start` is the vial, or the dose, that a screen began it with. Of a dose the rulebook is asked for its vials.
    """

    word: ClassVar[str] = "return to stock"
    start: tuple[str, str] = ("", "")
    vial: str = ""
    box: str = ""
    placed: tuple[Placed, ...] = ()
    where: tuple[str, ...] = ()
    listed: bool = False

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return "file" if self.listed else "position" if self.vial else "vial"

    @property
    def unsaved(self) -> bool:
        """True once a vial has its position."""
        return bool(self.placed)

    @property
    def hint(self) -> str:
        """What can be scanned now."""
        if self.listed:
            return "Type the path of the file that documents the cold chain; its hash is kept."
        if self.vial:
            return f"Scan the position for vial {self.vial} (typed: BOX/A1), or a box for its next free position."
        if self.placed:
            return "Scan the next unopened vial; CMD-DONE after the last."
        return "Scan the issued vial that goes back, unopened."

    def opening(self, world: World) -> Step:
        """As if the vial that it begins with had been scanned."""
        kind, code = self.start
        return self._begin(kind, code, world) if code else question(self, self.hint)

    def take(self, scan: Scanned, world: World) -> Step:
        """A vial, its position, and at last the file."""
        if self.listed:
            return self._signed(scan, world) if scan.kind == "file" else unexpected(self, scan)
        if self.vial:
            return self._into(scan, world)
        if self.placed and scan.says_done:
            state = replace(self, listed=True)
            return question(state, state.hint)
        return self._begin(scan.kind, scan.code, world) if scan.kind in ("vial", "dose") else unexpected(self, scan)

    def _begin(self, kind: str, code: str, world: World) -> Step:
        vials = [row.vial for row in world.facts.where(DoseSource, dose=code)] if kind == "dose" else [code]
        for vial in vials:
            event = self._event(((vial, last_place(world.facts, vial) or _ANYWHERE),))
            refusal = world.lacks_role(event) or _of_custody(world.foreseen(event), vial)
            if refusal is not None:
                return refused_by(self if self.placed else None, refusal, event).on(kind, code)
        if kind == "dose" or any(each.vial == code for each in self.placed):
            return refuse(self, f"The {kind} {code} cannot be put into a position here. {self.hint}").on(kind, code)
        state = replace(self, start=("", ""), vial=code)
        came = last_place(world.facts, code)
        was = f" It was in {place_text(world.facts, *came)}." if came is not None else ""
        return question(state, f"Vial {code} is issued and may go back.{was} {state.hint}").on("vial", code)

    def _into(self, scan: Scanned, world: World) -> Step:
        place = place_of(scan)
        if is_box(scan, world):
            place = self._free(scan.code, world)
            if place is None:
                return refuse(self, f"{scan.code} is full. Scan another box or a position.")
        if place is None:
            return unexpected(self, scan)
        if self.box and place[0] != self.box:
            return refuse(self, f"The vials before go into {self.box}, and one return is into one box. {self.hint}")
        placed = (*((each.vial, (self.box, each.position)) for each in self.placed), (self.vial, place))
        event = self._event(placed)
        refusal = world.foreseen(event)
        if refusal is not None:
            return refused_by(self, refusal, event).on("vial", self.vial)
        label = label_of(world.facts, *place)
        state = replace(
            self, vial="", box=place[0], placed=event.vials, where=(*self.where, f"{self.vial} into {label}")
        )
        return question(state, f"Vial {self.vial} goes into {place[0]} {label}. {state.hint}").on("vial", self.vial)

    def _free(self, box: str, world: World) -> tuple[str, int] | None:
        """The next position of a box that is free and not promised to a vial of this return."""
        mine = {each.position for each in self.placed if box == self.box}
        if not mine:
            free = next_free(world.facts, box)
            return None if free is None else (box, free)
        unit, held = need_unit(world.facts, box), taken(world.facts, box)
        return next(((box, at) for at in range(unit.rows * unit.columns) if at not in held and at not in mine), None)

    def _signed(self, scan: Scanned, world: World) -> Step:
        event = IssuedVialsReturned(unit=self.box, vials=self.placed, cold_chain_sha256=scan.code)
        refusal = world.foreseen(event)
        if refusal is not None:
            return refused_by(None, refusal, event)
        shown = f"RETURN TO STOCK in {self.box}: {amounts.listed(self.where)}; unopened, cold chain {scan.text}"
        done = f"Back in stock, reserved for nobody: {amounts.listed(self.where)} of {self.box}."
        return propose(None, done, event, shown=shown).on("vial", self.placed[0].vial)

    @staticmethod
    def _event(placed: tuple[tuple[str, tuple[str, int]], ...]) -> IssuedVialsReturned:
        vials = tuple(Placed(vial=vial, position=position) for vial, (_, position) in placed)
        return IssuedVialsReturned(unit=placed[0][1][0], vials=vials, cold_chain_sha256=_NO_FILE)


def _of_custody(refusal: Refusal | None, vial: str) -> Refusal | None:
    """What stands against a vial wherever it would go; where it goes is asked next."""
    return refusal if refusal is not None and (refusal.rule, refusal.subject) == ("I1", vial) else None
