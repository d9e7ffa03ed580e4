"""Numbers as laboratories write them: decimal comma or point, thousands apart, a unit behind them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

__all__ = ["CELLS", "VOLUMES", "NumberEvidence", "read_number"]

_NUMBER = re.compile(r"([+\-−]?)\s*([\d.,' \u00a0\u202f]*\d)(?:[eE]([+\-]?\d{1,2}))?\s*(.*)", re.DOTALL)
_UNIT = re.compile(r"[×x*·]\s*10\s*\^?\s*(\d)|[×x*·]\s*1e(\d)", re.IGNORECASE)
_APART = str.maketrans("", "", "' \u00a0\u202f")

CELLS = {
    "": None, "cells": 1, "zellen": 1, "cellules": 1, "células": 1, "k": 10**3, "thousand": 10**3, "tsd": 10**3,
    "m": 10**6, "mio": 10**6, "million": 10**6, "millions": 10**6, "mill": 10**6, "millionen": 10**6,
    "millones": 10**6, "mln": 10**6, "ล้าน": 10**6, "10^6": 10**6, "10^3": 10**3,
}  # fmt: skip
VOLUMES = {"": None, "ml": 1000, "มล": 1000, "ul": 1, "µl": 1, "μl": 1, "microl": 1, "l": 10**6}
PERCENT = {"": 1000, "%": 1000}


def read_number(text: str, decimal: str, units: dict[str, int | None], bare: int) -> Decimal | None:
    """A number in the smallest unit: `units` say what a unit behind it multiplies it by, `bare` what none does."""
    match = _NUMBER.fullmatch(text) if len(text) <= 40 else None
    if match is None:
        return None
    sign, digits, exponent, unit = match.groups()
    digits = digits.translate(_APART).replace("." if decimal == "," else ",", "")
    factor = _factor(unit.strip(), units, bare)
    if factor is None:
        return None
    try:
        value = Decimal(digits.replace(",", ".")).scaleb(int(exponent or 0)) * factor
    except (InvalidOperation, ValueError):
        return None
    return -value if sign in ("-", "−") else value


def _factor(unit: str, units: dict[str, int | None], bare: int) -> int | None:
    power = _UNIT.fullmatch(unit.split(" cells")[0].strip())
    if power is not None:
        return int(10 ** int(power[1] or power[2])) if "m" in units else None
    word = unit.casefold().rstrip(".")
    if word not in units:
        return None
    found = units[word]
    return bare if found is None else found


@dataclass
class NumberEvidence:
    """Which decimal mark a file writes, as its numbers show; and the greatest of them."""

    comma: int | None = None
    point: int | None = None
    either: int | None = None
    example: str = ""

    def observe(self, text: str, row: int) -> None:
        """Take one cell into account."""
        if "," not in text and "." not in text:
            return
        match = _NUMBER.fullmatch(text) if len(text) <= 40 else None
        if match is None:
            return
        digits = match[2].translate(_APART)
        last = max(digits.rfind(","), digits.rfind("."))
        if last < 0:
            return
        mark = digits[last]
        other = "." if mark == "," else ","
        if digits.count(mark) > 1:
            mark, other = other, mark  # what stands more than once parts thousands
        elif other not in digits and len(digits) - last == 4 and digits[0] != "0":
            if mark == ",":
                self.either, self.example = self.either or row, self.example or text
            return  # 1.000 is one to whoever writes points, unless other numbers say otherwise
        if mark == ",":
            self.comma = self.comma or row
        else:
            self.point = self.point or row
