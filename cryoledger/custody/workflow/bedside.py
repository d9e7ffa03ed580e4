"""At the bedside: wristband, dose and order must belong together; any mismatch stops and begins anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from cryoledger.custody.workflow import amounts
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
from cryoledger.custody.workflow.treatment import need_dose
from cryoledger.domain.catalogue import parse
from cryoledger.domain.events.treatment import BedsideCheckPassed
from cryoledger.errors import Refusal

REACTIONS = ("none", "mild", "moderate", "severe")


@dataclass(frozen=True, slots=True)
class Bedside(Task):
    """Wristband, dose, order; two signatures. Only the patient and the HMAC of the wristband are kept."""

    word: ClassVar[str] = "bedside"
    patient: str = ""
    band: str = ""
    dose: str = ""

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return "order" if self.dose else "dose" if self.patient else "wristband"

    @property
    def unsaved(self) -> bool:
        """True once a wristband was scanned."""
        return bool(self.patient)

    @property
    def hint(self) -> str:
        """What can be scanned now."""
        if self.dose:
            return "Scan the order."
        return "Scan the dose." if self.patient else "Scan the patient's wristband."

    def take(self, scan: Scanned, world: World) -> Step:
        """The three scans."""
        if not self.patient:
            return self._band(scan)
        if not self.dose:
            return self._dose(scan, world)
        return self._order(scan, world) if scan.kind == "order" else unexpected(self, scan)

    def _band(self, scan: Scanned) -> Step:
        if scan.kind in ("text", "wristband") and not scan.code:
            refusal = Refusal(
                "I4.patient", "STOP. This wristband is of no patient registered here.",
                "Give nothing. Check the patient's identity, and scan the wristband again.", safety=True,
            )  # fmt: skip
            return Step("refused", str(refusal), self, refusal=refusal)
        if scan.kind != "wristband":
            return unexpected(self, scan)
        state = Bedside(scan.code, scan.band)
        return question(state, f"The wristband is that of patient {scan.code}. {state.hint}")

    def _dose(self, scan: Scanned, world: World) -> Step:
        if scan.kind != "dose":
            return unexpected(self, scan)
        dose = need_dose(world.facts, scan.code)
        if dose.patient != self.patient:
            why = f"Dose {dose.code} is for another patient."
            return self._stop("I4.patient", why, scan.code, dose.order_code, world)
        state = replace(self, dose=scan.code)
        return question(state, f"Dose {dose.code} is for this patient. {state.hint}").on("dose", dose.code)

    def _order(self, scan: Scanned, world: World) -> Step:
        dose = need_dose(world.facts, self.dose)
        if dose.order_code != scan.code:
            return self._stop("I4.order", f"Dose {dose.code} is not of order {scan.code}.", dose.code, scan.code, world)
        event = self._event(dose.code, dose.order_code, dose.order_line)
        refusal = world.foreseen(event, dose.custodian)
        if refusal is not None:
            return refused_by(Bedside(), refusal, event, "" if refusal.message.startswith("STOP") else "STOP. ")
        volume, cells = amounts.millilitres(dose.volume_microlitres), amounts.millions(dose.cells)
        what = f"patient {self.patient}, dose {dose.code}, order {dose.order_code}, {volume}, {cells}"
        text = f"The bedside check of dose {dose.code} passed: it may be given now. Afterwards CMD-COMPLETE."
        return propose(None, text, event, shown=f"BEDSIDE CHECK passed: {what}").on("dose", dose.code)

    def _event(self, dose: str, order: str, line: int) -> BedsideCheckPassed:
        return BedsideCheckPassed(dose=dose, order=order, line=line, patient=self.patient, band=self.band)

    def _stop(self, rule: str, why: str, dose: str, order: str, world: World) -> Step:
        line = need_dose(world.facts, dose).order_line
        advice = "Do not give it. The check begins anew: scan the wristband."
        refusal = Refusal(rule, f"STOP. {why}", advice, safety=True, subject=dose)
        return refused_by(Bedside(), refusal, self._event(dose, order, line)).on("dose", dose)


Stage = Literal["dose", "start", "end", "given", "wasted", "reaction"]


@dataclass(frozen=True, slots=True)
class Complete(Task):
    """Dose, when it started and ended, what was given and wasted, reaction; two signatures."""

    word: ClassVar[str] = "complete"
    stage: Stage = "dose"
    dose: str = ""
    start: str = ""
    end: str = ""
    volume: int = 0
    given: int = 0
    wasted: int = 0

    @property
    def ask(self) -> str:
        """What is awaited now."""
        asks = {"start": "time", "end": "time", "given": "volume", "wasted": "volume"}
        return asks.get(self.stage, self.stage)

    @property
    def unsaved(self) -> bool:
        """True once times were given."""
        return bool(self.start)

    @property
    def hint(self) -> str:
        """What can be scanned now."""
        hints: dict[Stage, str] = {
            "dose": "Scan the dose that was given.",
            "start": "When did it start? Type HH:MM.",
            "end": "When did it end? Type HH:MM; CMD-CONFIRM for now.",
            "given": f"How much was given? Type mL; CMD-CONFIRM for all {amounts.millilitres(self.volume)}.",
            "wasted": f"How much was wasted? Type mL; CMD-CONFIRM for {amounts.millilitres(self.volume - self.given)}.",
            "reaction": f"Was there a reaction? {amounts.menu(REACTIONS)}.",
        }
        return hints[self.stage]

    def take(self, scan: Scanned, world: World) -> Step:
        """What the stage asks for."""
        if self.stage == "dose":
            return self._dose(scan, world)
        if self.stage in ("start", "end"):
            return self._time(scan, world)
        return self._end(scan, world) if self.stage == "reaction" else self._volume(scan)

    def _dose(self, scan: Scanned, world: World) -> Step:
        if scan.kind != "dose":
            return unexpected(self, scan)
        dose = need_dose(world.facts, scan.code)
        if dose.custody != "checked":
            text = f"Dose {dose.code} is {dose.custody}: no bedside check of it waits for completion."
            return refuse(self, f"{text} {self.hint}").on("dose", dose.code)
        state = Complete("start", dose.code, volume=dose.volume_microlitres)
        return question(state, state.hint).on("dose", dose.code)

    def _time(self, scan: Scanned, world: World) -> Step:
        now = self.stage == "end" and scan.says_yes
        given = world.now if now else amounts.moment(amounts.number(scan), world)
        if given is None:
            return unexpected(self, scan)
        earliest = self.start or need_dose(world.facts, self.dose).last_at
        given = amounts.within_minute(given, earliest)
        if given < earliest:
            what = "it started" if self.start else "the bedside check"
            return refuse(self, f"That is before {what} ({world.local(earliest)}). {self.hint}")
        if given > world.now:
            return refuse(self, f"That is still to come. {self.hint}")
        start = self.stage == "start"
        state = replace(self, stage="end", start=given) if start else replace(self, stage="given", end=given)
        return question(state, state.hint)

    def _volume(self, scan: Scanned) -> Step:
        rest = self.volume - self.given
        volume = rest if scan.says_yes else amounts.thousandths(amounts.number(scan))
        if volume is None:
            return unexpected(self, scan)
        if volume > rest or (self.stage == "given" and not volume) or (self.stage == "wasted" and volume != rest):
            want = f"given and wasted are together {amounts.millilitres(self.volume)}, and something was given"
            return refuse(self, f"That does not add up: {want}. {self.hint}")
        if self.stage == "given" and volume < rest:
            state = replace(self, stage="wasted", given=volume)
        elif self.stage == "given":
            state = replace(self, stage="reaction", given=volume)
        else:
            state = replace(self, stage="reaction", wasted=volume)
        return question(state, state.hint)

    def _end(self, scan: Scanned, world: World) -> Step:
        reaction = amounts.chosen(scan, REACTIONS)
        if reaction is None:
            return unexpected(self, scan)
        dose = need_dose(world.facts, self.dose)
        event = parse("AdministrationCompleted", {
            "dose": dose.code, "order": dose.order_code, "patient": dose.patient, "started_at": self.start,
            "ended_at": self.end, "given_microlitres": self.given, "wasted_microlitres": self.wasted,
            "reaction": reaction,
        })  # fmt: skip
        refusal = world.foreseen(event)
        if refusal is not None:
            return refused_by(self, refusal, event)
        shown = (
            f"ADMINISTRATION of dose {dose.code} to patient {dose.patient}, {world.local(self.start)} to "
            f"{world.local(self.end)}, given {amounts.millilitres(self.given)}, wasted "
            f"{amounts.millilitres(self.wasted)}, reaction {reaction}"
        )
        return propose(None, f"The administration of dose {dose.code} is complete.", event, shown=shown).on(
            "dose", dose.code
        )
