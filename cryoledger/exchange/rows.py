"""From a row of cells to a vial in its place, or to the reasons why it is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter

from cryoledger.custody.imports.import_facts import BoxFacts, GoodRow, LotFacts, SizeOf
from cryoledger.exchange.formulas import restored
from cryoledger.exchange.lots import Lots
from cryoledger.exchange.places import CACHED_MOST, Boxes, Texts
from cryoledger.exchange.survey import Survey
from cryoledger.exchange.tables import CELL_MOST, Table
from cryoledger.exchange.texts import CODE_MOST, is_code, mangled, tidy

__all__ = ["Outcome", "read_rows"]

Outcome = GoodRow | tuple[int, str]


def read_rows(table: Table, known: Survey, size_of: SizeOf) -> Iterator[Outcome]:
    """Every row behind the header that holds anything: sound, or with its number and what is wrong with it."""
    reader = _Reader(known, size_of)
    for number, cells in table.rows():
        if number > known.columns.row and any(map(str.strip, cells)):
            yield reader.read(number, cells)


class _Reader:
    def __init__(self, known: Survey, size_of: SizeOf) -> None:
        self._columns = known.columns
        self._width = known.given.barcode_width or 0
        self._restore = restored if known.columns.own else None
        self._boxes = Boxes(known, size_of)
        self._lots = Lots(known)
        defaults = known.given.defaults
        self._of_box = _Fields(self._boxes.fields, known.columns.at, defaults)
        self._of_lot = _Fields(self._lots.fields, known.columns.at, defaults)
        self._of_vial = _Fields(["barcode", "position", "viability", "comment"], known.columns.at, defaults)
        self._lot_of: dict[Texts, LotFacts | str] = {}
        self._box_of: dict[Texts, BoxFacts | str] = {}
        self._viability_of: dict[str, int | None] = {}

    def read(self, number: int, cells: list[str]) -> Outcome:
        """Read one row."""
        problem = self._problem(cells)
        if problem:
            return number, problem
        width = self._columns.width
        return self._vial(number, [*cells[:width], *[""] * max(1, width + 1 - len(cells))])

    def _tidy(self, fields: _Fields, cells: Texts) -> Texts:
        """The cells of some fields without what is around the text, and a default where there is none."""
        restore = self._restore
        return tuple(
            (cell if cell.isalnum() else restore(cell) if restore is not None and "'" in cell else tidy(cell))
            or default
            for cell, default in zip(cells, fields.defaults, strict=True)
        )

    def _lot(self, row: list[str]) -> LotFacts | str:
        """A lot, by its cells as they stand in the file: most rows repeat those of the row before."""
        cells = self._of_lot.pick(row)
        made = self._lot_of.get(cells)
        if made is None:
            if len(self._lot_of) >= CACHED_MOST:
                self._lot_of.clear()
            made = self._lot_of[cells] = self._lots.lot(self._tidy(self._of_lot, cells))
        return made

    def _box(self, row: list[str]) -> BoxFacts | str:
        cells = self._of_box.pick(row)
        made = self._box_of.get(cells)
        if made is None:
            if len(self._box_of) >= CACHED_MOST:
                self._box_of.clear()
            made = self._box_of[cells] = self._boxes.box(self._tidy(self._of_box, cells))
        return made

    def _viability(self, text: str) -> int | None:
        if text not in self._viability_of:
            if len(self._viability_of) >= CACHED_MOST:
                self._viability_of.clear()
            self._viability_of[text] = self._lots.viability(text)
        return self._viability_of[text]

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

    def _vial(self, number: int, row: list[str]) -> Outcome:
        barcode, position_text, viability_text, comment = self._tidy(self._of_vial, self._of_vial.pick(row))
        reasons: list[str] = []
        barcode = self._barcode(barcode, reasons)
        lot = self._lot(row)
        if isinstance(lot, str):
            reasons.append(lot)
        box = self._box(row)
        position: int | str = ""
        if isinstance(box, str):
            reasons.append(box)
        else:
            position = self._boxes.position(box, position_text)
            if isinstance(position, str):
                reasons.append(position)
        viability = self._viability(viability_text)
        if viability_text and viability is None:
            reasons.append(f"the viability {viability_text[:16]!r} is no percentage")
        if reasons or isinstance(lot, str) or isinstance(box, str) or isinstance(position, str):
            return number, "; ".join(reasons)
        return GoodRow(number, barcode, box, position, lot, viability, comment)

    def _barcode(self, text: str, reasons: list[str]) -> str:
        if text.isalnum() and text.isascii() and len(text) <= CODE_MOST:
            pass
        elif not text:
            reasons.append("no barcode")
        elif mangled(text):
            reasons.append(f"barcode mangled by a spreadsheet: {text[:32]}")
        elif not is_code(text):
            reasons.append("the barcode is no code: 1 to 64 letters, digits and signs, no space")
        return text.zfill(self._width) if self._width and text.isdecimal() else text


class _Fields:
    """Some fields of a file: what picks their cells off a row (which ends with an empty one), and their defaults."""

    def __init__(self, names: list[str], at: Mapping[str, int], defaults: Mapping[str, str]) -> None:
        self.defaults = [defaults.get(name, "") for name in names]
        places = [at.get(name, -1) for name in names]
        self.pick: Callable[[list[str]], Texts] = itemgetter(*places)
        if len(places) == 1:
            self.pick = lambda row: (row[places[0]],)
