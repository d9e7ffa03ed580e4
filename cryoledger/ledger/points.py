"""Which 32 bytes may be an Ed25519 public key: a canonical point of the curve, of high order.

Libraries disagree about the rest (a low-order key lets one signature fit many messages), so the rest is
refused before a key is ever used. RFC 8032, 5.1.3 (decoding) and 5.1.4 (addition); the arithmetic here is
not constant-time and sees public keys only.
"""

from __future__ import annotations

from functools import lru_cache

from cryoledger.errors import SignatureError

__all__ = ["check_public_key"]

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_SQRT_MINUS_1 = pow(2, (_P - 1) // 4, _P)


@lru_cache(maxsize=4096)
def check_public_key(public_key: bytes) -> None:
    """SignatureError unless `public_key` is a canonical Ed25519 point whose order does not divide 8."""
    if len(public_key) != 32:
        raise SignatureError(f"An Ed25519 public key has 32 bytes, not {len(public_key)}.")
    encoded = int.from_bytes(public_key, "little")
    sign, y = encoded >> 255, encoded & (2**255 - 1)
    if y >= _P:
        raise _refused("is not in canonical form (y is not below 2^255-19)")
    x = _x_of(y)
    if x is None:
        raise _refused("is not a point of the curve")
    if x == 0 and sign:
        raise _refused("is not in canonical form (x is zero, but its sign bit is set)")
    # The cofactor is 8: after three doublings a point of low order is the neutral element (0, 1).
    for _ in range(3):
        x, y = _double(x, y)
    if (x, y) == (0, 1):
        raise _refused("is a point of low order")


def _refused(reason: str) -> SignatureError:
    return SignatureError(f"The public key {reason}.", "Make a new key; this one was not made by an honest tool.")


def _x_of(y: int) -> int | None:
    """One square root of (y^2 - 1) / (d y^2 + 1), or None (RFC 8032, 5.1.3, steps 2 and 3)."""
    u, v = (y * y - 1) % _P, (_D * y * y + 1) % _P
    x = u * pow(v, 3, _P) * pow(u * pow(v, 7, _P), (_P - 5) // 8, _P) % _P
    if v * x * x % _P == u:
        return x
    if v * x * x % _P == -u % _P:
        return x * _SQRT_MINUS_1 % _P
    return None


def _double(x: int, y: int) -> tuple[int, int]:
    """The affine addition law with both points the same; its denominators are never zero (d is no square)."""
    k = _D * x * x % _P * y * y % _P
    return 2 * x * y * pow(1 + k, -1, _P) % _P, (y * y + x * x) * pow(1 - k, -1, _P) % _P
