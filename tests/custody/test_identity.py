"""The identity vault on real files: who a person is opens with a holder's PIN only, and never once forgotten (I9)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cryoledger.cli.sample.clinic import CHEAP
from cryoledger.cli.sample.people import ADA, BORIS, CARL, QUINN
from cryoledger.cli.sample.stock import make_event
from cryoledger.custody.clock import SteppingClock
from cryoledger.custody.identities import identity, narrative
from cryoledger.custody.identities.identity import Identity
from cryoledger.custody.identities.identity_backup import back_up, bring_back
from cryoledger.custody.keys import recovery_sheet
from cryoledger.custody.people import change_pin, replace_key
from cryoledger.custody.proof.auditing import verify_vault
from cryoledger.custody.record import By, record
from cryoledger.custody.vault import Vault
from cryoledger.errors import CryoledgerError, PinError, Refusal, RequestError, StationError, VaultDamagedError

WHO = Identity("Planted, Namewell", "1961-02-03", "MRN-PLANTED-77", "12 Planted Road")
PATIENT = ("patient", "P-77")


@pytest.fixture
def patient(vault: Vault) -> Vault:
    """A vault with a patient of no product yet, whose identity Quinn kept."""
    subjects = vault.subjects()
    subjects.create(*PATIENT)
    band = subjects.band(PATIENT[1], "BAND-PLANTED-1")
    record(vault, make_event("PatientRegistered", patient=PATIENT[1], bands=[band]), CARL.by)
    identity.grant(vault, QUINN.name, ADA.by, QUINN.by)
    identity.keep_identity(vault, PATIENT, WHO, QUINN.by)
    return vault


def test_identity_is_read_back_by_a_holder_and_the_ledger_says_so(patient: Vault) -> None:
    assert identity.show(patient, PATIENT, "trace", QUINN.by) == WHO
    with patient.store.reading() as reading:
        head = reading.head()
        last = reading.recorded(head.number) if head is not None else None
    assert last is not None
    assert (last.type, last.signers[0].name) == ("IdentityShown", QUINN.name)


def test_i9_identity_is_nowhere_in_the_stations_files(patient: Vault, home: Path) -> None:
    identity.show(patient, PATIENT, "trace", QUINN.by)
    planted = [b"Planted", b"Namewell", b"1961-02-03", b"MRN-PLANTED", b"BAND-PLANTED"]
    files = [path for path in home.rglob("*") if path.is_file()]
    assert len(files) > 3
    assert [(path, text) for path in files for text in planted if text in path.read_bytes()] == []


def test_person_without_the_key_and_wrong_pin_read_nothing(patient: Vault) -> None:
    with pytest.raises(Refusal, match="does not hold the identity key"):
        identity.show(patient, PATIENT, "trace", CARL.by)
    with pytest.raises(PinError):
        identity.show(patient, PATIENT, "trace", By(QUINN.name, "918273"))
    with patient.store.reading() as reading:
        types = [reading.recorded(stored.number) for stored in reading.entries()]
    assert {"RequestRefused", "PinRefused"} <= {each.type for each in types if each is not None}


def test_holder_passes_the_key_on_and_a_changed_pin_keeps_it(patient: Vault) -> None:
    with pytest.raises(Refusal, match="does not hold"):
        identity.grant(patient, CARL.name, ADA.by, CARL.by)
    identity.grant(patient, CARL.name, QUINN.by, CARL.by)
    assert identity.show(patient, PATIENT, "treatment", CARL.by) == WHO
    change_pin(patient, CARL.name, CARL.pin, "508417")
    assert identity.show(patient, PATIENT, "treatment", By(CARL.name, "508417")) == WHO
    identity.withdraw(patient, CARL.name, "left", QUINN.by)
    with pytest.raises(Refusal):
        identity.show(patient, PATIENT, "treatment", By(CARL.name, "508417"))


def test_forgotten_person_is_gone_everywhere_and_the_chain_verifies(patient: Vault) -> None:
    note = narrative.keep(patient, "Called about a rash.", PATIENT)
    _, until = identity.forget(patient, PATIENT, "subject-request", ADA.by, QUINN.by)
    assert until == "2026-04-07"  # 2 March at the site, and 36 days
    with pytest.raises(Refusal, match="forgotten"):
        identity.show(patient, PATIENT, "trace", QUINN.by)
    assert patient.subjects().get(*PATIENT) is None
    with pytest.raises(StationError):
        patient.subjects().open(*PATIENT, note.row.content or b"")
    assert narrative.keep(patient, "A letter came back.", PATIENT).row.subject_kind == "site"
    report = verify_vault(patient)
    assert report.ok, report.findings


def test_another_station_destroys_its_copy_when_it_opens_the_vault(
    patient: Vault, home: Path, clock: SteppingClock
) -> None:
    file = next(home.rglob("subjects.keys"))
    kept = home.parent / "kept.keys"
    shutil.copy2(file, kept)
    identity.forget(patient, PATIENT, "subject-request", ADA.by, QUINN.by)
    shutil.copy2(kept, file)  # as another station, or a restored home folder, still has it
    with Vault.open(str(home / "lab.cryoledger"), clock=clock, kdf=CHEAP) as again:
        assert again.subjects().get(*PATIENT) is None
        assert PATIENT not in again.subjects().known()


def test_copies_of_keys_bring_back_what_was_lost_but_nobody_forgotten(
    patient: Vault, home: Path, tmp_path: Path, clock: SteppingClock
) -> None:
    safe = tmp_path / "safe"
    safe.mkdir()
    patient.subjects().create("patient", "P-78")
    copy = back_up(patient, safe)
    assert copy.path.stat().st_mode & 0o077 == 0
    with pytest.raises(RequestError, match="folder of the vault itself"):
        back_up(patient, home)
    identity.forget(patient, PATIENT, "subject-request", ADA.by, QUINN.by)
    next(home.rglob("subjects.keys")).unlink()
    assert bring_back(patient, copy.path) == copy.subjects - 1
    assert patient.subjects().get("patient", "P-78") is not None
    assert patient.subjects().get(*PATIENT) is None
    clock.advance(minutes=37 * 24 * 60)
    patient.clock_confirmed = True
    assert back_up(patient, safe).removed == 1
    assert not copy.path.exists()


def test_key_made_while_another_is_destroyed_is_not_lost(patient: Vault, home: Path) -> None:
    """Whoever waited for the lock of the replaced file writes into the new one."""
    from cryoledger.custody.keys.subject_keys import SubjectKeys

    other = SubjectKeys(patient.folder.path, patient.secret, patient.origin())
    other.create("patient", "P-80")
    patient.subjects().destroy([PATIENT])
    made = other.create("patient", "P-81")
    assert patient.subjects().get("patient", "P-81") == made
    assert patient.subjects().get("patient", "P-80") is not None


def test_altered_identity_is_named(patient: Vault, home: Path) -> None:
    import sqlite3

    with sqlite3.connect(home / "lab.cryoledger") as database:
        altered = "CAST(substr(content, 1, 40) || x'00' || substr(content, 42) AS BLOB)"
        database.execute(f"UPDATE document SET content = {altered}")
    with pytest.raises(CryoledgerError) as caught:
        identity.show(patient, PATIENT, "trace", QUINN.by)
    assert isinstance(caught.value, VaultDamagedError)


def test_sheet_gives_the_key_again_when_no_holder_can(patient: Vault, home: Path) -> None:
    replace_key(patient, QUINN.name, "417093", "forgotten", ADA.by, BORIS.by)
    quinn = By(QUINN.name, "417093")
    with pytest.raises(RequestError, match="recovery sheet"):
        identity.grant(patient, QUINN.name, ADA.by, quinn)
    _, seed = recovery_sheet.read(home / "lab.recovery-sheet.txt")
    sealed = identity.grant(patient, QUINN.name, ADA.by, quinn, seed)
    assert sealed.entry.envelope.data["from_sheet"] is True
    assert identity.show(patient, PATIENT, "trace", quinn) == WHO


def test_copy_that_init_left_goes_with_the_first_grant_and_follows_a_changed_pin(vault: Vault) -> None:
    change_pin(vault, ADA.name, ADA.pin, "930614")
    identity.grant(vault, QUINN.name, By(ADA.name, "930614"), QUINN.by)
    with vault.store.reading() as reading:
        names = [row.name for row in reading.wrapped_keys()]
    assert (names.count(ADA.name), names.count(QUINN.name)) == (1, 2)
