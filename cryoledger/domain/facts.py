"""What rules may ask, and what they answer with.

`Facts` is answered by SQL over the derived tables while recording, and by plain dictionaries (`Inventory`) while a
ledger is replayed; `State` lays an event's own changes over either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeVar, cast

from cryoledger.domain import numbers
from cryoledger.domain.fields import Event
from cryoledger.domain.records import Key, Record
from cryoledger.domain.row import reader

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Signed:
    """One signer that a draft names: who, and with which meaning."""

    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """What rules need of an earlier entry."""

    number: int
    leaf_hash: str  # base64
    type: str
    event: Event
    station: str
    signers: tuple[Signed, ...]
    occurred_at: str
    recorded_at: str


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry before its signatures: all that a rulebook judges."""

    epoch: int
    sequence: int
    type: str
    schema: int
    event: Event
    rules: int
    id: str
    station: str
    signers: tuple[Signed, ...]
    occurred_at: str
    recorded_at: str
    previous_recorded_at: str | None
    origin: str = ""
    now: str = field(default="")

    @property
    def at(self) -> str:
        """The instant by which rules judge: when it occurred (LEDGER, "Time"), unless asked otherwise."""
        return self.now or self.occurred_at

    @property
    def number(self) -> int:
        """The entry's number over all epochs."""
        return numbers.number_of(self.epoch, self.sequence)

    @property
    def first(self) -> str:
        """The name of the first signer, who did the act."""
        return self.signers[0].name


class Facts(Protocol):
    """Read-only answers about the present state."""

    def get(self, record: type[R], *key: str | int) -> R | None:
        """The row with this primary key."""

    def several(self, record: type[R], codes: Sequence[str]) -> list[R]:
        """Of the rows with these primary keys, each of one field, those that are there."""

    def where(self, record: type[R], **equal: str | int | None) -> list[R]:
        """Rows whose fields equal these: a prefix of the primary key, or one of the declared indexes."""

    def recorded(self, number: int) -> Recorded | None:
        """An earlier entry, by its number."""


class Put(NamedTuple):
    """A row to insert, or to replace where its key is present."""

    row: Record


class Remove(NamedTuple):
    """A row to remove."""

    record: type[Record]
    key: Key


Change = Put | Remove


class State:
    """Facts with an event's own changes laid over them; `changes()` gives the outcome, each row once."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._rows: dict[tuple[type[Record], Key], Record | None] = {}

    def get(self, record: type[R], *key: str | int) -> R | None:
        """As Facts.get, with this event's changes."""
        if (record, key) in self._rows:
            return cast("R | None", self._rows[record, key])
        return self.facts.get(record, *key)

    def need(self, record: type[R], *key: str | int) -> R:
        """The row, which a check has already seen to exist."""
        row = self.get(record, *key)
        if row is None:
            raise RuntimeError(f"{record.table} {key} vanished between check and changes")
        return row

    def several(self, record: type[R], codes: Sequence[str]) -> list[R]:
        """As Facts.several, with this event's changes."""
        self.facts.several(record, codes)  # asked together, they are known one by one
        return [row for code in codes if (row := self.get(record, code)) is not None]

    def where(self, record: type[R], **equal: str | int | None) -> list[R]:
        """As Facts.where, with this event's changes."""
        found = {row.identity: row for row in self.facts.where(record, **equal)}
        for (kind, key), row in self._rows.items():
            if kind is not record:
                continue
            found.pop(key, None)
            if row is not None and all(getattr(row, name) == value for name, value in equal.items()):
                found[key] = cast("R", row)
        return list(found.values())

    def recorded(self, number: int) -> Recorded | None:
        """As Facts.recorded."""
        return self.facts.recorded(number)

    def put(self, *rows: Record) -> None:
        """Insert or replace rows."""
        for row in rows:
            self._rows[type(row), row.identity] = row

    def journal(self, row: Record) -> None:
        """Write a journal row, once."""
        self._rows[type(row), row.identity] = row

    def remove(self, record: type[Record], *key: str | int) -> None:
        """Remove a row."""
        self._rows[record, key] = None

    def changes(self) -> tuple[Change, ...]:
        """What the event puts and removes, in the order in which rows were first touched."""
        return tuple(Put(row) if row is not None else Remove(kind, key) for (kind, key), row in self._rows.items())


class Inventory:
    """Facts held in dictionaries: what a replayed ledger says.

    Journals grow with the ledger, not with the vials: `past` may answer for them from elsewhere, and `entry` for
    earlier entries; without them both are kept here.
    """

    def __init__(
        self,
        past: Callable[[type[Record], dict[str, str | int | None]], list[Record]] | None = None,
        entry: Callable[[int], Recorded | None] | None = None,
    ) -> None:
        self._past = past
        self._entry = entry
        self._tables: dict[type[Record], dict[Key, Record]] = {}
        self._indexes: dict[type[Record], dict[tuple[str, ...], _Index]] = {}
        self.entries: dict[int, Recorded] = {}

    def get(self, record: type[R], *key: str | int) -> R | None:
        """The row with this primary key."""
        return cast("R | None", self._tables.get(record, {}).get(key))

    def several(self, record: type[R], codes: Sequence[str]) -> list[R]:
        """Of the rows with these primary keys those that are there."""
        return [row for code in codes if (row := self.get(record, code)) is not None]

    def where(self, record: type[R], **equal: str | int | None) -> list[R]:
        """Rows by one of the declared indexes or a prefix of the key."""
        if record.journal and self._past is not None:
            return cast("list[R]", self._past(record, equal))
        index = self._index(record, tuple(equal))
        keys = index.keys.get(tuple(equal.values()))  # type: ignore[arg-type]
        if keys is None:
            return []
        rows = self._tables[record]
        return [cast("R", rows[key]) for key in keys]

    def recorded(self, number: int) -> Recorded | None:
        """An earlier entry, where the replay keeps or can reach it."""
        return self._entry(number) if self._entry is not None else self.entries.get(number)

    def rows(self, record: type[R]) -> Iterable[R]:
        """All rows of a table."""
        return cast("Iterable[R]", self._tables.get(record, {}).values())

    def apply(self, changes: Iterable[Change]) -> None:
        """Carry out an event's changes."""
        for change in changes:
            if isinstance(change, Remove):
                self._drop(change.record, change.key)
            elif not (change.row.journal and self._past is not None):
                self._drop(type(change.row), change.row.identity)
                self._insert(change.row)

    def _insert(self, row: Record) -> None:
        record, key = type(row), row.identity
        self._tables.setdefault(record, {})[key] = row
        for index in self._indexes.get(record, {}).values():
            index.add(row, key)

    def _drop(self, record: type[Record], key: Key) -> None:
        row = self._tables.get(record, {}).pop(key, None)
        if row is None:
            return
        for index in self._indexes.get(record, {}).values():
            index.drop(row, key)

    def _index(self, record: type[Record], fields: tuple[str, ...]) -> _Index:
        indexes = self._indexes.setdefault(record, {})
        if fields not in indexes:
            index = indexes[fields] = _Index(reader(fields), {})
            for key, row in self._tables.get(record, {}).items():
                index.add(row, key)
        return indexes[fields]


@dataclass(frozen=True, slots=True)
class _Index:
    """The keys of a table's rows, in the order of their coming, by what `read` gives of each row."""

    read: Callable[[Record], Key]
    keys: dict[Key, dict[Key, None]]

    def add(self, row: Record, key: Key) -> None:
        self.keys.setdefault(self.read(row), {})[key] = None

    def drop(self, row: Record, key: Key) -> None:
        value = self.read(row)
        self.keys[value].pop(key, None)
        if not self.keys[value]:
            del self.keys[value]
