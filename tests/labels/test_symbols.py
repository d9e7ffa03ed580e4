"""Symbols: made as asked, read back from the dots, and refused when they read as anything else."""

from __future__ import annotations

import barcode.codex
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cryoledger.labels import LabelError
from cryoledger.labels.bitmap import INK, PAPER
from cryoledger.labels.symbols import FORMS, QUIET_MODULES, Code128, Symbol, make_symbol, verify
from tests.labels import samples

PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))


def drawn(symbol: Symbol, module: int = 3) -> tuple[Image.Image, tuple[int, int, int, int]]:
    """The symbol in its quiet zone, alone."""
    quiet = QUIET_MODULES[symbol.form] * module
    columns, rows = symbol.image.size
    height = 40 if symbol.form == "code128" else rows * module
    image = Image.new("1", (columns * module + 2 * quiet, height + 2 * quiet), PAPER)
    image.paste(symbol.image.resize((columns * module, height)), (quiet, quiet))
    return image, (0, 0, *image.size)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=150, deadline=None)
@given(content=st.text(PRINTABLE, min_size=1, max_size=40))
def test_whatever_is_made_reads_back(form: str, content: str) -> None:
    symbol = make_symbol(form, content)
    verify(*drawn(symbol), symbol)


@pytest.mark.parametrize(
    "content",
    ["9900123456", "99", "9", "990", "99A", "9999", "9912345", "99-99", "0099", "98", "9A99", "A9900", "1234A99"],
)
def test_code128_keeps_a_leading_99(content: str) -> None:
    symbol = make_symbol("code128", content)
    verify(*drawn(symbol), symbol)


def test_the_library_still_loses_a_leading_99() -> None:
    """When this fails, python-barcode is mended, and our Code128 class may go."""
    bars = barcode.codex.Code128("9900123456").build()[0]
    image = Image.frombytes("L", (len(bars), 1), bytes(INK if bar == "1" else PAPER for bar in bars)).convert("1")
    symbol = Symbol("code128", b"9900123456", "]C0", image)
    with pytest.raises(LabelError, match="00123456"):
        verify(*drawn(symbol), symbol)


def test_code128_is_as_long_as_it_was() -> None:
    for content in ("BKU000007R", "12345678", "A1"):
        assert Code128(content).build() == barcode.codex.Code128(content).build()


def test_short_codes_take_14_modules() -> None:
    assert make_symbol("datamatrix", samples.vial(31**6 - 1).code).image.size == (14, 14)
    assert make_symbol("datamatrix", samples.ISBT).image.size == (20, 20)


@pytest.mark.parametrize("length", range(1, 91))
def test_data_matrix_is_square_at_every_length(length: int) -> None:
    width, height = make_symbol("datamatrix", "A9b"[length % 3] * length).image.size
    assert width == height


def test_gs1_has_its_first_separator_and_reads_as_gs1() -> None:
    symbol = make_symbol("datamatrix", samples.GS1, gs1=True)
    image, box = drawn(symbol)
    verify(image, box, symbol)
    found = zxingcpp.read_barcode(image.convert("L"))
    assert found is not None
    assert found.symbology_identifier == "]d2"
    assert found.bytes == samples.GS1.encode()


@pytest.mark.parametrize("content", ["0109506000134353", "hello", "01095060001343521730123110LOT7\x1d\x1d21A", "(01)1"])
def test_wrong_gs1_is_refused(content: str) -> None:
    with pytest.raises(LabelError):
        make_symbol("datamatrix", content, gs1=True)


@pytest.mark.parametrize("content", ["", "é", "a\x1db", "\n", "x" * 91, "\xf1"])
def test_content_that_scanners_would_change_is_refused(content: str) -> None:
    for form in FORMS:
        with pytest.raises(LabelError):
            make_symbol(form, content)


@pytest.mark.parametrize("form", FORMS)
def test_a_damaged_symbol_is_refused(form: str) -> None:
    symbol = make_symbol(form, "BKV000001W")
    image, box = drawn(symbol)
    width, height = image.size
    image.paste(PAPER, (width // 3, 0, 2 * width // 3, height))
    with pytest.raises(LabelError, match="nothing was printed"):
        verify(image, box, symbol)


@pytest.mark.parametrize("form", FORMS)
def test_another_symbol_in_its_place_is_refused(form: str) -> None:
    image, box = drawn(make_symbol(form, "BKV000002U"))
    with pytest.raises(LabelError, match="BKV000002U"):
        verify(image, box, make_symbol(form, "BKV000001W"))
