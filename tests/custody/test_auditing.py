"""Verification of a vault where it lies: what the database says, what the station remembers, what is gone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from cryoledger.cli.sample.people import MARIA
from cryoledger.custody.keys.unlock import unlock
from cryoledger.custody.proof.auditing import verify_at
from cryoledger.custody.vault import Vault
from cryoledger.database import guards
from cryoledger.errors import VaultDamagedError, VaultMissingError, VaultNewerError


@pytest.fixture
def path(home: Path) -> Path:
    return home / "lab.cryoledger"


@contextmanager
def opened(path: Path, *, unguarded: bool = False) -> Iterator[sqlite3.Connection]:
    """The file in other hands; guards that were in the way are put back, as a careful forger would."""
    connection = sqlite3.connect(path)
    triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    if unguarded:
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
    yield connection
    if unguarded:
        for _, sql in triggers:
            connection.execute(sql)
    connection.commit()
    connection.close()


def broken(path: Path) -> list[tuple[str, str | None]]:
    report = verify_at(str(path))
    assert not report.ok
    return [(finding.check, finding.table) for finding in report.findings if finding.severity == "broken"]


def test_a_sound_vault_is_verified_without_its_secrets(path: Path) -> None:
    for secret in path.parent.rglob("vault.secret"):
        secret.unlink()
    report = verify_at(str(path))
    assert report.ok, report.findings
    assert "remembered head" in report.covers


def test_a_fingerprint_from_paper_is_compared(path: Path, vault: Vault) -> None:
    assert "fingerprint" in verify_at(str(path), fingerprint=vault.fingerprint).covers
    assert not verify_at(str(path), fingerprint=bytes(32)).ok


def test_a_row_that_the_ledger_does_not_say(path: Path) -> None:
    with opened(path) as connection:
        connection.execute("UPDATE person SET roles = 'quality officer' WHERE name != 'ada'")
    assert ("derived tables", "person") in broken(path)


def test_an_altered_entry_is_named(path: Path) -> None:
    with opened(path, unguarded=True) as connection:
        connection.execute(
            "UPDATE entry SET note = CAST(replace(CAST(note AS TEXT), 'bench-1', 'bench-2') AS BLOB) WHERE sequence = 3"
        )
    report = verify_at(str(path))
    assert report.first_bad is not None
    assert (report.first_bad.epoch, report.first_bad.sequence) == (1, 3)


def test_a_cut_tail_is_caught_by_the_remembered_head(path: Path) -> None:
    with opened(path, unguarded=True) as connection:
        connection.execute("DELETE FROM entry WHERE sequence = (SELECT MAX(sequence) FROM entry)")
    assert "remembered head" in [check for check, _ in broken(path)]


def test_guards_that_are_gone_are_findings(path: Path) -> None:
    with opened(path) as connection:
        connection.execute("DROP TRIGGER entry_no_update")
    assert broken(path) == [("guards", "entry")]
    assert guards.expected("sqlite")
    with pytest.raises(VaultDamagedError):
        Vault.open(str(path))


def test_a_missing_table_is_a_finding(path: Path) -> None:
    with opened(path) as connection:
        connection.execute("DROP TABLE hold")
    assert ("derived tables", "hold") in broken(path)


def test_torn_pages_are_findings_and_no_crash(path: Path) -> None:
    with opened(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    content[8192 : len(content) // 2] = bytes(len(content) // 2 - 8192)
    path.write_bytes(content)
    with suppress(VaultDamagedError):  # where the first pages are gone, it cannot run, and says so
        assert broken(path)


def test_what_is_no_vault_cannot_be_verified(path: Path, tmp_path: Path) -> None:
    with pytest.raises(VaultMissingError):
        verify_at(str(tmp_path / "nothing"))
    with opened(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(VaultNewerError):
        verify_at(str(path))


def test_a_damaged_wrapped_key_is_named_and_opens_nothing(path: Path) -> None:
    with opened(path) as connection:
        connection.execute("UPDATE wrapped_key SET wrapped = '{' || wrapped WHERE name = 'maria.s'")
    assert ("wrapped keys", "wrapped_key") in broken(path)
    with Vault.open(str(path)) as vault, pytest.raises(VaultDamagedError, match="Maria Santos"):
        unlock(vault, MARIA.name, MARIA.pin)


def test_a_damaged_entry_is_named_to_whoever_reads_it(path: Path) -> None:
    with opened(path, unguarded=True) as connection:
        connection.execute("UPDATE entry SET note = CAST('rubbish' AS BLOB) WHERE sequence = 3")
    with (
        Vault.open(str(path)) as vault,
        vault.store.reading() as reading,
        pytest.raises(VaultDamagedError, match="Entry 3 of the vault is damaged"),
    ):
        reading.recorded(3)
