"""Two short conversations above the open task: the next act happened earlier; the next label cannot be read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, get_args

from cryoledger.custody.workflow import amounts
from cryoledger.custody.workflow.look import place_text, taken
from cryoledger.custody.workflow.steps import Lateness, Scanned, Step, Task, World, question, refuse, tell, unexpected
from cryoledger.custody.workflow.storage import place_of
from cryoledger.domain.fields import LateReason

REASONS: tuple[str, ...] = get_args(LateReason)


@dataclass(frozen=True, slots=True)
class Late(Task):
    """When the next act happened, and why it is recorded late."""

    word: ClassVar[str] = "late"
    occurred_at: str = ""

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return "reason" if self.occurred_at else "time"

    @property
    def hint(self) -> str:
        """What can be scanned now."""
        if self.occurred_at:
            return f"Why is it recorded late? Type or scan the number: {amounts.menu(REASONS)}."
        return "When did it happen? Type HH:MM, or YYYY-MM-DDTHH:MM."

    def take(self, scan: Scanned, world: World) -> Step:
        """The time, then the reason."""
        if not self.occurred_at:
            given = amounts.moment(amounts.number(scan), world)
            if given is None:
                return unexpected(self, scan)
            if given > world.now:
                return refuse(self, f"That is still to come. {self.hint}")
            state = Late(given)
            return question(state, f"{world.local(given)}. {state.hint}")
        reason = amounts.chosen(scan, REASONS)
        if reason is None:
            return unexpected(self, scan)
        text = f"The next act is recorded as of {world.local(self.occurred_at)} ({reason})."
        return replace(tell(None, text), late=Lateness(self.occurred_at, reason))


@dataclass(frozen=True, slots=True)
class Frosted(Task):
    """Position, then yes: the vial recorded there is taken as scanned, marked as typed."""

    word: ClassVar[str] = "frosted"
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
            return f"Is it vial {self.vial}, recorded in {self.where}? Scan CMD-CONFIRM, or CMD-CANCEL."
        return "Scan the position of the vial whose label cannot be read."

    def take(self, scan: Scanned, world: World) -> Step:
        """The position, then yes."""
        if self.vial and scan.says_yes:
            taken_as = Scanned("vial", self.vial, self.vial, typed=True)
            return replace(tell(None, f"Vial {self.vial} is taken by its position."), scan=taken_as)
        place = place_of(scan)
        if place is None:
            return unexpected(self, scan)
        held = taken(world.facts, place[0]).get(place[1])
        if held is None:
            where = place_text(world.facts, *place)
            return refuse(self, f"{where} is recorded as empty. Check the box: CMD-BOX-CHECK.")
        state = Frosted(held.code, place_text(world.facts, *place))
        return question(state, state.hint).on("vial", held.code)
