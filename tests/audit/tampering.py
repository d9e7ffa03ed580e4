"""An attacker's hands: entries rewritten and, where a key was stolen, signed again; columns made to fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from cryoledger.ledger.entry import Entry, Envelope, SignerRole, entry_text, parse_entry, seal
from cryoledger.ledger.note import Signature
from tests.audit.sources import Listed, Row, row_of
from tests.lab import private_key

Signing = Callable[[str, bytes], Signature]


def sign_again(name: str, text: bytes) -> Signature:
    """The signature of a stolen key."""
    return private_key(name).sign(text)


def resigned(
    row: Row,
    *,
    envelope: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
    origin: str | None = None,
    sequence: int | None = None,
    previous: bytes | None = None,
    signers: tuple[tuple[str, str], ...] | None = None,
    sign: Signing = sign_again,
) -> Row:
    """A stored entry with parts of it changed and everybody's signature made anew; the columns fit."""
    entry = parse_entry(row.note)
    changed: Envelope = replace(entry.envelope, **(envelope or {}))
    if data is not None:
        changed = replace(changed, data={**changed.data, **data})
    if signers is not None:
        changed = replace(changed, signers=tuple(SignerRole(name, meaning) for name, meaning in signers))
    text = entry_text(
        origin or entry.origin,
        entry.sequence if sequence is None else sequence,
        entry.previous if previous is None else previous,
        changed,
    )
    return row_of(row.epoch, seal(text, [sign(signer.name, text) for signer in changed.signers]))


def rewrite_from(source: Listed, index: int, row: Row) -> None:
    """Put an entry in place of another and sign everything after it again: whoever holds every key can."""
    source.stored[index] = row
    for at in range(index + 1, len(source.stored)):
        if source.stored[at].sequence == 0:
            return
        source.stored[at] = resigned(source.stored[at], previous=source.stored[at - 1].leaf_hash)


def entry_of(row: Row) -> Entry:
    """The parsed entry of a row."""
    return parse_entry(row.note)


def find(source: Listed, type_: str, nth: int = 0) -> int:
    """The index of the nth entry of a type."""
    return [at for at, row in enumerate(source.stored) if entry_of(row).envelope.type == type_][nth]
