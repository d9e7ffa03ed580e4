"""`verify --hash-only`: entries a second, a process's start included, and what a million would take at that rate."""

from __future__ import annotations

import os
import time
from pathlib import Path

from cryoledger.custody.proof.auditing import hashes_at
from tests.benchmarks.figures import percentile, progress, row, say
from tests.benchmarks.growing import grown

ROUNDS = 5


def run(folder: Path, *, quick: bool) -> None:
    entries = 10_000 if quick else 100_000
    progress(f"a vault of {entries:,} entries")
    place = grown(folder, entries)
    os.environ["CRYOLEDGER_HOME"] = str(place.home)
    wall, processor = [], []
    for _ in range(ROUNDS):
        began, used = time.perf_counter(), time.process_time()
        report = hashes_at(place.location)
        wall.append((time.perf_counter() - began) / entries)
        processor.append((time.process_time() - used) / entries)
        assert (report.ok, report.entries) == (True, entries)
    say(f"hash-only pass over {entries:,} entries, one process (median and best of {ROUNDS})")
    for name, seconds in (("wall time", wall), ("processor time", processor)):
        middle, best = percentile(seconds, 0.5), min(seconds)
        row(f"an entry, {name}", f"{middle * 1e6:.1f} us", f"{best * 1e6:.1f} us")
        row(f"a million at that rate, {name}", f"{middle * 1e6:.1f} s", f"{best * 1e6:.1f} s", "aim: 10 s")
