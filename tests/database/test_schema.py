"""The migrations, the declared tables and the guards agree, and the guards hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from cryoledger.database import guards, migrate
from cryoledger.database.store import Store
from cryoledger.database.tables import METADATA, ROOM, TABLES, table_of
from cryoledger.domain.records import DERIVED, JOURNAL, Mention, UnitPlacement, Vial, VialPlacement
from cryoledger.resources import schema_folder


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """A vault in a file: the tables of a server are tested in `test_postgresql`."""
    with Store.create(str(path)) as made:
        yield made


def described(path: Path) -> dict[str, Any]:
    """Tables with strictness, columns in order, unique combinations and indexes by name, as SQLite sees them."""
    connection = sqlite3.connect(path)
    tables: dict[str, Any] = {}
    for _, name, kind, _, without_rowid, strict in connection.execute("PRAGMA table_list"):
        if kind != "table" or name.startswith("sqlite_") or name == "alembic_version":
            continue
        unique: set[tuple[str, tuple[str, ...]]] = set()
        indexes: set[tuple[str, tuple[str, ...]]] = set()
        for _, index, _, origin, partial in connection.execute(f"PRAGMA index_list('{name}')"):
            assert not partial
            columns = tuple(row[2] for row in connection.execute(f"PRAGMA index_info('{index}')"))
            if origin == "c":
                indexes.add((index, columns))
            else:
                unique.add((origin, columns))
        columns = tuple(row[1:] for row in connection.execute(f"PRAGMA table_info('{name}')"))
        tables[name] = (strict, without_rowid, columns, unique, indexes)
    connection.close()
    return tables


def test_the_migrations_make_the_declared_tables(store: Store, path: Path, tmp_path: Path) -> None:
    declared = tmp_path / "declared.sqlite"
    METADATA.create_all(create_engine(f"sqlite:///{declared}"))
    migrated, wanted = described(path), described(declared)
    assert migrated.keys() == wanted.keys()
    for name in wanted:
        assert migrated[name] == wanted[name], name
        assert migrated[name][0] == 1, f"{name} is not STRICT"


def test_constraint_names_agree(store: Store, path: Path) -> None:
    connection = sqlite3.connect(path)
    for name, table in METADATA.tables.items():
        (sql,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
        for constraint in table.constraints:
            if constraint.name is not None:
                assert f"CONSTRAINT {constraint.name} UNIQUE" in sql


def test_every_table_has_a_room(store: Store, path: Path) -> None:
    assert {name for name, room in ROOM.items() if room == "tree"} == {"tile"}
    assert set(ROOM) == described(path).keys() | {"alembic_version"}
    assert set(TABLES) == set(ROOM) - {"alembic_version"}
    assert {name for name, room in ROOM.items() if room == "derived"} == {record.table for record in DERIVED}


def test_the_known_version_is_the_last_migration(store: Store) -> None:
    config = Config()
    config.set_main_option("script_location", str(schema_folder() / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [migrate.HEAD]


def test_the_guards_of_the_migration_are_those_we_check(store: Store) -> None:
    with store.reading() as now:
        present = now.driver.all("SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'trigger'")
    assert sorted(present) == sorted(guards.expected("sqlite"))


def test_a_row_class_has_the_columns_of_its_record() -> None:
    assert "position" in table_of(Vial).model_fields


@pytest.mark.parametrize(
    "column", ["epoch", "sequence", "id", "previous", "leaf_hash", "note"], ids=lambda column: f"of-{column}"
)
def test_strict_refuses_another_type_in_an_entry(store: Store, path: Path, column: str) -> None:
    right: dict[str, object] = {
        "epoch": 1, "sequence": 0, "id": "i", "previous": b"p", "leaf_hash": b"l", "note": b"n",
    }  # fmt: skip
    wrong = {"id": b"i"}.get(column, "x")
    with pytest.raises(sqlite3.IntegrityError, match="cannot store"):
        sqlite3.connect(path).execute(
            "INSERT INTO entry (epoch, sequence, id, previous, leaf_hash, note) "
            "VALUES (:epoch, :sequence, :id, :previous, :leaf_hash, :note)",
            right | {column: wrong},
        )


@pytest.fixture(params=[True, False], ids=["recursive", "plain"])
def careless(
    request: pytest.FixtureRequest, store: Store, path: Path, record: Callable[..., Any]
) -> sqlite3.Connection:
    """Another tool on a vault with two entries and a row in each journal."""
    record()
    record(
        Mention(1, "vial", "V1"),
        VialPlacement(1, "V1", "B1", 0, "2026-11-22T03:00:00.000Z", "2026-11-22T03:01:00.000Z"),
        UnitPlacement(1, "B1", None, None, "2026-11-22T03:00:00.000Z", "2026-11-22T03:01:00.000Z"),
    )
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA recursive_triggers={int(request.param)}")
    return connection


GUARDED = ["entry", *(record.table for record in JOURNAL)]


@pytest.mark.parametrize("table", GUARDED)
def test_update_is_refused(careless: sqlite3.Connection, table: str) -> None:
    column = careless.execute(f"SELECT name FROM pragma_table_info('{table}')").fetchone()[0]
    with pytest.raises(sqlite3.IntegrityError, match="UPDATE is refused"):
        careless.execute(f"UPDATE {table} SET {column} = {column}")


@pytest.mark.parametrize("table", GUARDED)
def test_delete_is_refused(careless: sqlite3.Connection, table: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="DELETE is refused"):
        careless.execute(f"DELETE FROM {table}")


@pytest.mark.parametrize("verb", ["INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE", "INSERT"])
@pytest.mark.parametrize("table", GUARDED)
def test_replacing_a_row_is_refused(careless: sqlite3.Connection, table: str, verb: str) -> None:
    before = careless.execute(f"SELECT * FROM {table}").fetchall()
    with pytest.raises(sqlite3.IntegrityError, match="the key is present"):
        careless.execute(f"{verb} INTO {table} SELECT * FROM {table} LIMIT 1")
    assert careless.execute(f"SELECT * FROM {table}").fetchall() == before


@pytest.mark.parametrize("shared", ["id", "previous"])
def test_replacing_an_entry_by_another_unique_combination_is_refused(careless: sqlite3.Connection, shared: str) -> None:
    _, _, id_, previous, _, _ = careless.execute("SELECT * FROM entry WHERE sequence = 1").fetchone()
    values = (1, 2, id_ if shared == "id" else "other", previous if shared == "previous" else b"other", b"l", b"n")
    with pytest.raises(sqlite3.IntegrityError, match="the key is present"):
        careless.execute("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?, ?)", values)


def test_an_upsert_on_an_entry_is_refused(careless: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        careless.execute(
            "INSERT INTO entry SELECT * FROM entry WHERE true ON CONFLICT (epoch, sequence) DO UPDATE SET note = x'00'"
        )
