"""A vault on PostgreSQL backed up to a file while stations record, and brought back: to a server, or to a file."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from cryoledger.cli.sample import people, stock
from cryoledger.cli.sample.clinic import CHEAP
from cryoledger.custody.backups import backup, backup_manifest, restore
from cryoledger.custody.proof.auditing import verify_at
from cryoledger.custody.record import observe, record
from cryoledger.custody.vault import Vault, head_of
from cryoledger.database import migrate, rebuild, transfer
from cryoledger.database.local import INVITATION, StoredDocument, WrappedKey
from cryoledger.database.store import Store
from cryoledger.errors import VaultDamagedError, VaultError, VaultMovedError, VaultSetBackError
from cryoledger.ledger.lines import encode_base64
from tests import postgresql
from tests.custody.stations import Site, make_site

NOW = "2026-11-22T02:00:00.000Z"
ALARM = stock.make_event("AlarmRaised", unit="F1", alarm="door")
OUT = stock.make_event("StorageUnitTakenOut", unit="B1")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with make_site(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def backed_up(site: Site, tmp_path: Path) -> Path:
    with site.vault("bench-1") as vault:
        return backup.back_up(vault, tmp_path / "b").path


def state(location: str) -> tuple[list[object], list[object]]:
    """Every entry and every row of the inventory."""
    with Store.open(location) as store, store.reading() as reading:
        return list(reading.entries()), list(rebuild.dump(reading))


def test_a_backup_is_the_servers_vault_and_says_so(site: Site, tmp_path: Path) -> None:
    shown: list[tuple[int, int]] = []
    with site.vault("bench-1") as vault:
        with vault.store.writing() as transaction:
            transaction.put_document(StoredDocument("h1", "s1", "patient", "P1", 9, b"\0encrypted"))
            transaction.put_wrapped_key(WrappedKey("freezer-room-9", INVITATION, "SECRET UNDER A CODE " * 50))
        made = backup.back_up(vault, tmp_path, lambda done, total: shown.append((done, total)))
        with vault.store.reading() as reading:
            head = head_of(reading)
        assert made.manifest.leaf_hash == encode_base64(head.leaf_hash)
        assert made.manifest.fingerprint == encode_base64(vault.fingerprint)
        assert made.manifest.entries == head.sequence + 1
        assert shown == [(head.sequence + 1, head.sequence + 1)]
        assert backup_manifest.check(made.path) == made.manifest
        report = backup.restore_as_test(vault, made.path)
        assert report.ok, report.findings
        care = backup.care_of(vault)
        assert care.backup is not None
        assert care.tested is not None
    content = made.path.read_bytes()
    assert b"SECRET UNDER A CODE" not in content
    assert b"\0encrypted" in content
    assert made.path.stat().st_mode & 0o077 == 0
    assert {path.name for path in tmp_path.iterdir() if path.name.startswith(made.path.name)} == {
        made.path.name, made.path.name + ".manifest.json",
    }  # fmt: skip
    assert not list(tmp_path.glob(".*part*"))


def test_a_backup_is_one_state_while_stations_record(site: Site, tmp_path: Path) -> None:
    over = threading.Event()
    counted: list[int] = []

    def work() -> None:
        with Vault.open(site.url, kdf=CHEAP, remembered=False) as vault:
            while not over.is_set():
                counted.append(observe(vault, ALARM).number)

    with site.vault("bench-1") as vault:
        thread = threading.Thread(target=work)
        thread.start()
        try:
            made = []
            for number in range(3):
                before = len(counted)
                made.append(backup.back_up(vault, tmp_path / f"b{number}"))
                while len(counted) <= before + 1 and thread.is_alive():  # so that the next one sees something new
                    time.sleep(0.01)
        finally:
            over.set()
            thread.join()
    assert len(counted) > 10
    for each in made:
        report = backup.trial(each.path)
        assert report.ok, report.findings
    sequences = [each.manifest.sequence for each in made]
    assert sequences == sorted(set(sequences))


def test_what_was_changed_on_the_server_is_in_the_backup_and_found(site: Site, tmp_path: Path) -> None:
    with postgresql.admin(site.url) as admin:
        admin.execute("UPDATE storage_unit SET name = 'another' WHERE code = 'F1'")
    with site.vault("bench-1") as vault:
        made = backup.back_up(vault, tmp_path / "b")
        assert not backup.restore_as_test(vault, made.path).ok
        assert backup.care_of(vault).tested is None
    with postgresql.database() as url, pytest.raises(VaultDamagedError, match="not sound"):
        restore.restore(made.path, url, now=NOW)


def test_restored_to_another_server_it_is_the_same_vault(site: Site, backed_up: Path) -> None:
    before = state(site.url)
    with postgresql.database() as url:
        done = restore.restore(backed_up, url, now=NOW)
        assert done.complete
        assert done.report.ok
        assert state(url) == before
        with Vault.open(url, kdf=CHEAP) as vault:
            record(vault, OUT, people.MARIA.by)
        assert verify_at(url).ok


def test_restored_to_a_file_it_is_the_same_vault(site: Site, backed_up: Path, tmp_path: Path) -> None:
    before = state(site.url)
    place = str(tmp_path / "lab.cryoledger")
    assert restore.restore(backed_up, place, now=NOW).complete
    assert state(place) == before
    with Vault.open(place, kdf=CHEAP) as vault:
        record(vault, OUT, people.MARIA.by)
    assert verify_at(place).ok


def test_a_file_s_backup_is_restored_to_a_server(vault: Vault, home: Path, tmp_path: Path) -> None:
    made = backup.back_up(vault, tmp_path / "b")
    before = state(str(home / "lab.cryoledger"))
    with postgresql.database() as url:
        assert restore.restore(made.path, url, now=NOW).complete
        entries, rows = state(url)
        assert (entries, rows) == before
        assert verify_at(url).ok


def test_what_was_lost_is_declared_by_two(site: Site, backed_up: Path) -> None:
    with site.vault("bench-1") as vault:
        observe(vault, ALARM)
    with postgresql.database() as url:
        assert not restore.restore(backed_up, url, now=NOW).complete
        with pytest.raises(VaultSetBackError, match="ALARM"):
            Vault.open(url, kdf=CHEAP)
        with Vault.open(url, kdf=CHEAP, remembered=False) as vault:
            assert restore.declare(vault, people.ADA.by, people.QUINN.by).epoch == 2
            record(vault, OUT, people.MARIA.by)
        assert verify_at(url).ok


def test_only_an_empty_database_is_filled(site: Site, backed_up: Path) -> None:
    before = state(site.url)
    with pytest.raises(VaultError, match="not empty"):
        restore.restore(backed_up, site.url, now=NOW)
    assert state(site.url) == before
    with postgresql.database() as url:
        with postgresql.admin(url) as admin:
            admin.execute("CREATE TABLE minutes (said TEXT)")
        with pytest.raises(VaultError, match="not empty"):
            restore.restore(backed_up, url, now=NOW)


@pytest.mark.parametrize("step", ["as_they_are", "differences", "release"])
def test_a_restore_that_stops_leaves_nothing_to_open_and_starts_anew(
    site: Site, backed_up: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object) -> NoReturn:
        raise Killed

    with postgresql.database() as url:
        with monkeypatch.context() as patch:
            patch.setattr(transfer, step, killed)
            patch.setattr(migrate, "remove", lambda _: None)  # as if the process had ended
            with pytest.raises(Killed):
                restore.restore(backed_up, url, now=NOW)
        with pytest.raises(VaultMovedError, match="`cryoledger restore` did not come to its end"):
            Vault.open(url, kdf=CHEAP)
        assert restore.restore(backed_up, url, now=NOW).complete
        Vault.open(url, kdf=CHEAP).close()
        assert state(url) == state(site.url)


def test_a_restore_that_fails_leaves_the_database_empty(backed_up: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "differences", lambda *_: ["vial"])
    with postgresql.database() as url:
        with pytest.raises(VaultDamagedError, match="differs"):
            restore.restore(backed_up, url, now=NOW)
        with postgresql.admin(url) as admin:
            assert admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall() == []


def test_a_changed_byte_is_found_before_anything_is_made(backed_up: Path) -> None:
    content = bytearray(backed_up.read_bytes())
    content[len(content) // 2] ^= 1
    backed_up.write_bytes(content)
    with postgresql.database() as url:
        with pytest.raises(VaultDamagedError, match="not what its manifest says"):
            restore.restore(backed_up, url, now=NOW)
        with postgresql.admin(url) as admin:
            assert admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall() == []


@pytest.mark.parametrize("kibibytes", [64, 256, 400])
def test_a_full_disk_is_said_and_leaves_nothing(site: Site, tmp_path: Path, kibibytes: int) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        with site.vault("bench-1") as vault, pytest.raises(VaultError, match="could not be written") as caught:
            backup.back_up(vault, disk / "b")
        assert "Make room" in str(caught.value)
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
