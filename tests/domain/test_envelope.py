"""What every entry must satisfy: opening, rulebook, clock, lateness, order of events, proposals; and replay (I8)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cryoledger.domain.events import people, storage, vault
from cryoledger.domain.facts import Draft
from cryoledger.domain.fields import Event, Placed
from cryoledger.domain.records import Person
from cryoledger.domain.roles import Role
from cryoledger.domain.rulebooks import rulebook
from cryoledger.errors import Refusal
from cryoledger.ledger.canonical import format_time
from tests.lab import (
    ADMIN,
    CLINICIAN,
    PHARMACIST,
    QUALITY,
    TECHNICIAN,
    TECHNICIAN_2,
    WITNESS,
    Lab,
    event,
    later,
    replay,
    rows_of,
    stocked,
)

MINUTE = 60_000


def refuse(lab: Lab, rule: str, draft: Draft) -> None:
    with pytest.raises(Refusal) as caught:
        rulebook(1).check(draft, lab.inventory)
    assert caught.value.rule == rule


def discarded(vial: str, **data: object) -> Event:
    return event("VialsDiscarded", vials=[vial], reason="broken", **data)


def taken(vial: str, **data: object) -> Event:
    return event("VialsTakenOut", vials=[vial], **data)


# Opening, numbers


def test_an_epoch_opens_with_its_opening_and_nothing_else() -> None:
    lab = Lab()
    draft = lab.draft(event("StationLocked", reason="idle"))
    refuse(lab, "opening", replace(draft, sequence=0))
    created = lab.entries[0]
    again = lab.draft(event(created.entry.envelope.type, **created.entry.envelope.data), ADMIN, "a", "b", "c")
    refuse(lab, "opening", again)
    refuse(lab, "rules", replace(draft, rules=2))
    refuse(lab, "schema", replace(draft, schema=2))


def test_i7_no_vault_is_created_in_a_later_epoch() -> None:
    """I7: it would enrol an administrator by no authority but the key's own."""
    lab = Lab()
    lab.restore()
    created = lab.entries[0].entry.envelope
    again = event(created.type, **created.data)
    refuse(lab, "opening", lab.draft(again, ADMIN, "station-9", lab.origin, "recovery"))
    restored = event("LedgerRestored", **lab.entries[-1].entry.envelope.data)
    lab.refused("opening", restored)


def test_unknown_rulebooks_are_not_adopted() -> None:
    lab = Lab()
    lab.refused("rules", vault.RulebookAdopted(rulebook=1))
    lab.refused("rules", vault.RulebookAdopted(rulebook=2))


def test_a_restore_opens_a_later_epoch_over_the_replayed_state() -> None:
    lab, vials = stocked(1)
    lab.refused("opening", event("LedgerRestored", origin=lab.origin, size=1, root="A" * 43 + "=",
                last_leaf_hash="A" * 43 + "=", lost_from=1))  # fmt: skip
    lab.restore()
    lab.take_out(vials[0])
    assert (lab.last.epoch, lab.last.sequence, lab.last.number) == (2, 1, 2**40 + 1)
    assert lab.site().origin == lab.origin
    assert rows_of(replay(lab.entries)) == lab.rows()


# The clock


def test_clock_behind_is_refused_until_two_accept_it() -> None:
    lab, vials = stocked(1)
    head = format_time(lab.last.entry.envelope.recorded_at)
    lab.now = later(lab.now, -5 * MINUTE)
    lab.refused("time.behind", taken(vials[0]))
    lab.refused("time.behind", vault.ClockStepped(head_recorded_at=head))
    lab.refused("clock", vault.ClockCorrected(head_recorded_at=lab.now, reason="battery"))
    lab.refused("I7", vault.ClockCorrected(head_recorded_at=head, reason="battery"), ADMIN)
    lab.refused("I7", vault.ClockCorrected(head_recorded_at=head, reason="battery"), TECHNICIAN, WITNESS)
    lab.record(vault.ClockCorrected(head_recorded_at=head, reason="battery"), ADMIN, WITNESS)
    lab.take_out(vials[0])


def test_clock_that_is_right_needs_no_correction() -> None:
    lab = Lab()
    head = format_time(lab.last.entry.envelope.recorded_at)
    lab.refused("clock", vault.ClockCorrected(head_recorded_at=head, reason="battery"))


def test_a_jump_ahead_of_more_than_12_hours_asks_first() -> None:
    lab, vials = stocked(1)
    head = format_time(lab.last.entry.envelope.recorded_at)
    lab.now = later(head, 12 * 60 * MINUTE + 1)
    lab.refused("time.ahead", taken(vials[0]))
    lab.refused("clock", vault.ClockStepped(head_recorded_at=lab.now))
    lab.refused("known", vault.ClockStepped(head_recorded_at=head, confirmed_by="nobody"))
    lab.record(vault.ClockStepped(head_recorded_at=head, confirmed_by=TECHNICIAN))
    lab.take_out(vials[0])


def test_12_hours_exactly_need_no_confirmation() -> None:
    lab, vials = stocked(1)
    lab.now = later(format_time(lab.last.entry.envelope.recorded_at), 12 * 60 * MINUTE)
    lab.take_out(vials[0])


# Late entries


def test_an_entry_later_than_10_minutes_states_its_reason() -> None:
    lab, vials = stocked(1)
    lab.wait(minutes=30)
    lab.record(taken(vials[0]), at=lab.ago(minutes=10))
    lab.wait(minutes=30)
    back = storage.VialsReturned(unit="BOX-1", vials=(Placed(vial=vials[0], position=0),))
    when = later(lab.now, -10 * MINUTE - 1)
    lab.refused("late.reason", back, TECHNICIAN, at=when)
    lab.record(back.model_copy(update={"late": "downtime"}), TECHNICIAN, at=when)
    assert lab.vial(vials[0]).since == when


def test_nothing_is_recorded_before_it_occurs() -> None:
    lab, vials = stocked(1)
    lab.refused("time.future", taken(vials[0]), at=later(lab.now, 1))


def test_a_late_entry_does_not_precede_the_last_event_of_its_things() -> None:
    lab, vials = stocked(2)
    lab.wait(minutes=30)
    lab.take_out(vials[0])
    lab.wait(minutes=30)
    late = storage.VialsReturned(unit="BOX-1", vials=(Placed(vial=vials[0], position=0),), late="forgotten")
    assert vials[0] in lab.refused("time.order", late, TECHNICIAN, at=lab.ago(minutes=45)).message
    lab.record(late, TECHNICIAN, at=lab.ago(minutes=15))


@pytest.mark.parametrize("unit", ["BOX-1", "RACK-1", "FRZ-1"])
def test_a_late_entry_does_not_precede_the_last_event_of_a_unit_that_holds_its_things(unit: str) -> None:
    lab, vials = stocked(1)
    lab.wait(minutes=30)
    lab.record(storage.StorageUnitTakenOut(unit=unit), TECHNICIAN)
    lab.wait(minutes=30)
    assert unit in lab.refused("time.order", taken(vials[0], late="forgotten"), at=lab.ago(minutes=45)).message
    moved = storage.VialsMoved(unit="BOX-1", vials=(Placed(vial=vials[0], position=5),), late="forgotten")
    lab.refused("time.order", moved, TECHNICIAN, at=lab.ago(minutes=45))


def test_a_late_entry_that_would_be_refused_now_needs_a_second_signer() -> None:
    lab, (vial,) = stocked(1)
    lab.issue("ORDER-1", vial)
    when = later(lab.now, 5 * MINUTE)
    lab.wait(minutes=60)
    thawed = event("VialsThawed", vials=[vial], purpose="therapy", late="emergency")
    refusal = lab.refused("late.two", thawed, PHARMACIST, at=when)
    assert "out of storage" in refusal.message
    lab.refused("I7", thawed, PHARMACIST, at=when, countersigned=PHARMACIST)
    lab.refused("I7", thawed, PHARMACIST, at=when, countersigned=ADMIN)
    lab.record(thawed, PHARMACIST, at=when, countersigned=WITNESS)
    assert lab.vial(vial).thawed_at == when


def test_a_late_entry_that_was_forbidden_then_is_refused_also_by_two() -> None:
    lab, (vial,) = stocked(1)
    lab.issue("ORDER-1", vial)
    lab.wait(minutes=60)
    thawed = event("VialsThawed", vials=[vial], purpose="therapy", late="emergency")
    lab.refused("I3.exposure", thawed, PHARMACIST, at=lab.ago(minutes=11), countersigned=WITNESS)


def test_a_punctual_entry_has_no_countersignature() -> None:
    lab, vials = stocked(1)
    lab.refused("I7", taken(vials[0]), TECHNICIAN, countersigned=WITNESS)


# Proposals


def completing(act: Event, lab: Lab) -> Event:
    return act.model_copy(update={"proposal": lab.last.reference})


def test_a_proposal_is_completed_by_a_second_person_and_holds_meanwhile() -> None:
    lab, vials = stocked(1)
    act = discarded(vials[0])
    reference = lab.propose(act, TECHNICIAN)
    completed = act.model_copy(update={"proposal": reference})
    assert [row.kind for row in lab.holds("vial", vials[0])] == ["proposal"]
    lab.refused("I3.hold", event("VialsReserved", order="ORDER-1", line=1, vials=vials))
    lab.refused("I7", completed, TECHNICIAN)
    lab.refused("I7", completed, TECHNICIAN, WITNESS)
    lab.record(completed, WITNESS)
    assert lab.vial(vials[0]).custody == "discarded"
    assert not lab.holds("vial", vials[0])
    lab.refused("proposal", completed, TECHNICIAN_2)


def test_a_completion_is_checked_again() -> None:
    lab, vials = stocked(1)
    act = discarded(vials[0])
    lab.propose(act, TECHNICIAN)
    completed = completing(act, lab)
    lab.record(event("VialsConsumed", vials=[vials[0]], purpose="testing"))
    lab.refused("I1", completed, WITNESS)


def test_a_proposal_expires_and_holds_no_longer() -> None:
    lab, vials = stocked(1)
    act = discarded(vials[0])
    lab.propose(act, TECHNICIAN, minutes=60)
    completed = completing(act, lab)
    lab.wait(minutes=60)
    lab.refused("proposal", completed, WITNESS)
    lab.record(event("VialsReserved", order="ORDER-1", line=1, vials=vials))


@pytest.mark.parametrize("minutes", [0, -1, 7 * 24 * 60 + 1])
def test_a_proposal_expires_within_a_week(minutes: int) -> None:
    lab, vials = stocked(1)
    with pytest.raises(Refusal, match="seven days"):
        lab.propose(discarded(vials[0]), TECHNICIAN, minutes=minutes)


def test_only_what_was_proposed_is_completed() -> None:
    lab, vials = stocked(2)
    lab.propose(discarded(vials[0]), TECHNICIAN)
    reference = lab.last.reference
    other = discarded(vials[1]).model_copy(update={"proposal": reference})
    lab.refused("proposal", other, WITNESS)
    reason = event("VialsDiscarded", vials=[vials[0]], reason="expired", proposal=reference.model_dump())
    lab.refused("proposal", reason, WITNESS)
    stored = next(each for each in lab.entries if each.entry.envelope.type == "VialsStored").reference
    lab.refused("proposal", discarded(vials[0]).model_copy(update={"proposal": stored}), WITNESS)
    forged = reference.model_copy(update={"leaf_hash": stored.leaf_hash})
    lab.refused("proposal", discarded(vials[0]).model_copy(update={"proposal": forged}), WITNESS)


def test_an_illegal_act_is_not_proposed_nor_one_without_the_role() -> None:
    lab, vials = stocked(1)
    lab.record(discarded(vials[0]))
    with pytest.raises(Refusal, match="discarded"):
        lab.propose(discarded(vials[0]), TECHNICIAN)
    with pytest.raises(Refusal, match="is no"):
        lab.propose(event("DeviationRecorded", limit="test-limit", concerning=[{"kind": "lot", "code": "LOT-1"}],
                    reason="other"), TECHNICIAN)  # fmt: skip


def test_a_proposed_act_completes_no_proposal_itself() -> None:
    lab, vials = stocked(1)
    lab.propose(discarded(vials[0]), TECHNICIAN)
    nested = completing(discarded(vials[0]), lab)
    with pytest.raises(Refusal, match="no proposal"):
        lab.propose(nested, TECHNICIAN_2)


@pytest.mark.parametrize("why", ["revoked", "role withdrawn"])
def test_i7_what_a_person_proposed_who_may_not_sign_now_is_not_completed(why: str) -> None:
    lab, vials = stocked(1)
    act = discarded(vials[0])
    lab.propose(act, TECHNICIAN)
    completed = completing(act, lab)
    if why == "revoked":
        key = lab.get(Person, TECHNICIAN).key_id
        lab.record(people.KeyRevoked(name=TECHNICIAN, key_id=key, reason="stolen"))
    else:
        lab.record(people.RoleWithdrawn(person=TECHNICIAN, role=Role.TECHNICIAN))
    lab.refused("proposal", completed, WITNESS)


def test_a_proposals_hold_is_not_lifted_by_hand() -> None:
    lab, vials = stocked(1)
    lab.propose(discarded(vials[0]), TECHNICIAN)
    lab.refused("hold", event("HoldLifted", number=lab.last.number, reason="other"))


def test_i4_a_dose_whose_discard_is_proposed_waits() -> None:
    lab, vials = stocked(1)
    lab.to_dose("DOSE-1", "ORDER-1", vials)
    lab.hand_over("DOSE-1")
    lab.propose(event("DoseDiscarded", dose="DOSE-1", reason="broken"), PHARMACIST)
    lab.refused("I3.hold", lab.bedside_check("DOSE-1"))


def test_conditional_release_by_proposal() -> None:
    lab = Lab()
    lab.register_lot("LOT-1")
    lab.place_order()
    act = event("LotConditionallyReleased", lot="LOT-1", order="ORDER-1", reason="urgent-need")
    lab.propose(act, QUALITY)
    lab.record(completing(act, lab), CLINICIAN)
    assert lab.lot("LOT-1").conditional_order == "ORDER-1"
    assert not lab.holds("lot", "LOT-1")


def test_no_act_without_a_first_line_is_completed_by_one() -> None:
    """A clock correction cannot be proposed: naming a proposal does not save its first signature."""
    lab = Lab()
    head = format_time(lab.last.entry.envelope.recorded_at)
    lab.now = later(lab.now, -5 * MINUTE)
    made = vault.ClockCorrected(head_recorded_at=head, reason="battery", proposal=lab.entries[3].reference)
    lab.refused("proposal", made, (WITNESS, "witnessed"))


# I8


def test_i8_a_whole_story_replays_to_the_same_rows() -> None:
    """I8: from the stored bytes alone, every signature verified, every row the same."""
    lab, vials = stocked(6)
    lab.give(lab.to_dose("DOSE-1", "ORDER-1", vials[:1]))
    lab.record(event("VialsReportedMissing", vials=[vials[1]], reason="lost"))
    lab.record(storage.StorageUnitMoved(unit="RACK-1", parent="FRZ-2", slot="1"), TECHNICIAN)
    lab.propose(discarded(vials[2]), TECHNICIAN)
    lab.record(event("BoxChecked", unit="BOX-1", present=vials[2:5], missing=[vials[5]]))
    lab.restore()
    lab.hold("lot", "LOT-1")
    assert rows_of(replay(lab.entries)) == lab.rows()
