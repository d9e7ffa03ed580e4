"""What labels say: exact amounts, dates with their zone, nothing that cannot be printed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from cryoledger.labels import CommandLabel, LabelError, UnitLabel
from tests.labels.samples import dose, vial


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        (0, "0 cells"),
        (9999, "9999 cells"),
        (10_000, "1.0×10⁴ cells"),
        (5_000_000, "5.0×10⁶ cells"),
        (12_345_678, "1.2345678×10⁷ cells"),
        (1_250_000_000_000, "1.25×10¹² cells"),
    ],
)
def test_cells_are_written_exactly(cells: int, text: str) -> None:
    assert vial(cells=cells).fields()["cells"] == text


@pytest.mark.parametrize(
    ("microlitres", "text"), [(1000, "1.0 mL"), (1500, "1.5 mL"), (125, "0.125 mL"), (0, "0.0 mL")]
)
def test_volume_is_written_exactly(microlitres: int, text: str) -> None:
    assert vial(volume_microlitres=microlitres).fields()["volume"] == text


@pytest.mark.parametrize(
    ("millicelsius", "text"), [(-150_000, "≤ −150 °C"), (-80_500, "≤ −80.5 °C"), (0, "≤ 0 °C"), (8000, "≤ 8 °C")]
)
def test_storage_is_a_limit(millicelsius: int, text: str) -> None:
    assert vial(storage_millicelsius_max=millicelsius).fields()["storage"] == text


def test_short_code_is_whole_in_its_two_halves() -> None:
    fields = vial(7).fields()
    assert fields["code_head"] + fields["code_tail"] == fields["code"] == vial(7).code


def test_deadline_has_its_zone() -> None:
    assert dose().fields()["deadline"] == "2026-11-23 14:30 +01:00"
    with pytest.raises(RuntimeError):
        dose(deadline=datetime(2026, 11, 23, 14, 30)).fields()  # noqa: DTZ001


@pytest.mark.parametrize("text", ["two\nlines", "bell\x07", "zero\u200bwidth", "x" * 201])
def test_text_that_cannot_be_seen_is_refused(text: str) -> None:
    with pytest.raises(LabelError, match="cannot be printed"):
        UnitLabel("BKU000007R", "box", text)


def test_separator_is_allowed_in_a_symbol_alone() -> None:
    assert vial(symbol="21A\x1d10B").scanned == "21A\x1d10B"
    with pytest.raises(LabelError):
        vial(lot="A\x1dB")


def test_a_label_has_a_code() -> None:
    with pytest.raises(RuntimeError):
        CommandLabel("", "store")


def test_a_message_s_product_and_division_stand_beside_its_number() -> None:
    """ISBT 128 asks for the three in text on a small vial; a local or GS1 code has no such parts."""
    plain = vial(source="A999926123456")
    label = replace(plain, identifier="A999926123456 S12954 000001")
    assert (label.fields()["item"], label.fields()["division"]) == ("S12954", "000001")
    for other in ("", "(01)09506000134352 (21)BKV000001W"):
        fields = replace(plain, identifier=other).fields()
        assert (fields["item"], fields["division"]) == ("", "")
