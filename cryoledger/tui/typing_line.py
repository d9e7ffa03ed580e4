"""What a hand has typed so far: the digits of a PIN that was asked for, or a code in the entry line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryoledger.tui.scan_gate import Scan

PIN_MAX: Final = 64
ENTRY_MAX: Final = 1024
TYPED: Final = frozenset(
    {"choice", "test", "result", "day", "number", "entry", "text", "time", "volume", "diluent", "cells", "viability",
     "container", "reaction", "method", "purpose", "line", "reason", "quantity", "file", "code",
     "weight", "celsius", "product", "requirement", "date", "size", "grid"}
)  # fmt: skip
"""What is asked for and mostly typed; a scan is taken all the same."""


@dataclass(slots=True)
class TypingLine:
    """`digits` is None unless a PIN is asked for; `entry` is None unless the entry line is open.

    `asked` says that it opened by itself, because what is asked for is mostly typed: an amount, a time, a choice.
    """

    digits: str | None = None
    entry: str | None = None
    asked: bool = False

    @property
    def is_open(self) -> bool:
        """Whether typed characters go anywhere."""
        return self.digits is not None or self.entry is not None

    def ask(self, ask: str) -> None:
        """What the desk awaits now; digits typed so far are forgotten."""
        self.digits = "" if ask == "pin" else None
        if ask in TYPED:
            self.entry, self.asked = (self.entry or ""), self.asked or self.entry is None
        elif self.asked:
            self.entry, self.asked = None, False

    def toggle(self) -> None:
        """Open or close the entry line; one that opened by itself stays open from then on."""
        self.entry, self.asked = ("" if self.entry is None else self.entry if self.asked else None), False

    def close(self) -> None:
        """Forget what was typed."""
        self.digits, self.entry, self.asked = None, None, False

    def is_pin(self, scan: Scan) -> bool:
        """Whether a fast run is the PIN that is asked for: digits alone. A badge has letters, a marked scan a mark."""
        return self.digits is not None and not scan.marked and _is_digits(scan.text)

    def accepts(self, text: str) -> bool:
        """Whether a run of keys belongs into the line (a slow connection delivers typed keys in bunches)."""
        return _is_digits(text) if self.digits is not None else self.entry is not None

    def add(self, text: str) -> None:
        """Put characters at the end."""
        if self.digits is not None:
            self.digits = (self.digits + text)[:PIN_MAX] if _is_digits(text) else self.digits
        elif self.entry is not None:
            self.entry = (self.entry + text)[:ENTRY_MAX]

    def type(self, key: str, text: str | None) -> None:
        """One key: a character, Backspace, or Escape, which empties a PIN and closes the entry line."""
        if text is not None:
            self.add(text)
        elif key == "backspace":
            self.digits = self.digits[:-1] if self.digits is not None else None
            self.entry = self.entry[:-1] if self.entry is not None and self.digits is None else self.entry
        elif key == "escape":
            self.entry = self.entry if self.digits is not None else None
            self.digits = "" if self.digits is not None else None

    def take(self) -> str:
        """What was typed, and start anew."""
        if self.digits is not None:
            text, self.digits = self.digits, ""
            return text
        text, self.entry = self.entry or "", "" if self.entry is not None else None
        return text


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdecimal()
