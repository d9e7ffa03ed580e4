"""python -m tests.benchmarks [--quick] [--folder FOLDER] [NAME ...]: see README.md in this folder."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.figures import machine, say

NAMES = (
    "appending",
    "verifying",
    "hashing",
    "since",
    "proving",
    "remembering",
    "scanning",
    "starting",
    "importing",
    "serving",
    "browsing",
    "painting",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Measure, as ratios within one run")
    parser.add_argument("--quick", action="store_true", help="small vaults, a few minutes")
    parser.add_argument("--folder", type=Path, help="where vaults are made, and kept for the next run")
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help=", ".join(NAMES))
    arguments = parser.parse_args()
    folder = arguments.folder or Path(tempfile.gettempdir()) / f"cryoledger-benchmarks-{os.getuid()}"
    folder.mkdir(parents=True, exist_ok=True)
    say(machine())
    for name in arguments.names or NAMES:
        began = time.monotonic()
        importlib.import_module(f"tests.benchmarks.{name}").run(folder, quick=arguments.quick)
        say(f"  ({name}: {time.monotonic() - began:.0f} s)\n")
    say(machine())
    return 0


if __name__ == "__main__":
    sys.exit(main())
