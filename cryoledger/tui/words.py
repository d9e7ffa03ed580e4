"""What is said on the screen: text made safe to draw, times and durations, the five verdicts."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from textual.content import Content

from cryoledger.domain import times
from cryoledger.manual.messages import told
from cryoledger.manual.texts import TEXTS, say

LENGTH_MAX: Final = 1000
_HIDDEN: Final = frozenset({"Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS: Final = dict.fromkeys((0x200D, 0xFE0E, 0xFE0F, 0x200B, 0x2060, 0xFEFF))


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an outcome is shown: a symbol, a word for block letters, a class for its colours, and rings of the bell."""

    symbol: str
    word: str
    style: str
    rings: int


VERDICTS: Final = {
    "recorded": Verdict("✓", TEXTS["verdict.recorded"], "-recorded", 1),
    "question": Verdict("?", TEXTS["verdict.question"], "-question", 1),
    "refused": Verdict("✗", TEXTS["verdict.refused"], "-refused", 2),
    "info": Verdict("i", TEXTS["verdict.info"], "-info", 1),
    "broken": Verdict("!", TEXTS["verdict.broken"], "-broken", 2),
}


def verdict(outcome: str) -> Verdict:
    """The verdict of an outcome."""
    name = outcome if outcome in VERDICTS else "info"
    return replace(VERDICTS[name], word=say(f"verdict.{name}"))


def meant(meaning: str) -> str:
    """The meaning of a signature as it is recorded, and in this site's words where it has some."""
    theirs = told(meaning)
    return meaning if theirs == meaning else f"{meaning} = {theirs}"


def plain(text: str, style: str = "") -> Content:
    """Text as it is, in one line: no markup, no control characters, nothing that turns the direction of writing.

    Everything that comes from data passes through here on its way to the screen.
    """
    return Content.styled(clean(text), style) if style else Content(clean(text))


def clean(text: str) -> str:
    """Text with what may not be drawn made visible: "\\x1d" becomes "␝", an override of direction "�"."""
    shown = text if len(text) <= LENGTH_MAX else text[: LENGTH_MAX - 1] + "…"
    if shown.isascii() and shown.isprintable():  # nearly all there is
        return shown
    return "".join(map(_drawn, shown.translate(_JOINERS)))


def _drawn(character: str) -> str:
    number = ord(character)
    if character in "\n\r\t":
        return " "
    if number < 32:
        return chr(0x2400 + number)
    if number == 127:
        return "␡"
    category = unicodedata.category(character)
    if category == "Zs":
        return " "
    return "�" if category in _HIDDEN or category == "Cc" else character


def duration(milliseconds: int) -> str:
    """A time span as it counts on the screen.

    >>> duration(65_000), duration(3_725_000)
    ('1:05', '1:02:05')
    """
    seconds = max(0, milliseconds) // 1000
    minutes, hours = seconds // 60, seconds // 3600
    return f"{hours}:{minutes % 60:02d}:{seconds % 60:02d}" if hours else f"{minutes}:{seconds % 60:02d}"


def clock_text(moment: datetime, zone: str, *, day: bool = False) -> str:
    """The time at the site, and the zone it is told in."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%d %b  %H:%M:%S %Z}" if day else f"{local:%H:%M:%S %Z}"


def age_text(since: str, at: str) -> str:
    """How long ago an instant was, as short as can be: "3h"."""
    minutes = max(0, times.milliseconds(since, at) // 60_000)
    if minutes < 100:
        return f"{minutes}min"
    return f"{minutes // 60}h" if minutes < 96 * 60 else f"{minutes // 1440}d"


def amount(cells: int) -> str:
    """A number of cells in millions where it is one.

    >>> amount(10_000_000), amount(2_500_000), amount(900)
    ('10 M', '2.5 M', '900')
    """
    if cells < 1_000_000:
        return str(cells)
    return f"{cells / 1_000_000:.1f}".removesuffix(".0") + " M"
