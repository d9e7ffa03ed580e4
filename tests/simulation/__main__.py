"""`python -m tests.simulation --days 30 --seed 7`: a whole site, for as many days as are given.

Ends with what happened; with an AssertionError where something that must hold does not. The same seed lives the same
days, but for the moments at which processes are killed.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from tests.simulation.days import Days


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--steps", type=int, default=25, help="what happens in a day")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        days = Days(Path(folder), given.seed)
        started = time.monotonic()
        for _ in range(given.days):
            days.live(given.steps)
            print(f"day {days.day}: {len(days.seen.ids)} entries, {time.monotonic() - started:.1f} s", flush=True)
        days.close()
        for what, count in sorted(days.site.counts.items()):
            print(f"{count:6} {what}")


if __name__ == "__main__":
    main()
