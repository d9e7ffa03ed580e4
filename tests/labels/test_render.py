"""Labels as a person sees them: texts whole or refused, marks where they apply, quiet zones empty."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zxingcpp

from cryoledger.codes import ALPHABET
from cryoledger.labels import (
    LabelError,
    VialLabel,
    load_layout,
    load_stock,
    render,
    render_all,
    symbols,
    without_room,
)
from cryoledger.labels.layout import read_layout
from cryoledger.labels.stock import find_file
from tests.labels import samples

ROLL = load_stock("roll-33x13")
VIAL = load_layout("vial-33x13")
TALL = "ÅÇQjgÉ"


@pytest.mark.parametrize(("layout", "stock"), samples.PAIRS)
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("dpi", [203, 300, 600])
def test_every_layout_prints_on_its_stock(layout: str, stock: str, dpi: int, training: bool) -> None:
    marks = {"autologous": True, "biohazard": True} if layout.startswith(("vial", "cap", "dose")) else {}
    content = samples.of_layout(layout, 31**6 - 1, **marks)
    label = render(content, load_layout(layout), load_stock(stock), dpi, training=training)
    found = zxingcpp.read_barcodes(label.bitmap.image().convert("L"))
    assert {each.bytes for each in found} == {content.scanned.encode()}


@pytest.mark.parametrize(("layout", "stock"), [pair for pair in samples.PAIRS if pair[0].startswith(("vial", "cap"))])
@pytest.mark.parametrize("dpi", [203, 300, 600])
def test_no_letter_of_a_code_makes_a_label_unprintable(layout: str, stock: str, dpi: int) -> None:
    """J and Q reach below the line, W is the widest."""
    for letter in ALPHABET:
        content = replace(
            samples.vial(autologous=True, biohazard=True, product=TALL), code=f"{letter * 2}V00{letter * 5}"
        )
        assert render(content, load_layout(layout), load_stock(stock), dpi, training=True)


@pytest.mark.parametrize("symbol", [samples.ISBT, samples.GS1])
@pytest.mark.parametrize("dpi", [203, 300, 600])
@pytest.mark.parametrize("layout", ["vial-33x13-long", "vial-38x19"])
def test_licensed_codes_have_layouts(layout: str, dpi: int, symbol: str) -> None:
    stock = load_stock("LCRY-1700" if layout == "vial-33x13-long" else "LCRY-1200")
    label = render(samples.vial(symbol=symbol, gs1=symbol == samples.GS1), load_layout(layout), stock, dpi)
    assert label.scanned == symbol


SENTENCES = (
    "NOT EVALUATED FOR INFECTIOUS SUBSTANCES",
    "WARNING: Advise patient of communicable disease risks",
    "WARNING: Reactive test results for HBV, HCV, HIV-1/2",
)


@pytest.mark.parametrize(("layout", "stock"), [("dose-50x25", "roll-50x25"), ("dose-100x50", "roll-100x50")])
@pytest.mark.parametrize("dpi", [203, 300, 600])
def test_a_dose_has_room_for_every_warning_at_once(layout: str, stock: str, dpi: int) -> None:
    """21 CFR 1271.90(c): a dose that is not evaluated, of a reactive donor."""
    content = samples.dose(warnings=". ".join(SENTENCES), biohazard=True)
    assert without_room([content], load_layout(layout), load_stock(stock), dpi) == ([content], ())
    assert render(content, load_layout(layout), load_stock(stock), dpi, training=True)


@pytest.mark.parametrize(
    ("layout", "stock", "fits"),
    [("vial-38x19", "LCRY-1200", 1), ("vial-33x13", "roll-33x13", 0), ("cap-25x9", None, 0)],
)
def test_a_warning_without_room_on_a_vial_is_told_and_the_label_drawn(
    layout: str, stock: str | None, fits: int
) -> None:
    """21 CFR 1271.370(b)(4): it accompanies the vial."""
    here = load_layout(layout), load_stock(stock or "roll-25x9")
    for count in (1, 3):
        said = ". ".join(SENTENCES[:count])
        (kept,), on_paper = without_room([samples.vial(warnings=said, biohazard=True)], *here, 203)
        assert on_paper == (() if count <= fits else (said,))
        assert isinstance(kept, VialLabel)
        assert kept.warnings == ("" if on_paper else said)
        assert render(kept, *here, 203)


def test_symbol_too_large_for_its_box_is_refused() -> None:
    with pytest.raises(LabelError, match=r"needs 8\.1 x 8\.1 mm"):
        render(samples.vial(symbol=samples.ISBT), VIAL, ROLL)


@pytest.mark.parametrize("field", ["product", "lot", "source"])
def test_text_that_does_not_fit_is_refused_and_named(field: str) -> None:
    changed: dict[str, Any] = {field: "W" * 22}
    content = replace(samples.vial(), **changed)
    with pytest.raises(LabelError, match=r"WWWWWWWWWWWWWWWWWWWWWW.*does not fit the layout vial-33x13: it needs"):
        render(content, VIAL, ROLL)


@pytest.mark.parametrize("text", ["日本", "lot ☣", "e\u0301\u0323", "שלום"])
def test_text_that_the_fonts_lack_is_refused(text: str) -> None:
    with pytest.raises(LabelError, match="fonts have no"):
        render(samples.vial(product=text), VIAL, ROLL)


@pytest.mark.parametrize("text", ["Ångström", "Żółć", "Ρ-7", "Лот 7", "Straße"])
def test_latin_greek_and_cyrillic_are_drawn(text: str) -> None:
    assert render(samples.vial(product=text), VIAL, ROLL)


def ink(mark: str, **how: bool) -> int:
    """The dots of ink in the box of a mark."""
    training = how.pop("training", False)
    label = render(samples.vial(**how), VIAL, ROLL, 300, training=training)
    box = next(each.box for each in VIAL.marks if each.mark == mark)
    left, top = (box.x + 0.3) * 300 / 25.4, (box.y + 0.2) * 300 / 25.4
    corner = (int(left), int(top), int(left + box.width * 11.8), int(top + box.height * 11.8))
    return label.bitmap.image().crop(corner).histogram()[0]


def test_marks_are_there_only_where_they_apply() -> None:
    assert [ink(mark) for mark in ("autologous", "biohazard", "void")] == [0, 0, 0]
    assert ink("autologous", autologous=True) > 300
    assert ink("biohazard", biohazard=True) > 300
    assert ink("void", training=True) > 1500


def test_layout_of_another_kind_is_refused() -> None:
    with pytest.raises(LabelError, match="is for a dose label, this is a vial"):
        render(samples.vial(), load_layout("dose-50x25"), ROLL)


def test_layout_larger_than_the_label_is_refused() -> None:
    with pytest.raises(LabelError, match="is larger than a label of roll-25x9"):
        render(samples.vial(), VIAL, load_stock("roll-25x9"))


def test_unknown_resolution_is_refused() -> None:
    with pytest.raises(LabelError, match="203, 300, 600"):
        render(samples.vial(), VIAL, ROLL, 72)


def test_same_code_twice_is_refused() -> None:
    with pytest.raises(LabelError, match="twice"):
        list(render_all([samples.vial(1), samples.vial(1)], VIAL, ROLL))


def test_same_content_gives_the_same_dots() -> None:
    assert render(samples.vial(), VIAL, ROLL) == render(samples.vial(), VIAL, ROLL)


def test_misread_symbol_stops_the_label(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library makes another symbol than was asked for: no label comes of it."""
    made = symbols._data_matrix
    monkeypatch.setattr("cryoledger.labels.symbols._data_matrix", lambda content: made(content[:-1] + "0"))
    with pytest.raises(LabelError, match="nothing was printed"):
        render(samples.vial(), VIAL, ROLL)


def test_accent_that_would_touch_the_line_above_is_refused(tmp_path: Path) -> None:
    """A layout may put lines as close as their type; what is written there must still stay apart."""
    text = find_file("layouts", "vial-33x13").read_text()
    path = tmp_path / "close.toml"
    path.write_text(text.replace("y = 3.68", "y = 3.64"))
    with pytest.raises(LabelError, match="touches another text"):
        render(samples.vial(lot="gggggggjjjj", source="ÅÅÅÅÅÅÅÅÅÅÅÅ"), read_layout(path), ROLL, 203)
