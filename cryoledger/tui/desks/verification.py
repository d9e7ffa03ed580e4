"""The verification as an auditor runs it from the screen: in a process of its own, with progress, to be cancelled.

It reads the vault on a connection of its own and takes no time from the program that answers scans.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Literal

from cryoledger.domain import numbers
from cryoledger.tui.desks.sheet import Cell, Column, Offer, Row, Tab, Tone

if TYPE_CHECKING:
    from cryoledger.audit import Finding, Report

State = Literal["idle", "running", "done", "cancelled", "failed"]

_COLUMNS: Final = (Column("", 12), Column("where", 18), Column("what the verification says"))
_BAR: Final = 30


class Verification:
    """One run at a time; `poll` takes in what it has said since."""

    def __init__(self, location: str, fingerprint: bytes) -> None:
        self._location, self._fingerprint = location, fingerprint
        self._process: subprocess.Popen[bytes] | None = None
        self._heard = b""
        self.state: State = "idle"
        self.done, self.total, self.failure = 0, 0, ""
        self.report: Report | None = None

    def start(self) -> None:
        """Begin, unless it runs already."""
        if self.state == "running":
            return
        command = [sys.executable, "-m", __name__, self._location, base64.b64encode(self._fingerprint).decode()]
        self._process = subprocess.Popen(  # noqa: S603 - this program itself
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)
        self.state, self.done, self.total, self.report, self.failure = "running", 0, 0, None, ""
        self._heard = b""

    def cancel(self) -> None:
        """End the run; what it found so far is not kept."""
        if self.state == "running":
            self._end()
            self.state = "cancelled"

    def poll(self) -> bool:
        """Take in what was said; True where that changes anything on the screen."""
        if self.state != "running" or self._process is None or self._process.stdout is None:
            return False
        ended = self._process.poll() is not None
        said = self._process.stdout.read() or b""
        *lines, self._heard = (self._heard + said).split(b"\n")
        for line in lines:
            self._take(json.loads(line))
        if ended and self.state == "running":
            self.state, self.failure = "failed", "The verification ended without a word. Begin it again."
        if self.state != "running":
            self._end()
        return bool(lines) or ended

    def _take(self, said: dict[str, object]) -> None:
        from cryoledger.audit import Finding, Report

        match said:
            case {"done": int(done), "total": int(total)}:
                self.done, self.total = done, total
            case {"failure": str(failure)}:
                self.state, self.failure = "failed", failure
            case {
                "ok": bool(ok),
                "covers": list(covers),
                "not_run": list(left),
                "entries": int(count),
                "findings": list(findings),
            }:
                told = tuple(Finding(**finding) for finding in findings)
                self.state, self.report = "done", Report(ok, tuple(covers), tuple(left), count, told)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(OSError):
            process.kill()
        with suppress(subprocess.TimeoutExpired):
            process.wait(2)
        if process.stdout is not None:
            process.stdout.close()


def _verify(location: str, fingerprint: str) -> None:
    """In the other process: verify, say how far it is, and at last what was found, a line of JSON each."""
    from cryoledger.custody.proof.auditing import verify_at
    from cryoledger.errors import CryoledgerError

    def say(said: dict[str, object]) -> None:
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()

    with suppress(OSError):  # nobody listens any more
        try:
            report = verify_at(
                location,
                fingerprint=base64.b64decode(fingerprint),
                progress=lambda done, total: say({"done": done, "total": total}),
            )
        except CryoledgerError as error:
            say({"failure": str(error)})
        else:
            say(report.to_dict())


def verification_tab(run: Verification | None) -> Tab:
    """The run as a list: how far it is, or its verdict, what that covers, and every finding."""
    begin = Offer("f5", "Verify", act="verify")
    if run is None or run.state == "idle":
        return Tab("Verify", _COLUMNS, (), "The whole ledger is verified; it can be cancelled at any time.", (begin,))
    if run.state == "running":
        return Tab("Verify", _COLUMNS, (_progress(run),), "", (Offer("f6", "Cancel", act="cancel-verify"),))
    if run.report is None:
        said = run.failure or "Cancelled: nothing can be said of the ledger."
        return Tab("Verify", _COLUMNS, (_row("said", run.state, "", said, "wait"),), "", (begin,))
    return Tab("Verify", _COLUMNS, _verdict(run.report), "", (begin,), not run.report.ok)


def _progress(run: Verification) -> Row:
    share = run.done / run.total if run.total else 0.0
    filled = round(share * _BAR)
    bar = "█" * filled + "░" * (_BAR - filled)
    return _row("progress", "running", f"{run.done} of {run.total}", f"{bar} {share:.0%}", "note")


def _verdict(report: Report) -> tuple[Row, ...]:
    broken = sum(finding.severity == "broken" for finding in report.findings)
    waiting = len(report.findings) - broken
    entries = f"{report.entries} entries"
    if report.ok:
        first = _row("verdict", "✓ HOLDS", entries, "Nothing is broken in what was verified.", "good")
    else:
        first = _row("verdict", "✗ BROKEN", entries, f"{broken} findings are broken. Keep the vault as it is.", "bad")
    found = [_finding(at, finding) for at, finding in enumerate(report.findings)]
    covers = [_row(f"covers {at}", "verified", "", text, "") for at, text in enumerate(report.covers)]
    left = [_row(f"left {at}", "not run", "", text, "wait") for at, text in enumerate(report.not_run)]
    open_row = [_row("open", "open", "", f"{waiting} findings wait for somebody.", "wait")] if waiting else []
    return (first, *open_row, *found, *covers, *left)


def _finding(at: int, finding: Finding) -> Row:
    where = f"{finding.table or ''} {finding.row or ''}".strip()
    if finding.epoch is not None and finding.sequence is not None:
        where = f"entry {numbers.shown(numbers.number_of(finding.epoch, finding.sequence))}"
    said = f"{finding.check}: {finding.message}"
    if finding.expected is not None or finding.found is not None:
        said += f" Expected {finding.expected}, found {finding.found}."
    return _row(f"finding {at}", finding.severity, where, said, "bad" if finding.severity == "broken" else "wait")


def _row(key: str, word: str, where: str, text: str, tone: Tone) -> Row:
    return Row(key, (Cell(word, tone or "quiet"), Cell(where), Cell(text, tone)))


if __name__ == "__main__":
    _verify(*sys.argv[1:3])
