"""Disks that are full, read-only or torn: nothing half is recorded, and the message says what to do."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from cryoledger.cli.sample.people import MARIA
from cryoledger.custody.backups import backup
from cryoledger.custody.imports import import_parts
from cryoledger.custody.imports.importing import carry_out
from cryoledger.custody.proof.auditing import verify_at
from cryoledger.custody.record import observe
from cryoledger.custody.vault import Vault
from cryoledger.errors import CryoledgerError, VaultDamagedError, VaultError
from tests.exchange.laboratory import prepared
from tests.faults.conftest import ALARM, Disk, Victim, fill, move, moves, on_disk
from tests.faults.imports import import_file, imports, nothing_is_usable


def moved_to(victim: Victim, place: Path) -> Victim:
    shutil.move(str(victim.path), str(place / "lab.cryoledger"))
    victim.path.symlink_to(place / "lab.cryoledger")
    return victim


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


@pytest.mark.parametrize("way", ["disk", "database"])
def test_full_disk_in_an_import_keeps_whole_parts_and_the_rest_follows_once_there_is_room(
    victim: Victim, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(import_parts, "PART_VIALS", 40)
    file = import_file(tmp_path / "in.csv", more=400)
    place = request.getfixturevalue("disk")(8192) if way == "disk" else tmp_path
    location = on_disk(victim, place)
    with victim.open() as first:
        clock, kdf = first.clock, first.kdf
    with Vault.open(location, clock=clock, kdf=kdf) as vault:

        def limit(pages: int) -> None:
            vault.store._connections._writer.one(f"PRAGMA max_page_count = {pages}")

        def disturb(done: int, _total: int) -> None:
            if done == 40:
                # Nothing fits any more, were it a part, its entry or the log.
                fill(place) if way == "disk" else limit(1)

        with prepared(vault, file) as job, pytest.raises(VaultError, match=r"full|fails to read or write") as caught:
            carry_out(vault, job.plan, MARIA.by, disturb)
        assert "nothing was recorded" in caught.value.message
        assert caught.value.advice
        (own,) = imports(vault)
        assert (own.status, own.done < own.parts) == ("open", True)
        report = verify_at(location)
        assert report.ok, report.findings
        (place / "filler").unlink() if way == "disk" else limit(2**30)
        nothing_is_usable(vault)
        with prepared(vault, file) as job:
            assert carry_out(vault, job.plan, MARIA.by).resumed_after == own.done
        assert [row.status for row in imports(vault)] == ["completed"]
    report = verify_at(location)
    assert report.ok, report.findings


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
