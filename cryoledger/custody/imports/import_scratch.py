"""The scratch database of an import: every row of a file, on disk and nowhere named, however long the file is.

It holds what the file says until the parts are recorded. SQLite keeps it in a file without a name, which the system
takes away when the process ends, however it ends.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from cryoledger.custody.imports.import_facts import BoxFacts, BoxSize, DonationFacts, GoodRow, LotFacts, Place

__all__ = ["Scratch"]

CACHE_KIBIBYTES = 48 * 1024
BATCH = 2000
REMEMBERED = 20_000

_TABLES = """
CREATE TABLE good (
    row INTEGER PRIMARY KEY, barcode TEXT, box INTEGER, position INTEGER, lot INTEGER, comment TEXT, held INTEGER
);
CREATE TABLE rejected (row INTEGER PRIMARY KEY, reason TEXT);
CREATE TABLE box (id INTEGER PRIMARY KEY, code TEXT UNIQUE, facts TEXT, row INTEGER);
CREATE TABLE lot (id INTEGER PRIMARY KEY, code TEXT, facts TEXT, row INTEGER, viability INTEGER, UNIQUE (code, facts));
CREATE TABLE name (text TEXT PRIMARY KEY, kind TEXT, facts TEXT, row INTEGER);
CREATE TABLE part (number INTEGER PRIMARY KEY, event TEXT, vials INTEGER, comments TEXT);
"""
_TWINS = """
SELECT good.row, twice.first, good.barcode FROM good JOIN (
    SELECT {place}, min(row) AS first FROM good GROUP BY {place} HAVING count(*) > 1
) AS twice USING ({place}) WHERE good.row > twice.first ORDER BY good.row
"""


class Scratch:
    """Rows of a file, sound or rejected, and what they have in common."""

    def __init__(self) -> None:
        self.db = sqlite3.connect("", isolation_level=None)
        for pragma in (f"cache_size = -{CACHE_KIBIBYTES}", "journal_mode = OFF", "synchronous = OFF"):
            self.db.execute(f"PRAGMA {pragma}")
        self.db.executescript(_TABLES)
        self.db.execute("BEGIN")
        self._good: list[tuple[object, ...]] = []
        self._rejected: list[tuple[int, str]] = []
        self._boxes: dict[int, tuple[BoxFacts, int]] = {}
        self._lots: dict[int, tuple[LotFacts, int]] = {}
        self._viability: dict[int, int] = {}

    def close(self) -> None:
        """Forget everything."""
        self.db.close()

    # Rows as they are read

    def add(self, row: GoodRow) -> None:
        """Keep a sound row, unless its box is described in another way elsewhere."""
        box = self._box(row)
        if isinstance(box, str):
            self.reject(row.row, box)
            return
        lot = self._lot(row)
        self._good.append((row.row, row.barcode, box, row.position, lot, row.comment, 0))
        if len(self._good) >= BATCH:
            self.flush()

    def reject(self, row: int, reason: str) -> None:
        """Keep a row that does not come in, and why."""
        self._rejected.append((row, reason))
        if len(self._rejected) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting."""
        self.db.executemany("INSERT INTO good VALUES (?, ?, ?, ?, ?, ?, ?)", self._good)
        self.db.executemany("INSERT OR REPLACE INTO rejected VALUES (?, ?)", self._rejected)
        self._good.clear()
        self._rejected.clear()

    def _box(self, row: GoodRow) -> int | str:
        known = self._boxes.get(id(row.box))
        if known is not None:
            return known[1]
        facts = _text(row.box)
        self.db.execute("INSERT OR IGNORE INTO box (code, facts, row) VALUES (?, ?, ?)", (row.box.code, facts, row.row))
        found, said, first = self.one("SELECT id, facts, row FROM box WHERE code = ?", row.box.code)
        if said != facts:
            return f"box {row.box.code} is described in another way in row {first}"
        if len(self._boxes) >= REMEMBERED:
            self._boxes.clear()
        self._boxes[id(row.box)] = (row.box, found)  # the object is kept, so that its id stays its own
        return int(found)

    def _lot(self, row: GoodRow) -> int:
        known = self._lots.get(id(row.lot))
        if known is None:
            values = (row.lot.code, _text(row.lot), row.row)
            self.db.execute("INSERT OR IGNORE INTO lot (code, facts, row) VALUES (?, ?, ?)", values)
            (found,) = self.one("SELECT id FROM lot WHERE code = ? AND facts = ?", *values[:2])
            if len(self._lots) >= REMEMBERED:
                self._lots.clear()
                self._viability.clear()
            known = self._lots[id(row.lot)] = (row.lot, int(found))
        lot, viability = known[1], row.viability_millipercent
        if viability is not None and viability < self._viability.get(lot, 100_001):
            self._viability[lot] = viability
            self.db.execute(
                "UPDATE lot SET viability = min(coalesce(viability, ?1), ?1) WHERE id = ?2", (viability, lot)
            )
        return lot

    # What is asked of them all

    def one(self, sql: str, *params: object) -> Any:
        """The first row of an answer."""
        return self.db.execute(sql, params).fetchone()

    def each(self, sql: str, *params: object) -> Iterator[Any]:
        """The rows of an answer."""
        return self.db.execute(sql, params)

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return int(self.one(f"SELECT count(*) FROM {table}")[0])  # noqa: S608 - our own names

    def rejected(self) -> Iterator[tuple[int, str]]:
        """Rows that do not come in, in the file's order."""
        yield from self.each("SELECT row, reason FROM rejected ORDER BY row")

    def drop(self, rows: Iterable[tuple[int, str]]) -> None:
        """Reject rows that had been kept."""
        for row, reason in rows:
            self.db.execute("DELETE FROM good WHERE row = ?", (row,))
            self.reject(row, reason)
        self.flush()

    def drop_where(self, column: str, value: int, reason: str) -> None:
        """Reject every row of a box or of a lot."""
        self.flush()
        self.db.execute(f"INSERT INTO rejected SELECT row, ?2 FROM good WHERE {column} = ?1", (value, reason))  # noqa: S608
        self.db.execute(f"DELETE FROM good WHERE {column} = ?", (value,))  # noqa: S608

    def twins(self, place: str) -> list[tuple[int, int, str]]:
        """(row, first row, barcode) of every row that gives again what an earlier one gave."""
        return list(self.each(_TWINS.format(place=place)))

    def hold(self, rows: Iterable[int]) -> None:
        """Mark rows whose vials come in on hold."""
        self.db.executemany("UPDATE good SET held = 1 WHERE row = ?", ((row,) for row in rows))

    def lot_facts(self, lot: int) -> tuple[LotFacts, int | None]:
        """A lot, and the lowest viability that its rows give."""
        facts, viability = self.one("SELECT facts, viability FROM lot WHERE id = ?", lot)
        return lot_of(facts), viability

    def box_facts(self, box: int) -> BoxFacts:
        """A box."""
        return box_of(self.one("SELECT facts FROM box WHERE id = ?", box)[0])


def _text(facts: BoxFacts | LotFacts) -> str:
    return json.dumps(asdict(facts), separators=(",", ":"))


def box_of(text: str) -> BoxFacts:
    """A box as it was written."""
    value = json.loads(text)
    return BoxFacts(tuple(Place(**place) for place in value["path"]), BoxSize(**value["size"]))


def lot_of(text: str) -> LotFacts:
    """A lot as it was written."""
    value = json.loads(text)
    value["donations"] = tuple(DonationFacts(**each) for each in value["donations"])
    return LotFacts(**value)
