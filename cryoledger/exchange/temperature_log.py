"""A temperature logger's file as readings, whatever its brand: lines before the table, delimiter, dates, degrees.

    log = read_log(path, Asked(site_zone="Asia/Bangkok", now=now))
    for warm in spells(log.samples, -130_000): ...

What was made of the file is in `log.said`, for a person to agree with; where it can be read in two ways, it is asked.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cryoledger.errors import RequestError
from cryoledger.exchange.column_map import ColumnMap
from cryoledger.exchange.dates import DateOrder
from cryoledger.exchange.logger_layout import Layout, find_layout
from cryoledger.exchange.logger_time import Moment, order_of, read_moment
from cryoledger.exchange.tables import DELIMITERS, Table, open_table

__all__ = ["Asked", "Log", "Sample", "Warm", "gaps", "read_log", "spells"]

COLDEST, WARMEST = -273_150, 150_000  # beyond them a logger says that its probe is broken
GAP_TIMES = 3
_VALUE = re.compile(r"([+\-−–]?)\s*(\d{1,4}(?:[.,]\d+)?)\s*(?:°|º|deg)?\s*([CFK]?)", re.IGNORECASE)
_OFFSET = re.compile(r"(?:GMT|UTC)\s*([+\-−])\s*(\d{1,2})(?::?(\d{2}))?|\b(?:GMT|UTC)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person says of the file beside it; what is None is guessed. `site_zone` holds where nothing says another.

    `now` (milliseconds since 1970): a log cannot tell of the future, which often decides how its dates are meant.
    """

    site_zone: str
    now: int
    zone: str | None = None
    column: str | None = None
    dates: DateOrder | None = None
    degrees: str | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading: milliseconds since 1970 (UTC), and thousandths of a degree Celsius."""

    at: int
    millicelsius: int


@dataclass(frozen=True, slots=True)
class Log:
    """A file's readings in the order of time; `sha256` of its bytes in base64; rows without a reading, and why."""

    samples: tuple[Sample, ...]
    sha256: str
    said: dict[str, str] = field(hash=False)
    skipped: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Warm:
    """A time above a limit.

    From the last reading that was cold enough to the first that was so again: in between nobody knows when it
    crossed the limit. `at_start`, `at_end`: the log began, or ended, while it was too warm.
    """

    started_at: int
    ended_at: int
    worst: Sample
    readings: int
    at_start: bool = False
    at_end: bool = False


def spells(samples: Sequence[Sample], limit: int) -> tuple[Warm, ...]:
    """The times above a limit (thousandths of a degree), in order; none where there is a single reading."""
    found: list[Warm] = []
    start: int | None = None
    for index, sample in enumerate([*samples, None]):
        warm = sample is not None and sample.millicelsius > limit
        if warm and start is None:
            start = index
        elif not warm and start is not None:
            found.append(_spell(samples, start, index))
            start = None
    return tuple(each for each in found if each.started_at < each.ended_at)


def _spell(samples: Sequence[Sample], start: int, end: int) -> Warm:
    """The spell of the readings from `start` up to, not including, `end`."""
    worst = max(samples[start:end], key=lambda sample: sample.millicelsius)
    before, after = max(0, start - 1), min(end, len(samples) - 1)
    return Warm(samples[before].at, samples[after].at, worst, end - start, start == 0, end == len(samples))


def gaps(samples: Sequence[Sample]) -> list[tuple[int, int]]:
    """Where a log is silent for more than three times its usual interval: from the reading before to the one after."""
    steps = [after.at - before.at for before, after in pairwise(samples)]
    if len(steps) < GAP_TIMES:
        return []
    usual = statistics.median(steps)
    return [(before.at, after.at) for before, after in pairwise(samples) if after.at - before.at > GAP_TIMES * usual]


def read_log(path: Path, asked: Asked) -> Log:
    """The readings of a logger's file; RequestError where there are none, or where it must be asked what is meant."""
    table, layout = _table(path, asked.column)
    rows = list(_rows(table, layout))
    order, why = order_of([moment for _, moment, _ in rows], asked.dates, asked.now)
    zone, zone_said = _zone(asked, layout)
    degrees = _degrees(asked, layout, [value for _, _, value in rows[:20]])
    skipped: list[tuple[int, str]] = []
    samples = _sorted(_samples(rows, order, zone, degrees, skipped))
    if not samples:
        why_not = f" The first: row {skipped[0][0]}, {skipped[0][1]}." if skipped else ""
        raise RequestError(f"{path} has no reading that could be understood.{why_not}", "Is it the logger's own file?")
    said = {
        **{key: str(value) for key, value in table.guessed.items()},
        "header": f"row {layout.header}" if layout.header else "none",
        "time": " and ".join(layout.time_names) + why,
        "zone": "each time bears its own" if _all_zoned(rows) else zone_said,
        "temperature": f"{layout.value_name}, in degrees {degrees}",
    }
    return Log(tuple(samples), table.sha256, said, tuple(skipped))


def _table(path: Path, column: str | None) -> tuple[Table, Layout]:
    """The file cut by the delimiter that makes a table of times and temperatures of it."""
    best: tuple[Table, Layout] | None = None
    for delimiter in DELIMITERS:
        table = open_table(path, ColumnMap(delimiter=delimiter))
        try:
            layout = find_layout(table, column)
        except RequestError:
            if column is not None or delimiter != "|" or best is not None:
                continue
            raise
        if layout is not None and (best is None or layout.score > best[1].score):
            best = (table, layout)
    if best is None:
        wanted = f" with a column {column!r}" if column else ""
        raise RequestError(
            f"{path} has no table of times and temperatures{wanted}.",
            "Export it from the logger's program as CSV, with a line of headings.",
        )
    if best[1].ambiguous:
        names = ", ".join(repr(name) for name in best[1].ambiguous)
        raise RequestError(f"{path} has several temperatures: {names}.", "Name the probe's heading with --column.")
    return best


def _rows(table: Table, layout: Layout) -> Iterator[tuple[int, Moment | None, str]]:
    for number, cells in table.rows():
        if number > layout.header and any(cell.strip() for cell in cells):
            text = " ".join(cells[at].strip() for at in layout.time if at < len(cells))
            value = cells[layout.value].strip() if layout.value < len(cells) else ""
            yield number, read_moment(text), value


def _samples(
    rows: Iterable[tuple[int, Moment | None, str]],
    order: DateOrder,
    zone: tzinfo,
    degrees: str,
    skipped: list[tuple[int, str]],
) -> Iterator[Sample]:
    last = None
    for number, moment, text in rows:
        at = moment.instant(order, zone, last) if moment is not None else None
        value = _millicelsius(text, degrees)
        if at is None or value is None:
            what = "no time" if at is None else f"no temperature: {text[:20]!r}"
            skipped.append((number, what))
            continue
        last = at
        yield Sample(at, value)


def _sorted(samples: Iterable[Sample]) -> list[Sample]:
    """In the order of time, of two readings of one moment the warmer."""
    found: dict[int, Sample] = {}
    for sample in samples:
        other = found.get(sample.at)
        if other is None or other.millicelsius < sample.millicelsius:
            found[sample.at] = sample
    return [found[at] for at in sorted(found)]


def _millicelsius(text: str, degrees: str) -> int | None:
    match = _VALUE.fullmatch(text) if len(text) <= 24 else None
    if match is None:
        return None
    value = Decimal(match[2].replace(",", "."))
    value = -value if match[1] and match[1] != "+" else value
    celsius = {"C": value, "F": (value - 32) * 5 / 9, "K": value - Decimal("273.15")}[match[3].upper() or degrees]
    milli = int((celsius * 1000).to_integral_value())
    return milli if COLDEST <= milli <= WARMEST else None


def _degrees(asked: Asked, layout: Layout, values: list[str]) -> str:
    """C, F or K: as asked for, as the headings say, as stands behind the values; else it must be said."""
    behind = {match[3].upper() for value in values if (match := _VALUE.fullmatch(value)) is not None} - {""}
    found = asked.degrees or layout.degrees or (behind.pop() if len(behind) == 1 else "")
    if found not in ("C", "F", "K"):
        raise RequestError(
            f"The file does not say in which degrees {layout.value_name} is.", "Give --degrees C, or --degrees F."
        )
    return found


def _zone(asked: Asked, layout: Layout) -> tuple[tzinfo, str]:
    """The zone of times that bear none: as asked for, as the file says, else the site's."""
    if asked.zone is None and (match := _OFFSET.search(layout.zone_text)) is not None:
        sign = -1 if match[1] in ("-", "−") else 1
        offset = sign * timedelta(hours=int(match[2] or 0), minutes=int(match[3] or 0))
        if abs(offset) < timedelta(hours=24):
            return timezone(offset), f"{match[0]} (the file says so)"
    name = asked.zone or asked.site_zone
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise RequestError(f"There is no time zone {name[:40]!r}.", "Write it as Asia/Bangkok, or UTC.") from None
    return zone, f"{name} ({'as asked for' if asked.zone else 'of the site'})"


def _all_zoned(rows: list[tuple[int, Moment | None, str]]) -> bool:
    told = [moment for _, moment, _ in rows if moment is not None]
    return bool(told) and all(moment.zone is not None or moment.at is not None for moment in told)


def text_of(at: int) -> str:
    """Milliseconds since 1970 as the ledger writes an instant."""
    moment = datetime.fromtimestamp(at // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}Z"
