"""Filling in an act of the catalogue, one answer at a time: what a desk asks for what no command barcode starts.

    Entering("LotRejected", (("lot", "L1"),))     # asks for the reason, of those that the event's declaration lists

Every answer can be scanned, typed, or chosen by its number, so a screen and the line mode ask alike. What may be
answered is read off the event's declaration; whether the act is allowed is the rulebook's to say.
"""

from __future__ import annotations

import typing
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from cryoledger.custody.definitions import limit_text, next_version, requirement, specification_of
from cryoledger.custody.workflow import amounts
from cryoledger.custody.workflow.answering import value_of
from cryoledger.custody.workflow.blanks import Answers, Blank, Form, Value, code_of
from cryoledger.custody.workflow.forms import FORMS
from cryoledger.custody.workflow.steps import (
    Scanned,
    Step,
    Task,
    World,
    lacking_role,
    propose,
    question,
    refuse,
    refused_by,
    unexpected,
)
from cryoledger.domain import catalogue
from cryoledger.domain.facts import Facts
from cryoledger.domain.fields import Event
from cryoledger.domain.records import Lot, Product, Specification
from cryoledger.errors import RequestError

_LISTED = ("test", "product")
_UNTOLD = ("by", "band")
_UNITS = {
    "volume_microlitres": "volume", "weight_grams": "weight", "cells_max": "at most", "cells_per_kilogram": "per kg",
    "storage_celsius_max": "storage at most °C", "due_on": "needed on", "item_code": "code in the vial scheme",
    "celsius_max": "at most °C", "cells_per_vial": "in each vial", "scope": "consent to", "parent": "in",
    "freezing_record_sha256": "freezing record", "worst_celsius": "at the warmest °C", "file_sha256": "logger's file",
    "started_at": "from", "ended_at": "to",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entering(Task):
    """An act and the answers so far; `open` holds what was given for a blank that takes several.

    `listed` are the codes that may be chosen where no declaration lists them; `kept` are defaults that the present
    version of a thing gives, by field.
    """

    word: ClassVar[str] = "form"
    act: str = ""
    answers: Answers = ()
    open: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    kept: tuple[tuple[str, str], ...] = ()

    @property
    def form(self) -> Form:
        """What is filled in."""
        return FORMS[self.act]

    @property
    def blank(self) -> Blank | None:
        """The next answer that is missing; None once all are given."""
        given = dict(self.answers)
        return next((blank for blank in self.form.blanks if blank.field not in given and blank.when(given)), None)

    @property
    def default(self) -> str:
        """What CMD-CONFIRM answers now; "" where it answers nothing."""
        blank = self.blank
        return dict(self.kept).get(blank.field, blank.default) if blank is not None else ""

    @property
    def choices(self) -> tuple[str, ...]:
        """What may be chosen for the next answer; () where it is not chosen from a list."""
        blank = self.blank
        if blank is None:
            return ()
        return self.listed if blank.asks in _LISTED else blank.choices or choices_of(self.act, blank.field)

    @property
    def ask(self) -> str:
        """What is awaited now."""
        blank = self.blank
        if blank is None:
            return "confirm"
        return blank.kinds[0] if len(blank.kinds) == 1 else blank.asks

    @property
    def unsaved(self) -> bool:
        """True once something was answered here."""
        return bool(self.open) or len(self.answers) > 1

    @property
    def hint(self) -> str:
        """What can be scanned now."""
        blank = self.blank
        if blank is None:
            return "CMD-CONFIRM signs it; CMD-CANCEL leaves it."
        named = [code_of(each) if blank.kinds else each for each in self.open]
        listed = f" {amounts.listed(named)} so far." if named else ""
        otherwise = "" if blank.many else self.default or blank.optional
        default = f" CMD-CONFIRM for {otherwise}." if otherwise else ""
        if self.choices:
            return f"{blank.prompt}{listed} {amounts.menu(self.choices)}.{default}"
        day = " Type YYYY-MM-DD." if blank.asks == "date" else ""
        day = " Type YYYY-MM-DD; CMD-CONFIRM for today." if blank.asks == "day" else day
        return f"{blank.prompt}{listed}{day}{default}"

    @property
    def new_band_of(self) -> str:
        """The patient whose new wristband is scanned next; "" where none is."""
        blank = self.blank
        return str(dict(self.answers)["patient"]) if blank is not None and blank.asks == "wristband" else ""

    def take(self, scan: Scanned, world: World) -> Step:
        """The next answer."""
        blank = self.blank
        if blank is None:
            return self.opening(world) if scan.says_yes else unexpected(self, scan)
        if blank.many:
            return (self._several if blank.kinds else self._one_more)(blank, scan, world)
        if self.default and scan.says_yes:
            scan = Scanned("text", text=self.default)
        elif blank.optional and scan.says_yes:
            return self._with(blank, "").opening(world)
        if blank.asks == "wristband" and scan.kind == "wristband" and scan.code:
            return refuse(self, f"This is the wristband of patient {scan.code} already. {self.hint}")
        try:
            value = value_of(blank, scan, world, self.choices)
        except RequestError as error:  # of what was typed, and not of the act
            return refuse(self, f"{error} {self.hint}")
        return unexpected(self, scan) if value is None else self._with(blank, value).opening(world)

    def _with(self, blank: Blank, value: Value) -> Entering:
        return replace(self, answers=(*self.answers, (blank.field, value)), open=())

    def _several(self, blank: Blank, scan: Scanned, world: World) -> Step:
        if self.open and scan.says_done:
            codes = tuple(self.open if len(blank.kinds) > 1 else map(code_of, self.open))
            return self._with(blank, codes).opening(world)
        if scan.kind not in blank.kinds:
            return unexpected(self, scan)
        thing = f"{scan.kind} {scan.code}"
        if thing in self.open:
            return refuse(self, f"The {thing} was scanned already. {self.hint}")
        if self.act == "HoldPlaced" and self.open and not self.open[0].startswith(f"{scan.kind} "):
            return refuse(self, f"One hold lies on things of one kind. {self.hint}")
        state = replace(self, open=(*self.open, thing))
        return question(state, state.hint).on(scan.kind, scan.code)

    def _one_more(self, blank: Blank, scan: Scanned, world: World) -> Step:
        """A further day, role or test: one of the same name takes the place of the other."""
        if scan.says_done:
            done = bool(self.open or blank.optional)
            return self._with(blank, self.open).opening(world) if done else unexpected(self, scan)
        text = amounts.number(scan).strip()
        if blank.asks == "requirement":
            name = text.removeprefix("no ") if text.startswith("no ") else _test_name(text)
            rest = tuple(each for each in self.open if _test_name(each) != name)
            if not text.startswith("no "):
                try:
                    requirement(text)
                except RequestError as error:
                    return refuse(self, f"{error} {self.hint}")
                rest = (*rest, text)
        else:
            value = value_of(blank, scan, world, self.choices)
            if value is None:
                return unexpected(self, scan)
            if value in self.open:
                return refuse(self, f"{value} was given already. {self.hint}")
            rest = (*self.open, str(value))
        state = replace(self, open=rest)
        return question(state, state.hint)

    def opening(self, world: World) -> Step:
        """The next question, or the proposal once all is answered."""
        lacking = lacking_role(world.facts, world.person, catalogue.of(self.act).signing.lines[0])
        if lacking is not None:
            return Step("refused", str(lacking), None, refusal=lacking, act=self.act)
        if self.blank is not None:
            return self._asked(self.blank, world)
        if self.form.makes_key or self.form.asks_vault:
            shown = f"{self.form.title}: {self.told(world)}"
            return Step("propose", self.form.done, None, shown=shown, act=self.act, answers=self.answers)
        event = self.event()
        refusal = world.foreseen(event) or world.lacks_role(event)
        if refusal is not None:
            return refused_by(None, refusal, event)
        step = propose(None, self.form.done, event, shown=f"{self.form.title}: {self.told(world)}")
        subject = self.subject or first_of(event)
        return step.on(*subject) if subject is not None else step

    def _asked(self, blank: Blank, world: World) -> Step:
        """The question, with what may be chosen and what is kept of the thing as it is."""
        if blank.asks == "version":
            product = str(dict(self.answers)["product"])
            version = next_version(world.facts, product)
            return self._with(blank, version).keeping(world.facts, product, version - 1).opening(world)
        state = self
        if blank.asks in _LISTED:
            state = replace(self, listed=_tests(self, world) if blank.asks == "test" else _products(world))
        if blank.asks == "requirement":
            state = replace(self, open=tuple(dict(self.kept).get(blank.field, "").splitlines()))
        step = question(state, state.hint)
        return step.on(*self.subject) if self.subject else step

    def keeping(self, facts: Facts, product: str, version: int) -> Entering:
        """With the present version of a product as what CMD-CONFIRM keeps."""
        row = facts.get(Product, product, version)
        if row is None:
            return self
        kept = (
            ("name", row.name), ("storage_celsius_max", limit_text(row.storage_millicelsius_max)),
            ("post_thaw_minutes", str(row.post_thaw_minutes)),
            ("out_of_storage_minutes", str(row.out_of_storage_minutes)), ("label_layout", row.label_layout),
            ("item_code", row.item_code or ""),
            ("specification", "\n".join(specification_of(facts, product, version))),
        )  # fmt: skip
        return replace(self, kept=kept)

    def event(self) -> Event:
        """The event that the answers make."""
        return catalogue.parse(self.act, self.form.payload(dict(self.answers)))

    @property
    def subject(self) -> tuple[str, str] | None:
        """The thing that it is about, for its card."""
        for field, value in self.answers:
            blank = next(each for each in self.form.blanks if each.field == field)
            first = value[0] if isinstance(value, tuple) else value
            if blank.asks == "thing" and isinstance(first, str):
                return (blank.kinds[0], first) if len(blank.kinds) == 1 else (first.partition(" ")[0], code_of(first))
        return None

    def told(self, world: World) -> str:
        """The answers in one line, as they are signed; times as the site's clock shows them."""
        times = {blank.field for blank in self.form.blanks if blank.asks == "time"}
        return ", ".join(
            f"{_label(field)}{world.local(str(value)) if field in times else _shown(field, value)}"
            for field, value in self.answers
            if value not in ("", ()) and field not in _UNTOLD
        ) + self.form.more(dict(self.answers))


def first_of(event: Event) -> tuple[str, str] | None:
    """The thing that an event changes first; None where it names none."""
    return next(((each.kind, each.code) for each in catalogue.subjects(event) if each.touched), None)


def _label(field: str) -> str:
    """A field's name before its value; a thing stands with its kind already."""
    return "" if field in ("thing", "things") else f"{_UNITS.get(field, field).replace('_', ' ')} "


def _shown(field: str, value: Value) -> str:
    if isinstance(value, tuple):
        return amounts.listed(value, most=len(value))
    if field.endswith("_microlitres") and isinstance(value, int):
        return amounts.millilitres(value)
    if field.startswith("cells") and isinstance(value, int):
        return amounts.millions(value)
    if field == "weight_grams" and isinstance(value, int):
        return f"{value / 1000:g} kg"
    return f"{value / 1000:g}" if field == "value" and isinstance(value, int) else str(value)


def choices_of(act: str, field: str) -> tuple[str, ...]:
    """The words that an event's declaration allows for a field; () where it is not one of a few words."""
    info = catalogue.of(act).payload.model_fields.get(field)
    return (
        tuple(map(str, typing.get_args(info.annotation))) if info is not None and _is_literal(info.annotation) else ()
    )


def _test_name(text: str) -> str:
    """The name of a test as it is typed with its limits."""
    return text.partition("=")[0].partition(":")[0]


def _products(world: World) -> tuple[str, ...]:
    """The products that can be ordered, by code."""
    return tuple(sorted({row.code for row in world.facts.where(Product)}))


def _is_literal(annotation: object) -> bool:
    return typing.get_origin(annotation) is Literal


def _tests(task: Entering, world: World) -> tuple[str, ...]:
    """The tests that the lot's product asks for."""
    lot = world.facts.get(Lot, str(dict(task.answers).get("lot", "")))
    if lot is None:
        return ()
    return tuple(row.test for row in world.facts.where(Specification, product=lot.product, version=lot.version))
