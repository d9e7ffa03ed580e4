"""Narrative and files: kept encrypted in the vault's `document` table; an entry holds only a salted hash.

    kept = keep(vault, "Label found in the bottom of the canister.", ("vial", code))
    record(vault, with_document(event, kept), By(...), also=kept.write)

The hash is SHA-256 over a random 16-byte salt and the content. Salt and content lie encrypted under the subject's
key (the donor or patient concerned), or under the site's own where there is none; once that key is destroyed the
hash tells nothing and the chain still verifies.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import TypeVar

from cryoledger.custody.identities import one_key
from cryoledger.custody.vault import Vault
from cryoledger.database.local import StoredDocument, SubjectMark
from cryoledger.database.store import Transaction
from cryoledger.domain import catalogue
from cryoledger.domain.fields import Document, Event
from cryoledger.domain.identity_records import Identity
from cryoledger.domain.records import PatientBand
from cryoledger.errors import RequestError, StationError, VaultDamagedError
from cryoledger.ledger.lines import encode_base64

SALT_BYTES = 16
LONGEST_BYTES = 10 * 1024 * 1024
SITE = ("site", "site")
OWN_KEY = frozenset({"donor", "patient"})

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Kept:
    """A document ready to be recorded: what the entry says of it, and the row to write with it."""

    document: Document
    row: StoredDocument = field(repr=False)
    mark: SubjectMark | None = None

    def write(self, transaction: Transaction) -> None:
        """Write the row, in the entry's own transaction; StationError where another key is the subject's."""
        if self.mark is not None:
            one_key.claim(transaction, self.mark)
        transaction.put_document(self.row)


def keep(vault: Vault, content: str | bytes, subject: tuple[str, str]) -> Kept:
    """Encrypt a note or a file for its subject; RequestError where it is empty or longer than 10 MiB."""
    data = content.encode() if isinstance(content, str) else content
    if not 0 < len(data) <= LONGEST_BYTES:
        raise RequestError(f"A document has 1 byte to {LONGEST_BYTES // 2**20} MiB.", "Give a shorter one.")
    salt = secrets.token_bytes(SALT_BYTES)
    digest = encode_base64(hashlib.sha256(salt + data).digest())
    owner = subject if subject[0] in OWN_KEY and not _forgotten(vault, subject) else SITE
    keys = vault.subjects()
    ensure_key(vault, owner)
    salt_id = secrets.token_hex(8)
    row = StoredDocument(digest, salt_id, *owner, len(data), keys.seal(*owner, salt + data))
    mark = one_key.mark_of(vault, owner) if owner != SITE else None
    return Kept(Document(sha256=digest, size_bytes=len(data), salt_id=salt_id), row, mark)


def ensure_key(vault: Vault, subject: tuple[str, str]) -> None:
    """Make the key of a subject of whom nothing is kept yet; StationError where the one in use is not here.

    A second key for the same subject would call the right wristband a wrong one, and close what the first sealed. The
    site's own key is made by the first invitation of a station, so that every station has it.
    """
    keys = vault.subjects()
    if subject == SITE:
        keys.create(*subject)
    if keys.get(*subject) is not None:
        one_key.check(vault, subject)
        return
    kind, code = subject
    with vault.store.reading() as reading:
        bands = kind == "patient" and reading.facts.where(PatientBand, patient=code)
        documents = any(row.content is not None for row in reading.documents_of(kind, code))
        kept = bands or documents or reading.subject_mark(kind, code) is not None
    if kept:
        raise StationError(
            f"This station has no key of {kind} {code}: it lies where {code} was first recorded, or was destroyed.",
            "There: `cryoledger identity backup FOLDER`. Here: `cryoledger identity restore FILE`.",
        )
    keys.create(kind, code)


def _forgotten(vault: Vault, subject: tuple[str, str]) -> bool:
    """Whoever was forgotten gets no key again."""
    with vault.store.reading() as reading:
        row = reading.facts.get(Identity, *subject)
    return row is not None and row.forgotten is not None


def with_document(event: E, kept: Kept) -> E:
    """The event naming the document."""
    data = {**catalogue.data_of(event), "document": kept.document.model_dump(mode="json")}
    return type(event).model_validate(data)


def read(vault: Vault, document: Document) -> bytes | None:
    """What a document said; None once it is erased. VaultDamagedError where it is not what the entry hashed."""
    with vault.store.reading() as reading:
        row = reading.document(document.sha256)
    if row is None:
        raise VaultDamagedError(f"The vault lacks the document {document.sha256}.", "Restore it from a backup.")
    if row.content is None or row.subject_kind is None or row.subject_code is None:
        return None
    opened = vault.subjects().open(row.subject_kind, row.subject_code, row.content)
    if encode_base64(hashlib.sha256(opened).digest()) != document.sha256:
        raise VaultDamagedError(f"The document {document.sha256} was altered.", "Keep the vault, and run verify.")
    return opened[SALT_BYTES:]
