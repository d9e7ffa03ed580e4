"""Private keys as they lie in the database: opened only by a PIN together with the vault secret.

    stretched = Argon2id(PIN, salt)                             32 bytes
    key       = HKDF-SHA256(stretched, salt=vault secret)       a person's or a station's key
    key       = HKDF-SHA256(vault secret, salt=salt)            a log key, which no PIN opens
    AES-256-GCM(key, nonce, seed, AAD = canonical JSON of format, origin, name, key ID, KDF parameters)

The vault secret keys the HMAC of HKDF (RFC 5869, 2.2): without it no PIN can be tried.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from cryoledger.errors import LedgerFormatError, PinError
from cryoledger.ledger import canonical
from cryoledger.ledger.canonical import Json
from cryoledger.ledger.lines import check_name, decode_base64, encode_base64

__all__ = ["KdfParameters", "WrappedKey", "check_pin", "unwrap_key", "wrap_key"]

VAULT_SECRET_BYTES = 32
_FORMAT = "cryoledger/wrapped-key/v1"
_SALT_BYTES, _NONCE_BYTES, _TAG_BYTES = 16, 12, 16
# Below, a stored value protects nothing; above, it would exhaust the machine that reads it.
_MEMORY_KIB = range(8 * 1024, 1024 * 1024 + 1)
_ITERATIONS = range(1, 17)
_LANES = range(1, 17)


@dataclass(frozen=True, slots=True)
class KdfParameters:
    """What Argon2id costs (RFC 9106, section 4: 64 MiB, 3 passes, 4 lanes); LedgerFormatError if absurd."""

    memory_kib: int = 64 * 1024
    iterations: int = 3
    lanes: int = 4

    def __post_init__(self) -> None:
        for value, allowed, what in (
            (self.memory_kib, _MEMORY_KIB, "memory in KiB"),
            (self.iterations, _ITERATIONS, "passes"),
            (self.lanes, _LANES, "lanes"),
        ):
            if type(value) is not int or value not in allowed:
                raise LedgerFormatError(
                    f"The {what} of Argon2id must be {allowed[0]} to {allowed[-1]}, not {str(value)[:20]}."
                )

    def to_dict(self) -> dict[str, Json]:
        """The parameters as JSON, with the algorithm's name."""
        return {
            "algorithm": "argon2id",
            "iterations": self.iterations,
            "lanes": self.lanes,
            "memory_kib": self.memory_kib,
        }


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A private key's seed, encrypted. `parameters` is None where no PIN opens it."""

    name: str
    key_id: bytes
    parameters: KdfParameters | None
    salt: bytes
    nonce: bytes
    ciphertext: bytes

    def __post_init__(self) -> None:
        check_name(self.name, "wrapped key's name")
        sizes = (len(self.key_id), len(self.salt), len(self.nonce))
        if sizes != (4, _SALT_BYTES, _NONCE_BYTES) or len(self.ciphertext) <= _TAG_BYTES:
            raise LedgerFormatError(f"The wrapped key of {self.name} has a part of the wrong length.")

    def to_dict(self) -> dict[str, Json]:
        """The wrapped key as JSON; bytes are base64."""
        return {
            "ciphertext": encode_base64(self.ciphertext),
            "format": _FORMAT,
            "kdf": self.parameters.to_dict() if self.parameters else None,
            "key_id": self.key_id.hex(),
            "name": self.name,
            "nonce": encode_base64(self.nonce),
            "salt": encode_base64(self.salt),
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Json]) -> WrappedKey:
        """The wrapped key of such an object; LedgerFormatError for any other."""
        text = {field: item for field, item in value.items() if isinstance(item, str)}
        try:
            wrapped = cls(
                name=text["name"],
                key_id=bytes.fromhex(text["key_id"]),
                parameters=_read_parameters(value["kdf"]),
                salt=decode_base64(text["salt"], "salt"),
                nonce=decode_base64(text["nonce"], "nonce"),
                ciphertext=decode_base64(text["ciphertext"], "ciphertext"),
            )
        except (KeyError, ValueError):
            raise LedgerFormatError("The wrapped key lacks a field, or one is not of its kind.") from None
        if wrapped.to_dict() != value:
            raise LedgerFormatError(f"The wrapped key of {wrapped.name} is of another format, or holds more.")
        return wrapped


def wrap_key(
    seed: bytes,
    *,
    pin: str | None,
    vault_secret: bytes,
    origin: str,
    name: str,
    key_id: bytes,
    parameters: KdfParameters | None = None,
) -> WrappedKey:
    """`seed` encrypted under a new salt and nonce; `parameters` are those of today if none are given.

    PinError if `pin` is not one that `check_pin` allows; with `pin=None` (a log key) there are no parameters.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if pin is None:
        parameters = None
    else:
        check_pin(pin)
        parameters = parameters or KdfParameters()
    salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    key = _derive(pin, vault_secret, salt, parameters)
    aad = _associated_data(origin, name, key_id, parameters)
    return WrappedKey(name, key_id, parameters, salt, nonce, AESGCM(key).encrypt(nonce, seed, aad))


def unwrap_key(wrapped: WrappedKey, *, pin: str | None, vault_secret: bytes, origin: str) -> bytes:
    """The seed; PinError if the PIN, the vault secret, the origin or the wrapped key itself is another."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if (pin is None) != (wrapped.parameters is None):
        raise PinError(f"The key of {wrapped.name} is {'not ' if wrapped.parameters is None else ''}opened by a PIN.")
    key = _derive(pin, vault_secret, wrapped.salt, wrapped.parameters)
    aad = _associated_data(origin, wrapped.name, wrapped.key_id, wrapped.parameters)
    try:
        return AESGCM(key).decrypt(wrapped.nonce, wrapped.ciphertext, aad)
    except InvalidTag:
        if pin is None:
            raise PinError(
                f"The key of {wrapped.name} does not open with this station's vault secret.",
                "The secret belongs to another vault, or the stored key was changed.",
            ) from None
        raise PinError(
            f"The PIN does not open the key of {wrapped.name}.",
            "Try again slowly; five wrong PINs lock the key.",
        ) from None


def check_pin(pin: str) -> None:
    """PinError unless `pin` is 6 to 12 digits, not all the same and not a straight run up or down."""
    if not re.fullmatch(r"[0-9]{6,12}", pin):
        raise PinError("A PIN is 6 to 12 digits.", "Choose another.")
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    if steps in ({0}, {1}, {9}):
        raise PinError("The PIN is one digit repeated, or a straight run.", "Choose one that is harder to guess.")


def _derive(pin: str | None, vault_secret: bytes, salt: bytes, parameters: KdfParameters | None) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    if len(vault_secret) != VAULT_SECRET_BYTES:
        raise RuntimeError(f"the vault secret has {VAULT_SECRET_BYTES} bytes, not {len(vault_secret)}")
    if pin is None or parameters is None:
        return HKDF(SHA256(), 32, salt=salt, info=_FORMAT.encode() + b"\nvault").derive(vault_secret)
    stretched = Argon2id(
        salt=salt,
        length=32,
        iterations=parameters.iterations,
        lanes=parameters.lanes,
        memory_cost=parameters.memory_kib,
    ).derive(pin.encode("utf-8", "surrogatepass"))
    return HKDF(SHA256(), 32, salt=vault_secret, info=_FORMAT.encode() + b"\npin").derive(stretched)


def _associated_data(origin: str, name: str, key_id: bytes, parameters: KdfParameters | None) -> bytes:
    return canonical.encode(
        {
            "format": _FORMAT,
            "kdf": parameters.to_dict() if parameters else None,
            "key_id": key_id.hex(),
            "name": name,
            "origin": origin,
        }
    )


def _read_parameters(value: Json) -> KdfParameters | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise LedgerFormatError("The KDF parameters of the wrapped key are not an object.")
    numbers = {field: item for field, item in value.items() if isinstance(item, int)}
    return KdfParameters(numbers["memory_kib"], numbers["iterations"], numbers["lanes"])
