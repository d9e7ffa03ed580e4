"""Labels and lost vials: a new label for a fallen one, a vial that is not in its place, one that is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

from cryoledger.custody.workflow import amounts
from cryoledger.custody.workflow.look import label_of, need_vial, place_text, taken
from cryoledger.custody.workflow.steps import Scanned, Step, Task, World, propose, question, refuse, tell, unexpected
from cryoledger.custody.workflow.storage import is_box, one, place_of
from cryoledger.domain.catalogue import parse
from cryoledger.domain.events.storage import VialsFound, VialsReportedMissing
from cryoledger.errors import RequestError

LABEL_REASONS = ("fallen", "unreadable", "misprinted", "other")


@dataclass(frozen=True, slots=True)
class Label(Task):
    """Vial (by old label, typed code or CMD-FROSTED), reason, new label."""

    word: ClassVar[str] = "label"
    vial: str = ""
    reason: str = ""

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return "label" if self.reason else "reason" if self.vial else "vial"

    @property
    def hint(self) -> str:
        """What can be scanned now."""
        if self.reason:
            return f"Scan the new label of vial {self.vial}, or CMD-CONFIRM for the site's next code, to be printed."
        if self.vial:
            return f"Why? Type or scan the number: {amounts.menu(LABEL_REASONS)}."
        return "Scan the vial's old label, type its code, or work by position with CMD-FROSTED."

    def take(self, scan: Scanned, world: World) -> Step:
        """The vial, the reason, the new label."""
        if not self.vial:
            if scan.kind != "vial":
                return unexpected(self, scan)
            state = replace(self, vial=scan.code)
            return question(state, state.hint).on("vial", scan.code)
        if not self.reason:
            reason = amounts.chosen(scan, LABEL_REASONS)
            state = replace(self, reason=reason or "")
            return question(state, state.hint) if reason else unexpected(self, scan)
        if scan.says_yes and world.next_label is not None:
            return self._next(world.next_label)
        if scan.kind != "text":
            return refuse(self, f"That code is in use already. {self.hint}")
        return self._replaced(scan.text, f"Vial {self.vial} bears the new label; the old one stays known.")

    def _next(self, next_label: Callable[[str], str]) -> Step:
        """A label that is yet to be printed, with the next code of the site's scheme."""
        try:
            label = next_label(self.vial)
        except RequestError as error:
            return refuse(self, f"{error} Scan the new label of vial {self.vial}.")
        return self._replaced(
            label, f"The new label of vial {self.vial} has the code {label}; the old one stays known."
        )

    def _replaced(self, label: str, said: str) -> Step:
        event = parse("VialLabelReplaced", {"vial": self.vial, "label": label, "reason": self.reason})
        return propose(None, said, event).on("vial", self.vial)


@dataclass(frozen=True, slots=True)
class Missing(Task):
    """The position, or the vial, that is not where it should be; then yes."""

    word: ClassVar[str] = "missing"
    vial: str = ""
    where: str = ""

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return "confirm" if self.vial else "position"

    @property
    def hint(self) -> str:
        """What can be scanned now."""
        if self.vial:
            return f"Vial {self.vial} is not {self.where}, and not in your hands? Scan CMD-CONFIRM, or CMD-CANCEL."
        return "Scan the position that is empty, or type the code of the vial."

    def take(self, scan: Scanned, world: World) -> Step:
        """The position or the vial, and yes."""
        if self.vial and scan.says_yes:
            event = VialsReportedMissing(vials=(self.vial,), reason="not-in-position")
            return propose(None, f"Vial {self.vial} is recorded as missing; tell the quality officer.", event).on(
                "vial", self.vial
            )
        place = place_of(scan)
        if place is not None:
            held = taken(world.facts, place[0]).get(place[1])
            if held is None:
                label = label_of(world.facts, *place)
                return tell(self, f"{place[0]} {label} is recorded as empty: nothing is missing.")
            return self.of(held.code, world)
        return self.of(scan.code, world) if scan.kind == "vial" else unexpected(self, scan)

    @staticmethod
    def of(code: str, world: World) -> Step:
        """Ask whether this vial is missing."""
        vial = need_vial(world.facts, code)
        where = f"in {place_text(world.facts, vial.unit, vial.position)}" if vial.unit else "to be found"
        state = Missing(code, where)
        return question(state, state.hint).on("vial", code)


@dataclass(frozen=True, slots=True)
class Found(Task):
    """A missing vial, then the position into which it goes."""

    word: ClassVar[str] = "found"
    vial: str = ""

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return "position" if self.vial else "vial"

    @property
    def hint(self) -> str:
        """What can be scanned now."""
        return f"Scan the position for vial {self.vial}." if self.vial else "Scan the vial that was found."

    def take(self, scan: Scanned, world: World) -> Step:
        """The vial and its position."""
        if scan.kind == "vial":
            vial = need_vial(world.facts, scan.code)
            if vial.custody != "missing":
                return refuse(self, f"Vial {vial.code} is {vial.custody}, not missing. {self.hint}")
            state = Found(vial.code)
            return question(state, state.hint).on("vial", vial.code)
        place = place_of(scan)
        if not self.vial or place is None or is_box(scan, world):
            return unexpected(self, scan)
        event = VialsFound(unit=place[0], vials=one(self.vial, place[1]))
        where = place_text(world.facts, *place)
        text = f"Vial {self.vial} is found, in {where}, and on hold until quality lifts it."
        return propose(None, text, event).on("vial", self.vial)
