"""A small file to import, and what must hold of a vault that has it half or whole."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from cryoledger.cli.sample.people import TOMAS
from cryoledger.custody.proof.auditing import verify_at
from cryoledger.custody.record import record
from cryoledger.custody.vault import Vault
from cryoledger.domain import catalogue
from cryoledger.domain.import_records import Import, ImportLot
from cryoledger.domain.records import Donation, Donor, Hold, Lot, Record, ScanCode, StorageUnit, Vial
from cryoledger.errors import Refusal
from tests.exchange.laboratory import row, table
from tests.faults.conftest import Victim

VIALS = ("IV0", "IV1", "IV2", "IV3", "IV4")
STATE: tuple[type[Record], ...] = (Vial, Lot, Donor, Donation, StorageUnit, Hold, ImportLot, ScanCode)
# What differs between an import in one go and one in two: entries' numbers, and times.
PASSING = frozenset({"number", "last_entry", "last_at", "since", "unit_mark_ms"})


def import_file(path: Path, more: int = 0) -> Path:
    """Five vials in three parts: two boxes, two lots, a comment, a position that two rows give; and more."""
    rows = [
        row(freezer="IF", box="B1", position="A1", vial="IV0", lot="IL1", donor="ID1", comments="seen"),
        row(freezer="IF", box="B1", position="A2", vial="IV1", lot="IL1", donor="ID1"),
        row(freezer="IF", box="B1", position="A3", vial="IV2", lot="IL2", donor="ID2"),
        row(freezer="IF", box="B1", position="A3", vial="TWIN", lot="IL2", donor="ID2"),
        row(freezer="IF", box="B2", position="A1", vial="IV3", lot="IL2", donor="ID2"),
        row(freezer="IF", box="B2", position="A2", vial="IV4", lot="IL2", donor="ID2"),
    ]
    for at in range(more):
        place, position = f"C{at // 81}", f"{'ABCDEFGHI'[at % 81 // 9]}{at % 9 + 1}"
        rows.append(row(freezer="IF", box=place, position=position, vial=f"MORE{at}", lot="IL3", donor="ID2"))
    path.write_text(table(rows))
    return path


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
