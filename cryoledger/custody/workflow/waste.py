"""Discarding vials and doses, and wasting what remains of opened vials: always by two."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from cryoledger.custody.workflow import amounts
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
from cryoledger.domain.events.treatment import Remainder, RemaindersWasted
from cryoledger.domain.fields import Event

VIAL_REASONS = (
    "expired", "rejected", "recalled", "broken", "thawed-unused", "contaminated", "not-found", "other",
)  # fmt: skip
DOSE_REASONS = ("window-passed", "patient-condition", "broken", "contaminated", "order-cancelled", "other")


@dataclass(frozen=True, slots=True)
class Discard(Task):
    """Vials, or one dose; the reason; two signatures."""

    word: ClassVar[str] = "discard"
    vials: tuple[str, ...] = ()
    dose: str = ""
    listed: bool = False

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return "reason" if self.listed else "vial"

    @property
    def unsaved(self) -> bool:
        """True once vials were scanned."""
        return bool(self.vials)

    @property
    def hint(self) -> str:
        """What can be scanned now."""
        if self.listed:
            return f"Why? Type or scan the number: {amounts.menu(DOSE_REASONS if self.dose else VIAL_REASONS)}."
        return "Scan each vial to discard, CMD-DONE after the last; or scan one dose."

    def take(self, scan: Scanned, world: World) -> Step:
        """Vials or a dose, then the reason."""
        if self.listed:
            return self._because(scan)
        if self.vials and scan.says_done:
            state = replace(self, listed=True)
            return question(state, state.hint)
        if scan.kind == "dose" and not self.vials:
            return self._accept(self._event((), scan.code, "other"), Discard(dose=scan.code, listed=True), world)
        if scan.kind != "vial":
            return unexpected(self, scan)
        if scan.code in self.vials:
            return refuse(self, f"Vial {scan.code} was scanned already. {self.hint}").on("vial", scan.code)
        event = self._event((scan.code,), "", "other")
        where = whereabouts(world.facts, need_vial(world.facts, scan.code))
        step = self._accept(event, replace(self, vials=(*self.vials, scan.code)), world)
        return replace(step, message=f"Vial {scan.code}, {where}. {step.message}").on("vial", scan.code)

    def _accept(self, event: Event, state: Discard, world: World) -> Step:
        refusal = world.foreseen(event)
        return refused_by(self, refusal, event) if refusal is not None else question(state, state.hint)

    def _because(self, scan: Scanned) -> Step:
        reason = amounts.chosen(scan, DOSE_REASONS if self.dose else VIAL_REASONS)
        if reason is None:
            return unexpected(self, scan)
        what = f"dose {self.dose}" if self.dose else amounts.listed(self.vials)
        event = self._event(self.vials, self.dose, reason)
        return propose(None, f"Discarded: {what}.", event, shown=f"DISCARD {what} ({reason}), which is final")

    @staticmethod
    def _event(vials: tuple[str, ...], dose: str, reason: str) -> Event:
        if dose:
            return parse("DoseDiscarded", {"dose": dose, "reason": reason})
        return parse("VialsDiscarded", {"vials": vials, "reason": reason})


@dataclass(frozen=True, slots=True)
class Waste(Task):
    """Opened vials, each with the volume that is wasted; two signatures."""

    word: ClassVar[str] = "waste"
    vial: str = ""
    left: int = 0
    wasted: tuple[tuple[str, int], ...] = ()

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return "volume" if self.vial else "vial"

    @property
    def unsaved(self) -> bool:
        """True once vials were scanned."""
        return bool(self.wasted or self.vial)

    @property
    def hint(self) -> str:
        """What can be scanned now."""
        if self.vial:
            return f"CMD-CONFIRM wastes all {amounts.millilitres(self.left)} of vial {self.vial}; or type mL, like 0.1."
        return "Scan each opened vial, CMD-DONE after the last."

    def take(self, scan: Scanned, world: World) -> Step:
        """Vials and volumes."""
        if self.vial:
            return self._volume(scan, world)
        if self.wasted and scan.says_done:
            return self._propose()
        if scan.kind != "vial":
            return unexpected(self, scan)
        if scan.code in dict(self.wasted):
            return refuse(self, f"Vial {scan.code} was scanned already. {self.hint}")
        vial = need_vial(world.facts, scan.code)
        if vial.remaining_microlitres < 1:
            return refuse(self, f"Nothing remains in vial {vial.code}. {self.hint}").on("vial", vial.code)
        refusal = world.foreseen(event := _wasted([(vial.code, vial.remaining_microlitres)]))
        if refusal is not None:
            return refused_by(self, refusal, event).on("vial", vial.code)
        state = replace(self, vial=vial.code, left=vial.remaining_microlitres)
        return question(state, state.hint).on("vial", vial.code)

    def _volume(self, scan: Scanned, world: World) -> Step:
        volume = self.left if scan.says_yes else amounts.thousandths(amounts.number(scan))
        if not volume:
            return unexpected(self, scan)
        refusal = world.foreseen(event := _wasted([(self.vial, volume)]))
        if refusal is not None:
            return refused_by(self, refusal, event)
        state = Waste(wasted=(*self.wasted, (self.vial, volume)))
        return question(state, f"{amounts.millilitres(volume)} of vial {self.vial}. {state.hint}")

    def _propose(self) -> Step:
        what = ", ".join(f"{amounts.millilitres(volume)} of {vial}" for vial, volume in self.wasted)
        return propose(None, f"Wasted: {what}.", _wasted(self.wasted), shown=f"WASTE {what}")


def _wasted(volumes: tuple[tuple[str, int], ...] | list[tuple[str, int]]) -> RemaindersWasted:
    return RemaindersWasted(vials=tuple(Remainder(vial=vial, volume_microlitres=volume) for vial, volume in volumes))
