"""Many signatures at once, as plain values that pass between processes: which of them do not verify.

failing([(verifier_key, text, name, key_id, signature), ...])      (how many were tried, the indexes of the bad)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from cryoledger.errors import CryoledgerError
from cryoledger.ledger.note import Signature, VerifierKey

__all__ = ["SignatureJob", "failing"]

SignatureJob = tuple[str, bytes, str, bytes, bytes]
"""Verifier key (C2SP vkey text), text of the note, and the signature line: name, key ID, signature."""


def failing(batch: Sequence[SignatureJob]) -> tuple[int, list[int]]:
    """How many signatures were tried, and the indexes of those that did not verify, for whatever reason."""
    bad: list[int] = []
    for index, (verifier_key, text, name, key_id, signature) in enumerate(batch):
        try:
            _key(verifier_key).verify(text, Signature(name, key_id, signature))
        except CryoledgerError:
            bad.append(index)
    return len(batch), bad


@lru_cache(maxsize=1024)
def _key(text: str) -> VerifierKey:
    return VerifierKey.parse(text)
