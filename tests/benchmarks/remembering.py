"""Memory of `verify`: for each further vial, and for each further entry, of the one process that replays."""

from __future__ import annotations

import os
from pathlib import Path

from cryoledger.database.store import Store
from tests.benchmarks.figures import progress, row, say
from tests.benchmarks.growing import Place, filled, grown
from tests.benchmarks.verifying import memory_of


def run(folder: Path, *, quick: bool) -> None:
    vials = (2_000, 20_000) if quick else (20_000, 200_000)
    entries = (10_000, 20_000) if quick else (10_000, 100_000)
    say("memory of verify: the most that its main process took")
    few, many = (_vials(folder, count) for count in vials)
    row(f"{vials[0]:,} and {vials[1]:,} vials more", f"{few:.0f} MB", f"{many:.0f} MB")
    row("each further vial", f"{(many - few) * 1e6 / (vials[1] - vials[0]):.0f} bytes", "aim: 1,500 bytes")
    few, many = (_entries(folder, count) for count in entries)
    row(f"{entries[0]:,} and {entries[1]:,} entries", f"{few:.0f} MB", f"{many:.0f} MB")
    row("each further entry", f"{(many - few) * 1e6 / (entries[1] - entries[0]):.0f} bytes", "aim: 0")


def _vials(folder: Path, count: int) -> float:
    progress(f"a vault of {count:,} vials more")
    return _most(filled(folder, count))


def _entries(folder: Path, count: int) -> float:
    progress(f"a vault of {count:,} entries")
    return _most(grown(folder, count))


def _most(place: Place) -> float:
    os.environ["CRYOLEDGER_HOME"] = str(place.home)
    with Store.open(place.location) as store, store.reading() as reading:
        assert reading.head() is not None
    return memory_of(place.home, place.location)
