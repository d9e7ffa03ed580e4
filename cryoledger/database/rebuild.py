"""The derived tables as a whole: read for comparison with a replay, and filled anew from one (I8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from cryoledger.database import guards, statements
from cryoledger.database.snapshots import Source, snapshot
from cryoledger.database.store import Store, Transaction
from cryoledger.domain.records import DERIVED, Record

__all__ = ["dump", "rebuild", "rows"]

R = TypeVar("R", bound=Record)


def rows(source: Source, record: type[R]) -> Iterator[R]:
    """Every row of a derived table, ordered by key (text by code point), however many."""
    made = statements.of(record)
    with snapshot(source) as now:
        for row in now.driver.each(f"{made.select} {made.order}"):
            yield record(*row)


def dump(source: Source) -> Iterator[Record]:
    """Every row of every derived table, of one state, table by table in the order of `records.DERIVED`."""
    with snapshot(source) as now:
        for record in DERIVED:
            yield from rows(now, record)


def rebuild(target: Store | Transaction, rows_by_table: Mapping[type[Record], Iterable[Record]]) -> int:
    """Empty every derived table and fill it with these rows, in one transaction; how many rows there are now.

    A table that is not named stays empty. Journals are append-only, so their guards are taken away and put back
    here, and nowhere else.
    """
    if isinstance(target, Store):
        with target.writing() as transaction:
            return rebuild(transaction, rows_by_table)
    unknown = rows_by_table.keys() - set(DERIVED)
    if unknown:
        raise RuntimeError(f"not derived: {', '.join(sorted(record.__name__ for record in unknown))}")
    driver = target.driver
    guards.drop(driver, guards.JOURNAL_TABLES)
    for record in DERIVED:
        driver.execute(f'DELETE FROM "{record.table}"')  # noqa: S608 - names come from class declarations
    count = 0
    for record, filling in rows_by_table.items():
        made = statements.of(record)
        driver.execute_many(made.insert, map(made.values, filling))
        count += len_of(target, record)
    guards.create(driver, guards.JOURNAL_TABLES)
    if lost := guards.missing(driver):
        raise RuntimeError(f"the guards {', '.join(lost)} did not come back")
    target.facts.forget_all()
    return count


def len_of(source: Source, record: type[Record]) -> int:
    """How many rows a derived table has."""
    with snapshot(source) as now:
        found = now.driver.one(f'SELECT COUNT(*) FROM "{record.table}"')  # noqa: S608
    return int(found[0]) if found else 0
