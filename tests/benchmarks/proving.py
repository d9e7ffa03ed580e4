"""Proofs from the tiles of a large ledger: made and checked; and how many bytes an entry takes in the vault."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

from cryoledger.database.store import Reading
from cryoledger.ledger.tree import verify_consistency, verify_inclusion
from tests.benchmarks.figures import milliseconds, percentile, progress, row, say
from tests.benchmarks.growing import Place, grown

PROOFS = 300
SEED = 6


def run(folder: Path, *, quick: bool) -> None:
    entries = 10_000 if quick else 100_000
    progress(f"a vault of {entries:,} entries")
    place = grown(folder, entries)
    os.environ["CRYOLEDGER_HOME"] = str(place.home)
    with place.open() as vault, vault.store.reading() as reading:
        say(f"proofs in a ledger of {entries:,} entries ({PROOFS} at random places; tiles read anew for each)")
        _measure(reading, entries)
        _bytes(place, reading, entries)


def _measure(reading: Reading, entries: int) -> None:
    root, chosen = reading.tree(1, entries).root, random.Random(SEED)
    times: dict[str, list[float]] = {name: [] for name in ("made", "checked", "made since", "checked since")}
    for _ in range(PROOFS):
        index, old = chosen.randrange(entries), chosen.randrange(1, entries)
        began = time.perf_counter()
        proof = reading.tree(1, entries).inclusion_proof(index)
        times["made"].append(time.perf_counter() - began)
        leaf = reading.driver.one('SELECT "leaf_hash" FROM "entry" WHERE epoch = 1 AND sequence = ?', (index,))
        assert leaf is not None
        began = time.perf_counter()
        verify_inclusion(leaf[0], index, entries, proof, root)
        times["checked"].append(time.perf_counter() - began)
        began = time.perf_counter()
        proof = reading.tree(1, entries).consistency_proof(old)
        times["made since"].append(time.perf_counter() - began)
        before = reading.tree(1, old).root
        began = time.perf_counter()
        verify_consistency(old, before, entries, root, proof)
        times["checked since"].append(time.perf_counter() - began)
    names = {
        "made": "inclusion proof made", "checked": "inclusion proof checked",
        "made since": "consistency proof made", "checked since": "consistency proof checked",
    }  # fmt: skip
    for name, found in times.items():
        middle, worst = (milliseconds(percentile(found, share)) for share in (0.5, 0.99))
        row(names[name], middle, f"p99 {worst}", "aim: 5 ms")


def _bytes(place: Place, reading: Reading, entries: int) -> None:
    notes = reading.driver.one('SELECT SUM(LENGTH(note)) FROM "entry"')
    tiles = reading.driver.one('SELECT SUM(LENGTH(hashes) + LENGTH(root)) FROM "tile"')
    assert notes is not None
    assert tiles is not None
    row("bytes an entry: its note", f"{notes[0] / entries:.0f}")
    row("bytes an entry: tiles of the tree", f"{(tiles[0] or 0) / entries:.1f}")
    size = sum(path.stat().st_size for path in Path(place.location).parent.glob("clinic.cryoledger*"))
    row("bytes an entry: the whole vault, inventory included", f"{size / entries:.0f}")
