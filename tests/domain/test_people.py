"""Rules of people (I7): who signs what, with which key, and what happens when a key is lost."""

from __future__ import annotations

import pytest

from cryoledger.domain import signing
from cryoledger.domain.events import people, storage, vault
from cryoledger.domain.records import PublicKey, Station
from cryoledger.domain.roles import Role
from cryoledger.errors import Refusal
from tests.lab import (
    ADMIN,
    ADMIN_2,
    AUDITOR,
    BEDSIDE,
    CLINICIAN,
    PHARMACIST,
    QUALITY,
    RECOVERY,
    STATION,
    TECHNICIAN,
    TECHNICIAN_2,
    WITNESS,
    Lab,
    badge_of,
    event,
    hash_text,
    stocked,
)


def new(lab: Lab, name: str, badge: str = "") -> people.KeyIssued:
    key = lab.key(name)
    person = vault.NewPerson(name=name, full_name=name.title(), badge=badge or badge_of(key))
    return people.KeyIssued(person=person, roles=(Role.TECHNICIAN,), key=key)


def suspect(lab: Lab, name: str, first: int | None) -> people.KeyRevoked:
    return people.KeyRevoked(name=name, key_id=lab.person(name).key_id, suspect_from=first, reason="stolen")


def fail_pins(lab: Lab, name: str, count: int = 5) -> None:
    for attempt in range(lab.person(name).wrong_pins + 1, count + 1):
        lab.record(vault.PinRefused(person=name, attempt=attempt))


# Who signs


def test_i7_first_enrolment_needs_one_administrator_and_no_other_does() -> None:
    """I7: VaultCreated and the first enrolment after it are the only exemptions."""
    lab = Lab(enrolled=False)
    lab.record(new(lab, "omar.b"), ADMIN, "omar.b")
    lab.refused("I7", new(lab, "nina.z"), ADMIN, "nina.z")


def test_i7_first_enrolment_of_a_station_uses_up_the_exemption() -> None:
    lab = Lab(enrolled=False)
    lab.record(vault.StationEnrolled(station="ward-9", key=lab.key("ward-9")), ADMIN, "ward-9")
    lab.refused("I7", new(lab, "omar.b"), ADMIN, "omar.b")


def test_i7_new_key_signs_its_own_issue() -> None:
    """I7: proof of possession is a line of the entry, by the name that the key bears."""
    lab = Lab()
    issued = new(lab, "nina.z")
    lab.refused("I7", issued, (ADMIN, "issued"), (ADMIN_2, "approved"))
    lab.refused("I7", issued, (ADMIN, "issued"), (ADMIN_2, "approved"), (TECHNICIAN, "accepted"))
    lab.record(issued, ADMIN, ADMIN_2, "nina.z")
    assert lab.entries[-1].entry.signatures[2].name == "nina.z"


def test_i7_a_key_must_bear_the_signers_name() -> None:
    lab = Lab()
    key = lab.key("nina.z")
    wrong = people.KeyIssued(
        person=vault.NewPerson(name="nora.z", full_name="Nora", badge=badge_of(key)), roles=(Role.WITNESS,), key=key
    )
    lab.refused("key.name", wrong, ADMIN, ADMIN_2, "nina.z")


def test_a_badge_bears_the_key_id() -> None:
    lab = Lab()
    lab.refused("badge", new(lab, "nina.z", badge="BDG-00000000-A"), ADMIN, ADMIN_2, "nina.z")


def test_i7_names_are_never_reused() -> None:
    lab = Lab()
    again = people.KeyIssued(
        person=vault.NewPerson(name=TECHNICIAN, full_name="x", badge=badge_of(lab.key(TECHNICIAN, 2))),
        roles=(Role.WITNESS,),
        key=lab.key(TECHNICIAN, 2),
    )
    lab.refused("name.reused", again, ADMIN, ADMIN_2, TECHNICIAN)
    as_station = vault.StationEnrolled(station=CLINICIAN, key=lab.key(CLINICIAN, 2))
    lab.refused("name.reused", as_station, ADMIN, ADMIN_2, CLINICIAN)


@pytest.mark.parametrize("name", [AUDITOR, ADMIN, CLINICIAN, QUALITY, WITNESS])
def test_i7_missing_role_is_refused_and_recorded(name: str) -> None:
    """I7 and I10: a role that the person lacks is a safety refusal."""
    lab, vials = stocked(1)
    assert lab.refused("I7", storage.VialsTakenOut(vials=vials), name).safety


def test_i7_nobody_unknown_signs() -> None:
    lab, vials = stocked(1)
    lab.refused("I7", storage.VialsTakenOut(vials=vials), "nobody")
    lab.refused("I7", storage.VialsTakenOut(vials=vials), STATION)
    lab.refused("I7", storage.VialsTakenOut(vials=vials), RECOVERY)


def test_i7_one_person_cannot_sign_twice() -> None:
    lab, vials = stocked(1)
    discard = event("VialsDiscarded", vials=vials, reason="broken")
    lab.refused("I7", discard, TECHNICIAN, TECHNICIAN)
    lab.refused("I7", discard, TECHNICIAN)
    lab.refused("I7", discard, (TECHNICIAN, "discarded"), (WITNESS, "witnessed"), (TECHNICIAN_2, "witnessed"))
    lab.record(discard, TECHNICIAN, WITNESS)


def test_i7_meanings_are_those_of_the_catalogue_in_its_order() -> None:
    lab, vials = stocked(1)
    discard = event("VialsDiscarded", vials=vials, reason="broken")
    lab.refused("I7", discard, (TECHNICIAN, "witnessed"), (WITNESS, "discarded"))
    lab.refused("I7", discard, (TECHNICIAN, "discarded"), (WITNESS, "approved"))


def test_i7_an_auditor_and_an_administrator_witness_nothing() -> None:
    lab, vials = stocked(1)
    discard = event("VialsDiscarded", vials=vials, reason="broken")
    lab.refused("I7", discard, TECHNICIAN, AUDITOR)
    lab.refused("I7", discard, TECHNICIAN, ADMIN)


def test_i7_only_the_station_itself_observes() -> None:
    lab = Lab()
    lab.refused("I7", vault.StationLocked(reason="idle"), (BEDSIDE, "observed"))
    lab.refused("I7", vault.StationLocked(reason="idle"), (ADMIN, "observed"))
    lab.record(vault.StationLocked(reason="idle"), station=BEDSIDE)


def test_i7_an_entry_is_made_at_an_enrolled_station() -> None:
    lab, vials = stocked(1)
    taken = storage.VialsTakenOut(vials=vials)
    lab.refused("I7.station", taken, TECHNICIAN, station="kitchen")
    lab.record(event("StationRetired", station=BEDSIDE, reason="lost"), ADMIN)
    assert lab.refused("I7.station", taken, TECHNICIAN, station=BEDSIDE).safety
    lab.refused("I7.station", vault.StationLocked(reason="idle"), station=BEDSIDE)
    lab.record(taken, TECHNICIAN)


def test_a_new_station_may_record_its_own_enrolment() -> None:
    lab = Lab()
    joined = vault.StationEnrolled(station="ward-9", key=lab.key("ward-9"))
    lab.record(joined, ADMIN, ADMIN_2, "ward-9", station="ward-9")
    assert lab.get(Station, "ward-9").status == "active"


def test_a_station_does_not_retire_itself_nor_twice() -> None:
    lab = Lab()
    lab.refused("station", event("StationRetired", station=STATION, reason="lost"), ADMIN)
    lab.record(event("StationRetired", station=BEDSIDE, reason="lost"), ADMIN)
    lab.refused("station", event("StationRetired", station=BEDSIDE, reason="lost"), ADMIN)


# Roles


def test_i7_nobody_grants_a_role_to_themselves() -> None:
    """I7: administrators included."""
    lab = Lab()
    lab.refused("I7", people.RoleGranted(person=ADMIN, role=Role.QUALITY), ADMIN, ADMIN_2)
    lab.refused("I7", people.RoleGranted(person=ADMIN_2, role=Role.QUALITY), ADMIN, ADMIN_2)
    lab.refused("I7", people.RoleGranted(person=TECHNICIAN, role=Role.PHARMACIST), ADMIN)


def test_i7_nobody_grants_a_role_to_themselves_by_proposal() -> None:
    lab = Lab()
    granted = people.RoleGranted(person=ADMIN, role=Role.QUALITY)
    with pytest.raises(Refusal):
        lab.propose(granted, ADMIN)
    mine = people.RoleGranted(person=ADMIN_2, role=Role.QUALITY)
    reference = lab.propose(mine, ADMIN)
    lab.refused("I7", mine.model_copy(update={"proposal": reference}), ADMIN_2)


def test_granted_role_signs_and_withdrawn_role_does_not() -> None:
    lab, vials = stocked(1)
    taken = storage.VialsTakenOut(vials=vials)
    lab.record(people.RoleGranted(person=WITNESS, role=Role.TECHNICIAN))
    lab.refused("role", people.RoleGranted(person=WITNESS, role=Role.TECHNICIAN))
    lab.record(taken, WITNESS)
    lab.record(people.RoleWithdrawn(person=WITNESS, role=Role.TECHNICIAN))
    lab.refused("role", people.RoleWithdrawn(person=WITNESS, role=Role.TECHNICIAN))
    lab.refused("I7", storage.VialsReturned(unit="BOX-1", vials=lab.placed(vials)), WITNESS)


def test_the_last_administrator_stays() -> None:
    lab = Lab()
    lab.record(people.RoleWithdrawn(person=ADMIN_2, role=Role.ADMINISTRATOR))
    lab.refused("I7.last", people.RoleWithdrawn(person=ADMIN, role=Role.ADMINISTRATOR))
    lab.refused("I7.last", suspect(lab, ADMIN, None), QUALITY)


# PINs and lockout


def test_i7_five_wrong_pins_lock_the_key() -> None:
    """I7 and I10: the station counts, locks, and a locked key signs nothing."""
    lab, vials = stocked(1)
    lab.refused("pin.count", vault.PinRefused(person=TECHNICIAN, attempt=2))
    fail_pins(lab, TECHNICIAN, 4)
    lab.refused("pin.lock", vault.KeyLocked(person=TECHNICIAN))
    fail_pins(lab, TECHNICIAN)
    lab.record(vault.KeyLocked(person=TECHNICIAN))
    lab.refused("pin.lock", vault.KeyLocked(person=TECHNICIAN))
    assert lab.refused("I7", storage.VialsTakenOut(vials=vials), TECHNICIAN).safety


def test_right_pin_counts_from_zero_again() -> None:
    lab = Lab()
    fail_pins(lab, QUALITY, 4)
    lab.sign_in(QUALITY)
    assert lab.person(QUALITY).wrong_pins == 0
    fail_pins(lab, QUALITY, 2)
    lab.record(people.PinChanged(person=QUALITY))
    assert lab.person(QUALITY).wrong_pins == 0


def test_a_routine_act_does_not_count_as_a_right_pin() -> None:
    lab, vials = stocked(1)
    fail_pins(lab, TECHNICIAN, 3)
    lab.take_out(vials[0])
    assert lab.person(TECHNICIAN).wrong_pins == 3


def test_i7_everybody_changes_their_own_pin_only() -> None:
    lab = Lab()
    lab.refused("I7", people.PinChanged(person=QUALITY), ADMIN)


def replaced(lab: Lab, name: str, generation: int = 2) -> people.KeyReplaced:
    key = lab.key(name, generation)
    return people.KeyReplaced(person=name, badge=badge_of(key), key=key, reason="locked")


def test_i7_replaced_key_unlocks_and_the_old_one_is_revoked() -> None:
    lab, vials = stocked(1)
    old = lab.person(TECHNICIAN)
    fail_pins(lab, TECHNICIAN)
    lab.record(vault.KeyLocked(person=TECHNICIAN))
    lab.record(replaced(lab, TECHNICIAN), ADMIN, QUALITY, TECHNICIAN)
    lab.take_out(vials[0])
    row = lab.person(TECHNICIAN)
    assert (row.status, row.wrong_pins) == ("active", 0)
    assert row.key_id != old.key_id
    assert lab.get(PublicKey, TECHNICIAN, old.key_id).revoked == lab.entries[-2].number
    assert lab.last.entry.signatures[0].key_id.hex() == row.key_id


def test_i7_nobody_replaces_their_own_key_nor_a_leavers() -> None:
    lab = Lab()
    lab.refused("I7", replaced(lab, ADMIN), ADMIN, ADMIN_2, ADMIN)
    lab.record(suspect(lab, TECHNICIAN, None), ADMIN)
    lab.refused("I7", replaced(lab, TECHNICIAN), ADMIN, ADMIN_2, TECHNICIAN)


def test_a_key_is_not_enrolled_twice() -> None:
    lab = Lab()
    lab.refused("key.twice", replaced(lab, TECHNICIAN, 1), ADMIN, ADMIN_2, TECHNICIAN)


# Revocation and reaffirmation


def test_i7_revoked_key_signs_nothing_and_signs_out() -> None:
    lab, vials = stocked(1)
    lab.sign_in(TECHNICIAN)
    lab.record(suspect(lab, TECHNICIAN, None), ADMIN)
    assert lab.get(Station, STATION).person is None
    assert lab.refused("I7", storage.VialsTakenOut(vials=vials), TECHNICIAN).safety


def test_station_and_log_keys_are_not_revoked_as_a_persons() -> None:
    lab = Lab()
    key = lab.get(Station, STATION).key_id
    lab.refused("key.revoked", people.KeyRevoked(name=STATION, key_id=key, reason="lost"), ADMIN)
    lab.refused("known", people.KeyRevoked(name=STATION, key_id="00000000", reason="lost"), ADMIN)


def test_suspect_range_lies_between_enrolment_and_now() -> None:
    lab = Lab()
    enrolled = lab.get(PublicKey, TECHNICIAN, lab.person(TECHNICIAN).key_id).enrolled
    lab.refused("key.suspect", suspect(lab, TECHNICIAN, enrolled - 1), ADMIN)
    lab.refused("key.suspect", suspect(lab, TECHNICIAN, lab.last.number + 1), ADMIN)


def test_suspect_range_holds_what_the_key_touched() -> None:
    lab, vials = stocked(3)
    lab.take_out(vials[0])
    first = lab.last.number
    lab.record(storage.StorageUnitTakenOut(unit="BOX-2"), TECHNICIAN)
    lab.take_out(vials[1], by=TECHNICIAN_2)
    lab.record(suspect(lab, TECHNICIAN, first), ADMIN)
    assert [row.reason for row in lab.holds("vial", vials[0])] == ["key-suspect"]
    assert [row.reason for row in lab.holds("unit", "BOX-2")] == ["key-suspect"]
    assert not lab.holds("vial", vials[1])
    assert not lab.holds("vial", vials[2])


def test_i3_what_a_suspect_quality_officer_released_or_set_free_is_held() -> None:
    """I3: a stolen approving key must not leave its lots in use."""
    lab, vials = stocked(1)
    lab.register_lot("LOT-2")
    number = lab.hold("vial", vials[0])
    first = lab.last.number + 1
    lab.release_lot("LOT-2")
    lab.record(event("HoldLifted", number=number, reason="cleared"))
    lab.record(suspect(lab, QUALITY, first), ADMIN)
    assert [row.reason for row in lab.holds("lot", "LOT-2")] == ["key-suspect"]
    assert [row.reason for row in lab.holds("vial", vials[0])] == ["key-suspect"]


def test_vials_of_a_dose_that_a_suspect_key_handed_over_are_held() -> None:
    lab, vials = stocked(1)
    lab.to_dose("DOSE-1", "ORDER-1", vials)
    lab.hand_over("DOSE-1")
    lab.record(suspect(lab, PHARMACIST, lab.last.number), ADMIN)
    assert lab.holds("vial", vials[0])
    lab.refused("I3.hold", lab.bedside_check("DOSE-1"), station=BEDSIDE)


def test_reaffirmation_by_another_person_range_by_range() -> None:
    lab, vials = stocked(3)
    numbers, hashes = [], []
    for vial in vials:
        lab.take_out(vial)
        numbers.append(lab.last.number)
        hashes.append(lab.last.reference.leaf_hash)
    lab.record(suspect(lab, TECHNICIAN, numbers[0]), ADMIN)
    key = lab.person(TECHNICIAN).key_id

    def reaffirmed(first: int, last: int, *leaves: str) -> people.EntriesReaffirmed:
        return people.EntriesReaffirmed(name=TECHNICIAN, key_id=key, first=first, last=last, leaf_hashes=leaves)

    lab.refused("key.suspect", reaffirmed(numbers[1], numbers[1], hashes[1]), QUALITY)
    lab.refused("key.suspect", reaffirmed(numbers[0], numbers[1], hashes[0]), QUALITY)
    lab.refused("key.suspect", reaffirmed(numbers[0], numbers[0], hash_text("other")), QUALITY)
    lab.refused("key.suspect", reaffirmed(numbers[0], numbers[2] + 1, *hashes), QUALITY)
    lab.record(reaffirmed(numbers[0], numbers[1], *hashes[:2]), QUALITY)
    lab.refused("key.suspect", reaffirmed(numbers[0], numbers[0], hashes[0]), QUALITY)
    lab.record(reaffirmed(numbers[2], numbers[2], hashes[2]), QUALITY)
    assert lab.get(PublicKey, TECHNICIAN, key).reaffirmed_to == numbers[2]
    assert lab.holds("vial", vials[0])  # quality lifts what it has looked at


def test_nothing_is_reaffirmed_that_is_not_suspect_or_by_its_signer() -> None:
    lab = Lab()
    key = lab.person(QUALITY).key_id
    event_ = people.EntriesReaffirmed(name=QUALITY, key_id=key, first=1, last=1, leaf_hashes=(hash_text("x"),))
    lab.refused("key.suspect", event_, ADMIN)


# Recovery and sessions


def test_recovery_key_enrols_an_administrator_and_does_nothing_else() -> None:
    lab = Lab()
    key = lab.key("nina.z")
    person = vault.NewPerson(name="nina.z", full_name="Nina", badge=badge_of(key))
    lab.refused("I7", people.AdministratorRecovered(person=person, key=key), ADMIN, "nina.z")
    lab.record(people.AdministratorRecovered(person=person, key=key), RECOVERY, "nina.z")
    assert lab.person("nina.z").roles == Role.ADMINISTRATOR
    lab.refused("I7", people.RoleGranted(person=TECHNICIAN, role=Role.QUALITY), RECOVERY, ADMIN)


def test_sessions_follow_sign_in_sign_out_and_lock() -> None:
    lab = Lab()
    lab.refused("I7", people.PersonSignedIn(person=QUALITY), TECHNICIAN)
    lab.refused("I7", people.PersonSignedOut(person=TECHNICIAN), TECHNICIAN)
    lab.sign_in(TECHNICIAN)
    assert (lab.get(Station, STATION).person, lab.get(Station, STATION).session) == (TECHNICIAN, lab.last.number)
    lab.refused("I7", people.PersonSignedOut(person=TECHNICIAN), TECHNICIAN, station=BEDSIDE)
    lab.record(people.PersonSignedOut(person=TECHNICIAN))
    assert lab.get(Station, STATION).person is None
    lab.sign_in(TECHNICIAN)
    lab.record(vault.StationLocked(person=TECHNICIAN, reason="idle"))
    assert lab.get(Station, STATION).person is None


def test_expected_signatures_name_the_very_keys() -> None:
    lab, vials = stocked(1)
    draft = lab.draft(event("VialsDiscarded", vials=vials, reason="broken"), TECHNICIAN, WITNESS)
    lines = signing.expected(draft, lab.inventory)
    assert [(line.name, line.meaning) for line in lines] == [(TECHNICIAN, "discarded"), (WITNESS, "witnessed")]
    assert lines[0].verifier_key == lab.get(PublicKey, TECHNICIAN, lab.person(TECHNICIAN).key_id).verifier_key
