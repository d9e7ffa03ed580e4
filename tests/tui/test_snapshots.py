"""Every screen as text, at 80x24 and 160x45, compared with the pictures kept in `snapshots/`.

    python -m tests.tui.snapshots          # draws them anew; look at the difference before it is committed

The clinic, its codes and its clock are the same each time. What is random (keys, and all that hangs on them) is masked,
and the footer, which tells how old a backup is, is left out.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest

from cryoledger.cli.sample import stock, story
from cryoledger.cli.sample.clinic import CHEAP, bring_to_today, make_clinic, tell_story
from cryoledger.codes import Kind, make
from cryoledger.custody.clock import SteppingClock
from cryoledger.custody.desk import Desk
from cryoledger.custody.vault import Vault
from cryoledger.domain.records import Vial
from cryoledger.tui.app import StationApp
from cryoledger.tui.box_map import BoxMap
from tests.tui.bench import PINS, START, Bench

FOLDER = Path(__file__).with_name("snapshots")
WRITE = os.environ.get("CRYOLEDGER_SNAPSHOTS") == "write"
ORDER, PATIENT = story.ORDERS[1], story.PATIENTS[1]
NEXT_DOSE = make(stock.PREFIX, Kind.DOSE, 9_001)
_NOTE = "THE SIGNED NOTE"
_MASKS = (
    (re.compile(r"\+[0-9a-f#]{8}\+\S*"), "+KEY"),
    (re.compile(r"(BDG-|\+)[0-9A-Fa-f#]{1,8}…"), "…"),
    (re.compile(r"BDG-[0-9A-F]{8}-."), "BDG-########-#"),
    (re.compile(r"[A-Za-z0-9+/]{43}="), "#" * 44),
    (re.compile(r"(?<![0-9a-f])(?=[0-9a-f]*\d)[0-9a-f]{8}(?![0-9a-f])"), "#" * 8),
    (re.compile(r"(?<=\s)/\w[^\s│]*"), "/PATH"),
)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The sample clinic with its story, on the same day each time."""
    home = tmp_path_factory.mktemp("scene")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRYOLEDGER_HOME", str(home))
        clinic = make_clinic(str(home / "s.cryoledger"), lambda _: None, START)
        with clinic.vault:
            tell_story(clinic, lambda _: None)
            bring_to_today(clinic, START)
        yield home


@asynccontextmanager
async def opened(home: Path, size: tuple[int, int]) -> AsyncIterator[Bench]:
    with Vault.open(str(home / "s.cryoledger"), kdf=CHEAP) as vault:
        with vault.store.reading() as reading:
            head = reading.head()
        assert head is not None
        vault.clock = SteppingClock(datetime.fromisoformat(head.recorded_at))
        app = StationApp(lambda: Desk(vault, monotonic=lambda: 0.0))
        async with app.run_test(size=size) as pilot:
            bench = Bench(app, pilot, vault, vault.clock, [0.0])
            await bench.settle()
            yield bench


def _without_note(lines: list[str]) -> list[str]:
    """The lines without the text of a signed note, which stands at the end of a detail beside or below a list."""
    at = next((at for at, line in enumerate(lines) if _NOTE in line), len(lines))
    cut = [line.partition("│")[0] if "│" in line else "" for line in lines[at + 1 : -1]]
    return [*lines[: at + 1], *cut, *lines[-1:]] if cut else lines


class Tour:
    """Somebody who looks at every screen; `seen` are the pictures, by name."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.seen = bench, dict[str, str]()

    def look(self, name: str) -> None:
        lines = self.bench.screen.splitlines()[:-1]
        text = "\n".join(line.rstrip() for line in _without_note(lines))
        for pattern, mask in _MASKS:
            text = pattern.sub(mask, text)
        self.seen[name] = text + "\n"

    async def lists(self, name: str, count: int) -> None:
        """Every list of a desk, with its cursor moved, so that the detail of a row is there."""
        for at in range(count):
            await self.bench.press("down", "up")
            self.look(f"{name}-{at + 1}")
            await self.bench.press("right")

    async def signed(self, *names: str) -> None:
        await self.bench.scan(PINS[names[0]])
        for name in names[1:]:
            await self.bench.scan(self.bench.badge(name), PINS[name])


async def at_the_freezer(tour: Tour) -> list[str]:
    bench = tour.bench
    tour.look("sign-in")
    await bench.scan(bench.badge("maria.s"))
    tour.look("sign-in-pin")
    await bench.scan(PINS["maria.s"])
    tour.look("own-signatures")
    await bench.press("f1")
    tour.look("help")
    await bench.press("escape", "f10")
    tour.look("leave")
    await bench.press("escape")
    with bench.vault.store.reading() as reading:
        vials = sorted(row.code for row in reading.facts.where(Vial, order_code=ORDER))
    await bench.scan("CMD-PICK")
    tour.look("freezer-map")
    await bench.scan(ORDER)
    tour.look("pick-list")
    await bench.scan(*vials, "CMD-DONE")
    tour.look("picked")
    await bench.scan("CMD-BOX-CHECK", "TANK1-C1-B1", bench.vials("stored")[3])
    tour.look("box-check")
    await bench.scan("CMD-CANCEL", "CMD-CANCEL")
    return vials


async def at_the_pharmacy(tour: Tour, vials: list[str]) -> None:
    bench = tour.bench
    await bench.sign_in("pia.n")
    await tour.lists("pharmacy", 5)
    await bench.scan("CMD-ISSUE", ORDER, *vials, "CMD-DONE", "CMD-DONE")
    tour.look("pharmacy-to-sign")
    await tour.signed("pia.n")
    tour.look("pharmacy-second-person")
    await bench.scan(bench.badge("maria.s"), PINS["maria.s"])
    await bench.press("left", "left", "left", "down", "up")
    tour.look("pharmacy-issued")


async def in_preparation(tour: Tour, vials: list[str]) -> None:
    bench = tour.bench
    await bench.press("f3")
    tour.look("preparation-to-thaw")
    await bench.scan("CMD-THAW", *vials, "CMD-DONE", "CMD-CONFIRM")
    await tour.signed("pia.n")
    await bench.press("right")
    tour.look("preparation-bench")
    await bench.scan("CMD-PREPARE", ORDER)
    for code in vials:
        await bench.scan(code)
        await bench.press(*"0.95", "enter")
    await bench.scan("CMD-DONE")
    await bench.press(*"18.1", "enter", *"18.4", "enter", *"93.1", "enter")
    tour.look("preparation-making")
    await bench.scan("CMD-CONFIRM", NEXT_DOSE)
    tour.look("preparation-to-sign")
    await tour.signed("pia.n")
    await bench.press("right", "down")
    tour.look("preparation-doses")
    await bench.scan("CMD-WASTE", *[part for code in vials for part in (code, "CMD-CONFIRM")], "CMD-DONE")
    await tour.signed("pia.n", "tomas.h")
    await bench.scan("CMD-HAND-OVER", NEXT_DOSE, bench.badge("carl.w"), PINS["pia.n"], PINS["carl.w"])


async def at_the_bedside(tour: Tour) -> None:
    bench = tour.bench
    await bench.sign_in("carl.w")
    await tour.lists("bedside", 5)
    await bench.scan("CMD-BEDSIDE", story.wristband(story.PATIENTS[0]), NEXT_DOSE)
    tour.look("bedside-stop")
    await bench.scan("CMD-BEDSIDE", story.wristband(PATIENT), NEXT_DOSE)
    tour.look("bedside-matches")
    await bench.scan(ORDER)
    tour.look("bedside-to-sign")
    await tour.signed("carl.w", "wanda.z")
    tour.look("bedside-give")


async def at_the_desks(tour: Tour) -> None:
    bench = tour.bench
    await bench.sign_in("quinn.o")
    await tour.lists("quality", 7)
    await bench.press("end", "f8")
    await bench.scan("CMD-QTY-2")
    tour.look("quality-recall")
    await bench.scan("CMD-CANCEL", "CMD-CANCEL")
    await bench.sign_in("audrey.b")
    with bench.vault.store.reading() as reading:
        given = sorted(row.code for row in reading.facts.where(Vial, custody="administered"))
    await bench.scan(given[0])
    await tour.lists("audit", 6)
    await bench.sign_in("ada.k")
    await tour.lists("administration", 7)


@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=["80x24", "160x45"])
async def test_every_screen_is_as_it_was_drawn(
    scene: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    home = tmp_path / "home"
    shutil.copytree(scene, home)
    monkeypatch.setenv("CRYOLEDGER_HOME", str(home))
    monkeypatch.setattr(BoxMap, "_blink", lambda _: None)
    async with opened(home, size) as bench:
        tour = Tour(bench)
        vials = await at_the_freezer(tour)
        await at_the_pharmacy(tour, vials)
        await in_preparation(tour, vials)
        await at_the_bedside(tour)
        await at_the_desks(tour)
    folder = FOLDER / f"{size[0]}x{size[1]}"
    if WRITE:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, text in tour.seen.items():
            (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    kept = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.txt")}
    assert sorted(kept) == sorted(tour.seen)
    for name, text in tour.seen.items():
        assert text == kept[name], f"{name}: draw anew with `python -m tests.tui.snapshots`, and look at the difference"
        assert all(len(line) <= size[0] for line in text.splitlines()), name
