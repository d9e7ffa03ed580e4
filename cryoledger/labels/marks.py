"""Draws the marks of a label: "for autologous use only", the biohazard sign, and VOID for training.

The words are those of 21 CFR 1271.90(c): "FOR AUTOLOGOUS USE ONLY" and the Biohazard legend of 1271.3(h).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

from PIL import Image, ImageChops, ImageDraw

from cryoledger.labels.bitmap import INK, PAPER
from cryoledger.labels.errors import LabelError
from cryoledger.labels.lettering import advance, draw_line, pixels

__all__ = ["MARKS", "draw_mark"]

MARKS: Final = ("autologous", "biohazard", "void")
SMALLEST_POINTS: Final = 4.5
LARGEST_POINTS: Final = 60.0
_AUTOLOGOUS: Final = (("FOR AUTOLOGOUS USE ONLY",), ("FOR AUTOLOGOUS", "USE ONLY"), ("FOR", "AUTOLOGOUS", "USE ONLY"))
_LEADING: Final = 1.05  # from one line of capitals to the next, in type sizes
_CAPITALS: Final = 0.73  # their height, in type sizes
_BAND_FILL: Final = 0.86  # white letters keep off the edge of their black band
_FINE: Final = 8  # the biohazard sign is drawn so many times larger, then reduced


@lru_cache(maxsize=64)
def draw_mark(mark: str, width: int, height: int, dpi: int) -> Image.Image:
    """Draw a mark that fills a box of `width` by `height` dots; a box taller than wide gets VOID on its side."""
    if mark == "biohazard":
        return _biohazard(width, height)
    if mark == "void":
        if height > width:
            return _band(("VOID",), height, width, dpi, inverse=True).transpose(Image.Transpose.ROTATE_90)
        return _band(("VOID",), width, height, dpi, inverse=True)
    best = max(_AUTOLOGOUS, key=lambda lines: _largest(lines, width, height, dpi))
    return _band(best, width, height, dpi, inverse=False)


def _largest(lines: tuple[str, ...], width: int, height: int, dpi: int) -> int:
    """Return the largest type size in dots at which the lines fit, 0 where not even the smallest does."""
    smallest, largest = pixels(SMALLEST_POINTS, dpi), pixels(LARGEST_POINTS, dpi)
    fitting = 0
    for size in range(smallest, largest + 1):
        tall = size * (_CAPITALS + _LEADING * (len(lines) - 1))
        if tall > height - 2 or max(advance(line, size, bold=True) for line in lines) > width - 2:
            break
        fitting = size
    return fitting


def _band(lines: tuple[str, ...], width: int, height: int, dpi: int, *, inverse: bool) -> Image.Image:
    size = _largest(lines, width, int(height * _BAND_FILL) if inverse else height, dpi)
    if size == 0:
        raise LabelError(
            f"The box of {width} by {height} dots is too small for {' '.join(lines)!r} at {SMALLEST_POINTS} points.",
            "Make the mark's box larger in the layout.",
        )
    image = Image.new("1", (width, height), PAPER)
    tall = size * (_CAPITALS + _LEADING * (len(lines) - 1))
    baseline = (height - tall) / 2 + size * _CAPITALS
    for number, text in enumerate(lines):
        line = draw_line(text, size, True)
        top = round(baseline + number * size * _LEADING) + line.top
        image.paste(line.image, ((width - line.image.width) // 2, max(0, min(top, height - line.image.height))))
    return ImageChops.invert(image) if inverse else image


def _biohazard(width: int, height: int) -> Image.Image:
    """Draw the sign in the proportions of 29 CFR 1910.145(f)(8): circles of 30 and 21 units, a ring, a hub of 6."""
    side = min(width, height) * _FINE
    unit = side / 52.5
    # Its own centre is above the middle: one blade reaches 26 units up, two reach 20.5 down.
    x, y = side / 2, 26 * unit
    image = Image.new("1", (side, side), PAPER)
    pen = ImageDraw.Draw(image)
    directions = [(math.cos(angle), -math.sin(angle)) for angle in map(math.radians, (90, 210, 330))]
    for dx, dy in directions:
        _disc(pen, x + 11 * unit * dx, y + 11 * unit * dy, 15 * unit, INK)
    for dx, dy in directions:
        _disc(pen, x + 15 * unit * dx, y + 15 * unit * dy, 10.5 * unit, PAPER)
        for start, end, thick in ((2, 9, 1.6), (20, 30, 4)):
            ends = (x + start * unit * dx, y + start * unit * dy, x + end * unit * dx, y + end * unit * dy)
            pen.line(ends, PAPER, round(thick * unit))
    _disc(pen, x, y, 3 * unit, PAPER)
    image.paste(_ring(side, unit), mask=_openings(side, unit, directions))
    small = image.convert("L").reduce(_FINE).point(lambda light: 0 if light < 128 else 255)
    sign = Image.new("1", (width, height), PAPER)
    sign.paste(small.convert("1", dither=Image.Dither.NONE), ((width - small.width) // 2, (height - small.height) // 2))
    return sign


def _openings(side: int, unit: float, directions: list[tuple[float, float]]) -> Image.Image:
    """Return where the ring shows: inside the blades' openings, a gap away from the blades."""
    mask = Image.new("1", (side, side), 0)
    pen = ImageDraw.Draw(mask)
    for dx, dy in directions:
        _disc(pen, side / 2 + 15 * unit * dx, (26 + 15 * dy) * unit, 9.3 * unit, 255)
    return mask


def _ring(side: int, unit: float) -> Image.Image:
    ring = Image.new("1", (side, side), PAPER)
    pen = ImageDraw.Draw(ring)
    _disc(pen, side / 2, 26 * unit, 13.5 * unit, INK)
    _disc(pen, side / 2, 26 * unit, 10 * unit, PAPER)
    return ring


def _disc(pen: ImageDraw.ImageDraw, x: float, y: float, radius: float, fill: int) -> None:
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)
