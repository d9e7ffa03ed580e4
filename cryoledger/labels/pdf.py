"""Writes labels as PDF: a sheet page by page, a roll one label a page; the ink of a label is one filled path.

One path, because separately filled rectangles leave fine seams between modules, and such symbols do not read.
The same labels give the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from PIL import Image

from cryoledger.labels.bitmap import PAPER, Bitmap
from cryoledger.labels.errors import LabelError
from cryoledger.labels.lettering import draw_line, pixels
from cryoledger.labels.render import Label
from cryoledger.labels.stock import Grid, Stock

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

__all__ = ["calibration_pdf", "to_pdf"]

POINTS_PER_MILLIMETRE: Final = 72 / 25.4
_HEADING_POINTS, _NOTE_POINTS = 14.0, 8.0
_HEADING_DPI: Final = 600
_MARK_FROM, _MARK_TO = 1.5, 6.0  # millimetres from the outermost labels, of a mark to cut at
_TOLD_POINTS, _TOLD_LEADING = 4.5, 1.9
_HEADING_TOP, _NOTE_TOP = 12.0, 19.0  # millimetres from the page's upper edge to the baseline


def to_pdf(
    labels: Iterable[Label], stock: Stock, *, start: int = 1, title: str = "Labels", heading: str = "", note: str = ""
) -> bytes:
    """Lay labels out on a stock; the first goes to label `start` of the first sheet (1 is the upper left one).

    `heading` and `note` stand above the labels of each page, on sheets with room for them.
    """
    if not 1 <= start <= stock.per_page:
        raise LabelError(f"The labels of {stock.name} go from 1 to {stock.per_page}, there is no {start}.")
    buffer = io.BytesIO()
    canvas = _canvas(buffer, stock, title)
    grid = stock.grid or Grid(stock.label_width, stock.label_height, 1, 1, 0, 0, stock.label_width, stock.label_height)
    place = start - 1
    drawn = 0
    for label in labels:
        if place == stock.per_page:
            canvas.showPage()
            place = 0
        if drawn == 0 or place == 0:
            _head(canvas, grid, heading, note)
            if stock.cut:
                _cut_marks(canvas, stock, grid)
        _fill(canvas, label.bitmap, grid, *grid.corner(place))
        place, drawn = place + 1, drawn + 1
    if drawn == 0:
        raise LabelError("There is no label to print.")
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def calibration_pdf(stock: Stock) -> bytes:
    """Outline every label of a sheet, to be printed on paper and held against the stock; the first says what it is."""
    if stock.grid is None:
        raise LabelError(f"{stock.name} is a roll; only sheets are calibrated.")
    buffer = io.BytesIO()
    canvas = _canvas(buffer, stock, f"Calibration of {stock.name}")
    grid, scale = stock.grid, POINTS_PER_MILLIMETRE
    canvas.setLineWidth(0.3)
    for place in range(stock.per_page):
        x, y = grid.corner(place)
        canvas.rect(
            x * scale,
            (grid.page_height - y - stock.label_height) * scale,
            stock.label_width * scale,
            stock.label_height * scale,
        )
    now = f"now x {grid.calibration_x:g}, y {grid.calibration_y:g} mm"
    told = (stock.name, now, "x: right +, y: down +", "printed at 100 %")
    left, top = grid.corner(0)
    for number, text in enumerate(told):
        _write(canvas, grid, text, _TOLD_POINTS, (left + 1.0, top + 2.3 + number * _TOLD_LEADING))
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _canvas(buffer: io.BytesIO, stock: Stock, title: str) -> Canvas:
    from reportlab import rl_config  # late: it loads much, and ZPL does without
    from reportlab.pdfgen.canvas import Canvas

    rl_config.useA85 = 0  # text armour for old mail programs, slower to write than all the labels are to draw
    width = stock.grid.page_width if stock.grid else stock.label_width
    height = stock.grid.page_height if stock.grid else stock.label_height
    size = (width * POINTS_PER_MILLIMETRE, height * POINTS_PER_MILLIMETRE)
    canvas = Canvas(buffer, pagesize=size, invariant=1, pageCompression=1)
    canvas.setTitle(title)
    canvas.setCreator("cryoledger")
    return canvas


def _head(canvas: Canvas, grid: Grid, heading: str, note: str) -> None:
    for text, points, baseline, bold in (
        (heading, _HEADING_POINTS, _HEADING_TOP, True),
        (note, _NOTE_POINTS, _NOTE_TOP, False),
    ):
        if text:
            _write(canvas, grid, text, points, (grid.left, baseline), bold=bold)


def _write(
    canvas: Canvas, grid: Grid, text: str, points: float, place: tuple[float, float], *, bold: bool = False
) -> None:
    """Write a line of text whose baseline starts at a place (mm)."""
    line = draw_line(text, pixels(points, _HEADING_DPI), bold)
    picture = Image.new("1", line.image.size, PAPER)
    picture.paste(line.image)
    top = place[1] + line.top * 25.4 / _HEADING_DPI
    _fill(canvas, Bitmap.from_image(picture, _HEADING_DPI), grid, place[0], top)


def _cut_marks(canvas: Canvas, stock: Stock, grid: Grid) -> None:
    """Mark in the margins where the edges of the labels are."""
    right, bottom = grid.corner(stock.per_page - 1)
    left, top = grid.corner(0)
    right, bottom = right + stock.label_width, bottom + stock.label_height
    across = {edge for column in range(grid.columns) for edge in _edges(grid.corner(column)[0], stock.label_width)}
    down = {edge for row in range(grid.rows) for edge in _edges(grid.corner(row * grid.columns)[1], stock.label_height)}
    lines = [(x, y + _MARK_FROM * s, x, y + _MARK_TO * s) for x in sorted(across) for y, s in ((top, -1), (bottom, 1))]
    lines += [(x + _MARK_FROM * s, y, x + _MARK_TO * s, y) for y in sorted(down) for x, s in ((left, -1), (right, 1))]
    canvas.setLineWidth(0.3)
    for x1, y1, x2, y2 in lines:
        ends = (x1, grid.page_height - y1, x2, grid.page_height - y2)
        canvas.line(*(end * POINTS_PER_MILLIMETRE for end in ends))


def _edges(start: float, length: float) -> tuple[float, float]:
    return round(start, 3), round(start + length, 3)


def _fill(canvas: Canvas, bitmap: Bitmap, grid: Grid, left: float, top: float) -> None:
    """Fill the ink of a bitmap as one path, in its own dots, with its upper left corner at `left`, `top` (mm)."""
    x, y = left * POINTS_PER_MILLIMETRE, (grid.page_height - top) * POINTS_PER_MILLIMETRE
    dot = 72 / bitmap.dpi
    path = "\n".join(["%d %d %d %d re" % rectangle for rectangle in bitmap.rectangles()])  # noqa: UP031 - twice as fast
    canvas.addLiteral(f"q {dot:.6f} 0 0 {-dot:.6f} {x:.4f} {y:.4f} cm\n{path}\nf Q")
