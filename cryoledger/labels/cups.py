"""Prints through a queue of CUPS, and follows each job until the printer has taken it or somebody must look.

ZPL goes raw, a few labels a job, so that what was printed is known to those few; a PDF is one job. A job that is
given up, that stands, or that does not end in bounded time is cancelled, and its labels do not count as sent: a
queue takes jobs for a printer that is off, and would print them days later, beside those of the next attempt.
Where the scheduler does not answer questions, what its queue took counts as sent.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryoledger.labels.cups_jobs import JobState, job_state
from cryoledger.labels.errors import PrinterError
from cryoledger.labels.sent import SECONDS_PER_LABEL, UNDER_WAY_MAX, Report, Sent

__all__ = ["QUEUE_NAME", "CupsPrinter"]

QUEUE_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,126}")
QUEUE_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.25
_REQUEST_ID: Final = re.compile(rb"request id is (\S+)")
_JOB: Final = re.compile(r"-([0-9]{1,9})$")
# An office printer's own settings may fit a sheet of labels to its margins, or print its back.
_AS_IT_IS: Final = ("print-scaling=none", "sides=one-sided", "number-up=1")
_NAMED: Final = {(210.0, 297.0): "A4", (215.9, 279.4): "Letter"}
_OF_THE_USER: Final = ("CUPS_SERVER", "HOME", "USER")  # where the scheduler is, and the user's own settings of it


@dataclass(frozen=True, slots=True)
class CupsPrinter:
    """A queue; `timeout` is what one question to it may take, `patience` a job beyond what its labels may take."""

    queue: str
    timeout: float = QUEUE_SECONDS
    patience: float = QUEUE_SECONDS

    def send(self, formats: Sequence[bytes], report: Report | None = None) -> Sent:
        """Print ZPL formats, one a label; `report` is given the count after each job."""
        sent, reference = 0, ""
        for at in range(0, len(formats), UNDER_WAY_MAX):
            part = formats[at : at + UNDER_WAY_MAX]
            reference = self._print(b"".join(part), ("raw",), len(part), sent)
            sent += len(part)
            if report is not None:
                report(sent)
        return Sent(sent, None, reference)

    def send_pdf(self, document: bytes, labels: int, page: tuple[float, float] | None = None) -> Sent:
        """Print a PDF of so many labels, at its own size, on one side, on paper of the page's millimetres."""
        media = () if page is None else (f"media={_media(*page)}",)
        return Sent(labels, None, self._print(document, (*_AS_IT_IS, *media), labels, 0))

    def _print(self, content: bytes, options: tuple[str, ...], labels: int, before: int) -> str:
        """Print one job; `before` is the number of labels that jobs before it printed."""
        try:
            reference = self._submit(content, options)
        except PrinterError as error:
            error.sent = before
            raise
        found = _JOB.search(reference)
        if found is not None:
            try:
                self._follow(int(found[1]), reference, labels, before)
            except KeyboardInterrupt:
                self._run(["cancel", reference], b"", may_fail=True)
                raise
        return reference

    def _submit(self, content: bytes, options: tuple[str, ...]) -> str:
        state = self._run(["lpstat", "-p", self.queue], b"", may_fail=True)
        if b"disabled" in state:
            raise PrinterError(f"The queue {self.queue} is stopped.", f"See why with: lpstat -p {self.queue}")
        chosen = [word for option in options for word in ("-o", option)]
        answer = self._run(["lp", "-d", self.queue, *chosen, "-"], content)
        found = _REQUEST_ID.search(answer)
        return found[1].decode("ascii", "replace") if found else ""

    def _follow(self, job: int, reference: str, labels: int, before: int) -> None:
        """Return when the printer took the job, or the scheduler cannot be asked; else cancel it and raise."""
        server = self._run(["lpstat", "-H"], b"", may_fail=True).decode("utf-8", "replace").strip()
        deadline = time.monotonic() + self.patience + labels * SECONDS_PER_LABEL
        while (state := job_state(server, job, self.timeout)) is not None:
            if state.done:
                return
            late = time.monotonic() > deadline
            if state.ended or state.stands or late:
                if not state.ended and self._took_it_after_all(server, job, reference):
                    return
                raise self._trouble(state, labels, before, late=late)
            time.sleep(_POLL_SECONDS)

    def _took_it_after_all(self, server: str, job: int, reference: str) -> bool:
        """Cancel the job; True where it was done before that."""
        self._run(["cancel", reference], b"", may_fail=True)
        deadline = time.monotonic() + self.timeout
        while (state := job_state(server, job, self.timeout)) is not None and time.monotonic() < deadline:
            if state.done or state.ended:
                return state.done
            time.sleep(_POLL_SECONDS)
        return False

    def _trouble(self, state: JobState, labels: int, before: int, *, late: bool) -> PrinterError:
        what = "has not printed" if late else "did not print"
        last, none = ("the label", "it does not count") if labels == 1 else (f"the {labels} labels", "none counts")
        first = f"{before} labels were printed before. " if before else ""
        return PrinterError(
            f"The queue {self.queue} {what} {last} of its last job: {state.why}. The job was cancelled.",
            f"{first}Look at the printer; destroy what came out of the last job, {none} as printed.",
            sent=before,
            confirmed=before,
        )

    def _run(self, command: list[str], content: bytes, *, may_fail: bool = False) -> bytes:
        program = shutil.which(command[0])
        if program is None:
            raise PrinterError(f"{command[0]!r} is not on this machine.", "Install CUPS, or print to a file.")
        kept = {name: os.environ[name] for name in _OF_THE_USER if name in os.environ}
        try:
            done = subprocess.run(  # noqa: S603 - a fixed program; the queue's name is checked
                [program, *command[1:]],
                input=content,
                capture_output=True,
                timeout=self.timeout,
                check=False,
                env={**kept, "LC_ALL": "C", "PATH": "/usr/bin:/bin"},
            )
        except subprocess.TimeoutExpired as error:
            raise PrinterError(f"The queue {self.queue} did not answer within {self.timeout:g} s.") from error
        if done.returncode != 0 and not may_fail:
            why = done.stderr.decode("utf-8", "replace").strip().removeprefix(f"{program}: ").rstrip(".")[:200]
            raise PrinterError(f"The queue {self.queue} refused the labels: {why}.", "See: lpstat -t")
        return done.stdout + done.stderr


def _media(width: float, height: float) -> str:
    """What CUPS calls a page of so many millimetres."""
    return _NAMED.get((width, height)) or f"Custom.{width:g}x{height:g}mm"
