"""Plain connections: the few verbs that the vault needs, with one SQL for SQLite (here) and `postgresql`.

Statements are written with `?` placeholders and quoted names. Every error leaves here as one of `errors` (see
`faults`). A driver belongs to one thread at a time; `Store` sees to it.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Protocol, cast

from cryoledger.database import faults
from cryoledger.database.location import Location
from cryoledger.errors import VaultError

__all__ = ["BUSY_SECONDS", "Driver", "Row", "SqliteDriver", "Statement", "Value", "connect", "sqlite_connection"]

BUSY_SECONDS = 5.0
POLL_MILLISECONDS = 3
CACHE_KIBIBYTES = (
    32 * 1024
)  # of the connection that writes: the indexes of a million vials are larger than SQLite's 2 MB
_POLL = f"PRAGMA busy_timeout = {POLL_MILLISECONDS}"
Value = str | int | bytes | None
Row = tuple[Any, ...]
Statement = tuple[str, Sequence[Value]]


class Driver(Protocol):
    """One connection, in autocommit until `begin`."""

    dialect: str

    def begin(self, *, writing: bool, ahead: Sequence[Statement] = ()) -> list[list[Row]]:
        """Start a transaction: the only one that writes, or one that sees a single state throughout.

        `ahead` are its first questions, whose answers are returned, so that a server is asked only once.
        """

    def commit(self) -> None:
        """Keep what was done since `begin`; on return it is on the disk."""

    def rollback(self) -> None:
        """Forget what was done since `begin`; silent where there is nothing to forget."""

    def execute(self, sql: str, params: Sequence[Value] = ()) -> int:
        """Run a statement; how many rows it changed."""

    def execute_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run a statement once for each row of parameters."""

    def together(self) -> AbstractContextManager[None]:
        """Statements that wait for no answer; what they raise may come with any later call, `commit` the last."""

    def one(self, sql: str, params: Sequence[Value] = ()) -> Row | None:
        """The first row of an answer."""

    def all(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Every row of an answer."""

    def each(self, sql: str, params: Sequence[Value] = ()) -> Iterator[Row]:
        """The rows of an answer one after the other, however many."""

    def milliseconds(self) -> int | None:
        """The database's own time since 1970, in a transaction that writes as it began; None where it has no clock."""

    def state(self) -> object:
        """What differs once anything was written that this connection did not write in its present transaction.

        Asked inside a transaction; None where the database cannot tell.
        """

    def close(self) -> None:
        """Let go of the connection."""


def connect(location: Location, *, writing: bool, busy_seconds: float = BUSY_SECONDS) -> Driver:
    """A connection to a vault that is known to be there."""
    if location.path is not None:
        return SqliteDriver(location, writing=writing, busy_seconds=busy_seconds)
    from cryoledger.database.postgresql import PostgresqlDriver

    return PostgresqlDriver(location, busy_seconds=busy_seconds)


def connect_as_it_lies(location: Location) -> Driver:
    """A connection to a vault's file that this user may not write; for the block of `files.lying_still`."""
    return SqliteDriver(location, writing=False, busy_seconds=0, as_it_lies=True)


def _connection_as_it_lies(path: Path) -> sqlite3.Connection:
    """Without lock and log: neither can be made beside a file that this user may not write."""
    connection = sqlite3.connect(
        f"{path.as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA trusted_schema=OFF")
    return connection


def sqlite_connection(location: Location, *, writing: bool = True, busy_seconds: float = BUSY_SECONDS) -> Any:
    """A sqlite3 connection set up as every connection to a vault must be; never makes a file."""
    if location.path is None:
        raise RuntimeError("a PostgreSQL database has no file")
    connection = sqlite3.connect(
        f"{location.path.as_uri()}?mode=rw",
        uri=True,
        timeout=busy_seconds,
        isolation_level=None,  # BEGIN is ours to say: default transactions lose updates
        check_same_thread=False,
        cached_statements=256,
    )
    try:
        for pragma in ("foreign_keys=ON", "recursive_triggers=ON", "trusted_schema=OFF", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")
        mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        if mode != "wal":
            raise VaultError(
                f"The disk of the vault {location} cannot keep a write-ahead log (its mode is {mode!r}).",
                "Put the vault on a local disk, not on a network share.",
            )
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}" if writing else "PRAGMA query_only=ON")
    except BaseException:
        connection.close()
        raise
    return connection


class SqliteDriver:
    """A connection to a SQLite file."""

    dialect = "sqlite"

    def __init__(self, location: Location, *, writing: bool, busy_seconds: float, as_it_lies: bool = False) -> None:
        self._location = location
        self._busy_seconds = busy_seconds
        self._wait = f"PRAGMA busy_timeout = {int(busy_seconds * 1000)}"
        try:
            self._connection: sqlite3.Connection = (
                _connection_as_it_lies(location.path)
                if as_it_lies and location.path is not None
                else sqlite_connection(location, writing=writing, busy_seconds=busy_seconds)
            )
        except sqlite3.Error as error:
            raise faults.of_sqlite(error, location) from error

    def begin(self, *, writing: bool, ahead: Sequence[Statement] = ()) -> list[list[Row]]:
        """Start a transaction (see Driver)."""
        if self._connection.in_transaction:
            raise RuntimeError("a transaction is open already")
        if writing:
            self._begin_writing()
        else:
            self.execute("BEGIN")
            self.one("SELECT 1 FROM sqlite_schema LIMIT 1")  # the snapshot is taken by the first read, not by BEGIN
        return [self.all(sql, params) for sql, params in ahead]

    def _begin_writing(self) -> None:
        """Ask for the lock every few milliseconds: SQLite's own waiting sleeps 100, and misses a moment between two
        parts of an import."""
        until = time.monotonic() + self._busy_seconds
        try:
            self._connection.execute(_POLL)
            while True:
                try:
                    self._connection.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError as error:
                    if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                        raise
                else:
                    return
        except sqlite3.Error as error:
            raise faults.of_sqlite(error, self._location) from error
        finally:
            self._connection.execute(self._wait)

    def commit(self) -> None:
        """Keep what was done (see Driver)."""
        self.execute("COMMIT")

    def rollback(self) -> None:
        """Forget what was done (see Driver)."""
        if self._connection.in_transaction:
            self.execute("ROLLBACK")

    def execute(self, sql: str, params: Sequence[Value] = ()) -> int:
        """Run a statement (see Driver)."""
        try:
            return self._connection.execute(sql, params).rowcount
        except sqlite3.Error as error:
            raise faults.of_sqlite(error, self._location) from error

    def execute_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run a statement for each row (see Driver)."""
        try:
            self._connection.executemany(sql, rows)
        except sqlite3.Error as error:
            raise faults.of_sqlite(error, self._location) from error

    def together(self) -> AbstractContextManager[None]:
        """Nothing to wait for (see Driver)."""
        return nullcontext()

    def one(self, sql: str, params: Sequence[Value] = ()) -> Row | None:
        """The first row (see Driver)."""
        try:
            return cast("Row | None", self._connection.execute(sql, params).fetchone())
        except sqlite3.Error as error:
            raise faults.of_sqlite(error, self._location) from error

    def all(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Every row (see Driver)."""
        try:
            return self._connection.execute(sql, params).fetchall()
        except sqlite3.Error as error:
            raise faults.of_sqlite(error, self._location) from error

    def each(self, sql: str, params: Sequence[Value] = ()) -> Iterator[Row]:
        """The rows one after the other (see Driver)."""
        try:
            # `yield from` would close the cursor after its connection.
            for row in self._connection.execute(sql, params):  # noqa: UP028
                yield row
        except sqlite3.Error as error:
            raise faults.of_sqlite(error, self._location) from error

    def milliseconds(self) -> int | None:
        """None: the time of a file is that of the machine."""
        return None

    def state(self) -> object:
        """The file's version, which another connection's commit changes, and how many rows this one wrote so far."""
        version = self.one("PRAGMA data_version")
        return version, self._connection.total_changes

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
