"""Backups: whole, verified and without secrets; made while others record; their age is known."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from pathlib import Path

import pytest

from cryoledger.custody.backups import backup, backup_manifest
from cryoledger.custody.clock import SteppingClock
from cryoledger.custody.record import observe
from cryoledger.custody.vault import Vault, head_of
from cryoledger.database import snapshot_copy
from cryoledger.database.local import INVITATION, WrappedKey
from cryoledger.domain.events.vault import AlarmRaised
from cryoledger.errors import VaultDamagedError, VaultError
from cryoledger.ledger.lines import encode_base64


def alarm(vault: Vault) -> AlarmRaised:
    """An event of a unit that this vault has."""
    from cryoledger.domain.records import StorageUnit

    with vault.store.reading() as reading:
        return AlarmRaised(unit=reading.facts.where(StorageUnit)[0].code, alarm="door")


def test_a_backup_is_the_vault_and_says_so(vault: Vault, tmp_path: Path) -> None:
    made = backup.back_up(vault, tmp_path)
    with vault.store.reading() as reading:
        head = head_of(reading)
    assert made.manifest.leaf_hash == encode_base64(head.leaf_hash)
    assert (made.manifest.epoch, made.manifest.sequence) == (1, head.sequence)
    assert made.manifest.fingerprint == encode_base64(vault.fingerprint)
    assert made.manifest.entries == head.sequence + 1
    assert backup_manifest.check(made.path) == made.manifest
    assert made.path.stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        made.path.name, made.path.name + ".manifest.json",
    ]  # fmt: skip


def test_a_test_restore_verifies_all_of_it_and_leaves_nothing(vault: Vault, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    made = backup.back_up(vault, folder / "b")
    report = backup.restore_as_test(vault, made.path)
    assert report.ok
    assert any(line.startswith("derived tables") for line in report.covers)
    assert "fingerprint" in report.covers
    assert len(list(folder.iterdir())) == 2


def test_looking_at_a_backup_changes_none_of_its_bytes(vault: Vault, tmp_path: Path) -> None:
    from cryoledger.custody.proof.auditing import verify_at

    made = backup.back_up(vault, tmp_path / "b")
    before = made.path.read_bytes()
    assert verify_at(str(made.path)).ok
    assert made.path.read_bytes() == before
    assert backup_manifest.check(made.path) == made.manifest


def test_a_backup_holds_no_secret_of_the_station(vault: Vault, tmp_path: Path) -> None:
    vault.subjects().create("donor", "D-77")
    with vault.store.writing() as transaction:
        transaction.put_wrapped_key(WrappedKey("freezer-room-9", INVITATION, "SECRET UNDER A CODE " * 50))
    made = backup.back_up(vault, tmp_path / "b")
    content = made.path.read_bytes()
    for name in ("vault.secret", "station.key", "subjects.keys"):
        for line in (vault.folder.path / name).read_bytes().split():
            if len(line) > 20:
                assert line not in content, name
    assert vault.secret not in content
    assert b"SECRET UNDER A CODE" not in content


def test_a_backup_is_one_state_while_others_record(vault: Vault, tmp_path: Path) -> None:
    event, done = alarm(vault), threading.Event()

    def work() -> None:
        while not done.is_set():
            observe(vault, event)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        made = [backup.back_up(vault, tmp_path / f"b{number}") for number in range(5)]
    finally:
        done.set()
        thread.join()
    assert all(backup.trial(each.path).ok for each in made)
    sequences = [each.manifest.sequence for each in made]
    assert sequences == sorted(sequences)


def test_nothing_is_ever_replaced(vault: Vault, tmp_path: Path) -> None:
    made = backup.back_up(vault, tmp_path / "b")
    with pytest.raises(VaultError, match="already something"):
        backup.back_up(vault, made.path)
    with pytest.raises(VaultError, match="no folder"):
        backup.back_up(vault, tmp_path / "none" / "b")


def test_a_leftover_of_a_killed_backup_is_in_nobody_s_way(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / ".b.part").write_bytes(b"half of it")
    (tmp_path / "b.manifest.json").write_text("{}")
    made = backup.back_up(vault, tmp_path / "b")
    assert backup.trial(made.path).ok
    assert not (tmp_path / ".b.part").exists()


def test_a_second_backup_to_the_same_name_waits(vault: Vault, tmp_path: Path) -> None:
    with backup._part_of(tmp_path / "b"), pytest.raises(VaultError, match="is running"):
        backup.back_up(vault, tmp_path / "b")


def test_a_changed_byte_is_found(vault: Vault, tmp_path: Path) -> None:
    made = backup.back_up(vault, tmp_path / "b")
    content = bytearray(made.path.read_bytes())
    content[len(content) // 2] ^= 1
    made.path.write_bytes(content)
    with pytest.raises(VaultDamagedError, match="not what its manifest says"):
        backup.restore_as_test(vault, made.path)
    os.truncate(made.path, 4096)
    with pytest.raises(VaultDamagedError):
        backup_manifest.check(made.path)


def test_a_wrong_entry_is_found_without_a_manifest(vault: Vault, tmp_path: Path) -> None:
    made = backup.back_up(vault, tmp_path / "b")
    connection = sqlite3.connect(made.path)
    connection.execute("DROP TRIGGER entry_no_update")
    connection.execute("UPDATE entry SET note = CAST(note || x'0a' AS BLOB) WHERE sequence = 3")
    connection.commit()
    connection.close()
    with pytest.raises(VaultDamagedError, match="entry 1/3"):
        snapshot_copy.read(made.path)
    (tmp_path / "b.manifest.json").unlink()
    assert not backup.trial(made.path).ok


def test_a_manifest_that_is_none_is_said(vault: Vault, tmp_path: Path) -> None:
    made = backup.back_up(vault, tmp_path / "b")
    beside = tmp_path / "b.manifest.json"
    for text in ("", "[]", "{}", '{"format": "x"}', json.dumps({"format": "cryoledger/backup/v1"})):
        beside.write_text(text)
        with pytest.raises(VaultDamagedError, match="cannot be read"):
            backup_manifest.read(made.path)


def test_a_backup_of_another_vault_is_not_this_one_s(vault: Vault, tmp_path: Path) -> None:
    made = backup.back_up(vault, tmp_path / "b")
    beside = tmp_path / "b.manifest.json"
    value = json.loads(beside.read_text())
    beside.write_text(json.dumps(value | {"sequence": 5}))
    with pytest.raises(VaultDamagedError, match="holds another there"):
        backup.restore_as_test(vault, made.path)


def test_the_age_of_backups_is_known(vault: Vault, clock: SteppingClock, tmp_path: Path) -> None:
    care = backup.care_of(vault)
    assert (care.backup, care.tested, care.late) == (None, None, True)
    made = backup.back_up(vault, tmp_path / "b")
    assert backup.care_of(vault).late
    backup.restore_as_test(vault, made.path)
    care = backup.care_of(vault)
    assert care.backup is not None
    assert care.backup.detail == "b"
    assert not care.late
    clock.advance(hours=24, seconds=1)
    assert backup.care_of(vault).late


def test_a_vault_in_use_is_no_backup(vault: Vault, home: Path) -> None:
    observe(vault, alarm(vault))
    with pytest.raises(VaultError, match="a vault in use"):
        backup_manifest.check(home / "lab.cryoledger")
