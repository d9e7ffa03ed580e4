"""What a whole file was seen to say, counted in bounded memory: the evidence that a survey concludes from."""

from __future__ import annotations

from collections import Counter

from cryoledger.exchange.amounts import NumberEvidence
from cryoledger.exchange.dates import Evidence
from cryoledger.exchange.headers import Columns
from cryoledger.exchange.texts import tidy

__all__ = ["DATES", "NUMBERS", "Look"]

SEEN_MOST = 20_000
DATES = ("filled_on", "expiry_on", "collected_on")
NUMBERS = ("cells", "volume", "viability")


class Look:
    """What was seen, counted in bounded memory."""

    def __init__(self, columns: Columns) -> None:
        self.rows = 0
        self.dates = {name: Evidence() for name in DATES if name in columns.at}
        self.decimals = NumberEvidence()
        self.positions: Counter[str] = Counter()
        self.widths: Counter[int] = Counter()
        self.leading_zeros = 0
        self.values: dict[str, set[str]] = {name: set() for name in NUMBERS if name in columns.at}
        self._raw: dict[str, set[str]] = {name: set() for name in columns.at}
        self._at = columns.at

    def row(self, number: int, cells: list[str]) -> None:
        """Take a row into account."""
        if not any(map(str.strip, cells)):
            return
        self.rows += 1
        for name, evidence in self.dates.items():
            if self._fresh(cells, name):
                evidence.observe(self._cell(cells, name), number)
        for name, seen in self.values.items():
            if self._fresh(cells, name) and len(seen) < SEEN_MOST:
                seen.add(self._cell(cells, name))
                self.decimals.observe(self._cell(cells, name), number)
        position = self._cell(cells, "position").upper()
        if position in self.positions or len(self.positions) < SEEN_MOST:
            self.positions[position] += 1
        at = self._at.get("barcode")
        if at is not None and at < len(cells) and not cells[at].isidentifier():  # most barcodes start with a letter
            barcode = self._cell(cells, "barcode")
            if barcode.isdecimal():
                self.widths[len(barcode)] += 1
                self.leading_zeros += barcode.startswith("0")

    def _fresh(self, cells: list[str], name: str) -> bool:
        """Whether a column says something that it did not say before."""
        at, seen = self._at[name], self._raw[name]
        if at >= len(cells) or cells[at] in seen:
            return False
        if len(seen) < SEEN_MOST and len(cells[at]) < 64:
            seen.add(cells[at])
        return True

    def _cell(self, cells: list[str], name: str) -> str:
        at = self._at.get(name)
        if at is None or at >= len(cells):
            return ""
        cell = cells[at]
        return cell[:64] if cell.isalnum() else tidy(cell)[:64]
