"""A real vault with staff in every role, made once and copied for each test: Argon2 is slow by design."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cryoledger.cli.sample import people, stock
from cryoledger.cli.sample.clinic import CHEAP, ZONE
from cryoledger.custody.clock import SteppingClock
from cryoledger.custody.create import Request, create
from cryoledger.custody.vault import Vault
from tests.station import Station, make_station

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRYOLEDGER_HOME", str(home))
        request = Request(
            location=str(home / "lab.cryoledger"),
            origin="lab.example/test",
            administrator=people.ADA.full_name,
            name=people.ADA.name,
            zone=ZONE,
            station="bench-1",
            code_prefix=stock.PREFIX,
        )
        with create(request, people.ADA.pin, clock=SteppingClock(START), kdf=CHEAP).vault as vault:
            people.enrol_staff(vault)
            stock.furnish(vault)
    return home


@pytest.fixture
def home(_made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A station's home with the vault `lab.cryoledger`, this test's own."""
    folder = tmp_path / "home"
    shutil.copytree(_made, folder)
    monkeypatch.setenv("CRYOLEDGER_HOME", str(folder))
    return folder


@pytest.fixture
def clock() -> SteppingClock:
    """A clock that stands a minute after the vault was made."""
    clock = SteppingClock(START)
    clock.advance(minutes=1)
    return clock


@pytest.fixture
def vault(home: Path, clock: SteppingClock) -> Iterator[Vault]:
    """The open vault."""
    with Vault.open(str(home / "lab.cryoledger"), clock=clock, kdf=CHEAP) as vault:
        yield vault


@pytest.fixture(scope="session")
def made_station(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, datetime]:
    home = tmp_path_factory.mktemp("clinic")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRYOLEDGER_HOME", str(home))
        return home, make_station(home)


@pytest.fixture
def station(made_station: tuple[Path, datetime], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Station]:
    station = Station.copy_of(made_station, tmp_path, monkeypatch)
    yield station
    station.vault.close()
