"""A bounded share of the simulation: some days of a whole site, with every invariant checked after each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation.days import Days


@pytest.mark.parametrize("seed", [7, 11])
def test_some_days_of_a_whole_site(seed: int, tmp_path: Path) -> None:
    days = Days(tmp_path, seed)
    try:
        for _ in range(3):
            days.live(15)
    finally:
        days.close()
    assert days.site.counts.get("scan recorded", 0) > 5
