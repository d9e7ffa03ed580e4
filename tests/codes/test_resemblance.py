"""A plain code that looks like one of a scheme that went wrong says so; a tube maker's says nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryoledger.codes import describe
from cryoledger.codes.resemblance import resemblance


@pytest.mark.parametrize(
    ("scan", "says"),
    [
        ("0112345678901234", "GS1, but misread: the check digit of AI 01 is 4 and should be 1."),
        ("0107032069804988", "GS1."),
        ("BKV000010W", "a local code, but does not fit"),
        ("A999926000001" + "8", "the donation number A999926000001 with its check character"),
        ("A999926000001" + "9", "a donation number as typed, but does not fit"),
        ("PL001499Z549917123456A00T041600320171331", "a Single European Code, but"),
    ],
)
def test_a_label_that_reads_as_nobody_s_says_what_it_resembles(scan: str, says: str) -> None:
    said = describe(scan)
    assert (said["scheme"], said["error"]) == ("plain", None)
    assert str(said["fields"]["resembles"]).startswith(says)


@pytest.mark.parametrize("scan", ["FD12345678", "CL7000000", "P1", "DOSE-1", "L26-014", "1234567890", "BOX 4"])
def test_a_tube_maker_s_code_resembles_nothing(scan: str) -> None:
    assert "resembles" not in describe(scan)["fields"]


@given(st.text(max_size=60) | st.from_regex(r"[A-Z0-9*]{10}|[A-Z0-9*]{14}|0[012][0-9]{14,20}|[A-Z]{2}[0-9A-Z]{38}"))
def test_no_text_makes_it_fail(text: str) -> None:
    assert isinstance(resemblance(text), str)
