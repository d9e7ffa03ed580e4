"""The identity vault: who a donor or patient is, readable only by those who hold the identity key, with their PIN.

    grant(vault, "quinn.o", administrator, By("quinn.o", pin))      # the first; later, a holder grants
    keep_identity(vault, ("patient", "P1"), Identity("Family, Given", ...), By("quinn.o", pin))
    who = show(vault, ("patient", "P1"), "trace", By("quinn.o", pin))
    forget(vault, ("patient", "P1"), "retention-over", administrator, quality)

An identity is encrypted twice: under the subject's own key, which forgetting destroys, and inside that under the
identity key, which lies in the vault once for each holder, wrapped by the holder's PIN and the vault secret. So a
station's files and the database together open no identity; a holder's PIN is needed too, or the recovery sheet.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cryoledger.custody.identities import identity_key, narrative
from cryoledger.custody.keys.kept_keys import stored_key, wrapped_key
from cryoledger.custody.keys.subject_keys import Subject
from cryoledger.custody.keys.unlock import unlock
from cryoledger.custody.record import By, Sealed, record
from cryoledger.custody.vault import Vault
from cryoledger.database.store import Transaction
from cryoledger.domain import catalogue, times
from cryoledger.domain.events.identities import (
    IdentityForgotten,
    IdentityReaderGranted,
    IdentityReaderWithdrawn,
    IdentityRecorded,
    IdentityShown,
)
from cryoledger.domain.fields import Document
from cryoledger.domain.identity_records import Identity as IdentityRow
from cryoledger.domain.identity_records import IdentityReader
from cryoledger.domain.records import PublicKey
from cryoledger.domain.rulebook_1.identities import KEY_COPIES_DAYS
from cryoledger.errors import RequestError, VaultDamagedError
from cryoledger.ledger import canonical
from cryoledger.ledger.entry import uuid7
from cryoledger.ledger.keys import WrappedKey, unwrap_key
from cryoledger.ledger.lines import encode_base64

_FORMAT = "cryoledger/identity/v1"
_KEY_BYTES, _NONCE_BYTES = 32, 12


@dataclass(frozen=True, slots=True)
class Identity:
    """The person behind a code, as the papers say."""

    full_name: str
    born_on: str = ""
    record_number: str = ""
    contact: str = ""


def trial_grant(vault: Vault, person: str, *, from_sheet: bool) -> IdentityReaderGranted:
    """A grant as it will be, for the rules to judge before a PIN is asked: the identity key itself is not at hand."""
    with vault.store.reading() as reading:
        holders = reading.facts.where(IdentityReader)
    key_id = holders[0].key_id if holders else "0" * 8
    return IdentityReaderGranted(person=person, key_id=key_id, from_sheet=from_sheet)


def trial_record(subject: Subject) -> IdentityRecorded:
    """As `trial_grant`, of an identity that is not given yet."""
    nothing = Document(sha256=encode_base64(bytes(32)), size_bytes=0, salt_id=uuid7(0, bytes(10)))
    return catalogue.make(IdentityRecorded, {"scope": subject[0], "code": subject[1], "document": nothing.model_dump()})


def grant(vault: Vault, person: str, giver: By, taker: By, sheet: bytes | None = None) -> Sealed:
    """Give a person the identity key under the person's own PIN.

    The giver holds it, or is the administrator with whom `init` left it, or opens the recovery sheet: then `sheet` is
    the recovery key's seed on it. Refusal where the giver has no key to give; PinError; RequestError.
    """
    with vault.store.reading() as reading:
        holders = reading.facts.where(IdentityReader)
    unlock(vault, taker.name, taker.pin or "")
    key, left = _given(vault, giver, holders, sheet)
    wrapped = _wrap(vault, key, taker.pin or "", person)
    event = IdentityReaderGranted(person=person, key_id=wrapped.key_id.hex(), from_sheet=sheet is not None)

    def keep(transaction: Transaction) -> None:
        transaction.put_wrapped_key(stored_key(wrapped))
        if left is not None:
            transaction.remove_wrapped_key(left.name, left.key_id.hex())

    return record(vault, event, giver, taker, also=keep)


def _given(
    vault: Vault, giver: By, holders: Sequence[IdentityReader], sheet: bytes | None
) -> tuple[bytes, WrappedKey | None]:
    """The identity key that a person gives, and the copy that `init` left with an administrator, which then goes."""
    if sheet is not None:
        return identity_key.of_sheet(sheet, vault.origin()), None
    unlock(vault, giver.name, giver.pin or "")
    held = _further(vault, giver.name)
    if not held and holders:
        return secrets.token_bytes(_KEY_BYTES), None  # the rule refuses, and records it
    if not held:
        raise RequestError(
            "Nobody holds the identity key any more.", "Take it from the sealed recovery sheet: --sheet FILE."
        )
    key = unwrap_key(held[0], pin=giver.pin, vault_secret=vault.secret, origin=vault.origin())
    return key, held[0] if not holders else None


def _further(vault: Vault, person: str) -> list[WrappedKey]:
    """The wrapped keys of a person beside the signing keys: the identity key, where the person has it."""
    with vault.store.reading() as reading:
        signing = {row.key_id for row in reading.facts.where(PublicKey, name=person)}
        rows = [row for row in reading.wrapped_keys() if row.name == person and row.key_id not in signing]
    return [wrapped_key(row, person) for row in rows]


def withdrawal(person: str, reason: str) -> IdentityReaderWithdrawn:
    """The event by which a person reads no more."""
    return catalogue.make(IdentityReaderWithdrawn, {"person": person, "reason": reason})


def withdraw(vault: Vault, person: str, reason: str, by: By) -> Sealed:
    """Take the identity key from a person."""
    with vault.store.reading() as reading:
        row = reading.facts.get(IdentityReader, person)
    event = withdrawal(person, reason)
    key_id = row.key_id if row is not None else ""
    return record(vault, event, by, also=lambda tx: tx.remove_wrapped_key(person, key_id))


def keep_identity(vault: Vault, subject: Subject, identity: Identity, by: By) -> Sealed:
    """Keep who a donor or patient is; a later one stands for the earlier, which stays kept."""
    if not identity.full_name.strip():
        raise RequestError("No name was given.", "Give at least the full name.")
    event = catalogue.make(IdentityRecorded, {"scope": subject[0], "code": subject[1]})
    key = _key_for(vault, by)
    kept = narrative.keep(vault, _seal(key, subject, vault.origin(), identity), subject)
    return record(vault, narrative.with_document(event, kept), by, also=kept.write)


def look(subject: Subject, reason: str) -> IdentityShown:
    """The event of a look at an identity."""
    return catalogue.make(IdentityShown, {"scope": subject[0], "code": subject[1], "reason": reason})


def show(vault: Vault, subject: Subject, reason: str, by: By) -> Identity:
    """Who a donor or patient is, once the ledger says who looked and why; Refusal, PinError, VaultDamagedError."""
    key = _key_for(vault, by)
    record(vault, look(subject, reason), by)
    with vault.store.reading() as reading:
        row = reading.facts.get(IdentityRow, *subject)
        recorded = reading.recorded(row.recorded) if row is not None and row.recorded is not None else None
    document = recorded.event.document if recorded is not None else None
    content = narrative.read(vault, document) if isinstance(document, Document) else None
    if key is None or content is None:
        raise VaultDamagedError(f"The identity of {subject[0]} {subject[1]} is missing.", "Restore the last backup.")
    return _open(key, subject, vault.origin(), content)


def forgetting(vault: Vault, subject: Subject, reason: str) -> IdentityForgotten:
    """The event by which a person is forgotten, as of now."""
    today = vault.clock.now().astimezone(ZoneInfo(vault.site().zone)).date()
    # A day more than the rule asks: the site's date may be a day ahead of the instant's.
    until = today + timedelta(days=KEY_COPIES_DAYS + 1)
    return catalogue.make(
        IdentityForgotten,
        {"scope": subject[0], "code": subject[1], "reason": reason, "copies_until": until.isoformat()},
    )


def forget(vault: Vault, subject: Subject, reason: str, *by: By) -> tuple[Sealed, str]:
    """Destroy a subject's key for good; the entry, and the last day on which a copy of the key may still live.

    Refusal before the retention date. Other stations destroy theirs when they next open the vault.
    """
    event = forgetting(vault, subject, reason)
    at = times.text_of(vault.clock.now())

    def erase(transaction: Transaction) -> None:
        transaction.erase_documents(*subject, at)

    sealed = record(vault, event, *by, also=erase)
    vault.subjects().destroy([subject])
    return sealed, event.copies_until


def forgotten(vault: Vault) -> list[Subject]:
    """The subjects whose keys must exist nowhere."""
    with vault.store.reading() as reading:
        return [(row.kind, row.code) for row in reading.facts.where(IdentityRow) if row.forgotten is not None]


def rewrapped(vault: Vault, person: str, old: str, new: str) -> list[WrappedKey]:
    """The identity key of a person under a new PIN, where the person has it."""
    secret, origin = vault.secret, vault.origin()
    keys = [unwrap_key(each, pin=old, vault_secret=secret, origin=origin) for each in _further(vault, person)]
    return [_wrap(vault, key, new, person) for key in keys]


def _key_for(vault: Vault, by: By) -> bytes | None:
    """The identity key of a signer, or None where the signer holds none: the rule then refuses, and records it."""
    unlock(vault, by.name, by.pin or "")  # a wrong PIN is counted there, as for every act
    return _open_key(vault, by) if _stored(vault, by.name) is not None else None


def _open_key(vault: Vault, by: By) -> bytes:
    unlock(vault, by.name, by.pin or "")
    stored = _stored(vault, by.name)
    if stored is None:
        raise VaultDamagedError(f"The vault lacks the identity key of {by.name}.", "Another holder grants it again.")
    return unwrap_key(stored, pin=by.pin, vault_secret=vault.secret, origin=vault.origin())


def _stored(vault: Vault, person: str) -> WrappedKey | None:
    with vault.store.reading() as reading:
        row = reading.facts.get(IdentityReader, person)
        stored = reading.wrapped_key(person, row.key_id) if row is not None else None
    return None if stored is None else wrapped_key(stored, person)


def _wrap(vault: Vault, key: bytes, pin: str, person: str) -> WrappedKey:
    return identity_key.wrapped(key, pin, vault.secret, vault.origin(), person, vault.kdf)


def _associated(subject: Subject, origin: str) -> bytes:
    return canonical.encode({"code": subject[1], "format": _FORMAT, "kind": subject[0], "origin": origin})


def _seal(key: bytes | None, subject: Subject, origin: str, identity: Identity) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    # Without the key the rule refuses before anything is stored; nothing readable is made meanwhile either.
    cipher = AESGCM(key or secrets.token_bytes(_KEY_BYTES))
    return nonce + cipher.encrypt(nonce, json.dumps(asdict(identity)).encode(), _associated(subject, origin))


def _open(key: bytes, subject: Subject, origin: str, content: bytes) -> Identity:
    nonce, encrypted = content[:_NONCE_BYTES], content[_NONCE_BYTES:]
    try:
        return Identity(**json.loads(AESGCM(key).decrypt(nonce, encrypted, _associated(subject, origin))))
    except (InvalidTag, ValueError, TypeError):
        raise VaultDamagedError(
            f"The identity of {subject[0]} {subject[1]} does not open with the identity key.",
            "Keep the vault as it is, and run verify.",
        ) from None
