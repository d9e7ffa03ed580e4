"""The rows of the identity vault: who holds the identity key, and of whom an identity was kept or forgotten."""

from __future__ import annotations

from dataclasses import dataclass

from cryoledger.domain.row import Record


@dataclass(frozen=True, slots=True)
class IdentityReader(Record):
    """A person who holds the identity key; `number` is the entry that granted it."""

    table = "identity_reader"
    key = ("person",)
    person: str
    key_id: str
    number: int


@dataclass(frozen=True, slots=True)
class Identity(Record):
    """A donor or patient whose identity was kept (`sha256` names the document) or forgotten (`forgotten` the entry)."""

    table = "identity"
    key = ("kind", "code")
    kind: str
    code: str
    sha256: str | None
    recorded: int | None
    forgotten: int | None
    copies_until: str | None
