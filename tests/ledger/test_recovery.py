"""Secrets on the recovery sheet: a slip of the pen is found, in its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryoledger.errors import LedgerFormatError
from cryoledger.ledger.recovery import parse_recovery_text, recovery_text

SECRET = bytes(range(32))
TEXT = recovery_text(SECRET)


@given(st.integers(1, 8).flatmap(lambda n: st.binary(min_size=8 * n, max_size=8 * n)))
def test_every_secret_is_read_back(secret: bytes) -> None:
    assert parse_recovery_text(recovery_text(secret)) == secret


def test_thirty_two_bytes_are_four_lines_of_four_groups() -> None:
    assert [[len(group) for group in line.split("-")] for line in TEXT.splitlines()] == [[4] * 4] * 4
    # The form is on paper for decades: it may not change.
    assert TEXT == "0008-20C2-0A1G-73E3\n0G28-A1C6-0T3G-F17M\n1048-J2CA-1A5G-Q14C\n1G68-T3CE-1T7G-ZM3P\n"


def test_it_is_read_as_people_type_it() -> None:
    assert parse_recovery_text(TEXT.lower()) == SECRET
    assert parse_recovery_text(TEXT.replace("-", " ").replace("\n", "\r\n")) == SECRET
    assert parse_recovery_text(TEXT.replace("-", "").replace("\n", "")) == SECRET
    assert parse_recovery_text(TEXT.replace("0", "O").replace("1", "l")) == SECRET


def test_one_wrong_character_is_found_in_its_line() -> None:
    for at, character in enumerate(TEXT):
        if character in "-\n":
            continue
        line = TEXT[:at].count("\n") + 1
        for wrong in "0A7ZU*":
            if wrong != character:
                with pytest.raises(LedgerFormatError, match=f"Line {line} "):
                    parse_recovery_text(TEXT[:at] + wrong + TEXT[at + 1 :])


def test_two_characters_swapped_are_found() -> None:
    for at in range(len(TEXT) - 2):
        one, other = TEXT[at], TEXT[at + 1]
        if one != other and not {one, other} & set("-\n"):
            with pytest.raises(LedgerFormatError):
                parse_recovery_text(TEXT[:at] + other + one + TEXT[at + 2 :])


def test_lines_left_out_swapped_doubled_or_of_another_sheet_are_found() -> None:
    lines = TEXT.splitlines()
    other = recovery_text(bytes(32)).splitlines()
    for wrong in (lines[:3], lines[1:], [lines[1], lines[0], *lines[2:]], [*lines, lines[3]], lines[:2] + other[2:]):
        with pytest.raises(LedgerFormatError):
            parse_recovery_text("\n".join(wrong))


@given(st.text(max_size=80))
def test_any_text_is_refused_or_read(text: str) -> None:
    try:
        secret = parse_recovery_text(text)
    except LedgerFormatError:
        return
    assert parse_recovery_text(recovery_text(secret)) == secret


def test_a_secret_of_another_length_is_misuse() -> None:
    for secret in (b"", bytes(31)):
        with pytest.raises(RuntimeError):
            recovery_text(secret)
