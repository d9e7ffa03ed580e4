"""Keys that sign: what can sign (`Signer`), and a private key held in memory (`PrivateKey`).

Private keys are stored only wrapped (`wrapping`), and on the recovery sheet as text (`recovery`); their names
are given here too, so that whoever handles keys needs one import.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from cryoledger.ledger import cosignature
from cryoledger.ledger.note import Algorithm, Signature, VerifierKey
from cryoledger.ledger.points import check_public_key
from cryoledger.ledger.recovery import parse_recovery_text, recovery_text
from cryoledger.ledger.wrapping import KdfParameters, WrappedKey, check_pin, unwrap_key, wrap_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

__all__ = [
    "SEED_BYTES",
    "KdfParameters",
    "PrivateKey",
    "Signer",
    "WrappedKey",
    "check_pin",
    "check_public_key",
    "parse_recovery_text",
    "recovery_text",
    "unwrap_key",
    "wrap_key",
]

SEED_BYTES = 32  # of Ed25519 (RFC 8032, 5.1.5) and of ML-DSA-44 (FIPS 204, algorithm 6)


class Signer(Protocol):
    """Whatever can sign under a name: a key in memory, in another process, on a smart card."""

    @property
    def name(self) -> str:
        """The name on the signature line."""
        ...

    @property
    def verifier(self) -> VerifierKey:
        """The key that verifies what this one signs."""
        ...

    def sign(self, text: bytes) -> Signature:
        """The signature line over the text of a note."""
        ...


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A private key in memory. Its seed is in no repr, and so in no log and no traceback."""

    name: str
    algorithm: Algorithm
    seed: bytes = field(repr=False)
    verifier: VerifierKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.seed) != SEED_BYTES:
            raise RuntimeError(f"a seed has {SEED_BYTES} bytes, not {len(self.seed)}")
        object.__setattr__(self, "verifier", VerifierKey(self.name, self.algorithm, self._public_key()))

    @classmethod
    def generate(cls, name: str, algorithm: Algorithm = Algorithm.ED25519) -> PrivateKey:
        """A new key from the system's randomness."""
        return cls(name, algorithm, secrets.token_bytes(SEED_BYTES))

    @classmethod
    def from_seed(cls, name: str, seed: bytes, algorithm: Algorithm = Algorithm.ED25519) -> PrivateKey:
        """The key of a seed, as unwrapped from the database or typed from the recovery sheet."""
        return cls(name, algorithm, seed)

    def sign(self, text: bytes, *, seconds: int = 0) -> Signature:
        """The signature line over `text`; the cosignature algorithms sign checkpoints only, with `seconds`.

        With ML-DSA-44, `seconds` may stay 0: then the line says no more than that the log has this tree
        (tlog-cosignature, "ML-DSA-44 signed message").
        """
        if self.algorithm is Algorithm.ED25519:
            signature = _ed25519(self.seed).sign(text)
        elif self.algorithm is Algorithm.COSIGNATURE_V1:
            if seconds <= 0:
                raise RuntimeError("a v1 cosignature states its time; use checkpoint.cosign")
            message = cosignature.ed25519_message(text, seconds)
            signature = cosignature.pack(seconds, _ed25519(self.seed).sign(message))
        else:
            message = cosignature.ml_dsa_44_message(self.name, text, seconds)
            signature = cosignature.pack(seconds, _ml_dsa_44(self.seed).sign(message))
        return Signature(self.name, self.verifier.key_id, signature)

    def _public_key(self) -> bytes:
        if self.algorithm is Algorithm.ML_DSA_44:
            return _ml_dsa_44(self.seed).public_key().public_bytes_raw()
        return _ed25519(self.seed).public_key().public_bytes_raw()


def _ed25519(seed: bytes) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(seed)


def _ml_dsa_44(seed: bytes) -> MLDSA44PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

    return MLDSA44PrivateKey.from_seed_bytes(seed)
