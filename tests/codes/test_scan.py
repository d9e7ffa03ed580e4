"""`read`: every scan is trimmed, routed, and answered with a value or a CodeError."""

from __future__ import annotations

import doctest

import pytest

import cryoledger.codes
from cryoledger.codes import (
    Badge,
    Code,
    Command,
    CommandScan,
    Kind,
    PositionScan,
    badge,
    description,
    gs1,
    isbt128,
    isbt128_numbers,
    iso7064,
    local,
    make,
    position,
    read,
    sec,
)
from cryoledger.errors import CodeError

VIAL = make("BK", Kind.VIAL, 1)
UNIT = make("BK", Kind.UNIT, 7)


@pytest.mark.parametrize(
    "module",
    [
        *(cryoledger.codes, local, badge, position, iso7064),
        *(isbt128, isbt128_numbers, gs1, sec, description),
    ],
)
def test_examples_in_the_docstrings_run(module: object) -> None:
    result = doctest.testmod(module, optionflags=doctest.ELLIPSIS)  # type: ignore[arg-type]
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize(
    ("text", "scan"),
    [
        (VIAL, Code(VIAL, Kind.VIAL, "local", VIAL)),
        (UNIT, Code(UNIT, Kind.UNIT, "local", UNIT)),
        ("CL7000000", Code("CL7000000", None, "plain", "CL7000000")),
        ("aB c-ü/ตรวจ", Code("aB c-ü/ตรวจ", None, "plain", "aB c-ü/ตรวจ")),
        ("CMD-UNDO-BOX", CommandScan(Command.UNDO_BOX, None, "CMD-UNDO-BOX")),
        ("CMD-QTY-12", CommandScan(Command.QUANTITY, 12, "CMD-QTY-12")),
        ("BDG-A5E1214A-Y", Badge("A5E1214A", "BDG-A5E1214A-Y")),
        (f"{UNIT}/C4", PositionScan(UNIT, "C4", f"{UNIT}/C4")),
        ("B1/81", PositionScan("B1", "81", "B1/81")),
        ("a/b/1", Code("a/b/1", None, "plain", "a/b/1")),
    ],
)
def test_each_sort_of_scan_is_told_apart(text: str, scan: object) -> None:
    assert read(text, "BK") == scan


@pytest.mark.parametrize("kind", Kind)
def test_local_code_tells_its_kind(kind: Kind) -> None:
    code = make("BK", kind, 4711)
    assert read(code, "BK") == read(code) == Code(code, kind, "local", code)


@pytest.mark.parametrize("before", ["", " ", "\x02", "]C0", "]d1", "]Q1", "]C4", "\x02]d1", "\x02 ]d1 ", "\r\n"])
@pytest.mark.parametrize("after", ["", "\r", "\n", "\r\n", "\t", "\x03", "\x04", " \x03\r\n"])
def test_framing_and_aim_prefix_are_trimmed_and_kept_in_raw(before: str, after: str) -> None:
    for text in (VIAL, "CL7000000", "CMD-DONE", f"{UNIT}/A1", "BDG-A5E1214A-Y"):
        scan = read(before + text + after, "BK")
        assert scan.raw == before + text + after
        bare = read(text, "BK")
        assert isinstance(scan, type(bare))
        if isinstance(scan, Code | PositionScan):
            assert scan.text == text


def test_only_one_aim_prefix_is_trimmed() -> None:
    scan = read("]d1]C0x")
    assert isinstance(scan, Code)
    assert scan.text == "]C0x"


def test_misread_local_code_is_an_error_that_points_into_what_was_scanned() -> None:
    wrong = VIAL[:5] + "5" + VIAL[6:]
    with pytest.raises(CodeError, match="misread") as refused:
        read(f"\x02]d1{wrong}\r", "BK")
    assert refused.value.at == 4 + 9


def test_code_of_the_local_form_but_of_another_site_is_plain() -> None:
    other = make("CM", Kind.VIAL, 1)
    assert read(other, "BK") == Code(other, None, "plain", other)
    wrong = other[:-1] + ("0" if other[-1] != "0" else "1")
    assert read(wrong, "BK") == read(wrong) == Code(wrong, None, "plain", wrong)


def test_ten_digits_of_a_tube_maker_are_never_local() -> None:
    body = "700000000"
    code = body + local.check_character(body)
    assert read(code) == read(code, "BK") == Code(code, None, "plain", code)


def test_local_form_with_a_letter_that_is_no_kind_is_plain() -> None:
    code = "BKX000001" + local.check_character("BKX000001")
    assert read(code, "BK") == Code(code, None, "plain", code)


def test_position_of_what_is_no_unit_is_refused() -> None:
    with pytest.raises(CodeError, match="only a storage unit has positions"):
        read(f"{VIAL}/A1", "BK")


def test_misread_unit_in_a_position_code_is_refused() -> None:
    with pytest.raises(CodeError, match="misread"):
        read(f"{UNIT[:-1]}{'0' if UNIT[-1] != '0' else '1'}/A1", "BK")


@pytest.mark.parametrize("text", ["cmd-done", "Cmd-Done", "bdg-a5e1214a-y", VIAL.lower()])
def test_changed_case_is_named_and_never_repaired(text: str) -> None:
    with pytest.raises(CodeError, match="lower case"):
        read(text, "BK")


def test_code_of_a_tube_maker_keeps_its_case() -> None:
    scan = read("Ab1", "BK")
    assert isinstance(scan, Code)
    assert scan.text == "Ab1"


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("", None, "Nothing was scanned"),
        (" \r\n", None, "Nothing was scanned"),
        ("]d1", None, "Nothing was scanned"),
        ("x" * 129, 128, "at most 128"),
        ("x" * 1025, 1024, "no code has more"),
        ("\x02ab\x00c", 3, r"U\+0000"),
        ("ab\x1ec", 2, r"U\+001E"),
        ("ab\x7f", 2, r"U\+007F"),
        ("a\u202eb", 1, r"U\+202E"),
        ("a\u2028", 1, r"U\+2028"),
        ("a\ud800", 1, r"U\+D800"),
        ("CMD-NOTHING", 4, "no command"),
        ("]d1CMD-DISKARD", 10, "closest is CMD-DISCARD"),
        ("BDG-A5E1214A-9", 13, "misread"),
    ],
)
def test_what_cannot_be_read_says_what_is_wrong_and_where(text: str, at: int | None, says: str) -> None:
    with pytest.raises(CodeError, match=says) as refused:
        read(text, "BK")
    assert refused.value.at == at


def test_site_prefix_that_no_code_can_have_is_refused() -> None:
    with pytest.raises(CodeError, match="not a site prefix"):
        read(VIAL, "bk")


def test_plain_code_of_128_characters_is_read() -> None:
    assert read("x" * 128) == Code("x" * 128, None, "plain", "x" * 128)
