"""Journals, compared while the ledger is replayed: each entry's rows against those that the vault has of it.

Journals grow with the ledger, so neither side is held. What differs is remembered, so that rules which ask about
the past hear what the ledger says, whatever the tables say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cryoledger.audit.derived import Comparison
from cryoledger.audit.source import BadRow, Source
from cryoledger.domain.records import JOURNAL, Key, Record

__all__ = ["Journals"]


LAST = 2**63  # past every number of an entry


class Journals:
    """Every journal of the vault, read in step with the replay."""

    def __init__(self, source: Source, comparison: Comparison) -> None:
        self._source = source
        self._comparison = comparison
        self._streams = {record: _Stream(source, record, comparison) for record in JOURNAL}
        self.number = 0

    def past(self, record: type[Record], equal: dict[str, str | int | None]) -> list[Record]:
        """Rows that earlier entries wrote, as rules may ask for them."""
        stream = self._streams[record]
        found = {row.identity: row for row in self._stored(record, equal) if stream.trusts(row, self.number)}
        if not stream.missing:
            return list(found.values())
        found |= {
            key: row
            for key, row in stream.missing.items()
            if all(getattr(row, name) == value for name, value in equal.items())
        }
        return [found[key] for key in sorted(found, key=_sortable)]

    def _stored(self, record: type[Record], equal: dict[str, str | int | None]) -> list[Record]:
        try:
            return [row for row in self._source.where(record, **equal) if not isinstance(row, BadRow)]
        except Exception as error:  # noqa: BLE001 - whatever a torn vault raises is a finding
            self._comparison.unreadable_table(record, str(error) or type(error).__name__)
            return []

    def compare(self, number: int, rows: Iterable[Record]) -> None:
        """Compare what an entry writes with the rows that the vault has of it."""
        wanted: dict[type[Record], dict[Key, Record]] = {}
        for row in rows:
            wanted.setdefault(type(row), {})[row.identity] = row
        for record, stream in self._streams.items():
            if record in wanted or stream.next_number <= number:
                stream.compare(number, wanted.get(record, {}))

    def finish(self) -> None:
        """Rows of entries that there are not."""
        for stream in self._streams.values():
            stream.finish()


class _Stream:
    """One journal, ordered by the number of the entry that wrote each row."""

    def __init__(self, source: Source, record: type[Record], comparison: Comparison) -> None:
        self._rows: Iterator[Record] = comparison.readable(source, record)
        self._record = record
        self._comparison = comparison
        self._next: Record | None = None
        self._started = False
        self.next_number = -1  # of the entry that wrote the next row, as far as that is known
        self._bogus: set[Key] = set()
        self.missing: dict[Key, Record] = {}

    def trusts(self, row: Record, number: int) -> bool:
        """Whether a row was written by an entry before this number, as far as was compared."""
        first = row.identity[0]
        return isinstance(first, int) and first < number and row.identity not in self._bogus

    def compare(self, number: int, wanted: dict[Key, Record]) -> None:
        """Compare the rows of one entry; rows of entries before it that come only now belong to none."""
        if not self._started:
            self._started = True
            self._advance()
        while self._next is not None and self.next_number <= number:
            row = self._next
            replayed = wanted.pop(row.identity, None)
            if not self._comparison.same(row, replayed):
                self._bogus.add(row.identity)
                if replayed is not None:
                    self.missing[row.identity] = replayed
            self._advance()
        for key, replayed in wanted.items():
            self._comparison.missing(replayed)
            self.missing[key] = replayed

    def finish(self) -> None:
        """Rows that are left belong to no entry."""
        if not self._started:
            self._started = True
            self._advance()
        while self._next is not None:
            self._comparison.same(self._next, None)
            self._advance()

    def _advance(self) -> None:
        self._next = next(self._rows, None)
        first = self._next.identity[0] if self._next is not None else LAST
        self.next_number = first if isinstance(first, int) else -1


def _sortable(key: Key) -> tuple[tuple[bool, str | int], ...]:
    return tuple((isinstance(part, str), part) for part in key)
