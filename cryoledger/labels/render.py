"""Draws a label: a layout filled with its content on a stock's dots, every symbol decoded again.

A `Label` exists only if its texts fit, nothing touches anything else, and each symbol was read back from the
final bitmap. So whatever prints `Label`s prints no unread symbol.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from PIL import Image, ImageChops, ImageFilter

from cryoledger.labels.bitmap import PAPER, Bitmap
from cryoledger.labels.content import LabelContent, VialLabel
from cryoledger.labels.errors import LabelError, NoRoomError
from cryoledger.labels.layout import LEADING, Box, Layout, MarkBox, SymbolBox, TextBox
from cryoledger.labels.lettering import ASCENT, Line, advance, draw_line, pixels, wrap
from cryoledger.labels.marks import draw_mark
from cryoledger.labels.stock import DOTS_PER_INCH, MILLIMETRES_PER_INCH, Stock
from cryoledger.labels.symbols import QUIET_MODULES, Symbol, make_symbol, verify

__all__ = ["Label", "render", "render_all", "without_room"]

_Area = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Label:
    """A label that may be printed: its dots, the code in print and what a scanner will read."""

    code: str
    scanned: str
    bitmap: Bitmap
    layout_name: str
    layout_sha256: str


def render(content: LabelContent, layout: Layout, stock: Stock, dpi: int = 300, *, training: bool = False) -> Label:
    """Draw one label at 203, 300 or 600 dpi; a LabelError says what does not fit or does not read."""
    _check_match(content, layout, stock, dpi)
    if layout.kind == "cap" and isinstance(content, VialLabel):
        content = replace(content, symbol="", gs1=False)  # a cap has room for the short code alone, which finds it too
    drawing = _Drawing(layout, stock, dpi)
    symbols = [drawing.symbol(box, content) for box in layout.symbols]
    for mark in layout.marks:
        if training if mark.mark == "void" else getattr(content, mark.mark, False):
            drawing.mark(mark)
    fields = content.fields()
    for text in layout.texts:
        drawing.text(text, text.filled(fields))
    for symbol, area in symbols:
        verify(drawing.image, area, symbol)
    bitmap = Bitmap.from_image(drawing.image, dpi)
    return Label(content.code, content.scanned, bitmap, layout.name, layout.sha256)


def render_all(
    contents: Iterable[LabelContent], layout: Layout, stock: Stock, dpi: int = 300, *, training: bool = False
) -> Iterator[Label]:
    """Draw labels one after another, as they are asked for; two of the same code are refused."""
    seen: set[str] = set()
    for content in contents:
        if content.code in seen:
            raise LabelError(f"{content.code} is on the list twice.", "Ask for a second label as a reprint.")
        seen.add(content.code)
        yield render(content, layout, stock, dpi, training=training)


def without_room(
    contents: Iterable[LabelContent], layout: Layout, stock: Stock, dpi: int = 300
) -> tuple[list[LabelContent], tuple[str, ...]]:
    """Contents of which vials have lost the warnings that the layout has no room for, and those warnings.

    They must accompany the vials on paper (21 CFR 1271.370(b)(4)). A dose keeps its warnings: they must fit.
    """
    fitting: dict[str, bool] = {}
    kept: list[LabelContent] = []
    for content in contents:
        if isinstance(content, VialLabel) and content.warnings:
            if content.warnings not in fitting:
                fitting[content.warnings] = _has_room(content, layout, stock, dpi)
            kept.append(content if fitting[content.warnings] else replace(content, warnings=""))
        else:
            kept.append(content)
    return kept, tuple(sorted(text for text, fits in fitting.items() if not fits))


def _has_room(content: VialLabel, layout: Layout, stock: Stock, dpi: int) -> bool:
    _check_match(content, layout, stock, dpi)
    boxes = [text for text in layout.texts if "warnings" in text.data]
    drawing = _Drawing(layout, stock, dpi)
    try:
        for box in boxes:
            drawing.text(box, box.filled(content.fields()))
    except LabelError:
        return False
    return bool(boxes)


def _check_match(content: LabelContent, layout: Layout, stock: Stock, dpi: int) -> None:
    if dpi not in DOTS_PER_INCH:
        raise LabelError(f"Labels are drawn at {', '.join(map(str, DOTS_PER_INCH))} dpi, not at {dpi}.")
    if layout.kind not in content.kinds:
        raise LabelError(
            f"The layout {layout.name} is for a {layout.kind} label, this is a {content.kinds[0]}.",
            "Choose another layout.",
        )
    if layout.width > stock.label_width or layout.height > stock.label_height:
        raise LabelError(
            f"The layout {layout.name} ({layout.width:g} x {layout.height:g} mm) is larger than a label of "
            f"{stock.name} ({stock.label_width:g} x {stock.label_height:g} mm).",
            "Choose another layout or stock.",
        )


class _Drawing:
    """The picture of one label as it grows, and the areas that are taken; the layout is centred on the label."""

    def __init__(self, layout: Layout, stock: Stock, dpi: int) -> None:
        width, height = stock.dots(dpi)
        self.image = Image.new("1", (width, height), PAPER)
        self._dpi = dpi
        self._layout = layout
        self._scale = dpi / MILLIMETRES_PER_INCH
        self._left = (stock.label_width - layout.width) / 2
        self._top = (stock.label_height - layout.height) / 2
        self._taken: list[tuple[_Area, str]] = []

    def symbol(self, box: SymbolBox, content: LabelContent) -> tuple[Symbol, _Area]:
        """Draw a symbol in the middle of its box; return it with its area, quiet zone included."""
        made = make_symbol(box.form, content.scanned, gs1=getattr(content, "gs1", False))
        left, top, width, height = self._dots(box.box)
        module = box.module[self._dpi]
        columns, rows = made.modules
        wide, tall = columns * module, height if box.form == "code128" else rows * module
        if wide > width or tall > height:
            raise NoRoomError(
                f"The {box.form} symbol of {content.scanned!r} needs {wide / self._scale:.1f} x "
                f"{tall / self._scale:.1f} mm with its quiet zone, and has {width / self._scale:.1f} x "
                f"{height / self._scale:.1f} mm in the layout {self._layout.name}.",
                "Take a layout with a larger box, or a shorter code.",
            )
        x, y = left + (width - wide) // 2, top + (height - tall) // 2
        quiet = QUIET_MODULES[box.form] * module
        inside = (wide - 2 * quiet, tall if box.form == "code128" else tall - 2 * quiet)
        drawn = made.image.resize(inside, Image.Resampling.NEAREST)
        self._put(drawn, x + quiet, y if box.form == "code128" else y + quiet, (x, y, x + wide, y + tall), "the symbol")
        return made, (x, y, x + wide, y + tall)

    def mark(self, box: MarkBox) -> None:
        """Draw a mark over the whole of its box."""
        left, top, width, height = self._dots(box.box)
        drawn = draw_mark(box.mark, width, height, self._dpi)
        self._put(drawn, left, top, (left, top, left + width, top + height), f"the mark {box.mark}")

    def text(self, box: TextBox, text: str) -> None:
        """Write a text into its box, or refuse it."""
        if not text:
            return
        left, top, width, _ = self._dots(box.box)
        size, lines = self._largest(box, text, width)
        for number, written in enumerate(lines):
            line = draw_line(written, size, box.bold)
            spare = width - advance(written, size, bold=box.bold)
            x = left + {"left": 0, "center": spare // 2, "right": spare}[box.align] + line.left
            self._write(line, x, top + round(size * (ASCENT + number * LEADING)) + line.top, repr(written))

    def _largest(self, box: TextBox, text: str, width: int) -> tuple[int, list[str]]:
        """Return the largest type in dots, from the layout's size down to its smallest, and the lines of the text."""
        for size in range(pixels(box.size, self._dpi), pixels(box.smallest, self._dpi) - 1, -1):
            lines = wrap(text, width, size, bold=box.bold) if box.lines > 1 else [text]
            widest = max(advance(line, size, bold=box.bold) for line in lines)
            if widest <= width and len(lines) <= box.lines:
                return size, lines
        raise self._too_long(box, text, widest / self._scale, len(lines))

    def _too_long(self, box: TextBox, text: str, needed: float, lines: int) -> NoRoomError:
        room = f"{box.box.width:.1f} mm" if box.lines == 1 else f"{box.lines} lines of {box.box.width:.1f} mm"
        need = f"{needed:.1f} mm" if lines == 1 else f"{lines} lines"
        return NoRoomError(
            f"{text!r} does not fit the layout {self._layout.name}: it needs {need} and has {room}.",
            "Shorten it, or take a larger label.",
        )

    def _put(self, piece: Image.Image, x: int, y: int, area: _Area, what: str) -> None:
        """Draw a symbol or a mark into an area that nothing else may enter."""
        self._check_free(area, what)
        self._taken.append((area, what))
        self.image.paste(piece, (x, y))

    def _write(self, line: Line, x: int, y: int, what: str) -> None:
        """Draw a line of text, a dot or more away from the ink of every other."""
        width, height = line.image.size
        self._check_free((x, y, x + width, y + height), what, margin=1)
        around = self.image.crop((x - 1, y - 1, x + width + 1, y + height + 1))
        if around.getextrema() != (PAPER, PAPER):
            self._check_apart(around, line, what)
            line = Line(ImageChops.logical_and(around.crop((1, 1, width + 1, height + 1)), line.image), 0, 0)
        self.image.paste(line.image, (x, y))

    def _check_apart(self, around: Image.Image, line: Line, what: str) -> None:
        width, height = line.image.size
        thick = around.convert("L").filter(ImageFilter.MinFilter(3)).crop((1, 1, width + 1, height + 1)).convert("1")
        if ImageChops.logical_or(thick, line.image).getextrema() != (PAPER, PAPER):
            raise LabelError(
                f"In the layout {self._layout.name}, {what} touches another text.", "Move them apart in the layout."
            )

    def _check_free(self, area: _Area, what: str, *, margin: int = 0) -> None:
        left, top, right, bottom = area
        width, height = self.image.width - margin, self.image.height - margin
        if left < margin or top < margin or right > width or bottom > height:
            raise LabelError(f"In the layout {self._layout.name}, {what} leaves the label.", "Move it inwards.")
        for other, name in self._taken:
            if left < other[2] and other[0] < right and top < other[3] and other[1] < bottom:
                raise LabelError(
                    f"In the layout {self._layout.name}, {what} touches {name}.", "Move them apart in the layout."
                )

    def _dots(self, box: Box) -> _Area:
        """Return left, top, width and height of a box in dots."""
        x, y = box.x + self._left, box.y + self._top
        left, top = round(x * self._scale), round(y * self._scale)
        right, bottom = int((x + box.width) * self._scale), int((y + box.height) * self._scale)
        return left, top, right - left, bottom - top
