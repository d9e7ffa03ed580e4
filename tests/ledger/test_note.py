"""Signed notes: read strictly, verified by keys that may be used."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryoledger.errors import LedgerFormatError, SignatureError
from cryoledger.ledger.keys import PrivateKey
from cryoledger.ledger.note import Algorithm, Note, Signature, VerifierKey, key_id, parse_note

VECTORS = Path(__file__).parents[1] / "vectors" / "ledger"
# signed-note: the example of the specification. Its key is not published; only its form is tested here.
C2SP_EXAMPLE = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
    "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaq"
    "P3ZekRwNtIc=\n"
).encode()
# golang.org/x/mod/sumdb/note, "Example": key and note as its documentation prints them.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()


def test_the_notes_of_the_specification_and_of_go_are_read() -> None:
    note = parse_note(C2SP_EXAMPLE)
    assert note.text.endswith("ed è subito sera.\n".encode())
    assert note.encode() == C2SP_EXAMPLE
    note = parse_note(GO_NOTE)
    VerifierKey.parse(GO_KEY).verify(note.text, note.signatures[0])


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("\n\n— ", "\n— ", "empty line"),
        ("\n\n— ", "\n\n- ", "em dash"),
        ("\n\n— ", "\n\n—", "em dash"),
        ("\n\n— ", "\n\n— \xa0", "name"),
        ("— Peter", "— Peter ", "base64"),
        ("— Peter", "— Pe+ter", "name"),
        ("— PeterNeumann", "— ", "name"),
        ("— PeterNeumann", "— " + "n" * 256, "name"),
        ("JnAM=\n", "JnAM=", "newline"),
        ("JnAM=\n", "JnAM=\n\n", "no signature line"),
        ("JnAM=\n", "JnAM=\nrubbish\n", "em dash"),
        ("JnAM=\n", "JnAM= \n", "base64"),
        ("JnAM=\n", "JnAM\n", "base64"),
        ("JnAM=\n", "JnAN=\n", "base64"),
        ("JnAM=\n", "Jn\x0bAM=\n", "control"),
        ("JnAM=\n", "JnAM=\r\n", "control"),
        ("JnAM=\n", "Jn-M=\n", "base64"),
        ("If you", "If\tyou", "control"),
    ],
)
def test_any_other_spelling_of_a_note_is_refused(old: str, new: str, reason: str) -> None:
    data = GO_NOTE.decode().replace(old, new)
    assert data != GO_NOTE.decode()
    with pytest.raises(LedgerFormatError) as caught:
        parse_note(data.encode())
    assert reason in caught.value.message


def test_a_note_of_invalid_utf_8_of_too_many_lines_or_bytes_is_refused() -> None:
    with pytest.raises(LedgerFormatError, match="UTF-8"):
        parse_note(GO_NOTE.replace(b"If", b"\xff"))
    line = GO_NOTE.partition(b"\n\n")[2]
    assert len(parse_note(b"text\n\n" + line * 100).signatures) == 100
    with pytest.raises(LedgerFormatError, match="at most 100"):
        parse_note(b"text\n\n" + line * 101)
    with pytest.raises(LedgerFormatError, match="at most 1000000"):
        parse_note(b"a" * 1_000_001)
    short = base64.b64encode(b"1234").decode()
    with pytest.raises(LedgerFormatError, match="no signature after"):
        parse_note(f"text\n\n— name {short}\n".encode())


@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_parsing_any_bytes_refuses_or_is_exact(tail: bytes) -> None:
    for data in (tail, GO_NOTE + tail, GO_NOTE[: -len(tail)] + tail):
        try:
            note = parse_note(data)
        except LedgerFormatError:
            continue
        assert note.encode() == data


def test_the_shared_verifier_keys_are_made_from_their_seeds() -> None:
    for line in (VECTORS / "example.vkeys").read_text().splitlines():
        key = VerifierKey.parse(line)
        assert key.encode() == line
        seed = hashlib.sha256(key.name.encode()).digest()
        assert PrivateKey.from_seed(key.name, seed).verifier == key
        assert key.key_id == key_id(key.name, 1, key.public_key) == bytes.fromhex(key.key_id_hex)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        GO_KEY + "\n",
        GO_KEY + "=",
        GO_KEY.replace("c74f20a3", "C74F20A3"),
        GO_KEY.replace("c74f20a3", "c74f20a4"),
        GO_KEY.replace("c74f20a3+AR", "c74f20a3+Ax"),
        "Peter Neumann" + GO_KEY[12:],
    ],
)
def test_other_texts_are_no_verifier_keys(line: str) -> None:
    with pytest.raises(LedgerFormatError):
        VerifierKey.parse(line)


def test_a_verifier_key_of_a_low_order_point_is_refused() -> None:
    point = (1).to_bytes(32, "little")
    line = f"eve+{key_id('eve', 1, point).hex()}+{base64.b64encode(bytes([1]) + point).decode()}"
    with pytest.raises(SignatureError, match="low order"):
        VerifierKey.parse(line)
    with pytest.raises(SignatureError, match="bytes"):
        VerifierKey("eve", Algorithm.ML_DSA_44, point)


def test_a_signature_verifies_only_for_its_text_key_and_name() -> None:
    key = PrivateKey.from_seed("maria.s", bytes(32))
    line = key.sign(b"text\n")
    key.verifier.verify(b"text\n", line)
    other = PrivateKey.from_seed("maria.s", bytes([1]) * 32)
    renamed = PrivateKey.from_seed("somchai.k", bytes(32))
    for verifier, text, signature in (
        (key.verifier, b"texts\n", line),
        (key.verifier, b"text\n", Signature(line.name, line.key_id, bytes(64))),
        (key.verifier, b"text\n", Signature(line.name, line.key_id, line.signature + b"\0")),
        (key.verifier, b"text\n", Signature(line.name, bytes(4), line.signature)),
        (other.verifier, b"text\n", line),
        (renamed.verifier, b"text\n", line),
    ):
        with pytest.raises(SignatureError):
            verifier.verify(text, signature)


def test_a_signature_with_s_not_reduced_is_refused() -> None:
    """RFC 8032, 5.1.7: S must be below the group's order L, or one signature has two spellings."""
    key = PrivateKey.from_seed("maria.s", bytes(32))
    line = key.sign(b"text\n")
    order = 2**252 + 27742317777372353535851937790883648493
    s = int.from_bytes(line.signature[32:], "little") + order
    twin = Signature(line.name, line.key_id, line.signature[:32] + s.to_bytes(32, "little"))
    with pytest.raises(SignatureError):
        key.verifier.verify(b"text\n", twin)


def test_a_note_is_made_of_its_text_and_lines() -> None:
    key = PrivateKey.from_seed("maria.s", bytes(32))
    note = Note(b"text\n", (key.sign(b"text\n"),))
    assert parse_note(note.encode()) == note
