"""What is kept in the vault but is neither ledger nor derived: wrapped keys, and documents the ledger hashes."""

from __future__ import annotations

from dataclasses import dataclass

from cryoledger.database.driver import Driver

__all__ = [
    "INVITATION", "WRONG_CODES", "KeptCheckpoint", "LocalReads", "LocalWrites", "StoredDocument",
    "SubjectMark", "Upkeep", "WrappedKey",
]  # fmt: skip

# In place of a key ID, which is 8 hex digits: the vault secret under a new station's code, and its wrong codes.
INVITATION, WRONG_CODES = "invitation", "wrong-codes"

_CHECKPOINTS = "SELECT epoch, size, note, at, given FROM checkpoint"
_KEYS = "SELECT name, key_id, wrapped FROM wrapped_key"
_MARKS = "SELECT kind, code, mark, station FROM subject_key"
_DOCUMENTS = "SELECT sha256, salt_id, subject_kind, subject_code, size_bytes, content, erased_at FROM document"


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A private key under its PIN and the vault secret, as JSON text."""

    name: str
    key_id: str
    wrapped: str


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """Narrative or a file: `sha256` (base64) of the salted text as the ledger names it, `content` encrypted.

    `content` is None once it is erased, and `erased_at` then says when.
    """

    sha256: str
    salt_id: str
    subject_kind: str | None
    subject_code: str | None
    size_bytes: int
    content: bytes | None
    erased_at: str | None = None


@dataclass(frozen=True, slots=True)
class SubjectMark:
    """The key of a donor or patient that is in use: its mark (base64), and the station that was first to use it."""

    kind: str
    code: str
    mark: str
    station: str


@dataclass(frozen=True, slots=True)
class Upkeep:
    """When something was last done to keep the vault (the ledger's form of time), and a word about it."""

    kind: str
    at: str
    detail: str


@dataclass(frozen=True, slots=True)
class KeptCheckpoint:
    """A checkpoint of an epoch at a size: the signed note, and when it was signed (the ledger's form of time).

    `given` is 1 where somebody outside may hold it: it went into a file, or came back cosigned. Such a one stays.
    """

    epoch: int
    size: int
    note: bytes
    at: str
    given: int


class LocalReads:
    """Look-ups in the local tables."""

    driver: Driver

    def wrapped_key(self, name: str, key_id: str) -> WrappedKey | None:
        """The wrapped private key of a name and key ID."""
        row = self.driver.one(f"{_KEYS} WHERE name = ? AND key_id = ?", (name, key_id))
        return None if row is None else WrappedKey(*row)

    def wrapped_keys(self) -> list[WrappedKey]:
        """Every wrapped private key, by name and key ID."""
        return [WrappedKey(*row) for row in self.driver.all(f"{_KEYS} ORDER BY name, key_id")]

    def document(self, sha256: str) -> StoredDocument | None:
        """The document with this salted hash."""
        row = self.driver.one(f"{_DOCUMENTS} WHERE sha256 = ?", (sha256,))
        return None if row is None else StoredDocument(*row)

    def documents_of(self, subject_kind: str, subject_code: str) -> list[StoredDocument]:
        """Every document about one thing, by hash."""
        sql = f"{_DOCUMENTS} WHERE subject_kind = ? AND subject_code = ? ORDER BY sha256"
        return [StoredDocument(*row) for row in self.driver.all(sql, (subject_kind, subject_code))]

    def subject_mark(self, kind: str, code: str) -> SubjectMark | None:
        """The mark of a subject's key that is in use."""
        row = self.driver.one(f"{_MARKS} WHERE kind = ? AND code = ?", (kind, code))
        return None if row is None else SubjectMark(*row)

    def subject_marks(self) -> list[SubjectMark]:
        """The marks of all subjects' keys, by kind and code."""
        return [SubjectMark(*row) for row in self.driver.all(f"{_MARKS} ORDER BY kind, code")]

    def upkeep(self, kind: str) -> Upkeep | None:
        """When this kind of upkeep was last done."""
        row = self.driver.one("SELECT kind, at, detail FROM upkeep WHERE kind = ?", (kind,))
        return None if row is None else Upkeep(*row)

    def checkpoint(self, epoch: int, size: int) -> KeptCheckpoint | None:
        """The checkpoint of an epoch at a size."""
        row = self.driver.one(f"{_CHECKPOINTS} WHERE epoch = ? AND size = ?", (epoch, size))
        return None if row is None else KeptCheckpoint(*row)

    def checkpoints(self) -> list[KeptCheckpoint]:
        """Every kept checkpoint, by epoch and size."""
        return [KeptCheckpoint(*row) for row in self.driver.all(f"{_CHECKPOINTS} ORDER BY epoch, size")]


class LocalWrites(LocalReads):
    """Changes of the local tables, inside a transaction that writes."""

    def _must_be_open(self) -> None:
        raise NotImplementedError

    def put_wrapped_key(self, key: WrappedKey) -> None:
        """Keep a wrapped private key; one of the same name and key ID is replaced (a PIN was changed)."""
        self._must_be_open()
        self.driver.execute(
            "INSERT INTO wrapped_key (name, key_id, wrapped) VALUES (?, ?, ?) "
            "ON CONFLICT (name, key_id) DO UPDATE SET wrapped = excluded.wrapped",
            (key.name, key.key_id, key.wrapped),
        )

    def remove_wrapped_key(self, name: str, key_id: str) -> None:
        """Forget a wrapped private key; silent where there is none."""
        self._must_be_open()
        self.driver.execute("DELETE FROM wrapped_key WHERE name = ? AND key_id = ?", (name, key_id))

    def claim_subject(self, mark: SubjectMark) -> SubjectMark:
        """Keep the mark of a subject's key unless one is kept; the mark that is kept then."""
        self._must_be_open()
        self.driver.execute(
            "INSERT INTO subject_key (kind, code, mark, station) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (kind, code) DO NOTHING",
            (mark.kind, mark.code, mark.mark, mark.station),
        )
        return self.subject_mark(mark.kind, mark.code) or mark

    def put_upkeep(self, done: Upkeep) -> None:
        """Keep when upkeep was done last."""
        self._must_be_open()
        self.driver.execute(
            "INSERT INTO upkeep (kind, at, detail) VALUES (?, ?, ?) "
            "ON CONFLICT (kind) DO UPDATE SET at = excluded.at, detail = excluded.detail",
            (done.kind, done.at, done.detail),
        )

    def remove_upkeep(self, kind: str) -> None:
        """Forget a kind of upkeep; silent where it was never done."""
        self._must_be_open()
        self.driver.execute("DELETE FROM upkeep WHERE kind = ?", (kind,))

    def put_checkpoint(self, kept: KeptCheckpoint) -> None:
        """Keep a checkpoint; one of the same place is replaced, and those before it that nobody was given go."""
        self._must_be_open()
        self.driver.execute(
            "INSERT INTO checkpoint (epoch, size, note, at, given) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (epoch, size) DO UPDATE SET note = excluded.note, at = excluded.at, "
            "given = excluded.given",
            (kept.epoch, kept.size, kept.note, kept.at, kept.given),
        )
        self.driver.execute(
            "DELETE FROM checkpoint WHERE epoch = ? AND size < ? AND given = 0", (kept.epoch, kept.size)
        )

    def put_document(self, document: StoredDocument) -> None:
        """Keep a document; one that is there already stays as it is."""
        self._must_be_open()
        self.driver.execute(
            "INSERT INTO document (sha256, salt_id, subject_kind, subject_code, size_bytes, content, erased_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING",
            (
                document.sha256,
                document.salt_id,
                document.subject_kind,
                document.subject_code,
                document.size_bytes,
                document.content,
                document.erased_at,
            ),
        )

    def erase_documents(self, subject_kind: str, subject_code: str, erased_at: str) -> int:
        """Erase the content of every document about one thing; how many had content until now."""
        self._must_be_open()
        return self.driver.execute(
            "UPDATE document SET content = NULL, erased_at = ? "
            "WHERE subject_kind = ? AND subject_code = ? AND content IS NOT NULL",
            (erased_at, subject_kind, subject_code),
        )
