"""Public keys that libraries disagree about are refused."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryoledger.errors import SignatureError
from cryoledger.ledger.keys import PrivateKey, check_public_key

P = 2**255 - 19
# The y of two of the four points of order 8; the other two have the negative.
Y8 = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
LOW_ORDER_Y = (0, 1, P - 1, Y8, P - Y8)


def encodings() -> list[bytes]:
    """Every way to write a point of low order: both signs, and y above P where it fits in 255 bits."""
    found = []
    for y in LOW_ORDER_Y:
        for spelled in {y, y + P}:
            if spelled < 2**255:
                found += [(spelled | sign << 255).to_bytes(32, "little") for sign in (0, 1)]
    return found


def test_there_are_fourteen_of_them_and_eight_are_canonical() -> None:
    """The list that libsodium and others refuse, and for the canonical ones the reason is their order."""
    assert len(encodings()) == 14
    reasons = []
    for point in encodings():
        with pytest.raises(SignatureError) as caught:
            check_public_key(point)
        reasons.append("low order" in caught.value.message)
    assert sum(reasons) == 8


@pytest.mark.parametrize("point", encodings(), ids=bytes.hex)
def test_every_encoding_of_a_low_order_point_is_refused(point: bytes) -> None:
    with pytest.raises(SignatureError):
        check_public_key(point)


@pytest.mark.parametrize("y", range(P, 2**255))
def test_y_at_or_above_the_prime_is_refused(y: int) -> None:
    for sign in (0, 1):
        with pytest.raises(SignatureError, match="canonical"):
            check_public_key((y | sign << 255).to_bytes(32, "little"))


@pytest.mark.parametrize("y", [2, 7, 8, 11])
def test_what_is_no_point_is_refused(y: int) -> None:
    with pytest.raises(SignatureError, match="not a point"):
        check_public_key(y.to_bytes(32, "little"))


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_another_length_is_refused(length: int) -> None:
    with pytest.raises(SignatureError, match="32 bytes"):
        check_public_key(bytes(length))


@given(st.binary(min_size=32, max_size=32))
def test_every_real_key_is_accepted(seed: bytes) -> None:
    check_public_key(PrivateKey.from_seed("name", seed).verifier.public_key)


def test_about_half_of_all_numbers_are_points() -> None:
    accepted = 0
    for number in range(400):
        candidate = bytearray(hashlib.sha256(b"%d" % number).digest())
        candidate[31] &= 0x7F
        try:
            check_public_key(bytes(candidate))
        except SignatureError:
            continue
        accepted += 1
    assert 150 < accepted < 250
