"""Enrolment, PIN changes and replacements, revocation and recovery, on a real vault."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cryoledger.cli.sample.clinic import CHEAP
from cryoledger.cli.sample.people import ADA, BORIS, CARL, MARIA, PIA, QUINN
from cryoledger.cli.sample.stock import make_event
from cryoledger.custody import people
from cryoledger.custody.create import Request, create, signing_name
from cryoledger.custody.keys import recovery_sheet
from cryoledger.custody.keys.unlock import unlock
from cryoledger.custody.record import By, record
from cryoledger.custody.vault import Vault, person_by
from cryoledger.domain.records import Person, PublicKey
from cryoledger.domain.roles import Role
from cryoledger.errors import CryoledgerError, PinError, Refusal, RequestError, VaultError


def test_new_key_signs_its_own_enrolment(vault: Vault) -> None:
    enrolled = people.enrol(vault, "Nora Berg", [Role.TECHNICIAN], "640297", ADA.by, BORIS.by)
    lines = [(line.name, line.meaning) for line in enrolled.sealed.entry.envelope.signers]
    assert lines == [(ADA.name, "issued"), (BORIS.name, "approved"), ("nora.b", "accepted")]
    assert enrolled.badge.startswith("BDG-")
    assert unlock(vault, "nora.b", "640297").full_name == "Nora Berg"


def test_after_the_first_enrolment_one_administrator_is_not_enough(vault: Vault) -> None:
    with pytest.raises(Refusal, match="approved"):
        people.enrol(vault, "Nora Berg", [Role.TECHNICIAN], "640297", ADA.by)


def test_name_of_a_signer_is_never_reused(vault: Vault) -> None:
    with pytest.raises(RequestError, match="never reused"):
        people.enrol(vault, "Maria Solano", [Role.TECHNICIAN], "640297", ADA.by, BORIS.by, name=MARIA.name)
    assert signing_name("Maria Solano", people.taken_names(vault)) == "maria.s2"


def test_weak_pin_is_refused(vault: Vault) -> None:
    for weak in ("123456", "111111", "12345", "abcdef"):
        with pytest.raises(PinError):
            people.enrol(vault, "Nora Berg", [Role.TECHNICIAN], weak, ADA.by, BORIS.by)


def test_pin_change_keeps_the_key_and_closes_the_old_pin(vault: Vault) -> None:
    with vault.store.reading() as reading:
        before = person_by(reading, PIA.name).key_id
    people.change_pin(vault, PIA.name, PIA.pin, "640297")
    with pytest.raises(PinError):
        unlock(vault, PIA.name, PIA.pin)
    assert unlock(vault, PIA.name, "640297").key_id == before


def test_replaced_key_revokes_the_old_one_and_its_badge(vault: Vault) -> None:
    with vault.store.reading() as reading:
        old = person_by(reading, CARL.name)
    people.replace_key(vault, CARL.name, "640297", "forgotten", ADA.by, QUINN.by)
    with vault.store.reading() as reading:
        new = person_by(reading, CARL.name)
        key = reading.facts.get(PublicKey, old.name, old.key_id)
    assert new.key_id != old.key_id
    assert key is not None
    assert key.revoked is not None
    with pytest.raises(PinError):
        unlock(vault, CARL.name, CARL.pin)
    unlock(vault, CARL.name, "640297")


def test_nobody_replaces_their_own_key_I7(vault: Vault) -> None:
    with pytest.raises(Refusal):
        people.replace_key(vault, QUINN.name, "640297", "forgotten", ADA.by, QUINN.by)


def test_revoked_person_signs_nothing(vault: Vault) -> None:
    with vault.store.reading() as reading:
        key_id = person_by(reading, PIA.name).key_id
    record(vault, make_event("KeyRevoked", name=PIA.name, key_id=key_id, reason="left"), ADA.by)
    with pytest.raises(PinError, match="revoked"):
        record(vault, make_event("StorageUnitTakenOut", unit="CF2-R1-B1"), PIA.by)


def test_recovery_sheet_enrols_an_administrator_and_nothing_else(vault: Vault, home: Path) -> None:
    _, seed = recovery_sheet.read(home / "lab.recovery-sheet.txt")
    enrolled = people.recover(vault, seed, "Rosa Quist", "640297")
    assert [line.name for line in enrolled.sealed.entry.envelope.signers] == ["recovery", "rosa.q"]
    with vault.store.reading() as reading:
        person = reading.facts.get(Person, "rosa.q")
    assert person is not None
    assert person.roles == Role.ADMINISTRATOR
    vault.keyring.load_station("recovery", seed)
    with pytest.raises(Refusal):
        record(vault, make_event("RulebookAdopted", rulebook=1), By("recovery", fresh=True))


def test_another_vaults_recovery_key_is_refused(vault: Vault) -> None:
    with pytest.raises(RequestError, match="recovery key"):
        people.recover(vault, bytes(range(32)), "Rosa Quist", "640297")


@pytest.mark.parametrize(("word", "value"), [("zone", "Mars/X"), ("code_prefix", "b-"), ("origin", "two words")])
def test_vault_is_not_made_from_bad_words(home: Path, word: str, value: str) -> None:
    request = Request(str(home / "new.cryoledger"), "lab.example/new", "Ana Admin")
    with pytest.raises(CryoledgerError) as caught:
        create(replace(request, **{word: value}), "402719", kdf=CHEAP)  # type: ignore[arg-type]
    assert caught.value.advice
    assert not list(home.glob("new*"))


def test_vault_is_not_made_over_another_and_its_sheet_is_left_alone(home: Path) -> None:
    with pytest.raises(VaultError, match=r"lab\.cryoledger exists"):
        create(Request(str(home / "lab.cryoledger"), "lab.example/new", "Ana Admin"), "402719", kdf=CHEAP)
