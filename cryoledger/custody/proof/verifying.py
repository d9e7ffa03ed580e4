"""The machine's other processors, for verifying signatures while the replay goes on in this process.

with Workers.for_entries(source.count) as workers:         # None where it is not worth their start
    audit.verify(source, workers=workers)
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import connection, get_context, parent_process

from cryoledger.audit.signatures import Outcome
from cryoledger.errors import CryoledgerError
from cryoledger.ledger.signature_batch import SignatureJob, failing

__all__ = ["Workers", "processors"]

WORTHWHILE_ENTRIES = 4_000  # a process takes half a second to start


class Workers:
    """Processes that verify batches; as `audit.SignatureWorkers`."""

    def __init__(self, pool: ProcessPoolExecutor, count: int) -> None:
        self._pool = pool
        self.waiting_most = 4 * count

    @classmethod
    @contextmanager
    def for_entries(cls, count_entries: Callable[[], int]) -> Iterator[Workers | None]:
        """Workers for a ledger of so many entries, one for each processor but this process's own."""
        count = processors() - 1
        try:
            worthwhile = count > 0 and count_entries() >= WORTHWHILE_ENTRIES
        except CryoledgerError:
            worthwhile = False  # a torn table: the verification itself says so
        if not worthwhile:
            yield None
            return
        with cls.of(count) as workers:
            yield workers

    @classmethod
    @contextmanager
    def of(cls, count: int) -> Iterator[Workers]:
        """So many workers; they end with the block."""
        # Started afresh, not forked: a station's program has threads, open databases and unlocked keys' pipes.
        pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_follow_the_program)
        try:
            yield cls(pool, count)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def start(self, batch: Sequence[SignatureJob]) -> Outcome:
        """Hand a batch out (see audit.SignatureWorkers)."""
        return self._pool.submit(failing, batch).result


def processors() -> int:
    """How many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def _follow_the_program() -> None:
    """A Ctrl-C is for the program, which ends its workers; where it was killed, they end by themselves.

    Each worker holds both ends of the queue that it reads, so that alone would never tell it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_exit_after_the_program, daemon=True).start()


def _exit_after_the_program() -> None:
    program = parent_process()
    if program is not None:
        connection.wait([program.sentinel])
        os._exit(1)
