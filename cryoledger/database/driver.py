"""Plain connections: the few verbs that the vault needs, on SQLite and on PostgreSQL, with one SQL for both.

Statements are written with `?` placeholders and quoted names. Every error leaves here as one of `errors` (see
`faults`). A driver belongs to one thread at a time; `Store` sees to it.
"""

from __future__ import annotations

import importlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Protocol, cast

from cryoledger.database import faults
from cryoledger.database.location import Location
from cryoledger.errors import RequestError, VaultError

__all__ = ["BUSY_SECONDS", "Driver", "PostgresqlDriver", "Row", "SqliteDriver", "Value", "connect", "sqlite_connection"]

BUSY_SECONDS = 5.0
_WRITER_LOCK = 0x63727956617574  # any constant: stations of one vault wait for each other at it

Value = str | int | bytes | None
Row = tuple[Any, ...]


class Driver(Protocol):
    """One connection, in autocommit until `begin`."""

    dialect: str

    def begin(self, *, writing: bool) -> None:
        """Start a transaction: the only one that writes, or one that sees a single state throughout."""

    def commit(self) -> None:
        """Keep what was done since `begin`; on return it is on the disk."""

    def rollback(self) -> None:
        """Forget what was done since `begin`; silent where there is nothing to forget."""

    def execute(self, sql: str, params: Sequence[Value] = ()) -> int:
        """Run a statement; how many rows it changed."""

    def execute_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run a statement once for each row of parameters."""

    def one(self, sql: str, params: Sequence[Value] = ()) -> Row | None:
        """The first row of an answer."""

    def all(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Every row of an answer."""

    def each(self, sql: str, params: Sequence[Value] = ()) -> Iterator[Row]:
        """The rows of an answer one after the other, however many."""

    def close(self) -> None:
        """Let go of the connection."""


def connect(location: Location, *, writing: bool, busy_seconds: float = BUSY_SECONDS) -> Driver:
    """A connection to a vault that is known to be there."""
    if location.path is not None:
        return SqliteDriver(location, writing=writing, busy_seconds=busy_seconds)
    return PostgresqlDriver(location, busy_seconds=busy_seconds)


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
        if not writing:
            connection.execute("PRAGMA query_only=ON")
    except BaseException:
        connection.close()
        raise
    return connection


class SqliteDriver:
    """A connection to a SQLite file."""

    dialect = "sqlite"

    def __init__(self, location: Location, *, writing: bool, busy_seconds: float) -> None:
        self._location = location
        try:
            self._connection: sqlite3.Connection = sqlite_connection(
                location, writing=writing, busy_seconds=busy_seconds
            )
        except sqlite3.Error as error:
            raise faults.of_sqlite(error, location) from error

    def begin(self, *, writing: bool) -> None:
        """Start a transaction (see Driver)."""
        if self._connection.in_transaction:
            raise RuntimeError("a transaction is open already")
        self.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
        if not writing:
            self.one("SELECT 1 FROM sqlite_schema LIMIT 1")  # the snapshot is taken by the first read, not by BEGIN

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
            yield from self._connection.execute(sql, params)
        except sqlite3.Error as error:
            raise faults.of_sqlite(error, self._location) from error

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


class PostgresqlDriver:
    """A connection to a PostgreSQL database, through psycopg 3."""

    dialect = "postgresql"

    def __init__(self, location: Location, *, busy_seconds: float) -> None:
        self._location = location
        self._psycopg = _psycopg()
        self._busy = f"{max(1, int(busy_seconds * 1000))}ms"
        self._answers = 0
        try:
            self._connection: Any = self._psycopg.connect(location.conninfo, autocommit=True, connect_timeout=10)
        except self._psycopg.Error as error:
            raise faults.of_postgresql(error, location) from error

    def begin(self, *, writing: bool) -> None:
        """Start a transaction; a writer waits for the one before it and holds the lock to its commit."""
        if not writing:
            self.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            return
        self.execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        self.execute(f"SET LOCAL lock_timeout = '{self._busy}'")
        self.execute("SET LOCAL synchronous_commit = 'on'")
        self.execute(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")

    def commit(self) -> None:
        """Keep what was done (see Driver)."""
        self.execute("COMMIT")

    def rollback(self) -> None:
        """Forget what was done (see Driver)."""
        if not self._connection.closed and self._connection.info.transaction_status != 0:
            self.execute("ROLLBACK")

    def execute(self, sql: str, params: Sequence[Value] = ()) -> int:
        """Run a statement (see Driver)."""
        try:
            return int(self._connection.execute(_percent(sql), tuple(params)).rowcount)
        except self._psycopg.Error as error:
            raise faults.of_postgresql(error, self._location) from error

    def execute_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run a statement for each row (see Driver)."""
        try:
            with self._connection.cursor() as cursor:
                cursor.executemany(_percent(sql), rows)
        except self._psycopg.Error as error:
            raise faults.of_postgresql(error, self._location) from error

    def one(self, sql: str, params: Sequence[Value] = ()) -> Row | None:
        """The first row (see Driver)."""
        rows = self.all(sql, params)
        return rows[0] if rows else None

    def all(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Every row (see Driver)."""
        try:
            return cast("list[Row]", self._connection.execute(_percent(sql), tuple(params)).fetchall())
        except self._psycopg.Error as error:
            raise faults.of_postgresql(error, self._location) from error

    def each(self, sql: str, params: Sequence[Value] = ()) -> Iterator[Row]:
        """The rows one after the other, from a cursor that the server holds; needs an open transaction."""
        self._answers += 1
        try:
            with self._connection.cursor(name=f"answer_{self._answers}") as cursor:
                cursor.itersize = 1000
                yield from cursor.execute(_percent(sql), tuple(params))
        except self._psycopg.Error as error:
            raise faults.of_postgresql(error, self._location) from error

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


def _psycopg() -> Any:
    try:
        return importlib.import_module("psycopg")
    except ImportError:
        raise RequestError(
            "A vault on PostgreSQL needs cryoledger[postgresql], which is not installed.",
            "Install it with `pip install 'cryoledger[postgresql]'`, or name a SQLite file.",
        ) from None


@lru_cache(maxsize=512)
def _percent(sql: str) -> str:
    """The statement with psycopg's placeholders; our statements hold no `?` but the placeholders."""
    return sql.replace("%", "%%").replace("?", "%s")
