"""The garbage collector's full rounds: in pauses, and as before once the program has ended."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from cryoledger.tui.collecting import EVERY, Collecting
from tests.tui.bench import Station


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    found: list[int] = []
    monkeypatch.setattr(gc, "collect", lambda: found.append(1))
    return found


@pytest.fixture
def collecting() -> Iterator[Collecting]:
    made = Collecting()
    made.begin()
    yield made
    made.end()


def test_a_round_is_made_in_a_pause_after_enough_answers(collecting: Collecting, collected: list[int]) -> None:
    for _ in range(EVERY - 1):
        collecting.answered()
    collecting.pause(at_rest=True)
    assert not collected
    collecting.answered()
    collecting.pause(at_rest=False)
    assert not collected
    collecting.pause(at_rest=True)
    collecting.pause(at_rest=True)
    assert len(collected) == 1


def test_without_any_pause_a_round_is_made_at_last(collecting: Collecting, collected: list[int]) -> None:
    for _ in range(10 * EVERY):
        collecting.answered()
        collecting.pause(at_rest=False)
    assert len(collected) == 1


async def test_the_program_leaves_the_collector_as_it_was(station: Station) -> None:
    before = gc.get_threshold()
    async with station():
        assert gc.get_threshold()[2] > before[2]
        assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
