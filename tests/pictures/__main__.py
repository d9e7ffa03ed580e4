"""Draws the README's pictures anew, from the running program on the sample clinic: `python -m tests.pictures`.

Each picture is what the program shows after a script of scans. Nothing in it is edited but the font, which a reader's
own machine supplies: a picture asks no other machine for anything.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryoledger.cli.sample import stock, story
from cryoledger.cli.sample.clinic import Clinic, bring_to_today, make_clinic, tell_story
from cryoledger.custody.desk import Desk
from cryoledger.tui.app import StationApp
from tests.tui.bench import Bench

FOLDER = Path(__file__).parent
NOW = datetime(2026, 11, 22, 3, 4, 22, tzinfo=UTC)
_OUTSIDE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_FONT = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture's name, whose turn it is, what is scanned, which keys are pressed then, and how large the screen is."""

    name: str
    person: str
    scans: Sequence[str]
    keys: Sequence[str] = ()
    size: tuple[int, int] = (118, 34)


def scenes(clinic: Clinic) -> list[Scene]:
    """The README's screens."""
    held = clinic.vials[stock.QUARANTINED][0]
    return [
        Scene("freezer", "maria.s", ["CMD-PICK", story.ORDERS[1], clinic.vials[stock.RELEASED][2], held]),
        Scene("pharmacy", "pia.n", [], ["right"]),
        Scene("quality", "quinn.o", [], ["down"]),
        Scene("audit", "audrey.b", [story.DOSE], ["right"]),
    ]


def make(home: Path) -> Clinic:
    """The sample clinic with its story told, at a time that is always the same."""
    os.environ["CRYOLEDGER_HOME"] = str(home)
    clinic = make_clinic(str(home / "sample.cryoledger"), lambda _: None, NOW)
    tell_story(clinic, lambda _: None)
    bring_to_today(clinic, NOW)
    return clinic


async def draw(clinic: Clinic, scene: Scene) -> str:
    """Play a scene; the screen as SVG."""
    app = StationApp(lambda: Desk(clinic.vault))
    async with app.run_test(size=scene.size) as pilot:
        bench = Bench(app, pilot, clinic.vault, clinic.clock, [0.0])
        await bench.settle()
        await bench.sign_in(scene.person)
        await bench.scan(*scene.scans)
        await bench.press(*scene.keys)
        await bench.settle()
        svg = app.export_screenshot(title="cryoledger")
    return _OUTSIDE.sub("", svg).replace("Fira Code, monospace", _FONT)


async def main(folder: Path) -> None:
    """Write every picture."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        clinic = make(Path(home))
        with clinic.vault:
            for scene in scenes(clinic):
                path = folder / f"{scene.name}.svg"
                path.write_text(await draw(clinic, scene), encoding="utf-8")
                sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER))
