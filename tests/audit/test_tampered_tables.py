"""A real file, opened with nothing but sqlite3 and its guards dropped: every column of every table counts (I8)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from cryoledger.audit import BadRow, Finding, Report, verify
from cryoledger.audit.signatures import Outcome
from cryoledger.domain.records import DERIVED, JOURNAL, Mention, Product, Record, Vial
from cryoledger.ledger.signature_batch import SignatureJob
from tests.audit.sources import File, Listed

BY_TABLE = {record.table: record for record in DERIVED}
Copied = Callable[[], Path]


@contextmanager
def attacker(path: Path) -> Iterator[sqlite3.Connection]:
    """The file as whoever holds it may open it: without triggers."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
    finally:
        connection.close()


class Trusting:
    """Takes every signature as good: these tests bend tables, and verify some hundred times."""

    waiting_most = 1

    def start(self, batch: Sequence[SignatureJob]) -> Outcome:
        count = len(batch)
        return lambda: (count, [])


def report_on(path: Path) -> Report:
    source = File(path)
    try:
        return verify(source, workers=Trusting())
    finally:
        source.close()


def bad(path: Path) -> Finding:
    report = report_on(path)
    assert not report.ok
    assert report.first_bad is not None
    return report.first_bad


def changed(value: Any, kind: str) -> Any:
    if value is None:
        return "x" if kind == "TEXT" else 1
    if isinstance(value, int):
        return value + 4099
    if isinstance(value, str):
        return value + "x"
    return bytes((value[0] ^ 1,)) + value[1:]


def rows_to_bend(connection: sqlite3.Connection, table: str) -> list[int]:
    """One row of every kind that a table holds: the first, the middle and the last, and one for each `kind`."""
    ids = [rowid for (rowid,) in connection.execute(f'SELECT rowid FROM "{table}" ORDER BY rowid')]
    columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
    kinds = {}
    if "kind" in columns:
        kinds = {kind: rowid for rowid, kind in connection.execute(f'SELECT rowid, kind FROM "{table}"')}
    return sorted({ids[len(ids) // 2], *kinds.values()})


@pytest.mark.parametrize("table", list(BY_TABLE))
def test_every_column_of_a_derived_table_counts(table: str, file_copy: Copied) -> None:
    path, record = file_copy(), BY_TABLE[table]
    with attacker(path) as connection:
        columns = [(row[1], row[2], row[3]) for row in connection.execute(f'PRAGMA table_info("{table}")')]
        for rowid in rows_to_bend(connection, table):
            keys = ", ".join(f'"{name}"' for name in record.key)
            key = connection.execute(f'SELECT {keys} FROM "{table}" WHERE rowid = ?', (rowid,)).fetchone()
            for column, kind, not_null in columns:
                (value,) = connection.execute(f'SELECT "{column}" FROM "{table}" WHERE rowid = ?', (rowid,)).fetchone()
                for other in [changed(value, kind)] + [None] * (not not_null and value is not None):
                    connection.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?', (other, rowid))
                    finding = bad(path)
                    new = (other if name == column else part for name, part in zip(record.key, key, strict=True))
                    assert finding.table == table, (column, finding)
                    assert finding.row in {shown(key), shown(tuple(new))}, (column, finding)
                    assert column in record.key or f"{column} = {value!r}" == finding.expected
                    # A lone whole-number key is SQLite's rowid itself.
                    now = other if (column,) == record.key and kind == "INTEGER" else rowid
                    connection.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?', (value, now))
    assert report_on(path).ok


def shown(key: tuple[Any, ...]) -> str:
    return " ".join(map(str, key))


@pytest.mark.parametrize("column", ["epoch", "sequence", "id", "previous", "leaf_hash", "note"])
def test_every_column_of_the_ledger_counts(column: str, file_copy: Copied) -> None:
    path = file_copy()
    with attacker(path) as connection:
        rows = connection.execute("SELECT rowid, epoch, sequence FROM entry ORDER BY epoch, sequence").fetchall()
        for rowid, epoch, sequence in (rows[0], rows[len(rows) // 2], rows[-1]):
            (value,) = connection.execute(f"SELECT {column} FROM entry WHERE rowid = ?", (rowid,)).fetchone()
            connection.execute(f"UPDATE entry SET {column} = ? WHERE rowid = ?", (changed(value, ""), rowid))
            finding = bad(path)
            assert (finding.epoch, finding.sequence) == (epoch, sequence), finding
            connection.execute(f"UPDATE entry SET {column} = ? WHERE rowid = ?", (value, rowid))
    assert report_on(path).ok


@pytest.mark.parametrize("table", list(BY_TABLE))
def test_deleted_row_and_whole_table_are_named(table: str, file_copy: Copied) -> None:
    path, record = file_copy(), BY_TABLE[table]
    with attacker(path) as connection:
        keys = ", ".join(f'"{name}"' for name in record.key)
        rowid, *key = connection.execute(f'SELECT rowid, {keys} FROM "{table}" ORDER BY rowid DESC').fetchone()
        connection.execute(f'DELETE FROM "{table}" WHERE rowid = ?', (rowid,))
        finding = bad(path)
        assert (finding.table, finding.row, finding.found) == (table, " ".join(map(str, key)), "no row")
        connection.execute(f'DELETE FROM "{table}"')
        assert bad(path).table == table
        connection.execute(f'DROP TABLE "{table}"')
        finding = bad(path)
        assert (finding.table, finding.row) == (table, None)


@pytest.mark.parametrize("table", list(BY_TABLE))
def test_inserted_row_is_named(table: str, file_copy: Copied) -> None:
    path = file_copy()
    with attacker(path) as connection:
        columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
        row = connection.execute(f'SELECT * FROM "{table}" ORDER BY rowid DESC').fetchone()
        twin = [changed(value, "") if value is not None else None for value in row]
        marks = ", ".join("?" for _ in columns)
        connection.execute(f'INSERT INTO "{table}" VALUES ({marks})', twin)
        finding = bad(path)
        keys = " ".join(str(twin[columns.index(name)]) for name in BY_TABLE[table].key)
        assert (finding.table, finding.row, finding.expected) == (table, keys, "no row")


def test_two_rows_swapped_are_both_named(file_copy: Copied) -> None:
    path = file_copy()
    with attacker(path) as connection:
        one, other = connection.execute("SELECT code, cells FROM vial ORDER BY code LIMIT 2").fetchall()
        connection.execute("UPDATE vial SET cells = ? WHERE code = ?", (one[1] + 1, other[0]))
        connection.execute("UPDATE vial SET cells = ? WHERE code = ?", (other[1] + 2, one[0]))
    report = report_on(path)
    assert [finding.row for finding in report.findings if finding.severity == "broken"] == [one[0], other[0]]


def test_table_made_anew_without_strictness_is_compared_by_type(file_copy: Copied) -> None:
    path = file_copy()
    with attacker(path) as connection:
        names = ", ".join(each.name for each in fields(Product))
        connection.execute(f"CREATE TABLE loose ({names})")
        connection.execute(f"INSERT INTO loose SELECT {names} FROM product")
        connection.execute("DROP TABLE product")
        connection.execute("ALTER TABLE loose RENAME TO product")
        assert report_on(path).ok
        connection.execute("UPDATE product SET post_thaw_minutes = 120.0")
        assert bad(path).found == "post_thaw_minutes = 120.0"
        connection.execute("UPDATE product SET version = 1.0, post_thaw_minutes = 120")
        assert bad(path).table == "product"
        connection.execute("UPDATE product SET version = 1")
        connection.execute("INSERT INTO product SELECT * FROM product")
        finding = bad(path)
        assert (finding.table, finding.expected) == ("product", "no row")


def test_entry_table_of_another_shape_is_found(file_copy: Copied) -> None:
    path = file_copy()
    with attacker(path) as connection:
        connection.execute("ALTER TABLE entry RENAME TO gone")
    finding = bad(path)
    assert (finding.epoch, finding.sequence, finding.check) == (1, 0, "entry")


def test_file_torn_in_the_middle_is_found(file_copy: Copied) -> None:
    path = file_copy()
    data = bytearray(path.read_bytes())
    for at in range(len(data) // 2, len(data), 4096):
        data[at : at + 64] = bytes(64)
    path.write_bytes(data)
    assert not report_on(path).ok


def test_rules_hear_of_the_past_what_the_ledger_says(whole: Listed) -> None:
    """The suspect range is found through the journal of mentions; bending that names the journal, and it alone."""
    rows = whole.tables[Mention]
    whole.tables[Mention] = [row for row in rows if getattr(row, "code", "") != "lena.k"]
    report = verify(whole)
    assert {finding.table for finding in report.findings if finding.severity == "broken"} == {"mention"}
    assert [finding.found for finding in report.findings if finding.severity == "open"] == ["1"]


@pytest.mark.parametrize("record", JOURNAL)
def test_journal_that_vanished_names_itself_alone(whole: Listed, record: type[Record]) -> None:
    whole.tables[record] = []
    report = verify(whole)
    assert {finding.table for finding in report.findings if finding.severity == "broken"} == {record.table}


@pytest.mark.parametrize("record", JOURNAL)
def test_journal_row_moved_to_another_entry_names_itself_alone(whole: Listed, record: type[Record]) -> None:
    for index in range(0, len(whole.tables[record]), 23):
        for step in (-1, 1, 7):
            bent = whole.copy()
            row = bent.tables[record][index]
            moved = replace(row, **{record.key[0]: row.identity[0] + step})  # type: ignore[operator,type-var]
            bent.tables[record][index] = moved
            bent.tables[record].sort(key=lambda each: each.identity)
            report = verify(bent, workers=Trusting())
            tables = {finding.table for finding in report.findings if finding.severity == "broken"}
            # A vial that is said to be mentioned in the suspect range would be on hold.
            assert tables - {"hold"} == {record.table}


def test_row_that_cannot_be_built_is_named(short: Listed) -> None:
    class Bad(Listed):
        def rows(self, record: type[Record]) -> Iterator[Any]:
            yield from super().rows(record)
            if record is Vial:
                yield BadRow("vial", "VB7K", "cells is no number")

    report = verify(Bad(short.stored, short.tables))
    assert report.first_bad is not None
    assert (report.first_bad.table, report.first_bad.row) == ("vial", "VB7K")


def test_findings_of_one_kind_are_bounded_and_counted(whole: Listed) -> None:
    whole.tables[Mention] = [
        Mention(row.identity[0] + 10_000, row.kind, row.code)  # type: ignore[operator,attr-defined]
        for row in whole.tables[Mention]
    ]
    report = verify(whole)
    assert len(report.findings) < 120
    assert "more findings" in report.findings[-1].message
