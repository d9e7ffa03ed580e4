"""What `verify` reads in these tests: lists that a test may bend, and a real SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from cryoledger.audit import BadRow
from cryoledger.domain.records import DERIVED, Record
from tests.lab import Lab


@dataclass
class Row:
    """A stored entry that a test may bend."""

    epoch: int
    sequence: int
    id: str
    previous: bytes
    leaf_hash: bytes
    note: bytes


def row_of(epoch: int, entry: Any) -> Row:
    """The stored form of an entry, all columns true."""
    return Row(epoch, entry.sequence, entry.envelope.id, entry.previous, entry.leaf_hash, entry.encode())


@dataclass
class Listed:
    """A vault in lists."""

    stored: list[Row]
    tables: dict[type[Record], list[Record]]

    @classmethod
    def of(cls, lab: Lab) -> Listed:
        tables = {record: sorted(lab.inventory.rows(record), key=sort_key) for record in DERIVED}
        return cls([row_of(sealed.epoch, sealed.entry) for sealed in lab.entries], tables)

    def copy(self) -> Listed:
        return Listed([copy(row) for row in self.stored], {record: [*rows] for record, rows in self.tables.items()})

    def count(self) -> int:
        return len(self.stored)

    def entries(self) -> Iterator[Row]:
        yield from self.stored

    def entry(self, epoch: int, sequence: int) -> Row | None:
        return next((row for row in self.stored if (row.epoch, row.sequence) == (epoch, sequence)), None)

    def rows(self, record: type[Record]) -> Iterator[Record]:
        yield from self.tables[record]

    def where(self, record: type[Record], **equal: str | int | None) -> list[Record]:
        found = self.tables[record]
        return [row for row in found if all(getattr(row, name) == value for name, value in equal.items())]


def sort_key(row: Record) -> tuple[Any, ...]:
    """The order of a database: by key, text by code point."""
    return row.identity


class File:
    """A vault in a SQLite file, read with nothing but sqlite3; opened anew for every verification."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)

    def close(self) -> None:
        self._connection.close()

    def count(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM entry").fetchone()[0])

    def entries(self) -> Iterator[Row]:
        for row in self._connection.execute(f"{_ENTRY} ORDER BY epoch, sequence"):
            yield Row(*row)

    def entry(self, epoch: int, sequence: int) -> Row | None:
        row = self._connection.execute(f"{_ENTRY} WHERE epoch = ? AND sequence = ?", (epoch, sequence)).fetchone()
        return None if row is None else Row(*row)

    def rows(self, record: type[Record]) -> Iterator[Record | BadRow]:
        yield from self._select(record, "")

    def where(self, record: type[Record], **equal: str | int | None) -> Iterator[Record | BadRow]:
        terms = " AND ".join(f'"{name}" IS ?' for name in equal)
        yield from self._select(record, f"WHERE {terms}", *equal.values())

    def _select(self, record: type[Record], where: str, *params: Any) -> Iterator[Record | BadRow]:
        names = ", ".join(f'"{each.name}"' for each in fields(record))  # type: ignore[arg-type]
        order = ", ".join(f'"{name}"' for name in record.key)
        sql = f'SELECT {names} FROM "{record.table}" {where} ORDER BY {order}'
        try:
            for row in self._connection.execute(sql, params):
                yield record(*row)
        except sqlite3.OperationalError as error:
            yield BadRow(record.table, None, str(error))


_ENTRY = "SELECT epoch, sequence, id, previous, leaf_hash, note FROM entry"
