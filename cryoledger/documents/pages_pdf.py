"""Pages as PDF: A4 across, in the fonts of `fonts`. The same pages and fonts give the same bytes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from cryoledger.documents.fonts import BOLD, covered, footnotes, width, write
from cryoledger.documents.pages import Cell, Document, Grid, Page, Table, Words
from cryoledger.errors import RequestError

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

__all__ = ["to_pdf"]

WIDTH, HEIGHT, MARGIN = 841.89, 595.28, 30.0
_FOOT: Final = 30.0
_ROW, _HAND = 13.0, 23.0


def to_pdf(document: Document) -> bytes:
    """The PDF of a document; RequestError where reportlab is not installed."""
    try:
        from reportlab import rl_config
        from reportlab.pdfgen.canvas import Canvas
    except ImportError:
        raise RequestError(
            "PDF needs the package reportlab, which is not installed here.",
            "Install it (`pip install reportlab`), or name a file that ends with .html or .txt.",
        ) from None
    rl_config.useA85 = 0
    covered()
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(WIDTH, HEIGHT), invariant=1, pageCompression=1)
    canvas.setTitle(f"{document.title} - {document.stamp.origin}")
    canvas.setCreator("cryoledger")
    with footnotes():
        for number, page in enumerate(document.pages, start=1):
            _Sheet(canvas, document).draw(page, number)
            canvas.showPage()
    canvas.save()
    return buffer.getvalue()


class _Sheet:
    """One page in the making; `y` is where the next thing goes, from below."""

    def __init__(self, canvas: Canvas, document: Document) -> None:
        self._canvas: Any = canvas
        self._document = document
        self._y = HEIGHT - MARGIN

    def draw(self, page: Page, number: int) -> None:
        """Draw all of a page."""
        if self._document.stamp.void:
            self._void(self._document.stamp.void)
        self._y -= 12
        self._say(MARGIN, self._y, page.title, 13, bold=True, room=WIDTH - 2 * MARGIN)
        self._y -= 14
        for block in page.blocks:
            match block:
                case Words():
                    self._words(block)
                case Table():
                    self._table(block)
                case Grid():
                    self._grid(block)
        self._foot(number)

    def _void(self, text: str) -> None:
        """A band above, and a word across the page that no copier loses."""
        canvas = self._canvas
        canvas.saveState()
        canvas.setFillGray(0.87)
        canvas.translate(WIDTH / 2, HEIGHT / 2 - 40)
        canvas.rotate(30)
        canvas.setFont(BOLD, 190)
        canvas.drawCentredString(0, -60, "VOID")
        canvas.restoreState()
        canvas.rect(MARGIN, self._y - 18, WIDTH - 2 * MARGIN, 18)
        write(canvas, (WIDTH - width(canvas, text, 11, bold=True)) / 2, self._y - 13, text, 11, bold=True)
        self._y -= 22

    def _foot(self, number: int) -> None:
        canvas = self._canvas
        canvas.line(MARGIN, _FOOT + 12, WIDTH - MARGIN, _FOOT + 12)
        for row, text in enumerate(self._document.stamp.lines):
            self._say(MARGIN, _FOOT + 3 - 9 * row, text, 7, room=WIDTH - 2 * MARGIN - 150)
        text = self._document.number(number)
        write(canvas, WIDTH - MARGIN - width(canvas, text, 7), _FOOT + 3, text, 7)
        with footnotes() as notes:
            low = max(4.0, _FOOT + 3 - 9 * len(self._document.stamp.lines))
            self._say(MARGIN, low, notes.footnote(), 6, room=WIDTH - 2 * MARGIN)

    def _words(self, words: Words) -> None:
        for line in words.lines:
            self._say(MARGIN, self._y, line, 9.5, room=WIDTH - 2 * MARGIN)
            self._y -= 13 if line else 6
        self._y -= 4

    def _table(self, table: Table) -> None:
        canvas = self._canvas
        room, total = WIDTH - 2 * MARGIN, sum(table.weights)
        edges = [MARGIN]
        for weight in table.weights:
            edges.append(edges[-1] + room * weight / total)
        tall = _HAND if table.by_hand else _ROW
        canvas.setLineWidth(0.4)
        top = self._y + 3
        for at, row in enumerate((table.heads, *table.rows)):
            height = _ROW if at == 0 else tall
            for column, cell in enumerate(row):
                wide = edges[column + 1] - edges[column] - 6
                self._say(edges[column] + 3, top - height + 4, cell, 8, bold=at == 0, room=wide)
            top -= height
            canvas.line(MARGIN, top, WIDTH - MARGIN, top)
        canvas.line(MARGIN, self._y + 3, WIDTH - MARGIN, self._y + 3)
        for edge in edges if table.by_hand else (edges[0], edges[-1]):
            canvas.line(edge, self._y + 3, edge, top)
        self._y = top - 14

    def _grid(self, grid: Grid) -> None:
        canvas, side = self._canvas, 20.0
        wide = (WIDTH - 2 * MARGIN - side) / len(grid.above)
        tall = min(46.0, (self._y - _FOOT - 34) / len(grid.rows))
        canvas.setLineWidth(0.4)
        for column, head in enumerate(grid.above):
            self._middle(MARGIN + side + (column + 0.5) * wide, self._y - 2, head, 8)
        top = self._y - 6
        for row, (head, cells) in enumerate(zip(grid.left, grid.rows, strict=True)):
            base = top - (row + 1) * tall
            self._middle(MARGIN + side / 2, base + tall / 2 - 3, head, 8)
            for column, cell in enumerate(cells):
                self._cell(cell, MARGIN + side + column * wide, base, wide, tall)
        self._y = top - len(grid.rows) * tall - 14

    def _cell(self, cell: Cell, x: float, base: float, wide: float, tall: float) -> None:
        self._canvas.rect(x, base, wide, tall)
        high = min(9.0, tall * 0.3)
        self._say(x + 2, base + tall - high, cell.label, min(6.5, high), room=wide / 2)
        if not cell.code:
            return
        self._say(x + wide - high, base + tall - high, cell.letter, high, bold=True, room=high)
        size = self._fit(cell.code, min(9.0, tall * 0.32), wide - 4)
        self._middle(x + wide / 2, base + tall * 0.36, cell.code, size)
        if cell.small and tall > 24:
            self._middle(x + wide / 2, base + 4, cell.small, self._fit(cell.small, 6.5, wide - 4))

    def _middle(self, x: float, y: float, text: str, size: float) -> None:
        write(self._canvas, x - width(self._canvas, text, size) / 2, y, text, size)

    def _say(self, x: float, y: float, text: str, size: float, *, room: float, bold: bool = False) -> None:
        """One line of text, smaller where it is too long for its room."""
        if text:
            write(self._canvas, x, y, text, self._fit(text, size, room, bold=bold), bold=bold)

    def _fit(self, text: str, size: float, room: float, *, bold: bool = False) -> float:
        wide = width(self._canvas, text, size, bold=bold)
        return size if wide <= room else max(3.5, size * room / wide)
