"""An import that is killed goes on where it stopped, or is withdrawn whole; scans pass between its parts."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from cryoledger.cli.sample import people
from cryoledger.cli.sample.clinic import CHEAP
from cryoledger.custody.imports import import_parts
from cryoledger.custody.imports.importing import abandon, carry_out, find_import
from cryoledger.custody.proof.auditing import verify_vault
from cryoledger.custody.record import By, record
from cryoledger.custody.vault import Vault
from cryoledger.database.bulk import stored_vials
from cryoledger.domain import catalogue
from cryoledger.domain.import_records import Import, ImportPart
from cryoledger.domain.records import Donor, Lot, StorageUnit, Vial
from cryoledger.errors import Refusal, RequestError
from tests.exchange.laboratory import imported, prepared, row, table

KILLED = """
import os, sys
from pathlib import Path
from cryoledger.cli.sample import people
from cryoledger.cli.sample.clinic import CHEAP
from cryoledger.custody.imports import import_parts
from cryoledger.custody.imports.importing import carry_out
from cryoledger.custody.vault import Vault
from cryoledger.exchange.column_map import ColumnMap
from cryoledger.exchange.import_inventory import prepare
import_parts.PART_VIALS = 50
with Vault.open(sys.argv[1]) as vault, prepare(vault, Path(sys.argv[2]), ColumnMap()) as job:
    carry_out(vault, job.plan, people.MARIA.by, lambda done, total: print(done, flush=True))
"""


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_parts, "PART_VIALS", 50)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """600 vials of 30 lots in 8 boxes, some with a comment."""
    rows = [
        row(
            box=f"B{at // 81}",
            position=f"{'ABCDEFGHI'[at % 81 // 9]}{at % 9 + 1}",
            vial=f"V{at:04d}",
            lot=f"L{at // 20}",
            donor=f"D{at // 40}",
            comments="seen" if at % 7 == 0 else "",
        )
        for at in range(600)
    ]
    path = tmp_path / "in.csv"
    path.write_text(table(rows))
    return path


def count(vault: Vault) -> int:
    with vault.store.reading() as reading:
        return sum(1 for _ in stored_vials(reading))


@pytest.mark.parametrize("after", [1, 250, 550])
def test_kill_9_leaves_whole_parts_and_the_same_command_goes_on(
    vault: Vault, home: Path, file: Path, after: int, small_parts: None
) -> None:
    location = str(home / "lab.cryoledger")
    process = subprocess.Popen([sys.executable, "-c", KILLED, location, str(file)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= after:
            break
    os.kill(process.pid, 9)
    process.wait()
    process.stdout.close()
    done = count(vault)
    assert done % 50 == 0
    assert 0 < done <= 600
    assert verify_vault(vault).ok
    with prepared(vault, file) as job:
        assert job.plan.own is not None
        with pytest.raises(Refusal, match="not completed"):
            record(vault, catalogue.parse("VialsTakenOut", {"vials": ["V0000"]}), people.MARIA.by)
        carried = carry_out(vault, job.plan, people.MARIA.by)
        assert (carried.vials, carried.resumed_after) == (600 - done, done // 50)
        assert list(job.plan.rejected()) == []
    assert count(vault) == 600
    record(vault, catalogue.parse("VialsTakenOut", {"vials": ["V0000"]}), people.MARIA.by)
    assert verify_vault(vault).ok


def stopped(vault: Vault, file: Path, after: int) -> Import:
    """An import of which so many parts are recorded."""

    class Stop(Exception):
        pass

    def stop(done: int, _total: int) -> None:
        if done >= after * 50:
            raise Stop

    with prepared(vault, file) as job, pytest.raises(Stop):
        carry_out(vault, job.plan, people.MARIA.by, stop)
    with vault.store.reading() as reading:
        own = find_import(reading.facts, job.plan.sha256)
    assert own is not None
    assert (own.done, own.parts) == (after, 12)
    return own


def test_an_abandoned_import_leaves_nothing_and_the_file_can_come_again(
    vault: Vault, file: Path, small_parts: None
) -> None:
    own = stopped(vault, file, 5)
    abandon(vault, own, "wrong-file", people.TOMAS.by)
    with vault.store.reading() as reading:
        for kind in (Vial, Lot, Donor, StorageUnit, ImportPart):
            assert reading.facts.where(kind) == [], kind
        assert [each.status for each in reading.facts.where(Import)] == ["abandoned"]
    assert verify_vault(vault).ok
    assert imported(vault, file).vials == 600
    assert verify_vault(vault).ok


def test_abandoning_that_is_interrupted_goes_on_too(vault: Vault, file: Path, small_parts: None) -> None:
    own = stopped(vault, file, 4)

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        abandon(vault, own, "interrupted", people.MARIA.by, stop)
    with prepared(vault, file) as job, pytest.raises(RequestError, match="is over"):
        carry_out(vault, job.plan, people.MARIA.by)
    with vault.store.reading() as reading:
        (half,) = reading.facts.where(Import, status="open")
    assert half.done == 3
    abandon(vault, half, "interrupted", people.MARIA.by)
    assert count(vault) == 0


def test_a_resumed_import_follows_the_plan_that_was_begun(vault: Vault, file: Path, small_parts: None) -> None:
    stopped(vault, file, 2)
    values: dict[str, Any] = {"donor": "D14", "consent": {"scope": ["therapy"], "given_on": "2024-01-01"}}
    record(vault, catalogue.parse("DonorRegistered", values), people.MARIA.by)
    with prepared(vault, file) as job, pytest.raises(RequestError, match="vault has changed since"):
        carry_out(vault, job.plan, people.MARIA.by)


def test_another_file_waits_for_the_open_import(vault: Vault, file: Path, tmp_path: Path, small_parts: None) -> None:
    stopped(vault, file, 2)
    other = tmp_path / "other.csv"
    other.write_text(table([row(freezer="F9", lot="OTHER", donor="D99")]))
    with prepared(vault, other) as job, pytest.raises(Refusal, match="not completed"):
        carry_out(vault, job.plan, people.MARIA.by)


def test_the_key_is_locked_again_behind_an_import(vault: Vault, file: Path) -> None:
    imported(vault, file)
    assert people.MARIA.name not in vault.keyring.unlocked()
    assert vault.signed_in is None


def test_scans_of_another_station_pass_between_the_parts(
    vault: Vault, home: Path, tmp_path: Path, small_parts: None
) -> None:
    """Another connection records while an import of sixty parts runs; it never waits for more than a few parts."""
    one = tmp_path / "one.csv"
    one.write_text(table([row(freezer="F9", vial="X1", lot="X", donor="DX")]))
    imported(vault, one)
    rows = [
        row(
            box=f"B{at // 81}",
            position=f"{'ABCDEFGHI'[at % 81 // 9]}{at % 9 + 1}",
            vial=f"V{at:04d}",
            lot=f"L{at // 80}",
        )
        for at in range(3000)
    ]
    many = tmp_path / "many.csv"
    many.write_text(table(rows))
    waits: list[float] = []
    over = threading.Event()

    def scan() -> None:
        with Vault.open(str(home / "lab.cryoledger"), kdf=CHEAP, remembered=False) as other:
            out, back = "VialsTakenOut", "VialsReturned"
            other.signed_in = people.TOMAS.name
            record(other, catalogue.parse(out, {"vials": ["X1"]}), people.TOMAS.by)
            while not over.is_set():
                for kind, data in ((back, {"unit": "F9-R1-B1", "vials": [{"vial": "X1", "position": 0}]}),
                                   (out, {"vials": ["X1"]})):  # fmt: skip
                    started = time.monotonic()
                    record(other, catalogue.parse(kind, data), By(people.TOMAS.name))
                    waits.append(time.monotonic() - started)
                    time.sleep(0.005)  # hands are slower than this

    thread = threading.Thread(target=scan)
    thread.start()
    try:
        imported(vault, many)
    finally:
        over.set()
        thread.join()
    assert count(vault) >= 3000
    assert len(waits) > 10
    assert max(waits) < 3
    assert verify_vault(vault).ok
