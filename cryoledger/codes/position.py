"""Positions of a box: what is written on its grid, and which place in fill order that is.

Three schemes are in use, here for a box of 3 rows and 4 columns:

    letters            running            columns
    A1 A2 A3 A4         1  2  3  4         1  4  7 10
    B1 B2 B3 B4         5  6  7  8         2  5  8 11
    C1 C2 C3 C4         9 10 11 12         3  6  9 12

An **index** counts from 0 in the scheme's own fill order: along the rows for `letters` and `running`, down
the columns for `columns`. `cell` and `index_of` turn it into a row and a column and back. Rows beyond Z are
AA, AB ...
A printed position code is the unit's code, a slash and the label: `BKU000007R/C4`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cryoledger.errors import CodeError

__all__ = [
    "PositionScan",
    "Scheme",
    "cell",
    "index_of",
    "label",
    "looks_like_label",
    "parse",
    "position_code",
]

ROWS_MAX: Final = 26 + 26 * 26
COLUMNS_MAX: Final = 999
_LETTERS: Final = re.compile(r"([A-Z]{1,2})0{0,3}([1-9][0-9]{0,2})", re.ASCII)
_RUNNING: Final = re.compile(r"0{0,3}([1-9][0-9]{0,5})", re.ASCII)


class Scheme(StrEnum):
    """How the positions of a box are named."""

    LETTERS = "letters"
    RUNNING = "running"
    COLUMNS = "columns"


@dataclass(frozen=True, slots=True)
class PositionScan:
    """A scanned position: the unit's code and the label as printed, judged by `parse` once the box is known.

    Any text with one slash and a label after it reads as a position. A tube maker's code may look the same:
    where no unit has the code `unit`, look up `raw`'s content, `text`, as a tube.
    """

    unit: str
    position: str
    raw: str = ""

    @property
    def text(self) -> str:
        """The position code without what the scanner put around it."""
        return f"{self.unit}/{self.position}"


def label(scheme: Scheme | str, rows: int, columns: int, index: int) -> str:
    """Return the label of position `index` (0-based, in fill order).

    >>> label("letters", 9, 9, 80), label("columns", 9, 9, 80)
    ('I9', '81')
    """
    row, column = cell(scheme, rows, columns, index)
    if scheme == Scheme.LETTERS:
        return f"{_row_letters(row)}{column + 1}"
    return str(index + 1)


def parse(scheme: Scheme | str, rows: int, columns: int, text: str) -> int:
    """Return the 0-based index of the position written as `text`; "a01" is "A1", blanks around are dropped.

    >>> parse("letters", 9, 9, "b3")
    11
    """
    _check_box(scheme, rows, columns)
    wanted = text.strip(" ")
    if scheme == Scheme.LETTERS:
        return _parse_letters(rows, columns, wanted)
    match = _RUNNING.fullmatch(wanted)
    if match is None or int(match[1]) > rows * columns:
        raise _no_such_position(scheme, rows, columns, wanted)
    return int(match[1]) - 1


def cell(scheme: Scheme | str, rows: int, columns: int, index: int) -> tuple[int, int]:
    """Return row and column (0-based, from the marked corner) of position `index`."""
    _check_box(scheme, rows, columns)
    if not 0 <= index < rows * columns:
        raise CodeError(f"A box of {rows} x {columns} has no position number {index + 1}.")
    if scheme == Scheme.COLUMNS:
        column, row = divmod(index, rows)
        return row, column
    return divmod(index, columns)


def index_of(scheme: Scheme | str, rows: int, columns: int, row: int, column: int) -> int:
    """Return the index of the position in `row` and `column`: the inverse of `cell`."""
    _check_box(scheme, rows, columns)
    if not (0 <= row < rows and 0 <= column < columns):
        raise CodeError(f"A box of {rows} x {columns} has no row {row + 1} with a column {column + 1}.")
    return column * rows + row if scheme == Scheme.COLUMNS else row * columns + column


def position_code(unit: str, position: str) -> str:
    """Return the text to print beside a position: `<unit code>/<position label>`."""
    if not unit or "/" in unit or not looks_like_label(position):
        raise CodeError("A position code is a unit's code without '/', a '/', and a position label.")
    return f"{unit}/{position}"


def looks_like_label(text: str) -> bool:
    """Whether `text` could name a position of some box."""
    return (_LETTERS.fullmatch(text.upper()) or _RUNNING.fullmatch(text)) is not None


def _parse_letters(rows: int, columns: int, wanted: str) -> int:
    match = _LETTERS.fullmatch(wanted.upper())
    if match is not None:
        row, column = _row_number(match[1]), int(match[2]) - 1
        if row < rows and column < columns:
            return row * columns + column
    raise _no_such_position(Scheme.LETTERS, rows, columns, wanted)


def _check_box(scheme: Scheme | str, rows: int, columns: int) -> None:
    if scheme not in tuple(Scheme):
        raise CodeError(f"There is no position scheme {scheme!r}.", "Take one of: " + ", ".join(Scheme) + ".")
    if not (1 <= rows <= ROWS_MAX and 1 <= columns <= COLUMNS_MAX):
        raise CodeError(f"A box has 1 to {ROWS_MAX} rows and 1 to {COLUMNS_MAX} columns.")


def _no_such_position(scheme: Scheme | str, rows: int, columns: int, wanted: str) -> CodeError:
    first, last = label(scheme, rows, columns, 0), label(scheme, rows, columns, rows * columns - 1)
    return CodeError(
        f"The box has no position {wanted[:40]!r}: its {rows * columns} positions go from {first} to {last} "
        f"({rows} rows, {columns} columns).",
        "Read the position on the box's grid again.",
    )


def _row_letters(row: int) -> str:
    high, low = divmod(row, 26)
    return (chr(ord("A") + high - 1) if high else "") + chr(ord("A") + low)


def _row_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
