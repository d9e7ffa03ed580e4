"""Instants as the ledger writes them (`2026-11-22T03:41:07.512Z`) and the arithmetic that rules need.

Records and payloads keep the text, which sorts as time does; rules count in whole milliseconds.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@lru_cache(maxsize=1024)
def instant(text: str) -> datetime:
    """The aware UTC datetime of an instant's text; ValueError where it is not exactly of that form."""
    if not INSTANT.fullmatch(text):
        raise ValueError("a time is written YYYY-MM-DDTHH:MM:SS.mmmZ, in UTC")
    return datetime.fromisoformat(text)


def text_of(moment: datetime) -> str:
    """The text of an aware datetime, cut to milliseconds."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def day(text: str) -> date:
    """The calendar date of `YYYY-MM-DD`; ValueError otherwise."""
    if not DATE.fullmatch(text):
        raise ValueError("a date is written YYYY-MM-DD")
    return date.fromisoformat(text)


def milliseconds(start: str, end: str) -> int:
    """Whole milliseconds from one instant's text to another's, negative where `end` comes first."""
    return _since_1970(end) - _since_1970(start)


@lru_cache(maxsize=4096)
def _since_1970(text: str) -> int:
    """Whole milliseconds; rules ask about the same few instants again and again."""
    return (instant(text) - _EPOCH) // timedelta(milliseconds=1)


def span(milliseconds: int) -> str:
    """A length of time in minutes and seconds, as it is told: `31 min 5 s`."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def local_day(at: str, zone: str) -> str:
    """The calendar date of an instant in a time zone, as `YYYY-MM-DD`."""
    return instant(at).astimezone(ZoneInfo(zone)).date().isoformat()


def local_text(at: str, zone: str) -> str:
    """An instant at the site, to the second: `2026-11-22 10:41:07`."""
    return f"{instant(at).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"


def later(start: str, *, minutes: int) -> str:
    """The instant so many minutes after another."""
    return text_of(instant(start) + timedelta(minutes=minutes))
