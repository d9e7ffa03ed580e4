"""ZPL: the same dots, drawn by a renderer that is not ours, and decoded."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import pytest
from PIL import Image

from cryoledger.labels import load_layout, load_stock, render, to_zpl
from tests.labels import samples, tools

ROLLS = [pair for pair in samples.PAIRS if pair[1].startswith(("roll", "wrist"))]
DOTS = {203: 8, 300: 12, 600: 24}


@pytest.mark.parametrize(("layout", "stock"), ROLLS)
@pytest.mark.parametrize("dpi", [203, 300, 600])
def test_graphic_holds_the_bitmap(layout: str, stock: str, dpi: int) -> None:
    roll = load_stock(stock)
    label = render(samples.of_layout(layout), load_layout(layout), roll, dpi)
    text = to_zpl(label, roll).decode("ascii")
    found = re.fullmatch(r"\^XA.*\^PW(\d+)\^LL(\d+)\^FO0,0\^GFA,(\d+),(\d+),(\d+),([0-9A-F]+)\^FS.*\^XZ\n", text)
    assert found is not None
    width, height, total, again, stride = map(int, found.groups()[:5])
    bitmap = label.bitmap.turned() if roll.turned else label.bitmap
    assert (width, height, total, again, stride) == (bitmap.width, bitmap.height, stride * height, total, stride)
    assert bytes.fromhex(found[6]) == bitmap.rows
    assert text.count("^") == text[: text.index("^GFA")].count("^") + 4


@pytest.mark.parametrize(("layout", "stock"), [*ROLLS[:1], ("unit-50x25", "roll-50x25"), *ROLLS[-2:-1]])
@pytest.mark.parametrize("dpi", [203, 300])
def test_an_independent_renderer_shows_the_same_dots(layout: str, stock: str, dpi: int, tmp_path: Path) -> None:
    roll = load_stock(stock)
    made = [render(samples.of_layout(layout, number), load_layout(layout), roll, dpi) for number in (1, 2)]
    first = made[0].bitmap.turned() if roll.turned else made[0].bitmap
    zpl = b"".join(to_zpl(label, roll) for label in made)
    pictures = tools.render_zpl(zpl, tmp_path, first.width / DOTS[dpi], first.height / DOTS[dpi], DOTS[dpi])
    assert len(pictures) == len(made)
    for label, picture in zip(made, pictures, strict=True):
        image = Image.open(io.BytesIO(base64.b64decode(picture))).convert("L")
        bitmap = label.bitmap.turned() if roll.turned else label.bitmap
        seen = image.crop((0, 0, bitmap.width, bitmap.height)).point(lambda light: 0 if light < 128 else 255)
        assert seen.tobytes() == bitmap.image().convert("L").tobytes()
        assert set(tools.read_all(image)) == {label.scanned}
