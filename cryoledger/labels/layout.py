"""Reads `labels/layouts/*.toml`: what goes where on a label, in millimetres from its upper left corner.

A layout is for one kind of label. It has texts, symbols and marks:

    kind = "vial"
    title = "Cryovial"
    width = 32.4
    height = 12.6

    [[symbols]]
    form = "datamatrix"     # or code128, qr
    x = 0.3                 # the box holds the symbol in its quiet zone, centred
    y = 0.3
    width = 6.8
    height = 6.8
    module = { 203 = 3, 300 = 4, 600 = 8 }   # dots of the print head

    [[texts]]
    text = "Lot {lot}"      # data in braces; a text whose data are all empty is left out
    x = 7.4
    y = 2.0
    width = 20.6            # what does not fit is refused, never cut
    size = 5.5              # points, 4.5 at least
    smallest = 4.5          # a longer text gets smaller type down to this; without it, none
    bold = false
    align = "left"          # or center, right
    lines = 1               # broken at spaces into so many lines at most

    [[marks]]
    mark = "void"           # printed in training only; or autologous, biohazard

Checked when a layout is read: every box lies on the label, none on another, the data that its kind must show
are there, modules are of a size that scanners read. Checked when a label is drawn: the ink and the symbols.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Final

from cryoledger.labels.content import FIELDS, KINDS
from cryoledger.labels.marks import MARKS
from cryoledger.labels.stock import DOTS_PER_INCH, MILLIMETRES_PER_INCH, find_file
from cryoledger.labels.symbols import FORMS
from cryoledger.labels.toml_file import Table, read_toml

__all__ = ["LEADING", "Box", "Layout", "MarkBox", "SymbolBox", "TextBox", "load_layout", "read_layout"]

SIZE_MIN: Final = 4.5
SIZE_MAX: Final = 200.0
LEADING: Final = 1.17
"""From one line of a text to the next, in type sizes."""
_MILLIMETRES_PER_POINT: Final = MILLIMETRES_PER_INCH / 72
_SLACK: Final = 0.005
# Millimetres of a module: for a curved vial FINDINGS has 0.34 to 0.40; paper takes more.
_MODULE: Final = {"datamatrix": (0.33, 1.5), "code128": (0.24, 1.0), "qr": (0.33, 1.5)}
_CURVED: Final = (0.33, 0.41)
_CODE128_HEIGHT_MIN: Final = 5.0
_DATUM: Final = re.compile(r"\{([a-z_0-9]+)\}")
_MARKS_OF: Final = {
    **dict.fromkeys(("vial", "dose"), MARKS),
    **dict.fromkeys(("cap", "unit", "badge", "patient", "order"), ("void",)),
}
_REQUIRED: Final = {
    "vial": {"product", "lot", "source", "expiry", "contents", "storage", "code"},
    "dose": {"order", "patient", "deadline", "contents", "product", "code", "warnings"},
    "badge": {"code", "key_id"},
    "command": {"code", "word"},
    "check-datamatrix": {"title"},
    "check-code128": {"title"},
    "check-qr": {"title"},
}


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the label, in millimetres from its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: Box) -> bool:
        """Whether the two share more than an edge."""
        apart_x = self.x + self.width <= other.x + _SLACK or other.x + other.width <= self.x + _SLACK
        apart_y = self.y + self.height <= other.y + _SLACK or other.y + other.height <= self.y + _SLACK
        return not (apart_x or apart_y)


@dataclass(frozen=True, slots=True)
class TextBox:
    """A text with its data in braces, its box and its type."""

    box: Box
    text: str
    size: float
    smallest: float
    bold: bool
    align: str
    lines: int

    @property
    def data(self) -> tuple[str, ...]:
        """The names in braces."""
        return tuple(_DATUM.findall(self.text))

    def filled(self, fields: dict[str, str]) -> str:
        """Return the text with its data, empty if it has data and all of them are; no blanks at the end."""
        if self.data and not any(fields[name] for name in self.data):
            return ""
        return _DATUM.sub(lambda match: fields[match[1]], self.text).rstrip()


@dataclass(frozen=True, slots=True)
class SymbolBox:
    """A symbol, its box with the quiet zone, and its module in dots at each resolution."""

    box: Box
    form: str
    module: dict[int, int]


@dataclass(frozen=True, slots=True)
class MarkBox:
    """A mark and the box that it fills."""

    box: Box
    mark: str


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout that has passed its checks; `source` is the file's bytes, of which the ledger keeps the SHA-256."""

    name: str
    kind: str
    title: str
    width: float
    height: float
    texts: tuple[TextBox, ...]
    symbols: tuple[SymbolBox, ...]
    marks: tuple[MarkBox, ...]
    source: bytes

    @property
    def sha256(self) -> str:
        """The layout's hash, in lower-case hexadecimal."""
        return hashlib.sha256(self.source).hexdigest()


def load_layout(name: str, site_folder: Path | None = None) -> Layout:
    """Find and read the layout `name`, in the site's folder before ours; LabelError where there is none."""
    return read_layout(find_file("layouts", name, site_folder))


def read_layout(path: Path) -> Layout:
    """Read one layout; a LabelError names the file, the line and the key that is wrong."""
    top, source = read_toml(path)
    kind = top.choice("kind", KINDS)
    title = top.text("title")
    size = Box(0, 0, top.number("width", 5, 500), top.number("height", 4, 500))
    texts = [(table, _text(table, kind)) for table in top.tables("texts")]
    symbols = [(table, _symbol(table, kind)) for table in top.tables("symbols")]
    marks = [(table, _mark(table, kind)) for table in top.tables("marks")]
    top.finish()
    boxes = [(table, text.box) for table, text in texts] + [(table, symbol.box) for table, symbol in symbols]
    _check_boxes(size, boxes + [(table, mark.box) for table, mark in marks])
    layout = Layout(
        path.stem,
        kind,
        title,
        size.width,
        size.height,
        tuple(text for _, text in texts),
        tuple(symbol for _, symbol in symbols),
        tuple(mark for _, mark in marks),
        source,
    )
    _check_complete(top, layout)
    return layout


def _text(table: Table, kind: str) -> TextBox:
    size = table.number("size", SIZE_MIN, SIZE_MAX)
    lines = table.whole("lines", 1, 20, 1)
    width = table.number("width", 1, 500)
    box = _box(table, width, size * _MILLIMETRES_PER_POINT * (1 + (lines - 1) * LEADING))
    align = table.choice("align", ("left", "center", "right"), "left")
    smallest = table.number("smallest", SIZE_MIN, size, size)
    made = TextBox(box, table.text("text"), size, smallest, table.flag("bold", default=False), align, lines)
    unknown = [name for name in made.data if name not in FIELDS[kind]]
    if unknown or "{" in _DATUM.sub("", made.text) or "}" in _DATUM.sub("", made.text):
        what = f"there is no {{{unknown[0]}}} on a {kind} label" if unknown else "a brace without a name in it"
        raise table.fail("text", what, f"Known: {', '.join(sorted(FIELDS[kind]))}.")
    table.finish()
    return made


def _symbol(table: Table, kind: str) -> SymbolBox:
    form = table.choice("form", FORMS)
    box = _box(table, table.number("width", 3, 500), table.number("height", 3, 500))
    if form == "code128" and box.height < _CODE128_HEIGHT_MIN:
        raise table.fail("height", f"a Code 128 is at least {_CODE128_HEIGHT_MIN:g} mm high")
    if kind in {"vial", "cap"} and form != "datamatrix":
        raise table.fail("form", "a vial takes a datamatrix alone", "Nothing else reads on a curved tube.")
    low, high = _CURVED if kind in {"vial", "cap"} else _MODULE[form]
    modules = table.table("module")
    dots = {dpi: modules.whole(str(dpi), 1, 40) for dpi in DOTS_PER_INCH}
    for dpi, module in dots.items():
        if not low <= module * MILLIMETRES_PER_INCH / dpi <= high:
            size = module * MILLIMETRES_PER_INCH / dpi
            raise modules.fail(str(dpi), f"{module} dots are {size:.2f} mm; a module has {low:g} to {high:g} mm")
    modules.finish()
    table.finish()
    return SymbolBox(box, form, dots)


def _mark(table: Table, kind: str) -> MarkBox:
    mark = table.choice("mark", MARKS)
    if mark not in _MARKS_OF.get(kind, ()):
        raise table.fail("mark", f"a {kind} label has no {mark} mark")
    made = MarkBox(_box(table, table.number("width", 1.5, 500), table.number("height", 1.5, 500)), mark)
    table.finish()
    return made


def _box(table: Table, width: float, height: float) -> Box:
    return Box(table.number("x", 0, 500), table.number("y", 0, 500), width, height)


def _check_boxes(size: Box, boxes: list[tuple[Table, Box]]) -> None:
    for table, box in boxes:
        if box.x + box.width > size.width + _SLACK or box.y + box.height > size.height + _SLACK:
            raise table.fail("", f"ends at {box.x + box.width:.2f}, {box.y + box.height:.2f} mm, off the label")
    for (first, one), (second, other) in combinations(boxes, 2):
        if one.overlaps(other):
            raise second.fail("", f"overlaps {first.name}")


def _check_complete(top: Table, layout: Layout) -> None:
    shown = {name for text in layout.texts for name in text.data}
    shown |= {"code"} if {"code_head", "code_tail"} <= shown else set()
    shown |= {"contents"} if {"cells", "volume"} <= shown else set()
    lacking = _REQUIRED.get(layout.kind, {"code"}) - shown
    marks = {mark.mark for mark in layout.marks}
    if lacking:
        raise top.fail("texts", f"a {layout.kind} label must show {', '.join(sorted(lacking))}")
    if not layout.symbols:
        raise top.fail("symbols", "a label has a symbol to scan")
    for mark in _MARKS_OF.get(layout.kind, ()):
        if mark not in marks:
            raise top.fail(
                "marks", f"a {layout.kind} label needs a box for the {mark} mark", "It stays empty unless it applies."
            )
