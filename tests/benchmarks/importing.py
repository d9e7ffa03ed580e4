"""Import: vials a second of `cryoledger import inventory`, as a person runs it, reading to completion."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.benchmarks.figures import progress, row, say
from tests.benchmarks.growing import SIGNER, base
from tests.benchmarks.starting import PROGRAM

HEADER = (
    "Freezer", "Rack", "Box", "Position", "Vial barcode", "Product", "Lot", "Donor", "Tissue", "Passage",
    "Cells per vial (million)", "Volume (mL)", "Cryoprotectant", "Date frozen", "Expiry", "Viability %", "Comments",
)  # fmt: skip


def run(folder: Path, *, quick: bool) -> None:
    vials = 5_000 if quick else 100_000
    progress(f"a file of {vials:,} rows")
    place = base(folder / "import")
    file = place.home / "inventory.csv"
    _write(file, vials)
    command = [*PROGRAM, "--vault", place.location, "import", "inventory", str(file), "--as", SIGNER.name, "--json"]
    environment = {**os.environ, "CRYOLEDGER_HOME": str(place.home)}
    began = time.perf_counter()
    done = subprocess.run(
        [*command, "--confirm-clock"], input=f"{SIGNER.pin}\n", capture_output=True, text=True, env=environment
    )
    seconds = time.perf_counter() - began
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-500:]
    told = json.loads(done.stdout)
    say(f"import of {vials:,} rows, one command from start to end")
    row("imported", f"{told['imported']:,}", f"rejected {len(told['rejected'])}")
    row("vials a second", f"{told['imported'] / seconds:,.0f}", "aim: 10,000")


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
