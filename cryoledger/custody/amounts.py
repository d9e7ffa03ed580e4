"""Amounts, dates and times as people type them, turned exactly into the whole units of the ledger."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from cryoledger.domain import times
from cryoledger.errors import RequestError

__all__ = ["cells", "day", "instant", "microlitres", "milli", "milli_text", "whole"]

_NUMBER = re.compile(r"([+-]?[0-9][0-9_ ]*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?)\s*([A-Za-z%]*)")
_MULTIPLES = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}
_VOLUMES = {"ul": 1, "ml": 1000, "l": 10**6}
_LONGEST = 40


def cells(text: str) -> int:
    """A number of cells: "10M", "2.5e6" or "10000000"."""
    return _whole(text, _MULTIPLES, "10M, 2.5e6 or 10000000", "a number of cells")


def microlitres(text: str) -> int:
    """A volume with its unit: "1.2ml", "800ul"; only nothing, "0", needs none."""
    if text.strip() == "0":
        return 0
    number, unit = _split(text, "1.2ml or 800ul", "a volume")
    return _exact(number, unit.lower(), _VOLUMES, text, "1.2ml or 800ul", "a volume")


def milli(text: str) -> int:
    """A value in thousandths: "92.5" is 92500."""
    number, unit = _split(text, "92.5", "a value")
    return _exact(number, unit.rstrip("%"), {"": 1000}, text, "92.5, with three decimals at most", "a value")


def milli_text(value: int) -> str:
    """A value in thousandths as it is typed: 92500 is "92.5"."""
    whole, rest = divmod(abs(value), 1000)
    text = f"{whole}.{rest:03d}".rstrip("0").rstrip(".")
    return f"-{text}" if value < 0 else text


def whole(text: str) -> int:
    """A whole number."""
    return _whole(text, {"": 1}, "12", "a whole number")


def day(text: str, zone: str = "UTC", now: datetime | None = None) -> str:
    """A date `YYYY-MM-DD`, or "today" at the site."""
    if text == "today" and now is not None:
        return now.astimezone(ZoneInfo(zone)).date().isoformat()
    try:
        return times.day(text).isoformat()
    except ValueError:
        raise _unread(text, "2026-11-22, or today", "a date") from None


def instant(text: str, zone: str, now: datetime) -> str:
    """A time at the site ("2026-11-22 10:41", or "10:41" today), or an instant as the ledger writes it."""
    try:
        return times.text_of(times.instant(text))
    except ValueError:
        pass
    local = ZoneInfo(zone)
    clock = re.fullmatch(r"(?:(\d{4}-\d{2}-\d{2})[ T])?(\d{1,2}:\d{2}(?::\d{2})?)", text)
    try:
        if clock is None:
            raise ValueError
        on = date.fromisoformat(clock[1]) if clock[1] else now.astimezone(local).date()
        at = datetime.strptime(clock[2], "%H:%M:%S" if clock[2].count(":") == 2 else "%H:%M").time()  # noqa: DTZ007
        return times.text_of(datetime.combine(on, at, local))
    except (ValueError, OverflowError):
        raise _unread(text, "2026-11-22 10:41 (at the site), 10:41, or 2026-11-22T03:41:00.000Z", "a time") from None


def _split(text: str, example: str, what: str) -> tuple[Decimal, str]:
    match = _NUMBER.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if match is None:
        raise _unread(text, example, what)
    try:
        return Decimal(match[1].replace("_", "").replace(" ", "")), match[2]
    except InvalidOperation:
        raise _unread(text, example, what) from None


def _whole(text: str, multiples: dict[str, int], example: str, what: str) -> int:
    number, unit = _split(text, example, what)
    return _exact(number, unit, multiples, text, example, what)


def _exact(number: Decimal, unit: str, multiples: dict[str, int], text: str, example: str, what: str) -> int:
    if unit not in multiples or number.adjusted() > 20:
        raise _unread(text, example, what)
    value = number * multiples[unit]
    if value != value.to_integral_value():
        raise _unread(text, example, what)
    return int(value)


def _unread(text: str, example: str, what: str) -> RequestError:
    return RequestError(f"{text[:_LONGEST]!r} is not {what}.", f"Write it as {example}.")
