"""Stock files: what ships reads; what is wrong is refused with file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from cryoledger.labels import LabelError, load_stock, names
from cryoledger.labels.stock import Stock, read_stock
from tests.labels import samples

GOOD = """kind = "sheet"
title = "Test"

[page]
width = 210
height = 297

[label]
width = 50
height = 20

[grid]
columns = 4
rows = 14
left = 5
top = 8
pitch_x = 50
pitch_y = 20

[calibration]
x = -1.5
y = 0.5
"""
# The measured stocks of the makers: columns, rows, label, first corner, pitch.
KNOWN = {
    "LCRY-1700": (5, 17, 32.51, 12.70, 19.56, 6.10, 35.56, 16.00),
    "LCRY-2380": (7, 17, 23.88, 12.70, 14.22, 6.10, 27.18, 16.00),
    "LCRY-1100": (4, 13, 42.93, 19.05, 17.78, 16.00, 45.72, 19.05),
    "LCRY-1200": (5, 12, 38.10, 19.05, 6.35, 7.87, 41.40, 22.35),
    "avery-5267": (4, 20, 44.45, 12.70, 7.14, 12.70, 52.39, 12.70),
    "avery-L4731": (7, 27, 25.4, 10.0, 8.48, 13.5, 27.94, 10.0),
}


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", names("stock"))
def test_stock_that_ships_is_valid(name: str) -> None:
    assert load_stock(name).name == name


@pytest.mark.parametrize("name", KNOWN)
def test_sheet_of_a_maker_has_its_measures(name: str) -> None:
    stock = load_stock(name)
    grid = stock.grid
    assert grid is not None
    made = (grid.columns, grid.rows, stock.label_width, stock.label_height)
    assert (*made, grid.left, grid.top, grid.pitch_x, grid.pitch_y) == KNOWN[name]


def test_every_stock_has_a_layout_that_fits() -> None:
    own = {"a4-commands", "letter-commands", "a4-checks", "letter-checks"}
    assert {stock for _, stock in samples.PAIRS} | own == set(names("stock"))


def test_calibration_moves_every_label(tmp_path: Path) -> None:
    grid = read_stock(written(tmp_path, GOOD)).grid
    assert grid is not None
    assert grid.corner(0) == (3.5, 8.5)
    assert grid.corner(5) == (53.5, 28.5)


def test_site_folder_comes_before_ours(tmp_path: Path) -> None:
    (tmp_path / "stock").mkdir()
    (tmp_path / "stock" / "roll-33x13.toml").write_text(
        'kind = "roll"\ntitle = "ours, moved"\n[label]\nwidth = 34\nheight = 13\n'
    )
    assert load_stock("roll-33x13", tmp_path).label_width == 34
    assert load_stock("roll-25x9", tmp_path).label_width == 25
    assert isinstance(load_stock("roll-33x13"), Stock)


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "why"),
    [
        ("columns = 4", "columns = 5", 12, "grid.columns", "beyond the page"),
        ("columns = 4", "columns = 4.0", 13, "grid.columns", "whole number"),
        ("columns = 4", "colums = 4", 12, "grid.columns", "missing"),
        ("pitch_x = 50", "pitch_x = 40", 17, "grid.pitch_x", "not between"),
        ("pitch_x = 50", "pitch_x = nan", 17, "grid.pitch_x", "not between"),
        ("top = 8", 'top = "8"', 16, "grid.top", "must be a number"),
        ("top = 8", "top = true", 16, "grid.top", "must be a number"),
        ('kind = "sheet"', 'kind = "shet"', 1, "kind", "not one of roll, sheet"),
        ('title = "Test"', 'title = ""', 2, "title", "must be a text"),
        ("x = -1.5", "x = -15", 21, "calibration.x", "not between"),
        ("x = -1.5", "z = 1", 21, "calibration.z", "not a key that is known"),
        ("[page]", "page = 3\n[pge]", 4, "page", "must be a table"),
    ],
)
def test_wrong_stock_is_refused_with_line_and_key(
    tmp_path: Path, old: str, new: str, line: int, key: str, why: str
) -> None:
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(LabelError) as refused:
        read_stock(path)
    message = refused.value.message
    assert str(path) in message
    assert why in message
    if why != "beyond the page":
        assert f"line {line}, {key}:" in message


def test_broken_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="line 3"):
        read_stock(written(tmp_path, 'kind = "roll"\ntitle = "x"\nwidth = = 3\n'))


def test_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(LabelError, match="UTF-8"):
        read_stock(path)


@pytest.mark.parametrize("name", ["nothing", "../stock/roll-25x9", "", "/etc/passwd", "a" * 80])
def test_unknown_name_lists_the_known_ones(name: str) -> None:
    with pytest.raises(LabelError, match="roll-33x13"):
        load_stock(name)
