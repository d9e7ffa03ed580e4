"""A label on a tube of 12.5 mm, as a hand scanner sees it; `python -m tests.labels.tube` measures what still reads.

The label is wrapped round the tube, which is turned about its axis by 0, 15 or 30 degrees from where the symbol
faces the scanner.
What the camera sees is a parallel projection at 20 pixels a millimetre (a module of 0.34 mm has 7), then: shade
towards the sides, the tube held askew by up to 10 degrees, blur, noise. No perspective, no frost, no glare.
"""

from __future__ import annotations

import math
import random
from typing import Final

import zxingcpp
from PIL import Image, ImageChops, ImageFilter

from cryoledger.labels import load_layout, load_stock, render
from cryoledger.labels.bitmap import PAPER
from cryoledger.labels.symbols import QUIET_MODULES, make_symbol
from tests.labels import samples

DIAMETER: Final = 12.5
PIXELS: Final = 20  # a millimetre
ANGLES: Final = (None, 0, 15, 30)
BLUR_PIXELS: Final = 1.2
NOISE: Final = 24  # of 255, either way


def flat_label(layout: str, dpi: int, number: int) -> tuple[Image.Image, float]:
    """A label of a roll in camera pixels, and where its symbol's middle is (mm from the left)."""
    drawn = load_layout(layout)
    stock = load_stock("roll-33x13")
    symbol = samples.ISBT[:-4] + f"{number % 10000:04d}" if layout.endswith("long") else ""
    image = render(samples.vial(number, symbol=symbol), drawn, stock, dpi).bitmap.image().convert("L")
    size = (round(stock.label_width * PIXELS), round(stock.label_height * PIXELS))
    middle = drawn.symbols[0].box.x + drawn.symbols[0].box.width / 2 + (stock.label_width - drawn.width) / 2
    return image.resize(size, Image.Resampling.BOX), middle


def flat_symbol(form: str, module_mm: float, number: int) -> tuple[Image.Image, float]:
    """A symbol alone on paper of 33 x 13 mm, to compare its kind with others."""
    symbol = make_symbol(form, samples.vial(number).code)
    columns, rows = symbol.image.size
    width = round(columns * module_mm * PIXELS)
    height = 8 * PIXELS if form == "code128" else round(rows * module_mm * PIXELS)
    quiet = 2 * QUIET_MODULES[form] * module_mm * PIXELS
    paper = Image.new("L", (max(33 * PIXELS, int(width + quiet)), 13 * PIXELS), PAPER)
    drawn = symbol.image.convert("L").resize((width, height), Image.Resampling.BOX)
    paper.paste(drawn, ((paper.width - width) // 2, (paper.height - height) // 2))
    return paper, paper.width / PIXELS / 2


def seen(flat: Image.Image, middle: float, degrees: float | None, chance: random.Random) -> Image.Image:
    """What the scanner sees: a label round the tube, its symbol turned away by so many degrees, or a flat one (None).

    A flat one lies at any angle, one on the tube within 10 degrees.
    """
    if degrees is None:
        picture = Image.new("L", (flat.width + 8 * PIXELS, flat.height + 8 * PIXELS), 110)
        picture.paste(flat.point([int(40 + light * 0.8) for light in range(256)]), (4 * PIXELS, 4 * PIXELS))
        turned = picture.rotate(chance.uniform(0, 360), Image.Resampling.BICUBIC, expand=True, fillcolor=110)
    else:
        picture = wrapped(flat, middle, degrees)
        turned = picture.rotate(chance.uniform(-10, 10), Image.Resampling.BICUBIC, fillcolor=110)
    blurred = turned.filter(ImageFilter.GaussianBlur(BLUR_PIXELS))
    grain = Image.frombytes("L", blurred.size, chance.randbytes(blurred.width * blurred.height))
    grain = grain.point([int(light * 2 * NOISE / 255) for light in range(256)])
    return ImageChops.add(blurred, grain, 1, -NOISE)


def wrapped(flat: Image.Image, middle: float, degrees: float) -> Image.Image:
    """A label round the tube, in parallel projection, darker towards the sides."""
    radius = DIAMETER / 2 * PIXELS
    width, height = int(2 * radius), flat.height
    picture = Image.new("L", (width + 8 * PIXELS, height + 8 * PIXELS), 110)
    for column in range(width):
        sine = (column + 0.5 - radius) / radius
        source = round(middle * PIXELS + radius * (math.asin(sine) - math.radians(degrees)))
        on_label = 0 <= source < flat.width
        strip = flat.crop((source, 0, source + 1, height)) if on_label else Image.new("L", (1, height), 200)
        shade = 0.8 * (0.45 + 0.55 * math.sqrt(1 - sine * sine))
        picture.paste(strip.point([int(40 + light * shade) for light in range(256)]), (4 * PIXELS + column, 4 * PIXELS))
    return picture


def share(kind: str, dpi: int, degrees: float | None, count: int) -> float:
    """The share of labels that read as what they are; `kind` is a layout, or a form of symbol at 0.34 mm."""
    right = 0
    for number in range(count):
        chance = random.Random(f"{kind} {dpi} {degrees} {number}")
        code = chance.randrange(31**6)
        if kind.startswith("vial"):
            flat, middle = flat_label(kind, dpi, code)
            expected = samples.ISBT[:-4] + f"{code % 10000:04d}" if kind.endswith("long") else samples.vial(code).code
        else:
            flat, middle = flat_symbol(kind, 0.25 if kind == "code128" else 0.34, code)
            expected = samples.vial(code).code
        found = zxingcpp.read_barcodes(seen(flat, middle, degrees, chance))
        assert all(each.bytes == expected.encode() for each in found), "misread"
        right += bool(found)
    return right / count


def main(count: int = 200) -> None:
    """Print the table of README.md."""
    print("| on the tube | dpi | " + " | ".join("flat" if angle is None else f"{angle}°" for angle in ANGLES) + " |")
    print("|---|---|" + "---|" * len(ANGLES))
    kinds = [(layout, dpi) for layout in ("vial-33x13", "vial-33x13-long") for dpi in (203, 300, 600)]
    for kind, dpi in [*kinds, ("datamatrix", 0), ("qr", 0), ("code128", 0)]:
        cells = " | ".join(f"{share(kind, dpi, angle, count):.1%}" for angle in ANGLES)
        print(f"| {kind} | {dpi or '-'} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
