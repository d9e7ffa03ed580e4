"""What a verification reads from: entries in order, rows of the derived tables, and a few look-ups.

All answers must be of one state of the vault (one snapshot), and look-ups must agree with the whole: a database's
adapter first has the database check its own indexes against its tables (SQLite: `PRAGMA integrity_check`).
Nothing here is trusted otherwise; whatever is read is judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from cryoledger.domain.records import Record

__all__ = ["BadRow", "Source", "StoredEntry"]


class StoredEntry(Protocol):
    """One entry as it lies in the vault; any of these may hold anything, if somebody tampered."""

    @property
    def epoch(self) -> int:
        """From 1."""

    @property
    def sequence(self) -> int:
        """From 0, in its epoch."""

    @property
    def id(self) -> str:
        """The UUID of the event, read off the note for look-ups."""

    @property
    def previous(self) -> bytes:
        """The leaf hash of the entry before, read off the note."""

    @property
    def leaf_hash(self) -> bytes:
        """The leaf hash of the note."""

    @property
    def note(self) -> bytes:
        """The signed note: the truth."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is no record (`row` as it can be named), or a table that cannot be read at all (`row` None)."""

    table: str
    row: str | None
    problem: str


class Source(Protocol):
    """A vault, an export, or a test's lists."""

    def count(self) -> int:
        """How many entries there are, for showing progress."""

    def entries(self) -> Iterator[StoredEntry]:
        """Every entry, ordered by epoch and sequence."""

    def entry(self, epoch: int, sequence: int) -> StoredEntry | None:
        """One entry."""

    def rows(self, record: type[Record]) -> Iterator[Record | BadRow]:
        """Every row of a derived table, ordered by its key (text by code point)."""

    def where(self, record: type[Record], **equal: str | int | None) -> Iterable[Record | BadRow]:
        """Rows of a journal by a prefix of the key or a declared index, ordered by key."""
