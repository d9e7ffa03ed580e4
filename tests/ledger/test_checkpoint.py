"""Checkpoints and cosignatures, in C2SP form."""

from __future__ import annotations

import base64
import hashlib
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from hypothesis import given
from hypothesis import strategies as st

from cryoledger.errors import LedgerFormatError, SignatureError
from cryoledger.ledger.checkpoint import (
    Checkpoint,
    SignedCheckpoint,
    cosign,
    cosignature_time,
    parse_checkpoint,
    sign_checkpoint,
)
from cryoledger.ledger.keys import PrivateKey
from cryoledger.ledger.note import Algorithm, Signature, VerifierKey, parse_note

ORIGIN = "velar.example/bangkok"
ROOT = hashlib.sha256(b"root").digest()
HEAD = Checkpoint(ORIGIN, 20852163, ROOT)
LOG = PrivateKey.from_seed(ORIGIN, bytes(32))
LOG_44 = PrivateKey.from_seed(ORIGIN, bytes(32), Algorithm.ML_DSA_44)
WITNESS = PrivateKey.from_seed("witness.example/w1", bytes([1]) * 32, Algorithm.COSIGNATURE_V1)
KEYS = (LOG.verifier, LOG_44.verifier, WITNESS.verifier)
TIME = 1679315147

# tlog-checkpoint: the example of the specification.
C2SP_EXAMPLE = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE"
    "+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xU"
    "e+mbIUBkBIfZ+qnA==\n"
).encode()


def signed() -> SignedCheckpoint:
    return sign_checkpoint(HEAD, [LOG, LOG_44]).with_signatures(cosign(HEAD, WITNESS, TIME))


def test_the_example_of_the_specification_is_read() -> None:
    checkpoint = parse_checkpoint(C2SP_EXAMPLE)
    assert checkpoint.encode() == C2SP_EXAMPLE
    assert checkpoint.checkpoint.size == 20852163
    assert cosignature_time(checkpoint.signatures[1]) == TIME


def test_a_signed_checkpoint_verifies_under_all_its_keys() -> None:
    data = signed().encode()
    verdict = parse_checkpoint(data).verify(KEYS)
    assert verdict.verified == KEYS
    assert verdict.not_counted == ()
    assert Checkpoint.parse(parse_note(data).text) == HEAD


def test_lines_without_a_key_are_named_and_not_counted() -> None:
    verdict = signed().verify([LOG.verifier])
    assert verdict.verified == (LOG.verifier,)
    assert [line.name for line in verdict.not_counted] == [ORIGIN, WITNESS.name]


def test_a_key_counts_once_however_many_lines_it_has() -> None:
    again = signed().with_signatures(cosign(HEAD, WITNESS, TIME + 1))
    assert again.verify([WITNESS.verifier]).verified == (WITNESS.verifier,)


def test_a_checkpoint_that_no_known_key_signed_is_refused() -> None:
    stranger = PrivateKey.from_seed(ORIGIN, bytes([2]) * 32)
    for keys in ([], [stranger.verifier]):
        with pytest.raises(SignatureError, match="No known key"):
            signed().verify(keys)


@pytest.mark.parametrize("at", [0, 1, 2])
def test_one_wrong_line_of_a_known_key_refuses_the_whole(at: int) -> None:
    good = signed()
    line = good.signatures[at]
    for changed in (
        line.signature[:-1],
        line.signature[:-1] + bytes((line.signature[-1] ^ 1,)),
        b"\1" + line.signature[1:],
    ):
        lines = list(good.signatures)
        lines[at] = Signature(line.name, line.key_id, changed)
        with pytest.raises(SignatureError):
            SignedCheckpoint(HEAD, tuple(lines)).verify(KEYS)
    with pytest.raises(SignatureError):
        SignedCheckpoint(Checkpoint(ORIGIN, HEAD.size + 1, ROOT), (line,)).verify(KEYS)


def test_cosignature_v1_signs_what_the_specification_says() -> None:
    line = cosign(HEAD, WITNESS, TIME)
    assert line.key_id == hashlib.sha256(b"witness.example/w1\n\x04" + WITNESS.verifier.public_key).digest()[:4]
    assert line.signature[:8] == struct.pack(">Q", TIME)
    root = base64.b64encode(ROOT).decode()
    message = f"cosignature/v1\ntime 1679315147\nvelar.example/bangkok\n20852163\n{root}\n".encode()
    Ed25519PublicKey.from_public_bytes(WITNESS.verifier.public_key).verify(line.signature[8:], message)


@pytest.mark.parametrize("seconds", [0, TIME])
def test_ml_dsa_44_signs_what_the_specification_says(seconds: int) -> None:
    line = LOG_44.sign(HEAD.text, seconds=seconds)
    assert line.key_id == hashlib.sha256(ORIGIN.encode() + b"\n\x06" + LOG_44.verifier.public_key).digest()[:4]
    assert cosignature_time(line) == seconds
    name = bytes([len(ORIGIN)]) + ORIGIN.encode()
    message = b"subtree/v1\n\0" + name + struct.pack(">Q", seconds) + name + struct.pack(">QQ", 0, HEAD.size) + ROOT
    MLDSA44PublicKey.from_public_bytes(LOG_44.verifier.public_key).verify(line.signature[8:], message)
    LOG_44.verifier.verify(HEAD.text, line)


def test_a_cosigning_key_signs_checkpoints_only() -> None:
    with pytest.raises(LedgerFormatError):
        LOG_44.sign(b"cryoledger/entry/v1\n")
    line = LOG_44.sign(HEAD.text)
    with pytest.raises(SignatureError, match="checkpoints only"):
        LOG_44.verifier.verify(b"text\n", line)
    with pytest.raises(RuntimeError):
        WITNESS.sign(HEAD.text)
    with pytest.raises(RuntimeError):
        cosign(HEAD, LOG, TIME)


def test_verifier_keys_of_every_algorithm_are_read_back() -> None:
    for key in KEYS:
        assert VerifierKey.parse(key.encode()) == key


def test_paper_carries_the_ed25519_lines_only() -> None:
    paper = signed().only(Algorithm.ED25519, Algorithm.COSIGNATURE_V1, keys=KEYS)
    assert [line.key_id for line in paper.signatures] == [LOG.verifier.key_id, WITNESS.verifier.key_id]
    assert paper.verify(KEYS).verified == (LOG.verifier, WITNESS.verifier)
    assert len(paper.encode()) < 400


ROOT_LINE = base64.b64encode(ROOT).decode()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"{ORIGIN}\n007\n{ROOT_LINE}\n", "size"),
        (f"{ORIGIN}\n-7\n{ROOT_LINE}\n", "size"),
        (f"{ORIGIN}\n 7\n{ROOT_LINE}\n", "size"),
        (f"{ORIGIN}\n\n{ROOT_LINE}\n", "size"),
        (f"{ORIGIN}\n9223372036854775808\n{ROOT_LINE}\n", "2^63"),
        (f"\n7\n{ROOT_LINE}\n", "origin"),
        (f"a b\n7\n{ROOT_LINE}\n", "origin"),
        (f"{ORIGIN}\n7\n{ROOT_LINE[:-1]}\n", "base64"),
        (f"{ORIGIN}\n7\nAAAA\n", "3 bytes"),
        (f"{ORIGIN}\n7\n{ROOT_LINE}\nextension\n", "three lines"),
        (f"{ORIGIN}\n7\n{ROOT_LINE}", "three lines"),
        (f"{ORIGIN}\n7\n", "three lines"),
        ("", "three lines"),
    ],
)
def test_other_texts_are_no_checkpoints(text: str, reason: str) -> None:
    with pytest.raises(LedgerFormatError) as caught:
        Checkpoint.parse(text.encode())
    assert reason in caught.value.message


@given(st.binary(max_size=100))
def test_parsing_any_bytes_refuses_or_is_exact(piece: bytes) -> None:
    for data in (piece, C2SP_EXAMPLE + piece, piece + C2SP_EXAMPLE):
        try:
            checkpoint = parse_checkpoint(data)
        except LedgerFormatError:
            continue
        assert checkpoint.encode() == data


def test_a_checkpoint_that_could_not_be_read_is_not_made() -> None:
    for origin, size, root in (("a b", 1, ROOT), (ORIGIN, -1, ROOT), (ORIGIN, 1, b"short")):
        with pytest.raises(LedgerFormatError):
            Checkpoint(origin, size, root)
    assert Checkpoint.parse(Checkpoint(ORIGIN, 0, ROOT).text).size == 0
