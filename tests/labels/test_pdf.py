"""PDF sheets: every label where the sheet has it, read from the page as poppler draws it."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import pytest

from cryoledger.labels import Label, LabelError, load_layout, load_stock, render
from cryoledger.labels.pdf import calibration_pdf, to_pdf
from tests.labels import samples, tools

SHEETS = (("LCRY-1700", "vial-33x13", 300), ("LCRY-2380", "cap-25x9", 300), ("avery-L4731", "cap-25x9", 203))


def labels(stock: str, layout: str, dpi: int, count: int) -> list[Label]:
    drawn = load_layout(layout)
    return [render(samples.of_layout(layout, number), drawn, load_stock(stock), dpi) for number in range(count)]


@pytest.mark.parametrize(("stock", "layout", "dpi"), SHEETS)
@pytest.mark.parametrize("seen_at", [300, 600])
def test_every_label_reads_in_its_place(stock: str, layout: str, dpi: int, seen_at: int, tmp_path: Path) -> None:
    sheet = load_stock(stock)
    made = labels(stock, layout, dpi, 30)
    start = sheet.per_page - 9
    path = tmp_path / "sheet.pdf"
    path.write_bytes(to_pdf(made, sheet, start=start))
    pages = tools.rasterise(path, seen_at)
    assert len(pages) == 2
    assert sheet.grid is not None
    for number, label in enumerate(made):
        page, place = divmod(start - 1 + number, sheet.per_page)
        x, y = sheet.grid.corner(place)
        box = [round(side * seen_at / 25.4) for side in (x, y, x + sheet.label_width, y + sheet.label_height)]
        image = pages[page].crop((box[0], box[1], box[2], box[3]))
        assert tools.read_all(image) == [label.scanned]


def test_labels_before_the_start_stay_blank(tmp_path: Path) -> None:
    sheet = load_stock("LCRY-1700")
    path = tmp_path / "sheet.pdf"
    path.write_bytes(to_pdf(labels("LCRY-1700", "vial-33x13", 203, 1), sheet, start=6))
    page = tools.rasterise(path, 150)[0]
    first_row = page.crop((0, 0, page.width, round(21 * 150 / 25.4)))
    assert first_row.getextrema() == (255, 255)


def test_dots_of_the_page_are_the_dots_of_the_label(tmp_path: Path) -> None:
    """A roll's page at the label's own resolution is the bitmap, dot by dot."""
    stock = load_stock("roll-33x13")
    label = labels("roll-33x13", "vial-33x13", 300, 1)[0]
    path = tmp_path / "roll.pdf"
    path.write_bytes(to_pdf([label], stock))
    page = tools.rasterise(path, 1200)[0]
    small = [
        page.getpixel((4 * x + 2, 4 * y + 2)) for y in range(label.bitmap.height) for x in range(label.bitmap.width)
    ]
    dots = list(label.bitmap.image().convert("L").tobytes())
    assert sum((seen or 0) // 128 != dot // 128 for seen, dot in zip(small, dots, strict=True)) == 0  # type: ignore[operator]


def test_each_label_is_one_path() -> None:
    document = to_pdf(labels("LCRY-1700", "vial-33x13", 300, 5), load_stock("LCRY-1700"))
    streams = [zlib.decompress(each) for each in re.findall(rb"stream\r?\n(.*?)endstream", document, re.DOTALL)]
    assert sum(len(re.findall(rb"\nf Q", stream)) for stream in streams) == 5


def test_same_labels_give_the_same_bytes() -> None:
    made = labels("LCRY-1700", "vial-33x13", 300, 3)
    assert to_pdf(made, load_stock("LCRY-1700")) == to_pdf(made, load_stock("LCRY-1700"))


@pytest.mark.parametrize("start", [0, -1, 86])
def test_start_beyond_the_sheet_is_refused(start: int) -> None:
    with pytest.raises(LabelError, match="from 1 to 85"):
        to_pdf([], load_stock("LCRY-1700"), start=start)


def test_no_labels_make_no_sheet() -> None:
    with pytest.raises(LabelError, match="no label"):
        to_pdf([], load_stock("LCRY-1700"))


def test_cards_to_be_cut_have_marks_in_the_margin_and_labels_have_none(tmp_path: Path) -> None:
    def margins(stock: str, layout: str) -> list[object]:
        path = tmp_path / f"{stock}.pdf"
        path.write_bytes(to_pdf(labels(stock, layout, 300, 1), load_stock(stock)))
        page, sheet = tools.rasterise(path, 100)[0], load_stock(stock)
        assert sheet.grid is not None
        left, top = (round(side * 100 / 25.4) for side in sheet.grid.corner(0))
        strips = ((0, 0, page.width, top), (0, 0, left, page.height))
        return [page.crop(strip).getextrema() for strip in strips]

    blank = (255, 255)
    assert all(each != blank for each in margins("a4-cards", "badge-86x54"))
    assert margins("LCRY-1700", "vial-33x13") == [blank, blank]


def test_calibration_is_for_sheets_and_says_which(tmp_path: Path) -> None:
    path = tmp_path / "outlines.pdf"
    path.write_bytes(calibration_pdf(load_stock("avery-L4731")))
    page, grid = tools.rasterise(path, 150)[0], load_stock("avery-L4731").grid
    assert grid is not None

    def inside(place: int) -> bool:
        x, y = grid.corner(place)
        box = [round(side * 150 / 25.4) for side in (x + 0.6, y + 0.6, x + 24.8, y + 9.4)]
        return page.crop((box[0], box[1], box[2], box[3])).getextrema() != (255, 255)

    assert (inside(0), inside(1)) == (True, False)
    with pytest.raises(LabelError, match="is a roll"):
        calibration_pdf(load_stock("roll-33x13"))
