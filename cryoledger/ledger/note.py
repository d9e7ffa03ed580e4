"""Signed notes (C2SP signed-note): text, an empty line, one line per signature; and the keys that verify them.

note = parse_note(data)
for line in note.signatures:
    key.verify(note.text, line)         # SignatureError unless this key made it
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from cryoledger.errors import LedgerFormatError, SignatureError
from cryoledger.ledger import cosignature
from cryoledger.ledger.lines import check_name, decode_base64, encode_base64
from cryoledger.ledger.points import check_public_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

__all__ = ["Algorithm", "Note", "Signature", "VerifierKey", "key_id", "parse_note"]

MAX_SIGNATURES = 100
MAX_NOTE_BYTES = 1_000_000
_MARK = "— "
_CONTROLS = bytes(c for c in range(0x20) if c != 0x0A)


class Algorithm(IntEnum):
    """Signature types, by the byte that signed-note and tlog-cosignature assign to them.

    `ML_DSA_44` is the timestamped cosignature type, which is also how a log signs its own checkpoints with
    ML-DSA-44 (tlog-checkpoint, "Signatures"); C2SP assigns no byte to plain ML-DSA-44 over a note's text.
    """

    ED25519 = 0x01
    COSIGNATURE_V1 = 0x04
    ML_DSA_44 = 0x06


# Bytes of a public key, and of what follows the key ID in a signature line.
_SIZES = {
    Algorithm.ED25519: (32, 64),
    Algorithm.COSIGNATURE_V1: (32, 8 + 64),
    Algorithm.ML_DSA_44: (1312, 8 + 2420),
}


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: the signer's name, the four bytes of the key ID, and what the algorithm made."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """The line as it stands in a note, newline included."""
        return f"{_MARK}{self.name} {encode_base64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text, UTF-8 and ending in a newline, with its signatures in order."""

    text: bytes
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """The bytes of the note."""
        return self.text + b"\n" + "".join(line.line() for line in self.signatures).encode()


def parse_note(data: bytes) -> Note:
    """The note in `data`; LedgerFormatError unless `parse_note(data).encode() == data`."""
    if len(data) > MAX_NOTE_BYTES:
        raise LedgerFormatError(f"The note has {len(data)} bytes; at most {MAX_NOTE_BYTES} are read.")
    text, signatures = split_note(data)
    return Note(text.encode(), signatures)


def split_note(data: bytes) -> tuple[str, tuple[Signature, ...]]:
    """The text and the signatures of a note, for readers that go on with the text as characters."""
    try:
        characters = data.decode()
    except UnicodeDecodeError:
        raise LedgerFormatError("The note is not valid UTF-8.") from None
    if len(data.translate(None, _CONTROLS)) != len(data):
        raise LedgerFormatError("The note holds a control character other than newline.")
    # signed-note, "Format": the last empty line separates the text from the signatures.
    text, separator, lines = characters.rpartition("\n\n")
    if not separator:
        raise LedgerFormatError("The note has no empty line before its signatures.")
    if not lines.endswith("\n"):
        raise LedgerFormatError("The note has no signature line, or does not end with a newline.")
    found = lines[:-1].split("\n")
    if len(found) > MAX_SIGNATURES:
        raise LedgerFormatError(f"The note has {len(found)} signature lines; at most {MAX_SIGNATURES} are read.")
    return text + "\n", tuple(map(_parse_line, found))


def _parse_line(line: str) -> Signature:
    name, _, encoded = line[2:].partition(" ")
    if not line.startswith(_MARK):
        raise LedgerFormatError(f"A signature line does not begin with an em dash and a space: {line[:60]!r}.")
    check_name(name, "name on a signature line")
    data = decode_base64(encoded, "signature line")
    if len(data) < 5:
        raise LedgerFormatError("A signature line holds no signature after the key ID.")
    return Signature(name, data[:4], data[4:])


def key_id(name: str, algorithm: int, public_key: bytes) -> bytes:
    """SHA-256(name || 0x0A || algorithm || public key)[:4] (signed-note, "Signatures")."""
    return hashlib.sha256(name.encode() + b"\n" + bytes((algorithm,)) + public_key).digest()[:4]


_key_id = lru_cache(maxsize=1024)(key_id)


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A name with a public key; SignatureError where the public key is one that must not be used."""

    name: str
    algorithm: Algorithm
    public_key: bytes

    def __post_init__(self) -> None:
        check_name(self.name, "key's name")
        size = _SIZES[self.algorithm][0]
        if len(self.public_key) != size:
            raise SignatureError(
                f"The public key of {self.name} has {len(self.public_key)} bytes; {self.algorithm.name} has {size}."
            )
        if size == 32:
            check_public_key(self.public_key)

    @property
    def key_id(self) -> bytes:
        """The four bytes that stand before each signature of this key."""
        return _key_id(self.name, self.algorithm, self.public_key)

    @property
    def key_id_hex(self) -> str:
        """The key ID as eight lower-case hexadecimal digits, as on a badge."""
        return self.key_id.hex()

    def encode(self) -> str:
        """The key as one line of text, `name+hexID+base64(algorithm || public key)`."""
        return f"{self.name}+{self.key_id_hex}+{encode_base64(bytes((self.algorithm,)) + self.public_key)}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """The key of such a line; LedgerFormatError for other text, SignatureError for an unusable key."""
        name, _, rest = text.partition("+")
        identifier, _, encoded = rest.partition("+")
        data = decode_base64(encoded, "verifier key")
        try:
            algorithm = Algorithm(data[0])
        except ValueError:
            raise LedgerFormatError(f"The verifier key of {name[:60]!r} has an unknown type, {data[0]:#04x}.") from None
        key = cls(name, algorithm, data[1:])
        if key.key_id_hex != identifier:
            raise LedgerFormatError(f"The verifier key of {name} has key ID {key.key_id_hex}, not {identifier[:8]!r}.")
        return key

    def matches(self, signature: Signature) -> bool:
        """Whether the line claims to be by this key: same name and key ID."""
        return signature.name == self.name and signature.key_id == self.key_id

    def verify(self, text: bytes, signature: Signature) -> None:
        """Return if this key signed `text` with `signature`; SignatureError otherwise."""
        if not self.matches(signature):
            raise SignatureError(
                f"The signature is by {signature.name} with key {signature.key_id.hex()}, "
                f"not by {self.name} with key {self.key_id_hex}."
            )
        if len(signature.signature) != _SIZES[self.algorithm][1]:
            raise SignatureError(f"The signature of {self.name} has the wrong length for {self.algorithm.name}.")
        try:
            self._verify(text, signature.signature)
        except LedgerFormatError as error:
            raise SignatureError(f"The key of {self.name} signs checkpoints only: {error.message}") from None

    def _verify(self, text: bytes, signature: bytes) -> None:
        from cryptography.exceptions import InvalidSignature

        try:
            if self.algorithm is Algorithm.ED25519:
                _ed25519(self.public_key).verify(signature, text)
                return
            seconds, signature = cosignature.unpack(signature)
            if self.algorithm is Algorithm.COSIGNATURE_V1:
                _ed25519(self.public_key).verify(signature, cosignature.ed25519_message(text, seconds))
            else:
                _ml_dsa_44(self.public_key).verify(signature, cosignature.ml_dsa_44_message(self.name, text, seconds))
        except InvalidSignature:
            raise SignatureError(
                f"The signature of {self.name} does not fit the text: one of the two was changed, "
                "or another key made it.",
                "Compare with another copy of the ledger; keep this one as it is.",
            ) from None


@lru_cache(maxsize=1024)
def _ed25519(public_key: bytes) -> Ed25519PublicKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(public_key)


@lru_cache(maxsize=64)
def _ml_dsa_44(public_key: bytes) -> MLDSA44PublicKey:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

    return MLDSA44PublicKey.from_public_bytes(public_key)
