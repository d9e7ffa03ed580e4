"""One bitmap, many outputs: preview, PNG, SVG and files show the same dots."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from PIL import Image

from cryoledger.labels import Bitmap, Label, LabelError, load_layout, load_stock, preview, render, to_png, to_svg
from cryoledger.labels.files import write_labels
from tests.labels.samples import PAIRS, of_layout, vial

ROLL = load_stock("roll-33x13")
QUADRANTS = " ▗▖▄▝▐▞▟▘▚▌▙▀▜▛█"


def label(number: int = 1, dpi: int = 300) -> Label:
    return render(vial(number, biohazard=True), load_layout("vial-33x13"), ROLL, dpi)


@pytest.mark.parametrize(("layout", "stock"), PAIRS[::3])
@pytest.mark.parametrize("dpi", [203, 300])
def test_rectangles_cover_the_ink_once(layout: str, stock: str, dpi: int) -> None:
    bitmap = render(of_layout(layout), load_layout(layout), load_stock(stock), dpi).bitmap
    area = sum(width * height for _, _, width, height in bitmap.rectangles())
    image = Image.new("1", (bitmap.width, bitmap.height), 255)
    for left, top, width, height in bitmap.rectangles():
        image.paste(0, (left, top, left + width, top + height))
    assert Bitmap.from_image(image, dpi) == bitmap
    assert area == image.histogram()[0]


def test_png_has_the_same_dots_and_the_resolution() -> None:
    made = label()
    image = Image.open(io.BytesIO(to_png(made.bitmap)))
    assert image.mode == "1"
    assert round(image.info["dpi"][0]) == 300
    assert Bitmap.from_image(image, 300) == made.bitmap


def test_svg_has_the_same_dots_in_millimetres() -> None:
    bitmap = label().bitmap
    svg = to_svg(bitmap)
    image = Image.new("1", (bitmap.width, bitmap.height), 255)
    for x, y, width, height in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)", svg):
        image.paste(0, (int(x), int(y), int(x) + int(width), int(y) + int(height)))
    assert Bitmap.from_image(image, 300) == bitmap
    assert svg.count("<path") == 1
    assert f'width="{389 * 25.4 / 300:.4f}mm"' in svg


def test_preview_at_full_size_has_the_same_dots() -> None:
    bitmap = label().bitmap
    lines = preview(bitmap, 500, colour=False).split("\n")
    image = Image.new("1", (2 * len(lines[0]), 2 * len(lines)), 255)
    for row, line in enumerate(lines):
        for column, character in enumerate(line):
            ink = QUADRANTS.index(character)
            for bit, (x, y) in zip((8, 4, 2, 1), ((0, 0), (1, 0), (0, 1), (1, 1)), strict=True):
                if ink & bit:
                    image.putpixel((2 * column + x, 2 * row + y), 0)
    assert Bitmap.from_image(image.crop((0, 0, bitmap.width, bitmap.height)), 300) == bitmap


@pytest.mark.parametrize("columns", [1, 20, 80, 120])
def test_preview_keeps_to_its_columns(columns: int) -> None:
    lines = preview(label().bitmap, columns, colour=False).split("\n")
    assert max(map(len, lines)) <= columns
    assert preview(label().bitmap, columns).startswith("\x1b[30;107m")


def test_bitmap_of_wrong_length_is_a_programming_error() -> None:
    with pytest.raises(RuntimeError):
        Bitmap(9, 2, 300, b"\0\0\0")


@pytest.mark.parametrize("suffix", [".pdf", ".zpl", ".png", ".svg", ".PNG"])
def test_files_are_written_by_their_ending(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"labels{suffix}"
    assert write_labels([label()], ROLL, path) == (path,)
    assert path.stat().st_size > 1000
    assert list(tmp_path.iterdir()) == [path]


def test_pictures_of_many_labels_are_numbered(tmp_path: Path) -> None:
    made = write_labels([label(1), label(2)], ROLL, tmp_path / "lot.png")
    assert [path.name for path in made] == ["lot-001.png", "lot-002.png"]


def test_file_that_cannot_be_written_is_a_label_error(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="does not end with"):
        write_labels([label()], ROLL, tmp_path / "labels.doc")
    with pytest.raises(LabelError, match="cannot be written"):
        write_labels([label()], ROLL, tmp_path / "missing" / "labels.pdf")
    with pytest.raises(LabelError, match="no label"):
        write_labels([], ROLL, tmp_path / "labels.pdf")
