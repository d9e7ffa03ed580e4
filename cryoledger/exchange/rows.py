"""From a row of cells to a vial in its place, or to the reasons why it is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Any

from cryoledger.custody.import_facts import GoodRow, SizeOf
from cryoledger.exchange.formulas import restored
from cryoledger.exchange.lots import Lots
from cryoledger.exchange.places import Boxes, Texts
from cryoledger.exchange.survey import Survey
from cryoledger.exchange.tables import CELL_MOST, Table
from cryoledger.exchange.texts import is_code, mangled, tidy

__all__ = ["Outcome", "read_rows"]

Outcome = GoodRow | tuple[int, str]


def read_rows(table: Table, known: Survey, size_of: SizeOf) -> Iterator[Outcome]:
    """Every row behind the header that holds anything: sound, or with its number and what is wrong with it."""
    reader = _Reader(known, size_of)
    for number, cells in table.rows():
        if number > known.columns.row and any(cell and not cell.isspace() for cell in cells):
            yield reader.read(number, cells)


class _Reader:
    def __init__(self, known: Survey, size_of: SizeOf) -> None:
        self._columns = known.columns
        self._defaults = known.given.defaults
        self._width = known.given.barcode_width or 0
        self._restore = restored if known.columns.own else None
        self._boxes = Boxes(known, size_of)
        self._lots = Lots(known)
        self._of_box = self._picker(self._boxes.fields)
        self._of_lot = self._picker(self._lots.fields)
        self._of_vial = self._picker(["barcode", "position", "viability", "comment"])
        self._least = max(self._columns.at.values()) + 1

    def _picker(self, names: list[str]) -> Callable[[list[str]], Texts]:
        """What takes fields out of the tidied cells of a row; a default stands behind the row's own cells."""
        tail = list(self._defaults)
        at: list[Any] = [
            self._columns.at[name] if name in self._columns.at
            else self._columns.width + (tail.index(name) if name in tail else len(tail))
            for name in names
        ]  # fmt: skip
        return itemgetter(*at, self._columns.width + len(tail))

    def read(self, number: int, cells: list[str]) -> Outcome:
        """Read one row."""
        problem = self._problem(cells)
        if problem:
            return number, problem
        texts = [tidy(cell) for cell in cells[: self._columns.width]]
        if self._restore is not None:
            texts = [self._restore(cell) if "'" in cell else text for cell, text in zip(cells, texts, strict=False)]
        texts += [""] * (self._columns.width - len(texts))
        for name, value in self._defaults.items():
            at = self._columns.at.get(name)
            if at is not None and not texts[at]:
                texts[at] = value
        texts += [*self._defaults.values(), ""]
        return self._vial(number, texts)

    def _problem(self, cells: list[str]) -> str:
        if any(cells[self._columns.width :]):
            return f"more cells than the header has: {len(cells)} for {self._columns.width}"
        whole = "".join(cells)
        if len(whole) > CELL_MOST and any(len(cell) > CELL_MOST for cell in cells):
            return f"a cell has more than {CELL_MOST} characters"
        if "\x00" in whole:
            return "a cell holds a zero byte"
        if not whole.isascii() and any("\ud800" <= c <= "\udfff" for c in whole):
            return "a cell holds half a character"
        return ""

    def _vial(self, number: int, texts: list[str]) -> Outcome:
        barcode, position_text, viability_text, comment, _ = self._of_vial(texts)
        reasons: list[str] = []
        barcode = self._barcode(barcode, reasons)
        lot = self._lots.lot(self._of_lot(texts)[:-1])
        if isinstance(lot, str):
            reasons.append(lot)
        box = self._boxes.box(self._of_box(texts)[:-1])
        position: int | str = ""
        if isinstance(box, str):
            reasons.append(box)
        else:
            position = self._boxes.position(box, position_text)
            if isinstance(position, str):
                reasons.append(position)
        viability = self._lots.viability(viability_text)
        if viability_text and viability is None:
            reasons.append(f"the viability {viability_text[:16]!r} is no percentage")
        if reasons or isinstance(lot, str) or isinstance(box, str) or isinstance(position, str):
            return number, "; ".join(reasons)
        return GoodRow(number, barcode, box, position, lot, viability, comment)

    def _barcode(self, text: str, reasons: list[str]) -> str:
        if not text:
            reasons.append("no barcode")
        elif mangled(text):
            reasons.append(f"barcode mangled by a spreadsheet: {text[:32]}")
        elif not is_code(text):
            reasons.append("the barcode is no code: 1 to 64 letters, digits and signs, no space")
        return text.zfill(self._width) if self._width and text.isdecimal() else text
