"""A box from above: one widget that draws its own lines, a cell a position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len

from cryoledger.codes.position import cell, index_of, label
from cryoledger.errors import CodeError
from cryoledger.manual.messages import told
from cryoledger.tui.lines import Line, Lines, Piece
from cryoledger.tui.view import Box, Found, Look
from cryoledger.tui.words import clean

SYMBOLS: Final[dict[Look, str]] = {
    "released": "✓", "conditional": "◐", "quarantined": "?", "rejected": "✗", "held": "!", "expired": "E",
    "reserved": "◆",
}  # fmt: skip
WORDS: Final[dict[Look, str]] = {
    "released": "released", "conditional": "for one order", "quarantined": "quarantine", "rejected": "rejected",
    "held": "held", "expired": "expired", "reserved": "for an order",
}  # fmt: skip
FREE, NEXT, LEFT = "·", "+", "↑"
FOUND: Final[dict[Found, tuple[str, Look, str]]] = {
    "present": ("●", "released", "present"), "here": ("≠", "held", "wrong slot or moved here"),
    "missing": ("○", "rejected", "missing"),
}  # fmt: skip
_BLINK_SECONDS: Final = 0.5
_QUIET: Final = "$quiet"
_ABOVE: Final = 2  # the title, and the columns' names


@dataclass(frozen=True, slots=True)
class Grid:
    """How large cells are drawn, and which part of the box is in sight."""

    width: int
    height: int
    margin: int
    first_row: int
    first_column: int
    rows: int
    columns: int


class BoxMap(Lines):
    """The box of the last scan. The vial just scanned blinks between brackets; the next free position has a `+`.

    Arrows move a cursor, which names the vial under it; the next vial to fetch stands between arrows.
    """

    DEFAULT_CSS = "BoxMap { width: 36; }"

    def __init__(self) -> None:
        super().__init__("map")
        self.box: Box | None = None
        self.cursor: tuple[int, int] | None = None
        self._lit = True
        self._rows: dict[tuple[int, int | None, bool], tuple[Line, Line]] = {}  # as they are drawn of `_rows_of`
        self._rows_of: tuple[Box, Grid] | None = None

    def on_mount(self) -> None:
        """Start to blink."""
        self.set_interval(_BLINK_SECONDS, self._blink)

    def show(self, box: Box | None) -> None:
        """Draw another state."""
        if box != self.box:
            if box is None or self.box is None or box.code != self.box.code or box.marked != self.box.marked:
                self.cursor = None
            self.box, self._lit = box, True
            self._draw()

    def move(self, rows: int, columns: int) -> None:
        """Move the cursor, from the vial just scanned or the first position on."""
        if self.box is None:
            return
        start = _cell(self.box, self.box.marked) if self.box.marked is not None else (0, 0)
        row, column = self.cursor or (start[0] - rows, start[1] - columns)
        self.cursor = (
            max(0, min(row + rows, self.box.rows - 1)),
            max(0, min(column + columns, self.box.columns - 1)),
        )
        self._draw()

    @property
    def under(self) -> int | None:
        """The position under the cursor."""
        if self.box is None or self.cursor is None:
            return None
        return index_of(self.box.scheme, self.box.rows, self.box.columns, *self.cursor)

    def on_resize(self) -> None:
        """Cells as large as fit."""
        self._draw()

    def _blink(self) -> None:
        if self.box is not None and self.box.marked is not None:
            self._lit = not self._lit
            self._draw()

    def grid(self) -> Grid | None:
        """The largest cells that fit; of a box too large even for small ones, the part around the marked position."""
        box, size = self.box, self.size
        if box is None or size.width < 8 or size.height < 4:
            return None
        margin = 3
        space, lines = size.width - margin, size.height - _ABOVE - (2 if size.height > box.rows + 3 else 0)
        width = max(2, min(7, space // box.columns))
        height = max(1, min(3, lines // box.rows))
        columns, rows = min(box.columns, space // width), min(box.rows, max(1, lines // height))
        places = (box.marked, box.aim, box.next)
        seen = next((place for place in places if place is not None), None)
        row, column = self.cursor or (_cell(box, seen) if seen is not None else (0, 0))
        first_row = min(max(0, row - rows // 2), box.rows - rows)
        first_column = min(max(0, column - columns // 2), box.columns - columns)
        return Grid(width, height, margin, first_row, first_column, rows, columns)

    def _draw(self) -> None:
        box, grid = self.box, self.grid()
        if box is None or grid is None:
            self.put([])
            return
        lines = [self._title(box), _column_names(box, grid)]
        middle = (grid.height - 1) // 2
        for row in range(grid.first_row, grid.first_row + grid.rows):
            around, through = self._row_once(box, grid, row)
            lines += [through if inner == middle else around for inner in range(grid.height)]
        self.put([*lines, *self._legend(box)][: self.size.height])

    def _title(self, box: Box) -> Line:
        """The box's code and name; where it stands only if there is room for that."""
        title, path = clean(f"{box.code} · {box.name}" if box.name else box.code), clean(f" < {box.path}")
        fits = box.path and cell_len(title + path) <= self.size.width
        return ((title, "bold"), *([(path, _QUIET)] if fits else []))

    def _row_once(self, box: Box, grid: Grid, row: int) -> tuple[Line, Line]:
        """A row, made anew only where it differs: a cursor that moves changes two rows of them all."""
        if self._rows_of is None or self._rows_of[0] is not box or self._rows_of[1] != grid:
            self._rows_of, self._rows = (box, grid), {}
        cursor = self.cursor[1] if self.cursor is not None and self.cursor[0] == row else None
        lit = self._lit or box.marked is None or _cell(box, box.marked)[0] != row
        found = self._rows.get((row, cursor, lit))
        if found is None:
            found = self._rows[row, cursor, lit] = self._row(box, grid, row)
        return found

    def _row(self, box: Box, grid: Grid, row: int) -> tuple[Line, Line]:
        """A row's cells without what they say, and with it; one blank column between them where there is room."""
        gap = 1 if grid.width >= 4 else 0
        inside = grid.width - gap
        around: list[Piece] = [(" " * grid.margin, _QUIET)]
        through: list[Piece] = [(f"{_row_name(box, row):>{grid.margin - 1}} ", _QUIET)]
        under = self.under
        for column in range(grid.first_column, grid.first_column + grid.columns):
            position = index_of(box.scheme, box.rows, box.columns, row, column)
            text, style = self._look(box, position, inside)
            if position == under:
                style += " reverse underline"
            around += [(" " * inside, style), (" " * gap, "")]
            through += [(text.center(inside), style), (" " * gap, "")]
        return tuple(around), tuple(through)

    def _look(self, box: Box, position: int, inside: int) -> tuple[str, str]:
        """What a cell says and its style; what stands out, between brackets or arrows where there is room."""
        look, marked = box.looks.get(position), position == box.marked
        if position in box.found:
            symbol, colours, _ = FOUND[box.found[position]]
            style = _colours(colours)
        elif look is not None:
            symbol, style = SYMBOLS[look], _colours(look)
        elif position in box.left:
            symbol, style = LEFT, "bold $bad"
        elif position == box.next:
            symbol, style = NEXT, "bold $strong"
        else:
            symbol, style = FREE, _QUIET
        if inside >= 3 and (marked or position == box.next):
            symbol = f"[{symbol}]"
        elif inside >= 3 and position == box.aim:
            symbol = f"▸{symbol}◂"
        return symbol, "bold $background on $strong" if marked and self._lit else style

    def _legend(self, box: Box) -> tuple[Line, Line]:
        """First what is under the cursor, or free; then what the symbols in this box mean."""
        first = f" {told(f'{box.free} free')}"
        if self.under is not None:
            first = f" {told(self._told(box, self.under))}"
        elif box.next is not None:
            first += f" · {told(f'next [+] {_label(box, box.next)}')}"
        meant: list[Piece] = []
        for look in dict.fromkeys(box.looks.values()):
            meant += [(f" {SYMBOLS[look]} ", _colours(look)), (f" {told(WORDS[look])}  ", "")]
        if box.left:
            meant.append((f" {LEFT} {told('out')}  ", ""))
        for found in dict.fromkeys(box.found.values()):
            symbol, colours, word = FOUND[found]
            meant += [(f" {symbol} ", _colours(colours)), (f" {told(word)}  ", "")]
        return ((first, "bold"),), tuple(meant)

    def _told(self, box: Box, position: int) -> str:
        """What is under the cursor, in words."""
        place = _label(box, position)
        if position in box.vials:
            return clean(f"{place}: vial {box.vials[position]}, {WORDS[box.looks[position]]}")
        return f"{place}: its vial is out" if position in box.left else f"{place}: free"


def _colours(look: Look) -> str:
    return f"bold $on-{look} on ${look}"


def _cell(box: Box, position: int) -> tuple[int, int]:
    try:
        return cell(box.scheme, box.rows, box.columns, position)
    except CodeError:
        return 0, 0


def _label(box: Box, position: int) -> str:
    return label(box.scheme, box.rows, box.columns, position)


def _column_names(box: Box, grid: Grid) -> Line:
    """Numbers above the columns where positions are named by row letter and column."""
    if box.scheme != "letters":
        return ()
    names = "".join(
        str(column + 1)[: grid.width].center(grid.width)
        for column in range(grid.first_column, grid.first_column + grid.columns)
    )
    return ((" " * grid.margin + names, _QUIET),)


def _row_name(box: Box, row: int) -> str:
    """A row's letters; in boxes with running numbers, the number of its first position."""
    first = _label(box, index_of(box.scheme, box.rows, box.columns, row, 0))
    return first[:-1] if box.scheme == "letters" else first
