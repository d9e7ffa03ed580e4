"""Picking, for an order or from a search, and reserving: what is to be fetched, as one walks past it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from cryoledger.custody.workflow import amounts
from cryoledger.custody.workflow.cards import lines_of
from cryoledger.custody.workflow.look import in_place_order, inside, need_vial, place_text, whereabouts
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
from cryoledger.domain.records import Donation, LotDonation, Vial

SEARCHED: Final = ("lot", "donation", "donor", "unit")
"""What a pick list can be made from beside an order: all stored vials of it."""
LONGEST: Final = 1_000
"""So many vials are a list; each scan reads all of it."""


def to_pick(facts: Facts, order: str) -> list[Vial]:
    """The stored vials that are reserved for an order, in walking order."""
    return to_fetch(facts, "order", order)


def to_fetch(facts: Facts, kind: str, code: str) -> list[Vial]:
    """The stored vials of an order, lot, donation, donor or storage unit, in walking order; one too many at most."""
    found: list[Vial] = []
    for vials in _groups(facts, kind, code):
        found += [row for row in vials if row.custody == "stored"]
        if len(found) > LONGEST:
            break
    return in_place_order(facts, found[: LONGEST + 1])


def _groups(facts: Facts, kind: str, code: str) -> Iterator[list[Vial]]:
    """Vials by lot or box, so that nobody reads a whole site to say that a list is too long."""
    match kind:
        case "order":
            yield facts.where(Vial, order_code=code)
        case "unit":
            yield facts.where(Vial, unit=code)
            yield from (facts.where(Vial, unit=unit.code) for unit in inside(facts, code))
        case "lot":
            yield facts.where(Vial, lot=code)
        case _:
            donations = [row.code for row in facts.where(Donation, donor=code)] if kind == "donor" else [code]
            lots = dict.fromkeys(row.lot for each in donations for row in facts.where(LotDonation, donation=each))
            yield from (facts.where(Vial, lot=lot) for lot in lots)


def pick_text(facts: Facts, vial: Vial) -> str:
    """One line of a pick list: "F1 > R1 > B2 > A5: vial X"."""
    return f"{place_text(facts, vial.unit or '', vial.position)}: vial {vial.code}"


@dataclass(frozen=True, slots=True)
class Pick(Task):
    """Order, or what else vials are searched by, then each vial of its list as it is found.

    `search` is the kind and code of what is no order: ("lot", "WJ-2602").
    """

    word: ClassVar[str] = "pick"
    order: str = ""
    picked: tuple[str, ...] = ()
    next: str = ""
    search: tuple[str, str] | None = None

    @property
    def source(self) -> tuple[str, str] | None:
        """The kind and code of what the list is made from; None before it is."""
        return ("order", self.order) if self.order else self.search

    @property
    def name(self) -> str:
        """What the list is made from, in words: "order O1", "lot WJ-2602"."""
        kind, code = self.source or ("", "")
        return f"{'storage unit' if kind == 'unit' else kind} {code}"

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return "vial" if self.source else "order"

    @property
    def hint(self) -> str:
        """What can be scanned now."""
        if self.source is None:
            return "Scan the order to pick, or a lot, donation, donor or storage unit."
        if not self.next:
            return "All vials of the list are picked: scan CMD-DONE."
        return f"Next: {self.next}. Scan it; CMD-MISSING if it is not there, CMD-DONE ends the list."

    def wanted(self, facts: Facts) -> list[Vial]:
        """What is still to be fetched, in walking order."""
        return to_fetch(facts, *self.source) if self.source is not None else []

    def fresh(self, world: World) -> Pick:
        """With the next vial of the list as it is now."""
        wanted = self.wanted(world.facts)
        listed = {vial.code for vial in wanted}
        kept = tuple(code for code in self.picked if code not in listed)  # a pick that was undone is none
        return replace(self, picked=kept, next=pick_text(world.facts, wanted[0]) if wanted else "")

    def opening(self, world: World) -> Step:
        """The list, where a desk named what it is made from."""
        return self._list(*self.source, world) if self.source is not None else question(self, self.hint)

    def take(self, scan: Scanned, world: World) -> Step:
        """What the list is made from, then its vials."""
        if scan.kind == "order" or (scan.kind in SEARCHED and self.source is None):
            return self._list(scan.kind, scan.code, world)
        if self.source is not None and scan.says_done:
            return self._end(world)
        listed = self.source is not None and scan.kind == "vial"
        return self._vial(scan.code, world) if listed else unexpected(self, scan)

    def _list(self, kind: str, code: str, world: World) -> Step:
        state = Pick(code) if kind == "order" else Pick(search=(kind, code))
        wanted = state.wanted(world.facts)
        if not wanted and kind == "order":
            advice = "CMD-RESERVE reserves vials for it."
            return refuse(self, f"No stored vial is reserved for order {code}. {advice}").on(kind, code)
        if not wanted:
            return refuse(self, f"No vial of {state.name} is stored.").on(kind, code)
        if len(wanted) > LONGEST:
            said = f"More than {LONGEST} vials of {state.name} are stored, too many for one list."
            return refuse(self, f"{said} Scan a box, a rack or a donation.").on(kind, code)
        lines = [pick_text(world.facts, vial) for vial in wanted[:4]]
        state = replace(state, next=lines[0])
        rest = f" Then: {'; '.join(lines[1:])}{' ...' if len(wanted) > 4 else ''}." if lines[1:] else ""
        said = f"{amounts.count(len(wanted))} to pick for {state.name}.{rest} {state.hint}"
        return question(state, said).on(kind, code)

    def _vial(self, code: str, world: World) -> Step:
        wanted = self.wanted(world.facts)
        if code not in [vial.code for vial in wanted]:
            return self._not_listed(code, world).on("vial", code)
        state = replace(self, picked=(*self.picked, code))
        event = VialsTakenOut(vials=(code,), purpose="order" if self.order else "other", order=self.order or None)
        return propose(state, f"Vial {code} is picked, {len(wanted) - 1} to go.", event).on("vial", code)

    def _not_listed(self, code: str, world: World) -> Step:
        vial = need_vial(world.facts, code)
        if code in self.picked or (self.order and vial.order_code == self.order):
            return refuse(self, f"Vial {code} is on the list and {whereabouts(world.facts, vial)} already. {self.hint}")
        before = f"Vial {code} is NOT ON THE LIST of {self.name}. Put it back. "
        lines = lines_of(world.facts, self.order) if self.order else []
        if lines:
            event = VialsReserved(order=self.order, line=lines[0].line, vials=(code,))
            refusal = world.foreseen(event)
            if refusal is not None:
                return refused_by(self, refusal, event, before)
        return refuse(self, before + self.hint)

    def _end(self, world: World) -> Step:
        missing = self.wanted(world.facts)
        text = f"The pick list of {self.name} is closed: {amounts.count(len(self.picked))} picked now"
        if missing:
            left = "; ".join(pick_text(world.facts, vial) for vial in missing[:6])
            more = f" and {len(missing) - 6} more" if len(missing) > 6 else ""
            return tell(None, f"{text}, STILL MISSING {len(missing)}: {left}{more}. CMD-PICK goes on with it later.")
        after = "CMD-ISSUE issues them." if self.order else "CMD-RETURN puts them back, CMD-DISCARD discards them."
        return tell(None, f"{text}, nothing is missing. {after}")


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
