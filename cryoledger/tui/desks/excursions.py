"""Times when a unit was too warm, for quality: how warm, for how long, which vials it holds, and the logger's curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryoledger.custody.workflow.entering import Entering
from cryoledger.documents import excursions, whereabouts
from cryoledger.documents.card_words import centigrade, counted
from cryoledger.documents.signatures import local_time, zone_of
from cryoledger.domain import numbers, times
from cryoledger.errors import CryoledgerError
from cryoledger.tui.desks.sheet import Cell, Column, Line, Offer, Row, Tab, Tone, heading, labelled, line

if TYPE_CHECKING:
    from cryoledger.custody.vault import Vault
    from cryoledger.database.store import Reading
    from cryoledger.documents.excursions import Told

MOST: Final = 60
_PLACES: Final = 8
_CURVE: Final = (70, 6)
"""Columns and rows of a curve: it stands beside the list where there is room, else below it."""
_KEPT: Final = 16
_EXCURSIONS: Final = (
    Column("unit", 12), Column("from", 16), Column("for", 9), Column("warmest", 10), Column("limit", 9),
    Column("vials", 5), Column("entry", 6, wide=True), Column("judged"),
)  # fmt: skip
_curves: dict[tuple[bytes, int], tuple[str, ...]] = {}


@dataclass(frozen=True, slots=True)
class ExcursionLine:
    """An excursion as it stands in the list; `waiting` vials are held by it until quality lifts that."""

    number: int
    unit: str
    name: str
    since: str
    until: str
    lasted: str
    worst: str
    limit: str
    held: int
    waiting: int

    @property
    def key(self) -> str:
        """The number of its entry, as people read it."""
        return numbers.shown(self.number)


@dataclass(frozen=True, slots=True)
class Opened:
    """The excursion under the cursor: where its vials are now, and the curve, or why there is none."""

    line: ExcursionLine
    places: tuple[tuple[str, int], ...]
    curve: tuple[str, ...]
    why_none: str = ""


def read_excursions(now: Reading) -> tuple[ExcursionLine, ...]:
    """The excursions recorded last, the latest first."""
    zone = zone_of(now)
    found = sorted(excursions.excursions(now, MOST), key=lambda each: each.row.started_at, reverse=True)
    return tuple(_line(each, zone) for each in found)


def _line(told: Told, zone: str) -> ExcursionLine:
    row = told.row
    minutes = times.milliseconds(row.started_at, row.ended_at) // 60_000
    lasted = f"{minutes} min" if minutes < 600 else f"{minutes // 60} h {minutes % 60:02d}"
    limit = centigrade(told.limit) if told.limit is not None else "none"
    return ExcursionLine(
        row.number, row.unit, told.name, local_time(row.started_at, zone)[:16], local_time(row.ended_at, zone)[:16],
        lasted, centigrade(row.worst_millicelsius), limit, told.held, told.waiting,
    )  # fmt: skip


def open_excursion(now: Reading, vault: Vault, lines: tuple[ExcursionLine, ...], key: str) -> Opened | None:
    """The one whose row has a key, else the first; None where there is none."""
    line = next((each for each in lines if each.key == key), lines[0] if lines else None)
    if line is None:
        return None
    held = whereabouts.held_by(now, [line.number])
    places = tuple((where, len(vials)) for where, vials in list(held.items())[:_PLACES])
    try:
        return Opened(line, places, _curve(vault, line.number))
    except CryoledgerError as error:
        return Opened(line, places, (), str(error))


def _curve(vault: Vault, number: int) -> tuple[str, ...]:
    """The curve's lines; what an entry says never changes, so each is read once."""
    known = (vault.fingerprint, number)
    if known not in _curves:
        columns, rows = _CURVE
        drawn = excursions.curve_of(vault, number).text(columns, rows)
        while len(_curves) >= _KEPT:
            _curves.pop(next(iter(_curves)))
        _curves[known] = tuple(drawn.split("\n"))
    return _curves[known]


def excursions_tab(lines: tuple[ExcursionLine, ...]) -> Tab:
    """The list; the hold that an excursion placed is lifted from its row."""
    record = Offer("f11", "Record an excursion", Entering("ExcursionRecorded"))
    waits = any(each.waiting for each in lines)
    return Tab("Excursions", _EXCURSIONS, tuple(map(_row, lines)), "No unit was too warm.", (record,), waits)


def _row(each: ExcursionLine) -> Row:
    state, tone = _judged(each)
    cells = (
        Cell(each.unit, "strong"), Cell(each.since), Cell(each.lasted), Cell(each.worst, "bad"), Cell(each.limit),
        Cell(str(each.held)), Cell(each.key, "quiet"), Cell(state, tone),
    )  # fmt: skip
    lift = Offer("f6", "Lift its hold", Entering("HoldLifted", (("number", each.number),)))
    return Row(each.key, cells, (lift,) if each.waiting else ())


def _judged(each: ExcursionLine) -> tuple[str, Tone]:
    if each.waiting:
        return f"{each.waiting} HELD", "held"
    return ("lifted", "good") if each.held else ("no vial inside", "quiet")


def excursion_detail(opened: Opened) -> tuple[Line, ...]:
    """The curve first, then what the row has no room for."""
    each = opened.line
    state, tone = _judged(each)
    drawn = [line(text) for text in opened.curve] or [heading(f"{each.name} ({each.unit})")]
    drawn += [
        labelled("unit", f"{each.name} ({each.unit}), at most {each.limit}"),
        labelled("too warm", f"{each.since} to {each.until}, {each.lasted}, at most {each.worst}", "bad"),
        labelled("on hold", f"{counted(each.held, 'vial')}: {state}", tone),
    ]
    drawn += [labelled("where", f"{counted(count, 'vial')}: {where}") for where, count in opened.places]
    if opened.why_none:
        drawn.append(labelled("curve", opened.why_none, "wait"))
    return tuple(drawn)
