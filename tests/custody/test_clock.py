"""The clock and the stamp: recorded time never falls, and odd clocks are asked about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryoledger.custody.clock import Clock, SteppingClock, SystemClock, stamp
from cryoledger.domain import times
from cryoledger.errors import Refusal

HEAD = "2026-11-22T03:41:07.512Z"
AT_HEAD = times.instant(HEAD)


def after(milliseconds: int) -> datetime:
    return AT_HEAD + timedelta(milliseconds=milliseconds)


def test_first_entry_takes_the_clock() -> None:
    assert stamp(None, AT_HEAD) == HEAD


@pytest.mark.parametrize("milliseconds", [0, 1, 1000, 12 * 3600 * 1000])
def test_clock_at_or_after_the_head_is_taken(milliseconds: int) -> None:
    assert stamp(HEAD, after(milliseconds)) == times.text_of(after(milliseconds))


@pytest.mark.parametrize("milliseconds", [-1, -4999, -5000])
def test_clock_a_little_behind_takes_the_time_of_the_head(milliseconds: int) -> None:
    assert stamp(HEAD, after(milliseconds)) == HEAD


@pytest.mark.parametrize("milliseconds", [-5001, -86_400_000, -10 * 365 * 86_400_000])
def test_clock_far_behind_is_refused_until_it_is_corrected(milliseconds: int) -> None:
    for confirmed in (False, True):
        with pytest.raises(Refusal, match="before the last entry") as refused:
            stamp(HEAD, after(milliseconds), confirmed=confirmed)
        assert refused.value.rule == "time.behind"
        assert "ClockCorrected" in refused.value.advice
    assert stamp(HEAD, after(milliseconds), corrected=True) == times.text_of(after(milliseconds))


def test_clock_far_ahead_is_refused_until_a_person_confirms_it() -> None:
    ahead = after(12 * 3600 * 1000 + 1)
    for corrected in (False, True):
        with pytest.raises(Refusal, match="12 hours after the last entry") as refused:
            stamp(HEAD, ahead, corrected=corrected)
        assert refused.value.rule == "time.ahead"
        assert "confirm" in refused.value.advice
    assert stamp(HEAD, ahead, confirmed=True) == times.text_of(ahead)


def test_fractions_of_a_millisecond_never_make_a_clock_late() -> None:
    assert stamp(HEAD, AT_HEAD + timedelta(microseconds=999)) == HEAD
    assert stamp(HEAD, after(-5000) + timedelta(microseconds=999)) == HEAD


def test_other_zones_are_written_in_utc_and_naive_times_are_misuse() -> None:
    bangkok = AT_HEAD.astimezone(timezone(timedelta(hours=7)))
    assert stamp(HEAD, bangkok) == HEAD
    with pytest.raises(RuntimeError, match="aware"):
        stamp(HEAD, AT_HEAD.replace(tzinfo=None))


@given(st.lists(st.integers(-10_000, 50_000_000), max_size=30))
def test_recorded_time_never_falls(steps: list[int]) -> None:
    clock, head = SteppingClock(AT_HEAD), HEAD
    for step in steps:
        clock.advance(seconds=step / 1000)
        try:
            recorded = stamp(head, clock.now())
        except Refusal:
            continue
        assert recorded >= head
        head = recorded


def test_stepping_clock_stands_until_it_is_moved() -> None:
    clock = SteppingClock(AT_HEAD + timedelta(microseconds=999))
    assert clock.now() == clock.now() == AT_HEAD
    clock.advance(minutes=3, seconds=0.25)
    assert times.text_of(clock.now()) == "2026-11-22T03:44:07.762Z"
    clock.advance(hours=-1)
    assert times.text_of(clock.now()) == "2026-11-22T02:44:07.762Z"
    clock.set(AT_HEAD)
    assert clock.now() == AT_HEAD
    with pytest.raises(RuntimeError):
        clock.set(AT_HEAD.replace(tzinfo=None))


def test_system_clock_is_aware_and_in_milliseconds() -> None:
    clock: Clock = SystemClock()
    before, now = datetime.now(UTC), clock.now()
    assert now.tzinfo is UTC
    assert now.microsecond % 1000 == 0
    assert timedelta(milliseconds=-1) <= now - before < timedelta(seconds=5)
    assert times.instant(times.text_of(now)) == now
