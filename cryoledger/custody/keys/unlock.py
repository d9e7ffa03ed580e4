"""PINs: unlocking a person's key at this station, counting wrong ones, locking after five (21 CFR 11.300(d))."""

from __future__ import annotations

from cryoledger.custody.keys.kept_keys import wrapped_key
from cryoledger.custody.vault import Vault, person_by
from cryoledger.domain.events.vault import KeyLocked, PinRefused, RequestRefused
from cryoledger.domain.records import Person
from cryoledger.errors import CryoledgerError, PinError
from cryoledger.ledger.keys import WrappedKey

WRONG_MAX = 5


def unlock(vault: Vault, name: str, pin: str) -> Person:
    """Open a person's key with its PIN, in the signing process.

    A wrong PIN is recorded and counted; the fifth locks the key until two administrators replace it. Raises PinError.
    """
    person, wrapped = _wrapped(vault, name)
    try:
        vault.keyring.unlock(wrapped, pin, vault.secret, vault.origin())
    except PinError:
        raise _count(vault, person) from None
    return person


def _wrapped(vault: Vault, name: str) -> tuple[Person, WrappedKey]:
    with vault.store.reading() as reading:
        person = person_by(reading, name)
        stored = reading.wrapped_key(person.name, person.key_id)
    if person.status != "active":
        _observe(vault, RequestRefused(act="unlock", rule="I7", person=person.name))
        raise PinError(f"The key of {person.full_name} is {person.status}.", "Two administrators can replace it.")
    if stored is None:
        raise PinError(f"The vault keeps no key of {person.full_name}.", "The person signs with a key of their own.")
    return person, wrapped_key(stored, person.full_name)


def _count(vault: Vault, person: Person) -> PinError:
    """Record a wrong PIN, and the lock after the fifth; returns the error to raise."""
    with vault.store.reading() as reading:
        attempt = person_by(reading, person.name).wrong_pins + 1
    _observe(vault, PinRefused(person=person.name, attempt=attempt))
    if attempt < WRONG_MAX:
        left = WRONG_MAX - attempt
        return PinError(f"Wrong PIN for {person.full_name}.", f"{left} more and the key locks.")
    _observe(vault, KeyLocked(person=person.name))
    vault.keyring.lock(person.name)
    return PinError(
        f"The key of {person.full_name} is locked after {WRONG_MAX} wrong PINs.",
        "Two administrators can replace it: `cryoledger person pin --replace`. "
        "With the recovery sheet: `cryoledger person recover`.",
    )


def _observe(vault: Vault, event: PinRefused | KeyLocked | RequestRefused) -> None:
    from cryoledger.custody.record import observe

    try:
        observe(vault, event)
    except CryoledgerError as error:
        # A PIN whose refusal cannot be counted opens nothing: fail closed.
        raise PinError(f"Wrong PIN, and it could not be recorded: {error.message}", error.advice) from None
