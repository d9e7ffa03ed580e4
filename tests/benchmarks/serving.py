"""PostgreSQL with eight stations at once, against eight clients that append a bare chained and signed row.

The server is that of the tests, with fsync off unless CRYOLEDGER_TEST_POSTGRESQL names another: what is compared is
the work around the commit and under the lock of the head, not the server's disk.
"""

from __future__ import annotations

import hashlib
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cryoledger.cli.sample.stock import make_event
from cryoledger.custody.proof.auditing import verify_at
from cryoledger.custody.record import record
from cryoledger.ledger.keys import PrivateKey
from tests import postgresql
from tests.benchmarks.figures import percentile, progress, row, say
from tests.custody.stations import Site, make_site

STATIONS = 8


def run(folder: Path, *, quick: bool) -> None:
    seconds, rounds = (3.0, 1) if quick else (8.0, 3)
    progress(f"PostgreSQL with {STATIONS} stations")
    work = folder / "stations"
    work.mkdir(parents=True, exist_ok=True)
    with pytest.MonkeyPatch.context() as patch, make_site(work, patch) as site, postgresql.database() as bare:
        machines = ["bench-1", *(f"room-{number}" for number in range(2, STATIONS + 1))]
        for machine in machines[1:]:
            site.join(machine)
        _prepare(bare)
        ours, rows = [], []
        for _ in range(rounds):
            rows.append(_together(_append_bare, [(bare, number, seconds) for number in range(STATIONS)]) / seconds)
            ours.append(_together(_record, [(site, machine, seconds) for machine in machines]) / seconds)
        report = verify_at(site.url)
        assert report.ok, report.findings
    say(f"PostgreSQL, {STATIONS} stations at once (median of {rounds} rounds of {seconds:.0f} s, in turn)")
    row("bare chained and signed rows", f"{percentile(rows, 0.5):,.0f}/s")
    row("record()", f"{percentile(ours, 0.5):,.0f}/s")
    row("ratio", f"{percentile(ours, 0.5) / percentile(rows, 0.5):.2f}", "aim: 0.70")


def _together(work: Any, arguments: list[tuple[Any, ...]]) -> int:
    """Run it in as many processes, from one moment on; the sum of what they did."""
    context = get_context("fork")
    results, start = context.Queue(), context.Barrier(len(arguments))
    processes = [context.Process(target=work, args=(*each, start, results)) for each in arguments]
    for process in processes:
        process.start()
    total: int = sum(results.get(timeout=120) for _ in processes)
    for process in processes:
        process.join()
    return total


def _record(site: Site, machine: str, seconds: float, start: Any, results: Any) -> None:
    with site.vault(machine) as vault:
        event = make_event("AlarmRaised", unit="F1", alarm="door")
        record(vault, event)
        start.wait()
        results.put(_for(seconds, lambda: record(vault, event)))


def _append_bare(url: str, number: int, seconds: float, start: Any, results: Any) -> None:
    key = PrivateKey.from_seed(f"bare-{number}", bytes([number]) * 32)
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:

        def append() -> None:
            with connection.transaction():
                at, previous = connection.execute("SELECT number, leaf_hash FROM head FOR UPDATE").fetchall()[0]
                text = b"%d\n%b\n%b\n" % (at, previous.hex().encode(), b"x" * 330)
                note = text + b"\n" + key.sign(text).line().encode()
                leaf = hashlib.sha256(b"\0" + note).digest()
                connection.execute("INSERT INTO entry VALUES (%s, %s, %s, %s)", (at + 1, previous, leaf, note))
                connection.execute("UPDATE head SET number = %s, leaf_hash = %s", (at + 1, leaf))

        start.wait()
        results.put(_for(seconds, append))


def _prepare(url: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CREATE TABLE head (number bigint, leaf_hash bytea)")
        connection.execute("INSERT INTO head VALUES (0, %s)", (bytes(32),))
        connection.execute(
            "CREATE TABLE entry (number bigint PRIMARY KEY, previous bytea UNIQUE, leaf_hash bytea, note bytea)"
        )


def _for(seconds: float, act: Any) -> int:
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        act()
        done += 1
    return done
