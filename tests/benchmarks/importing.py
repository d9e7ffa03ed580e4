"""Import: vials a second of `cryoledger import inventory`, as a person runs it, from start to end.

Beside it, in the same run: a bare `executemany` of the same rows into one table, in as many commits; the memory that
the program had at its most; and, in a run of its own, how long others wait for the vault while it imports.
"""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from cryoledger.cli.sample import clinic
from cryoledger.custody.imports.import_parts import PART_VIALS
from cryoledger.custody.keys.unlock import unlock
from cryoledger.custody.record import By, record
from cryoledger.custody.vault import Vault
from cryoledger.domain.events.storage import VialsReturned, VialsTakenOut
from cryoledger.domain.fields import Placed
from tests.benchmarks.figures import milliseconds, percentile, progress, row, say
from tests.benchmarks.growing import SIGNER, Place, base
from tests.benchmarks.starting import PROGRAM

SIZES = (5_000, 100_000, 1_000_000)
WATCHED = 100_000  # rows of the run in which others want the vault too
SCAN_EVERY = 0.05
HEADER = (
    "Freezer", "Rack", "Box", "Position", "Vial barcode", "Product", "Lot", "Donor", "Tissue", "Passage",
    "Cells per vial (million)", "Volume (mL)", "Cryoprotectant", "Date frozen", "Expiry", "Viability %", "Comments",
)  # fmt: skip


def run(folder: Path, *, quick: bool) -> None:
    for vials in SIZES[:1] if quick else SIZES:
        progress(f"a file of {vials:,} rows")
        place = base(folder / "import")
        file = place.home / "inventory.csv"
        _write(file, vials)
        bare = _bare(place.home / "bare.sqlite", file)
        with _Import(place, file) as imported:
            seconds, most = imported.finished(vials)
        say(f"import of {vials:,} rows, one command from start to end")
        row("vials a second", f"{vials / seconds:,.0f}", f"{seconds:.1f} s", "aim: 10,000")
        row(
            "a bare executemany of the same rows",
            f"{vials / bare:,.0f}",
            f"{bare:.1f} s",
            f"ratio {bare / seconds:.2f}",
        )
        row("memory at its most", f"{most / 1024:,.0f} MB")
    _watched(folder / "import", WATCHED // 5 if quick else WATCHED)


class _Import:
    """The command, running as a process of its own."""

    def __init__(self, place: Place, file: Path) -> None:
        command = [*PROGRAM, "--vault", place.location, "import", "inventory", str(file), "--as", SIGNER.name, "--json"]
        environment = {**os.environ, "CRYOLEDGER_HOME": str(place.home)}
        self._out = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            [*command, "--confirm-clock"], stdin=subprocess.PIPE, stdout=self._out, stderr=self._out, env=environment
        )
        assert self.process.stdin is not None
        self.process.stdin.write(f"{SIGNER.pin}\n".encode())
        self.process.stdin.close()

    def finished(self, vials: int) -> tuple[float, int]:
        """Seconds that it took, and the kibibytes of memory that it had at its most."""
        _, status, used = os.wait4(self.process.pid, 0)
        seconds = time.perf_counter() - self.began
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self._out.seek(0)
        told = self._out.read().decode()
        assert self.process.returncode == 0, told[-1000:]
        assert json.loads(told[told.index("{") :])["imported"] == vials
        return seconds, used.ru_maxrss

    def __enter__(self) -> _Import:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.process.kill()
            self.process.wait()
        self._out.close()


def _bare(file: Path, table: Path) -> float:
    """Seconds to insert the same rows into one table that knows codes and positions, in commits of a part's size."""
    began = time.perf_counter()
    with sqlite3.connect(file, isolation_level=None) as database, table.open(encoding="utf-8", newline="") as stream:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        names = ", ".join(f"c{number}" for number in range(len(HEADER)))
        database.execute(f"CREATE TABLE vial ({names}, PRIMARY KEY (c4), UNIQUE (c0, c1, c2, c3)) WITHOUT ROWID")
        marks = ", ".join("?" * len(HEADER))
        reader = csv.reader(stream)
        next(reader)
        while rows := list(islice(reader, PART_VIALS)):
            database.execute("BEGIN IMMEDIATE")
            database.executemany(f"INSERT INTO vial VALUES ({marks})", rows)
            database.execute("COMMIT")
    database.close()
    seconds = time.perf_counter() - began
    file.unlink()
    return seconds


def _watched(folder: Path, vials: int) -> None:
    """What others notice of an import: how long the vault is locked, and how long a scan takes to be on record."""
    progress(f"a file of {vials:,} rows, while a technician scans")
    place = base(folder)
    file = place.home / "inventory.csv"
    _write(file, vials)
    with _Import(place, file) as imported:
        while not _begun(place):
            time.sleep(0.05)
        over = threading.Event()
        locked: list[float] = []
        probe = threading.Thread(target=_probe, args=(place.location, over, locked))
        probe.start()
        scans = list(_scans(place, imported.process))
        over.set()
        probe.join()
        seconds, _ = imported.finished(vials)
    say(f"while {vials:,} rows come in ({vials / seconds:,.0f}/s) and {len(scans)} acts of a technician are recorded")
    row("the vault locked by a part", milliseconds(percentile(locked, 0.5)), f"most {milliseconds(max(locked))}",
        "aim: 200 ms")  # fmt: skip
    p99 = percentile(scans, 0.99)
    row("a scan, to being on record", milliseconds(percentile(scans, 0.5)), f"p99 {milliseconds(p99)}",
        f"most {milliseconds(max(scans))}")  # fmt: skip


def _begun(place: Place) -> bool:
    with sqlite3.connect(f"file:{place.location}?mode=ro", uri=True) as database:
        return bool(database.execute("SELECT count(*) FROM inventory_import WHERE done > 0").fetchone()[0])


def _probe(location: str, over: threading.Event, locked: list[float]) -> None:
    """Ask for the lock without end: between two answers of yes it was somebody else's."""
    database = sqlite3.connect(location, isolation_level=None, timeout=0)
    free = time.perf_counter()
    refused = False
    while not over.is_set():
        try:
            database.execute("BEGIN IMMEDIATE")
            database.execute("ROLLBACK")
        except sqlite3.OperationalError:
            refused = True
        else:
            now = time.perf_counter()
            if refused:
                locked.append(now - free)
            free, refused = now, False
        time.sleep(0.0005)
    database.close()


def _scans(place: Place, importing: subprocess.Popen[bytes]) -> Iterator[float]:
    """Seconds that each act of a technician takes, as long as the import goes on."""
    os.environ["CRYOLEDGER_HOME"] = str(place.home)
    vial = place.stored_vial()
    with Vault.open(place.location, kdf=clinic.CHEAP) as vault:
        unlock(vault, SIGNER.name, SIGNER.pin)
        vault.signed_in = SIGNER.name
        home = VialsReturned(unit=vial.unit or "", vials=(Placed(vial=vial.code, position=vial.position or 0),))
        acts = (VialsTakenOut(vials=(vial.code,), purpose="order"), home)
        number = 0
        while not os.waitid(os.P_PID, importing.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            began = time.perf_counter()
            record(vault, acts[number % 2], By(SIGNER.name))
            yield time.perf_counter() - began
            number += 1
            time.sleep(SCAN_EVERY)


def _write(file: Path, vials: int) -> None:
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        for number in range(vials):
            box, at = divmod(number, 81)
            rack, freezer = box // 10, box // 100
            writer.writerow(
                (
                    f"F{freezer}", f"R{rack % 10}", f"B{box % 10}", f"{'ABCDEFGHI'[at // 9]}{at % 9 + 1}",
                    f"CL{7_000_000 + number}", "MSC-IMP", f"WJ{number // 800:05d}", f"D{number // 8000}",
                    "Wharton's jelly", 3, 10, "1.0", "CryoStor CS10", "2024-06-10", "2029-06-10", 96, "",
                )
            )  # fmt: skip


if __name__ == "__main__":
    sys.exit("python -m tests.benchmarks importing")
