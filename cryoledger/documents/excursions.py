"""Times when a storage unit was too warm: what was recorded of each, what it put on hold, and the logger's curve.

The curve is read from the file that was kept with the entry. How its dates and degrees were meant when it was recorded
is not on record, so the reading is taken under which the file says what the entry says.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryoledger.custody.identities import narrative
from cryoledger.custody.vault import Vault
from cryoledger.database import queries, work_lists
from cryoledger.documents.signatures import zone_of
from cryoledger.documents.temperature import Curve
from cryoledger.documents.training import void_of
from cryoledger.domain import times
from cryoledger.domain.records import Excursion, StorageUnit
from cryoledger.errors import CryoledgerError, RequestError
from cryoledger.exchange.dates import DateOrder
from cryoledger.exchange.temperature_log import Asked, Warm, read_log

if TYPE_CHECKING:
    from cryoledger.database.store import Reading
    from cryoledger.exchange.temperature_log import Sample

__all__ = ["Told", "curve_of", "excursions", "warmest_of"]

_ORDERS: Final[tuple[DateOrder | None, ...]] = (None, "day-first", "month-first")
_DEGREES: Final = (None, "C", "F", "K")


@dataclass(frozen=True, slots=True)
class Told:
    """One excursion: of which unit, with the warmest it may be (thousandths of a degree), if it has a limit.

    `held` vials were put on hold by it; of `waiting` of them the hold is not lifted yet.
    """

    row: Excursion
    name: str
    limit: int | None
    held: int
    waiting: int

    @property
    def judged(self) -> bool:
        """Whether quality has lifted the hold that it placed, or it placed none."""
        return self.waiting == 0


def excursions(now: Reading, limit: int = 100) -> tuple[Told, ...]:
    """The excursions recorded last, the latest first."""
    return tuple(_told(now, row, *counts) for row, *counts in work_lists.excursions(now, limit))


def _told(now: Reading, row: Excursion, held: int, waiting: int) -> Told:
    unit = now.facts.get(StorageUnit, row.unit)
    return Told(row, unit.name if unit is not None else "", warmest_of(now, row.unit), held, waiting)


def warmest_of(now: Reading, unit: str) -> int | None:
    """The warmest that a unit may be: its own limit, else that of what holds it; None where nothing has one."""
    for row in reversed(queries.path_of(now, unit)):
        if row.temperature_millicelsius_max is not None:
            return row.temperature_millicelsius_max
    return None


def curve_of(vault: Vault, number: int) -> Curve:
    """The curve about an excursion, by the number of its entry; RequestError where there is none, and why."""
    with vault.store.reading() as now:
        entry, zone, void = now.recorded(number), zone_of(now), void_of(now)
        row = now.facts.get(Excursion, number)
        limit = warmest_of(now, row.unit) if row is not None else None
    if entry is None or row is None or (document := entry.event.document) is None:
        raise RequestError("No logger's file was kept with this entry.", "Record one with `cryoledger excursion`.")
    content = narrative.read(vault, document)
    if content is None:
        raise RequestError("The logger's file was erased.", "")
    samples = _read(content, row, Asked(zone, _milliseconds(entry.recorded_at)))
    curve = Curve(samples, limit if limit is not None else row.worst_millicelsius, zone, f"unit {row.unit}", void)
    return _about(curve, row)


def _about(curve: Curve, row: Excursion) -> Curve:
    """The part of a long log that tells of the excursion."""
    start, end = _milliseconds(row.started_at), _milliseconds(row.ended_at)
    worst = max((each for each in curve.samples if start <= each.at <= end), key=lambda each: each.millicelsius)
    if (end - start) * 10 >= curve.samples[-1].at - curve.samples[0].at:
        return curve
    return replace(curve.around(Warm(start, end, worst, 0)), title=curve.title)


def _read(content: bytes, row: Excursion, asked: Asked) -> tuple[Sample, ...]:
    """The readings of a kept file, meant as its entry says."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        path.write_bytes(content)
        for samples in _readings(path, asked):
            if _says(samples, row):
                return samples
    raise RequestError(
        "The kept file was read in another way when this was recorded, and cannot be drawn here.",
        "`cryoledger excursion` draws it, with the same options.",
    )


def _readings(path: Path, asked: Asked) -> Iterator[tuple[Sample, ...]]:
    """Each way in which a file can be read."""
    for order, degrees in product(_ORDERS, _DEGREES):
        try:
            yield read_log(path, replace(asked, dates=order, degrees=degrees)).samples
        except CryoledgerError:
            continue


def _says(samples: tuple[Sample, ...], row: Excursion) -> bool:
    """Whether readings have the start, the end and the warmest in between that an entry names."""
    start, end = _milliseconds(row.started_at), _milliseconds(row.ended_at)
    between = [each for each in samples if start <= each.at <= end]
    ends = bool(between) and (between[0].at, between[-1].at) == (start, end)
    return ends and max(each.millicelsius for each in between) == row.worst_millicelsius


def _milliseconds(instant: str) -> int:
    return round(times.instant(instant).timestamp() * 1000)
