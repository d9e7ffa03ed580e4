"""Narrative and files beside the ledger: each is what the entry that names it committed to, or was lawfully erased.

A document lies encrypted under its subject's key. Whoever lacks that key can see that it is there, and no more: such
documents are counted as not compared. A document is erased lawfully where the ledger says that its donor or patient
was forgotten; then its content is gone for good, and that is said.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from cryoledger.audit.chain import Step
from cryoledger.audit.findings import Finding, Findings
from cryoledger.domain import numbers
from cryoledger.domain.facts import Change, Draft, Inventory, Put
from cryoledger.domain.fields import Document
from cryoledger.domain.identity_records import Identity
from cryoledger.domain.records import Mention
from cryoledger.ledger.lines import encode_base64

__all__ = ["SALT_BYTES", "DocumentSource", "Documents", "StoredDocument"]

CHECK = TABLE = "document"
SALT_BYTES = 16
SITE = ("site", "site")


class StoredDocument(Protocol):
    """A document as it lies in the vault; any of these may hold anything, if somebody tampered."""

    @property
    def sha256(self) -> str:
        """Base64 of SHA-256 over salt and content."""

    @property
    def salt_id(self) -> str:
        """The salt's name."""

    @property
    def subject_kind(self) -> str | None:
        """Under whose key it lies: donor, patient or site,"""

    @property
    def subject_code(self) -> str | None:
        """and which."""

    @property
    def size_bytes(self) -> int:
        """Of the content, without salt."""

    @property
    def content(self) -> bytes | None:
        """Encrypted; None once it is erased."""


class DocumentSource(Protocol):
    """The documents of a vault, and the keys that the verifying machine has of them."""

    def document(self, sha256: str) -> StoredDocument | None:
        """The document with this hash."""

    def opened(self, document: StoredDocument) -> bytes | None:
        """Salt and content; None where this machine lacks the key. Raises where they do not open with it."""

    def named(self) -> Iterator[str]:
        """The hash of every document that is kept."""


@dataclass(frozen=True, slots=True)
class _Erased:
    """A document that is gone, and where it was named."""

    epoch: int
    sequence: int
    sha256: str
    subject: tuple[str | None, str | None]

    @property
    def number(self) -> int:
        return numbers.number_of(self.epoch, self.sequence)


class Documents:
    """Compares documents as the entries that name them go by. Holds eight bytes of each hash, and what was erased."""

    def __init__(self, source: DocumentSource | None, findings: Findings) -> None:
        self._source = source
        self._findings = findings
        self._seen = array("Q")
        self._erased: list[_Erased] = []
        self._compared = self._closed = 0
        self._lawful = 0
        self._last = ""

    def pass_by(self, step: Step, draft: Draft, changes: tuple[Change, ...]) -> None:
        """Compare the document that an entry names, where it names one."""
        document = draft.event.document
        if document is None or self._source is None:
            return
        if document.sha256 == self._last:
            return  # one file beside many entries, such as the paper of a downtime
        self._seen.append(_bits(document.sha256))
        try:
            self._judge(self._source, step, document, changes)
        except Exception as error:  # noqa: BLE001 - whatever a torn vault raises is a finding
            problem = str(error) or type(error).__name__
            self._bad(step.epoch, step.sequence, document.sha256, f"The document cannot be read: {problem}"[:400])

    def _judge(self, source: DocumentSource, step: Step, document: Document, changes: tuple[Change, ...]) -> None:
        place, sha256 = (step.epoch, step.sequence), document.sha256
        stored = source.document(sha256)
        if stored is None:
            self._bad(*place, sha256, "The document that this entry names is missing.")
            return
        subject = stored.subject_kind, stored.subject_code
        if subject != SITE and not _mentions(changes, subject):
            self._bad(*place, sha256, "The document lies under the key of somebody whom this entry does not name.")
            return
        if (stored.salt_id, stored.size_bytes) != (document.salt_id, document.size_bytes):
            self._bad(*place, sha256, "The document's size or salt is not what this entry says.")
            return
        if stored.content is None:
            self._erased.append(_Erased(*place, sha256, subject))
            return
        opened = source.opened(stored)
        if opened is None:
            self._closed += 1
            return
        found = encode_base64(hashlib.sha256(opened).digest())
        if (found, len(opened) - SALT_BYTES) != (sha256, document.size_bytes):
            self._bad(
                *place, sha256, "The document is not the one that this entry committed to: it was altered.", found
            )
            return
        self._compared += 1
        self._last = sha256

    def finish(self, inventory: Inventory) -> None:
        """What shows only at the end: who was forgotten, and documents that no entry names."""
        for each in self._erased:
            row = inventory.get(Identity, *map(str, each.subject))
            if row is not None and row.forgotten is not None and row.forgotten > each.number:
                self._lawful += 1
            else:
                message = (
                    "The document that this entry names was erased, and the ledger forgot nobody to whom it belongs."
                )
                self._bad(each.epoch, each.sequence, each.sha256, message)
        if self._source is not None:
            self._strays(self._source)

    def lines(self) -> tuple[str, ...]:
        """What was compared, and what is lawfully gone."""
        if self._source is None:
            return ()
        lines = [f"documents: {self._compared} compared with the hashes that their entries commit to"]
        if self._lawful:
            lines.append(f"documents: {self._lawful} erased with the donors and patients whom the ledger forgot")
        return tuple(lines)

    def not_run(self) -> tuple[str, ...]:
        """What could not be compared."""
        if self._source is None:
            return ("documents: none given",)
        if self._closed:
            return (f"documents: {self._closed} are there, but cannot be opened: this machine lacks their keys",)
        return ()

    def _strays(self, source: DocumentSource) -> None:
        seen = array("Q", sorted(self._seen))
        try:
            for sha256 in source.named():
                bits = _bits(sha256)
                at = bisect_left(seen, bits)
                if at == len(seen) or seen[at] != bits:
                    message = "No entry names this document."
                    self._findings.add(Finding(CHECK, "open", table=TABLE, row=str(sha256)[:64], message=message))
        except Exception as error:  # noqa: BLE001 - as above
            message = f"The documents cannot be read: {str(error) or type(error).__name__}"[:400]
            self._findings.add(Finding(CHECK, "broken", table=TABLE, message=message))

    def _bad(self, epoch: int, sequence: int, sha256: str, message: str, found: str | None = None) -> None:
        self._findings.add(
            Finding(CHECK, "broken", epoch, sequence, TABLE, sha256, sha256 if found else None, found, message)
        )


def _mentions(changes: tuple[Change, ...], subject: tuple[str | None, str | None]) -> bool:
    rows = (change.row for change in changes if isinstance(change, Put) and isinstance(change.row, Mention))
    return any((row.kind, row.code) == subject for row in rows)


def _bits(sha256: object) -> int:
    return int.from_bytes(hashlib.sha256(str(sha256).encode()).digest()[:8], "big")
