"""Enrolling people, replacing and changing their PINs: the acts that make or re-wrap keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cryoledger.codes import badge_code
from cryoledger.custody.create import signing_name
from cryoledger.custody.identities import identity
from cryoledger.custody.keys.kept_keys import stored_key, wrapped_key
from cryoledger.custody.keys.unlock import unlock
from cryoledger.custody.record import By, Sealed, record
from cryoledger.custody.vault import Vault, person_by
from cryoledger.database.store import Transaction
from cryoledger.domain import catalogue
from cryoledger.domain.events.people import AdministratorRecovered, KeyIssued, KeyReplaced, PinChanged
from cryoledger.domain.events.vault import NewPerson
from cryoledger.domain.records import Person, PublicKey
from cryoledger.domain.roles import Role
from cryoledger.errors import RequestError
from cryoledger.ledger.keys import PrivateKey, WrappedKey


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A person as enrolled: the signing name, the badge to print, the entry."""

    name: str
    badge: str
    sealed: Sealed


def taken_names(vault: Vault) -> set[str]:
    """Every name that ever signed here."""
    with vault.store.reading() as reading:
        return {row.name for row in reading.facts.where(PublicKey)}


def trial_issue(vault: Vault, full_name: str, roles: Sequence[Role], name: str | None = None) -> KeyIssued:
    """An enrolment as it will be, but with a key that nobody holds: for the rules to judge before a PIN is asked."""
    signer = name or signing_name(full_name, taken_names(vault))

    def issued(badge: str, key: str) -> KeyIssued:
        person = {"name": signer, "full_name": full_name, "badge": badge}
        return catalogue.make(KeyIssued, {"person": person, "roles": roles, "key": key})

    issued("none", "none")  # a name that cannot be one is told as such, before a key is made for it
    key = PrivateKey.generate(signer).verifier
    return issued(badge_code(key.key_id), key.encode())


def trial_replacement(person: str, reason: str) -> KeyReplaced:
    """As `trial_issue`, of a key's replacement."""
    key = PrivateKey.generate(person).verifier
    data = {"person": person, "badge": badge_code(key.key_id), "key": key.encode(), "reason": reason}
    return catalogue.make(KeyReplaced, data)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that its holder has just made with a PIN, and the event that would enrol it; nothing is recorded yet."""

    name: str
    full_name: str
    badge: str
    event: KeyIssued | KeyReplaced
    wrapped: WrappedKey = field(repr=False)

    @property
    def by(self) -> By:
        """The new key as the signer who accepts its own enrolment."""
        return By(self.name, fresh=True)

    def keep(self, transaction: Transaction) -> None:
        """Put the wrapped key into the vault, with the entry that enrols it."""
        transaction.put_wrapped_key(stored_key(self.wrapped))


def new_person(vault: Vault, full_name: str, roles: Sequence[Role], pin: str, name: str | None = None) -> NewKey:
    """A key under the person's PIN, to be enrolled by two; PinError for a weak PIN, RequestError for a used name."""
    signer = name or signing_name(full_name, taken_names(vault))
    if signer in taken_names(vault):
        raise RequestError(f"The name {signer!r} has signed before.", "Choose another; names are never reused.")
    wrapped, verifier = vault.keyring.enrol(signer, pin, vault.secret, vault.origin(), vault.kdf)
    badge = badge_code(verifier.key_id)
    event = KeyIssued(
        person=NewPerson(name=signer, full_name=full_name, badge=badge),
        roles=tuple(roles),
        key=verifier.encode(),
    )
    return NewKey(signer, full_name, badge, event, wrapped)


def enrol(vault: Vault, full_name: str, roles: Sequence[Role], pin: str, *by: By, name: str | None = None) -> Enrolled:
    """Enrol a person with a new key under a PIN of their own; `by` are the administrators who issue it."""
    return _enrolled(vault, new_person(vault, full_name, roles, pin, name), *by)


def _enrolled(vault: Vault, new: NewKey, *by: By) -> Enrolled:
    return Enrolled(new.name, new.badge, record(vault, new.event, *by, new.by, also=new.keep))


def new_key(vault: Vault, who: str, pin: str, reason: str) -> NewKey:
    """A key under the person's new PIN, to take the place of the one whose PIN is forgotten; PinError if weak."""
    with vault.store.reading() as reading:
        person = person_by(reading, who)
    wrapped, verifier = vault.keyring.enrol(person.name, pin, vault.secret, vault.origin(), vault.kdf)
    badge = badge_code(verifier.key_id)
    event = catalogue.make(
        KeyReplaced, {"person": person.name, "badge": badge, "key": verifier.encode(), "reason": reason}
    )
    return NewKey(person.name, person.full_name, badge, event, wrapped)


def replace_key(vault: Vault, who: str, pin: str, reason: str, *by: By) -> Enrolled:
    """Give a person who forgot the PIN, or locked the key, a new key under a new PIN, by two others."""
    return _enrolled(vault, new_key(vault, who, pin, reason), *by)


def change_pin(vault: Vault, who: str, old: str, new: str) -> Sealed:
    """Wrap a person's key with a new PIN; the key stays the same."""
    person: Person = unlock(vault, who, old)
    with vault.store.reading() as reading:
        stored = reading.wrapped_key(person.name, person.key_id)
    if stored is None:
        raise RequestError(f"The vault keeps no key of {person.full_name}.", "")
    old_key = wrapped_key(stored)
    wrapped = vault.keyring.rewrap(old_key, old, new, vault.secret, vault.origin(), vault.kdf)
    again = [wrapped, *identity.rewrapped(vault, person.name, old, new)]
    event = PinChanged(person=person.name)
    return record(vault, event, By(person.name, old), also=lambda tx: _put_all(tx, again))


def _put_all(transaction: Transaction, wrapped: Sequence[WrappedKey]) -> None:
    for each in wrapped:
        transaction.put_wrapped_key(stored_key(each))


def recover(vault: Vault, seed: bytes, full_name: str, pin: str, *, name: str | None = None) -> Enrolled:
    """Enrol an administrator with the recovery key of the sealed sheet: the one thing that key can do."""
    signer = name or signing_name(full_name, taken_names(vault))
    with vault.store.reading() as reading:
        keys = [row for row in reading.facts.where(PublicKey) if row.kind == "recovery" and row.revoked is None]
    recovery = next((row.name for row in keys), "recovery")
    if PrivateKey.from_seed(recovery, seed).verifier.encode() not in [row.verifier_key for row in keys]:
        raise RequestError("That is not this vault's recovery key.", "Compare the fingerprint on the sheet.")
    wrapped, verifier = vault.keyring.enrol(signer, pin, vault.secret, vault.origin(), vault.kdf)
    vault.keyring.load_station(recovery, seed)
    badge = badge_code(verifier.key_id)
    event = AdministratorRecovered(
        person=NewPerson(name=signer, full_name=full_name, badge=badge), key=verifier.encode()
    )
    try:
        sealed = record(
            vault,
            event,
            By(recovery, fresh=True),
            By(signer, fresh=True),
            also=lambda tx: tx.put_wrapped_key(stored_key(wrapped)),
        )
    finally:
        vault.keyring.lock(recovery)
    return Enrolled(signer, badge, sealed)
