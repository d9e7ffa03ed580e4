"""A number read from another carrier is the same number: its other names, and nothing for what has none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryoledger.codes import donation_number, other_names

DIN = "A999926000001"
LABEL = "01095060001343521746020121BKV000001W"


@pytest.mark.parametrize("text", [f"={DIN}00", f"={DIN}70", f"{DIN}8", "A9999 26 000001 8"])
def test_a_donation_number_is_the_same_scanned_and_typed(text: str) -> None:
    assert other_names(text) == (DIN,)


@pytest.mark.parametrize(
    "text",
    [
        "https://id.gs1.org/01/09506000134352/21/BKV000001W?17=460201",
        "010950600013435221BKV000001W\x1d17460201",
    ],
)
def test_a_gs1_code_is_the_same_in_any_order(text: str) -> None:
    assert other_names(text) == (LABEL,)


@pytest.mark.parametrize(
    "text", [LABEL, DIN, f"{DIN}9", "BKV000001W", f"=+02000={DIN}00=,000012", f"={DIN}", "=", "", "https://a/b"]
)
def test_what_is_no_other_carrier_has_no_other_name(text: str) -> None:
    assert other_names(text) == ()


def test_the_flags_of_a_scanned_number_are_no_part_of_it() -> None:
    assert donation_number(f"={DIN}00") == DIN
    assert donation_number(f"=+02000={DIN}00=,000012") == donation_number("D1") == ""


@given(st.text(max_size=60) | st.from_regex(r"[=&0-9A-Z(\x1d/:.]{1,40}", fullmatch=True))
def test_no_text_makes_it_fail(text: str) -> None:
    assert all(name != text for name in other_names(text))
