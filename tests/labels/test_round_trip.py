"""Thousands of codes, drawn at each resolution and stock, read by zxing-cpp and by a second decoder."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from cryoledger.labels import load_layout, load_stock, render
from tests.labels import samples, tools

DPI = (203, 300, 600)
CODES_SMALL, CODES_LARGE = 60, 6  # each: over 2,000 codes in all
LARGE_DOTS = 300_000


@pytest.mark.parametrize("dpi", DPI)
@pytest.mark.parametrize(("layout", "stock"), samples.PAIRS)
def test_random_codes_read_from_the_whole_label(layout: str, stock: str, dpi: int) -> None:
    """The whole label is given to the decoder, so text and marks have their chance to disturb it."""
    chance = random.Random(f"{layout} {stock} {dpi}")
    drawn_layout, drawn_stock = load_layout(layout), load_stock(stock)
    width, height = drawn_stock.dots(dpi)
    count = CODES_SMALL if width * height < LARGE_DOTS else CODES_LARGE
    for _ in range(count):
        content = samples.of_layout(layout, chance.randrange(31**6))
        label = render(content, drawn_layout, drawn_stock, dpi, training=chance.random() < 0.2)
        found = zxingcpp.read_barcodes(label.bitmap.image().convert("L"))
        assert {each.bytes for each in found} == {content.scanned.encode()}


@pytest.mark.parametrize("dpi", DPI)
@pytest.mark.parametrize("layout", ["vial-33x13", "cap-25x9", "vial-33x13-long"])
def test_a_second_decoder_reads_the_data_matrix(layout: str, dpi: int, tmp_path: Path) -> None:
    stock = load_stock("roll-25x9" if layout == "cap-25x9" else "roll-33x13")
    box = load_layout(layout).symbols[0].box
    corner = [round((side + 0.5) * dpi / 25.4) for side in (0, 0, box.x + box.width, box.y + box.height)]
    for number in (1, 31**3 + 7, 31**6 - 1):
        content = samples.vial(number, symbol=samples.ISBT if layout.endswith("long") else "")
        image = render(content, load_layout(layout), stock, dpi).bitmap.image().convert("L")
        path = tmp_path / f"{number}.png"
        image.crop((0, 0, corner[2], corner[3])).save(path)
        assert tools.read_by_dmtx(path) == content.scanned


@pytest.mark.parametrize("dpi", DPI)
@pytest.mark.parametrize("layout", ["unit-50x25", "unit-100x50", "badge-86x54", "order-100x50"])
def test_a_second_decoder_reads_code128_and_qr(layout: str, dpi: int, tmp_path: Path) -> None:
    stock = load_stock(dict(samples.PAIRS)[layout])
    for number in (1, 31**3 + 7, 31**6 - 1):
        content = samples.of_layout(layout, number)
        image = render(content, load_layout(layout), stock, dpi).bitmap.image().convert("L")
        path = tmp_path / f"{number}.png"
        image.save(path)
        assert tools.read_by_zbar(path) == {content.scanned}


def test_the_test_can_fail() -> None:
    label = render(samples.vial(), load_layout("vial-33x13"), load_stock("roll-33x13"))
    image = label.bitmap.image().convert("L")
    image.paste(Image.new("L", (30, 30), 255), (20, 40))
    assert not zxingcpp.read_barcodes(image)
