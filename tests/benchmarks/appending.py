"""Durable signed append, one scan at a time, against raw SQLite commits of the same bytes on the same disk.

The three take turns, act by act: `record()` of a routine act by the signed-in person (real signing process, WAL,
synchronous=FULL); a row that is chained and signed and nothing else; and the bytes of the note alone.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

from cryoledger.custody import record as recording
from cryoledger.custody.keys.keyring import Keyring
from cryoledger.custody.vault import Vault
from cryoledger.database.driver import SqliteDriver
from cryoledger.database.store import Transaction
from cryoledger.domain import rulebook_1
from cryoledger.domain.fields import Event
from cryoledger.ledger.keys import PrivateKey
from tests.benchmarks.figures import Stages, milliseconds, percentile, progress, row, say, timed
from tests.benchmarks.growing import act, grown, take_out_and_return

WARM = 50


def run(folder: Path, *, quick: bool) -> None:
    sizes = (10_000,) if quick else (10_000, 1_000_000)
    count = 300 if quick else 1_500
    p50 = {entries: _one(folder, entries, count) for entries in sizes}
    if len(p50) > 1:
        first, last = p50[sizes[0]], p50[sizes[-1]]
        row(f"record() at {sizes[-1]:,} against {sizes[0]:,} entries", f"{last / first:.2f} x", "aim: 1")


def _one(folder: Path, entries: int, count: int) -> float:
    progress(f"a vault of {entries:,} entries")
    place = grown(folder, entries)
    ours: list[float] = []
    raw: list[float] = []
    bare: list[float] = []
    with place.open() as vault:
        vial = place.stored_vial()
        events = take_out_and_return(vault, vial)
        with vault.store.reading() as reading:
            head = reading.head()
            assert head is not None
            stored = reading.entry(head.number)
        assert stored is not None
        write_raw, write_bare = _raw(folder / "raw.db", stored.note), _Bare(folder / "bare.db", len(stored.note))
        for number in range(count + WARM):
            event = events[number % 2]
            times = timed(lambda: act(vault, event)), timed(write_raw), timed(write_bare.append)  # noqa: B023
            if number >= WARM:
                for kept, seconds in zip((ours, raw, bare), times, strict=True):
                    kept.append(seconds)
        say(f"append at {entries:,} entries ({count} acts of each, in turn; notes of {len(stored.note)} bytes)")
        for name, values in (("raw commit", raw), ("bare chained and signed row", bare), ("record()", ours)):
            row(name, milliseconds(percentile(values, 0.5)), f"p99 {milliseconds(percentile(values, 0.99))}")
        ratio = percentile(raw, 0.5) / percentile(ours, 0.5)
        row("record() against raw, p50", f"{ratio:.2f}", "aim: 0.50")
        row("bare row against raw, p50", f"{percentile(raw, 0.5) / percentile(bare, 0.5):.2f}")
        row("record() against the bare row, p50", f"{percentile(bare, 0.5) / percentile(ours, 0.5):.2f}")
        _where(vault, events, count)
    return percentile(ours, 0.5)


def _where(vault: Vault, events: tuple[Event, Event], count: int) -> None:
    stages = Stages()
    with stages.of(
        (SqliteDriver, "commit", "commit (WAL, FULL)"),
        (Transaction, "append", "rows and entry into the tables"),
        (recording, "_sign", "text, signature, rows worked out"),
        (Keyring, "_receive", "waiting for the signing process"),
        (recording, "_checked", "the signature verified"),
        (recording, "seal", "the sealed entry parsed"),
        (recording, "note_text", "the text made and read back"),
        (rulebook_1, "check", "rules: check"),
        (rulebook_1, "changes", "rules: changes"),
        (Vault, "remember", "remembered head"),
        (recording, "_clean", "text cleaned"),
    ):
        whole = percentile([timed(lambda: act(vault, events[number % 2])) for number in range(count)], 0.5)  # noqa: B023
    say("  where the time goes (medians; a stage holds those within it)")
    row("    record()", f"{whole * 1e6:.0f} us", "100%")
    stages.show(whole, count)


def _raw(path: Path, note: bytes) -> Callable[[], None]:
    connection = _connection(path)
    connection.execute("CREATE TABLE entry (number INTEGER PRIMARY KEY, note BLOB NOT NULL)")

    def write() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO entry (note) VALUES (?)", (note,))
        connection.execute("COMMIT")

    return write


class _Bare:
    """A ledger and nothing else: one row, chained, signed in this process."""

    def __init__(self, path: Path, size: int) -> None:
        self._connection = _connection(path)
        self._connection.execute(
            "CREATE TABLE entry (number INTEGER PRIMARY KEY, previous BLOB NOT NULL UNIQUE, "
            "leaf_hash BLOB NOT NULL, note BLOB NOT NULL)"
        )
        self._key = PrivateKey.from_seed("bare", bytes(32))
        self._filling = b"x" * (size - 170)

    def append(self) -> None:
        run = self._connection.execute
        run("BEGIN IMMEDIATE")
        number, previous = run("SELECT number, leaf_hash FROM entry ORDER BY number DESC LIMIT 1").fetchone() or (
            0, bytes(32),
        )  # fmt: skip
        text = b"%d\n%b\n%b\n" % (number, previous.hex().encode(), self._filling)
        note = text + b"\n" + self._key.sign(text).line().encode()
        leaf = hashlib.sha256(b"\0" + note).digest()
        run("INSERT INTO entry VALUES (?, ?, ?, ?)", (number + 1, previous, leaf, note))
        run("COMMIT")


def _connection(path: Path) -> sqlite3.Connection:
    for name in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        name.unlink(missing_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection
