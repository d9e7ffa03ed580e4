"""Draws text in dots, in fonts that come with what we install.

Bitstream Vera Sans (reportlab ships it; its licence allows bundling) is hinted for few dots: at 203 dpi and 4.5
points its letters stay apart. It covers western Latin; a text with other letters is set whole in DejaVu Sans Mono
(python-barcode ships it, same licence; no bold), which has all of Latin, Greek and Cyrillic. A character that
neither has is refused: a box in its place would be read as something else. So are combining marks and scripts
that need shaping, which are not drawn rightly here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import barcode
import reportlab
from PIL import Image, ImageDraw, ImageFont

from cryoledger.labels.bitmap import INK, PAPER
from cryoledger.labels.errors import LabelError

__all__ = ["ASCENT", "Line", "advance", "draw_line", "missing", "pixels", "wrap"]

POINTS_PER_INCH: Final = 72
ASCENT: Final = 0.78
"""The part of the type size that lies above the baseline, without accents on capitals."""

_VERA: Final = Path(reportlab.__file__).parent / "fonts"
_DEJAVU: Final = Path(barcode.__file__).parent / "fonts" / "DejaVuSansMono.ttf"
_POWERS: Final = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_AS_DIGITS: Final = str.maketrans(_POWERS, "0123456789")
_POWER_SIZE, _POWER_RAISED = 0.72, 0.33  # in type sizes
_SHAPED_FROM, _SIGNS_END, _SOFT_HYPHEN = 0x0530, 0x2600, 0x00AD


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text in dots: the ink alone, and where it lies from the pen's start on the baseline."""

    image: Image.Image
    left: int
    top: int


def pixels(points: float, dpi: int) -> int:
    """Return the type size in whole dots."""
    return max(1, round(points * dpi / POINTS_PER_INCH))


def missing(text: str) -> str:
    """Return the characters of a text that no font here can draw, each once."""
    lacking: set[str] = set()
    for run, _, _ in _runs(text, 1):
        covered = _covered(_font_file(run, bold=False))
        lacking.update(character for character in run if ord(character) not in covered)
    return "".join(sorted(lacking))


@lru_cache(maxsize=4096)
def advance(text: str, size: int, *, bold: bool) -> int:
    """Return the width of a text in dots, at a type size in dots."""
    return round(
        sum(_font(_font_file(run, bold=bold), dots).getlength(run, mode="1") for run, dots, _ in _runs(text, size))
    )


def wrap(text: str, width: int, size: int, *, bold: bool) -> list[str]:
    """Break a text at its spaces into lines of at most `width` dots; a longer word stays whole."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if not lines[-1] or advance(longer, size, bold=bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


@lru_cache(maxsize=4096)
def draw_line(text: str, size: int, bold: bool) -> Line:
    """Draw one line; a LabelError names the characters that no font has, or says that nothing is to be seen."""
    if lacking := missing(text):
        points = ", ".join(f"{character!r} (U+{ord(character):04X})" for character in lacking)
        raise LabelError(f"The label's fonts have no {points}.", "Write the text with other characters.")
    image = Image.new("1", (advance(text, size, bold=bold) + 2 * size, 3 * size), PAPER)
    pen = ImageDraw.Draw(image)
    pen.fontmode = "1"
    x = float(size)
    for run, run_size, raised in _runs(text, size):
        font = _font(_font_file(run, bold=bold), run_size)
        pen.text((round(x), 2 * size - raised), run, fill=INK, font=font, anchor="ls")
        x += font.getlength(run, mode="1")
    ink = image.convert("L").point(lambda light: 255 - light).getbbox()
    if ink is None:
        raise LabelError(f"The text {text!r} shows nothing.", "Leave it out of the layout.")
    return Line(image.crop(ink), ink[0] - size, ink[1] - 2 * size)


def _runs(text: str, size: int) -> list[tuple[str, int, int]]:
    """Part a text into runs with the size and the height of each, in dots; powers are small digits, raised."""
    runs = []
    for part in re.split(f"([{_POWERS}]+)", _composed(text)):
        if part and part[0] in _POWERS:
            runs.append((part.translate(_AS_DIGITS), round(size * _POWER_SIZE), round(size * _POWER_RAISED)))
        elif part:
            runs.append((part, size, 0))
    return runs


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _font_file(text: str, *, bold: bool) -> Path:
    vera = _VERA / ("VeraBd.ttf" if bold else "Vera.ttf")
    return vera if all(ord(character) in _covered(vera) for character in text) else _DEJAVU


@cache
def _font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)


@cache
def _covered(path: Path) -> frozenset[int]:
    from reportlab.pdfbase.ttfonts import TTFontFace  # a slow import, needed once text is drawn

    return frozenset(point for point in TTFontFace(str(path)).charToGlyph if _is_simple(point))


def _is_simple(point: int) -> bool:
    """Latin, Greek, Cyrillic, punctuation and signs, and nothing that joins or hides."""
    character = chr(point)
    in_range = 0x20 <= point < _SHAPED_FROM or 0x1E00 <= point < _SIGNS_END
    return in_range and character.isprintable() and not unicodedata.combining(character) and point != _SOFT_HYPHEN
