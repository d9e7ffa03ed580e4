"""One look through a whole file before any row is read in earnest: what its columns, taken together, say.

The order of day and month, the decimal mark, the units and the size of the boxes are properties of a file, not of a
row. What the file itself decides is guessed, and said; what it leaves open becomes a question.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any

from cryoledger.codes.position import Scheme, parse
from cryoledger.custody.imports.import_facts import BoxSize
from cryoledger.errors import CodeError, RequestError
from cryoledger.exchange.amounts import CELLS, VOLUMES, read_number
from cryoledger.exchange.column_map import KINDS, ColumnMap
from cryoledger.exchange.headers import HEADER_AMONG, Columns, find_columns
from cryoledger.exchange.look import DATES, NUMBERS, Look
from cryoledger.exchange.tables import Table

__all__ = ["Ask", "Question", "Survey", "survey"]

SIZES = ((9, 9), (10, 10), (8, 12), (12, 8), (12, 12), (13, 13), (14, 14))
STRAY_SHARE = 0.02
TOLD_EVERY = 5000
WIDTH_SHARE = 0.8
NEEDED = ("barcode", "position", "lot", "product", "donor", "tissue", "passage", *NUMBERS[:2], *DATES[:2])
NOT_STATED = "not stated"


@dataclass(frozen=True)
class Question:
    """What a file leaves open: the map's key, the question, and the answers that the map may give."""

    key: str
    text: str
    choices: tuple[str, ...]


Ask = Callable[[Question], str | None]
"""Asks a person; None where there is nobody to ask."""


@dataclass(frozen=True)
class Survey:
    """Everything that reading a row needs to know of its file."""

    columns: Columns
    given: ColumnMap
    dates: str
    decimal: str
    cells_unit: int
    volume_unit: int
    box: BoxSize
    rows: int
    guessed: dict[str, Any] = field(default_factory=dict)

    @property
    def certain(self) -> bool:
        """Whether no column was guessed by a header that is merely close, or left out."""
        return not self.columns.close and not self.columns.ignored


def survey(
    table: Table, given: ColumnMap, ask: Ask | None = None, progress: Callable[[int], None] | None = None
) -> Survey:
    """Look through a table; RequestError where a column is missing, or something is open and nobody answers.

    `progress(rows seen)` is called now and then.
    """
    first = list(islice(table.rows(), HEADER_AMONG if given.header is None else given.header))
    columns = find_columns(first, given)
    _need(columns, given)
    look = Look(columns)
    for number, cells in table.rows():
        if number > columns.row:
            look.row(number, cells)
            if progress is not None and number % TOLD_EVERY == 0:
                progress(number)
    return _Conclusion(table, columns, given, look, ask).survey()


def _need(columns: Columns, given: ColumnMap) -> None:
    """Every field that a vial cannot do without is a column, or has a default in the map."""
    has = columns.at.keys() | given.defaults.keys()
    missing = [name for name in NEEDED if name not in has]
    if not {"box", "box_code"} & has:
        missing.append("box")
    if not {f"{kind}{end}" for kind in ("freezer", "tank") for end in ("", "_code")} & has:
        missing.append("freezer")
    if missing:
        ignored = ", ".join(repr(header[:40]) for header in columns.ignored[:20]) or "none"
        words = ", ".join(name.replace("_", " ") for name in missing)
        raise RequestError(
            f"No column says: {words}. Columns not understood: {ignored}.",
            f'Say it in a map: [columns] {missing[0]} = "the header", or [defaults] {missing[0]} = "for every row".',
        )


class _Conclusion:
    """What follows from what was seen, and from what was said."""

    def __init__(self, table: Table, columns: Columns, given: ColumnMap, look: Look, ask: Ask | None) -> None:
        self._columns = columns
        self._given = given
        self._look = look
        self._ask = ask
        self._notes: list[str] = []
        self._guessed: dict[str, Any] = {**table.guessed, "header": columns.row, "columns": dict(columns.headers)}

    def survey(self) -> Survey:
        """Everything together."""
        decimal = self._decimal()
        made = Survey(
            columns=self._columns,
            given=self._given,
            dates=self._dates(),
            decimal=decimal,
            cells_unit=self._cells_unit(decimal),
            volume_unit=self._volume_unit(decimal),
            box=self._box(),
            rows=self._look.rows,
            guessed=self._guessed,
        )
        self._remarks()
        return made

    def _answer(self, question: Question) -> str:
        answer = self._ask(question) if self._ask is not None else None
        if answer not in question.choices:
            choices = " or ".join(f'{question.key} = "{choice}"' for choice in question.choices)
            raise RequestError(question.text, f"Say it in a map: {choices}.")
        return answer

    def _dates(self) -> str:
        if self._given.dates is not None:
            return self._given.dates
        evidence = self._look.dates.values()
        day = next((each.day_first for each in evidence if each.day_first), None)
        month = next((each.month_first for each in evidence if each.month_first), None)
        example = next((each.example for each in evidence if each.either), "")
        if day and month:
            text = f"Row {day} writes the day first and row {month} the month: the dates contradict each other."
            chosen = self._answer(Question("dates", text, ("day-first", "month-first")))
        elif day or month:
            chosen = "day-first" if day else "month-first"
        elif example:
            text = f"Is {example} written with the day first or with the month first? No row says."
            year_last = re.search(r"\d{4}\D*$", example) is not None
            orders = ("day-first", "month-first") if year_last else ("day-first", "month-first", "year-first")
            chosen = self._answer(Question("dates", text, orders))
        else:
            chosen = "year-first"
        self._guessed["dates"] = chosen
        if any(each.serials for each in evidence):
            self._notes.append("dates that a spreadsheet turned into day numbers were turned back (1900 system)")
        return chosen

    def _decimal(self) -> str:
        if self._given.decimal is not None:
            return self._given.decimal
        seen = self._look.decimals
        if seen.comma and seen.point:
            text = f"Row {seen.comma} has a decimal comma and row {seen.point} a decimal point."
            chosen = self._answer(Question("decimal", text, (",", ".")))
        elif seen.either and not (seen.comma or seen.point):
            text = f"Is {seen.example} a number with three decimals, or does the comma part thousands? No row says."
            chosen = self._answer(Question("decimal", text, (",", ".")))
        else:
            chosen = "," if seen.comma else "."
        self._guessed["decimal"] = chosen
        return chosen

    def _greatest(self, name: str, decimal: str, units: dict[str, int | None]) -> Decimal:
        read = (read_number(text, decimal, units, 1) for text in self._look.values.get(name, ()))
        return max((value for value in read if value is not None), default=Decimal(0))

    def _cells_unit(self, decimal: str) -> int:
        said = {"cells": 1, "thousand": 1000, "million": 10**6}
        if self._given.cells_unit is not None:
            return said[self._given.cells_unit]
        header = self._columns.units.get("cells", "")
        if header:
            factor = read_number(f"1 {header}", ".", CELLS, 1) or read_number(f"1 x{header}", ".", CELLS, 1)
            if factor is not None:
                return int(factor)
        million = "cells" in self._columns.at and self._greatest("cells", decimal, CELLS) < 10_000
        self._guessed["cells_unit"] = "million" if million else "cells"
        return 10**6 if million else 1

    def _volume_unit(self, decimal: str) -> int:
        if self._given.volume_unit is not None:
            return 1000 if self._given.volume_unit == "ml" else 1
        header = VOLUMES.get(self._columns.units.get("volume", "").strip())
        if header is not None:
            return header
        millilitres = self._greatest("volume", decimal, VOLUMES) <= 50
        self._guessed["volume_unit"] = "ml" if millilitres else "ul"
        return 1000 if millilitres else 1

    def _box(self) -> BoxSize:
        """The first usual size of which hardly any position lies outside."""
        if self._given.box is not None:
            return BoxSize(self._given.box.rows, self._given.box.columns, self._given.box.scheme)
        if self._columns.own:
            return BoxSize(9, 9, Scheme.LETTERS.value)
        positions = self._look.positions
        running = sum(count for text, count in positions.items() if text.isdecimal())
        total = positions.total()
        scheme = Scheme.RUNNING if running * 2 > total else Scheme.LETTERS
        outside = {size: _outside(scheme, size, positions) for size in SIZES}
        size = next(
            (size for size in SIZES if outside[size] <= STRAY_SHARE * total), min(SIZES, key=lambda each: outside[each])
        )
        self._guessed["box"] = {"rows": size[0], "columns": size[1], "scheme": scheme.value}
        return BoxSize(*size, scheme.value)

    def _remarks(self) -> None:
        widths = self._look.widths
        common = max(widths, key=lambda width: widths[width], default=0)
        shorter = sum(count for width, count in widths.items() if width < common)
        if shorter and not self._look.leading_zeros and self._given.barcode_width is None:
            self._notes.append(
                f"{shorter} barcodes have fewer digits than the {common} of the others: a spreadsheet may have taken "
                f"leading zeros away; barcode_width = {common} in a map puts them back"
            )
        if self._columns.close:
            self._guessed["close_headers"] = {name: self._columns.headers[name] for name in self._columns.close}
        if self._columns.ignored:
            self._guessed["ignored_columns"] = list(self._columns.ignored)
        said = self._columns.at.keys() | self._given.defaults.keys()
        if "cryoprotectant" not in said:
            self._guessed["cryoprotectant"] = NOT_STATED
        if self._given.defaults:
            self._guessed["defaults"] = dict(self._given.defaults)
        if not any(f"{kind}_code" in self._columns.at for kind in KINDS):
            self._notes.append("a storage unit's code is made of the names on the way to it: F1, F1-R1, F1-R1-B1")
        if "donation" not in said:
            self._notes.append("no column names donations: one stands for each tissue of a donor, such as D504-WJ")
        if self._notes:
            self._guessed["notes"] = self._notes


def _outside(scheme: Scheme, size: tuple[int, int], positions: Counter[str]) -> int:
    """How many positions a box of a size does not have, of those that are positions at all."""
    largest = SIZES[-1]
    return sum(
        count for text, count in positions.items() if _has(scheme, largest, text) and not _has(scheme, size, text)
    )


def _has(scheme: Scheme, size: tuple[int, int], text: str) -> bool:
    try:
        parse(scheme, *size, text)
    except CodeError:
        return False
    return True
