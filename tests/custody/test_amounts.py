"""What people type for amounts, dates and times, exactly or not at all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryoledger.custody import amounts
from cryoledger.errors import RequestError

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (amounts.cells, "10M", 10_000_000),
        (amounts.cells, "2.5e6", 2_500_000),
        (amounts.cells, "9 100 000", 9_100_000),
        (amounts.microlitres, "1.2ml", 1200),
        (amounts.microlitres, "800uL", 800),
        (amounts.microlitres, "50 ul", 50),
        (amounts.milli, "92.5", 92_500),
        (amounts.milli, "-150", -150_000),
        (amounts.milli, "95%", 95_000),
        (amounts.whole, "0", 0),
    ],
)
def test_amounts(read: Callable[[str], int], text: str, value: int) -> None:
    assert read(text) == value


@pytest.mark.parametrize("read", [amounts.cells, amounts.microlitres, amounts.milli, amounts.whole])
@pytest.mark.parametrize(
    "text", ["", "x", "1.0001ul", "1e99", "nan", "inf", "1" * 100, "٣", "1.2.3", "0x10", "-", "1.5 Q"]
)
def test_what_is_no_amount(read: Callable[[str], int], text: str) -> None:
    with pytest.raises(RequestError):
        read(text)


def test_a_volume_without_its_unit_is_refused() -> None:
    with pytest.raises(RequestError, match="not a volume"):
        amounts.microlitres("1")
    assert amounts.microlitres("0") == 0


@given(st.text(max_size=60))
def test_any_text_is_an_amount_or_refused(text: str) -> None:
    for read in (amounts.cells, amounts.microlitres, amounts.milli, amounts.whole):
        with suppress(RequestError):
            assert isinstance(read(text), int)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-22 10:41", "2026-11-22T03:41:00.000Z"),
        ("2026-11-22T10:41:07", "2026-11-22T03:41:07.000Z"),
        ("10:41", "2026-11-23T03:41:00.000Z"),  # it is the 23rd at the site
        ("2026-11-22T03:41:07.512Z", "2026-11-22T03:41:07.512Z"),
    ],
)
def test_times_are_those_of_the_site(text: str, instant: str) -> None:
    assert amounts.instant(text, "Asia/Bangkok", NOW) == instant


@pytest.mark.parametrize("text", ["", "25:00", "2026-13-01 10:00", "yesterday", "2026-11-22", "0000-01-01 00:00"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(RequestError):
        amounts.instant(text, "Asia/Bangkok", NOW)


def test_today_is_the_site_s() -> None:
    assert amounts.day("today", "Asia/Bangkok", NOW) == "2026-11-23"
    with pytest.raises(RequestError):
        amounts.day("22.11.2026")
