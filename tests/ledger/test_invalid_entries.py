"""One file per rule of an entry: each breaks that rule only, is properly signed, and is refused for it.

Verifiers in other languages can use the same files: `invalid.json` says of each what the refusal here names.
Run this module as a program to write them again.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cryoledger.errors import LedgerFormatError
from cryoledger.ledger.entry import parse_entry
from cryoledger.ledger.keys import PrivateKey
from cryoledger.ledger.note import Note, Signature

VECTORS = Path(__file__).parents[1] / "vectors" / "ledger"
TEXT = (VECTORS / "example-1.note").read_bytes().partition(b"\n\n")[0] + b"\n"
NAMES = ("maria.s", "somchai.k")
ZERO = base64.b64encode(bytes(32))


def lines_of(text: bytes, names: tuple[str, ...] = NAMES) -> tuple[Signature, ...]:
    return tuple(PrivateKey.from_seed(name, hashlib.sha256(name.encode()).digest()).sign(text) for name in names)


def signed(old: bytes, new: bytes, names: tuple[str, ...] = NAMES) -> bytes:
    """The second example with `old` replaced in its text, signed again."""
    text = TEXT.replace(old, new, 1)
    assert text != TEXT or old == new
    return Note(text, lines_of(text, names)).encode()


def respelled(old: bytes, new: bytes) -> bytes:
    """The second example with its signature lines spelled in another way."""
    data = signed(b"", b"")
    at = data.index(b"\n\n")
    changed = data[:at] + data[at:].replace(old, new, 1)
    assert changed != data
    return changed


def event(change: Callable[[dict[str, object]], object]) -> bytes:
    """The second example with its event changed as data, written canonically, signed again."""
    line = TEXT.split(b"\n")[4]
    value = json.loads(line)
    change(value)
    new = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return signed(line, new)


def spare_bits() -> bytes:
    """The second example's first signature with bits set that base64 does not use."""
    data = signed(b"", b"")
    end = data.index(b"=\n", data.index(b"\n\n"))
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return data[: end - 1] + alphabet[alphabet.index(data[end - 1]) + 1 :][:1] + data[end:]


def cases() -> dict[str, tuple[bytes, str]]:
    """File name -> bytes, and what the refusal must name."""
    first_signer = b'{"meaning":"performed","name":"maria.s"}'
    return {
        "tag-of-another-version": (signed(b"/v1", b"/v2"), "tag"),
        "tag-missing": (signed(b"cryoledger/entry/v1\n", b""), "tag"),
        "line-missing": (signed(b"velar.example/bangkok\n", b""), "five lines"),
        "line-extra": (signed(b"bangkok\n", b"bangkok\nextra\n"), "five lines"),
        "origin-empty": (signed(b"velar.example/bangkok", b""), "origin"),
        "origin-with-space": (signed(b"velar.example", b"velar example"), "origin"),
        "origin-with-plus": (signed(b"velar.example", b"velar+example"), "origin"),
        "sequence-leading-zero": (signed(b"\n1\n", b"\n01\n"), "sequence"),
        "sequence-signed": (signed(b"\n1\n", b"\n+1\n"), "sequence"),
        "sequence-negative": (signed(b"\n1\n", b"\n-1\n"), "sequence"),
        "sequence-hexadecimal": (signed(b"\n1\n", b"\n0x1\n"), "sequence"),
        "sequence-not-ascii-digits": (signed(b"\n1\n", "\n١\n".encode()), "sequence"),
        "sequence-of-2-to-the-63": (signed(b"\n1\n", b"\n9223372036854775808\n"), "2^63"),
        "previous-not-base64": (signed(b"Gti3", b"G*i3"), "base64"),
        "previous-url-base64": (signed(b"/bi4", b"_bi4"), "base64"),
        "previous-without-padding": (signed(b"rLjg=\n", b"rLjg\n"), "base64"),
        "previous-spare-bits": (signed(b"rLjg=\n", b"rLjh=\n"), "base64"),
        "previous-of-31-bytes": (signed(b"rLjg=\n", b"rLg==\n"), "31 bytes"),
        "previous-of-33-bytes": (signed(b"rLjg=\n", b"rLjgA\n"), "33 bytes"),
        "previous-of-entry-0-not-zero": (signed(b"\n1\n", b"\n0\n"), "zero bytes"),
        "previous-zero-after-entry-0": (signed(TEXT.split(b"\n")[3], ZERO), "only there"),
        "json-not-an-object": (signed(TEXT.split(b"\n")[4], b"[]"), "object"),
        "json-white-space": (signed(b'{"data":', b'{"data": '), "canonical"),
        "json-keys-unsorted": (signed(b'"rules":1,"schema":1', b'"schema":1,"rules":1'), "canonical"),
        "json-duplicate-key": (signed(b'"rules":1', b'"rules":1,"rules":1'), "twice"),
        "json-key-not-ascii": (signed(b'"vial":', '"viål":'.encode()), "ASCII"),
        "json-float": (signed(b'"rules":1', b'"rules":1.0'), "integer"),
        "json-exponent": (signed(b'"rules":1', b'"rules":1e0'), "integer"),
        "json-minus-zero": (event(lambda e: e.update(data={"n": 0})).replace(b'"n":0', b'"n":-0'), "canonical"),
        "json-integer-of-2-to-the-53": (event(lambda e: e.update(data={"n": 2**53})), "2^53"),
        "json-escape-not-needed": (signed(b"freezer", b"\\u0066reezer"), "canonical"),
        "json-escape-in-capitals": (signed(b"\\u001d", b"\\u001D"), "canonical"),
        "json-escape-long-for-newline": (signed(b"\\u001d", b"\\u000a"), "canonical"),
        "json-escaped-slash": (signed(b"/lot", b"\\/lot"), "canonical"),
        "json-escaped-letter-not-ascii": (signed("ต".encode(), b"\\u0e15"), "canonical"),
        "json-lone-surrogate": (signed(b"\\u001d", b"\\ud800"), "canonical"),
        "json-surrogate-pair": (signed(b"\\u001d", b"\\ud83e\\uddec"), "canonical"),
        "json-nested-33-deep": (event(lambda e: e.update(data={"n": nested(31)})), "deeper"),
        "json-cut-off": (signed(b"}\n", b"\n"), "not JSON"),
        "control-character-raw": (signed(b"\\u001d", b"\x1d"), "control"),
        "carriage-return": (signed(b"bangkok\n", b"bangkok\r\n"), "control"),
        "utf-8-invalid": (signed(b"freezer", b"freez\xff"), "UTF-8"),
        "utf-8-surrogate": (signed(b"freezer", b"freez\xed\xa0\x80"), "UTF-8"),
        "utf-8-overlong": (signed(b"freezer", b"freez\xc0\xaf"), "UTF-8"),
        "field-missing": (event(lambda e: e.pop("station")), "missing ['station']"),
        "field-unknown": (event(lambda e: e.update(zone="UTC")), "unknown ['zone']"),
        "data-not-an-object": (event(lambda e: e.update(data=[])), "data"),
        "id-in-capitals": (event(lambda e: e.update(id=str(e["id"]).upper())), "UUIDv7"),
        "id-of-version-4": (signed(b"-7000-8000", b"-4000-8000"), "UUIDv7"),
        "id-of-another-variant": (signed(b"-7000-8000", b"-7000-c000"), "UUIDv7"),
        "occurred-at-without-milliseconds": (
            event(lambda e: e.update(occurred_at="2026-11-22T03:41:07Z")),
            "not a time",
        ),
        "occurred-at-with-offset": (
            event(lambda e: e.update(occurred_at="2026-11-22T10:41:07.512+07:00")),
            "not a time",
        ),
        "recorded-at-on-no-day": (event(lambda e: e.update(recorded_at="2026-02-30T03:41:07.512Z")), "not a time"),
        "recorded-at-a-number": (event(lambda e: e.update(recorded_at=1795318867512)), "recorded_at"),
        "rules-zero": (event(lambda e: e.update(rules=0)), "rules"),
        "rules-a-text": (event(lambda e: e.update(rules="1")), "rules"),
        "schema-zero": (event(lambda e: e.update(schema=0)), "schema"),
        "schema-a-boolean": (event(lambda e: e.update(schema=True)), "schema"),
        "station-empty": (event(lambda e: e.update(station="")), "station"),
        "station-null": (event(lambda e: e.update(station=None)), "station"),
        "type-in-lower-case": (event(lambda e: e.update(type="vialDiscarded")), "type"),
        "type-a-path": (event(lambda e: e.update(type="../VialDiscarded")), "type"),
        "signers-empty": (event(lambda e: e.update(signers=[])), "at least one"),
        "signers-not-a-list": (event(lambda e: e.update(signers={})), "signers"),
        "signer-a-text": (event(lambda e: e.update(signers=list(NAMES))), "each signer"),
        "signer-with-another-field": (signed(first_signer, first_signer[:-1] + b',"role":"t"}'), "each signer"),
        "signer-without-meaning": (signed(b'"meaning":"performed"', b'"meaning":""'), "meaning"),
        "signer-with-plus": (signed(b"maria.s", b"maria+s"), "signer's name"),
        "signer-twice": (signed(b"somchai.k", b"maria.s", ("maria.s", "maria.s")), "twice"),
        "signatures-none": (TEXT + b"\n", "no signature line"),
        "signatures-no-empty-line": (TEXT, "empty line"),
        "signature-stripped": (signed(b"", b"", NAMES[:1]), "signature lines are of"),
        "signature-added": (signed(b"", b"", (*NAMES, "eve.x")), "signature lines are of"),
        "signature-repeated": (signed(b"", b"", (*NAMES, "somchai.k")), "signature lines are of"),
        "signatures-in-another-order": (signed(b"", b"", NAMES[::-1]), "signature lines are of"),
        "signature-of-another-name": (signed(b"", b"", ("maria.s", "eve.x")), "signature lines are of"),
        "signature-line-with-hyphen": (respelled("— ".encode(), b"- "), "em dash"),
        "signature-line-with-two-spaces": (respelled(b"maria.s ", b"maria.s  "), "base64"),
        "signature-line-with-rubbish": (respelled(b"=\n", b"= x\n"), "base64"),
        "signature-base64-spare-bits": (spare_bits(), "base64"),
        "signature-base64-without-padding": (respelled(b"=\n", b"\n"), "base64"),
        "signature-only-a-key-id": (
            TEXT + "\n— maria.s piSECg==\n— somchai.k etfR0w==\n".encode(),
            "no signature after",
        ),
        "end-without-newline": (signed(b"", b"")[:-1], "newline"),
        "end-with-empty-line": (signed(b"", b"") + b"\n", "no signature line"),
        "end-with-rubbish": (signed(b"", b"") + b"rubbish\n", "em dash"),
        "empty": (b"", "empty line"),
        "too-long": (event(lambda e: e.update(data={"note": "x" * 65_000})), "65535"),
    }


def nested(depth: int) -> object:
    value: object = 0
    for _ in range(depth):
        value = [value]
    return value


CASES = cases()


@pytest.mark.parametrize("name", CASES)
def test_the_file_breaks_its_rule_and_is_refused_for_it(name: str) -> None:
    data = (VECTORS / "invalid" / f"{name}.note").read_bytes()
    reason = json.loads((VECTORS / "invalid.json").read_text())[name]
    assert (data, reason) == CASES[name]
    with pytest.raises(LedgerFormatError) as caught:
        parse_entry(data)
    assert reason in caught.value.message


def test_every_file_has_its_rule_and_what_they_were_made_from_is_valid() -> None:
    assert {path.stem for path in (VECTORS / "invalid").iterdir()} == CASES.keys()
    assert parse_entry(signed(b"", b"")).encode() == (VECTORS / "example-1.note").read_bytes()
    assert event(lambda _: None) == signed(b"", b"")


def write() -> None:
    folder = VECTORS / "invalid"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, (data, _) in CASES.items():
        (folder / f"{name}.note").write_bytes(data)
    reasons = {name: reason for name, (_, reason) in CASES.items()}
    (VECTORS / "invalid.json").write_text(json.dumps(reasons, indent=1) + "\n")


if __name__ == "__main__":
    write()
