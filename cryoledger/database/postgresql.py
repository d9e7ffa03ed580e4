"""A connection to a vault in a PostgreSQL database, through psycopg 3 (see `driver.Driver`).

Writers wait for each other at one advisory lock, held to the end of the transaction: so whoever gets it sees what
the writer before it committed, and can tell whether a commit whose answer was lost was carried out.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import lru_cache
from typing import Any, cast

from cryoledger.database import faults
from cryoledger.database.driver import Row, Statement, Value
from cryoledger.database.location import Location
from cryoledger.errors import RequestError

__all__ = ["PostgresqlDriver", "psycopg_connection"]

_WRITER_LOCK = 0x63727956617574  # any constant: stations of one vault wait for each other at it
_BEGIN_READING = ("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "SELECT 1")
_NOW = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
# Both ends notice within some 15 seconds that the other machine is gone; a URL may say otherwise.
_NOTICE = {
    "connect_timeout": 10,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
_SESSION = """\
SET application_name = 'cryoledger'; SET client_encoding = 'UTF8'; SET standard_conforming_strings = on;
SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 3; SET tcp_keepalives_count = 3"""
_IDLE, _IN_TRANSACTION, _IN_ERROR = 0, 2, 3  # libpq's PGTransactionStatusType


class PostgresqlDriver:
    """A connection to a PostgreSQL database."""

    dialect = "postgresql"

    def __init__(self, location: Location, *, busy_seconds: float) -> None:
        self._location = location
        self._psycopg = _psycopg()
        self._begin_writing = _begin_writing(max(1, int(busy_seconds * 1000)))
        self._began: int | None = None
        self._answers = 0
        self._late = ExitStack()  # holds the pipeline of statements whose answers nobody asked for yet
        self._together = False
        self._connection = psycopg_connection(location, autocommit=True)

    def begin(self, *, writing: bool, ahead: Sequence[Statement] = ()) -> list[list[Row]]:
        """Start a transaction; a writer waits for the one before it and holds the lock to its commit."""
        self._began = None
        # The snapshot of a reader is taken now, not with its first question.
        begin = self._begin_writing if writing else _BEGIN_READING
        try:
            with self._connection.pipeline():
                cursors = [
                    self._connection.execute(_percent(sql), tuple(params), prepare=True)
                    for sql, params in (*((sql, ()) for sql in begin), *ahead)
                ]
        except self._psycopg.Error as error:
            raise faults.of_postgresql(error, self._location) from error
        if writing:
            self._began = int(cursors[len(begin) - 1].fetchone()[0])
        return [cursor.fetchall() for cursor in cursors[len(begin) :]]

    def commit(self) -> None:
        """Keep what was done (see Driver); VaultUnreachableError, `unknown`, where no answer came.

        It travels with what is done together before it: where that is refused, nothing is kept.
        """
        try:
            self._connection.execute("COMMIT", prepare=False)
            self._late.close()
        except self._psycopg.Error as error:
            raise faults.of_commit(error, self._location) from error

    def _settle(self) -> None:
        """Hear what became of the statements done together."""
        try:
            self._late.close()
        except self._psycopg.Error as error:
            raise faults.of_postgresql(error, self._location) from error

    def rollback(self) -> None:
        """Forget what was done (see Driver); a connection that cannot be asked to is closed, which does the same."""
        with suppress(self._psycopg.Error):
            self._late.close()
        status = _IDLE if self._connection.closed else self._connection.info.transaction_status
        if status in (_IN_TRANSACTION, _IN_ERROR):
            try:
                self._connection.execute("ROLLBACK", prepare=False)
            except self._psycopg.Error:
                self._connection.close()
        elif status != _IDLE:
            self._connection.close()

    def execute(self, sql: str, params: Sequence[Value] = ()) -> int:
        """Run a statement (see Driver)."""
        if not self._together:
            self._settle()
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

    @contextmanager
    def together(self) -> Iterator[None]:
        """Statements whose answers are heard with the next question, or with the commit (see Driver)."""
        if not self._connection.pgconn.pipeline_status:
            self._late.enter_context(self._connection.pipeline())
        self._together = True
        try:
            yield
        finally:
            self._together = False

    def one(self, sql: str, params: Sequence[Value] = ()) -> Row | None:
        """The first row (see Driver)."""
        rows = self.all(sql, params)
        return rows[0] if rows else None

    def all(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Every row (see Driver)."""
        if any(isinstance(value, str) and "\0" in value for value in params):
            return []  # no text of PostgreSQL holds U+0000, so none equals this one
        self._settle()
        try:
            return cast("list[Row]", self._connection.execute(_percent(sql), tuple(params)).fetchall())
        except self._psycopg.Error as error:
            raise faults.of_postgresql(error, self._location) from error

    def each(self, sql: str, params: Sequence[Value] = ()) -> Iterator[Row]:
        """The rows one after the other, from a cursor that the server holds; needs an open transaction."""
        self._answers += 1
        self._settle()
        try:
            with self._connection.cursor(name=f"answer_{self._answers}") as cursor:
                cursor.itersize = 1000
                yield from cursor.execute(_percent(sql), tuple(params))
        except self._psycopg.Error as error:
            raise faults.of_postgresql(error, self._location) from error

    def milliseconds(self) -> int | None:
        """The server's time; in a transaction that writes, the time at which it got the writers' lock."""
        if self._began is not None:
            return self._began
        row = self.one(_NOW)
        return int(row[0]) if row is not None else None

    def state(self) -> object:
        """None: a server does not say whether others wrote meanwhile."""
        return None

    def close(self) -> None:
        """Let go of the connection."""
        with suppress(self._psycopg.Error):
            self._late.close()
        self._connection.close()


def psycopg_connection(location: Location, *, autocommit: bool = False) -> Any:
    """A psycopg connection set up as every connection to a vault must be; a VaultError says why there is none."""
    psycopg = _psycopg()
    try:
        given = psycopg.conninfo.conninfo_to_dict(location.conninfo)
    except psycopg.Error:
        raise RequestError(
            "The vault's URL cannot be read.", "Write postgresql+psycopg://user@host/name, as PostgreSQL's manual says."
        ) from None
    try:
        connection = psycopg.connect(**{**_NOTICE, **given}, autocommit=True)
        connection.execute(_SESSION, prepare=False)
        connection.autocommit = autocommit
    except psycopg.Error as error:
        raise faults.of_connecting(error, location) from error
    return connection


def _begin_writing(busy_milliseconds: int) -> tuple[str, ...]:
    """One message, so that a writer waits for one answer only; the last tells the server's time.

    READ COMMITTED, because the snapshot must be newer than the lock. A station that was stopped in the middle of a
    transaction loses it after a minute, and with it the lock that everybody else waits for.
    """
    return (
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
        f"""\
SELECT set_config('lock_timeout', '{busy_milliseconds}ms', true),
    set_config('idle_in_transaction_session_timeout', '60s', true), set_config('synchronous_commit', 'on', true)""",
        f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})",
        _NOW,
    )


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
