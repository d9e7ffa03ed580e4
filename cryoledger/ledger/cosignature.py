"""The messages that timestamped signatures cover (C2SP tlog-cosignature): Ed25519 v1, and ML-DSA-44.

A timestamped signature is eight bytes, seconds since 1970 in big-endian order, then the signature. The
Ed25519 message does not name the cosigner: one Ed25519 key serves one witness only.
"""

from __future__ import annotations

from cryoledger.errors import LedgerFormatError
from cryoledger.ledger.lines import MAX_DECIMAL, parse_tree_head

__all__ = ["ed25519_message", "ml_dsa_44_message", "pack", "unpack"]


def ed25519_message(text: bytes, seconds: int) -> bytes:
    """What a v1 cosignature of the checkpoint `text` signs ("Ed25519 signed message")."""
    parse_tree_head(text)
    return b"cosignature/v1\ntime %d\n%b" % (seconds, text)


def ml_dsa_44_message(name: str, text: bytes, seconds: int) -> bytes:
    """The `cosigned_message` of the checkpoint `text` by the key `name` ("ML-DSA-44 signed message")."""
    origin, size, root = parse_tree_head(text)
    return b"".join(
        (
            b"subtree/v1\n\0",
            _opaque(name),
            seconds.to_bytes(8, "big"),
            _opaque(origin),
            bytes(8),  # start: a checkpoint covers the tree from its first leaf
            size.to_bytes(8, "big"),
            root,
        )
    )


def pack(seconds: int, signature: bytes) -> bytes:
    """A `timestamped_signature`."""
    return seconds.to_bytes(8, "big") + signature


def unpack(data: bytes) -> tuple[int, bytes]:
    """The seconds and the signature of a `timestamped_signature`; LedgerFormatError if it has neither."""
    seconds = int.from_bytes(data[:8], "big")
    if len(data) < 9 or seconds > MAX_DECIMAL:
        raise LedgerFormatError("The cosignature has no time, or one past 2^63-1.")
    return seconds, data[8:]


def _opaque(text: str) -> bytes:
    """`opaque <1..2^8-1>` of RFC 8446, section 3.4: a length byte, then the bytes."""
    data = text.encode()
    return bytes((len(data),)) + data
