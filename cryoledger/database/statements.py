"""The SQL of each record class, written once from its declaration, and the application of an event's changes.

Names are always quoted; values are always parameters. `INSERT ... ON CONFLICT DO UPDATE` is common to SQLite and
PostgreSQL.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

from cryoledger.database.driver import Driver, Value
from cryoledger.domain.facts import Change, Put
from cryoledger.domain.records import Key, Record

__all__ = ["Statements", "apply", "columns_of", "of", "select_some", "select_where"]


@dataclass(frozen=True, slots=True)
class Statements:
    """One record class in SQL: `put` inserts or replaces (a journal only inserts); `values` are their parameters.

    `clear` empties the nullable unique combinations of a row, and is empty where there is none.
    """

    select: str
    get: str
    insert: str
    put: str
    remove: str
    clear: str
    order: str
    columns: tuple[str, ...]
    values: Callable[[Any], tuple[Value, ...]]


_MADE: dict[type[Record], Statements] = {}


def columns_of(record: type[Record]) -> tuple[str, ...]:
    """The columns of a record's table, in order."""
    return tuple(field.name for field in fields(record))  # type: ignore[arg-type]


def nullable(record: type[Record], column: str) -> bool:
    """Whether a column may be without a value, as the record's annotation says."""
    return type(None) in typing.get_args(typing.get_type_hints(record)[column])


def _names(columns: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _equal(columns: Iterable[str], between: str) -> str:
    return between.join(f'"{name}" = ?' for name in columns)


def of(record: type[Record]) -> Statements:
    """The statements of a record class, made once."""
    made = _MADE.get(record)
    if made is None:
        made = _MADE[record] = _of(record)
    return made


def _of(record: type[Record]) -> Statements:
    table, columns = f'"{record.table}"', columns_of(record)
    select = f"SELECT {_names(columns)} FROM {table}"  # noqa: S608 - names come from class declarations
    by_key = f"WHERE {_equal(record.key, ' AND ')}"
    emptied = [name for names in record.unique for name in names if nullable(record, name)]
    return Statements(
        select=select,
        get=f"{select} {by_key}",
        insert=_insert(record, columns),
        put=_put(record, columns),
        remove=f"DELETE FROM {table} {by_key}",  # noqa: S608
        clear=" ".join(("UPDATE", table, "SET", ", ".join(f'"{name}" = NULL' for name in emptied), by_key))
        if emptied
        else "",
        order=f"ORDER BY {_names(record.key)}",
        columns=columns,
        values=attrgetter(*columns),
    )


def _insert(record: type[Record], columns: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(columns))
    return f'INSERT INTO "{record.table}" ({_names(columns)}) VALUES ({marks})'  # noqa: S608


def _put(record: type[Record], columns: tuple[str, ...]) -> str:
    if record.journal:
        return _insert(record, columns)
    updates = ", ".join(f'"{name}" = excluded."{name}"' for name in columns if name not in record.key)
    action = f"UPDATE SET {updates}" if updates else "NOTHING"
    return f"{_insert(record, columns)} ON CONFLICT ({_names(record.key)}) DO {action}"


_SELECTS: dict[tuple[type[Record], tuple[str, ...], tuple[str, ...]], str] = {}


def select_where(record: type[Record], equal: tuple[str, ...], empty: tuple[str, ...]) -> str:
    """The rows whose columns `equal` have given values and whose columns `empty` have none, ordered by key."""
    made = _SELECTS.get((record, equal, empty))
    if made is None:
        made = _SELECTS[record, equal, empty] = _select_where(record, equal, empty)
    return made


def _select_where(record: type[Record], equal: tuple[str, ...], empty: tuple[str, ...]) -> str:
    unknown = {*equal, *empty} - {*columns_of(record)}
    if unknown:
        # SQLite would take an unknown quoted name for a text and answer with nothing.
        raise RuntimeError(f"{record.table} has no column {', '.join(sorted(unknown))}")
    terms = [f'"{name}" = ?' for name in equal] + [f'"{name}" IS NULL' for name in empty]
    where = f" WHERE {' AND '.join(terms)}" if terms else ""
    return f"{of(record).select}{where} {of(record).order}"


def select_some(record: type[Record], count: int) -> str:
    """The rows with any of so many primary keys, each of one field."""
    (key,) = record.key
    return f'{of(record).select} WHERE "{key}" IN ({", ".join("?" * count)})'


_UPDATES: dict[tuple[type[Record], tuple[str, ...]], str] = {}


def _update(record: type[Record], changed: tuple[str, ...]) -> str:
    made = _UPDATES.get((record, changed))
    if made is None:
        table, by_key = f'"{record.table}"', f"WHERE {_equal(record.key, ' AND ')}"
        made = _UPDATES[record, changed] = f"UPDATE {table} SET {_equal(changed, ', ')} {by_key}"  # noqa: S608
    return made


def _alter(driver: Driver, before: Record, row: Record) -> None:
    """Write the columns that differ: an index of columns that do not is then left alone."""
    made = of(type(row))
    pairs = zip(made.columns, made.values(before), made.values(row), strict=True)
    differing = [(name, value) for name, old, value in pairs if old != value]
    if not differing:
        return
    names, given = zip(*differing, strict=True)
    if driver.execute(_update(type(row), names), (*given, *row.identity)) == 0:
        raise RuntimeError(f"{row.table} {row.identity} vanished while it was altered")


def _nothing(_record: type[Record], _key: Key) -> Record | None:
    return None


def apply(
    driver: Driver, changes: Iterable[Change], known: Callable[[type[Record], Key], Record | None] = _nothing
) -> set[tuple[type[Record], Key]]:
    """Carry out an event's changes on the derived tables; the identities of the rows that they concern.

    Removals go first, and of several rows of one table those with a nullable unique combination first let go of
    it: so two vials can swap positions. `known` tells a row as it is in this transaction, where that is known.
    """
    puts: dict[type[Record], dict[Key, Record]] = {}
    touched: set[tuple[type[Record], Key]] = set()
    for change in changes:
        if isinstance(change, Put):
            kind, key = type(change.row), change.row.identity
            if puts.setdefault(kind, {}).setdefault(key, change.row) is not change.row:
                raise RuntimeError(f"an event puts the row {kind.table} {key} twice")
        else:
            kind, key = change.record, change.key
            if kind.journal:
                raise RuntimeError(f"{kind.table} is a journal: its rows are never removed")
            driver.execute(of(kind).remove, key)
        touched.add((kind, key))
    for record, rows in puts.items():
        statements = of(record)
        if len(rows) == 1:
            (row,) = rows.values()
            before = None if record.journal else known(record, row.identity)
            if before is not None:
                _alter(driver, before, row)
            else:
                driver.execute(statements.put, statements.values(row))
            continue
        if statements.clear:
            driver.execute_many(statements.clear, rows)
        driver.execute_many(statements.put, map(statements.values, rows.values()))
    return touched
