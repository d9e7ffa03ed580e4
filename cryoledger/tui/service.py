"""The other side of `to_thread`: the desk and its vault, with every failure turned into an answer."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from cryoledger.codes import Command
from cryoledger.custody.desk import Answer, Desk
from cryoledger.errors import CryoledgerError
from cryoledger.tui.desks.sheet import Sheet, line
from cryoledger.tui.reading import Reader
from cryoledger.tui.scanner_check import ScannerCheck
from cryoledger.tui.view import Shown, View

if TYPE_CHECKING:
    from cryoledger.custody.workflow import Task
    from cryoledger.tui.desks.ask import Ask
    from cryoledger.tui.desks.verification import Verification

_LOG = logging.getLogger(__name__)


class Service:
    """Called by one worker, a call at a time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._reader = Reader(desk.vault)
        self._view = View()
        self._check: ScannerCheck | None = None

    def now(self) -> datetime:
        """The time by the vault's clock."""
        return self._desk.vault.clock.now()

    def scan(self, text: str, typed: bool = False, secret: bool = False) -> Shown:
        """Hand a scan to the desk. `secret` is not kept, whatever becomes of it."""
        if self._check is not None and not secret and self._desk.ask != "pin":
            return self._checked(text)
        try:
            answer = self._desk.scan(text, typed=typed)
        except Exception as error:  # noqa: BLE001 - whatever fails, the next vial in a warming hand is answered
            answer = Answer("" if secret else text, "refused", _told(error), self._desk.ask, None)
        if answer.outcome == "recorded" and answer.subject is not None and answer.subject[0] == "dose":
            answer = self._with_papers(answer)
        if answer.outcome == "recorded" and text.strip() == Command.CONFIRM.barcode:
            answer = self._with_new_label(answer)
        text = "PIN" if secret else answer.scan or "(not shown)"
        return Shown(answer, self.view(answer.subject), text, typed)

    def begin(self, task: Task) -> Shown:
        """Open a task that a desk offers."""
        try:
            answer = self._desk.begin(task)
        except Exception as error:  # noqa: BLE001 - as for a scan
            answer = Answer("", "refused", _told(error), self._desk.ask, None)
        return Shown(answer, self.view(answer.subject), task.word)

    def perform(self, act: str, row: str) -> Shown:
        """Do what a row or the palette offers by name: print, check the scanner, or change one's own PIN."""
        from cryoledger.custody.workflow.entering import Entering
        from cryoledger.tui.desks import printing

        if act == "own-pin" and self._desk.person is not None:
            return self.begin(Entering("PinChanged", (("person", self._desk.person.name),)))
        if act == "scanner-check":
            self._check = ScannerCheck()
            return Shown(Answer("", "question", self._check.hint, self._desk.ask, None), self.view(), act)
        acts = {
            "label": printing.print_dose_label, "papers": printing.print_papers, "badge": printing.print_badge,
            "order-label": printing.print_order_label, "printer-test": printing.print_test,
            "printer-remove": printing.forget_printer,
        }  # fmt: skip
        try:
            answer = Answer("", "info", acts[act](self._desk.vault, row), self._desk.ask, None)
        except Exception as error:  # noqa: BLE001 - as for a scan
            answer = Answer("", "refused", _told(error), self._desk.ask, None)
        return Shown(answer, self.view(), act)

    def _with_papers(self, answer: Answer) -> Answer:
        """An answer with where the accompanying document of a dose that was handed over is."""
        from cryoledger.tui.desks import printing

        vault = self._desk.vault
        try:
            if self._last_type() != "DoseHandedOver" or answer.subject is None:
                return answer
            return replace(answer, message=f"{printing.print_papers(vault, answer.subject[1])} {answer.message}")
        except Exception as error:  # noqa: BLE001 - the dose was handed over, whatever becomes of its document
            return replace(answer, message=f"{answer.message} Its document is not printed: {_told(error)}")

    def _with_new_label(self, answer: Answer) -> Answer:
        """An answer with where the label is printed that a vial was given just now, under the site's next code."""
        from cryoledger.tui.desks import printing

        vault = self._desk.vault
        try:
            if self._last_type() != "VialLabelReplaced" or answer.subject is None or vault.signed_in is None:
                return answer
            told = printing.print_new_label(vault, answer.subject[1], vault.signed_in)
            return replace(answer, message=f"{answer.message} {told}")
        except Exception as error:  # noqa: BLE001 - the code is recorded, whatever becomes of its label
            return replace(answer, message=f"{answer.message} Its label is not printed: {_told(error)}")

    def _last_type(self) -> str:
        """The type of the ledger's last entry; "" where there is none."""
        with self._desk.vault.store.reading() as now:
            head = now.head()
            last = now.recorded(head.number) if head is not None else None
        return last.type if last is not None else ""

    def _checked(self, text: str) -> Shown:
        """A scan as the scanner check judges it; a command ends the check."""
        assert self._check is not None
        if text.strip() == Command.CANCEL.barcode:
            self._check = None
            outcome, said = "info", "The scanner check is left."
        else:
            outcome, said = self._check.take(text)
            self._check = None if self._check.over else self._check
        return Shown(Answer(text, outcome, said, self._desk.ask, None), self.view(), text)  # type: ignore[arg-type]

    def sheet(self, name: str, ask: Ask) -> Sheet:
        """What a desk shows; why it cannot, where the vault cannot be read just now."""
        from cryoledger.tui.desks.reading import read_sheet

        try:
            return read_sheet(self._desk, name, ask)
        except Exception as error:  # noqa: BLE001 - whatever fails, the screen goes on and says so
            return Sheet(head=(line(_told(error), "bad"),))

    def verification(self) -> Verification:
        """A verification of this vault, not begun yet."""
        from cryoledger.tui.desks.verification import Verification

        return Verification(str(self._desk.vault.store.location), self._desk.vault.fingerprint)

    def report(self, message: str, text: str = "") -> Shown:
        """An answer of the screen's own, to keys that never became a scan; the desk awaits what it awaited."""
        return Shown(Answer(text, "broken", message, self._desk.ask, None), self.view(), text or "(keys)")

    def tick(self) -> Shown | None:
        """Let the desk lock itself; the answer where it did."""
        answer = self._desk.tick()
        return None if answer is None else Shown(answer, self.view(answer.subject), "(idle)")

    def view(self, subject: tuple[str, str] | None = None) -> View:
        """What the screen shows; what it showed before where the vault cannot be read just now."""
        try:
            self._view = self._reader.read(self._desk, subject)
        except Exception:  # noqa: BLE001 - the next scan is answered all the same
            _LOG.exception("the view could not be read")
        if self._check is not None:
            return replace(self._view, hint=self._check.hint, ask="scan")
        return self._view

    def open(self, unit: str) -> View:
        """Go to a storage unit on the map."""
        try:
            self._reader.open(unit)
        except Exception:  # noqa: BLE001 - as above
            _LOG.exception("the unit could not be read")
        return self.view()

    def close(self) -> None:
        """Lock the station."""
        self._desk.close()


def _told(error: Exception) -> str:
    """What a person is told of a failure; one that nobody foresaw stands in the log."""
    if isinstance(error, CryoledgerError):
        return str(error)
    _LOG.error("the program failed", exc_info=error)
    name = type(error).__name__
    return f"The program failed ({name}). Scan the vial to see whether it was recorded, and report this."
