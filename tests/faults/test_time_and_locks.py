"""A vault that another process holds, a clock that goes back or leaps, a machine that loses power."""

from __future__ import annotations

import multiprocessing
import random
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from cryoledger.cli.sample.people import ADA, MARIA, QUINN
from cryoledger.cli.sample.stock import make_event
from cryoledger.custody.clock import SteppingClock
from cryoledger.custody.imports import import_parts
from cryoledger.custody.imports.importing import carry_out
from cryoledger.custody.proof.auditing import verify_at
from cryoledger.custody.record import observe, record
from cryoledger.custody.vault import Vault, head_of
from cryoledger.errors import Refusal, VaultBusyError, VaultError
from tests.exchange.laboratory import prepared
from tests.faults.conftest import ALARM, Fresh, Victim, move, moves
from tests.faults.imports import brought, import_file, imports, nothing_is_usable


def hold(path: str, taken: object, until: object) -> None:
    """Another program that writes and does not end."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    taken.set()  # type: ignore[attr-defined]
    until.wait(60)  # type: ignore[attr-defined]
    connection.execute("ROLLBACK")


def test_vault_locked_by_another_process_says_so_and_goes_on_afterwards(victim: Victim) -> None:
    context = multiprocessing.get_context("fork")
    taken, until = context.Event(), context.Event()
    before = victim.entries()
    other = context.Process(target=hold, args=(str(victim.path), taken, until))
    other.start()
    try:
        assert taken.wait(20)
        with victim.open() as vault:
            vault.store._connections._writer._connection.execute("PRAGMA busy_timeout = 200")  # type: ignore[attr-defined]
            with pytest.raises(VaultBusyError, match="nothing was recorded") as caught:
                observe(vault, ALARM)
            assert "Repeat in a moment" in caught.value.advice
            with vault.store.reading() as reading:
                assert head_of(reading).sequence == len(before) - 1  # readers never wait
            until.set()
            other.join()
            told = observe(vault, ALARM).entry.envelope.id
    finally:
        until.set()
        other.join()
    assert victim.entries() == [*before, told]


def test_locked_by_a_process_that_is_killed(victim: Victim) -> None:
    context = multiprocessing.get_context("fork")
    taken, until = context.Event(), context.Event()
    other = context.Process(target=hold, args=(str(victim.path), taken, until))
    other.start()
    assert taken.wait(20)
    other.kill()
    other.join()
    with victim.open() as vault:
        observe(vault, ALARM)
    assert verify_at(str(victim.path)).ok


def test_clock_that_goes_back(victim: Victim) -> None:
    with victim.open() as vault:
        clock = vault.clock
        assert isinstance(clock, SteppingClock)
        last = observe(vault, ALARM).entry.envelope.recorded_at
        clock.advance(seconds=-4)
        assert observe(vault, ALARM).entry.envelope.recorded_at == last  # within 5 s the head's time is taken
        clock.advance(minutes=-10)
        before = vault.store
        with before.reading() as reading:
            head = head_of(reading)
        with pytest.raises(Refusal, match="before the last entry") as caught:
            observe(vault, ALARM)
        assert caught.value.rule == "time.behind"
        assert "Set the machine's clock" in caught.value.advice
        with before.reading() as reading:
            assert head_of(reading) == head
        event = make_event("ClockCorrected", head_recorded_at=head.recorded_at, reason="clock-was-ahead")
        record(vault, event, ADA.by, QUINN.by)
        observe(vault, ALARM)
    assert verify_at(str(victim.path)).ok


def test_clock_that_leaps(victim: Victim) -> None:
    with victim.open() as vault:
        clock = vault.clock
        assert isinstance(clock, SteppingClock)
        observe(vault, ALARM)
        clock.advance(days=3)
        with pytest.raises(Refusal, match="Compare it with another clock") as caught:
            observe(vault, ALARM)
        assert caught.value.rule == "time.ahead"
        vault.clock_confirmed = True
        observe(vault, ALARM)
    assert verify_at(str(victim.path)).ok


FRAME_HEADER, LOG_HEADER = 24, 32


class Power:
    """A vault whose file and log are looked at after each commit: what lay on the disk when each was acknowledged."""

    def __init__(self, victim: Victim) -> None:
        self.victim = victim
        self.before = victim.entries()
        self.ids: list[str] = []
        self.synced: list[int] = []
        self.heads: list[dict[str, bytes]] = []
        self.file = b""
        self.log = b""

    def work(self, count: int) -> None:
        with self.watched() as vault:
            for _, place in zip(range(count), moves(), strict=False):
                self.ids.append(move(vault, place))
                self.acknowledge(vault)

    def bring_in(self, file: Path) -> None:
        """Import a file; each part is acknowledged as it is recorded, and what begins and completes it beside one."""
        with self.watched() as vault, prepared(vault, file) as job:
            carry_out(vault, job.plan, MARIA.by, lambda _done, _total: self.acknowledge(vault))
        self.ids = self.victim.entries()[len(self.before) :]

    @contextmanager
    def watched(self) -> Iterator[Vault]:
        """The vault at work, its log never written back meanwhile, and kept at the end."""
        with self.victim.open() as vault:
            vault.store._connections._writer.one("PRAGMA wal_autocheckpoint = 0")
            self.file = self.victim.path.read_bytes()
            yield vault
            self.log = self._log.read_bytes()
            self.state = vault.folder.state

    @property
    def _log(self) -> Path:
        return self.victim.path.with_name(self.victim.path.name + "-wal")

    def acknowledge(self, vault: Vault) -> None:
        """What is on the disk now was said to be done."""
        self.synced.append(self._log.stat().st_size)  # synchronous=FULL: COMMIT returned after its fsync
        self.heads.append({path.name: path.read_bytes() for path in vault.folder.state.glob("head*")})

    def lose(self, size: int, folder: Path, torn: bytes = b"") -> Vault:
        """The vault as it is found when only so many bytes of the log had reached the disk."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        path = folder / "lab.cryoledger"
        path.write_bytes(self.file)
        path.with_name(path.name + "-wal").write_bytes(self.log[:size] + torn)
        acknowledged = sum(size >= end for end in self.synced)
        for name in ("head", "head.synced"):
            (self.state / name).unlink(missing_ok=True)
        for name, content in (self.heads[acknowledged - 1] if acknowledged else {}).items():
            (self.state / name).write_bytes(content)
        return Vault.open(str(path), clock=self.clock(), kdf=None)

    def clock(self) -> SteppingClock:
        with self.victim.open() as vault:
            assert isinstance(vault.clock, SteppingClock)
            return vault.clock


def test_power_lost_at_every_frame_and_anywhere_in_between(victim: Victim, tmp_path: Path) -> None:
    power = Power(victim)
    power.work(4)
    frame = FRAME_HEADER + int.from_bytes(power.log[8:12], "big")
    frames = range(LOG_HEADER, len(power.log) + 1, frame)
    chance = random.Random(3)
    sizes = [0, *frames, *(chance.randrange(len(power.log)) for _ in range(20))]
    for number, size in enumerate(sizes):
        torn = chance.randbytes(chance.randrange(1, 2 * frame)) if number % 3 == 0 else b""
        acknowledged = sum(size >= end for end in power.synced)
        with power.lose(size, tmp_path / "after", torn) as vault:
            with vault.store.reading() as reading:
                found = [stored.id for stored in reading.entries()]
            assert found == power.before + power.ids[: len(found) - len(power.before)]
            assert len(found) >= len(power.before) + acknowledged
            observe(vault, ALARM)
        if number % 5 == 0:
            report = verify_at(str(tmp_path / "after" / "lab.cryoledger"))
            assert report.ok, report.findings


def test_power_lost_in_an_import(fresh: Fresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of whatever part of the log reached the disk: whole parts, every acknowledged one; the rest follows."""
    monkeypatch.setattr(import_parts, "PART_VIALS", 2)
    file = import_file(tmp_path / "in.csv")
    power = Power(fresh())
    power.bring_in(file)
    with power.victim.open() as vault:
        expected, (whole,) = brought(vault), imports(vault)
    assert len(power.ids) == whole.parts + 2
    chance = random.Random(5)
    for number, size in enumerate([0, *power.synced, *(chance.randrange(len(power.log)) for _ in range(12))]):
        acknowledged = sum(size >= end for end in power.synced)
        with power.lose(size, tmp_path / "after", chance.randbytes(700) if number % 2 else b"") as vault:
            with vault.store.reading() as reading:
                found = [stored.id for stored in reading.entries()]
            assert found == power.before + power.ids[: len(found) - len(power.before)]
            own = imports(vault)
            done = own[0].done if own else 0
            assert acknowledged <= done <= whole.parts
            if not own or own[0].status == "open":
                nothing_is_usable(vault)
                with prepared(vault, file) as job:
                    assert carry_out(vault, job.plan, MARIA.by).resumed_after == done
            assert brought(vault) == expected, size
        if number % 3 == 0:
            report = verify_at(str(tmp_path / "after" / "lab.cryoledger"))
            assert report.ok, report.findings


def test_import_waits_for_a_process_that_holds_the_vault(
    victim: Victim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_parts, "PART_VIALS", 2)
    file = import_file(tmp_path / "in.csv")
    context = multiprocessing.get_context("fork")
    taken, until = context.Event(), context.Event()
    other = context.Process(target=hold, args=(str(victim.path), taken, until))
    release = threading.Timer(1, until.set)
    free: list[bool] = []

    def disturb(done: int, _total: int) -> None:
        free.append(until.is_set())
        if done == 2:
            other.start()
            assert taken.wait(20)
            release.start()

    try:
        with victim.open() as vault, prepared(vault, file) as job:
            vault.store._connections._writer._busy_seconds = 0.1  # type: ignore[attr-defined]
            carry_out(vault, job.plan, MARIA.by, disturb)
            assert [row.status for row in imports(vault)] == ["completed"]
    finally:
        until.set()
        other.join()
    assert free == [False, True, True]
    assert verify_at(str(victim.path)).ok


def test_power_lost_before_the_head_was_on_the_disk(victim: Victim) -> None:
    """`head` follows each commit unsynced: torn, it is left aside for the one that was synced."""
    with victim.open() as vault:
        state = vault.folder.state
        observe(vault, ALARM)
    for content in (b"", b"lab.exam", b"\0" * 60):
        (state / "head").write_bytes(content)
        with victim.open() as vault:
            observe(vault, ALARM)
    assert verify_at(str(victim.path)).ok


def test_a_disk_that_lies_about_fsync_is_noticed_by_the_remembered_head(victim: Victim, tmp_path: Path) -> None:
    """Acknowledged entries that a disk forgot are lost; the station that saw them says so."""
    power = Power(victim)
    power.work(3)
    path = tmp_path / "lab.cryoledger"
    path.write_bytes(power.file)
    path.with_name(path.name + "-wal").write_bytes(power.log[: power.synced[0]])
    with pytest.raises(VaultError, match="ALARM: this station saw entry"):
        Vault.open(str(path))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
