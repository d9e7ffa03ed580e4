"""Line mode of the scan desk: one scan a line in, one answer a line out, so that a whole day is a text file.

    $ cryoledger scan --json < day.txt

A PIN that is asked for is the next line, and is in no answer. What cannot be read is answered as broken; the program
goes on to the next line until the input ends.
"""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from cryoledger.cli.call import Call
from cryoledger.cli.output import narrate, visible
from cryoledger.errors import StationError
from cryoledger.manual.messages import told

if TYPE_CHECKING:
    from cryoledger.custody.desk import Answer, Desk
    from cryoledger.custody.vault import Vault
    from cryoledger.labels.sheets import ScannerCheck

__all__ = ["run", "scan"]

EXAMPLE = "cryoledger scan --json < day.txt"
TICK_SECONDS = 1.0
LINE_MAX = 4096
Station = Annotated[
    str | None, typer.Option("--station", metavar="NAME", help="The station this must be; refused at another.")
]


Check = Annotated[bool, typer.Option("--check", help="Judge scans of the scanner-check sheet, 1 to 6; no vault opens.")]


def scan(call: Call, station: Station = None, check: Check = False) -> int:
    """Take scans from stdin, one a line, and answer each on stdout; a PIN asked for is the next line."""
    import sys

    if check:
        return _check(sys.stdin, call)
    vault = call.vault
    if station is not None and station != vault.station:
        raise StationError(
            f"This is station {vault.station}, not {station}.", "Go to that one, or leave --station out."
        )
    if not call.as_json:  # what programs read stays as it is
        _use_own_words()
    if isinstance(sys.stdin, io.TextIOWrapper):
        # Bytes that are no text are a broken scan, not the end of the day.
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    return run(vault, sys.stdin, sys.stdout, as_json=call.as_json)


def _use_own_words() -> None:
    from cryoledger.custody.station.station_folder import default_config_folder
    from cryoledger.manual.texts import use
    from cryoledger.manual.texts_file import read_texts

    use(read_texts(default_config_folder()))


def _check(stdin: TextIO, call: Call) -> int:
    """Judge the scans of the sheet in its order; 1 where the scanner is not right."""
    from cryoledger.codes.scanner_check import judge
    from cryoledger.labels.sheets import SCANNER_CHECKS

    wrong, lines = 0, _lines(stdin)
    for each in SCANNER_CHECKS:
        if stdin.isatty():
            narrate(f"Scan code {each.number} of the sheet: {each.title}.")
        line = _scan_of(each, lines)
        if line is None:
            problem, advice, note = "It was not scanned.", "Scan 1 to 6 of the sheet in their order.", ""
        else:
            verdict = judge(each.content, line)
            problem, advice, note = verdict.problem, verdict.advice, verdict.note
        wrong += bool(problem)
        said = f"{problem} {advice}" if problem else f"right. {note}".rstrip()
        row = {"number": each.number, "title": each.title, "ok": not problem, "message": said}
        call.answer(row, f"{each.number} {each.title}: {said}")
    if wrong:
        narrate(f"{wrong} of {len(SCANNER_CHECKS)} are not right. Set the scanner as said, and run this again.")
    else:
        narrate("This scanner is set right.")
    return 1 if wrong else 0


def _scan_of(check: ScannerCheck, lines: Iterator[str]) -> str | None:
    """The next scan, past those that are rightly another code of the sheet; None at the end of the input."""
    from cryoledger.codes.scanner_check import judge
    from cryoledger.labels.sheets import SCANNER_CHECKS

    for line in lines:
        if not line.strip():
            continue
        other = next((each for each in SCANNER_CHECKS if each is not check and judge(each.content, line).ok), None)
        if other is None:
            return line
        narrate(f"That was code {other.number}. Scan code {check.number}: {check.title}.")
    return None


def run(
    vault: Vault,
    stdin: TextIO,
    stdout: TextIO,
    as_json: bool,
    *,
    monotonic: Callable[[], float] = time.monotonic,
) -> int:
    """Answer line for line until the input ends; 0."""
    from cryoledger.custody.desk import Desk

    desk = Desk(vault, monotonic=monotonic)
    ended = threading.Event()
    watch = threading.Thread(target=_watch, args=(desk, ended), daemon=True)
    watch.start()
    try:
        for line in _lines(stdin):
            answer = desk.scan(line)
            if desk.own is not None:  # signed in just now
                seen = f"See them: `cryoledger person signatures {desk.own.name}`."
                answer = replace(answer, message=f"{answer.message} {seen}")
            stdout.write(_line(answer, as_json) + "\n")
            stdout.flush()
    finally:
        ended.set()
        watch.join()
        desk.close()
    return 0


def _lines(stdin: TextIO) -> Iterator[str]:
    """Lines without their ends; of one longer than any scan so much that it is refused, once."""
    # readline, not input(): that corrupts a GS1 scan's separator (FINDINGS, "Scanners in a terminal").
    while line := stdin.readline(LINE_MAX):
        rest = line
        while rest and not rest.endswith("\n") and len(rest) == LINE_MAX:
            rest = stdin.readline(LINE_MAX)
        yield line.rstrip("\r\n")


def _watch(desk: Desk, ended: threading.Event) -> None:
    """Lock an unattended station on time, though nobody reads that before the next scan."""
    while not ended.wait(TICK_SECONDS):
        desk.tick()


def _line(answer: Answer, as_json: bool) -> str:
    if not as_json:
        return visible(told(answer.message)).replace("\n", " ")
    return json.dumps(
        {
            "scan": answer.scan.encode("utf-8", "replace").decode(),  # no lone surrogate in JSON
            "outcome": answer.outcome,
            "message": answer.message,
            "ask": answer.ask,
            "sequence": answer.sequence,
        }
    )
