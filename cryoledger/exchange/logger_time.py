"""The times of a logger's file: in which order day and month stand is told by all of them together.

>>> read_moment("22.11.2026 02:10").instant("day-first", UTC) is not None
True
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo

from cryoledger.errors import RequestError
from cryoledger.exchange.dates import DateOrder, Evidence, read_date

__all__ = ["Moment", "order_of", "read_moment"]

_CLOCK = re.compile(
    r"(?P<date>.*?)[T ,;]+(?P<hour>\d{1,2})[:h](?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?"
    r"\s*(?P<half>[ap]\.?\s?m\.?)?\s*(?P<zone>Z|UTC|GMT|[+\-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_SECONDS = re.compile(r"(1\d{9})(?:\.\d+)?|(1\d{12})")
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as written: the text of its date, its clock, its own zone where it bears one; or milliseconds at once."""

    date: str = ""
    clock: time = time()
    zone: tzinfo | None = None
    at: int | None = None

    def instant(self, order: DateOrder, zone: tzinfo, last: int | None = None) -> int | None:
        """Milliseconds since 1970, or None for no such day.

        In the hour that comes twice when summer ends, the second is meant where the first would go back behind `last`.
        """
        if self.at is not None:
            return self.at
        day = read_date(self.date, order)
        if day is None:
            return None
        local = datetime.combine(day, self.clock, self.zone or zone)
        at = _milliseconds(local)
        if last is not None and at < last <= (again := _milliseconds(local.replace(fold=1))):
            return again
        return at


def read_moment(text: str) -> Moment | None:
    """A date with a time of day, ISO or as people write it, or seconds since 1970; None for anything else."""
    if len(text) > 60:
        return None
    seconds = _SECONDS.fullmatch(text)
    if seconds is not None:
        return Moment(at=int(seconds[2]) if seconds[2] else int(seconds[1]) * 1000)
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    hour = int(match["hour"])
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"].lower().startswith("p") else 0)
    part = (match["part"] or "0").ljust(6, "0")[:6]
    try:
        clock = time(hour, int(match["minute"]), int(match["second"] or 0), int(part))
    except ValueError:
        return None
    return Moment(match["date"].strip(" ,;"), clock, _own_zone(match["zone"]))


def order_of(moments: Sequence[Moment | None], asked: DateOrder | None, now: int) -> tuple[DateOrder, str]:
    """In which order the dates are written, and why it is taken so; RequestError where nothing tells."""
    seen = Evidence()
    for row, moment in enumerate(moments, start=1):
        if moment is not None and moment.date:
            seen.observe(moment.date, row)
    if asked is not None:
        return asked, f", {asked} as asked for"
    if seen.day_first and seen.month_first:
        raise RequestError("Some dates of the file put the day first, others the month.", "Correct the file.")
    if seen.month_first:
        return "month-first", ", month-first"
    if seen.day_first or not seen.either:
        return "day-first", ", day-first" if seen.day_first else ""
    return _by_sense(moments, seen.example, now)


def _by_sense(moments: Sequence[Moment | None], example: str, now: int) -> tuple[DateOrder, str]:
    """No log tells of the future, or jumps by months: the order that does neither, if only one does not."""
    spans: dict[DateOrder, int] = {}
    for order in ("day-first", "month-first"):
        instants = sorted(at for each in moments if each is not None and (at := each.instant(order, UTC)) is not None)
        if instants and instants[-1] <= now + DAY_MS:
            spans[order] = instants[-1] - instants[0]
    if len(spans) == 1 or len(set(spans.values())) == len(spans) > 1:
        order = min(spans, key=lambda each: spans[each])
        return order, f", {order} (the other way it would tell of the future, or jump)"
    raise RequestError(
        f"Dates such as {example} can be read in two ways.", "Give --dates day-first, or --dates month-first."
    )


def _own_zone(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text.upper() in ("Z", "UTC", "GMT"):
        return UTC
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:])
    return timezone(sign * timedelta(hours=hours, minutes=minutes)) if hours < 24 and minutes < 60 else None


def _milliseconds(moment: datetime) -> int:
    return round((moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))
