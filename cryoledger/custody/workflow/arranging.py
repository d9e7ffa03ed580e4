"""What is entered of a station and no entry records: its printers, and the invitation of a further station.

Arranging("printer")        # asks as a form does; the desk then does it, or asks for the PIN that it takes
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryoledger.custody.workflow.blanks import Blank, Form
from cryoledger.custody.workflow.entering import Entering
from cryoledger.custody.workflow.steps import Step, World
from cryoledger.labels.stock import DOTS_PER_INCH

__all__ = ["ARRANGEMENTS", "INVITATION", "PDF", "PRINTER", "SILENT", "Arranging"]

PRINTER, INVITATION = "printer", "invitation"
ANSWERS, SILENT, PDF = "it speaks ZPL and answers", "it speaks ZPL and never answers", "it has a driver and takes PDF"

ARRANGEMENTS: Final[Mapping[str, Form]] = {
    PRINTER: Form("PRINTER", "The printer is entered.", (
        Blank("name", "text", "What is the printer's name at this station?"),
        Blank("address", "text", "Where is it? Type tcp://HOST:9100 or cups:NAME."),
        Blank("stock", "text", "Which roll or sheet is in it? `cryoledger label list` names them.",
              optional="what fits the label"),
        Blank("dpi", "choice", "How many dots an inch has it?", choices=tuple(map(str, sorted(DOTS_PER_INCH))),
              optional="300"),
        Blank("layout", "text", "For which layout alone?", optional="any"),
        Blank("kind", "choice", "What is it?", choices=(ANSWERS, SILENT, PDF), default=ANSWERS),
    )),
    INVITATION: Form("INVITATION", "", (
        Blank("station", "text", "What is the new workstation's name?"),
    )),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Arranging(Entering):
    """The answers so far; `act` is one of ARRANGEMENTS."""

    @property
    def form(self) -> Form:
        """What is filled in."""
        return ARRANGEMENTS[self.act]

    @property
    def choices(self) -> tuple[str, ...]:
        """What may be chosen for the next answer; () where it is not chosen from a list."""
        return self.blank.choices if self.blank is not None else ()

    def opening(self, world: World) -> Step:
        """The next question, or what is to be done once all is answered."""
        if self.blank is not None:
            return self._asked(self.blank, world)
        shown = f"{self.form.title}: {self.told(world)}"
        return Step("propose", self.form.done, None, shown=shown, act=self.act, answers=self.answers)
