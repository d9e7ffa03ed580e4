"""Picking for an order, and reserving: what is to be fetched, in the order in which one walks past it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cryoledger.custody.workflow import amounts
from cryoledger.custody.workflow.cards import lines_of
from cryoledger.custody.workflow.look import in_place_order, need_vial, place_text, whereabouts
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
from cryoledger.domain.events.storage import VialsTakenOut
from cryoledger.domain.events.treatment import VialsReserved
from cryoledger.domain.facts import Facts
from cryoledger.domain.records import Vial


def to_pick(facts: Facts, order: str) -> list[Vial]:
    """The stored vials that are reserved for an order, in walking order."""
    return in_place_order(facts, [row for row in facts.where(Vial, order_code=order) if row.custody == "stored"])


def pick_text(facts: Facts, vial: Vial) -> str:
    """One line of a pick list: "F1 > R1 > B2 > A5: vial X"."""
    return f"{place_text(facts, vial.unit or '', vial.position)}: vial {vial.code}"


@dataclass(frozen=True, slots=True)
class Pick(Task):
    """Order, then each vial of its list as it is found."""

    word: ClassVar[str] = "pick"
    order: str = ""
    picked: tuple[str, ...] = ()
    next: str = ""

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return "vial" if self.order else "order"

    @property
    def hint(self) -> str:
        """What can be scanned now."""
        if not self.order:
            return "Scan the order to pick."
        if not self.next:
            return "All vials of the list are picked: scan CMD-DONE."
        return f"Next: {self.next}. Scan it; CMD-MISSING if it is not there, CMD-DONE ends the list."

    def fresh(self, world: World) -> Pick:
        """With the next vial of the list as it is now."""
        wanted = to_pick(world.facts, self.order) if self.order else []
        listed = {vial.code for vial in wanted}
        kept = tuple(code for code in self.picked if code not in listed)  # a pick that was undone is none
        return Pick(self.order, kept, pick_text(world.facts, wanted[0]) if wanted else "")

    def take(self, scan: Scanned, world: World) -> Step:
        """The order, then its vials."""
        if scan.kind == "order":
            return self._list(scan.code, world)
        if self.order and scan.says_done:
            return self._end(world)
        return self._vial(scan.code, world) if self.order and scan.kind == "vial" else unexpected(self, scan)

    def _list(self, order: str, world: World) -> Step:
        wanted = to_pick(world.facts, order)
        if not wanted:
            advice = "CMD-RESERVE reserves vials for it."
            return refuse(self, f"No stored vial is reserved for order {order}. {advice}").on("order", order)
        lines = [pick_text(world.facts, vial) for vial in wanted]
        state = Pick(order, next=lines[0])
        rest = f" Then: {'; '.join(lines[1:6])}{' ...' if len(lines) > 6 else ''}." if lines[1:] else ""
        return question(state, f"{amounts.count(len(lines))} to pick for order {order}.{rest} {state.hint}").on(
            "order", order
        )

    def _vial(self, code: str, world: World) -> Step:
        wanted = to_pick(world.facts, self.order)
        if code not in [vial.code for vial in wanted]:
            return self._not_listed(code, world).on("vial", code)
        rest = [vial for vial in wanted if vial.code != code]
        state = Pick(self.order, (*self.picked, code))
        event = VialsTakenOut(vials=(code,), purpose="order", order=self.order)
        return propose(state, f"Vial {code} is picked, {len(rest)} to go.", event).on("vial", code)

    def _not_listed(self, code: str, world: World) -> Step:
        vial = need_vial(world.facts, code)
        if vial.order_code == self.order:
            return refuse(self, f"Vial {code} is on the list and {whereabouts(world.facts, vial)} already. {self.hint}")
        before = f"Vial {code} is NOT ON THE LIST of order {self.order}. Put it back. "
        lines = lines_of(world.facts, self.order)
        if lines:
            event = VialsReserved(order=self.order, line=lines[0].line, vials=(code,))
            refusal = world.foreseen(event)
            if refusal is not None:
                return refused_by(self, refusal, event, before)
        return refuse(self, before + self.hint)

    def _end(self, world: World) -> Step:
        missing = to_pick(world.facts, self.order)
        text = f"The pick list of order {self.order} is closed: {amounts.count(len(self.picked))} picked now"
        if missing:
            left = "; ".join(pick_text(world.facts, vial) for vial in missing)
            return tell(None, f"{text}, STILL MISSING {len(missing)}: {left}. CMD-PICK goes on with it later.")
        return tell(None, f"{text}, nothing is missing. CMD-ISSUE issues them.")


@dataclass(frozen=True, slots=True)
class Reserve(Task):
    """Order, its line where it has several open ones, then vials; each is reserved at once."""

    word: ClassVar[str] = "reserve"
    order: str = ""
    line: int = 0
    lines: tuple[int, ...] = ()

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return "vial" if self.line else "line" if self.order else "order"

    @property
    def hint(self) -> str:
        """What can be scanned now."""
        if self.line:
            return f"Scan each vial to reserve for order {self.order} line {self.line}; CMD-DONE ends."
        if self.order:
            numbers = amounts.listed([str(line) for line in self.lines])
            return f"Type the line of order {self.order}, or scan it as CMD-QTY-n: {numbers}."
        return "Scan the order."

    def take(self, scan: Scanned, world: World) -> Step:
        """The order, its line, and vials."""
        if self.line and scan.says_done:
            return tell(None, f"Reserving for order {self.order} is finished. CMD-PICK picks the vials.")
        if scan.kind == "order":
            return self._of(scan.code, world)
        if self.order and not self.line:
            given = amounts.number(scan)
            fits = given in [str(line) for line in self.lines]
            state = Reserve(self.order, int(given), self.lines) if fits else self
            return question(state, state.hint) if fits else unexpected(self, scan)
        if not self.line or scan.kind != "vial":
            return unexpected(self, scan)
        event = VialsReserved(order=self.order, line=self.line, vials=(scan.code,))
        text = f"Vial {scan.code} is reserved for order {self.order} line {self.line}."
        return propose(self, text, event).on("vial", scan.code)

    def _of(self, order: str, world: World) -> Step:
        lines = tuple(row.line for row in lines_of(world.facts, order))
        if not lines:
            return refuse(self, f"Order {order} has no open line. {self.hint}").on("order", order)
        state = Reserve(order, lines[0] if len(lines) == 1 else 0, lines)
        return question(state, state.hint).on("order", order)
