"""The one byte form of a value: RFC 8785 restricted to what thirty years of readers agree on.

encode({"b": 1, "a": "é"})      b'{"a":"\\xc3\\xa9","b":1}'
decode(data)                    the value, or LedgerFormatError unless encode(value) == data
clean(value)                    the value as it may be signed: NFC, no invisible or unassigned characters
format_time(when)               "2026-11-22T03:41:07.512Z"
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NoReturn, TypeAlias

from cryoledger.errors import LedgerFormatError, TextError

__all__ = [
    "MAX_DEPTH",
    "MAX_INTEGER",
    "Json",
    "clean",
    "clean_text",
    "decode",
    "decode_text",
    "encode",
    "format_time",
    "parse_time",
    "write",
]

Json: TypeAlias = bool | int | str | Sequence["Json"] | Mapping[str, "Json"] | None

# RFC 7493 (I-JSON) 2.2: beyond this, readers that hold numbers as doubles disagree.
MAX_INTEGER = 2**53 - 1
# A fixed limit, because the depth at which Python gives up depends on its version and on the caller.
MAX_DEPTH = 32

_TIME = re.compile(
    r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z"
)
_SIXTEEN_DIGITS = re.compile("[0-9]{16}")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_FORBIDDEN = re.compile("[\ud800-\udfff\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]")
_WRITER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False)


def encode(value: Json) -> bytes:
    """The canonical bytes of `value`; LedgerFormatError where it has none (a float, a large integer ...)."""
    try:
        return _WRITER.encode(_plain(value, 0)).encode()
    except UnicodeEncodeError:
        raise LedgerFormatError("A text holds a surrogate, which UTF-8 cannot carry.") from None


def write(value: Json) -> bytes:
    """As `encode`, unchecked: for comparison with bytes that are known to be canonical, and for nothing else."""
    return _WRITER.encode(value).encode("utf-8", "surrogatepass")


def decode(data: bytes) -> Json:
    """The value of canonical `data`; LedgerFormatError for any other bytes (RFC 8785, RFC 7493)."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise LedgerFormatError("The JSON is not valid UTF-8.") from None
    return decode_text(text)


def decode_text(text: str) -> Json:
    """As `decode`, for text that was UTF-8."""
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _check_depth(text)
    # Most lines can hold neither a key that is not ASCII nor an integer that is too large. A key that stands twice
    # stands once in what is written again below.
    if text.isascii() and not _SIXTEEN_DIGITS.search(text):
        value = _read(_PLAIN_READER, text)
        if _WRITER.encode(value) == text:
            return value
    value = _read(_READER, text)
    if _WRITER.encode(value) != text:
        raise LedgerFormatError(
            "The JSON is not canonical (RFC 8785): order of keys, white space, escapes or digits differ."
        )
    return value


def _read(reader: json.JSONDecoder, text: str) -> Json:
    try:
        value: Json = reader.decode(text)
    except ValueError as error:
        raise LedgerFormatError(f"The line is not JSON: {error}.") from None
    return value


def clean_text(text: str) -> str:
    """`text` in NFC; TextError where it holds what a reader would not see as it is signed.

    Refused: surrogates, U+007F-009F, bidirectional controls, U+2028/9, unassigned code points. C0 controls
    stay, since a raw GS1 scan holds U+001D: canonical JSON writes them as escapes.
    """
    if text.isascii() and "\x7f" not in text:
        return text
    found = _FORBIDDEN.search(text)
    character = found[0] if found else next((c for c in text if unicodedata.category(c) == "Cn"), None)
    if character is not None:
        raise TextError(
            f"The text holds U+{ord(character):04X}, which is invisible, changes the direction of reading, "
            "or is not assigned.",
            "Type the text again without it.",
        )
    return unicodedata.normalize("NFC", text)


def clean(value: Json) -> Json:
    """`value` with every text in it, keys too, cleaned by `clean_text`."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, Mapping):
        return {clean_text(key): clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean(item) for item in value]
    return value


def is_plain(value: Json) -> bool:
    """Whether every text in a value is printable ASCII or a control that JSON escapes: then `clean` changes nothing."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.isascii() and "\x7f" not in text


@lru_cache(maxsize=256)
def format_time(when: datetime) -> str:
    """`when`, an aware UTC time, as `YYYY-MM-DDTHH:MM:SS.mmmZ`; what is finer than a millisecond is cut."""
    if when.tzinfo is None or when.utcoffset():
        raise RuntimeError(f"a time in the ledger is an aware UTC datetime, not {when!r}")
    return when.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


@lru_cache(maxsize=1024)
def parse_time(text: str) -> datetime:
    """The aware UTC time of `YYYY-MM-DDTHH:MM:SS.mmmZ`; LedgerFormatError for any other text."""
    if _TIME.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    raise LedgerFormatError(f"{text[:40]!r} is not a time of the form 2026-11-22T03:41:07.512Z.")


def _plain(value: Json, depth: int) -> Json:
    """`value` as plain dicts and lists, once it is sure that it has a canonical form."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise LedgerFormatError("An integer is not below 2^53.")
        return int(value)
    if depth == MAX_DEPTH:
        raise LedgerFormatError(f"The value is nested deeper than {MAX_DEPTH} levels.")
    if isinstance(value, Mapping):
        return {_key(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    raise LedgerFormatError(
        f"A {type(value).__name__} has no canonical form; numbers are integers, in milli-units where needed."
    )


def _key(key: object) -> str:
    if not isinstance(key, str) or not key.isascii():
        raise LedgerFormatError(f"The key {str(key)[:40]!r} is not ASCII text.")
    return key


def _check_depth(text: str) -> None:
    depth = 0
    for character in _STRING.sub("", text):
        if character in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise LedgerFormatError(f"The JSON is nested deeper than {MAX_DEPTH} levels.")
        elif character in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise LedgerFormatError("A key stands twice in one JSON object.")
    for key in value:
        if not key.isascii():
            raise LedgerFormatError(f"The key {key[:40]!r} is not ASCII text.")
    return value


def _integer(digits: str) -> int:
    if len(digits) > 17 or abs(number := int(digits)) > MAX_INTEGER:
        raise LedgerFormatError("An integer is not below 2^53.")
    return number


def _no_number(digits: str) -> NoReturn:
    raise LedgerFormatError(f"{digits[:40]!r} is not an integer; numbers in the ledger are never floats.")


_READER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_no_number, parse_constant=_no_number
)
_PLAIN_READER = json.JSONDecoder(parse_float=_no_number, parse_constant=_no_number)
