"""A box from above: one widget that draws its own lines, a cell a position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from cryoledger.codes.position import cell, index_of, label
from cryoledger.errors import CodeError
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


class BoxMap(Widget):
    """The box of the last scan. The vial just scanned blinks between brackets; the next free position has a `+`.

    Arrows move a cursor, which names the vial under it; the next vial to fetch stands between arrows.
    """

    DEFAULT_CSS = "BoxMap { width: 36; height: 1fr; }"

    def __init__(self) -> None:
        super().__init__(id="map")
        self.box: Box | None = None
        self.cursor: tuple[int, int] | None = None
        self._lit = True
        self._base, self._theme, self._variables = Style(), "", dict[str, str]()
        self._drawn: dict[tuple[int, int, int | None, bool], Strip] = {}  # lines of the box as it is drawn now
        self._drawn_of: tuple[Box, Grid, Style, str] | None = None

    def on_mount(self) -> None:
        """Start to blink."""
        self.set_interval(_BLINK_SECONDS, self._blink)

    def show(self, box: Box | None) -> None:
        """Draw another state."""
        if box != self.box:
            if box is None or self.box is None or box.code != self.box.code or box.marked != self.box.marked:
                self.cursor = None
            self.box, self._lit = box, True
            self.refresh()

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
        self.refresh()

    @property
    def under(self) -> int | None:
        """The position under the cursor."""
        if self.box is None or self.cursor is None:
            return None
        return index_of(self.box.scheme, self.box.rows, self.box.columns, *self.cursor)

    def _blink(self) -> None:
        if self.box is not None and self.box.marked is not None:
            self._lit = not self._lit
            self.refresh()

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

    def render_line(self, y: int) -> Strip:
        """One line of the map."""
        # Both are worked out anew by Textual each time they are asked for: once a frame, not once a cell.
        if y == 0 or self.app.theme != self._theme:
            self._base = self.rich_style
            self._theme, self._variables = self.app.theme, self.app.theme_variables
        base = self._base
        box, grid = self.box, self.grid()
        if box is None or grid is None:
            return Strip.blank(self.size.width, base)
        if y == 0:
            return self._fit(self._title(box, base + Style(bold=True)))
        if y == 1:
            return self._fit(_column_names(box, grid, base + self._quiet))
        row, inner = divmod(y - _ABOVE, grid.height)
        if row < grid.rows:
            return self._row_line(box, grid, grid.first_row + row, inner)
        below = y - _ABOVE - grid.rows * grid.height
        return self._fit(self._legend(box, base, below))

    def _title(self, box: Box, bold: Style) -> list[Segment]:
        """The box's code and name; where it stands only if there is room for that."""
        title, path = clean(f"{box.code} · {box.name}" if box.name else box.code), clean(f" < {box.path}")
        fits = cell_len(title + path) <= self.size.width
        return [Segment(title, bold), Segment(path if fits and box.path else "", self._base + self._quiet)]

    def _variable(self, name: str) -> str:
        return self._variables[name]

    @property
    def _quiet(self) -> Style:
        return Style(color=self._variable("quiet"))

    def _fit(self, segments: list[Segment]) -> Strip:
        return Strip(segments).adjust_cell_length(self.size.width, self._base)

    def _row_line(self, box: Box, grid: Grid, row: int, inner: int) -> Strip:
        """A line of a row, made anew only where it differs: a cursor that moves changes two rows of them all."""
        if (
            self._drawn_of is None
            or self._drawn_of[0] is not box
            or self._drawn_of[1:] != (grid, self._base, self._theme)
        ):
            self._drawn_of, self._drawn = (box, grid, self._base, self._theme), {}
        cursor = self.cursor[1] if self.cursor is not None and self.cursor[0] == row else None
        lit = self._lit or box.marked is None or _cell(box, box.marked)[0] != row
        line = self._drawn.get((row, inner, cursor, lit))
        if line is None:
            line = self._drawn[row, inner, cursor, lit] = self._fit(self._row(box, grid, row, inner))
        return line

    def _row(self, box: Box, grid: Grid, row: int, inner: int) -> list[Segment]:
        base, middle = self._base, (grid.height - 1) // 2
        name = _row_name(box, row) if inner == middle else ""
        line = [Segment(f"{name:>{grid.margin - 1}} ", base + self._quiet)]
        for column in range(grid.first_column, grid.first_column + grid.columns):
            position = index_of(box.scheme, box.rows, box.columns, row, column)
            line += self._cell(box, grid, position, inner == middle)
        return line

    def _cell(self, box: Box, grid: Grid, position: int, middle: bool) -> list[Segment]:
        """A cell, with one blank column to its right where cells are wide enough for it."""
        base = self._base
        gap = 1 if grid.width >= 4 else 0
        inside = grid.width - gap
        symbol, style = self._look(box, position)
        marked = position == box.marked
        text = symbol
        if inside >= 3 and (marked or position == box.next):
            text = f"[{symbol}]"
        elif inside >= 3 and position == box.aim:
            text = f"▸{symbol}◂"
        if position == self.under:
            style += Style(reverse=True, underline=True)
        if marked and self._lit:
            style = base + Style(color=self._variable("background"), bgcolor=self._variable("strong"), bold=True)
        content = text.center(inside) if middle else " " * inside
        return [Segment(content, style), Segment(" " * gap, base)]

    def _look(self, box: Box, position: int) -> tuple[str, Style]:
        base = self._base
        look = box.looks.get(position)
        if position in box.found:
            symbol, colours, _ = FOUND[box.found[position]]
            return symbol, base + self._colours(colours)
        if look is not None:
            return SYMBOLS[look], base + self._colours(look)
        if position in box.left:
            return LEFT, base + Style(color=self._variable("bad"), bold=True)
        if position == box.next:
            return NEXT, base + Style(color=self._variable("strong"), bold=True)
        return FREE, base + self._quiet

    def _colours(self, look: Look) -> Style:
        return Style(color=self._variable(f"on-{look}"), bgcolor=self._variable(look), bold=True)

    def _legend(self, box: Box, base: Style, line: int) -> list[Segment]:
        """First what is free, then what the symbols in this box mean."""
        if line == 0 and self.under is not None:
            return [Segment(f" {self._told(box, self.under)}", base + Style(bold=True))]
        if line == 0:
            free = f" {box.free} free"
            if box.next is not None:
                free += f" · next [+] {_label(box, box.next)}"
            return [Segment(free, base + Style(bold=True))]
        if line != 1:
            return [Segment("", base)]
        segments = []
        for look in dict.fromkeys(box.looks.values()):
            segments.append(Segment(f" {SYMBOLS[look]} ", base + self._colours(look)))
            segments.append(Segment(f" {WORDS[look]}  ", base))
        if box.left:
            segments.append(Segment(f" {LEFT} out  ", base))
        for found in dict.fromkeys(box.found.values()):
            symbol, colours, word = FOUND[found]
            segments.append(Segment(f" {symbol} ", base + self._colours(colours)))
            segments.append(Segment(f" {word}  ", base))
        return segments

    def _told(self, box: Box, position: int) -> str:
        """What is under the cursor, in words."""
        place = _label(box, position)
        if position in box.vials:
            return clean(f"{place}: vial {box.vials[position]}, {WORDS[box.looks[position]]}")
        return f"{place}: its vial is out" if position in box.left else f"{place}: free"


def _cell(box: Box, position: int) -> tuple[int, int]:
    try:
        return cell(box.scheme, box.rows, box.columns, position)
    except CodeError:
        return 0, 0


def _label(box: Box, position: int) -> str:
    return label(box.scheme, box.rows, box.columns, position)


def _column_names(box: Box, grid: Grid, style: Style) -> list[Segment]:
    """Numbers above the columns where positions are named by row letter and column."""
    if box.scheme != "letters":
        return [Segment("", style)]
    names = "".join(
        str(column + 1)[: grid.width].center(grid.width)
        for column in range(grid.first_column, grid.first_column + grid.columns)
    )
    return [Segment(" " * grid.margin + names, style)]


def _row_name(box: Box, row: int) -> str:
    """A row's letters; in boxes with running numbers, the number of its first position."""
    first = _label(box, index_of(box.scheme, box.rows, box.columns, row, 0))
    return first[:-1] if box.scheme == "letters" else first
