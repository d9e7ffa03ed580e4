"""The one picture of a label: ink or no ink on the dot grid of a print head; every output is made of these dots.

The preview in the terminal, PNG, SVG, the PDF sheet (`pdf.py`) and ZPL (`zpl.py`) all start from a `Bitmap`,
so what was looked at and decoded is what is printed.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Final

from PIL import Image

__all__ = ["INK", "PAPER", "Bitmap", "preview", "to_png", "to_svg"]

INK, PAPER = 0, 255
"""The two values of a Pillow image of mode "1"; 1 for paper would pass, and then fail to invert."""
MILLIMETRES_PER_INCH: Final = 25.4
PREVIEW_COLUMNS: Final = 120
_INK: Final = re.compile(rb"\x00+")
# Quadrant characters by the ink of upper left (8), upper right (4), lower left (2), lower right (1).
_QUADRANTS: Final = " ▗▖▄▝▐▞▟▘▚▌▙▀▜▛█"
_BLACK_ON_WHITE, _NORMAL = "\x1b[30;107m", "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Bitmap:
    """`rows` holds `height` rows of whole bytes, left to right from the highest bit; 1 is ink."""

    width: int
    height: int
    dpi: int
    rows: bytes

    def __post_init__(self) -> None:
        if len(self.rows) != self.height * self.stride:
            raise RuntimeError(f"{len(self.rows)} bytes are not {self.height} rows of {self.stride}")

    @classmethod
    def from_image(cls, image: Image.Image, dpi: int) -> Bitmap:
        """Take a Pillow image of mode "1", black on white."""
        if image.mode != "1":
            raise RuntimeError(f"a bitmap is made of mode 1, not {image.mode}")
        return cls(image.width, image.height, dpi, image.tobytes("raw", "1;I"))

    @property
    def stride(self) -> int:
        """Bytes of a row."""
        return (self.width + 7) // 8

    @property
    def millimetres(self) -> tuple[float, float]:
        """Width and height in millimetres."""
        scale = MILLIMETRES_PER_INCH / self.dpi
        return self.width * scale, self.height * scale

    def image(self) -> Image.Image:
        """Return the Pillow image of mode "1", black on white."""
        return Image.frombytes("1", (self.width, self.height), self.rows, "raw", "1;I")

    def turned(self) -> Bitmap:
        """Return the bitmap turned by 90 degrees, its left side down."""
        return Bitmap.from_image(self.image().transpose(Image.Transpose.ROTATE_90), self.dpi)

    def rectangles(self) -> list[tuple[int, int, int, int]]:
        """Return rectangles (left, top, width, height) in dots that together are the ink, none on another."""
        wide = self.width + 1  # a column of paper keeps the ink of a row from running into the next
        image = Image.new("L", (wide, self.height), PAPER)
        image.paste(self.image(), (0, 0))
        dots = image.tobytes()
        made: list[tuple[int, int, int, int]] = []
        growing: dict[tuple[int, int], int] = {}
        for y in range(self.height):
            start = y * wide
            row = dots[start : start + wide]
            if y and row == dots[start - wide : start]:
                continue
            now: dict[tuple[int, int], int] = {}
            for match in _INK.finditer(row):
                run = match.span()
                now[run] = growing.pop(run, y)
            made.extend((left, top, right - left, y - top) for (left, right), top in growing.items())
            growing = now
        made.extend((left, top, right - left, self.height - top) for (left, right), top in growing.items())
        return made


def to_png(bitmap: Bitmap) -> bytes:
    """Return a PNG of one bit a dot, with the resolution in its header."""
    buffer = io.BytesIO()
    bitmap.image().save(buffer, "PNG", dpi=(bitmap.dpi, bitmap.dpi), optimize=False)
    return buffer.getvalue()


def to_svg(bitmap: Bitmap) -> str:
    """Return an SVG in true millimetres; all ink is one path, so that no seams appear between dots."""
    width, height = bitmap.millimetres
    path = "".join(f"M{x} {y}h{w}v{h}h-{w}z" for x, y, w, h in bitmap.rectangles())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.4f}mm" height="{height:.4f}mm" '
        f'viewBox="0 0 {bitmap.width} {bitmap.height}" shape-rendering="crispEdges">'
        f'<rect width="{bitmap.width}" height="{bitmap.height}" fill="#fff"/><path fill="#000" d="{path}"/></svg>\n'
    )


def preview(bitmap: Bitmap, columns: int = PREVIEW_COLUMNS, *, colour: bool = True) -> str:
    """Return lines of at most `columns` quadrant characters, two by two dots each.

    A label with more dots is made smaller, by whole steps; ink of a quarter of the dots that fall together
    counts as ink. With `colour` each line carries the codes for black on white, whatever the terminal's own.
    """
    step = max(1, -(-bitmap.width // (2 * max(columns, 1))))
    image = bitmap.image().convert("L").reduce(step).point(lambda light: 0 if light < 192 else 255)
    width, height = image.size
    dots = image.tobytes()

    def ink(x: int, y: int) -> bool:
        return x < width and y < height and dots[y * width + x] == 0

    lines = []
    for y in range(0, height, 2):
        line = "".join(
            _QUADRANTS[8 * ink(x, y) + 4 * ink(x + 1, y) + 2 * ink(x, y + 1) + ink(x + 1, y + 1)]
            for x in range(0, width, 2)
        )
        lines.append(f"{_BLACK_ON_WHITE}{line}{_NORMAL}" if colour else line)
    return "\n".join(lines)
