"""What only a file has: a disk that fills up, and pragmas on every connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cryoledger.database.driver import SqliteDriver
from cryoledger.database.store import Store, Stored
from cryoledger.errors import VaultError

Following = Callable[..., Stored]


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.create(str(path)) as made:
        yield made


def test_a_full_disk_is_said_and_leaves_the_vault_whole(store: Store, entry_after: Following) -> None:
    assert isinstance(store._connections._writer, SqliteDriver)
    connection = store._connections._writer._connection
    assert isinstance(connection, sqlite3.Connection)
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages + 4}")

    def fill() -> None:
        for _ in range(1000):
            with store.writing() as tx:
                tx.append(entry_after(tx.head(), "ClockStepped", {"padding": "x" * 4000}), [])

    with pytest.raises(VaultError, match=r"disk .* full") as caught:
        fill()
    assert "room" in caught.value.advice
    connection.execute("PRAGMA max_page_count = 1000000")
    with store.writing() as tx:
        tx.append(entry_after(tx.head()), [])
    with store.reading() as now:
        sequences = [each.sequence for each in now.entries()]
    assert sequences == list(range(len(sequences)))


def test_every_connection_is_durable_and_distrustful(store: Store) -> None:
    with store.writing() as tx, store.reading() as now:
        for driver in (tx.driver, now.driver):
            for pragma, value in (
                ("journal_mode", "wal"),
                ("synchronous", 2),  # FULL
                ("foreign_keys", 1),
                ("recursive_triggers", 1),
                ("trusted_schema", 0),
                ("busy_timeout", 5000),
            ):
                assert driver.one(f"PRAGMA {pragma}") == (value,), pragma
