"""Entries: the shared examples, sealing, and that nothing else is read."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import uuid
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryoledger.errors import LedgerFormatError, SignatureError, TextError
from cryoledger.ledger.entry import (
    MAX_ENTRY_BYTES,
    ZERO_HASH,
    Entry,
    Envelope,
    SignerRole,
    entry_text,
    parse_entry,
    seal,
    uuid7,
)
from cryoledger.ledger.keys import PrivateKey
from cryoledger.ledger.note import VerifierKey

VECTORS = Path(__file__).parents[1] / "vectors" / "ledger"
EXAMPLES = [(VECTORS / f"example-{number}.note").read_bytes() for number in (0, 1)]
KEYS = {key.name: key for key in map(VerifierKey.parse, (VECTORS / "example.vkeys").read_text().splitlines())}
SIGNERS = {name: PrivateKey.from_seed(name, hashlib.sha256(name.encode()).digest()) for name in KEYS}
WHEN = datetime(2026, 11, 22, 3, 41, 7, 512_000, UTC)
ENVELOPE = Envelope(
    type="VialDiscarded",
    schema=1,
    rules=1,
    id="0194f1c0-0000-7000-8000-000000000001",
    occurred_at=WHEN,
    recorded_at=WHEN,
    station="freezer-room-1",
    signers=(SignerRole("maria.s", "performed"), SignerRole("somchai.k", "witnessed")),
    data={"vial": "VB7K2M94QX"},
)
ORIGIN = "velar.example/bangkok"
BEFORE = hashlib.sha256(b"the entry before").digest()


def verify(entry: Entry) -> None:
    for signature in entry.signatures:
        KEYS[signature.name].verify(entry.note_text, signature)


@pytest.mark.parametrize("number", [0, 1])
def test_the_shared_examples_verify_and_hash_as_published(number: int) -> None:
    entry = parse_entry(EXAMPLES[number])
    verify(entry)
    assert entry.encode() == EXAMPLES[number]
    assert entry.sequence == number
    assert entry.origin == ORIGIN
    published = json.loads((VECTORS / "example.json").read_text())["leaf_hashes"]
    assert entry.leaf_hash == b64decode(published[number])


def test_the_second_example_follows_the_first() -> None:
    first, second = map(parse_entry, EXAMPLES)
    assert first.previous == ZERO_HASH
    assert second.previous == first.leaf_hash
    assert second.envelope.recorded_at == WHEN
    assert [(signer.name, signer.meaning) for signer in second.envelope.signers] == [
        ("maria.s", "performed"),
        ("somchai.k", "witnessed"),
    ]
    assert second.envelope.data["scanned"] == "]d2010950600013435221A\x1d10L7"


@pytest.mark.parametrize("number", [0, 1])
def test_sealing_the_same_event_gives_the_same_bytes(number: int) -> None:
    entry = parse_entry(EXAMPLES[number])
    text = entry_text(entry.origin, entry.sequence, entry.previous, entry.envelope)
    signatures = [SIGNERS[signer.name].sign(text) for signer in entry.envelope.signers]
    assert seal(text, signatures) == entry
    assert seal(text, signatures).encode() == EXAMPLES[number]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_verifies_each_signature(tmp_path: Path) -> None:
    for entry in map(parse_entry, EXAMPLES):
        (tmp_path / "text").write_bytes(entry.note_text)
        for signature in entry.signatures:
            # RFC 8410, section 4: SubjectPublicKeyInfo of an Ed25519 key.
            (tmp_path / "key").write_bytes(bytes.fromhex("302a300506032b6570032100") + KEYS[signature.name].public_key)
            (tmp_path / "signature").write_bytes(signature.signature)
            command = "openssl pkeyutl -verify -pubin -keyform DER -inkey key -rawin -in text -sigfile signature"
            done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=False)
            assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("number", [0, 1])
def test_every_changed_byte_of_an_example_is_found(number: int) -> None:
    data = EXAMPLES[number]
    for at in range(len(data)):
        for change in (0x01, 0x20, 0x80, 0xFF):
            changed = data[:at] + bytes((data[at] ^ change,)) + data[at + 1 :]
            with pytest.raises((LedgerFormatError, SignatureError, KeyError)):
                verify(parse_entry(changed))


@pytest.mark.parametrize("number", [0, 1])
def test_every_byte_left_out_or_doubled_is_found(number: int) -> None:
    data = EXAMPLES[number]
    for at in range(len(data)):
        for changed in (data[:at], data[:at] + data[at + 1 :], data[: at + 1] + data[at:]):
            with pytest.raises((LedgerFormatError, SignatureError, KeyError)):
                verify(parse_entry(changed))


@given(st.binary(max_size=200), st.integers(0, 1), st.integers(0, 740), st.integers(0, 200))
def test_parsing_any_bytes_refuses_or_is_exact(piece: bytes, number: int, at: int, cut: int) -> None:
    data = EXAMPLES[number]
    for candidate in (piece, data[:at] + piece + data[at + cut :]):
        try:
            entry = parse_entry(candidate)
        except LedgerFormatError:
            continue
        assert entry.encode() == candidate


LINES = EXAMPLES[1].split(b"\n")
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(st.sampled_from(sorted(ENVELOPE.to_json())), JSONS)
def test_any_json_in_any_field_is_refused_or_exact(field: str, value: object) -> None:
    event = json.loads(LINES[4]) | {field: value}
    line = json.dumps(event, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    data = b"\n".join([*LINES[:4], line.encode("utf-8", "surrogatepass"), *LINES[5:]])
    try:
        entry = parse_entry(data)
    except LedgerFormatError:
        return
    assert entry.encode() == data


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"type": "vialDiscarded"}, "type"),
        ({"type": ""}, "type"),
        ({"schema": 0}, "from 1"),
        ({"rules": 0}, "from 1"),
        ({"id": "0194f1c0-0000-4000-8000-000000000001"}, "UUIDv7"),
        ({"station": ""}, "station"),
        ({"signers": ()}, "at least one"),
        ({"signers": (SignerRole("maria.s", "a"), SignerRole("maria.s", "b"))}, "twice"),
        ({"signers": (SignerRole("maria s", "a"),)}, "no spaces"),
        ({"signers": (SignerRole("maria.s", ""),)}, "meaning"),
        ({"data": {"volume": 0.5}}, "float"),
        ({"data": []}, "data"),
    ],
)
def test_an_event_that_could_not_be_read_is_not_signed(change: Mapping[str, object], reason: str) -> None:
    with pytest.raises(LedgerFormatError) as caught:
        entry_text(ORIGIN, 1, BEFORE, replace(ENVELOPE, **change))  # type: ignore[arg-type]
    assert reason in caught.value.message


@pytest.mark.parametrize(
    ("origin", "sequence", "previous"),
    [
        ("", 1, BEFORE),
        ("a b", 1, BEFORE),
        ("a\nb", 1, BEFORE),
        (ORIGIN, -1, BEFORE),
        (ORIGIN, 2**63, BEFORE),
        (ORIGIN, 1, bytes(31)),
        (ORIGIN, 0, BEFORE),
        (ORIGIN, 1, ZERO_HASH),
    ],
)
def test_a_place_that_could_not_be_read_is_not_signed(origin: str, sequence: int, previous: bytes) -> None:
    with pytest.raises(LedgerFormatError):
        entry_text(origin, sequence, previous, ENVELOPE)


def test_text_that_is_not_clean_is_not_signed() -> None:
    for text in ("e\u0301", "a\u202eb", "\u0378"):
        with pytest.raises(TextError):
            entry_text(ORIGIN, 1, BEFORE, replace(ENVELOPE, data={"note": text}))


def test_an_entry_fits_in_65535_bytes_and_no_more() -> None:
    def sized(length: int) -> Entry:
        text = entry_text(ORIGIN, 1, BEFORE, replace(ENVELOPE, data={"note": "x" * length}))
        return seal(text, [SIGNERS[signer.name].sign(text) for signer in ENVELOPE.signers])

    room = MAX_ENTRY_BYTES - len(sized(0).encode())
    assert len(sized(room).encode()) == MAX_ENTRY_BYTES
    with pytest.raises(LedgerFormatError, match="65535"):
        sized(room + 1)


def test_signatures_are_those_that_the_event_names_in_order() -> None:
    text = entry_text(ORIGIN, 1, BEFORE, ENVELOPE)
    maria, somchai = (SIGNERS[signer.name].sign(text) for signer in ENVELOPE.signers)
    verify(seal(text, [maria, somchai]))
    for wrong in ([], [maria], [somchai, maria], [maria, maria], [maria, somchai, maria]):
        with pytest.raises(LedgerFormatError):
            seal(text, wrong)


def test_uuid7_has_its_time_version_and_variant() -> None:
    made = uuid.UUID(uuid7(0x0194_F1C0_1234, b"\xff" * 10))
    assert str(made) == "0194f1c0-1234-7fff-bfff-ffffffffffff"
    assert uuid7(0, bytes(10)) == "00000000-0000-7000-8000-000000000000"
    assert made.variant == uuid.RFC_4122
    # RFC 9562, appendix A.6: the example of the RFC.
    random = int("cc3" + "18c4dc0c0c07398f", 16)
    packed = ((random >> 64) << 68) | (random & (2**62 - 1))
    assert uuid7(0x017F22E279B0, packed.to_bytes(10, "big")) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
    for milliseconds, random_bytes in ((-1, bytes(10)), (2**48, bytes(10)), (0, bytes(9))):
        with pytest.raises(RuntimeError):
            uuid7(milliseconds, random_bytes)
