"""What a new station is given: the vault secret and the keys of donors and patients, encrypted under a one-time code.

    code, text = seal(Content(secret, subjects), about)         # about: vault, station, until when
    content = open_with(code, text)                             # None for another code

The code is 128 random bits in eight groups of four characters, with a check in each half: it cannot be guessed, so a
stolen copy of the database opens nothing, and once it is forgotten nobody can open what lies encrypted in backups.

    key = Argon2id(code, salt);  AES-256-GCM(key, nonce, content, AAD = canonical JSON of all that is not encrypted)
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from cryoledger.errors import LedgerFormatError, RequestError, VaultDamagedError
from cryoledger.ledger import canonical
from cryoledger.ledger.canonical import Json
from cryoledger.ledger.keys import KdfParameters, parse_recovery_text, recovery_text
from cryoledger.ledger.lines import decode_base64, encode_base64

__all__ = ["About", "Content", "about", "open_with", "parse_code", "seal"]

_FORMAT = "cryoledger/invitation/v1"
_CODE_BYTES, _SALT_BYTES, _NONCE_BYTES = 16, 16, 12


@dataclass(frozen=True, slots=True)
class Content:
    """The vault secret, and the file of subjects' keys as it lies at the station that invites."""

    secret: bytes = field(repr=False)
    subjects: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class About:
    """What an invitation says in the clear: the vault (its fingerprint in hex), the station, by whom, until when."""

    vault: str
    station: str
    by: str
    expires_at: str


def seal(content: Content, told: About, parameters: KdfParameters | None = None) -> tuple[str, str]:
    """A new code, as a person copies it, and the invitation as text for the vault."""
    code, salt, nonce = (secrets.token_bytes(size) for size in (_CODE_BYTES, _SALT_BYTES, _NONCE_BYTES))
    head = _head(told, parameters or KdfParameters(), salt, nonce)
    inner = {"secret": encode_base64(content.secret), "subjects": content.subjects.decode()}
    encrypted = _cipher(code, salt, head).encrypt(nonce, canonical.encode(inner), canonical.encode(head))
    text = canonical.encode({**head, "ciphertext": encode_base64(encrypted)}).decode()
    return recovery_text(code).replace("\n", " ").strip(), text


def parse_code(text: str) -> bytes:
    """The code as typed, in any case and spacing; RequestError where a slip shows."""
    groups = re.findall(r"[0-9A-Za-z]+", text)
    try:
        code = parse_recovery_text("".join(groups))
    except LedgerFormatError:
        code = b""
    if len(code) != _CODE_BYTES:
        raise RequestError(
            "That is no invitation code: a character is wrong, missing or too many.",
            "Compare its eight groups of four with what `station invite` showed, and repeat.",
        )
    return code


def about(text: str) -> About:
    """What an invitation says in the clear; VaultDamagedError where it is none."""
    head = _read(text)[0]
    return About(*(str(head[name]) for name in ("vault", "station", "by", "expires_at")))


def open_with(code: bytes, text: str) -> Content | None:
    """The content of an invitation; None where the code is of another, or the invitation was changed."""
    head, encrypted = _read(text)
    salt, nonce = (decode_base64(str(head[name]), name) for name in ("salt", "nonce"))
    try:
        inner = canonical.decode(_cipher(code, salt, head).decrypt(nonce, encrypted, canonical.encode(head)))
    except InvalidTag:
        return None
    assert isinstance(inner, dict)
    return Content(decode_base64(str(inner["secret"]), "secret"), str(inner["subjects"]).encode())


def _head(told: About, parameters: KdfParameters, salt: bytes, nonce: bytes) -> dict[str, Json]:
    return {
        "by": told.by,
        "expires_at": told.expires_at,
        "format": _FORMAT,
        "kdf": [parameters.memory_kib, parameters.iterations, parameters.lanes],
        "nonce": encode_base64(nonce),
        "salt": encode_base64(salt),
        "station": told.station,
        "vault": told.vault,
    }


def _read(text: str) -> tuple[dict[str, Json], bytes]:
    try:
        value = canonical.decode(text.encode())
        if not isinstance(value, dict) or value["format"] != _FORMAT:
            raise KeyError("format")
        encrypted = decode_base64(str(value.pop("ciphertext")), "ciphertext")
        if value.keys() != {"by", "expires_at", "format", "kdf", "nonce", "salt", "station", "vault"}:
            raise KeyError("fields")
    except (LedgerFormatError, KeyError, ValueError):
        raise VaultDamagedError("An invitation in the vault cannot be read.", "Invite the station again.") from None
    return value, encrypted


def _cipher(code: bytes, salt: bytes, head: dict[str, Json]) -> AESGCM:
    costs = head["kdf"]
    if not isinstance(costs, list) or len(costs) != 3:
        raise VaultDamagedError("An invitation in the vault cannot be read.", "Invite the station again.")
    parameters = KdfParameters(*costs)
    stretched = Argon2id(
        salt=salt,
        length=32,
        iterations=parameters.iterations,
        lanes=parameters.lanes,
        memory_cost=parameters.memory_kib,
    ).derive(code)
    return AESGCM(stretched)
