"""Step 5 of a verification: the derived tables are what the replay gives, row for row (I8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any

from cryoledger.audit.findings import Finding, Findings
from cryoledger.audit.source import BadRow, Source
from cryoledger.domain.facts import Inventory
from cryoledger.domain.records import DERIVED, STATE, Key, Record

__all__ = ["Comparison", "compare_states"]

CHECK = "derived tables"


class Comparison:
    """Compares stored rows with replayed ones, and says what differs."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self.unreadable: set[str] = set()

    def readable(self, source: Source, record: type[Record]) -> Iterator[Record]:
        """The rows of a table that are rows of it; the others become findings."""
        try:
            for row in source.rows(record):
                if isinstance(row, BadRow):
                    if row.row is None:
                        self.unreadable_table(record, row.problem)
                        return
                    self._add(record, row.row, None, None, f"The row is none of this table: {row.problem}")
                elif type(row) is not record or not all(isinstance(part, str | int) for part in row.identity):
                    self._add(record, None, None, str(row)[:200], "The row is none of this table: its key is wrong.")
                else:
                    yield row
        except Exception as error:  # noqa: BLE001 - whatever a torn vault raises is a finding
            self.unreadable_table(record, str(error) or type(error).__name__)

    def same(self, stored: Record, replayed: Record | None) -> bool:
        """True where a stored row is the replayed one; otherwise every differing column becomes a finding."""
        name = shown(stored.identity)
        if replayed is None:
            message = f"The ledger knows no such row of {stored.table}."
            self._add(type(stored), name, "no row", _row_text(stored), message)
            return False
        columns, values = _shape(stored.table)
        is_, should = values(stored), values(replayed)
        # 1.0 equals 1 in Python, and SQLite gives floats where somebody took STRICT away.
        if is_ == should and tuple(map(type, is_)) == tuple(map(type, should)):
            return True
        for column, one, other in zip(columns, is_, should, strict=True):
            if one != other or type(one) is not type(other):
                message = f"The column {column} of {stored.table} {name} is not what the ledger says."
                self._add(type(stored), name, f"{column} = {other!r}", f"{column} = {one!r}", message)
        return False

    def missing(self, replayed: Record) -> None:
        """A row that the ledger says is there, and is not."""
        if replayed.table not in self.unreadable:
            message = f"A row of {replayed.table} is missing."
            self._add(type(replayed), shown(replayed.identity), _row_text(replayed), "no row", message)

    def unreadable_table(self, record: type[Record], problem: str) -> None:
        """A table that cannot be read, or not to its end."""
        self.unreadable.add(record.table)
        self._add(record, None, None, None, f"The table {record.table} cannot be read: {problem}"[:400])

    def _add(
        self, record: type[Record], row: str | None, expected: str | None, found: str | None, message: str
    ) -> None:
        finding = Finding(CHECK, "broken", None, None, record.table, row, expected, found, message)
        self._findings.add(finding)


def compare_states(source: Source, inventory: Inventory, comparison: Comparison) -> None:
    """Compare every state table with the replayed inventory."""
    for record in STATE:
        seen: set[Key] = set()
        for row in comparison.readable(source, record):
            key = row.identity
            comparison.same(row, None if key in seen else inventory.get(record, *key))
            seen.add(key)
        for replayed in inventory.rows(record):
            if replayed.identity not in seen:
                comparison.missing(replayed)


def shown(key: Key) -> str:
    """A row's key as people read it."""
    return " ".join(map(str, key))


def _row_text(row: Record) -> str:
    text = ", ".join(f"{column} = {getattr(row, column)!r}" for column in _shape(row.table)[0])
    return text if len(text) <= 400 else text[:397] + "..."


@cache
def _shape(table: str) -> tuple[tuple[str, ...], Callable[[Record], tuple[Any, ...]]]:
    """The columns of a table, and what reads them all off a row of at least two columns."""
    record = next(record for record in DERIVED if record.table == table)
    columns = tuple(field.name for field in fields(record))  # type: ignore[arg-type]
    return columns, attrgetter(*columns)
