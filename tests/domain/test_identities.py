"""Who may hold the identity key, read, and forget; nothing is forgotten before its retention is over."""

from __future__ import annotations

import pytest

from cryoledger.domain.events.identities import (
    IdentityForgotten,
    IdentityReaderGranted,
    IdentityReaderWithdrawn,
    IdentityRecorded,
    IdentityShown,
)
from cryoledger.domain.fields import Document
from cryoledger.domain.identity_records import Identity, IdentityReader
from tests.lab import ADMIN, CLINICIAN, QUALITY, TECHNICIAN, Lab, hash_text

KEY, OTHER_KEY = "0a1b2c3d", "ffffffff"
DOCUMENT = Document(sha256=hash_text("who"), size_bytes=80, salt_id="0123456789abcdef")
PATIENT = {"scope": "patient", "code": "PATIENT-1"}
FAR = "2199-01-01"


@pytest.fixture
def lab() -> Lab:
    """A laboratory with a patient, and one who reads identities."""
    lab = Lab()
    lab.furnish()
    lab.release_lot("LOT-1")
    lab.place_order("ORDER-1", "PATIENT-1")
    lab.record(IdentityReaderGranted(person=QUALITY, key_id=KEY), ADMIN, QUALITY)
    return lab


def recorded(**more: object) -> IdentityRecorded:
    return IdentityRecorded.model_validate({**PATIENT, "document": DOCUMENT, **more})


def forgotten(**more: object) -> IdentityForgotten:
    given = {**PATIENT, "reason": "retention-over", "copies_until": FAR, **more}
    return IdentityForgotten.model_validate(given)


def test_first_reader_is_granted_by_an_administrator_and_the_next_by_a_holder(lab: Lab) -> None:
    lab.refused("I7", IdentityReaderGranted(person=CLINICIAN, key_id=KEY), ADMIN, CLINICIAN)
    lab.record(IdentityReaderGranted(person=CLINICIAN, key_id=KEY), QUALITY, CLINICIAN)
    assert {row.person for row in lab.inventory.where(IdentityReader)} == {QUALITY, CLINICIAN}


def test_identity_reader_is_granted_once(lab: Lab) -> None:
    lab.refused("identity.reader", IdentityReaderGranted(person=QUALITY, key_id=KEY), ADMIN, QUALITY)


def test_i7_sheet_is_opened_by_an_administrator(lab: Lab) -> None:
    event = IdentityReaderGranted(person=CLINICIAN, key_id=KEY, from_sheet=True)
    lab.refused("I7", event, QUALITY, CLINICIAN)
    lab.record(event, ADMIN, CLINICIAN)


def test_i7_key_is_accepted_by_its_holder_and_is_the_one_that_is_held(lab: Lab) -> None:
    lab.refused("I7", IdentityReaderGranted(person=TECHNICIAN, key_id=KEY), QUALITY, CLINICIAN)
    lab.refused("identity.key", IdentityReaderGranted(person=CLINICIAN, key_id=OTHER_KEY), QUALITY, CLINICIAN)


def test_i7_only_a_holder_records_and_reads(lab: Lab) -> None:
    lab.refused("I7", recorded(), CLINICIAN)
    lab.record(recorded(), QUALITY)
    lab.refused("I7", IdentityShown.model_validate({**PATIENT, "reason": "trace"}), CLINICIAN)
    lab.record(IdentityShown.model_validate({**PATIENT, "reason": "trace"}), QUALITY)


def test_identity_names_a_known_subject_and_a_document(lab: Lab) -> None:
    lab.refused("known", recorded(code="NOBODY"), QUALITY)
    lab.refused("identity", recorded(document=None), QUALITY)
    lab.refused("known", IdentityShown.model_validate({**PATIENT, "reason": "trace"}), QUALITY)


def test_last_reader_is_not_withdrawn_while_identities_are_kept(lab: Lab) -> None:
    event = IdentityReaderWithdrawn(person=QUALITY, reason="left")
    lab.record(recorded(), QUALITY)
    lab.refused("identity.last", event, ADMIN)
    lab.record(forgotten(), ADMIN, QUALITY)
    lab.record(event, ADMIN)
    assert lab.inventory.where(IdentityReader) == []


def test_patient_who_received_a_dose_is_kept_for_thirty_years_after_expiry(lab: Lab) -> None:
    dose = lab.to_dose("DOSE-1", "ORDER-1", lab.vials("LOT-1", 1))
    lab.give(dose)
    lab.record(recorded(), QUALITY)
    lab.refused("retention", forgotten(), ADMIN, QUALITY)
    lab.refused("retention", forgotten(reason="entered-by-mistake"), ADMIN, QUALITY)


def test_donor_of_a_lot_is_kept_for_thirty_years_after_expiry(lab: Lab) -> None:
    lab.refused("retention", forgotten(scope="donor", code="DONOR-1"), ADMIN, QUALITY)


def test_patient_without_product_is_forgotten_and_stays_so(lab: Lab) -> None:
    lab.record(recorded(), QUALITY)
    lab.refused("identity.copies", forgotten(copies_until="2026-11-23"), ADMIN, QUALITY)
    lab.record(forgotten(), ADMIN, QUALITY)
    row = lab.inventory.get(Identity, "patient", "PATIENT-1")
    assert row is not None
    assert row.forgotten is not None
    assert row.copies_until == FAR
    lab.refused("identity.forgotten", recorded(), QUALITY)
    lab.refused("identity.forgotten", IdentityShown.model_validate({**PATIENT, "reason": "trace"}), QUALITY)
