"""Every table in SQLModel, made from the record classes so that a column is declared once.

The migrations create the same tables, written by hand; a test compares the two. Rows of these classes are for
exploring and for `select`; the program reads and writes through records.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from cryoledger.database.rooms import ROOM
from cryoledger.database.statements import columns_of
from cryoledger.domain.records import DERIVED, Record

__all__ = ["METADATA", "ROOM", "TABLES", "table_of"]

METADATA = MetaData()

# Keys and times must sort by code point, as they do in Python and in SQLite.
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
WHOLE = BigInteger().with_variant(Integer(), "sqlite")  # STRICT knows no BIGINT; its INTEGER has 64 bits
BYTES = LargeBinary()
_TYPES: Mapping[type, Any] = {str: TEXT, int: WHOLE, bytes: BYTES}


class LedgerTable:
    """The shape of a table that no record stands for; as in Record."""

    table: ClassVar[str]
    key: ClassVar[tuple[str, ...]]
    unique: ClassVar[tuple[tuple[str, ...], ...]] = ()
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = ()


@dataclass
class Entry(LedgerTable):
    """An entry of the ledger, as it was signed."""

    table = "entry"
    key = ("epoch", "sequence")
    unique = (("id",), ("epoch", "previous"))
    epoch: int
    sequence: int
    id: str
    previous: bytes
    leaf_hash: bytes
    note: bytes


@dataclass
class FullTile(LedgerTable):
    """256 hashes of the tree over an epoch's entries, with the root that stands for them one level up."""

    table = "tile"
    key = ("epoch", "level", "number")
    epoch: int
    level: int
    number: int
    root: bytes
    hashes: bytes


@dataclass
class KeptCheckpoint(LedgerTable):
    """A checkpoint that this vault signed, with the cosignatures that came back for it."""

    table = "checkpoint"
    key = ("epoch", "size")
    epoch: int
    size: int
    note: bytes
    at: str
    given: int


@dataclass
class WrappedKey(LedgerTable):
    """A private key under its PIN and the vault secret."""

    table = "wrapped_key"
    key = ("name", "key_id")
    name: str
    key_id: str
    wrapped: str


@dataclass
class Document(LedgerTable):
    """Narrative or a file, encrypted, whose salted hash stands in the ledger."""

    table = "document"
    key = ("sha256",)
    indexes = (("subject_kind", "subject_code"),)
    sha256: str
    salt_id: str
    subject_kind: str | None
    subject_code: str | None
    size_bytes: int
    content: bytes | None
    erased_at: str | None


@dataclass
class SubjectKey(LedgerTable):
    """Which key is a donor's or patient's own: its mark, and the station that was first to use it."""

    table = "subject_key"
    key = ("kind", "code")
    kind: str
    code: str
    mark: str
    station: str


@dataclass
class Upkeep(LedgerTable):
    """When something was last done to keep the vault: a good backup, a test restore, a restore."""

    table = "upkeep"
    key = ("kind",)
    kind: str
    at: str
    detail: str


def _made(declared: type[Record] | type[LedgerTable]) -> type[SQLModel]:
    name, hints = declared.table, typing.get_type_hints(declared)
    columns = columns_of(declared)  # type: ignore[arg-type]
    constraints = [UniqueConstraint(*names, name=f"uq_{name}_{'_'.join(names)}") for names in declared.unique]
    indexes = [Index(f"ix_{name}_{'_'.join(names)}", *names) for names in declared.indexes]

    def fill(namespace: dict[str, Any]) -> None:
        namespace["__module__"] = __name__
        namespace["__doc__"] = declared.__doc__
        namespace["__tablename__"] = name
        namespace["__table_args__"] = (*constraints, *indexes, {"sqlite_strict": True})
        namespace["metadata"] = METADATA
        namespace["__annotations__"] = {column: hints[column] for column in columns}
        for column in columns:
            kinds = typing.get_args(hints[column]) or (hints[column],)
            namespace[column] = Field(
                sa_column=Column(
                    column,
                    _TYPES[kinds[0]],
                    primary_key=column in declared.key,
                    nullable=type(None) in kinds,
                    autoincrement=False,
                )
            )

    return typing.cast("type[SQLModel]", types.new_class(f"{declared.__name__}Row", (SQLModel,), {"table": True}, fill))


_DECLARED: tuple[type[Record] | type[LedgerTable], ...] = (
    Entry, FullTile, *DERIVED, KeptCheckpoint, WrappedKey, Document, SubjectKey, Upkeep,
)  # fmt: skip
TABLES: Mapping[str, type[SQLModel]] = {declared.table: _made(declared) for declared in _DECLARED}


def table_of(record: type[Record]) -> type[SQLModel]:
    """The SQLModel class of a record class, named as it with `Row` behind."""
    return TABLES[record.table]
