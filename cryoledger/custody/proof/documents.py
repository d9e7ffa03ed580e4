"""The documents of a vault as a verification reads them, opened with the keys that this machine has."""

from __future__ import annotations

from collections.abc import Iterator

from cryoledger.audit.documents import StoredDocument as AnyDocument
from cryoledger.audit.source import StoredEntry
from cryoledger.custody.keys.subject_keys import SubjectKeys
from cryoledger.custody.station.station_folder import StationFolder
from cryoledger.database.driver import Driver
from cryoledger.database.local import LocalReads, StoredDocument
from cryoledger.errors import CryoledgerError, StationError
from cryoledger.ledger.entry import parse_entry

__all__ = ["KeptDocuments"]


class KeptDocuments(LocalReads):
    """As `audit.DocumentSource`, over one state of the vault's database. Without keys nothing opens."""

    def __init__(self, driver: Driver, keys: SubjectKeys | None) -> None:
        self.driver = driver
        self._keys = keys

    @classmethod
    def of(cls, driver: Driver, first: StoredEntry | None) -> KeptDocuments:
        """The documents of the vault with this first entry, and the keys of it that this machine has."""
        try:
            folder = StationFolder.for_vault(first.leaf_hash) if first is not None else None
            if folder is None or first is None or not folder.exists:
                return cls(driver, None)
            return cls(driver, SubjectKeys(folder.path, folder.read_secret(), parse_entry(first.note).origin))
        except (CryoledgerError, RuntimeError, TypeError, AttributeError):
            return cls(driver, None)  # an entry 0 that cannot be read is a finding of its own

    def opened(self, document: AnyDocument) -> bytes | None:
        """Salt and content (see audit.DocumentSource)."""
        kind, code, content = document.subject_kind, document.subject_code, document.content
        if self._keys is None or kind is None or code is None or content is None:
            return None
        try:
            return self._keys.open(kind, code, content)
        except StationError:
            return None

    def document(self, sha256: str) -> StoredDocument | None:
        """The document with this hash."""
        return super().document(sha256)

    def named(self) -> Iterator[str]:
        """The hash of every document (see audit.DocumentSource)."""
        for row in self.driver.each("SELECT sha256 FROM document ORDER BY sha256"):
            yield row[0]
