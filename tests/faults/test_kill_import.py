"""kill -9 at every step of an import and of its withdrawal: nothing half is there, and the same command goes on."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from cryoledger.cli.sample.people import MARIA, TOMAS
from cryoledger.custody.imports import import_parts
from cryoledger.custody.imports.importing import abandon, carry_out, comments_of
from cryoledger.custody.proof.auditing import verify_at
from cryoledger.custody.record import record
from cryoledger.custody.vault import Vault
from cryoledger.domain import catalogue
from cryoledger.domain.import_records import Import, ImportLot
from cryoledger.domain.records import Donation, Donor, Hold, Lot, Record, ScanCode, StorageUnit, Vial
from cryoledger.errors import Refusal
from tests.exchange.laboratory import prepared, row, table
from tests.faults.conftest import Fresh, Victim
from tests.faults.killing import Tell, Work, chosen, killed_at, steps_of

PARTS = 4  # each test is cut in so many, for parallel runs
SHARE = 9  # steps of a part
VIALS = ("IV0", "IV1", "IV2", "IV3", "IV4")
STATE: tuple[type[Record], ...] = (Vial, Lot, Donor, Donation, StorageUnit, Hold, ImportLot, ScanCode)
# What differs between an import in one go and one in two: entries' numbers, and times.
PASSING = frozenset({"number", "last_entry", "last_at", "since", "unit_mark_ms"})


@pytest.fixture(autouse=True)
def two_vials_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_parts, "PART_VIALS", 2)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Five vials in three parts: two boxes, two lots, a comment, a position that two rows give."""
    rows = [
        row(freezer="IF", box="B1", position="A1", vial="IV0", lot="IL1", donor="ID1", comments="seen"),
        row(freezer="IF", box="B1", position="A2", vial="IV1", lot="IL1", donor="ID1"),
        row(freezer="IF", box="B1", position="A3", vial="IV2", lot="IL2", donor="ID2"),
        row(freezer="IF", box="B1", position="A3", vial="TWIN", lot="IL2", donor="ID2"),
        row(freezer="IF", box="B2", position="A1", vial="IV3", lot="IL2", donor="ID2"),
        row(freezer="IF", box="B2", position="A2", vial="IV4", lot="IL2", donor="ID2"),
    ]
    path = tmp_path / "in.csv"
    path.write_text(table(rows))
    return path


def importing(victim: Victim, file: Path) -> Work:
    """Work that imports the file, and tells when it is completed."""

    def work(tell: Tell) -> None:
        with victim.open() as vault, prepared(vault, file) as job:
            carry_out(vault, job.plan, MARIA.by)
        tell("completed")

    return work


def brought(vault: Vault) -> dict[str, list[dict[str, Any]]]:
    """Every row of the inventory, without what tells when it came."""
    with vault.store.reading() as reading:
        return {
            kind.table: [
                {name: value for name, value in asdict(row).items() if name not in PASSING}  # type: ignore[call-overload]
                for row in reading.facts.where(kind)
            ]
            for kind in STATE
        }


def imports(vault: Vault) -> list[Import]:
    with vault.store.reading() as reading:
        return reading.facts.where(Import)


def nothing_is_usable(vault: Vault) -> None:
    """Whatever of the import is there can be neither moved nor held as if it were in use."""
    with vault.store.reading() as reading:
        there = [code for code in VIALS if reading.facts.get(Vial, code) is not None]
    for code in there:
        with pytest.raises(Refusal, match="not completed"):
            record(vault, catalogue.parse("VialsTakenOut", {"vials": [code]}), TOMAS.by)


def is_sound(victim: Victim) -> None:
    report = verify_at(str(victim.path))
    assert report.ok, report.findings


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_in_an_import(part: int, fresh: Fresh, file: Path) -> None:
    whole = fresh()
    total = steps_of(importing(whole, file))
    assert total > 150
    with whole.open() as vault:
        expected = brought(vault)
    for step in chosen(total, part, PARTS, SHARE):
        victim = fresh()
        before = victim.entries()
        told = killed_at(step, importing(victim, file))
        is_sound(victim)
        with victim.open() as vault:
            found = imports(vault)
            done = found[0].done if found else -1
            assert len(victim.entries()) == len(before) + 1 + done + (bool(found) and found[0].status == "completed")
            if found and found[0].status == "open":
                assert not told
                nothing_is_usable(vault)
            with prepared(vault, file) as job:
                if job.before is None:
                    assert carry_out(vault, job.plan, MARIA.by).resumed_after == max(done, 0)
            assert brought(vault) == expected, step
            assert comments_of(vault, "IV0") == ["seen"]
            record(vault, catalogue.parse("VialsTakenOut", {"vials": ["IV0"]}), TOMAS.by)
        is_sound(victim)


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_in_a_withdrawal(part: int, fresh: Fresh, file: Path) -> None:
    """An import of which two parts came in is abandoned; the file can come again, or the rest be withdrawn."""

    class Stop(Exception):
        pass

    def stopped() -> Victim:
        victim = fresh()

        def stop(done: int, _total: int) -> None:
            if done == 4:
                raise Stop

        with victim.open() as vault, prepared(vault, file) as job, pytest.raises(Stop):
            carry_out(vault, job.plan, MARIA.by, stop)
        return victim

    def withdrawing(victim: Victim) -> Work:
        def work(tell: Tell) -> None:
            with victim.open() as vault:
                abandon(vault, imports(vault)[0], "wrong-file", MARIA.by)
            tell("withdrawn")

        return work

    with fresh().open() as vault:
        expected = brought(vault)
    for step in chosen(steps_of(withdrawing(stopped())), part, PARTS, SHARE):
        victim = stopped()
        killed_at(step, withdrawing(victim))
        is_sound(victim)
        with victim.open() as vault:
            nothing_is_usable(vault)
            (own,) = imports(vault)
            if own.status == "open":
                abandon(vault, own, "wrong-file", MARIA.by)
            assert brought(vault) == expected, step
        is_sound(victim)
