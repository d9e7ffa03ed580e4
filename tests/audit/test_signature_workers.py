"""Signatures verified by other processes: the same report as without them, and nothing is lost where they fail."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from cryoledger.audit import verify
from cryoledger.audit.signatures import Outcome
from cryoledger.custody.proof.verifying import Workers
from cryoledger.ledger.signature_batch import SignatureJob, failing
from tests.audit.sources import Listed
from tests.audit.tampering import find
from tests.audit.test_tampered_entries import refit


class Here:
    """Workers in this process."""

    waiting_most = 1

    def __init__(self, answer: Callable[[Sequence[SignatureJob]], tuple[int, list[int]]] = failing) -> None:
        self.answer = answer
        self.tried = 0

    def start(self, batch: Sequence[SignatureJob]) -> Outcome:
        self.tried += len(batch)
        return lambda: self.answer(batch)


class Gone:
    """Workers that cannot be reached."""

    waiting_most = 1

    def start(self, batch: Sequence[SignatureJob]) -> Outcome:
        raise OSError("no process")


def _lost(_: Sequence[SignatureJob]) -> tuple[int, list[int]]:
    raise EOFError


def spoilt(source: Listed, index: int) -> None:
    """Change a letter of the last signature of an entry, and make the leaf hash fit."""
    row = source.stored[index]
    at = len(row.note) - 40
    row.note = row.note[:at] + (b"A" if row.note[at : at + 1] != b"A" else b"B") + row.note[at + 1 :]
    refit(row)


@pytest.mark.parametrize("index", [1, 5, 17, -1])
def test_report_is_the_same_with_workers(short: Listed, index: int) -> None:
    workers = Here()
    assert verify(short, workers=workers) == verify(short)
    assert workers.tried >= len(short.stored) - 1
    spoilt(short, index)
    report = verify(short, workers=Here())
    assert report == verify(short)
    assert not report.ok


def test_report_is_the_same_over_epochs_and_a_replaced_opening(whole: Listed) -> None:
    spoilt(whole, find(whole, "LedgerRestored"))
    assert verify(whole, workers=Here()) == verify(whole)


@pytest.mark.parametrize(
    "workers",
    [
        Gone(),
        Here(_lost),
        Here(lambda _: (0, [])),
        Here(lambda batch: (len(batch) - 1, [])),
        Here(lambda batch: (len(batch), [len(batch)])),
        Here(lambda batch: (len(batch), list(range(len(batch))))),
    ],
)
def test_workers_that_fail_hide_nothing_and_invent_nothing(short: Listed, workers: Here) -> None:
    assert verify(short, workers=workers).ok == verify(short).ok
    spoilt(short, 7)
    assert verify(short, workers=workers) == verify(short)


def test_real_processes_find_the_one_bad_signature(short: Listed) -> None:
    spoilt(short, 9)
    with Workers.of(1) as workers:
        assert verify(short, workers=workers) == verify(short)


_PROGRAM = """\
import os, time
from cryoledger.custody.proof.verifying import Workers
if __name__ == "__main__":
    with Workers.of(1) as workers:
        workers.start([])()
        print(*workers._pool._processes, flush=True)
        time.sleep(600)
"""


def test_workers_end_with_a_program_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(_PROGRAM)
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        worker = int(program.stdout.readline())
        assert _runs(worker)
        program.kill()
    for _ in range(600):
        if not _runs(worker):
            return
        time.sleep(0.05)
    os.kill(worker, signal.SIGKILL)
    raise AssertionError("the worker outlived its program")


def _runs(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().split(")")[-1].split()[0]
    except FileNotFoundError:
        return False
