"""A vault's rows on their way into another database: entries byte for byte, local rows as they are.

Used by `custody.copying`, which makes the derived rows anew by replaying the ledger, and by backup and restore, which
take them `as_they_are`; whoever uses it decides when a copy is good. Nothing here opens what is marked
by `relocation` for work; a `Filling` writes into a vault that nobody else can open yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import zip_longest
from typing import Any

from cryoledger.database import relocation, statements, trees
from cryoledger.database.driver import Driver, connect
from cryoledger.database.facts import ENTRY_COLUMNS, Stored
from cryoledger.database.local import INVITATION, WRONG_CODES
from cryoledger.database.location import Location
from cryoledger.database.relocation import Mark
from cryoledger.database.rooms import ROOM
from cryoledger.database.store import Reading, Store
from cryoledger.domain.records import DERIVED, Record
from cryoledger.errors import VaultDamagedError, VaultMissingError

__all__ = ["Filling", "as_they_are", "differences", "filling", "mark_of", "prepare", "release", "unhurried"]

BATCH = 1000
Progress = Callable[[int, int], None]
_APPEND = f'INSERT INTO "entry" ({ENTRY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)'  # noqa: S608 - fixed names


def mark_of(location: Location) -> Mark | None:
    """The mark of a place; None where it has none, or where nothing is."""
    if location.path is not None and not location.path.exists():
        return None
    try:
        with closing(connect(location, writing=True)) as driver:
            return relocation.read(driver)
    except (VaultMissingError, VaultDamagedError):
        return None


def as_they_are(reading: Reading, filled: Filling, progress: Progress | None = None) -> None:
    """Every row of one state of a vault; `progress(entries, all)` is called now and then."""
    from cryoledger.database.rebuild import rows

    total = int((reading.driver.one('SELECT COUNT(*) FROM "entry"') or (0,))[0])
    for number, stored in enumerate(reading.entries(), start=1):
        filled.entry(stored)
        if progress is not None and (number % BATCH == 0 or number == total):
            progress(number, total)
    for record in DERIVED:
        for row in rows(reading, record):
            filled.row(row)
    for name, columns, values in local_rows(reading):
        filled.local(name, columns, values)


def prepare(location: Location, mark: Mark) -> None:
    """An empty vault at a place where nothing was, marked so that nobody opens it."""
    Store.create(location).close()
    with closing(connect(location, writing=True)) as driver:
        driver.begin(writing=True)
        relocation.mark(driver, mark)
        driver.commit()


def release(location: Location) -> None:
    """Take the mark of a finished copy away: from here on it is the vault."""
    with closing(connect(location, writing=True)) as driver:
        driver.begin(writing=True)
        relocation.unmark(driver)
        driver.commit()


def unhurried(transaction: Reading) -> None:
    """Let this transaction rest between its statements for as long as it needs."""
    if transaction.driver.dialect == "postgresql":
        transaction.driver.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


@contextmanager
def filling(location: Location) -> Iterator[Filling]:
    """One transaction that fills a prepared vault, committed at the end of the block."""
    with closing(connect(location, writing=True)) as driver:
        driver.begin(writing=True)
        try:
            made = Filling(driver)
            yield made
            made.flush()
            trees.complete(driver)
            driver.commit()
        except BaseException:
            driver.rollback()
            raise


class Filling:
    """Rows going into a new vault, in batches."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._waiting: dict[str, list[tuple[Any, ...]]] = {}

    def entry(self, stored: Stored) -> None:
        """An entry, as it is."""
        row = (stored.epoch, stored.sequence, stored.id, stored.previous, stored.leaf_hash, stored.note)
        self._put(_APPEND, row)

    def row(self, row: Record) -> None:
        """A row of the inventory or of a journal."""
        made = statements.of(type(row))
        self._put(made.insert, made.values(row))

    def past(self, record: type[Record], equal: dict[str, str | int | None]) -> list[Record]:
        """Journal rows written so far, as rules may ask for them."""
        self.flush()
        empty = tuple(name for name, value in equal.items() if value is None)
        given = {name: value for name, value in equal.items() if value is not None}
        found = self._driver.all(statements.select_where(record, tuple(given), empty), tuple(given.values()))
        return [record(*row) for row in found]

    def local(self, table: str, columns: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> None:
        """Rows of a local table, as they are."""
        names, marks = ", ".join(f'"{name}"' for name in columns), ", ".join("?" * len(columns))
        for row in rows:
            self._put(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', row)  # noqa: S608 - names of our tables

    def flush(self) -> None:
        """Send what waits."""
        for sql, rows in self._waiting.items():
            self._driver.execute_many(sql, rows)
        self._waiting.clear()

    def _put(self, sql: str, row: tuple[Any, ...]) -> None:
        rows = self._waiting.setdefault(sql, [])
        rows.append(row)
        if len(rows) >= BATCH:
            self.flush()


def local_rows(reading: Reading) -> Iterator[tuple[str, tuple[str, ...], Iterator[tuple[Any, ...]]]]:
    """Each local table with its columns and its rows, ordered by key; invitations, which expire, stay behind."""
    from cryoledger.database.tables import METADATA  # imports the ORM: not before somebody asks

    for name in sorted(name for name, room in ROOM.items() if room == "local" and name in METADATA.tables):
        table = METADATA.tables[name]
        columns = tuple(column.name for column in table.columns)
        key = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
        shown = ", ".join(f'"{column}"' for column in columns)
        where = f"WHERE key_id NOT IN ('{INVITATION}', '{WRONG_CODES}')" if name == "wrapped_key" else ""
        yield name, columns, reading.driver.each(f'SELECT {shown} FROM "{name}" {where} ORDER BY {key}')  # noqa: S608


def differences(old: Reading, new: Location) -> list[str]:
    """Every table that differs between a vault and its copy, row for row and byte for byte."""
    with closing(connect(new, writing=False)) as driver:
        driver.begin(writing=False)
        copied = Reading(driver)
        found = []
        for name, rows in _tables(old).items():
            if any(one != other for one, other in zip_longest(rows(), _tables(copied)[name]())):
                found.append(name)
        driver.rollback()
    return found


def _tables(reading: Reading) -> dict[str, Callable[[], Iterator[Any]]]:
    def derived(record: type[Record]) -> Callable[[], Iterator[Any]]:
        made = statements.of(record)
        return lambda: reading.driver.each(f"{made.select} {made.order}")

    def local(name: str) -> Callable[[], Iterator[Any]]:
        return lambda: next(rows for table, _, rows in local_rows(reading) if table == name)

    return {
        "entry": lambda: reading.entries(),
        "tile": lambda: trees.stored(reading.driver),
        **{record.table: derived(record) for record in DERIVED},
        **{name: local(name) for name, _, _ in local_rows(reading)},
    }
