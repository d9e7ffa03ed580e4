"""Disks that are full, read-only or torn: nothing half is recorded, and the message says what to do."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cryoledger.custody.backups import backup
from cryoledger.custody.proof.auditing import verify_at
from cryoledger.custody.record import observe
from cryoledger.custody.vault import Vault
from cryoledger.errors import CryoledgerError, VaultDamagedError, VaultError
from tests.faults.conftest import ALARM, Victim, move, moves

Disk = Callable[[int], Path]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Makes a disk of so many KiB; only root may, and only where mounting is allowed."""
    mounted: list[Path] = []

    def make(kib: int) -> Path:
        place = tmp_path / f"disk-{len(mounted)}"
        place.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(place)], capture_output=True, check=False
        )
        if done.returncode:
            pytest.skip("no disk can be mounted here")
        mounted.append(place)
        return place

    yield make
    for place in mounted:
        subprocess.run(["umount", "-l", str(place)], check=True)


def moved_to(victim: Victim, place: Path) -> Victim:
    shutil.move(str(victim.path), str(place / "lab.cryoledger"))
    victim.path.symlink_to(place / "lab.cryoledger")
    return victim


def on_disk(victim: Victim, place: Path) -> str:
    shutil.copyfile(victim.path, place / "lab.cryoledger")
    return str(place / "lab.cryoledger")


def fill(place: Path) -> Path:
    """Take the rest of a disk."""
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return filler


def test_full_disk_loses_nothing_and_work_goes_on_once_there_is_room(victim: Victim, disk: Disk) -> None:
    place = disk(4096)
    before = victim.entries()
    location = on_disk(victim, place)
    with victim.open() as first:
        clock, kdf = first.clock, first.kdf
    told: list[str] = []
    with Vault.open(location, clock=clock, kdf=kdf) as vault:
        told.append(move(vault, ("CF2-R1", "B9")))
        filler = fill(place)
        with pytest.raises(VaultError, match=r"full|fails to read or write") as caught:  # noqa: PT012
            for _ in range(400):
                told.append(observe(vault, ALARM).entry.envelope.id)
        assert "nothing was recorded" in caught.value.message
        assert caught.value.advice
        with pytest.raises(VaultError):
            observe(vault, ALARM)
        filler.unlink()
        told.append(observe(vault, ALARM).entry.envelope.id)
    report = verify_at(location)
    assert report.ok, report.findings
    with Vault.open(location, clock=clock, kdf=kdf) as vault, vault.store.reading() as reading:
        assert [stored.id for stored in reading.entries()] == before + told


def test_full_disk_under_a_backup_leaves_nothing_there(victim: Victim, disk: Disk) -> None:
    place = disk(256)
    with victim.open() as vault:
        with pytest.raises(VaultError, match="could not be written") as caught:
            backup.back_up(vault, place)
        assert "The vault itself is untouched" in caught.value.advice
        assert list(place.iterdir()) == []
        assert backup.care_of(vault).backup is None
        observe(vault, ALARM)


def test_database_that_may_not_grow_refuses_and_keeps_what_it_has(victim: Victim) -> None:
    before = victim.entries()
    told: list[str] = []
    with victim.open() as vault:
        writer = vault.store._connections._writer
        writer.one("PRAGMA max_page_count = 1")  # SQLite takes the present size
        with pytest.raises(VaultError, match="is full; nothing was recorded"):  # noqa: PT012
            for _ in range(400):
                told.append(observe(vault, ALARM).entry.envelope.id)
    victim.is_whole(told, before)


def test_read_only_disk_says_so(victim: Victim, disk: Disk) -> None:
    place = disk(4096)
    location = on_disk(victim, place)
    with victim.open() as first:
        clock, kdf = first.clock, first.kdf
    with Vault.open(location, clock=clock, kdf=kdf):
        pass
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    with pytest.raises(VaultError, match="read-only") as caught:
        Vault.open(location, clock=clock, kdf=kdf)
    assert "Let its owner or an administrator allow it" in caught.value.advice
    subprocess.run(["mount", "-o", "remount,rw", str(place)], check=True)
    with Vault.open(location, clock=clock, kdf=kdf) as vault:
        observe(vault, ALARM)
    assert verify_at(location).ok


def test_a_station_folder_that_is_full_does_not_hide_what_was_recorded(victim: Victim, disk: Disk) -> None:
    place = disk(64)
    with victim.open() as vault:
        state = vault.folder.state
    for path in list(state.iterdir()):
        shutil.copy2(path, place / path.name)
    shutil.rmtree(state)
    state.symlink_to(place)
    before = victim.entries()
    with victim.open() as vault:
        (state / "head").unlink()  # else it is written over in place, for which there is room
        fill(place)
        told = observe(vault, ALARM).entry.envelope.id
        (place / "filler").unlink()
        assert "is safe" in vault.warning
    assert victim.entries() == [*before, told]


def page_of(path: Path, table: str) -> tuple[int, int]:
    """Where the root page of a table lies in a file, and its size."""
    connection = sqlite3.connect(path)
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    connection.close()
    return (root - 1) * size, size


@pytest.mark.parametrize("table", ["entry", "site", "storage_unit", "mention"])
def test_torn_page_is_told_and_never_taken_for_data(victim: Victim, table: str) -> None:
    with victim.open():
        pass
    at, size = page_of(victim.path, table)
    with victim.path.open("r+b") as file:
        file.seek(at)
        file.write(os.urandom(size // 2))
    try:
        report = verify_at(str(victim.path))
        assert not report.ok
        assert any(finding.check in ("database", "entry", "derived tables") for finding in report.findings)
    except VaultDamagedError:
        pass
    if table == "mention":
        return  # read by nobody who opens or records; `verify` finds it
    with pytest.raises(CryoledgerError) as caught, victim.open() as vault:  # noqa: PT012
        move(vault, next(moves()))
        if table == "entry":
            vault.store.reading().__enter__().entry(0)
    assert isinstance(caught.value, VaultError), caught.value
    assert caught.value.advice


def test_every_page_torn_in_turn_is_found_or_never_mattered(victim: Victim, tmp_path: Path) -> None:
    """A page with other bytes: `verify` says so, unless the page was a free one."""
    with victim.open() as vault:
        made = backup.back_up(vault, tmp_path / "b")
    content = made.path.read_bytes()
    copy = tmp_path / "torn"
    pages = len(content) // 4096
    for page in range(0, pages, max(1, pages // 12)):
        torn = bytearray(content)
        torn[page * 4096 : page * 4096 + 2048] = os.urandom(2048)
        copy.write_bytes(torn)
        with suppress(VaultError):
            assert not verify_at(str(copy), remembered=False).ok, page
        copy.unlink()
