"""Issue, thaw and hand over: from the pick to the bedside, each judged while scanning and signed at the end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from cryoledger.custody.workflow import amounts
from cryoledger.custody.workflow.cards import describe
from cryoledger.custody.workflow.look import need_vial, whereabouts
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
from cryoledger.domain.catalogue import parse
from cryoledger.domain.events.treatment import DoseHandedOver, VialsIssued
from cryoledger.domain.facts import Facts
from cryoledger.domain.records import Dose, Vial

PURPOSES = ("testing", "expansion", "stability", "research")
METHODS = ("dry thawer", "water bath", "bench", "other")


def need_dose(facts: Facts, code: str) -> Dose:
    """A dose that the inventory names."""
    dose = facts.get(Dose, code)
    if dose is None:
        raise RuntimeError(f"the dose {code} vanished")
    return dose


@dataclass(frozen=True, slots=True)
class Issue(Task):
    """Order, vials in hand, who takes them over; then the signatures."""

    word: ClassVar[str] = "issue"
    order: str = ""
    line: int = 0
    vials: tuple[str, ...] = ()
    taker: bool = False

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return "badge" if self.taker else "vial" if self.order else "order"

    @property
    def unsaved(self) -> bool:
        """True once vials were scanned."""
        return bool(self.vials)

    @property
    def hint(self) -> str:
        """What can be scanned now."""
        if self.taker:
            return "Scan the badge of the person who takes them over, or CMD-DONE if they stay with you."
        if self.order:
            return f"Scan each vial to issue for order {self.order}; CMD-DONE after the last."
        return "Scan the order."

    def take(self, scan: Scanned, world: World) -> Step:
        """The order, its vials, the receiver."""
        if self.taker:
            return self._over_to(scan, world)
        if scan.kind == "order":
            return self._of(scan.code, world)
        if self.vials and scan.says_done:
            event = VialsIssued(order=self.order, line=self.line, vials=self.vials)
            refusal = world.lacks_role(event)
            if refusal is not None:
                return refused_by(self, refusal, event)
            state = replace(self, taker=True)
            return question(state, f"Vials {amounts.listed(self.vials)}. {state.hint}")
        return self._vial(scan.code, world) if self.order and scan.kind == "vial" else unexpected(self, scan)

    def _of(self, order: str, world: World) -> Step:
        state = Issue(order)
        out = [row.code for row in world.facts.where(Vial, order_code=order) if row.custody == "out"]
        ready = f"Out and reserved for it: {amounts.listed(out)}. " if out else "None of its vials is out yet. "
        return question(state, f"{ready}{state.hint}").on("order", order)

    def _vial(self, code: str, world: World) -> Step:
        if code in self.vials:
            return refuse(self, f"Vial {code} was scanned already. {self.hint}").on("vial", code)
        vial = need_vial(world.facts, code)
        line = self.line or (vial.order_line if vial.order_code == self.order else None) or 1
        event = VialsIssued(order=self.order, line=line, vials=(code,))
        refusal = world.foreseen(event)
        if refusal is not None:
            return refused_by(self, refusal, event).on("vial", code)
        state = replace(self, line=line, vials=(*self.vials, code))
        return question(state, f"Vial {code} may be issued. {state.hint}").on("vial", code)

    def _over_to(self, scan: Scanned, world: World) -> Step:
        receiver = scan.code if scan.kind == "badge" else None
        if receiver is None and not scan.says_done:
            return unexpected(self, scan)
        if receiver == world.person:
            return refuse(self, f"That is your own badge: with CMD-DONE they stay with you. {self.hint}")
        event = VialsIssued(order=self.order, line=self.line, vials=self.vials, receiver=receiver or None)
        text = f"Issued: {amounts.count(len(self.vials))} for order {self.order} line {self.line}"
        shown = f"ISSUE {amounts.listed(self.vials)} for order {self.order} line {self.line}"
        step = propose(
            None, f"{text}. CMD-THAW when they are thawed.", event, shown=shown + (f" to {receiver}" * bool(receiver))
        )
        return replace(step, signers=(("received", receiver),)) if receiver else step


@dataclass(frozen=True, slots=True)
class Thaw(Task):
    """Vials, for the patient they were issued for or another purpose; the method; one signature."""

    word: ClassVar[str] = "thaw"
    vials: tuple[str, ...] = ()
    purpose: str = ""
    listed: bool = False

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return "vial" if not self.listed else "method" if self.purpose else "purpose"

    @property
    def unsaved(self) -> bool:
        """True once vials were scanned."""
        return bool(self.vials)

    @property
    def hint(self) -> str:
        """What can be scanned now."""
        if not self.listed:
            return "Scan each vial that is thawed now; CMD-DONE after the last."
        if self.purpose:
            return f"How? {amounts.menu(METHODS)}; CMD-CONFIRM for {METHODS[0]}."
        return f"What for? {amounts.menu(PURPOSES)}."

    def take(self, scan: Scanned, world: World) -> Step:
        """Vials, then purpose and method."""
        if not self.listed:
            if self.vials and scan.says_done:
                state = replace(self, listed=True)
                return question(state, state.hint)
            return self._vial(scan.code, world) if scan.kind == "vial" else unexpected(self, scan)
        if not self.purpose:
            purpose = amounts.chosen(scan, PURPOSES)
            state = replace(self, purpose=purpose or "")
            return question(state, state.hint) if purpose else unexpected(self, scan)
        method = METHODS[0] if scan.says_yes else amounts.chosen(scan, METHODS)
        if method is None:
            return unexpected(self, scan)
        event = parse("VialsThawed", {"vials": self.vials, "purpose": self.purpose, "method": method})
        text = f"{amounts.listed(self.vials)} thawed for {self.purpose}; the deadline runs. CMD-PREPARE makes the dose."
        return propose(None, text, event, shown=f"THAW {amounts.listed(self.vials)} for {self.purpose} ({method})")

    def _vial(self, code: str, world: World) -> Step:
        vial = need_vial(world.facts, code)
        purpose = "therapy" if vial.custody == "issued" or vial.order_code else ""
        if code in self.vials:
            return refuse(self, f"Vial {code} was scanned already. {self.hint}").on("vial", code)
        if self.vials and purpose != self.purpose:
            return refuse(self, f"Vial {code} is not for the same purpose as the others: thaw it apart. {self.hint}")
        event = parse("VialsThawed", {"vials": (code,), "purpose": purpose or PURPOSES[0]})
        refusal = world.foreseen(event)
        if refusal is not None:
            return refused_by(self, refusal, event).on("vial", code)
        state = replace(self, vials=(*self.vials, code), purpose=purpose)
        where = whereabouts(world.facts, vial)
        return question(state, f"Vial {code} ({where}) may be thawed. {state.hint}").on("vial", code)


@dataclass(frozen=True, slots=True)
class HandOver(Task):
    """Dose, then the badge of the person who takes it; both sign."""

    word: ClassVar[str] = "hand over"
    dose: str = ""

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return "badge" if self.dose else "dose"

    @property
    def hint(self) -> str:
        """What can be scanned now."""
        return f"Scan the badge of the person who takes dose {self.dose}." if self.dose else "Scan the dose."

    def take(self, scan: Scanned, world: World) -> Step:
        """The dose and the receiver."""
        if not self.dose:
            if scan.kind != "dose":
                return unexpected(self, scan)
            event = DoseHandedOver(dose=scan.code, receiver=world.person)
            refusal = world.lacks_role(event)
            if refusal is not None:
                return refused_by(self, refusal, event).on("dose", scan.code)
            state = HandOver(scan.code)
            text = describe("dose", scan.code, world)
            return question(state, f"{text} {state.hint}").on("dose", scan.code)
        if scan.kind != "badge" or not scan.code:
            return unexpected(self, scan)
        if scan.code == world.person:
            return refuse(self, f"That is your own badge. {self.hint}")
        event = DoseHandedOver(dose=self.dose, receiver=scan.code)
        shown = f"HAND OVER dose {self.dose} to {scan.code}"
        text = f"Dose {self.dose} is with {scan.code}. At the bedside: CMD-BEDSIDE."
        step = propose(None, text, event, shown=shown).on("dose", self.dose)
        return replace(step, signers=(("received", scan.code),))
