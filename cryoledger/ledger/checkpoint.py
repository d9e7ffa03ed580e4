"""Checkpoints (C2SP tlog-checkpoint): the size and root of a ledger's tree, signed by its log keys and witnesses.

signed = sign_checkpoint(Checkpoint(origin, size, root), [log_key, post_quantum_log_key])
signed = signed.with_signatures(cosign(signed.checkpoint, witness_key, seconds))
verdict = parse_checkpoint(signed.encode()).verify(keys)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cryoledger.errors import LedgerFormatError, SignatureError
from cryoledger.ledger import cosignature
from cryoledger.ledger.lines import check_name, parse_decimal, parse_tree_head, tree_head_text
from cryoledger.ledger.note import Algorithm, Note, Signature, VerifierKey, parse_note

if TYPE_CHECKING:
    from cryoledger.ledger.keys import PrivateKey, Signer

__all__ = [
    "Checkpoint",
    "CheckpointVerdict",
    "SignedCheckpoint",
    "cosign",
    "cosignature_time",
    "parse_checkpoint",
    "sign_checkpoint",
]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a ledger's tree: its origin, the number of entries, and the RFC 6962 root over them."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        check_name(self.origin, "checkpoint's origin")
        parse_decimal(str(self.size), "checkpoint's size")
        if len(self.root) != 32:
            raise LedgerFormatError(f"The checkpoint's root has {len(self.root)} bytes; SHA-256 has 32.")

    @property
    def text(self) -> bytes:
        """The three lines that are signed; this form writes no extension lines."""
        return tree_head_text(self.origin, self.size, self.root)

    @classmethod
    def parse(cls, text: bytes) -> Checkpoint:
        """The checkpoint of a text; LedgerFormatError unless `Checkpoint.parse(text).text == text`."""
        return cls(*parse_tree_head(text))


@dataclass(frozen=True, slots=True)
class CheckpointVerdict:
    """Whose signatures hold, and which lines say nothing because no key was given for them."""

    verified: tuple[VerifierKey, ...]
    not_counted: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint with its signature lines."""

    checkpoint: Checkpoint
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """The bytes of the signed note."""
        return Note(self.checkpoint.text, self.signatures).encode()

    def with_signatures(self, *signatures: Signature) -> SignedCheckpoint:
        """The same checkpoint with further lines, such as a witness's."""
        return replace(self, signatures=(*self.signatures, *signatures))

    def only(self, *algorithms: Algorithm, keys: Iterable[VerifierKey]) -> SignedCheckpoint:
        """The lines by those of `keys` that have one of `algorithms`: what fits a QR code on paper."""
        kept = [key for key in keys if key.algorithm in algorithms]
        return replace(self, signatures=tuple(s for s in self.signatures if any(key.matches(s) for key in kept)))

    def verify(self, keys: Iterable[VerifierKey]) -> CheckpointVerdict:
        """Which keys signed; SignatureError if a line by one of them is wrong, or if none of them signed.

        A key counts once, however many lines it has. Whether those that signed are enough (a log key, and so
        many witnesses) is for the caller's policy.
        """
        known = {(key.name, key.key_id): key for key in keys}
        verified: dict[VerifierKey, None] = {}
        not_counted: list[Signature] = []
        for signature in self.signatures:
            key = known.get((signature.name, signature.key_id))
            if key is None:
                # signed-note, "Signatures": lines from unknown keys are ignored, even under a known name.
                not_counted.append(signature)
            else:
                key.verify(self.checkpoint.text, signature)
                verified[key] = None
        if not verified:
            raise SignatureError(
                f"No known key signed the checkpoint of {self.checkpoint.origin} at {self.checkpoint.size}.",
                "Take the ledger's keys from its own first entry, or from its printed checkpoint sheet.",
            )
        return CheckpointVerdict(tuple(verified), tuple(not_counted))


def parse_checkpoint(data: bytes) -> SignedCheckpoint:
    """The signed checkpoint in `data`; LedgerFormatError for any other bytes."""
    note = parse_note(data)
    return SignedCheckpoint(Checkpoint.parse(note.text), note.signatures)


def sign_checkpoint(checkpoint: Checkpoint, signers: Iterable[Signer]) -> SignedCheckpoint:
    """The checkpoint signed by each log key, in order."""
    return SignedCheckpoint(checkpoint, tuple(signer.sign(checkpoint.text) for signer in signers))


def cosign(checkpoint: Checkpoint, key: PrivateKey, seconds: int) -> Signature:
    """A witness's line: as of `seconds` (since 1970), this is the largest consistent tree it has seen.

    The witness must have checked consistency from the last checkpoint that it cosigned; this does not.
    """
    if key.algorithm is Algorithm.ED25519:
        raise RuntimeError("a witness cosigns with a key of a cosignature algorithm, not with a plain one")
    return key.sign(checkpoint.text, seconds=seconds)


def cosignature_time(signature: Signature) -> int:
    """The seconds since 1970 that a cosignature line states; 0 where a log's own line states none."""
    return cosignature.unpack(signature.signature)[0]
