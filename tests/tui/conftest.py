"""A station's screen on the sample clinic: a real vault and a real desk."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cryoledger.cli.sample import stock
from cryoledger.cli.sample.clinic import CHEAP, make_clinic
from cryoledger.cli.sample.people import MARIA
from cryoledger.custody.clock import SteppingClock
from cryoledger.custody.desk import Desk
from cryoledger.custody.record import record
from cryoledger.custody.vault import Vault
from cryoledger.tui.app import StationApp
from tests.tui.bench import NEW, START, Bench, Station


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("clinic")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRYOLEDGER_HOME", str(home))
        clinic = make_clinic(str(home / "s.cryoledger"), lambda _: None, START)
        clinic.clock.set(datetime.now(UTC))
        with clinic.vault as vault:
            filled = stock.make_event("LotFilled", lot=stock.QUARANTINED, vials=NEW)
            record(vault, filled, MARIA.by)
    return home


@pytest.fixture
def home(_made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    shutil.copytree(_made, folder)
    monkeypatch.setenv("CRYOLEDGER_HOME", str(folder))
    return folder


@pytest.fixture
def vault(home: Path) -> Iterator[Vault]:
    with Vault.open(str(home / "s.cryoledger"), kdf=CHEAP) as vault:
        with vault.store.reading() as reading:
            head = reading.head()
        assert head is not None
        vault.clock = SteppingClock(datetime.fromisoformat(head.recorded_at))
        yield vault


@pytest.fixture
def station(vault: Vault) -> Station:
    """Opens the program on the vault: `async with station() as bench`."""

    @asynccontextmanager
    async def opened(size: tuple[int, int] = (80, 24), banner: str = "") -> AsyncIterator[Bench]:
        idle = [0.0]
        clock = vault.clock
        assert isinstance(clock, SteppingClock)
        app = StationApp(lambda: Desk(vault, monotonic=lambda: idle[0]), banner)
        async with app.run_test(size=size) as pilot:
            bench = Bench(app, pilot, vault, clock, idle)
            app.bell = lambda: bench.rings.append(0.0)  # type: ignore[method-assign]
            await bench.settle()
            yield bench

    return opened
