"""A real process that is killed with SIGKILL at its n-th step, and what it had said to be done by then.

    total = steps_of(work)                       # how many steps the work has
    told = killed_at(7, work)                    # what `work` told before step 7 killed its process

A step is the moment before and the moment after every statement, fsync, rename and removal of the program: BEGIN, the
INSERT of the entry and of each derived row, COMMIT, the remembered head, the pages of a backup.

Every step has its turn where CRYOLEDGER_EVERY_STEP is set; else a share of them, evenly spread from first to last.
"""

from __future__ import annotations

import json
import os
import signal
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryoledger.custody.keys import secret_file
from cryoledger.custody.station.remembered_head import HeadFile
from cryoledger.database import snapshot_copy
from cryoledger.database.driver import SqliteDriver

Tell = Callable[[Any], None]
Work = Callable[[Tell], None]
EVERY_STEP = "CRYOLEDGER_EVERY_STEP"


def chosen(total: int, part: int, parts: int, share: int) -> list[int]:
    """The steps of a part: every `parts`-th, of which about `share` are taken unless all are asked for."""
    steps = range(part, total, parts)
    if os.environ.get(EVERY_STEP) or len(steps) <= share:
        return list(steps)
    return [steps[at * (len(steps) - 1) // (share - 1)] for at in range(share)]


class _Steps:
    """Counts steps, and kills this process at one of them."""

    def __init__(self, last: int | None) -> None:
        self.done = 0
        self._last = last

    def __call__(self) -> None:
        if self.done == self._last:
            os.kill(os.getpid(), signal.SIGKILL)
        self.done += 1

    def watch(self, owner: Any, *names: str) -> None:
        for name in names:
            setattr(owner, name, self._stepping(getattr(owner, name)))

    def _stepping(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def stepping(*words: Any, **named: Any) -> Any:
            self()
            try:
                return call(*words, **named)
            finally:
                self()

        return stepping


def steps_of(work: Work) -> int:
    """How many steps a piece of work has, carried out to its end."""
    told, status = _run(None, work)
    assert status == 0, told
    return int(told[-1]["steps"])


def killed_at(step: int, work: Work) -> list[Any]:
    """What work told before its process was killed at a step."""
    told, status = _run(step, work)
    assert os.WIFSIGNALED(status), (step, told)
    assert os.WTERMSIG(status) == signal.SIGKILL
    return told


def _run(last: int | None, work: Work) -> tuple[list[Any], int]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _in_child(last, work, writing)
    os.close(writing)
    with os.fdopen(reading) as file:
        told = [json.loads(line) for line in file if line.endswith("\n")]
    return told, os.waitpid(child, 0)[1]


def _in_child(last: int | None, work: Work, writing: int) -> None:
    def tell(value: Any) -> None:
        os.write(writing, json.dumps(value).encode() + b"\n")

    try:
        steps = _Steps(last)
        steps.watch(SqliteDriver, "begin", "execute", "execute_many")
        steps.watch(HeadFile, "remember", "sync")
        steps.watch(os, "fsync", "replace", "rename")
        steps.watch(Path, "replace", "rename", "unlink")
        steps.watch(secret_file, "sync_folder")
        _in_the_copy(steps)
        work(tell)
        tell({"steps": steps.done})
    except BaseException:  # noqa: BLE001 - the parent shows it
        tell(traceback.format_exc())
        os._exit(1)
    os._exit(0)


def _in_the_copy(steps: _Steps) -> None:
    """The copying of pages is one call of SQLite's: it steps where it reports its progress."""
    snapshot_copy.PAGES = 40
    copy = snapshot_copy.copy

    def stepping(location: Any, target: Path, progress: Any = None) -> None:
        del progress
        copy(location, target, lambda _done, _total: steps())

    snapshot_copy.copy = stepping
