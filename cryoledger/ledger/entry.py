"""One entry of a ledger: an event, the entry before it, and everyone who signed both.

    text = entry_text(origin, sequence, previous, envelope)
    entry = seal(text, [signer.sign(text) for signer in signers])
    parse_entry(entry.encode()) == entry

The form is in the package's docstring. Whether a signature verifies, and whether its signer might sign, is
asked elsewhere: `VerifierKey.verify(entry.note_text, signature)` with a key that the ledger itself enrols.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NoReturn, TypeVar

from cryoledger.errors import LedgerFormatError, TextError
from cryoledger.ledger import canonical
from cryoledger.ledger.canonical import Json, format_time, parse_time
from cryoledger.ledger.lines import check_name, decode_base64, encode_base64, parse_decimal
from cryoledger.ledger.note import Note, Signature, split_note

__all__ = [
    "MAX_ENTRY_BYTES",
    "TAG",
    "ZERO_HASH",
    "Entry",
    "Envelope",
    "SignerRole",
    "entry_text",
    "parse_again",
    "parse_entry",
    "read_place",
    "seal",
    "uuid7",
]

TAG = "cryoledger/entry/v1"
ZERO_HASH = bytes(32)
MAX_ENTRY_BYTES = 65_535  # C2SP tlog-tiles, "Log Entries": a 16-bit length stands before each

_FIELDS = frozenset(("data", "id", "occurred_at", "recorded_at", "rules", "schema", "signers", "station", "type"))
_SIGNER_FIELDS = frozenset(("meaning", "name"))
_TYPE = re.compile(r"[A-Z][A-Za-z0-9]{0,63}")
# RFC 9562, 5.7: version 7, variant 10.
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SignerRole:
    """Who signs an entry, and what the signature means (21 CFR 11.50(a)(3))."""

    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """What an entry says: line 5 of its text. Times are aware UTC, in whole milliseconds."""

    type: str
    schema: int
    rules: int
    id: str
    occurred_at: datetime
    recorded_at: datetime
    station: str
    signers: tuple[SignerRole, ...]
    data: Mapping[str, Json]

    def to_json(self) -> dict[str, Json]:
        """The object of line 5."""
        return {
            "data": self.data,
            "id": self.id,
            "occurred_at": format_time(self.occurred_at),
            "recorded_at": format_time(self.recorded_at),
            "rules": self.rules,
            "schema": self.schema,
            "signers": [{"meaning": signer.meaning, "name": signer.name} for signer in self.signers],
            "station": self.station,
            "type": self.type,
        }


@dataclass(frozen=True, slots=True)
class Entry:
    """A sealed entry; `previous` is the leaf hash of the entry before, `note_text` what was signed."""

    origin: str
    sequence: int
    previous: bytes
    envelope: Envelope
    note_text: bytes
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """The bytes of the note, as they are stored."""
        return Note(self.note_text, self.signatures).encode()

    @property
    def leaf_hash(self) -> bytes:
        """SHA-256(0x00 || whole note, signatures included) (RFC 6962, 2.1)."""
        return hashlib.sha256(b"\0" + self.encode()).digest()


def entry_text(origin: str, sequence: int, previous: bytes, envelope: Envelope) -> bytes:
    """The text that every signer of the entry signs.

    LedgerFormatError for what `parse_entry` would refuse, TextError for text that is not clean (the edge
    cleans it, so that what is checked, signed and stored is one and the same).
    """
    parse_decimal(str(sequence), "sequence")
    _check_place(origin, sequence, previous)
    line = _line(envelope)
    # Nothing in printable ASCII needs cleaning; JSON escapes the controls below it.
    if (not line.isascii() or b"\x7f" in line) and canonical.clean(value := canonical.decode(line)) != value:
        raise TextError("A text of the event is not in NFC.", "Pass the event through canonical.clean first.")
    return b"%b\n%b\n%d\n%b\n%b\n" % (
        TAG.encode(),
        origin.encode(),
        sequence,
        encode_base64(previous).encode(),
        line,
    )


def _line(envelope: Envelope) -> bytes:
    """Line 5, in the one form that the reader accepts."""
    try:
        line = canonical.write(envelope.to_json())
        if _read_again(line.decode()) == envelope:  # it says what was meant, so nothing is left to check
            return line
    except (LedgerFormatError, TypeError, ValueError):
        pass
    line = canonical.encode(envelope.to_json())  # says what is wrong
    _read_again(line.decode())
    return line


def seal(text: bytes, signatures: Sequence[Signature]) -> Entry:
    """The entry of a text and its signatures; LedgerFormatError if they do not make one."""
    return parse_again(Note(text, tuple(signatures)).encode())


@lru_cache(maxsize=32)
def parse_again(data: bytes) -> Entry:
    """As `parse_entry`, for bytes that one append looks at several times: the last few are remembered."""
    return _parse(data, _read_again)


def read_place(data: bytes) -> tuple[str, str]:
    """Origin and `recorded_at` of a note that was parsed when it was appended, and whose hash is still the same.

    LedgerFormatError where it is no entry after all; what else it might be is not asked.
    """
    try:
        tag, origin, _, _, line, _ = data.decode().split("\n", 5)
        recorded_at = json.loads(line)["recorded_at"]
    except (ValueError, KeyError, TypeError):
        tag, origin, recorded_at = "", "", ""
    if tag != TAG:
        _refuse("a note of the ledger", "an entry")
    return check_name(origin, "origin"), format_time(parse_time(recorded_at))


def parse_entry(data: bytes) -> Entry:
    """The entry in `data`; LedgerFormatError unless it keeps every rule of the package's docstring."""
    return _parse(data, _read_line)


def _parse(data: bytes, read: Callable[[str], Envelope]) -> Entry:
    if len(data) > MAX_ENTRY_BYTES:
        raise LedgerFormatError(f"The entry has {len(data)} bytes; at most {MAX_ENTRY_BYTES} are allowed.")
    text, signatures = split_note(data)
    lines = text.split("\n")
    if lines[0] != TAG:
        raise LedgerFormatError(f"The first line is {lines[0][:40]!r}, not the tag {TAG}.")
    if len(lines) != 6:
        raise LedgerFormatError(f"An entry's text has five lines, this one {len(lines) - 1}.")
    origin = lines[1]
    sequence = parse_decimal(lines[2], "sequence")
    previous = decode_base64(lines[3], "hash of the entry before")
    _check_place(origin, sequence, previous)
    envelope = read(lines[4])
    _check_signers(envelope.signers, signatures)
    return Entry(origin, sequence, previous, envelope, text.encode(), signatures)


def uuid7(milliseconds: int, random_bytes: bytes) -> str:
    """The UUIDv7 (RFC 9562, 5.7) of a Unix time in milliseconds and ten random bytes."""
    if not 0 <= milliseconds < 2**48 or len(random_bytes) != 10:
        raise RuntimeError("a UUIDv7 takes milliseconds below 2^48 and ten random bytes")
    random = int.from_bytes(random_bytes, "big")
    value = milliseconds << 80 | 0x7 << 76 | (random >> 68) << 64 | 0b10 << 62 | random & (2**62 - 1)
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _check_place(origin: str, sequence: int, previous: bytes) -> None:
    check_name(origin, "origin")
    if len(previous) != 32:
        raise LedgerFormatError(f"The hash of the entry before has {len(previous)} bytes; SHA-256 has 32.")
    if (sequence == 0) != (previous == ZERO_HASH):
        raise LedgerFormatError("The hash of the entry before is 32 zero bytes in entry 0, and only there.")


def _read_line(line: str) -> Envelope:
    return _read_envelope(canonical.decode_text(line))


_read_again = lru_cache(maxsize=32)(_read_line)


def _read_envelope(value: Json) -> Envelope:
    if not isinstance(value, dict):
        _refuse("the event", "a JSON object")
    if value.keys() != _FIELDS:
        missing, unknown = sorted(_FIELDS - value.keys()), sorted(value.keys() - _FIELDS)
        raise LedgerFormatError(f"The event's fields differ: missing {missing}, unknown {unknown[:5]}.")
    kind, identifier = _typed(value, "type", str), _typed(value, "id", str)
    if not _TYPE.fullmatch(kind):
        _refuse("type", "a name such as VialMoved")
    if not _UUID7.fullmatch(identifier):
        _refuse("id", "a lower-case UUIDv7")
    schema, rules = _typed(value, "schema", int), _typed(value, "rules", int)
    if schema < 1 or rules < 1:
        _refuse("rules and schema", "numbers from 1")
    station = _typed(value, "station", str)
    if not station:
        _refuse("station", "a name, not empty")
    occurred_at = parse_time(_typed(value, "occurred_at", str))
    recorded_at = parse_time(_typed(value, "recorded_at", str))
    signers = tuple(map(_read_signer, _typed(value, "signers", list)))
    if not signers:
        _refuse("signers", "a list of at least one signer")
    if len(signers) > 1 and len({signer.name for signer in signers}) != len(signers):
        raise LedgerFormatError("The same name signs twice.")
    data = _typed(value, "data", dict)
    return Envelope(kind, schema, rules, identifier, occurred_at, recorded_at, station, signers, data)


def _read_signer(value: object) -> SignerRole:
    if not isinstance(value, dict) or value.keys() != _SIGNER_FIELDS:
        _refuse("each signer", "an object of meaning and name")
    name, meaning = _typed(value, "name", str), _typed(value, "meaning", str)
    if not meaning:
        _refuse("a signer's meaning", "a word, not empty")
    check_name(name, "signer's name")
    return SignerRole(name, meaning)


def _check_signers(signers: tuple[SignerRole, ...], signatures: tuple[Signature, ...]) -> None:
    """One signature line for each signer that the text names, in that order: no witness can be stripped."""
    if len(signers) == len(signatures):
        for signer, signature in zip(signers, signatures, strict=True):
            if signer.name != signature.name:
                break
        else:
            return
    raise LedgerFormatError(
        f"The event names the signers {[s.name for s in signers][:10]}, "
        f"but the signature lines are of {[s.name for s in signatures][:10]}."
    )


def _typed(value: Mapping[str, object], field: str, kind: type[T]) -> T:
    found = value[field]
    # Exactly this type: True is an int to isinstance.
    if type(found) is not kind:
        _refuse(field, {str: "a text", int: "an integer", list: "a list", dict: "an object"}[kind])
    return found


def _refuse(what: str, expected: str) -> NoReturn:
    raise LedgerFormatError(f"In the event, {what} must be {expected}.")
