"""Many signatures at once, as plain values that pass between processes: which of them do not verify.

failing([(verifier_key, text, name, key_id, signature), ...])      (how many were tried, the indexes of the bad)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from cryoledger.errors import CryoledgerError, SignatureError
from cryoledger.ledger.note import Algorithm, Signature, VerifierKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

__all__ = ["SignatureJob", "failing"]

SignatureJob = tuple[str, bytes, str, bytes, bytes]
"""Verifier key (C2SP vkey text), text of the note, and the signature line: name, key ID, signature."""


def failing(batch: Sequence[SignatureJob]) -> tuple[int, list[int]]:
    """How many signatures were tried, and the indexes of those that did not verify, for whatever reason."""
    from cryptography.exceptions import InvalidSignature

    bad: list[int] = []
    for index, (verifier_key, text, name, key_id, signature) in enumerate(batch):
        try:
            _verify(verifier_key, text, name, key_id, signature)
        except (CryoledgerError, InvalidSignature):
            bad.append(index)
    return len(batch), bad


def _verify(verifier_key: str, text: bytes, name: str, key_id: bytes, signature: bytes) -> None:
    """As `VerifierKey.verify`, which asks the same of an Ed25519 line in more steps."""
    plain = _plain(verifier_key)
    if plain is None:
        _key(verifier_key).verify(text, Signature(name, key_id, signature))
    elif (name, key_id, len(signature)) == plain[0]:
        plain[1].verify(signature, text)
    else:
        raise SignatureError(f"The line is not by {plain[0][0]}.")


@lru_cache(maxsize=1024)
def _plain(text: str) -> tuple[tuple[str, bytes, int], Ed25519PublicKey] | None:
    """What a line by this key bears, and the key itself, where it is of Ed25519."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key = _key(text)
    if key.algorithm is not Algorithm.ED25519:
        return None
    return (key.name, key.key_id, 64), Ed25519PublicKey.from_public_bytes(key.public_key)


@lru_cache(maxsize=1024)
def _key(text: str) -> VerifierKey:
    return VerifierKey.parse(text)
