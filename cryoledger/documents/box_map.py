"""A box drawn as a grid: one letter a position, so that it reads without colours, and a style for those who have them.

>>> print(box_map(reading, "BOX-1", now="2026-11-22T03:00:00.000Z").text())     # doctest: +SKIP
Box 1 (BOX-1), 9 x 9, 2 of 81 positions filled
     1  2  3 ...
 A   R  Q  . ...
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from cryoledger.codes import position
from cryoledger.database import queries
from cryoledger.database.store import Reading
from cryoledger.documents import whereabouts
from cryoledger.documents.training import void_of
from cryoledger.domain.records import Lot, StorageUnit, Vial
from cryoledger.domain.rulebook_1.common import donors_of, holds_on, lineage
from cryoledger.errors import RequestError

__all__ = ["LEGEND", "BoxMap", "Cell", "Mark", "box_map"]


@dataclass(frozen=True, slots=True)
class Mark:
    """What a position shows: a letter, the word for it, and a style in the words of rich and Textual."""

    letter: str
    word: str
    style: str


FREE = Mark(".", "free", "dim")
RELEASED = Mark("R", "released", "green")
CONDITIONAL = Mark("C", "conditionally released", "cyan")
QUARANTINED = Mark("Q", "quarantined", "yellow")
RESERVED = Mark("O", "reserved for an order", "bold blue")
HELD = Mark("H", "on hold or recalled", "bold red")
EXPIRED = Mark("E", "expired", "magenta")
REJECTED = Mark("X", "rejected", "red")
LEGEND = (FREE, RELEASED, CONDITIONAL, QUARANTINED, RESERVED, HELD, EXPIRED, REJECTED)
_DISPOSITIONS = {mark.word: mark for mark in (RELEASED, CONDITIONAL, QUARANTINED, REJECTED)}


@dataclass(frozen=True, slots=True)
class Cell:
    """One position: its index in fill order, its label, what it shows, and the vial in it."""

    index: int
    label: str
    mark: Mark
    vial: Vial | None


@dataclass(frozen=True, slots=True)
class BoxMap:
    """A box as a grid of rows and columns, as it lies with its marked corner on the upper left."""

    unit: StorageUnit
    where: str
    rows: tuple[tuple[Cell, ...], ...]
    void: str = ""

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Every position in fill order."""
        return tuple(sorted((cell for row in self.rows for cell in row), key=lambda cell: cell.index))

    @property
    def filled(self) -> int:
        """How many positions hold a vial."""
        return sum(cell.vial is not None for cell in self.cells)

    @property
    def title(self) -> str:
        """The line above the grid."""
        size = f"{self.unit.rows} x {self.unit.columns}"
        return f"{self.where}, {size}, {self.filled} of {len(self.cells)} positions filled"

    def legend(self) -> tuple[tuple[Mark, int], ...]:
        """The marks that this box shows, and how often."""
        counts = Counter(cell.mark for cell in self.cells)
        return tuple((mark, counts[mark]) for mark in LEGEND if counts[mark])

    def heads(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What stands above the columns and left of the rows."""
        if self.unit.scheme == position.Scheme.LETTERS:
            above = tuple(str(number + 1) for number in range(self.unit.columns))
            return above, tuple(row[0].label.rstrip("0123456789") for row in self.rows)
        return tuple(cell.label for cell in self.rows[0]), tuple(row[0].label for row in self.rows)

    def text(self) -> str:
        """The map without colours."""
        above, left = self.heads()
        lines = [*([self.void] if self.void else []), self.title, "", "     " + "".join(f"{head:>3}" for head in above)]
        for head, row in zip(left, self.rows, strict=True):
            lines.append(f"{head:>4} " + "".join(f"{cell.mark.letter:>3}" for cell in row))
        lines += ["", *(f"  {mark.letter}  {mark.word}: {count}" for mark, count in self.legend())]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The map as JSON writes it: the box, and every filled position."""
        return {
            "unit": self.unit.code,
            "name": self.unit.name,
            "where": self.where,
            "void": self.void,
            "rows": self.unit.rows,
            "columns": self.unit.columns,
            "scheme": self.unit.scheme,
            "filled": self.filled,
            "vials": [
                {"position": cell.label, "vial": cell.vial.code, "lot": cell.vial.lot, "shows": cell.mark.word}
                for cell in self.cells
                if cell.vial is not None
            ],
        }


def box_map(reading: Reading, unit: str, now: str) -> BoxMap:
    """The map of a unit with positions; `now` is the instant by which vials are expired. RequestError otherwise."""
    contents = queries.box(reading, unit)
    box = contents.unit
    if not box.rows:
        raise RequestError(f"The {box.kind} {unit} has no positions of its own.", "See `cryoledger freezers`.")
    held_here = _held(reading, "unit", [row.code for row in queries.path_of(reading, unit)], now)
    held_lots = {code: held_here or lot_held(reading, lot, now) for code, lot in contents.lots.items()}
    rows = []
    for row in range(box.rows):
        cells = []
        for column in range(box.columns):
            index = position.index_of(box.scheme, box.rows, box.columns, row, column)
            vial = contents.vials.get(index)
            label = position.label(box.scheme, box.rows, box.columns, index)
            mark = FREE if vial is None else _mark(reading, vial, contents.lots.get(vial.lot), held_lots, now)
            cells.append(Cell(index, label, mark, vial))
        rows.append(tuple(cells))
    return BoxMap(box, whereabouts.of_unit(reading, unit), tuple(rows), void_of(reading))


def lot_held(reading: Reading, lot: Lot, now: str) -> bool:
    """Whether a hold or recall lies on a lot, the banks it came from, or a donation or donor behind it."""
    codes = [row.code for row in lineage(reading.facts, lot)]
    pairs = donors_of(reading.facts, lot)
    return (
        _held(reading, "lot", codes, now)
        or _held(reading, "donation", [donation.code for donation, _ in pairs], now)
        or _held(reading, "donor", [donor.code for _, donor in pairs], now)
    )


def _held(reading: Reading, scope: str, codes: list[str], now: str) -> bool:
    return any(holds_on(reading.facts, scope, code, now) for code in codes)


def _mark(reading: Reading, vial: Vial, lot: Lot | None, held_lots: dict[str, bool], now: str) -> Mark:
    if lot is None:
        return HELD
    if held_lots.get(vial.lot) or _held(reading, "vial", [vial.code], now):
        return HELD
    if lot.disposition == "rejected":
        return REJECTED
    if lot.expires_at <= now:
        return EXPIRED
    if vial.order_code is not None:
        return RESERVED
    return _DISPOSITIONS.get(lot.disposition, QUARANTINED)
