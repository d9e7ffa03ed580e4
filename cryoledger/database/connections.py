"""The connections of an open vault: one that writes, and as many that read as there are readers at once.

A server's connection may break at any time: one that broke while nobody used it is made anew, and what answers then
may be another server that lacks the last commits. So every new connection is looked at before it is used.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from cryoledger.database import migrate
from cryoledger.database.driver import Driver, Row, Statement, connect
from cryoledger.database.location import Location
from cryoledger.errors import VaultError, VaultUnreachableError

__all__ = ["Connections"]

Look = Callable[[Driver], None]


class Connections:
    """The drivers of one vault. `look` is called in a snapshot of each later connection to a server, and may raise."""

    def __init__(self, location: Location, writer: Driver, busy_seconds: float) -> None:
        self.location = location
        self.look: Look | None = None
        self._writer = writer
        self._busy_seconds = busy_seconds
        self._readers: list[Driver] = []
        self._lock = threading.Lock()
        self._closed = False

    def begin_writing(self, ahead: Sequence[Statement]) -> tuple[Driver, list[list[Row]]]:
        """The writer's connection, with its transaction begun, and the answers to its first questions.

        The caller sees to it that there is one at a time, and ends it.
        """
        try:
            rows = self._writer.begin(writing=True, ahead=ahead)
        except VaultUnreachableError:
            self._writer.close()
            self._writer = self._connect(writing=True)
            rows = self._writer.begin(writing=True, ahead=ahead)
        return self._writer, rows

    def rollback(self) -> None:
        """Forget what was done since `begin_writing`."""
        self._writer.rollback()

    @contextmanager
    def reading(self) -> Iterator[Driver]:
        """A connection in one snapshot, which nobody else uses meanwhile."""
        driver = self._begin_reading()
        try:
            yield driver
            driver.rollback()
        except BaseException:
            driver.close()
            raise
        with self._lock:
            if not self._closed:
                self._readers.append(driver)
                return
        driver.close()

    def close(self) -> None:
        """Let go of the vault."""
        with self._lock:
            self._closed = True
            for driver in (*self._readers, self._writer):
                driver.close()
            self._readers.clear()

    def _begin_reading(self) -> Driver:
        with self._lock:
            driver = self._readers.pop() if self._readers else None
        if driver is not None:
            try:
                driver.begin(writing=False)
            except VaultUnreachableError:
                self._forget_readers(driver)
            except BaseException:
                driver.close()
                raise
            else:
                return driver
        driver = self._connect(writing=False)
        try:
            driver.begin(writing=False)
        except BaseException:
            driver.close()
            raise
        return driver

    def _forget_readers(self, broken: Driver) -> None:
        """Where one connection broke, the others did too."""
        with self._lock:
            readers, self._readers = [broken, *self._readers], []
        for driver in readers:
            driver.close()

    def _connect(self, *, writing: bool) -> Driver:
        driver = connect(self.location, writing=writing, busy_seconds=self._busy_seconds)
        if self.location.path is not None:
            return driver
        try:
            migrate.check(driver, self.location)
            if self.look is not None:
                driver.begin(writing=False)
                self.look(driver)
                driver.rollback()
        except BaseException:
            with suppress(VaultError):
                driver.close()
            raise
        return driver
