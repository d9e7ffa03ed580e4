"""The station's screen: scan to painted answer, the cursor in a box, a long ledger scrolled, memory over a day.

The program runs as it does in tests, on a screen without a terminal; "painted" is when the first refresh after the
answer is done. Keys are posted as a scanner makes them.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual import events
from textual.pilot import Pilot

from cryoledger.cli.sample import stock
from cryoledger.codes import Kind, make
from cryoledger.custody.desk import Desk
from cryoledger.custody.vault import Vault
from cryoledger.database import rebuild
from cryoledger.domain.records import Person, Vial
from cryoledger.tui.app import StationApp
from cryoledger.tui.box_map import BoxMap
from cryoledger.tui.desks.ask import Ask
from cryoledger.tui.desks.draw import Place, draw
from cryoledger.tui.service import Service
from cryoledger.tui.station_screen import StationScreen
from tests.benchmarks.figures import milliseconds, percentile, progress, row, say, timed
from tests.benchmarks.growing import SIGNER, filled, grown

SIZE = (160, 45)
FIRST_VIAL = 10_000_000


def run(folder: Path, *, quick: bool) -> None:
    vials, scans, day = (10_000, 200, 1_000) if quick else (1_000_000, 1_000, 5_000)
    progress(f"a vault of {vials:,} vials")
    place = filled(folder, vials)
    with place.open() as vault:
        vault.signed_in = None
        asyncio.run(_scans(vault, scans, day))
    entries = 100_000 if quick else 1_000_000
    progress(f"a vault of {entries:,} entries")
    place = grown(folder, entries)
    with place.open() as vault:
        _ledger(vault)


@asynccontextmanager
async def _station(vault: Vault) -> AsyncIterator[tuple[StationApp, Pilot[None]]]:
    app = StationApp(lambda: Desk(vault))
    async with app.run_test(size=SIZE) as pilot:
        while not app.at_rest:
            await pilot.pause(0.01)
        yield app, pilot


class _Scanner:
    """Posts scans, and waits until each answer is painted."""

    def __init__(self, app: StationApp) -> None:
        self._app, self._painted = app, asyncio.Event()
        answered = app.station.answered

        def shown(*given: object) -> None:
            answered(*given)  # type: ignore[arg-type]
            app.station.call_after_refresh(self._painted.set)

        app.station.answered = shown  # type: ignore[assignment,method-assign]

    async def scan(self, text: str) -> float:
        """Seconds from the last key to the painted answer."""
        self._painted.clear()
        began = time.perf_counter()
        for character in f"]d1{text}\r":
            key = "enter" if character == "\r" else character
            self._app.post_message(events.Key(key, character))
        await self._painted.wait()
        return time.perf_counter() - began


async def _scans(vault: Vault, scans: int, day: int) -> None:
    with vault.store.reading() as reading:
        person = reading.facts.get(Person, SIGNER.name)
        count = rebuild.len_of(reading, Vial)
    assert person is not None
    chance = random.Random(3)

    def code() -> str:
        return make(stock.PREFIX, Kind.VIAL, FIRST_VIAL + chance.randrange(count - 400))

    async with _station(vault) as (app, _):
        scanner = _Scanner(app)
        await scanner.scan(person.badge)
        app.post_message(events.Paste(SIGNER.pin))
        while not app.station.view.person:
            await asyncio.sleep(0.01)
        say(f"the screen at {count:,} vials, {SIZE[0]}x{SIZE[1]}")
        for _ in range(20):
            await scanner.scan(code())
        _show("scan to painted answer: a vial's card and box", [await scanner.scan(code()) for _ in range(scans)])
        _show("cursor in the box, moved and drawn", _cursor(app.station))
        gc.collect()
        before = _memory()
        for _ in range(day):
            await scanner.scan(code())
        gc.collect()
        row(f"memory over {day:,} scans", f"{before / 1e6:.1f} MB", f"then {_memory() / 1e6:.1f} MB", "aim: no growth")


def _cursor(station: StationScreen) -> list[float]:
    widget = station.query_one(BoxMap)
    steps = [(0, 1), (1, 0), (0, -1), (-1, 0)]

    def step(rows: int, columns: int) -> None:
        widget.move(rows, columns)
        for y in range(widget.size.height):
            widget.render_line(y)

    return [timed(lambda at=at: step(*steps[at % 4])) for at in range(400)]  # type: ignore[misc]


def _ledger(vault: Vault) -> None:
    """The auditor's list: any place of it read and drawn."""
    service, chance = Service(Desk(vault)), random.Random(4)
    sheet = service.sheet("audit", Ask())
    count = sheet.tabs[0].length
    say(f"the ledger of {count:,} entries as a list")

    def jump(at: int) -> None:
        drawn = draw(service.sheet("audit", Ask(0, "", at)), Place(0, at), *SIZE, service.now())
        assert drawn.lines

    places = [chance.randrange(count) for _ in range(100)]
    _show("any page, read and drawn", [timed(lambda at=at: jump(at)) for at in places])  # type: ignore[misc]
    _show("the last page", [timed(lambda: jump(count - 1)) for _ in range(20)])


def _memory() -> int:
    """Bytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _show(name: str, values: list[float]) -> None:
    p50, p99 = percentile(values, 0.5), percentile(values, 0.99)
    row(name, milliseconds(p50), f"p99 {milliseconds(p99)}")
