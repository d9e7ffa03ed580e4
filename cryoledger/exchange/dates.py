"""Dates as laboratories write them, and in which order: day, month and year are told apart by a whole column.

Understood: 2024-06-10, 10.06.2024, 10/06/24, 20240610, 10-Jun-2024, June 10, 2024, the day numbers of a spreadsheet
(45453), Buddhist years (2567), and a time of day behind any of them, which is left out.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta

__all__ = ["DateOrder", "Evidence", "read_date"]

DateOrder = str  # "day-first", "month-first" or "year-first"

_NUMERIC = re.compile(r"(\d{1,4})([./\- ])(\d{1,2})\2(\d{1,4})(?:[T ]\d{1,2}:\d{2}.*)?")
_COMPACT = re.compile(r"((?:19|20|25)\d\d)(\d\d)(\d\d)")
_SERIAL = re.compile(r"([2-7]\d{4})(?:[.,]0*)?")
_MONTH = r"([^\d\s,/\-]{1,20}?)"  # not only letters: Thai writes vowels above, and points within
_NAMED = re.compile(rf"(\d{{1,2}})[. \-/]*{_MONTH}[. ,\-/]*(\d{{2,4}})|{_MONTH}[. ]*(\d{{1,2}})[., ]+(\d{{4}})")
_EPOCH = date(1899, 12, 30)  # day 0 of a spreadsheet that believes in 29 February 1900
_BUDDHIST = 543
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier janv enero ene jän jänner ม.ค มกราคม",
            "feb february februar février fev fevrier febrero ก.พ กุมภาพันธ์",
            "mar march mär märz mrz maerz mars marzo มี.ค มีนาคม",
            "apr april avril avr abril abr เม.ย เมษายน",
            "may mai mayo พ.ค พฤษภาคม",
            "jun june juni juin junio มิ.ย มิถุนายน",
            "jul july juli juillet juil julio ก.ค กรกฎาคม",
            "aug august août aout agosto ago ส.ค สิงหาคม",
            "sep sept september septembre septiembre ก.ย กันยายน",
            "oct october okt oktober octobre octubre ต.ค ตุลาคม",
            "nov november novembre noviembre พ.ย พฤศจิกายน",
            "dec december dez dezember décembre decembre diciembre dic ธ.ค ธันวาคม",
        ),
        start=1,
    )
    for name in names.split()
}


def read_date(text: str, order: DateOrder) -> date | None:
    """The calendar date of a cell; None where there is none, or no such day."""
    if len(text) > 40:
        return None
    try:
        return _numeric(text, order) or _other(text)
    except (ValueError, OverflowError):
        return None


def _numeric(text: str, order: DateOrder) -> date | None:
    match = _NUMERIC.fullmatch(text)
    if match is None:
        return None
    one, _, middle, last = match.groups()
    if len(one) > 2:
        return _day(one, middle, last)
    if len(last) == 1:
        return None
    if order == "year-first":
        return _day(one, middle, last)
    return _day(last, middle, one) if order == "day-first" else _day(last, one, middle)


def _other(text: str) -> date | None:
    compact = _COMPACT.fullmatch(text)
    if compact is not None:
        return _day(*compact.groups())
    serial = _SERIAL.fullmatch(text)
    if serial is not None:
        return _EPOCH + timedelta(days=int(serial[1]))
    named = _NAMED.fullmatch(text)
    if named is None:
        return None
    day, month, year = named.group(1, 2, 3) if named[1] else named.group(5, 4, 6)
    number = _MONTHS.get(unicodedata.normalize("NFC", month).casefold().strip("."))
    return _day(year, str(number), day) if number is not None else None


def _day(year: str, month: str, day: str) -> date | None:
    if len(year) == 3 or len(day) > 2:
        return None
    number = int(year)
    if len(year) <= 2:
        number += 2000 if number < 70 else 1900
    elif number >= 2400:
        number -= _BUDDHIST
    found = date(number, int(month), int(day))
    return found if 1970 <= found.year < 2200 else None


@dataclass
class Evidence:
    """What the dates of a column say of the order in which they are written, by the first row that says so."""

    day_first: int | None = None
    month_first: int | None = None
    either: int | None = None
    example: str = ""
    serials: int = 0

    def observe(self, text: str, row: int) -> None:
        """Take one cell into account."""
        match = _NUMERIC.fullmatch(text) if len(text) <= 40 else None
        if match is None:
            self.serials += _SERIAL.fullmatch(text) is not None
            return
        one, mark, middle, last = match.groups()
        if len(one) > 2:
            return
        if mark == "-" and len(last) == 2 and int(one) > 12 and int(last) <= 31:
            self.either = self.either or row  # 24-06-10 may begin with the year, too
            self.example = self.example or text
            return
        # Who writes points writes the day first: the month-first order is written with strokes.
        if int(one) > 12 >= int(middle) or (mark == "." and int(middle) <= 12):
            self.day_first = self.day_first or row
        elif int(middle) > 12 >= int(one):
            self.month_first = self.month_first or row
        elif one.lstrip("0") != middle.lstrip("0"):
            self.either = self.either or row
            self.example = self.example or text
