"""A vault with staff and nothing in it, tables made of words, and the shortest way from a file to what it brings."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryoledger.cli.sample import people
from cryoledger.cli.sample.clinic import CHEAP, ZONE
from cryoledger.custody.create import Request, create
from cryoledger.custody.imports.importing import carry_out
from cryoledger.custody.vault import Vault
from cryoledger.exchange.column_map import ColumnMap
from cryoledger.exchange.import_inventory import Job, prepare

VECTORS = Path(__file__).parents[1] / "vectors" / "inventory"
HEADER = (
    "Freezer", "Rack", "Box", "Position", "Vial barcode", "Product", "Lot", "Donor", "Tissue", "Passage",
    "Cells per vial (million)", "Volume (mL)", "Cryoprotectant", "Date frozen", "Expiry", "Viability %", "Comments",
)  # fmt: skip
ROW = (
    "F1", "R1", "B1", "A1", "CL1", "MSC-WJ", "L1", "D1", "Wharton's jelly", "3", "10", "1.0", "CryoStor CS10",
    "2024-06-10", "2029-06-10", "96", "",
)  # fmt: skip


def make_vault(home: Path) -> None:
    """A vault `lab.cryoledger` in a station's home."""
    request = Request(
        location=str(home / "lab.cryoledger"),
        origin="lab.example/test",
        administrator=people.ADA.full_name,
        name=people.ADA.name,
        zone=ZONE,
        station="bench-1",
        code_prefix="VB",
    )
    with create(request, people.ADA.pin, kdf=CHEAP).vault as vault:
        people.enrol_staff(vault)


def open_copy(made: Path, home: Path) -> Vault:
    """A copy of that vault."""
    shutil.copytree(made, home)
    return Vault.open(str(home / "lab.cryoledger"), kdf=CHEAP)


def row(**changed: str) -> tuple[str, ...]:
    """A sound row, but for what is changed; keys are the headers' first words, in small letters."""
    short = {name.split()[0].lower(): at for at, name in enumerate(HEADER)}
    short["frozen"] = HEADER.index("Date frozen")
    cells = list(ROW)
    for name, value in changed.items():
        cells[short[name]] = value
    return tuple(cells)


def table(rows: Iterable[Sequence[str]], header: Sequence[str] = HEADER, delimiter: str = ",") -> str:
    """Rows as CSV text."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows([header, *rows])
    return out.getvalue()


@dataclass
class Outcome:
    """What a file came to: vials, rejected rows by number, what was guessed."""

    vials: int
    rows: int
    rejected: dict[int, str]
    guessed: dict[str, Any]


def outcome(job: Job) -> Outcome:
    """What a job says."""
    return Outcome(job.plan.vials, job.rows, dict(job.plan.rejected()), job.guessed)


@contextmanager
def prepared(vault: Vault, path: Path, given: ColumnMap | None = None) -> Iterator[Job]:
    """A file read against a vault."""
    with prepare(vault, path, given or ColumnMap()) as job:
        yield job


def judged(vault: Vault, path: Path, given: ColumnMap | None = None) -> Outcome:
    """What would come in, and what not."""
    with prepared(vault, path, given) as job:
        return outcome(job)


def imported(vault: Vault, path: Path, given: ColumnMap | None = None) -> Outcome:
    """The same, with the import carried out."""
    with prepared(vault, path, given) as job:
        carry_out(vault, job.plan, people.MARIA.by)
        return outcome(job)
