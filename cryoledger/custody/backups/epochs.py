"""The first entry of the next epoch, over the state that was kept: the one entry that names no entry before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cryoledger.custody.clock import stamp
from cryoledger.custody.keys.kept_keys import wrapped_key
from cryoledger.custody.record import By, Sealed, new_id, note_text
from cryoledger.custody.station.set_back import RESTORED
from cryoledger.custody.vault import Vault, default_station_name, first_of, head_of, person_by, site_of
from cryoledger.database.store import Reading, Stored, Transaction
from cryoledger.domain import catalogue, numbers, signing
from cryoledger.domain.facts import Draft, Signed
from cryoledger.domain.fields import Event
from cryoledger.domain.roles import Kind
from cryoledger.domain.rulebooks import rulebook
from cryoledger.errors import PinError, Refusal, StationError
from cryoledger.ledger.entry import ZERO_HASH, Entry, seal
from cryoledger.ledger.lines import encode_base64
from cryoledger.ledger.note import VerifierKey
from cryoledger.ledger.tree import Frontier

__all__ = ["kept_of", "open_next"]

Make = Callable[[dict[str, Any]], Event]


def open_next(vault: Vault, make: Make, *by: By) -> Sealed:
    """Open the next epoch with the event that `make` makes of what is kept; PinError, Refusal, VaultError."""
    try:
        for each in by:
            if each.pin is None:
                raise PinError(f"The PIN of {each.name} is asked for this.", "Enter it.")
            _unlock(vault, each.name, each.pin)
        with vault.store.writing() as transaction:
            draft = _draft(vault, transaction, make(kept_of(transaction)), by)
            rules = rulebook(draft.rules)
            rules.check(draft, transaction.facts)
            entry = _sign(vault, transaction, draft)
            stored = Stored.of(draft.epoch, entry)
            transaction.append(stored, rules.changes(draft, transaction.facts))
            transaction.remove_upkeep(RESTORED)
    finally:
        for each in by:
            vault.keyring.lock(each.name)
    vault.remember(stored, entry.origin)
    return Sealed(draft.epoch, entry)


def kept_of(reading: Reading) -> dict[str, Any]:
    """What is kept of the present epoch: origin, size, root and last leaf hash, as the next one names them."""
    head, frontier = head_of(reading), Frontier()
    for stored in reading.entries(numbers.number_of(head.epoch, 0)):
        frontier = frontier.append(stored.leaf_hash)
    return {
        "origin": head.origin,
        "size": frontier.size,
        "root": encode_base64(frontier.root),
        "last_leaf_hash": encode_base64(head.leaf_hash),
    }


def _unlock(vault: Vault, name: str, pin: str) -> None:
    """Open a key. A wrong PIN is not counted here: to record it in the epoch that is lost would fork the ledger."""
    with vault.store.reading() as reading:
        person = person_by(reading, name)
        stored = reading.wrapped_key(person.name, person.key_id)
    if stored is None:
        raise PinError(f"The vault keeps no key of {person.full_name}.", "Let somebody else sign.")
    wrapped = wrapped_key(stored)
    vault.keyring.unlock(wrapped, pin, vault.secret, vault.origin())


def _draft(vault: Vault, transaction: Transaction, event: Event, by: tuple[By, ...]) -> Draft:
    head = head_of(transaction)
    declaration = catalogue.of(type(event).__name__)
    if declaration.signing.kind is Kind.OBSERVED:
        signers: tuple[Signed, ...] = (Signed(vault.station, "observed"),)
    else:
        meanings = [line.meaning for line in declaration.signing.lines]
        if len(by) != len(meanings):
            raise Refusal("I7", f"{declaration.name} is signed by: {', '.join(meanings)}.", "Let every person sign.")
        signers = tuple(Signed(each.name, meaning) for each, meaning in zip(by, meanings, strict=True))
    now = stamp(head.recorded_at, vault.now_in(transaction), confirmed=True)
    return Draft(
        epoch=head.epoch + 1,
        sequence=0,
        type=declaration.name,
        schema=declaration.schema,
        event=event,
        rules=site_of(transaction).rulebook,
        id=new_id(now),
        station=_station(vault),
        signers=signers,
        occurred_at=now,
        recorded_at=now,
        previous_recorded_at=head.recorded_at,
        origin=f"{first_of(transaction).parse().origin}/e{head.epoch + 1}",
    )


def _station(vault: Vault) -> str:
    """This station; on a machine that is none yet, the name it will have."""
    try:
        return vault.station
    except StationError:
        return default_station_name()


def _sign(vault: Vault, transaction: Transaction, draft: Draft) -> Entry:
    text = note_text(draft, ZERO_HASH)
    signatures = []
    for expected in signing.expected(draft, transaction.facts):
        signature = vault.keyring.sign(expected.name, text)
        VerifierKey.parse(expected.verifier_key).verify(text, signature)
        signatures.append(signature)
    return seal(text, signatures)
