"""Canonical JSON: one byte form per value, and clean text before signing."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryoledger.errors import LedgerFormatError, TextError
from cryoledger.ledger.canonical import (
    MAX_DEPTH,
    Json,
    clean,
    clean_text,
    decode,
    encode,
    format_time,
    is_plain,
    parse_time,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.text(st.characters(codec="ascii"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
    max_leaves=20,
)


@given(VALUES)
def test_every_value_is_read_back_from_its_bytes(value: object) -> None:
    data = encode(value)  # type: ignore[arg-type]
    assert decode(data) == value
    assert json.loads(data) == value


def test_rfc_8785_escapes_and_order() -> None:
    controls = "".join(map(chr, range(0x20)))
    assert (
        encode({"b": controls, "a": '"\\/\x7f€é𝄞'})
        == (
            '{"a":"\\"\\\\/\x7f€é𝄞","b":"\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b\\t\\n\\u000b'
            "\\f\\r\\u000e\\u000f\\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017\\u0018\\u0019\\u001a"
            '\\u001b\\u001c\\u001d\\u001e\\u001f"}'
        ).encode()
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"a":1,"a":2}', "twice"),
        (b'{"a":1,"a":1}', "twice"),
        (b'{"b":1,"a":2}', "canonical"),
        (b'{"a": 1}', "canonical"),
        (b'{"a":1}\n', "canonical"),
        (b'{"a":1} {}', "not JSON"),
        (b"1.0", "not an integer"),
        (b"1e3", "not an integer"),
        (b"NaN", "not an integer"),
        (b"-Infinity", "not an integer"),
        (b"-0", "canonical"),
        (b"01", "not JSON"),
        (b"9007199254740992", "2^53"),
        (b"-9007199254740992", "2^53"),
        (b"1" * 5000, "2^53"),
        (b'"\\/"', "canonical"),
        (b'"\\u0041"', "canonical"),
        (b'"\\u001D"', "canonical"),
        (b'"\\u000a"', "canonical"),
        (b'"\\ud800"', "canonical"),
        (b'"\\ud834\\udd1e"', "canonical"),
        (b'"\x1d"', "not JSON"),
        (b'"\xed\xa0\x80"', "UTF-8"),
        (b'"\xff"', "UTF-8"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        ('{"é":1}'.encode(), "ASCII"),
        (b'{"\\u00e9":1}', "ASCII"),
        (b"", "not JSON"),
        (b"[1,]", "not JSON"),
        (b"[" * 100_000, "deeper"),
        (b'{"a":' * 100_000, "deeper"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "deeper"),
        (b'"' + b"[" * 100_000, "deeper"),
    ],
)
def test_other_bytes_are_refused_with_their_reason(data: bytes, reason: str) -> None:
    with pytest.raises(LedgerFormatError) as caught:
        decode(data)
    assert reason in caught.value.message


def test_nesting_is_counted_outside_texts_only() -> None:
    value = '[{\\"' * 100
    assert decode(encode(value)) == value
    nested: object = 1
    for _ in range(MAX_DEPTH):
        nested = [nested]
    assert decode(encode(nested)) == nested  # type: ignore[arg-type]
    with pytest.raises(LedgerFormatError, match="deeper"):
        encode([nested])


@pytest.mark.parametrize(
    "value", [1.5, 2**53, -(2**53), 10**400, {"é": 1}, {1: 1}, b"bytes", {1, 2}, "\ud800", [object()]]
)
def test_values_without_a_canonical_form_are_refused(value: object) -> None:
    with pytest.raises(LedgerFormatError):
        encode(value)  # type: ignore[arg-type]


@given(st.binary(max_size=60))
def test_decoding_any_bytes_refuses_or_is_exact(data: bytes) -> None:
    try:
        value = decode(data)
    except LedgerFormatError:
        return
    assert encode(value) == data


@pytest.mark.parametrize("point", [0x7F, 0x85, 0x9F, 0x61C, 0x200E, 0x202E, 0x2066, 0x2028, 0x2029, 0xD800, 0x378])
def test_characters_nobody_can_see_are_refused(point: int) -> None:
    with pytest.raises(TextError, match=f"U\\+{point:04X}"):
        clean_text("vial " + chr(point))
    with pytest.raises(TextError):
        clean({"a": ["b", {"c": chr(point)}]})


def test_clean_text_is_nfc_and_keeps_raw_scans() -> None:
    assert clean_text("e\u0301") == "é"
    assert clean_text("]d2010950\x1d10L7\n") == "]d2010950\x1d10L7\n"
    assert clean_text("ตรวจแล้ว") == "ตรวจแล้ว"
    assert clean({"a": ["e\u0301", 1, None, True]}) == {"a": ["é", 1, None, True]}


@given(TEXTS)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    try:
        once = clean_text(text)
    except TextError:
        return
    assert clean_text(once) == once == unicodedata.normalize("NFC", once)


def test_times_are_written_and_read() -> None:
    when = datetime(2026, 11, 22, 3, 41, 7, 512_999, UTC)
    assert format_time(when) == "2026-11-22T03:41:07.512Z"
    assert parse_time("2026-11-22T03:41:07.512Z") == when.replace(microsecond=512_000)
    assert parse_time("0001-01-01T00:00:00.000Z").tzinfo is UTC
    assert format_time(datetime(1, 1, 1, tzinfo=UTC)) == "0001-01-01T00:00:00.000Z"


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_time_is_read_back_to_the_millisecond(when: datetime) -> None:
    assert when - parse_time(format_time(when)) < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T03:41:07Z",
        "2026-11-22T03:41:07.51Z",
        "2026-11-22T03:41:07.512000Z",
        "2026-11-22T03:41:07.512+00:00",
        "2026-11-22 03:41:07.512Z",
        "2026-11-22T03:41:07.512z",
        "2026-11-22T24:00:00.000Z",
        "2026-11-22T03:41:60.000Z",
        "2026-02-30T03:41:07.512Z",
        "0000-01-01T00:00:00.000Z",
        "2026-11-22T03:41:07.512Z\n",
        "２026-11-22T03:41:07.512Z",
        "",
    ],
)
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(LedgerFormatError):
        parse_time(text)


@pytest.mark.parametrize("when", [datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=7)))])  # noqa: DTZ001
def test_a_time_that_is_not_utc_is_misuse(when: datetime) -> None:
    with pytest.raises(RuntimeError):
        format_time(when)


@given(st.recursive(st.text() | st.integers(0, 9), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_what_is_plain_is_clean_already(value: Json) -> None:
    if is_plain(value):
        assert clean(value) == value


@pytest.mark.parametrize("text", ["\x7f", "e\u0301", "\u00e9", "\u202e", "\ud800"])
def test_what_may_need_cleaning_is_not_plain(text: str) -> None:
    assert not is_plain({"a": [text]})
