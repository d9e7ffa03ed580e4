"""From backup to work: restore, the alarm, going on unreconciled, the declaration, and a machine that is new."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cryoledger.cli.sample.clinic import CHEAP
from cryoledger.cli.sample.people import ADA, MARIA, QUINN
from cryoledger.cli.sample.stock import make_event
from cryoledger.custody.backups import backup, restore
from cryoledger.custody.clock import SteppingClock
from cryoledger.custody.people import change_pin
from cryoledger.custody.proof.auditing import verify_at
from cryoledger.custody.record import By, observe, record
from cryoledger.custody.station.set_back import RESTORED
from cryoledger.custody.vault import Vault, head_of
from cryoledger.domain.records import Site, StorageUnit
from cryoledger.errors import PinError, Refusal, RequestError, VaultDamagedError, VaultError, VaultSetBackError

NOW = "2026-03-02T02:00:00.000Z"
TWO = (ADA.by, QUINN.by)
ALARM = make_event("AlarmRaised", unit="TANK1", alarm="door")
MOVED = make_event("StorageUnitMoved", unit="QF3-S1-B1", parent="CF2-R1", slot="B9")


@pytest.fixture
def backed_up(vault: Vault, home: Path, tmp_path: Path) -> Path:
    """A backup, after which three more entries were made; the vault is closed."""
    made = backup.back_up(vault, tmp_path / "b")
    for _ in range(3):
        observe(vault, ALARM)
    vault.close()
    return made.path


@pytest.fixture
def restored(backed_up: Path, tmp_path: Path) -> str:
    """The vault restored from it, at another path."""
    restore.restore(backed_up, tmp_path / "again.cryoledger", now=NOW)
    return str(tmp_path / "again.cryoledger")


def reopened(location: str, clock: SteppingClock, *, remembered: bool = True) -> Vault:
    return Vault.open(location, clock=clock, kdf=CHEAP, remembered=remembered)


@pytest.fixture
def opened(restored: str, clock: SteppingClock) -> Iterator[Vault]:
    """The restored vault, before its epoch is open."""
    with reopened(restored, clock, remembered=False) as vault:
        yield vault


def test_where_nothing_is_lost_the_vault_goes_on(vault: Vault, clock: SteppingClock, tmp_path: Path) -> None:
    made = backup.back_up(vault, tmp_path / "b")
    vault.close()
    done = restore.restore(made.path, tmp_path / "again", now=NOW)
    assert done.complete
    assert done.report.ok
    with reopened(str(tmp_path / "again"), clock) as again:
        assert observe(again, ALARM).epoch == 1
        with pytest.raises(RequestError, match="lacks nothing"):
            restore.declare(again, *TWO)
        with pytest.raises(RequestError, match="lacks nothing"):
            restore.go_on(again)
    assert verify_at(str(tmp_path / "again")).ok


def test_the_alarm_says_what_to_do(restored: str, clock: SteppingClock) -> None:
    with pytest.raises(VaultSetBackError, match="ALARM: this station saw entry") as caught:
        reopened(restored, clock)
    assert "restore --declare" in str(caught.value)
    assert "restore --go-on" in str(caught.value)


def test_two_open_the_next_epoch(opened: Vault, restored: str, clock: SteppingClock) -> None:
    sealed = restore.declare(opened, *TWO)
    assert (sealed.epoch, sealed.entry.sequence) == (2, 0)
    assert sealed.entry.origin == "lab.example/test/e2"
    record(opened, MOVED, MARIA.by)
    change_pin(opened, ADA.name, ADA.pin, "582946")
    opened.close()
    report = verify_at(restored)
    assert report.ok, report.findings
    with reopened(restored, clock) as again:
        assert again.warning == ""
        assert again.origin() == "lab.example/test"
        with again.store.reading() as reading:
            assert reading.upkeep(RESTORED) is None


def test_at_night_the_station_opens_it_and_two_declare_later(
    opened: Vault, restored: str, clock: SteppingClock
) -> None:
    restore.go_on(opened)
    record(opened, MOVED, MARIA.by)
    with pytest.raises(Refusal, match="waits: this ledger was restored") as caught:
        record(opened, make_event("RoleWithdrawn", person="maria.s", role="technician"), ADA.by)
    assert caught.value.rule == "restore.unreconciled"
    with pytest.raises(RequestError, match="already"):
        restore.go_on(opened)
    opened.close()
    report = verify_at(restored)
    assert report.ok
    assert [finding.check for finding in report.findings if finding.severity == "open"] == ["restore"]
    with reopened(restored, clock) as again:
        assert "UNRECONCILED since entry 2/0" in again.warning
        sealed = restore.declare(again, *TWO)
        assert (sealed.epoch, sealed.entry.sequence > 0) == (2, True)
        assert again.warning == ""
        record(again, make_event("RoleWithdrawn", person="maria.s", role="technician"), ADA.by)
    report = verify_at(restored)
    assert report.ok
    assert not report.findings


def test_a_restored_vault_opens_in_no_other_way_even_where_nothing_is_remembered(
    restored: str, clock: SteppingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRYOLEDGER_HOME", str(tmp_path / "another"))
    with pytest.raises(VaultSetBackError, match="was restored at"):
        reopened(restored, clock)


def test_a_new_machine_becomes_a_station_by_the_same_two(
    restored: str, home: Path, clock: SteppingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with reopened(restored, clock, remembered=False) as old:
        secret = old.secret
    monkeypatch.setenv("CRYOLEDGER_HOME", str(tmp_path / "new-machine"))
    with reopened(restored, clock, remembered=False) as vault:
        vault.folder.write_secret(secret)
        with pytest.raises(Exception, match="station"):
            restore.go_on(vault)
        restore.declare(vault, *TWO)
        record(vault, MOVED, MARIA.by)
        assert vault.station
    assert verify_at(restored).ok


def test_a_wrong_pin_records_nothing_in_the_epoch_that_is_lost(opened: Vault) -> None:
    with opened.store.reading() as reading:
        before = head_of(reading)
    with pytest.raises(PinError):
        restore.declare(opened, ADA.by, By(QUINN.name, "000000"))
    with pytest.raises(Refusal):
        restore.declare(opened, ADA.by)
    with pytest.raises(Refusal):
        restore.declare(opened, ADA.by, MARIA.by)
    with opened.store.reading() as reading:
        assert head_of(reading) == before
        assert reading.upkeep(RESTORED) is not None
        site = reading.facts.get(Site, "site")
    assert site is not None
    assert site.origin == "lab.example/test"


def test_a_second_restore_opens_the_third_epoch(opened: Vault, clock: SteppingClock, tmp_path: Path) -> None:
    restore.declare(opened, *TWO)
    made = backup.back_up(opened, tmp_path / "second")
    observe(opened, ALARM)
    opened.close()
    restore.restore(made.path, tmp_path / "third", now=NOW)
    with reopened(str(tmp_path / "third"), clock, remembered=False) as vault:
        assert restore.declare(vault, *TWO).entry.origin == "lab.example/test/e3"
        record(vault, MOVED, MARIA.by)
    assert verify_at(str(tmp_path / "third")).ok


def test_another_station_accepts_what_the_ledger_says_is_lost(
    backed_up: Path, home: Path, clock: SteppingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other-station"
    shutil.copytree(home, other)  # it remembers the same last entry
    restore.restore(backed_up, tmp_path / "again", now=NOW)
    monkeypatch.setenv("CRYOLEDGER_HOME", str(other))
    with pytest.raises(VaultSetBackError):
        reopened(str(tmp_path / "again"), clock)
    monkeypatch.setenv("CRYOLEDGER_HOME", str(home))
    with reopened(str(tmp_path / "again"), clock, remembered=False) as vault:
        restore.go_on(vault)
    monkeypatch.setenv("CRYOLEDGER_HOME", str(other))
    assert not verify_at(str(tmp_path / "again")).ok  # one station's word is not enough for what this one saw
    with reopened(str(tmp_path / "again"), clock) as vault:
        assert "UNRECONCILED" in vault.warning
        restore.declare(vault, *TWO)
    assert verify_at(str(tmp_path / "again")).ok


def test_a_copy_used_elsewhere_is_noticed_by_whichever_stays_behind(
    vault: Vault, home: Path, clock: SteppingClock, tmp_path: Path
) -> None:
    original, copy = str(home / "lab.cryoledger"), tmp_path / "copy.cryoledger"
    vault.close()
    shutil.copyfile(original, copy)
    with reopened(str(copy), clock) as used:
        observe(used, ALARM)
    with pytest.raises(VaultSetBackError):
        reopened(original, clock)


@pytest.mark.parametrize("ahead", [1, 2, 3])
def test_a_copy_used_at_the_same_time_is_noticed_by_the_next_entry(
    vault: Vault, home: Path, clock: SteppingClock, tmp_path: Path, ahead: int
) -> None:
    copy = tmp_path / "copy.cryoledger"
    made = backup.back_up(vault, tmp_path / "b")
    shutil.copyfile(made.path, copy)
    with reopened(str(copy), clock) as used:
        for _ in range(ahead):
            observe(used, ALARM)
    with pytest.raises(VaultDamagedError, match="ALARM"):
        record(vault, MOVED, MARIA.by)


def test_a_fork_is_not_gone_on_with_but_two_may_decide(
    vault: Vault, home: Path, clock: SteppingClock, tmp_path: Path
) -> None:
    original, copy = str(home / "lab.cryoledger"), tmp_path / "copy.cryoledger"
    made = backup.back_up(vault, tmp_path / "b")
    observe(vault, ALARM)
    vault.close()
    shutil.copyfile(made.path, copy)
    with reopened(str(copy), clock, remembered=False) as used, pytest.raises(VaultDamagedError):
        record(used, MOVED, MARIA.by)  # recorded in the copy, where the station remembers another entry
    with pytest.raises(VaultDamagedError, match="another entry stands there"):
        reopened(str(copy), clock)
    with reopened(str(copy), clock, remembered=False) as used:
        with pytest.raises(VaultDamagedError, match="more than a restore"):
            restore.go_on(used)
        restore.declare(used, *TWO)
    with reopened(str(copy), clock) as used:
        observe(used, ALARM)
    assert verify_at(str(copy)).ok
    with pytest.raises(VaultDamagedError):
        reopened(original, clock)


def test_a_bad_backup_is_not_restored(backed_up: Path, tmp_path: Path) -> None:
    content = bytearray(backed_up.read_bytes())
    for at in range(4096, len(content), 512):
        content[at] ^= 0xFF
    backed_up.write_bytes(content)
    with pytest.raises(VaultError):
        restore.restore(backed_up, tmp_path / "again", now=NOW)
    (tmp_path / "b.manifest.json").unlink()
    with pytest.raises(VaultError):
        restore.restore(backed_up, tmp_path / "again", now=NOW)
    assert not [path for path in tmp_path.iterdir() if "again" in path.name]


def test_a_backup_with_an_altered_row_is_not_restored(backed_up: Path, tmp_path: Path) -> None:
    import sqlite3

    (tmp_path / "b.manifest.json").unlink()
    with closing(sqlite3.connect(backed_up)) as connection, connection:
        connection.execute("UPDATE storage_unit SET name = 'another' WHERE code = 'TANK1'")
    with pytest.raises(VaultDamagedError, match="not sound"):
        restore.restore(backed_up, tmp_path / "again", now=NOW)


def test_nothing_is_restored_over_something(backed_up: Path, home: Path) -> None:
    with pytest.raises(VaultError, match="already something"):
        restore.restore(backed_up, home / "lab.cryoledger", now=NOW)


def test_the_restored_inventory_is_that_of_the_backup(opened: Vault) -> None:
    with opened.store.reading() as reading:
        unit = reading.facts.get(StorageUnit, "QF3-S1-B1")
    assert unit is not None
    assert unit.parent == "QF3-S1"
