"""Reads `labels/stock/*.toml`: what is on the roll or the sheet, in millimetres.

A roll is one label after another under a print head; a sheet is a page with a grid of labels. `left` and `top`
are where the first label begins on the page, `pitch_x` and `pitch_y` the distance from one label to the next,
and `calibration` moves everything right (x) and down (y) for a printer that feeds askew. A site puts its own
files into a folder of its own, where a file of the same name replaces ours.

    >>> stock = load_stock("LCRY-1700")
    >>> stock.kind, stock.label_width, stock.per_page
    ('sheet', 32.51, 85)
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryoledger import resources
from cryoledger.labels.errors import LabelError
from cryoledger.labels.toml_file import Table, read_toml

__all__ = ["DOTS_PER_INCH", "Grid", "Stock", "find_file", "load_stock", "names", "read_stock"]

DOTS_PER_INCH: Final = (203, 300, 600)
"""The print heads that labels are drawn for; sheets are drawn at 300 or 600 of them."""
MILLIMETRES_PER_INCH: Final = 25.4
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}")
_LENGTH_MAX: Final = 500.0
_TOLERANCE: Final = 0.051  # makers give tenths of a millimetre, rounded from inches


@dataclass(frozen=True, slots=True)
class Grid:
    """The labels of a page, and the calibration of the printer that prints it, in millimetres."""

    page_width: float
    page_height: float
    columns: int
    rows: int
    left: float
    top: float
    pitch_x: float
    pitch_y: float
    calibration_x: float = 0.0
    calibration_y: float = 0.0

    def corner(self, place: int) -> tuple[float, float]:
        """Return the left and top of label `place` (0 is the first, along the rows), calibration included."""
        row, column = divmod(place, self.columns)
        x = self.left + column * self.pitch_x + self.calibration_x
        return x, self.top + row * self.pitch_y + self.calibration_y


@dataclass(frozen=True, slots=True)
class Stock:
    """A roll (`grid` is None) or a sheet of labels; lengths in millimetres.

    `turned` is true where the label's long side runs along the feed of a narrow printer (a wristband): the
    bitmap is turned by 90 degrees on its way to the printer, and nowhere else. `cut` is true of plain paper that is cut
    along the labels: marks for that stand in the page's margin.
    """

    name: str
    title: str
    label_width: float
    label_height: float
    grid: Grid | None = None
    turned: bool = False
    cut: bool = False

    @property
    def kind(self) -> str:
        """Either "roll" or "sheet"."""
        return "roll" if self.grid is None else "sheet"

    @property
    def per_page(self) -> int:
        """Labels of one page; 1 for a roll."""
        return 1 if self.grid is None else self.grid.columns * self.grid.rows

    def dots(self, dpi: int) -> tuple[int, int]:
        """Return the label's width and height in whole dots of a print head."""
        scale = dpi / MILLIMETRES_PER_INCH
        return math.floor(self.label_width * scale), math.floor(self.label_height * scale)


def load_stock(name: str, site_folder: Path | None = None) -> Stock:
    """Find and read the stock `name`, in the site's folder before ours; LabelError where there is none."""
    return read_stock(find_file("stock", name, site_folder))


def names(shelf: str, site_folder: Path | None = None) -> tuple[str, ...]:
    """Return the names of all files of a shelf, "stock" or "layouts", ours and the site's."""
    return tuple(sorted({path.stem for folder in _folders(shelf, site_folder) for path in folder.glob("*.toml")}))


def find_file(shelf: str, name: str, site_folder: Path | None = None) -> Path:
    """Return the file of `name` on a shelf; a LabelError lists the names that there are."""
    if _NAME.fullmatch(name):
        for folder in _folders(shelf, site_folder):
            path = folder / f"{name}.toml"
            if path.is_file():
                return path
    word = "stock" if shelf == "stock" else "layout"
    known = ", ".join(names(shelf, site_folder))
    raise LabelError(f"There is no {word} {name[:64]!r}.", f"Known: {known}. A copied file with changes is a new one.")


def _folders(shelf: str, site_folder: Path | None) -> list[Path]:
    site = [] if site_folder is None else [site_folder / shelf]
    return [folder for folder in (*site, resources.labels_folder() / shelf) if folder.is_dir()]


def read_stock(path: Path) -> Stock:
    """Read one file of stock; a LabelError names the file, the line and the key that is wrong."""
    top, _ = read_toml(path)
    kind = top.choice("kind", ("roll", "sheet"))
    title = top.text("title")
    label = top.table("label")
    width, height = label.number("width", 5, _LENGTH_MAX), label.number("height", 4, _LENGTH_MAX)
    label.finish()
    turned = top.flag("turned", default=False) if kind == "roll" else False
    cut = top.flag("cut", default=False) if kind == "sheet" else False
    grid = _read_grid(top, width, height) if kind == "sheet" else None
    top.finish()
    return Stock(path.stem, title, width, height, grid, turned, cut)


def _read_grid(top: Table, width: float, height: float) -> Grid:
    page, grid, shift = top.table("page"), top.table("grid"), top.optional_table("calibration")
    made = Grid(
        page_width=page.number("width", 40, _LENGTH_MAX),
        page_height=page.number("height", 40, _LENGTH_MAX),
        columns=grid.whole("columns", 1, 40),
        rows=grid.whole("rows", 1, 60),
        left=grid.number("left", 0, _LENGTH_MAX),
        top=grid.number("top", 0, _LENGTH_MAX),
        pitch_x=grid.number("pitch_x", width - _TOLERANCE, _LENGTH_MAX),
        pitch_y=grid.number("pitch_y", height - _TOLERANCE, _LENGTH_MAX),
        calibration_x=shift.number("x", -10, 10, 0.0),
        calibration_y=shift.number("y", -10, 10, 0.0),
    )
    for table in (page, grid, shift):
        table.finish()
    _check_extent(grid, "columns", made.left + (made.columns - 1) * made.pitch_x + width, made.page_width)
    _check_extent(grid, "rows", made.top + (made.rows - 1) * made.pitch_y + height, made.page_height)
    return made


def _check_extent(table: Table, key: str, end: float, page: float) -> None:
    if end > page + _TOLERANCE:
        raise table.fail(key, f"the labels end at {end:.2f} mm, beyond the page's {page:.2f} mm")
