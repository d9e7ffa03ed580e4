"""Badges: the key ID printed and read back, misreads caught."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryoledger.codes.badge import Badge, badge_code, read_badge
from cryoledger.codes.local import ALPHABET
from cryoledger.errors import CodeError


@given(st.binary(min_size=4, max_size=4))
def test_badge_gives_back_the_key_id(key_id: bytes) -> None:
    text = badge_code(key_id)
    badge = read_badge(text)
    assert (badge.key_id, badge.raw) == (key_id, text)
    assert badge_code(key_id.hex()) == badge_code(badge.key_id_hex) == text


@given(st.binary(min_size=4, max_size=4), st.integers(4, 13), st.sampled_from(ALPHABET))
def test_every_wrong_character_is_caught(key_id: bytes, at: int, character: str) -> None:
    text = badge_code(key_id)
    wrong = text[:at] + character + text[at + 1 :]
    if wrong != text:
        with pytest.raises(CodeError):
            read_badge(wrong)


GOOD = "BDG-A5E1214A-Y"


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("", 0, "starts with BDG-"),
        ("bdg-A5E1214A-Y", 0, "starts with BDG-"),
        ("BDG-A5E1214A", 12, "14 characters"),
        ("BDG-A5E1214A-YY", 14, "14 characters"),
        ("BDG-a5E1214A-Y", 4, "'a' is not a hexadecimal digit"),
        ("BDG-A5E1214G-Y", 11, "'G' is not a hexadecimal digit"),
        ("BDG-A5E1214A/Y", 12, "'-' before its check character"),
        ("BDG-A5E1214A-9", 13, "misread"),
        ("BDG-5AE1214A-Y", 13, "misread"),
    ],
)
def test_misread_badge_says_what_is_wrong_and_where(text: str, at: int, says: str) -> None:
    assert read_badge(GOOD) == Badge("A5E1214A", GOOD)
    with pytest.raises(CodeError, match=says) as refused:
        read_badge(text)
    assert refused.value.at == at


@pytest.mark.parametrize("key_id", [b"", b"123", b"12345", "", "a5e1214", "a5e1214g", "٠٠٠٠٠٠٠٠"])
def test_key_id_of_another_length_or_alphabet_is_refused(key_id: bytes | str) -> None:
    with pytest.raises(CodeError):
        badge_code(key_id)
