"""The identity key: from the recovery sheet, to each person who reads identities, under that person's own PIN.

    key = HKDF-SHA256(recovery seed, salt=origin)       so the sealed sheet holds it, and nothing else needs to

`init` leaves it with the first administrator, who may pass it on but reads nothing; the first grant takes it away.
"""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cryoledger.ledger.keys import KdfParameters, WrappedKey, wrap_key

_FORMAT = b"cryoledger/identity-key/v1"


def of_sheet(seed: bytes, origin: str) -> bytes:
    """The identity key of a vault, from the recovery key's seed on its sheet."""
    return HKDF(SHA256(), 32, salt=origin.encode(), info=_FORMAT).derive(seed)


def id_of(key: bytes) -> bytes:
    """Four bytes by which entries and rows name the key."""
    return hashlib.sha256(_FORMAT + b"\nid\n" + key).digest()[:4]


def wrapped(key: bytes, pin: str, secret: bytes, origin: str, name: str, kdf: KdfParameters | None) -> WrappedKey:
    """The key under a person's PIN and the vault secret, as a private key would lie; PinError for a weak PIN."""
    return wrap_key(key, pin=pin, vault_secret=secret, origin=origin, name=name, key_id=id_of(key), parameters=kdf)
