"""The same on real files: what the database itself and the station say, before anybody verifies."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cryoledger.custody.proof.auditing import verify_at
from cryoledger.custody.station.remembered_head import RememberedHead
from cryoledger.custody.station.set_back import check_head
from cryoledger.database.store import Store
from cryoledger.errors import VaultDamagedError, VaultSetBackError
from tests.forgers.scene import moved
from tests.lab import ORIGIN, TECHNICIAN, Lab

Told = Callable[[str, object], None]


@dataclass(frozen=True)
class Files:
    """The vault, a copy of it from before the last entry, and what the station remembers."""

    vault: Path
    backup: Path
    remembered: RememberedHead


@pytest.fixture
def files(tmp_path: Path) -> Files:
    vault, backup = tmp_path / "lab.cryoledger", tmp_path / "old.cryoledger"
    with Store.create(str(vault)) as store:
        lab = Lab(store)
        lab.furnish()
        lab.record(moved("2"), TECHNICIAN)
    shutil.copy(vault, backup)
    with Store.open(str(vault)) as store:
        lab.store = store
        lab.record(moved("3"), TECHNICIAN)
    last = lab.last
    return Files(vault, backup, RememberedHead(ORIGIN, 1, last.sequence, last.leaf_hash))


def alarm(files: Files) -> str:
    """What the station says when it opens the vault; "" where it says nothing."""
    with Store.open(str(files.vault)) as store, store.reading() as reading:
        try:
            check_head(reading, files.remembered)
        except VaultDamagedError as error:
            return f"{type(error).__name__}: {error.message}"
    return ""


def findings(files: Files) -> list[str]:
    """What a verification finds broken, that has nothing from outside."""
    report = verify_at(str(files.vault), remembered=False)
    return [finding.message for finding in report.findings if finding.severity == "broken"]


def test_the_true_file_raises_no_alarm(files: Files) -> None:
    assert alarm(files) == ""
    assert findings(files) == []


def test_old_backup_raises_the_alarm_before_anything_is_recorded(files: Files, record_property: Told) -> None:
    shutil.copy(files.backup, files.vault)
    said = alarm(files)
    assert said.startswith(VaultSetBackError.__name__)
    assert "ALARM: this station saw entry" in said
    assert findings(files) == []  # a chain cannot show its own truncation
    record_property(
        "forger", (900, "an old backup, as a file", "put it in place of the vault", "station's alarm", said)
    )


def test_old_backup_worked_on_raises_the_alarm(files: Files, record_property: Told) -> None:
    shutil.copy(files.backup, files.vault)
    with Store.open(str(files.vault)) as store:
        lab = Lab()
        lab.furnish()
        lab.record(moved("2"), TECHNICIAN)
        lab.store = store
        lab.record(moved("9"), TECHNICIAN)
    said = alarm(files)
    assert "another entry stands there" in said
    assert findings(files) == []
    record_property(
        "forger", (901, "an old backup, as a file", "put it back and work on in it", "station's alarm", said)
    )


def test_dropped_guards_are_found(files: Files, record_property: Told) -> None:
    with sqlite3.connect(files.vault) as database:
        (name,) = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' LIMIT 1").fetchone()
        database.execute(f'DROP TRIGGER "{name}"')
    (said,) = findings(files)
    assert f"The guard {name} is gone" in said
    record_property("forger", (902, "the database, as a file", "drop the guards of the ledger", "verify", said))


def test_guards_stand_in_the_way_of_an_update_and_a_delete(files: Files) -> None:
    for sql in ("UPDATE entry SET note = x'00' WHERE sequence = 3", "DELETE FROM entry WHERE sequence = 3"):
        with sqlite3.connect(files.vault) as database, pytest.raises(sqlite3.DatabaseError):
            database.execute(sql)
    assert findings(files) == []
