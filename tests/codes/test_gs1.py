"""GS1: what biip reads, and what it reads wrongly."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cryoledger.codes import Code, Kind, gs1, read
from cryoledger.codes.gs1 import Meaning
from cryoledger.errors import CodeError

GTIN = "0107032069804988"
BAND = "8018123456789012345675"
values = st.text(st.sampled_from("0123456789ABCXYZabcxyz-./%&'()*+,:;<=>?_!\""), min_size=1, max_size=20)


@given(values, values, values)
def test_vial_is_read_back_whatever_lot_and_serial_hold(serial: str, lot: str, internal: str) -> None:
    made = gs1.make(("01", "07032069804988"), ("17", "260400"), ("10", lot), ("21", serial), ("99", internal))
    assert gs1.parse(made.text) == made
    assert made.text.count(gs1.SEPARATOR) == 2
    scan = read("]d2" + made.text)
    assert isinstance(scan, Code)
    assert scan.detail == made
    assert made.meaning is Meaning.CONTAINER
    assert (made.get("10"), made.get("21"), made.get("235")) == (lot, serial, None)


@given(st.text("0123456789", min_size=1, max_size=17))
def test_check_digit_catches_every_wrong_digit(payload: str) -> None:
    key = payload + gs1.check_digit(payload)
    assert gs1.is_key_valid(key)
    for at, digit in enumerate(key):
        for other in "0123456789":
            assert gs1.is_key_valid(key[:at] + other + key[at + 1 :]) == (other == digit)


@pytest.mark.parametrize("payload", ["", "12a", "١٢", "²"])
def test_check_digit_of_what_is_not_digits_is_refused(payload: str) -> None:
    with pytest.raises(CodeError):
        gs1.check_digit(payload)
    assert not gs1.is_key_valid(payload)


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("", 0, "empty"),
        ("\x1d\x1d", 0, "empty"),
        ("0107032069804987", 15, "check digit of AI 01 is 7 and should be 8"),
        ("00376104250021234560", 19, "check digit of AI 00"),
        ("4141234567890127", 15, "check digit of AI 414"),
        ("8017123456789012345670", 21, "check digit of AI 8017"),
        ("80030123456789012A", 4, "does not have the form"),
        ("800301234567890120", 17, "check digit"),
        (BAND + "8019123", 22, "separator after it is lost"),
        ("10" + "A" * 21, 22, "separator after it is lost"),
        ("30\x1d10A", 2, "no readable value"),
        ("7004\x1d10A", 4, "no readable value"),
        ("10", 2, "does not have the form"),
        ("10A B", 3, "cannot stand in a GS1 code"),
        ("10Å", 2, "cannot stand in a GS1 code"),
        ("01\u0660\u0660", 2, "cannot stand in a GS1 code"),
        ("10AB#C", 4, "separator after it is lost"),
        ("17261301", 2, "does not have the form"),
        ("17260001", 2, "not a day of the calendar"),
        ("17260230", 2, "not a day of the calendar"),
        ("70032611220360", 4, "not a time of day"),
        ("10A\x1d10B", None, "stands twice"),
        (GTIN + "89", 16, "not a GS1 application identifier"),
    ],
)
def test_what_biip_accepts_wrongly_or_refuses_is_said_with_its_place(text: str, at: int | None, says: str) -> None:
    with pytest.raises(CodeError, match=says) as caught:
        gs1.parse(text)
    assert caught.value.at == at


def test_outer_and_double_separators_are_tolerated_and_dropped() -> None:
    plain = GTIN + "10A\x1d21B"
    for text in (plain, f"\x1d{plain}\x1d", plain.replace("\x1d", "\x1d\x1d"), GTIN + "\x1d10A\x1d21B"):
        assert gs1.parse(text).text == plain
        scan = read(text)
        assert isinstance(scan, Code)
        assert scan.text == text.strip("\x1d")


def test_same_element_twice_with_one_value_is_tolerated() -> None:
    assert gs1.parse("10A\x1d10A").get("10") == "A"


@pytest.mark.parametrize(
    ("day", "says"),
    [("260400", "2026-04-30"), ("240200", "2024-02-29"), ("000229", "2000-02-29"), ("990131", "2099-01-31")],
)
def test_two_digit_years_are_of_this_century_and_day_00_the_last_of_the_month(day: str, says: str) -> None:
    found = gs1.parse("17" + day).elements[0].date
    assert found is not None
    assert found.isoformat() == says


@pytest.mark.parametrize(
    ("text", "meaning", "kind"),
    [
        (GTIN + "21A", Meaning.CONTAINER, None),
        (GTIN + "10A", Meaning.OTHER, None),
        (BAND + "\x1d8019123", Meaning.WRISTBAND, Kind.PATIENT),
        (BAND, Meaning.WRISTBAND, Kind.PATIENT),
        ("8017" + BAND[4:], Meaning.STAFF, None),
    ],
)
def test_meaning_is_told_by_the_elements(text: str, meaning: Meaning, kind: Kind | None) -> None:
    scan = read("]C1" + text)
    assert isinstance(scan, Code)
    assert isinstance(scan.detail, gs1.ElementString)
    assert (scan.detail.meaning, scan.kind) == (meaning, kind)


@pytest.mark.parametrize(
    ("text", "scheme"),
    [
        (BAND, "gs1"),
        (BAND + "\x1d8019123", "gs1"),
        (GTIN + "17260400" + "21AB12", "gs1"),
        (GTIN + "21AB12", "gs1"),
        (GTIN, "plain"),  # a GTIN alone names no vial, and sixteen digits may be a tube maker's
        ("0107032069804987" + "21AB12", "plain"),
        (GTIN + "21AB#12", "plain"),
        ("891234", "plain"),
        ("15990229", "plain"),
        ("10123", "plain"),
    ],
)
def test_without_aim_prefix_only_what_is_surely_gs1_is(text: str, scheme: str) -> None:
    scan = read(text)
    assert isinstance(scan, Code)
    assert (scan.scheme, scan.text) == (scheme, text)


@pytest.mark.parametrize("text", [BAND[:-1] + "0", BAND + "8019123", "10A\x1d\x1d89", "a\x1db"])
def test_wristband_or_separator_that_does_not_fit_is_an_error_not_a_plain_code(text: str) -> None:
    with pytest.raises(CodeError):
        read(text)


@pytest.mark.parametrize(
    ("uri", "text"),
    [
        ("https://id.gs1.org/01/09520123456788/21/12345", "01095201234567882112345"),
        ("HTTPS://ID.GS1.ORG/01/09520123456788/21/12345", "01095201234567882112345"),
        ("http://example.org/some/path/01/9520123456788/21/a%2Fb", "010952012345678821a/b"),
        ("https://a/01/09520123456788/10/L/21/S?17=260400&linkType=x", "010952012345678810L\x1d21S\x1d17260400"),
        ("https://a/8018/123456789012345675/8019/123", BAND + "\x1d8019123"),
    ],
)
def test_digital_link_says_what_the_element_string_says(uri: str, text: str) -> None:
    assert gs1.parse_digital_link(uri).text == text
    assert gs1.parse(text).text == text


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("id.gs1.org/01/09520123456788", "starts with https"),
        ("https://[/01/09520123456788", "not a GS1 Digital Link"),
        ("https://a/01", "not a GS1 Digital Link"),
        ("https://a/01/09520123456780", "check digit of AI 01"),
        ("https://a/8018/123456789012345670", "check digit of AI 8018"),
        ("https://a/01/09520123456788/21/%D9%A0", "not a GS1 Digital Link"),
        (
            "https://a/01/%D9%A0%D9%A0%D9%A0%D9%A0%D9%A0%D9%A0%D9%A0%D9%A0%D9%A0%D9%A0%D9%A0%D9%A0%D9%A0%D9%A0",
            "no readable",
        ),
        ("https://a/01/09520123456788?17=260230", "not a day"),
        ("https://a/01/09520123456788?89=1", "not a GS1 Digital Link"),
        ("https://a/01/09520123456788?21=a&10=b&21=", "AI 21 has no value"),
        ("https://a/01/09520123456788/21/a?21=b", "stands twice"),
        ("https://a/01/09520123456788 ", "cannot stand"),
        ("https://a/01/09520123456788?7256=" + "%2541%2541" * 60 + "%23", "longer than 90"),
    ],
)
def test_digital_link_that_is_wrong_is_refused(uri: str, says: str) -> None:
    with pytest.raises(CodeError, match=says):
        gs1.parse_digital_link(uri)


def test_make_refuses_what_would_not_read_back() -> None:
    for pairs in ([("10", "")], [("10", "a\x1d21b")], [("1", "0abc")], []):
        with pytest.raises(CodeError):
            gs1.make(*pairs)


@given(st.text("0123456789", min_size=4, max_size=16))
def test_digits_of_a_tube_maker_stay_plain(text: str) -> None:
    assume(not text.startswith(("8017", "8018")))
    scan = read(text)
    assert isinstance(scan, Code)
    assert (scan.scheme, scan.text) == ("plain", text)


def test_biip_is_loaded_with_the_first_gs1_code_and_not_before() -> None:
    program = (
        "import sys, cryoledger.codes as c; c.read('BKV000001W', 'BK'); assert 'biip' not in sys.modules;"
        "c.read(']C110A'); assert 'biip' in sys.modules;"
        "assert not {'sqlite3', 'sqlalchemy', 'sqlmodel', 'textual', 'typer'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
