"""Rules from the order to the patient: fitness (I3), the bedside (I4), amounts (I5)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cryoledger.domain.events import storage, treatment
from cryoledger.domain.fields import Event, Placed
from cryoledger.domain.records import Deviation, Patient
from cryoledger.domain.rulebook_1.common import vial_exposure
from tests.lab import (
    BEDSIDE,
    CELLS,
    CLINICIAN,
    OUT_OF_STORAGE_MINUTES,
    PHARMACIST,
    POST_THAW_MINUTES,
    QUALITY,
    START,
    TECHNICIAN,
    WITNESS,
    Lab,
    badge_of,
    band,
    event,
    hash_text,
    later,
    prepared,
    stocked,
)


def issued(*vials: str, order: str = "ORDER-1", line: int = 1, receiver: str | None = None) -> Event:
    return event("VialsIssued", order=order, line=line, vials=vials, receiver=receiver)


def reserved(*vials: str, order: str = "ORDER-1", line: int = 1) -> Event:
    return event("VialsReserved", order=order, line=line, vials=vials)


def ready() -> tuple[Lab, str]:
    """One vial, reserved for line 1 of ORDER-1 and taken out."""
    lab, (vial,) = stocked(1)
    lab.reserve("ORDER-1", vial)
    lab.take_out(vial)
    return lab, vial


# I3: each reason alone stops reserving or issuing, thawing, preparing, handing over and the bedside check


REASONS: dict[str, tuple[str, Callable[[Lab, str], object]]] = {
    "hold on vial": ("I3.hold", lambda lab, vial: lab.hold("vial", vial)),
    "hold on lot": ("I3.hold", lambda lab, vial: lab.hold("lot", "LOT-1")),
    "hold on donation": ("I3.hold", lambda lab, vial: lab.hold("donation", "DIN-LOT-1")),
    "hold on donor": ("I3.hold", lambda lab, vial: lab.hold("donor", "DONOR-1")),
    "recall of lot": (
        "I3.hold",
        lambda lab, vial: lab.record(event("RecallIssued", scope="lot", code="LOT-1", reason="regulator")),
    ),
    "recall of donor": (
        "I3.hold",
        lambda lab, vial: lab.record(event("RecallIssued", scope="donor", code="DONOR-1", reason="donor-result")),
    ),
    "bad screening after release": ("I3.hold", lambda lab, vial: lab.screen("DONOR-1", "reactive", ["HBV"])),
    "donor judged ineligible": (
        "I3.hold",
        lambda lab, vial: lab.record(event("DonorEligibilityDecided", donor="DONOR-1", eligibility="ineligible")),
    ),
    "test out of limits after release": ("I3.hold", lambda lab, vial: lab.test_lot("LOT-1", viability=10_000)),
    "consent withdrawn": (
        "I3.consent",
        lambda lab, vial: lab.record(event("ConsentWithdrawn", donor="DONOR-1", withdrawn_on="2026-11-22")),
    ),
    "consent no longer to therapy": (
        "I3.consent",
        lambda lab, vial: lab.record(
            event("ConsentRecorded", donor="DONOR-1", consent={"scope": ["research"], "given_on": "2026-11-22"})
        ),
    ),
    "lot rejected": (
        "I3.released",
        lambda lab, vial: lab.record(event("LotRejected", lot="LOT-1", reason="contaminated")),
    ),
    "expired": ("I3.expired", lambda lab, vial: expire(lab)),
    "cold excursion": (
        "I3.hold",
        lambda lab, vial: lab.record(
            event("ExcursionRecorded", unit="FRZ-1", started_at=START, ended_at=lab.now,
                  worst_millicelsius=-90_000)
        ),
    ),
}  # fmt: skip


def expire(lab: Lab) -> None:
    """The lot's expiry is found to have been yesterday."""
    first = next(each for each in lab.entries if each.entry.envelope.type == "LotRegistered")
    lab.record(
        event(
            "LotExpiryCorrected", lot="LOT-1", expiry_on="2026-11-21", expires_at="2026-11-21T17:00:00.000Z",
            corrects=first.reference.model_dump(), reason="typed-wrong",
        )
    )  # fmt: skip


@pytest.mark.parametrize("reason", REASONS)
def test_i3_a_single_reason_stops_reserving(reason: str) -> None:
    lab, (vial,) = stocked(1)
    rule, happen = REASONS[reason]
    happen(lab, vial)
    assert lab.refused(rule, reserved(vial)).safety


@pytest.mark.parametrize("reason", REASONS)
def test_i3_a_single_reason_stops_issue(reason: str) -> None:
    lab, vial = ready()
    rule, happen = REASONS[reason]
    happen(lab, vial)
    assert lab.refused(rule, issued(vial)).safety


@pytest.mark.parametrize("reason", REASONS)
def test_i3_a_single_reason_stops_thaw_and_dose(reason: str) -> None:
    lab, vials = stocked(2)
    lab.issue("ORDER-1", vials[0])
    lab.issue("ORDER-1", vials[1], line=2)
    lab.thaw(vials[1])
    rule, happen = REASONS[reason]
    for vial in vials if "vial" in reason else vials[:1]:
        happen(lab, vial)
    lab.refused(rule, event("VialsThawed", vials=[vials[0]], purpose="therapy"))
    lab.refused(rule, prepared("DOSE-1", "ORDER-1", [(vials[1], 1000)], line=2), PHARMACIST)


@pytest.mark.parametrize("reason", REASONS)
def test_i3_a_single_reason_stops_handover_and_bedside(reason: str) -> None:
    lab, vials = stocked(2)
    lab.to_dose("DOSE-1", "ORDER-1", vials[:1])
    lab.to_dose("DOSE-2", "ORDER-1", vials[1:], line=2)
    lab.hand_over("DOSE-2")
    rule, happen = REASONS[reason]
    for vial in vials if "vial" in reason else vials[:1]:
        happen(lab, vial)
    lab.refused(rule, treatment.DoseHandedOver(dose="DOSE-1", receiver=CLINICIAN), PHARMACIST, CLINICIAN)
    assert lab.refused(rule, lab.bedside_check("DOSE-2"), station=BEDSIDE).safety


def test_i3_lifted_hold_lets_it_go_on() -> None:
    lab, vial = ready()
    number = lab.hold("vial", vial)
    lab.refused("hold", event("HoldLifted", number=number + 1, reason="cleared"))
    lab.record(event("HoldLifted", number=number, reason="cleared"))
    lab.refused("hold", event("HoldLifted", number=number, reason="cleared"))
    lab.record(issued(vial))


@pytest.mark.parametrize("unit", ["BOX-1", "RACK-1", "FRZ-1"])
def test_i3_hold_on_a_unit_that_it_is_in_or_came_out_of(unit: str) -> None:
    lab, vials = stocked(2)
    lab.take_out(vials[1])
    number = lab.hold("unit", unit)
    lab.refused("I3.hold", reserved(vials[0]))
    lab.record(reserved(vials[1]))
    lab.take_out(vials[0])
    lab.refused("I3.hold", reserved(vials[0]))
    lab.record(event("HoldLifted", number=number, reason="cleared"))
    lab.record(reserved(vials[0]))


@pytest.mark.parametrize("how", ["moved", "carried"])
def test_i3_hold_on_a_unit_follows_a_box_that_leaves_it(how: str) -> None:
    """I3: moving the box out of the held rack is no way around the hold."""
    lab, (vial,) = stocked(1)
    number = lab.hold("unit", "RACK-1")
    if how == "moved":
        lab.record(storage.StorageUnitMoved(unit="BOX-1", parent="RACK-2", slot="5"), TECHNICIAN)
    else:
        lab.record(storage.StorageUnitTakenOut(unit="BOX-1"), TECHNICIAN)
        lab.record(storage.StorageUnitReturned(unit="BOX-1", parent="RACK-2", slot="5"), TECHNICIAN)
    lab.refused("I3.hold", reserved(vial))
    lab.record(event("HoldLifted", number=number, reason="cleared"))
    lab.record(reserved(vial))


def test_i3_hold_and_recall_on_a_parent_bank() -> None:
    lab = Lab()
    lab.furnish()
    lab.register_lot("BANK-1", bank="master")
    lab.register_lot("LOT-1", donation="DIN-2", donor="DONOR-2", parent="BANK-1")
    (vial,) = lab.vials("LOT-1", 1)
    lab.release_lot("LOT-1")
    lab.place_order()
    for hold in (("lot", "BANK-1"), ("donation", "DIN-BANK-1"), ("donor", "DONOR-1")):
        number = lab.hold(*hold)
        lab.refused("I3.hold", reserved(vial))
        lab.record(event("HoldLifted", number=number, reason="cleared"))
    lab.record(event("RecallIssued", scope="lot", code="BANK-1", reason="contaminated"))
    lab.refused("recall", event("RecallIssued", scope="lot", code="BANK-1", reason="contaminated"))
    lab.refused("I3.hold", reserved(vial))


def test_i3_unreleased_lot() -> None:
    lab = Lab()
    lab.furnish()
    lab.register_lot("LOT-1")
    (vial,) = lab.vials("LOT-1", 1)
    lab.place_order()
    lab.refused("I3.released", reserved(vial))


def test_i3_conditionally_released_for_another_order() -> None:
    lab = Lab()
    lab.furnish()
    lab.register_lot("LOT-1")
    vials = lab.vials("LOT-1", 2)
    lab.place_order("ORDER-1")
    lab.place_order("ORDER-2", "PATIENT-2")
    lab.record(event("LotConditionallyReleased", lot="LOT-1", order="ORDER-1", reason="urgent-need"))
    lab.refused("I3.released", reserved(vials[0], order="ORDER-2"))
    lab.record(reserved(vials[0]))
    lab.take_out(vials[0])
    lab.record(issued(vials[0]))


@pytest.mark.parametrize("kind", ["autologous", "directed"])
def test_i3_autologous_or_directed_lot_only_for_its_patient(kind: str) -> None:
    lab = Lab()
    lab.furnish()
    lab.release_lot("LOT-1", donor_kind=kind, patient="PATIENT-1")
    (vial,) = lab.vials("LOT-1", 1)
    lab.place_order("ORDER-1", "PATIENT-1")
    lab.place_order("ORDER-2", "PATIENT-2")
    lab.refused("I3.autologous", reserved(vial, order="ORDER-2"))
    lab.record(reserved(vial))


def test_i3_other_product_than_ordered() -> None:
    lab, vials = stocked(1)
    lab.define_product("MSC-2")
    lab.place_order("ORDER-2", "PATIENT-2", product="MSC-2")
    lab.refused("I3.product", reserved(vials[0], order="ORDER-2"))


def test_i3_reserved_for_another_order_or_line_or_for_none() -> None:
    """I3: no double reservation, no issue without one, no thaw or dose for another line."""
    lab, vials = stocked(2)
    lab.place_order("ORDER-2", "PATIENT-2")
    lab.reserve("ORDER-1", vials[0])
    lab.refused("I3.reserved", reserved(vials[0], order="ORDER-2"))
    lab.refused("I3.reserved", reserved(vials[0], line=2))
    lab.take_out(*vials)
    lab.refused("I3.reserved", issued(vials[0], order="ORDER-2"))
    lab.refused("I3.reserved", issued(vials[0], line=2))
    lab.refused("I3.reserved", issued(vials[1]))
    lab.record(issued(vials[0]))
    lab.thaw(vials[0])
    lab.refused("I3.reserved", prepared("DOSE-1", "ORDER-2", [(vials[0], 1000)]), PHARMACIST)
    lab.refused("I3.reserved", prepared("DOSE-1", "ORDER-1", [(vials[0], 1000)], line=2), PHARMACIST)


def test_i3_reservation_can_be_released_until_issue() -> None:
    lab, (vial,) = stocked(1)
    lab.refused("reserve", event("ReservationReleased", vials=[vial]))
    lab.reserve("ORDER-1", vial)
    lab.record(event("ReservationReleased", vials=[vial]))
    lab.issue("ORDER-1", vial, line=2)
    lab.refused("reserve", event("ReservationReleased", vials=[vial]))


def test_i3_cancelled_order() -> None:
    lab, vials = stocked(2)
    lab.reserve("ORDER-1", *vials)
    lab.take_out(vials[0])
    lab.record(issued(vials[0]))
    lab.record(event("OrderCancelled", order="ORDER-1", reason="mistake"))
    lab.refused("order", event("OrderCancelled", order="ORDER-1", reason="mistake"))
    assert lab.vial(vials[1]).order_code is None
    lab.refused("I3.order", reserved(vials[1]))
    lab.refused("I3.order", event("VialsThawed", vials=[vials[0]], purpose="therapy"))
    lab.refused("known", reserved(vials[1], line=9))


def test_an_order_with_a_prepared_dose_is_not_cancelled() -> None:
    lab, vials = stocked(1)
    lab.to_dose("DOSE-1", "ORDER-1", vials)
    lab.refused("order", event("OrderCancelled", order="ORDER-1", reason="mistake"))
    lab.record(event("DoseDiscarded", dose="DOSE-1", reason="order-cancelled"))
    lab.record(event("OrderCancelled", order="ORDER-1", reason="mistake"))


def test_i3_exposure_with_and_without_deviation() -> None:
    lab, vial = ready()
    lab.tick_ms = 0
    taken = lab.vial(vial).since
    lab.now = later(taken, OUT_OF_STORAGE_MINUTES * 60_000)
    lab.record(event("AlarmRaised", unit="FRZ-1", alarm="door"))
    lab.wait(milliseconds=1)
    assert lab.refused("I3.exposure", issued(vial)).safety
    lab.deviation("out-of-storage", "vial", vial)
    lab.record(issued(vial))


def test_i3_a_deviation_reaches_the_products_time_once_more_and_no_further() -> None:
    lab, vial = ready()
    limit = OUT_OF_STORAGE_MINUTES * 60_000
    lab.refused("deviation.not-passed", deviated("out-of-storage", "vial", vial))
    lab.wait(milliseconds=limit + 1)
    lab.deviation("out-of-storage", "vial", vial)
    accepted = lab.inventory.where(Deviation, kind="vial", code=vial)[0].reach
    lab.record(event("VialsReturned", unit="BOX-1", vials=lab.placed([vial])), TECHNICIAN)
    lab.take_out(vial)
    lab.wait(milliseconds=limit - 60_000)
    lab.refused("deviation.not-passed", deviated("out-of-storage", "vial", vial))
    lab.wait(milliseconds=120_000)
    assert vial_exposure(lab.inventory, lab.vial(vial), lab.now) > (accepted or 0)
    assert lab.refused("I3.exposure", issued(vial)).safety
    lab.deviation("out-of-storage", "vial", vial)
    lab.record(issued(vial))


def deviated(limit: str, kind: str, code: str) -> Event:
    return event("DeviationRecorded", limit=limit, concerning=[{"kind": kind, "code": code}], reason="clinical-need")


def test_i3_exposure_at_the_limit_is_within_it() -> None:
    lab, vial = ready()
    lab.now = later(lab.vial(vial).since, OUT_OF_STORAGE_MINUTES * 60_000)
    lab.record(issued(vial))


def test_i3_exposure_counts_from_issue_to_thaw() -> None:
    lab, (vial,) = stocked(1)
    lab.issue("ORDER-1", vial)
    lab.wait(minutes=OUT_OF_STORAGE_MINUTES)
    lab.refused("I3.exposure", event("VialsThawed", vials=[vial], purpose="therapy"))


def test_i3_nothing_is_thawed_for_a_patient_that_was_not_issued() -> None:
    lab, vials = stocked(2)
    lab.reserve("ORDER-1", *vials)
    lab.refused("I3.issued", event("VialsThawed", vials=[vials[0]], purpose="therapy"))
    lab.refused("I3.reserved", event("VialsThawed", vials=[vials[0]], purpose="testing"))
    lab.take_out(vials[0])
    lab.record(issued(vials[0]))
    lab.refused("I3.reserved", event("VialsThawed", vials=[vials[0]], purpose="research"))


def test_i3_a_vial_thawed_for_another_purpose_reaches_no_dose() -> None:
    lab, (vial,) = stocked(1)
    lab.thaw(vial, purpose="testing")
    lab.refused("I3", prepared("DOSE-1", "ORDER-1", [(vial, 1000)]), PHARMACIST)
    lab.refused("I1", reserved(vial))


# Issue and return


def test_i7_receiver_of_issued_vials_signs_and_is_not_the_witness() -> None:
    lab, vial = ready()
    lab.refused("I7", issued(vial, receiver=CLINICIAN), PHARMACIST, WITNESS)
    lab.refused("I7.receiver", issued(vial, receiver=CLINICIAN), PHARMACIST, WITNESS, TECHNICIAN)
    lab.refused("I7", issued(vial, receiver=WITNESS), PHARMACIST, WITNESS, WITNESS)
    lab.refused("I7", issued(vial), (PHARMACIST, "issued"), (WITNESS, "witnessed"), (CLINICIAN, "received"))
    lab.refused("I7", issued(vial), PHARMACIST)
    lab.record(issued(vial, receiver=CLINICIAN), PHARMACIST, WITNESS, CLINICIAN)
    assert lab.vial(vial).custodian == CLINICIAN


def test_i1_only_what_is_out_is_issued() -> None:
    lab, (vial,) = stocked(1)
    lab.reserve("ORDER-1", vial)
    lab.refused("I1", issued(vial))


def test_issued_vials_return_only_unopened_with_qualitys_signature() -> None:
    lab, vials = stocked(2)
    lab.issue("ORDER-1", *vials)
    lab.wait(minutes=6)
    returned = event(
        "IssuedVialsReturned", unit="BOX-1", vials=[{"vial": vials[0], "position": 0}],
        cold_chain_sha256=hash_text("logger"),
    )  # fmt: skip
    lab.refused("I7", returned, PHARMACIST, TECHNICIAN)
    lab.record(returned, PHARMACIST, QUALITY)
    row = lab.vial(vials[0])
    assert (row.custody, row.order_code) == ("stored", None)
    assert row.exposed_ms >= 6 * 60_000
    lab.thaw(vials[1])
    opened = event(
        "IssuedVialsReturned", unit="BOX-1", vials=[{"vial": vials[1], "position": 1}],
        cold_chain_sha256=hash_text("logger"),
    )  # fmt: skip
    lab.refused("I1", opened)


# Orders and patients


def test_orders_are_sound() -> None:
    lab, _ = stocked(1)
    base = {"line": 1, "cells": 100, "cells_max": 120, "route": "local injection", "due_on": "2026-12-01"}

    def order(*lines: dict[str, object], **changed: object) -> Event:
        return event(
            "OrderPlaced", **{"order": "O-2", "patient": "PATIENT-1", "product": "MSC-1", "lines": lines, **changed}
        )

    lab.refused("order", order({**base, "cells_max": 99}))
    lab.refused("once", order(base, base))
    lab.refused("order", order({**base, "cells_per_kilogram": 10}))
    lab.refused("order", order({**base, "cells_per_kilogram": 10, "weight_grams": 20_000}))
    lab.refused("known", order(base, product="MSC-9"))
    lab.refused("known", order(base, patient="PATIENT-9"))
    lab.refused("one-meaning", order(base, order="ORDER-1"))
    lab.record(order({**base, "cells_per_kilogram": 5, "weight_grams": 20_000}))
    assert lab.order("O-2").prescriber == CLINICIAN


def test_a_patient_is_registered_once_and_may_get_further_bands() -> None:
    lab, vials = stocked(1)
    lab.refused("one-meaning", treatment.PatientRegistered(patient="PATIENT-1", bands=(band("x"),)))
    lab.refused("known", treatment.PatientBandAdded(patient="PATIENT-9", bands=(band("x"),)))
    lab.record(treatment.PatientBandAdded(patient="PATIENT-1", bands=(hash_text("ward 3"),)))
    lab.to_dose("DOSE-1", "ORDER-1", vials)
    lab.hand_over("DOSE-1")
    lab.bedside("DOSE-1", scanned=hash_text("ward 3"))
    assert lab.get(Patient, "PATIENT-1").code == "PATIENT-1"


# I5: amounts


def test_i5_dose_volumes_balance() -> None:
    lab, (vial,) = stocked(1)
    lab.to_thawed("ORDER-1", vial)
    good = prepared("DOSE-1", "ORDER-1", [(vial, 900)], diluent=500, sampled=100)
    lab.refused("I5", good.model_copy(update={"volume_microlitres": 1299}), PHARMACIST)
    lab.refused("I5", good.model_copy(update={"volume_microlitres": 1301}), PHARMACIST)
    lab.refused("I5", prepared("DOSE-1", "ORDER-1", [(vial, 1001)]), PHARMACIST)
    lab.refused("once", prepared("DOSE-1", "ORDER-1", [(vial, 400), (vial, 400)]), PHARMACIST)
    lab.record(good, PHARMACIST)
    assert (lab.dose("DOSE-1").volume_microlitres, lab.vial(vial).remaining_microlitres) == (1300, 100)


def test_i5_sample_takes_from_what_remains() -> None:
    lab, vials = stocked(2)
    lab.to_thawed("ORDER-1", vials[0])
    lab.record(treatment.SampleTaken(vial=vials[0], volume_microlitres=300, purpose="count"))
    lab.refused("I5", treatment.SampleTaken(vial=vials[0], volume_microlitres=701, purpose="count"))
    lab.refused("I1", treatment.SampleTaken(vial=vials[1], volume_microlitres=1, purpose="count"))
    assert lab.vial(vials[0]).remaining_microlitres == 700


def test_i5_remainder_is_wasted_by_two_before_the_dose_leaves() -> None:
    lab, (vial,) = stocked(1)
    lab.to_thawed("ORDER-1", vial)
    lab.record(prepared("DOSE-1", "ORDER-1", [(vial, 800)]), PHARMACIST)
    lab.refused("I5", treatment.DoseHandedOver(dose="DOSE-1", receiver=CLINICIAN), PHARMACIST, CLINICIAN)
    wasted = event("RemaindersWasted", vials=[{"vial": vial, "volume_microlitres": 200}])
    lab.refused("I7", wasted, PHARMACIST)
    lab.refused("I7", wasted, PHARMACIST, PHARMACIST)
    lab.refused("I5", event("RemaindersWasted", vials=[{"vial": vial, "volume_microlitres": 201}]))
    lab.record(wasted, PHARMACIST, WITNESS)
    lab.give("DOSE-1")
    row = lab.vial(vial)
    assert (row.custody, row.dosed_microlitres, row.wasted_microlitres) == ("administered", 800, 200)
    assert row.custodian == "PATIENT-1"


def test_i5_remainder_never_serves_another_patient_nor_returns_to_stock() -> None:
    lab, (vial,) = stocked(1)
    lab.place_order("ORDER-2", "PATIENT-2")
    lab.to_thawed("ORDER-1", vial)
    lab.record(prepared("DOSE-1", "ORDER-1", [(vial, 500)]), PHARMACIST)
    lab.refused("I1", reserved(vial, order="ORDER-2"))
    lab.refused("I3.reserved", prepared("DOSE-2", "ORDER-2", [(vial, 500)]), PHARMACIST)
    lab.refused("I1", storage.VialsReturned(unit="BOX-1", vials=(Placed(vial=vial, position=0),)), TECHNICIAN)
    lab.refused("I5", event("VialsDiscarded", vials=[vial], reason="thawed-unused"))
    lab.refused("reserve", event("ReservationReleased", vials=[vial]))


def test_i5_two_doses_from_one_vial_for_the_same_order() -> None:
    """I5: both are given under the line; it closes with the last one that waits."""
    lab, (vial,) = stocked(1)
    lab.to_thawed("ORDER-1", vial)
    lab.record(prepared("DOSE-1", "ORDER-1", [(vial, 500)]), PHARMACIST)
    lab.record(prepared("DOSE-2", "ORDER-1", [(vial, 500)]), PHARMACIST)
    lab.give("DOSE-1")
    assert (lab.vial(vial).custody, lab.line("ORDER-1").status) == ("prepared", "open")
    lab.give("DOSE-2")
    assert (lab.vial(vial).custody, lab.line("ORDER-1").status) == ("administered", "given")
    assert lab.line("ORDER-1").cells_given == CELLS
    assert lab.order("ORDER-1").status == "open"


def test_i5_dose_pooled_from_several_vials_has_the_earliest_deadline() -> None:
    lab, vials = stocked(2)
    lab.place_order("ORDER-2", "PATIENT-2", cells=3 * CELLS)
    lab.issue("ORDER-2", *vials)
    lab.thaw(vials[0])
    lab.wait(minutes=10)
    lab.thaw(vials[1])
    lab.record(prepared("DOSE-1", "ORDER-2", [(vials[0], 1000), (vials[1], 1000)], container="bag"), PHARMACIST)
    assert lab.dose("DOSE-1").deadline == lab.vial(vials[0]).deadline
    lab.give("DOSE-1", given=1500)
    assert [lab.vial(vial).custody for vial in vials] == ["administered", "administered"]
    assert lab.line("ORDER-2").cells_given == 2 * CELLS * 1500 // 2000
    assert lab.order("ORDER-2").status == "completed"


def test_i5_no_pool_across_orders() -> None:
    lab, vials = stocked(2)
    lab.place_order("ORDER-2", "PATIENT-2")
    lab.to_thawed("ORDER-1", vials[0])
    lab.to_thawed("ORDER-2", vials[1])
    lab.refused("I3.reserved", prepared("DOSE-1", "ORDER-1", [(vials[0], 400), (vials[1], 400)]), PHARMACIST)


def test_i5_sampling_the_rest_of_a_discarded_doses_vial_closes_it() -> None:
    lab, (vial,) = stocked(1)
    lab.to_thawed("ORDER-1", vial)
    lab.record(prepared("DOSE-1", "ORDER-1", [(vial, 800)]), PHARMACIST)
    lab.record(event("DoseDiscarded", dose="DOSE-1", reason="broken"))
    assert lab.vial(vial).custody == "prepared"
    lab.record(treatment.SampleTaken(vial=vial, volume_microlitres=200, purpose="sterility"))
    assert lab.vial(vial).custody == "discarded"


def test_i5_remainder_of_a_vial_that_went_missing_can_be_written_off() -> None:
    lab, (vial,) = stocked(1)
    lab.to_thawed("ORDER-1", vial)
    lab.record(prepared("DOSE-1", "ORDER-1", [(vial, 800)]), PHARMACIST)
    lab.record(event("VialsReportedMissing", vials=[vial], reason="lost"))
    lab.record(event("RemaindersWasted", vials=[{"vial": vial, "volume_microlitres": 200}]))
    lab.refused("I1", treatment.DoseHandedOver(dose="DOSE-1", receiver=CLINICIAN), PHARMACIST, CLINICIAN)
    lab.record(event("DoseDiscarded", dose="DOSE-1", reason="other"))
    assert lab.vial(vial).custody == "discarded"


def test_a_thawed_vial_of_which_nothing_was_used_is_wasted_whole() -> None:
    lab, (vial,) = stocked(1)
    lab.to_thawed("ORDER-1", vial)
    lab.record(event("RemaindersWasted", vials=[{"vial": vial, "volume_microlitres": 1000}]))
    assert lab.vial(vial).custody == "discarded"


# Dose codes


def test_a_dose_code_means_one_dose() -> None:
    lab, vials = stocked(2)
    lab.to_dose("DOSE-1", "ORDER-1", vials[:1])
    lab.issue("ORDER-1", vials[1], line=2)
    lab.thaw(vials[1])
    for code in ("DOSE-1", vials[0], "BOX-1", vials[1]):
        lab.refused("one-meaning", prepared(code, "ORDER-1", [(vials[1], 1000)], line=2), PHARMACIST)


def test_a_vial_given_as_it_is_keeps_its_code() -> None:
    lab, vials = stocked(2)
    lab.issue("ORDER-1", vials[0])
    lab.issue("ORDER-1", vials[1], line=2)
    lab.thaw(*vials)
    wrong = prepared(vials[0], "ORDER-1", [(vials[1], 1000)], container="vial", line=2)
    lab.refused("one-meaning", wrong, PHARMACIST)
    own = prepared(vials[0], "ORDER-1", [(vials[0], 600)], container="vial")
    lab.record(own, PHARMACIST)
    lab.refused("one-meaning", prepared(vials[0], "ORDER-1", [(vials[0], 400)], container="vial"), PHARMACIST)


# I4: the bedside


def checked_scene() -> Lab:
    lab, vials = stocked(2)
    lab.place_order("ORDER-2", "PATIENT-2")
    lab.to_dose("DOSE-1", "ORDER-1", vials[:1])
    lab.to_dose("DOSE-2", "ORDER-2", vials[1:])
    lab.hand_over("DOSE-1")
    lab.hand_over("DOSE-2")
    return lab


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"band": band("PATIENT-2")}, "I4.patient"),
        ({"band": hash_text("nobody")}, "I4.patient"),
        ({"patient": "PATIENT-2", "band": band("PATIENT-2")}, "I4.patient"),
        ({"dose": "DOSE-2"}, "I4.patient"),
        ({"order": "ORDER-2"}, "I4.patient"),
        ({"order": "ORDER-2", "patient": "PATIENT-2", "band": band("PATIENT-2")}, "I4.patient"),
        ({"line": 2}, "I4.order"),
        ({"dose": "DOSE-9"}, "known"),
        ({"order": "ORDER-9"}, "known"),
    ],
)
def test_i4_every_mismatch_stops(changed: dict[str, object], rule: str) -> None:
    lab = checked_scene()
    wrong = lab.bedside_check("DOSE-1").model_copy(update=changed)
    refusal = lab.refused(rule, wrong, station=BEDSIDE)
    assert refusal.safety or rule == "known"


def test_i9_a_refusal_at_the_bedside_does_not_tell_what_the_wristband_said() -> None:
    """I9: neither the band nor its HMAC is in the error."""
    lab = checked_scene()
    refusal = lab.refused("I4.patient", lab.bedside_check("DOSE-1", scanned=band("PATIENT-2")), station=BEDSIDE)
    assert band("PATIENT-2") not in str(refusal)
    assert "PATIENT-2" not in str(refusal)


def test_i4_two_different_persons_with_the_roles_sign() -> None:
    lab = checked_scene()
    event_ = lab.bedside_check("DOSE-1")
    lab.refused("I7", event_, CLINICIAN, station=BEDSIDE)
    lab.refused("I7", event_, CLINICIAN, CLINICIAN, station=BEDSIDE)
    lab.refused("I7", event_, WITNESS, CLINICIAN, station=BEDSIDE)
    lab.refused("I7", event_, CLINICIAN, TECHNICIAN, station=BEDSIDE)
    lab.record(event_, CLINICIAN, WITNESS, station=BEDSIDE)


def test_i4_a_dose_is_handed_over_before_it_is_checked_and_checked_once() -> None:
    lab, vials = stocked(1)
    lab.to_dose("DOSE-1", "ORDER-1", vials)
    lab.refused("I4", lab.bedside_check("DOSE-1"), station=BEDSIDE)
    lab.refused("I4", lab.administration("DOSE-1"), station=BEDSIDE)
    lab.to_checked("DOSE-1")
    lab.refused("I4", lab.bedside_check("DOSE-1"), station=BEDSIDE)


def test_i1_the_holder_hands_over_and_checks() -> None:
    lab, vials = stocked(1)
    lab.to_dose("DOSE-1", "ORDER-1", vials)
    over = treatment.DoseHandedOver(dose="DOSE-1", receiver=CLINICIAN)
    lab.refused("I1", over, TECHNICIAN, CLINICIAN)
    lab.refused("I7", over, PHARMACIST, WITNESS)
    lab.hand_over("DOSE-1", WITNESS)
    lab.record(event("KeyIssued", **second_clinician(lab)), "ines.a", "omar.b", "dora.m")
    lab.refused("I1", lab.bedside_check("DOSE-1"), CLINICIAN, "dora.m", station=BEDSIDE)
    lab.record(lab.bedside_check("DOSE-1"), CLINICIAN, WITNESS, station=BEDSIDE)
    lab.refused("I1", lab.administration("DOSE-1"), "dora.m", WITNESS, station=BEDSIDE)
    lab.record(lab.administration("DOSE-1"), CLINICIAN, "dora.m", station=BEDSIDE)


def second_clinician(lab: Lab) -> dict[str, object]:

    key = lab.key("dora.m")
    person = {"name": "dora.m", "full_name": "Dora Marsh", "badge": badge_of(key)}
    return {"person": person, "roles": ["clinician"], "key": key}


def test_i4_window_of_vial_and_dose_with_and_without_deviation() -> None:
    lab, vials = stocked(2)
    lab.issue("ORDER-1", vials[0])
    lab.issue("ORDER-1", vials[1], line=2)
    lab.thaw(*vials)
    lab.record(prepared("DOSE-1", "ORDER-1", [(vials[0], 1000)]), PHARMACIST)
    lab.hand_over("DOSE-1")
    deadline = lab.dose("DOSE-1").deadline
    assert deadline == later(lab.vial(vials[0]).thawed_at or "", POST_THAW_MINUTES * 60_000)
    lab.now = later(deadline, 1)
    assert lab.refused("I4.window", lab.bedside_check("DOSE-1"), station=BEDSIDE).safety
    lab.refused("I4.window", prepared("DOSE-2", "ORDER-1", [(vials[1], 1000)], line=2), PHARMACIST)
    lab.deviation("post-thaw-window", "vial", vials[1])
    lab.record(prepared("DOSE-2", "ORDER-1", [(vials[1], 1000)], line=2), PHARMACIST)
    lab.refused("I4.window", treatment.DoseHandedOver(dose="DOSE-2", receiver=CLINICIAN), PHARMACIST, CLINICIAN)
    lab.deviation("post-thaw-window", "dose", "DOSE-1")
    lab.bedside("DOSE-1")
    lab.record(lab.administration("DOSE-1"), station=BEDSIDE)


def test_i4_an_accepted_window_ends_too() -> None:
    lab, vials = stocked(1)
    lab.refused("deviation.not-passed", deviated("post-thaw-window", "vial", vials[0]))
    lab.to_dose("DOSE-1", "ORDER-1", vials)
    lab.refused("deviation.not-passed", deviated("post-thaw-window", "dose", "DOSE-1"))
    lab.hand_over("DOSE-1")
    lab.now = later(lab.dose("DOSE-1").deadline, 1)
    lab.deviation("post-thaw-window", "dose", "DOSE-1")
    lab.now = later(lab.now, POST_THAW_MINUTES * 60_000 + 1)
    assert lab.refused("I4.window", lab.bedside_check("DOSE-1"), station=BEDSIDE).safety
    lab.deviation("post-thaw-window", "dose", "DOSE-1")
    lab.bedside("DOSE-1")
    lab.now = later(lab.now, POST_THAW_MINUTES * 60_000 + 1)
    lab.refused("I4.window", lab.administration("DOSE-1"), station=BEDSIDE)


def test_i4_a_deviation_of_an_order_serves_one_dose() -> None:
    lab, vials = stocked(3)
    lab.issue("ORDER-1", *vials)
    lab.thaw(*vials)
    lab.deviation("dose-amount", "order", "ORDER-1")
    lab.record(prepared("DOSE-1", "ORDER-1", [(vials[0], 1000)]), PHARMACIST)  # within: uses up nothing
    lab.record(prepared("DOSE-2", "ORDER-1", [(vials[1], 1000)], cells=2), PHARMACIST)
    third = prepared("DOSE-3", "ORDER-1", [(vials[2], 1000)], cells=1)
    assert lab.refused("I4.amount", third, PHARMACIST).safety
    lab.give("DOSE-1")
    lab.deviation("dose-amount", "order", "ORDER-1")
    lab.record(third, PHARMACIST)
    lab.give("DOSE-2")
    lab.give("DOSE-3")
    assert lab.line("ORDER-1").cells_given == CELLS + 3


def test_i4_a_deviation_used_on_one_line_serves_no_other() -> None:
    lab, vials = stocked(2)
    lab.issue("ORDER-1", vials[0])
    lab.issue("ORDER-1", vials[1], line=2)
    lab.thaw(*vials)
    lab.deviation("dose-amount", "order", "ORDER-1")
    lab.record(prepared("DOSE-1", "ORDER-1", [(vials[0], 1000)], cells=CELLS + 5), PHARMACIST)
    over = prepared("DOSE-2", "ORDER-1", [(vials[1], 1000)], cells=CELLS + 1, line=2)
    lab.refused("I4.amount", over, PHARMACIST)


def test_i4_window_holds_at_its_last_instant_and_at_the_start_of_giving() -> None:
    lab, vials = stocked(1)
    lab.to_dose("DOSE-1", "ORDER-1", vials)
    lab.hand_over("DOSE-1")
    lab.now = lab.dose("DOSE-1").deadline
    lab.bedside("DOSE-1")
    lab.refused("I4.window", lab.administration("DOSE-1"), station=BEDSIDE)
    lab.deviation("post-thaw-window", "dose", "DOSE-1")
    lab.record(lab.administration("DOSE-1"), station=BEDSIDE)


def test_i4_amounts_stay_within_the_order() -> None:
    lab, vials = stocked(2)
    lab.issue("ORDER-1", *vials)
    lab.thaw(*vials)
    lab.refused("I4.amount", prepared("DOSE-1", "ORDER-1", [(vials[0], 1000)], cells=CELLS + 1), PHARMACIST)
    lab.record(prepared("DOSE-1", "ORDER-1", [(vials[0], 1000)]), PHARMACIST)
    second = prepared("DOSE-2", "ORDER-1", [(vials[1], 1000)], cells=1)
    assert lab.refused("I4.amount", second, PHARMACIST).safety
    lab.deviation("dose-amount", "order", "ORDER-1")
    lab.record(second, PHARMACIST)
    lab.give("DOSE-1")
    lab.give("DOSE-2")
    assert lab.line("ORDER-1").cells_given == CELLS + 1


def test_i4_given_and_wasted_are_the_whole_dose() -> None:
    lab, vials = stocked(1)
    lab.to_dose("DOSE-1", "ORDER-1", vials)
    lab.to_checked("DOSE-1")
    good = lab.administration("DOSE-1")
    for update in (
        {"given_microlitres": 999},
        {"given_microlitres": 1001},
        {"given_microlitres": 0, "wasted_microlitres": 1000},
    ):
        lab.refused("I5", good.model_copy(update=update), station=BEDSIDE)
    early = {"started_at": later(lab.now, -60_000)}
    lab.refused("I4.times", good.model_copy(update=early), station=BEDSIDE)
    lab.refused("I4.times", good.model_copy(update={"ended_at": later(lab.now, 1)}), station=BEDSIDE)
    lab.refused("I4.patient", good.model_copy(update={"patient": "PATIENT-2"}), station=BEDSIDE)
    lab.refused("I4.patient", good.model_copy(update={"order": "ORDER-2"}), station=BEDSIDE)
    lab.record(good, station=BEDSIDE)
    lab.refused("I4", good, station=BEDSIDE)


def test_a_given_line_takes_no_second_dose() -> None:
    lab, vials = stocked(2)
    lab.to_dose("DOSE-1", "ORDER-1", vials[:1])
    lab.reserve("ORDER-1", vials[1])
    lab.take_out(vials[1])
    lab.give("DOSE-1")
    lab.refused("I3.order", issued(vials[1]))


def test_follow_up_and_adverse_events_only_after_administration() -> None:
    lab, vials = stocked(1)
    lab.to_dose("DOSE-1", "ORDER-1", vials)
    after = event("FollowUpRecorded", dose="DOSE-1", month=1, outcome="improved")
    harm = event("AdverseEventReported", dose="DOSE-1", severity="mild", kind="allergy", onset_on="2026-11-22")
    lab.refused("follow-up", after)
    lab.refused("follow-up", harm)
    lab.give("DOSE-1")
    lab.record(after)
    lab.record(harm)
    assert [source.vial for source in lab.sources("DOSE-1")] == list(vials)


def test_a_discarded_or_given_dose_is_closed() -> None:
    lab, vials = stocked(2)
    lab.to_dose("DOSE-1", "ORDER-1", vials[:1])
    lab.to_dose("DOSE-2", "ORDER-1", vials[1:], line=2)
    lab.record(event("DoseDiscarded", dose="DOSE-1", reason="broken"))
    assert lab.vial(vials[0]).custody == "discarded"
    lab.give("DOSE-2")
    for dose in ("DOSE-1", "DOSE-2"):
        assert lab.refused("I1", event("DoseDiscarded", dose=dose, reason="broken")).safety
    lab.refused("I1", treatment.DoseHandedOver(dose="DOSE-1", receiver=CLINICIAN), PHARMACIST, CLINICIAN)
