"""The Single European Code: both forms read, each wrong character named with its place."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryoledger.codes import sec
from cryoledger.codes.sec import ProductSequence, SingleEuropeanCode
from cryoledger.errors import CodeError

GOOD = "PL001499Z549917123456A00T041600320171231"
codes = st.builds(
    SingleEuropeanCode,
    st.from_regex(r"[A-Z]{2}", fullmatch=True),
    st.from_regex(r"[0-9A-Z]{6}", fullmatch=True),
    st.from_regex(r"[0-9A-Z]{13}", fullmatch=True),
    st.builds(
        ProductSequence,
        st.sampled_from("ABE"),
        st.from_regex(r"[0-9A-Z]{7}", fullmatch=True),
        st.from_regex(r"[0-9A-Za-z]{3}", fullmatch=True),
        st.none() | st.dates(),
    ),
)


@given(codes)
def test_code_is_read_back_from_both_forms(code: SingleEuropeanCode) -> None:
    assert len(code.text) == 40
    assert sec.parse(code.text) == sec.parse(code.printed) == code


def test_expiry_of_zeros_says_that_none_was_set() -> None:
    assert sec.parse(GOOD[:-8] + "00000000").product_sequence.expiry is None
    assert sec.parse(GOOD).product_sequence.expiry == date(2017, 12, 31)


@pytest.mark.parametrize(
    ("at", "character", "says"),
    [
        (0, "1", "country"),
        (1, "l", "country"),
        (2, "a", "tissue establishment"),
        (8, "z", "donation number"),
        (20, "-", "donation number"),
        (21, "C", "coding system"),
        (22, "a", "product code"),
        (29, "-", "split number"),
        (32, "A", "expiry date"),
        (39, "٣", "expiry date"),
    ],
)
def test_wrong_character_is_named_with_its_place(at: int, character: str, says: str) -> None:
    wrong = GOOD[:at] + character + GOOD[at + 1 :]
    with pytest.raises(CodeError, match=says) as caught:
        sec.parse(wrong)
    assert caught.value.at == at
    with pytest.raises(CodeError, match=says) as printed:
        sec.parse(f"SEC: {wrong[:21]} {wrong[21:]}")
    assert printed.value.at == at + 5 + (at >= 21)


@pytest.mark.parametrize("expiry", ["20170230", "20171301", "00010000", "20170000"])
def test_expiry_that_is_no_day_is_refused(expiry: str) -> None:
    with pytest.raises(CodeError, match="not a day of the calendar") as caught:
        sec.parse(GOOD[:-8] + expiry)
    assert caught.value.at == 32


@pytest.mark.parametrize("text", ["", "SEC:", "SEC: ", GOOD[:-1], GOOD + "0", "SEC: too short"])
def test_code_of_another_length_is_refused(text: str) -> None:
    with pytest.raises(CodeError, match="has 40 characters"):
        sec.parse(text)


def test_product_sequence_of_another_length_is_refused() -> None:
    with pytest.raises(CodeError, match="has 19 characters"):
        sec.parse_product_sequence("E00000530012016123")
