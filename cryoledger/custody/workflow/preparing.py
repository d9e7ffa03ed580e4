"""Preparing a dose: thawed vials with what each gave, diluent, count, viability, container, code; one signature."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from cryoledger.codes import Kind, make
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
from cryoledger.domain.events.treatment import DosePrepared, Source
from cryoledger.domain.facts import Facts
from cryoledger.domain.records import ScanCode, Vial
from cryoledger.errors import CodeError

Stage = Literal["order", "vial", "volume", "diluent", "cells", "viability", "container", "dose"]
CONTAINERS = ("syringe", "bag", "vial")
CELLS_MAX = 10**15


@dataclass(frozen=True, slots=True)
class Prepare(Task):
    """Order, vials and volumes, diluent, cells, viability, container, dose code."""

    word: ClassVar[str] = "prepare"
    stage: Stage = "order"
    order: str = ""
    line: int = 0
    sources: tuple[tuple[str, int], ...] = ()
    vial: str = ""
    left: int = 0
    diluent: int = 0
    cells: int = 0
    viability: int = 0
    container: str = ""

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return self.stage

    @property
    def unsaved(self) -> bool:
        """True once a vial was scanned."""
        return bool(self.sources or self.vial)

    @property
    def hint(self) -> str:
        """What can be scanned now."""
        end = "; CMD-DONE after the last" if self.sources else ""
        hints: dict[Stage, str] = {
            "order": "Scan the order.",
            "vial": f"Scan each thawed vial of order {self.order}{end}.",
            "volume": f"How much of vial {self.vial}? Type mL, like 0.9; CMD-CONFIRM for all "
            f"{amounts.millilitres(self.left)}.",
            "diluent": "How much diluent was added? Type mL, 0 for none.",
            "cells": "How many viable cells are in the dose? Type millions, like 12.5.",
            "viability": "What is the viability after thawing? Type per cent, like 92.5.",
            "container": f"Into what? {amounts.menu(CONTAINERS)}; CMD-CONFIRM for {CONTAINERS[0]}.",
            "dose": "Scan the label of the dose, or CMD-CONFIRM for the next code of this site.",
        }
        return hints[self.stage]

    def take(self, scan: Scanned, world: World) -> Step:
        """What the stage asks for."""
        match self.stage:
            case "order":
                return self._order(scan, world)
            case "vial":
                return self._vial(scan, world)
            case "volume":
                return self._volume(scan)
            case "container":
                return self._container(scan)
            case "dose":
                return self._dose(scan, world)
            case _:
                return self._number(scan)

    def _order(self, scan: Scanned, world: World) -> Step:
        if scan.kind != "order":
            return unexpected(self, scan)
        thawed = [row.code for row in world.facts.where(Vial, order_code=scan.code) if row.custody == "thawed"]
        state = Prepare("vial", scan.code)
        ready = f"Thawed for it: {amounts.listed(thawed) or 'none'}."
        return question(state, f"{ready} {state.hint}").on("order", scan.code)

    def _vial(self, scan: Scanned, world: World) -> Step:
        if self.sources and scan.says_done:
            state = replace(self, stage="diluent")
            return question(state, state.hint)
        if scan.kind != "vial":
            return unexpected(self, scan)
        if scan.code in dict(self.sources):
            return refuse(self, f"Vial {scan.code} was scanned already. {self.hint}")
        vial = need_vial(world.facts, scan.code)
        if vial.remaining_microlitres < 1 or vial.custody not in ("thawed", "prepared"):
            where = whereabouts(world.facts, vial)
            text = f"Vial {vial.code} is {where}, {amounts.millilitres(vial.remaining_microlitres)} remain."
            return refuse(self, f"{text} {self.hint}").on("vial", vial.code)
        line = self.line or (vial.order_line if vial.order_code == self.order else None) or 1
        state = replace(self, stage="volume", vial=vial.code, left=vial.remaining_microlitres, line=line)
        event = state.event(((vial.code, 1),), "?", 1)
        refusal = world.foreseen(event)
        if refusal is not None:
            return refused_by(self, refusal, event).on("vial", vial.code)
        return question(state, state.hint).on("vial", vial.code)

    def _volume(self, scan: Scanned) -> Step:
        volume = self.left if scan.says_yes else amounts.thousandths(amounts.number(scan))
        if not volume:
            return unexpected(self, scan)
        if volume > self.left:
            return refuse(self, f"Vial {self.vial} holds {amounts.millilitres(self.left)}. {self.hint}")
        state = replace(self, stage="vial", sources=(*self.sources, (self.vial, volume)), vial="")
        return question(state, state.hint)

    def _number(self, scan: Scanned) -> Step:
        text = amounts.number(scan)
        value = amounts.millionths(text) if self.stage == "cells" else amounts.thousandths(text)
        if value is None or value > CELLS_MAX:
            return unexpected(self, scan)
        if self.stage == "diluent":
            state = replace(self, stage="cells", diluent=value)
        elif self.stage == "cells":
            if not value:
                return unexpected(self, scan)
            state = replace(self, stage="viability", cells=value)
        else:
            if value > 100_000:
                return refuse(self, f"A viability is at most 100 %. {self.hint}")
            state = replace(self, stage="container", viability=value)
        return question(state, state.hint)

    def _container(self, scan: Scanned) -> Step:
        container = CONTAINERS[0] if scan.says_yes else amounts.chosen(scan, CONTAINERS)
        if container is None:
            return unexpected(self, scan)
        state = replace(self, stage="dose", container=container)
        return question(state, state.hint)

    def _dose(self, scan: Scanned, world: World) -> Step:
        code = next_dose(world.facts, world.prefix) if scan.says_yes else scan.text if scan.kind == "text" else ""
        if self.container == "vial" and scan.kind == "vial":
            code = scan.code
        if not code:
            return refuse(self, f"That is not a free label for a dose. {self.hint}")
        event = self.event(self.sources, code, self.cells)
        refusal = world.foreseen(event)
        if refusal is not None:
            return refused_by(self, refusal, event)
        given = ", ".join(f"{amounts.millilitres(volume)} of {vial}" for vial, volume in self.sources)
        shown = (
            f"PREPARE dose {code} ({self.container}) for order {self.order} line {self.line}: {given}, "
            f"{amounts.millilitres(self.diluent)} diluent, {amounts.millions(self.cells)}, "
            f"viability {self.viability / 1000:g} %"
        )
        text = f"Dose {code} is prepared. CMD-WASTE for what remains of its vials, then CMD-HAND-OVER."
        return propose(None, text, event, shown=shown).on("dose", code)

    def event(self, sources: tuple[tuple[str, int], ...], dose: str, cells: int) -> DosePrepared:
        """The dose as it would be recorded with these sources."""
        return DosePrepared.model_validate({
            "dose": dose, "order": self.order, "line": self.line, "container": self.container or CONTAINERS[0],
            "sources": tuple(Source(vial=vial, volume_microlitres=volume) for vial, volume in sources),
            "diluent_microlitres": self.diluent, "sampled_microlitres": 0, "cells": cells,
            "volume_microlitres": sum(volume for _, volume in sources) + self.diluent,
            "viability_millipercent": self.viability,
        })  # fmt: skip


def next_dose(facts: Facts, prefix: str) -> str:
    """The site's next free local code of a dose, found by doubling and halving: codes are given out in order."""

    def free(number: int) -> bool:
        return facts.get(ScanCode, make(prefix, Kind.DOSE, number)) is None

    try:
        high = 1
        while not free(high):
            high *= 2
        low = high // 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if free(middle) else (middle, high)
        return make(prefix, Kind.DOSE, high)
    except CodeError:
        return ""
