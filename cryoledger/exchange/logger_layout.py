"""Finds the table in a logger's file: which row has the headings, and which columns the times and the temperature."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryoledger.exchange.logger_time import read_moment
from cryoledger.exchange.tables import Table

__all__ = ["Layout", "find_layout"]

SEARCHED = 120
LOOKED_AT = 12
_TIME = re.compile(r"time|date|datum|zeit|fecha|hora|heure|horodat|data\b|logged|stamp|วันที่|เวลา", re.IGNORECASE)
_DEGREES = {
    "F": re.compile(r"[°º]\s*F\b|\bdeg\.?\s*F\b|\(F\)|\[F\]|fahrenheit", re.IGNORECASE),
    "C": re.compile(r"[°º]\s*C\b|\bdeg\.?\s*C\b|\(C\)|\[C\]|celsius|\bC$", re.IGNORECASE),
    "K": re.compile(r"\(K\)|\[K\]|kelvin", re.IGNORECASE),
}
_SAID = re.compile(r"[°º]|celsius|fahrenheit|deg", re.IGNORECASE)
_TEMPERATURE = re.compile(r"temp|probe|sensor|fühler|kanal|channel|\bch\.?\s*\d|sonde|sonda|อุณหภูมิ", re.IGNORECASE)
_NOT = re.compile(
    r"set\s*point|soll|alarm|limit|\bmin\b|\bmax\b|humid|feuchte|\brh\b|%|batter|volt|dew|ambient|status|serial|\bid\b|"
    r"event|name|host|coupler|stopped|end of file|button",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[+\-−–]?\s*\d{1,4}(?:[.,]\d+)?\s*(?:[°º]?\s*[CFK])?", re.IGNORECASE)

Row = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a table lies: the row of its headings (0 for none), its columns by index, and what is said around it."""

    header: int
    time: tuple[int, ...]
    time_names: tuple[str, ...]
    value: int
    value_name: str
    degrees: str
    zone_text: str
    score: tuple[int, int]
    ambiguous: tuple[str, ...] = ()


def find_layout(table: Table, column: str | None) -> Layout | None:
    """The table's place in a file; None where no row is followed by times and temperatures."""
    rows: list[Row] = []
    for row in table.rows():
        rows.append(row)
        if len(rows) == SEARCHED:
            break
    for at, (number, cells) in enumerate(rows):
        if sum(bool(cell.strip()) for cell in cells) < 2:
            continue
        below = [each for _, each in rows[at + 1 : at + 1 + LOOKED_AT]]
        if any(_TIME.search(cell) for cell in cells) and read_moment(cells[0].strip()) is None:
            found = _under(number, cells, below, rows[:at], column)
            if found is not None:
                return found
        elif _is_reading(cells, below):
            return _bare(rows[at - 1][0] if at else 0, [cells, *below], rows[:at], column)
    return None


def _under(
    number: int, heads: list[str], below: list[list[str]], before: list[Row], column: str | None
) -> Layout | None:
    """The table under a row of headings."""
    time = _columns(heads, below)
    if time is None:
        return None
    numeric = [at for at in range(len(heads)) if at not in time and _numbers(below, at)]
    chosen, ambiguous = _choose(heads, numeric, column, below)
    if chosen is None:
        return None
    units = below[0] if below and read_moment(_joined(below[0], time)) is None else []
    around = " ".join(" ".join(cells) for _, cells in before)
    return Layout(
        header=number,
        time=time,
        time_names=tuple(heads[at].strip() or f"column {at + 1}" for at in time),
        value=chosen,
        value_name=heads[chosen].strip() or f"column {chosen + 1}",
        degrees=_degrees(heads[chosen], units[chosen] if chosen < len(units) else "", around),
        zone_text=" ".join(heads[at] for at in time) + _zone_line(before),
        score=(sum(read_moment(_joined(row, time)) is not None for row in below), len(numeric)),
        ambiguous=ambiguous,
    )


def _is_reading(cells: list[str], below: list[list[str]]) -> bool:
    """Whether a row is a reading itself, so that the table has no headings."""
    time = _columns(["" for _ in cells], [cells, *below])
    return time is not None and read_moment(_joined(cells, time)) is not None


def _bare(header: int, rows: list[list[str]], before: list[Row], column: str | None) -> Layout | None:
    """A table without headings: times, then the one number beside them."""
    return _under(header, [f"column {at + 1}" for at in range(len(rows[0]))], rows, before, column)


def _columns(heads: Sequence[str], below: list[list[str]]) -> tuple[int, ...] | None:
    """The column that holds date and time, or the two that hold one each."""
    width = len(heads)
    named = sorted(range(width), key=lambda at: (_TIME.search(heads[at]) is None, at))
    for at in named:
        if _times(below, (at,)):
            return (at,)
    for day in named[:4]:
        for clock in range(width):
            if clock != day and _times(below, (day, clock)):
                return (day, clock)
    return None


def _times(below: list[list[str]], columns: tuple[int, ...]) -> bool:
    told = [read_moment(_joined(row, columns)) for row in below]
    dated = sum(each is not None and (each.at is not None or any(c.isdigit() for c in each.date)) for each in told)
    return dated > 0 and dated >= len(below) // 2


def _numbers(below: list[list[str]], at: int) -> bool:
    return any(at < len(row) and _NUMBER.fullmatch(row[at].strip()) for row in below)


def _joined(row: list[str], columns: tuple[int, ...]) -> str:
    return " ".join(row[at].strip() for at in columns if at < len(row))


def _choose(
    heads: list[str], numeric: list[int], column: str | None, below: list[list[str]]
) -> tuple[int | None, tuple[str, ...]]:
    """The column of the temperature; where several may be it, all their headings."""
    if column is not None:
        wanted = [at for at in numeric if heads[at].strip().casefold() == column.strip().casefold()]
        wanted = wanted or [at for at in numeric if column.strip().casefold() in heads[at].casefold()]
        return (
            (wanted[0], tuple(heads[at].strip() for at in wanted) if len(wanted) > 1 else ()) if wanted else (None, ())
        )
    units = below[0] if below else []
    likely = [at for at in numeric if not _NOT.search(heads[at])]
    named = [at for at in likely if _TEMPERATURE.search(heads[at]) or _degrees(heads[at])]
    named = [at for at in named if not (at < len(units) and "%" in units[at])] or likely[-1:]
    if not named:
        return None, ()
    return named[0], tuple(heads[at].strip() for at in named) if len(named) > 1 else ()


def _degrees(heading: str, unit: str = "", around: str = "") -> str:
    """C, F or K as a heading says, the cell under it, or a line above the table; "" where none does."""
    for text in (heading, unit.strip()):
        for sign, pattern in _DEGREES.items():
            if pattern.search(text):
                return sign
    said = _SAID.search(around) is not None
    found = [sign for sign, pattern in _DEGREES.items() if said and pattern.search(around)]
    return found[0] if len(found) == 1 else ""


def _zone_line(before: list[Row]) -> str:
    """The line above the table that names a zone."""
    for _, cells in before:
        text = " ".join(cells)
        if re.search(r"zone|GMT|UTC", text):
            return f" {text}"
    return ""
