"""`verify --since`: newer entries checked after a checkpoint that a witness cosigned, and the rest hashed."""

from __future__ import annotations

import os
import time
from pathlib import Path

from cryoledger.custody.proof import checkpoints
from cryoledger.custody.proof.auditing import since_at
from cryoledger.ledger.checkpoint import Checkpoint, cosign, sign_checkpoint
from cryoledger.ledger.keys import PrivateKey
from cryoledger.ledger.note import Algorithm
from cryoledger.ledger.policy import Policy, parse_policy
from tests.benchmarks.figures import percentile, progress, row, say
from tests.benchmarks.growing import Place, grown

ROUNDS = 3
WITNESS = PrivateKey.from_seed("witness.example/w", bytes([7]) * 32, Algorithm.COSIGNATURE_V1)


def run(folder: Path, *, quick: bool) -> None:
    entries, newer = (10_000, 2_000) if quick else (100_000, 10_000)
    progress(f"a vault of {entries:,} entries")
    place = grown(folder, entries)
    os.environ["CRYOLEDGER_HOME"] = str(place.home)
    seconds = {count: _round(place, entries, count) for count in (0, newer)}
    say(f"verify --since, {entries:,} entries (median of {ROUNDS}, a process's start not included)")
    each = f"{seconds[0] / entries * 1e6:.1f} us each"
    row("nothing newer: all hashed, signers replayed", f"{seconds[0]:.2f} s", each)
    row(f"{newer:,} newer entries", f"{seconds[newer]:.2f} s", "aim: 1.5 s for 10,000")
    row("of it, the newer entries", f"{seconds[newer] - seconds[0]:.2f} s")


def _round(place: Place, entries: int, newer: int) -> float:
    note, policy = _cosigned(place, entries - newer)
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        report = since_at(place.location, since=note, policy=policy)
        taken.append(time.perf_counter() - began)
        assert report.ok, report.findings
    return percentile(taken, 0.5)


def _cosigned(place: Place, size: int) -> tuple[bytes, Policy]:
    """A checkpoint of an earlier size, by the log and a witness, and a policy that names both."""
    with place.open() as vault, vault.store.reading() as reading:
        head = reading.head()
        assert head is not None
        there = Checkpoint(head.origin, size, reading.tree(head.epoch, size).root)
        keys = checkpoints.signers(vault, reading, head.origin)
        logs = "".join(f"log {key.encode()}\n" for key in checkpoints.base_log_keys(reading))
    signed = sign_checkpoint(there, keys).with_signatures(cosign(there, WITNESS, 1_700_000_000))
    return signed.encode(), parse_policy(f"{logs}witness w {WITNESS.verifier.encode()}\nquorum w\n".encode())
