"""A vault that an older version of the program made: refused, upgraded on a copy's safety, verified."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from cryoledger.custody.clock import SteppingClock
from cryoledger.custody.upgrading import upgrade
from cryoledger.custody.vault import Vault
from cryoledger.database import migrate
from cryoledger.errors import RequestError, VaultError, VaultNewerError, VaultOlderError
from tests.older import back_to_0003


@pytest.fixture
def old(home: Path) -> Path:
    """The vault as a program of schema 0003 would have left it."""
    path = home / "lab.cryoledger"
    with sqlite3.connect(path) as database:
        back_to_0003(database)
    return path


def test_older_vault_is_not_opened_and_says_what_to_do(old: Path) -> None:
    with pytest.raises(VaultOlderError, match="0003") as caught:
        Vault.open(str(old))
    assert "vault upgrade" in caught.value.advice


def test_upgraded_vault_verifies_and_opens_and_its_copy_is_the_old_one(old: Path, clock: SteppingClock) -> None:
    before = _entries(old)
    done = upgrade(str(old))
    assert (done.before, done.after) == ("0003", migrate.HEAD)
    assert done.report.ok, done.report.findings
    assert _entries(old) == before
    with Vault.open(str(old), clock=clock) as vault, vault.store.reading() as reading:
        assert reading.head() is not None
    assert done.copy is not None
    assert _entries(done.copy) == before
    with pytest.raises(VaultOlderError):
        Vault.open(str(done.copy))


def test_upgrade_that_fails_leaves_the_vault_as_it_was(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sqlite3.connect(old) as database:
        database.execute("CREATE TABLE identity (what TEXT)")  # what the last migration cannot make again
    before = _entries(old)
    with pytest.raises(VaultError, match="as it was"):
        upgrade(str(old))
    assert _entries(old) == before
    with sqlite3.connect(old) as database:
        tables = {row[0] for row in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert "tile" not in tables
    with pytest.raises(RequestError, match="did not finish"):
        upgrade(str(old))


def test_vault_of_this_or_a_newer_version_is_left_alone(home: Path) -> None:
    path = home / "lab.cryoledger"
    with pytest.raises(RequestError, match="already"):
        upgrade(str(path))
    with sqlite3.connect(path) as database:
        database.execute("UPDATE alembic_version SET version_num = '0999'")
    with pytest.raises(VaultNewerError):
        upgrade(str(path))
    assert not list(home.glob("*.schema-*"))


def _entries(path: Path) -> list[tuple[object, ...]]:
    with sqlite3.connect(path) as database:
        return database.execute("SELECT epoch, sequence, leaf_hash, note FROM entry ORDER BY 1, 2").fetchall()
