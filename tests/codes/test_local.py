"""Local codes: made, taken apart, and never confused by one slip of a hand or an eye."""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryoledger.codes import local
from cryoledger.codes.local import ALPHABET, NUMBERS, Kind
from cryoledger.errors import CodeError

prefixes = st.builds(
    lambda first, second: first + second,
    st.sampled_from([character for character in ALPHABET if character.isalpha()]),
    st.sampled_from(ALPHABET),
)
codes = st.builds(local.make, prefixes, st.sampled_from(Kind), st.integers(0, NUMBERS - 1))
bodies = st.text(ALPHABET, min_size=1, max_size=29)


def test_alphabet_has_a_prime_number_of_characters_and_none_that_looks_like_a_digit() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET) == 31
    assert not set("ILOSZ") & set(ALPHABET)


def test_every_kind_has_its_own_letter_of_the_alphabet() -> None:
    letters = [kind.letter for kind in Kind]
    assert len(set(letters)) == len(letters)
    assert set(letters) <= set(ALPHABET)


@given(prefixes, st.sampled_from(Kind), st.integers(0, NUMBERS - 1))
def test_split_gives_back_what_make_was_given(prefix: str, kind: Kind, number: int) -> None:
    code = local.make(prefix, kind, number)
    assert len(code) == local.LENGTH
    assert local.has_form(code)
    assert local.is_valid(code)
    assert local.split(code) == local.LocalCode(prefix, kind, number)


@given(codes)
def test_every_wrong_character_is_caught(code: str) -> None:
    for index, character in itertools.product(range(len(code)), ALPHABET):
        wrong = code[:index] + character + code[index + 1 :]
        assert local.is_valid(wrong) == (wrong == code)


@given(codes)
def test_every_two_characters_that_change_places_are_caught(code: str) -> None:
    assert_transpositions_caught(code)


@given(bodies)
def test_checked_codes_of_any_length_catch_both(body: str) -> None:
    code = body + local.check_character(body)
    assert local.is_valid(code)
    assert_transpositions_caught(code)


def assert_transpositions_caught(code: str) -> None:
    for one, other in itertools.combinations(range(len(code)), 2):
        swapped = list(code)
        swapped[one], swapped[other] = swapped[other], swapped[one]
        assert local.is_valid("".join(swapped)) == (code[one] == code[other])


def test_consecutive_numbers_give_consecutive_codes() -> None:
    assert [local.make("BK", Kind.VIAL, number)[:-1] for number in (0, 30, 31)] == [
        "BKV000000",
        "BKV00000Y",
        "BKV000010",
    ]


@pytest.mark.parametrize(
    ("code", "at", "says"),
    [
        ("BKV00000", 8, "has 10 characters"),
        ("BKV000001WW", 10, "has 10 characters"),
        ("BKV00000OW", 8, "'O' is not a character"),
        ("bKV000001W", 0, "'b' is not a character"),
        ("1KV000001W", 0, "starts with a digit"),
        ("BKV000002W", 9, "misread"),
        ("BK" + "X000001" + local.check_character("BKX000001"), 2, "not the letter of a kind"),
    ],
)
def test_split_says_what_is_wrong_and_where(code: str, at: int, says: str) -> None:
    with pytest.raises(CodeError, match=says) as refused:
        local.split(code)
    assert refused.value.at == at


@pytest.mark.parametrize("prefix", ["", "B", "BKK", "bk", "BO", "1K", "B\N{CYRILLIC CAPITAL LETTER KA}"])
def test_site_prefix_that_no_code_can_have_is_refused(prefix: str) -> None:
    with pytest.raises(CodeError):
        local.make(prefix, Kind.VIAL, 1)


@pytest.mark.parametrize("number", [-1, NUMBERS])
def test_number_beyond_the_width_is_refused(number: int) -> None:
    with pytest.raises(CodeError, match="does not fit"):
        local.make("BK", Kind.VIAL, number)


@pytest.mark.parametrize("body", ["", "0" * 30, "l", "é"])
def test_check_character_of_what_cannot_be_checked_is_refused(body: str) -> None:
    with pytest.raises(CodeError):
        local.check_character(body)


@pytest.mark.parametrize("code", ["", "0", "0" * 31, "BKV000001w", "é0"])
def test_code_that_cannot_be_checked_is_not_valid(code: str) -> None:
    assert not local.is_valid(code)


@given(st.text(max_size=40))
def test_any_text_is_split_or_a_code_error(text: str) -> None:
    with contextlib.suppress(CodeError):
        assert local.make(*astuple(local.split(text))) == text
