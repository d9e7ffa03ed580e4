"""Vaults to do harm to: each test's own copy of one with staff and freezers, in a home of its own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cryoledger.cli.sample.clinic import CHEAP
from cryoledger.cli.sample.people import MARIA
from cryoledger.cli.sample.stock import make_event
from cryoledger.custody.clock import SteppingClock
from cryoledger.custody.proof.auditing import verify_at
from cryoledger.custody.record import observe, record
from cryoledger.custody.vault import Vault
from tests.custody.conftest import START
from tests.custody.conftest import _made as _made

ALARM = make_event("AlarmRaised", unit="TANK1", alarm="door")


@dataclass(frozen=True, slots=True)
class Victim:
    """A vault's home, and its file."""

    home: Path

    @property
    def path(self) -> Path:
        return self.home / "lab.cryoledger"

    def open(self) -> Vault:
        clock = SteppingClock(START)
        clock.advance(minutes=2)
        return Vault.open(str(self.path), clock=clock, kdf=CHEAP)

    def entries(self) -> list[str]:
        """The ids of all its entries, in order."""
        with self.open() as vault, vault.store.reading() as reading:
            return [stored.id for stored in reading.entries()]

    def is_whole(self, told: list[str], before: list[str]) -> None:
        """Every acknowledged entry is there, at most one more is, nothing half is, and work goes on."""
        found = self.entries()
        assert found[: len(before) + len(told)] == before + told
        assert len(found) <= len(before) + len(told) + 1
        report = verify_at(str(self.path))
        assert report.ok, report.findings
        with self.open() as vault:
            observe(vault, ALARM)


def moves() -> Iterator[tuple[str, str]]:
    """Where a box goes next, again and again."""
    while True:
        yield "CF2-R1", "B9"
        yield "QF3-S1", "B1"


def move(vault: Vault, place: tuple[str, str]) -> str:
    """Record a move of a box, which writes rows of four tables; the id of its entry."""
    event = make_event("StorageUnitMoved", unit="QF3-S1-B1", parent=place[0], slot=place[1])
    return record(vault, event, MARIA.by).entry.envelope.id


Fresh = Callable[[], Victim]


@pytest.fixture
def fresh(_made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fresh:
    """Makes a vault of its own at each call, and lets this process be its station."""
    numbers = iter(range(10_000))

    def make() -> Victim:
        home = tmp_path / f"home-{next(numbers)}"
        shutil.copytree(_made, home)
        monkeypatch.setenv("CRYOLEDGER_HOME", str(home))
        return Victim(home)

    return make


@pytest.fixture
def victim(fresh: Fresh) -> Victim:
    """One vault."""
    return fresh()


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
