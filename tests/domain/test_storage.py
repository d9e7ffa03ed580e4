"""Rules at the freezer: positions (I2), custody (I1), moves of units, time out of storage, checks, excursions."""

from __future__ import annotations

import pytest

from cryoledger.domain.events import storage
from cryoledger.domain.fields import Event, Placed
from cryoledger.domain.records import ScanCode, Shipment, StorageUnit, UnitPlacement, VialPlacement
from cryoledger.domain.rulebook_1.common import DEEPEST, unit_exposure, vial_exposure
from tests.lab import (
    PHARMACIST,
    QUALITY,
    TECHNICIAN,
    TECHNICIAN_2,
    WITNESS,
    Lab,
    event,
    later,
    stocked,
)

MINUTE = 60_000


def at(*pairs: tuple[str, int]) -> tuple[Placed, ...]:
    return tuple(Placed(vial=vial, position=position) for vial, position in pairs)


def moved(unit: str, *pairs: tuple[str, int]) -> storage.VialsMoved:
    return storage.VialsMoved(unit=unit, vials=at(*pairs))


def back(unit: str, *pairs: tuple[str, int]) -> storage.VialsReturned:
    return storage.VialsReturned(unit=unit, vials=at(*pairs))


def where(lab: Lab, vial: str) -> tuple[str | None, int | None]:
    return lab.vial(vial).unit, lab.vial(vial).position


def minutes_out(lab: Lab, vial: str) -> int:
    return round(vial_exposure(lab.inventory, lab.vial(vial), lab.now) / MINUTE)


# I2: positions


def test_i2_occupied_position_is_refused() -> None:
    lab, vials = stocked(2)
    refusal = lab.refused("I2", moved("BOX-1", (vials[0], 1)), TECHNICIAN)
    assert vials[1] in refusal.message


def test_i2_swap_within_one_event_is_one_move() -> None:
    lab, vials = stocked(3)
    lab.record(moved("BOX-1", (vials[0], 1), (vials[1], 0)), TECHNICIAN)
    assert [where(lab, vial) for vial in vials[:2]] == [("BOX-1", 1), ("BOX-1", 0)]
    lab.record(moved("BOX-1", (vials[0], 2), (vials[1], 1), (vials[2], 0)), TECHNICIAN)
    assert [where(lab, vial)[1] for vial in vials] == [2, 1, 0]


def test_i2_a_position_is_not_given_twice_nor_a_vial_placed_twice() -> None:
    lab, vials = stocked(2)
    lab.refused("once", moved("BOX-2", (vials[0], 5), (vials[1], 5)), TECHNICIAN)
    lab.refused("once", moved("BOX-2", (vials[0], 5), (vials[0], 6)), TECHNICIAN)


def test_i2_position_beyond_the_box_or_in_no_box_is_refused() -> None:
    lab, vials = stocked(1)
    lab.refused("I2.position", moved("BOX-2", (vials[0], 81)), TECHNICIAN)
    lab.refused("I2.box", moved("RACK-1", (vials[0], 0)), TECHNICIAN)
    lab.refused("known", moved("BOX-9", (vials[0], 0)), TECHNICIAN)


def test_i2_a_retired_box_takes_nothing() -> None:
    lab, vials = stocked(1)
    lab.record(event("StorageUnitRetired", unit="BOX-2", reason="broken"))
    lab.refused("unit", moved("BOX-2", (vials[0], 0)), TECHNICIAN)
    lab.refused("unit", event("StorageUnitRetired", unit="BOX-1", reason="broken"))
    lab.refused("unit", event("StorageUnitRetired", unit="RACK-1", reason="broken"))


@pytest.mark.parametrize("act", ["VialsFound", "VialsReturned", "VialsReceived", "IssuedVialsReturned"])
def test_i2_on_every_path_into_a_box(act: str) -> None:
    lab, vials = stocked(2)
    lab.record(event("VialsReportedMissing", vials=[vials[0]], reason="lost")) if act == "VialsFound" else None
    if act == "VialsReturned":
        lab.take_out(vials[0])
    if act == "VialsReceived":
        lab.record(event("VialsShipped", shipment="S-1", destination="x", vials=[vials[0]]))
    if act == "IssuedVialsReturned":
        lab.issue("ORDER-1", vials[0])
    data = {"unit": "BOX-1", "vials": [{"vial": vials[0], "position": 1}]}
    data |= {"shipment": "S-1"} if act == "VialsReceived" else {}
    data |= {"cold_chain_sha256": "A" * 43 + "="} if act == "IssuedVialsReturned" else {}
    lab.refused("I2", event(act, **data))


# I1: custody


def test_i1_a_vial_has_one_custodian_and_no_gap() -> None:
    """I1: each stay ends where the next begins."""
    lab, (vial,) = stocked(1)
    stored = lab.vial(vial)
    lab.take_out(vial)
    out = lab.vial(vial)
    assert (stored.custodian_kind, stored.custodian) == ("position", "BOX-1")
    assert (out.custodian_kind, out.custodian, out.unit) == ("person", TECHNICIAN, None)
    lab.record(back("BOX-2", (vial, 7)), TECHNICIAN_2)
    stay = lab.inventory.where(VialPlacement, vial=vial)
    assert [(row.unit, row.position, row.started_at, row.ended_at) for row in stay] == [
        ("BOX-1", 0, stored.since, out.since)
    ]


@pytest.mark.parametrize("act", ["VialsStored", "VialsMoved", "VialsReturned", "VialsFound"])
@pytest.mark.parametrize("custody", ["thawed", "discarded", "issued", "in_transit"])
def test_i1_nothing_comes_back_into_a_box_by_the_wrong_door(act: str, custody: str) -> None:
    """I1: never refrozen; what is issued or shipped has its own way back."""
    lab, (vial,) = stocked(1)
    if custody == "thawed":
        lab.thaw(vial, purpose="testing")
    if custody == "discarded":
        lab.record(event("VialsDiscarded", vials=[vial], reason="broken"))
    if custody == "issued":
        lab.issue("ORDER-1", vial)
    if custody == "in_transit":
        lab.record(event("VialsShipped", shipment="S-1", destination="x", vials=[vial]))
    refusal = lab.refused("I1", event(act, unit="BOX-2", vials=[{"vial": vial, "position": 0}]), TECHNICIAN)
    assert refusal.safety == (custody == "discarded")


def test_i1_a_thawed_vial_that_went_missing_never_returns_to_stock() -> None:
    """I1: missing is no detour back into the freezer."""
    lab, vials = stocked(2)
    lab.thaw(vials[0], purpose="testing")
    lab.record(event("VialsReportedMissing", vials=[vials[0]], reason="lost"))
    found = event("VialsFound", unit="BOX-2", vials=[{"vial": vials[0], "position": 0}])
    assert lab.refused("I1.thawed", found).safety
    checked = event("BoxChecked", unit="BOX-2", moved=[{"vial": vials[0], "position": 0}])
    lab.refused("I1.thawed", checked)
    lab.record(event("VialsDiscarded", vials=[vials[0]], reason="thawed-unused"))
    assert lab.vial(vials[0]).remaining_microlitres == 0


def test_found_vial_is_held() -> None:
    lab, (vial,) = stocked(1)
    lab.record(event("VialsReportedMissing", vials=[vial], reason="lost"))
    assert (lab.vial(vial).custodian_kind, lab.vial(vial).unit) == ("nobody", None)
    lab.record(storage.VialsFound(unit="BOX-1", vials=at((vial, 0))))
    assert [row.reason for row in lab.holds("vial", vial)] == ["missing-found"]


def test_take_out_for_an_order_that_does_not_exist_is_refused() -> None:
    lab, vials = stocked(1)
    lab.refused("known", storage.VialsTakenOut(vials=vials, purpose="order", order="ORDER-9"), TECHNICIAN)
    lab.refused("once", storage.VialsTakenOut(vials=vials * 2), TECHNICIAN)


# Transfer


def test_transfer_is_slot_for_slot_to_another_box() -> None:
    lab, vials = stocked(3)
    lab.record(
        storage.VialsTransferred(source="BOX-1", unit="BOX-3", vials=at((vials[0], 0), (vials[2], 2))), TECHNICIAN
    )
    assert [where(lab, vial) for vial in vials] == [("BOX-3", 0), ("BOX-1", 1), ("BOX-3", 2)]
    wrong = storage.VialsTransferred(source="BOX-1", unit="BOX-3", vials=at((vials[1], 5)))
    lab.refused("transfer", wrong, TECHNICIAN)
    same = storage.VialsTransferred(source="BOX-1", unit="BOX-1", vials=at((vials[1], 1)))
    lab.refused("transfer", same, TECHNICIAN)
    lab.record(moved("BOX-3", (vials[1], 1)), TECHNICIAN)
    lab.refused("transfer", storage.VialsTransferred(source="BOX-1", unit="BOX-2", vials=at((vials[1], 1))), TECHNICIAN)


# Units


def test_a_rack_moves_with_its_contents_in_one_event() -> None:
    lab, vials = stocked(2)
    count = len(lab.entries)
    lab.record(storage.StorageUnitMoved(unit="RACK-1", parent="FRZ-2", slot="4"), TECHNICIAN)
    assert len(lab.entries) == count + 1
    assert where(lab, vials[0]) == ("BOX-1", 0)
    assert (lab.unit("BOX-1").parent, lab.unit("RACK-1").parent) == ("RACK-1", "FRZ-2")
    stay = lab.inventory.where(UnitPlacement, unit="RACK-1")
    assert [(row.parent, row.slot) for row in stay] == [("FRZ-1", "1")]


def test_a_whole_freezer_is_moved_in_one_event() -> None:
    """At 3 am: everything of a dead freezer goes to another in one action."""
    lab, vials = stocked(1)
    lab.record(storage.StorageUnitMoved(unit="FRZ-1", parent="FRZ-2", slot="all"), TECHNICIAN)
    assert lab.unit("FRZ-1").parent == "FRZ-2"
    assert minutes_out(lab, vials[0]) == 0


def test_units_never_stand_inside_themselves() -> None:
    lab, _ = stocked(0 + 1)
    lab.refused("unit", storage.StorageUnitMoved(unit="FRZ-1", parent="RACK-1", slot="9"), TECHNICIAN)
    lab.refused("unit", storage.StorageUnitMoved(unit="RACK-1", parent="RACK-1", slot="9"), TECHNICIAN)
    lab.record(storage.StorageUnitTakenOut(unit="FRZ-1"), TECHNICIAN)
    lab.refused("unit", storage.StorageUnitReturned(unit="FRZ-1", parent="RACK-2", slot="9"), TECHNICIAN)


def test_units_go_into_free_slots_of_units_that_hold_units() -> None:
    lab, _ = stocked(1)
    lab.refused("unit", storage.StorageUnitMoved(unit="BOX-3", parent="RACK-1", slot="1"), TECHNICIAN)
    lab.refused("unit", storage.StorageUnitMoved(unit="BOX-3", parent="BOX-1", slot="1"), TECHNICIAN)
    lab.refused("unit", storage.StorageUnitMoved(unit="BOX-3", parent="RACK-1"), TECHNICIAN)
    lab.refused("unit", storage.StorageUnitMoved(unit="BOX-3"), TECHNICIAN)
    lab.record(event("StorageUnitRetired", unit="FRZ-2", reason="sold"))
    lab.refused("unit", storage.StorageUnitMoved(unit="BOX-3", parent="FRZ-2", slot="1"), TECHNICIAN)


def test_a_carried_unit_is_not_moved_nor_taken_out_again() -> None:
    lab, _ = stocked(1)
    lab.refused("unit", storage.StorageUnitReturned(unit="BOX-1", parent="RACK-1", slot="1"), TECHNICIAN)
    lab.record(storage.StorageUnitTakenOut(unit="BOX-1"), TECHNICIAN)
    lab.refused("unit", storage.StorageUnitMoved(unit="BOX-1", parent="RACK-2", slot="5"), TECHNICIAN)
    lab.refused("unit", storage.StorageUnitTakenOut(unit="BOX-1"), TECHNICIAN_2)
    lab.record(storage.StorageUnitReturned(unit="BOX-1", parent="RACK-2", slot="5"), TECHNICIAN)


def test_a_unit_code_is_used_once_and_has_no_slash() -> None:
    lab, vials = stocked(1)
    lab.refused("one-meaning", event("StorageUnitAdded", unit=vials[0], kind="freezer", name="x"))
    lab.refused("unit", event("StorageUnitAdded", unit="A/B", kind="freezer", name="x"))
    lab.refused("unit", event("StorageUnitAdded", unit="X", kind="box", name="x", parent="RACK-1", slot="8", rows=9))
    lab.refused("unit", event("StorageUnitAdded", unit="X", kind="box", name="x", rows=9, columns=9))


def test_nesting_is_bounded_also_by_moving_a_tall_unit() -> None:
    """A chain that were cut short would hide holds and exposure."""
    lab = Lab()
    lab.add_unit("A0", "freezer")
    for depth in range(1, 9):
        lab.add_unit(f"A{depth}", "shelf", f"A{depth - 1}", "1")
    lab.add_unit("B0", "freezer")
    for depth in range(1, 9):
        lab.add_unit(f"B{depth}", "shelf", f"B{depth - 1}", "1")
    lab.refused("unit", storage.StorageUnitMoved(unit="A0", parent="B8", slot="1"), TECHNICIAN)
    lab.record(storage.StorageUnitMoved(unit="A1", parent="B5", slot="2"), TECHNICIAN)
    assert DEEPEST == 16


# Time out of storage, by hand


def test_exposure_of_a_vial_is_the_sum_of_its_intervals() -> None:
    lab, (vial,) = stocked(1)
    lab.tick_ms = 0
    lab.take_out(vial)
    lab.wait(minutes=3)
    lab.record(back("BOX-1", (vial, 0)), TECHNICIAN)
    lab.wait(minutes=50)
    assert minutes_out(lab, vial) == 3
    lab.take_out(vial)
    lab.wait(minutes=4)
    assert minutes_out(lab, vial) == 7
    lab.record(back("BOX-2", (vial, 0)), TECHNICIAN)
    assert lab.vial(vial).exposed_ms == 7 * MINUTE


def test_exposure_includes_carried_boxes_racks_and_freezers() -> None:
    """A rack is out for 6 min, its box goes into another that is out for 2 min; a vial that came later counts less."""
    lab, (first, second) = stocked(2)
    lab.tick_ms = 0
    lab.record(moved("BOX-3", (second, 0)), TECHNICIAN)
    lab.record(storage.StorageUnitTakenOut(unit="RACK-1"), TECHNICIAN)
    lab.wait(minutes=5)
    assert (minutes_out(lab, first), minutes_out(lab, second)) == (5, 0)
    lab.record(moved("BOX-1", (second, 8)), TECHNICIAN)
    lab.wait(minutes=1)
    assert (minutes_out(lab, first), minutes_out(lab, second)) == (6, 1)
    lab.record(storage.StorageUnitMoved(unit="BOX-1", parent="RACK-2", slot="7"), TECHNICIAN)
    lab.wait(minutes=10)
    assert (minutes_out(lab, first), minutes_out(lab, second)) == (6, 1)
    lab.record(storage.StorageUnitTakenOut(unit="RACK-2"), TECHNICIAN)
    lab.wait(minutes=2)
    lab.record(storage.StorageUnitReturned(unit="RACK-2", parent="FRZ-2", slot="1"), TECHNICIAN)
    lab.wait(minutes=10)
    assert (minutes_out(lab, first), minutes_out(lab, second)) == (8, 3)
    assert unit_exposure(lab.inventory, lab.unit("RACK-1"), lab.now) == 28 * MINUTE


def test_a_vial_taken_from_a_carried_box_is_counted_once() -> None:
    lab, (vial,) = stocked(1)
    lab.tick_ms = 0
    lab.record(storage.StorageUnitTakenOut(unit="BOX-1"), TECHNICIAN)
    lab.wait(minutes=2)
    lab.take_out(vial)
    lab.wait(minutes=3)
    assert minutes_out(lab, vial) == 5
    lab.record(back("BOX-1", (vial, 0)), TECHNICIAN)
    lab.wait(minutes=4)
    assert minutes_out(lab, vial) == 9
    lab.record(storage.StorageUnitReturned(unit="BOX-1", parent="RACK-1", slot="1"), TECHNICIAN)
    lab.wait(minutes=30)
    assert minutes_out(lab, vial) == 9


def test_exposure_is_never_negative_after_a_clock_was_set_back() -> None:
    lab, (vial,) = stocked(1)
    lab.take_out(vial)
    lab.record(storage.StorageUnitTakenOut(unit="BOX-2"), TECHNICIAN)
    lab.wait(minutes=10)
    lab.record(back("BOX-2", (vial, 0)), TECHNICIAN)
    before = lab.vial(vial).exposed_ms
    head = lab.last.entry.envelope.to_json()["recorded_at"]
    lab.now = later(lab.now, -60 * MINUTE)
    lab.record(event("ClockCorrected", head_recorded_at=head, reason="clock-was-ahead"))
    assert vial_exposure(lab.inventory, lab.vial(vial), lab.now) == before
    lab.take_out(vial)
    assert lab.vial(vial).exposed_ms >= before


# Labels


def test_labels_tubes_and_codes_mean_one_thing() -> None:
    lab, vials = stocked(2)
    lab.record(event("VialLabelReplaced", vial=vials[0], label="NEW-1", reason="fallen"))
    lab.refused("one-meaning", event("VialLabelReplaced", vial=vials[1], label="NEW-1", reason="fallen"))
    lab.refused("one-meaning", event("VialTubeBound", vial=vials[1], tube=vials[0]))
    lab.record(event("VialTubeBound", vial=vials[1], tube="TUBE-1"))
    lab.refused("one-meaning", event("VialTubeBound", vial=vials[0], tube="TUBE-1"))
    lab.refused("one-meaning", event("VialTubeBound", vial=vials[0], tube="BOX-1"))


def test_a_tube_bound_to_the_wrong_vial_is_freed_and_bound_anew() -> None:
    lab, vials = stocked(2)

    def unbound(vial: str, tube: str) -> Event:
        return event("VialTubeUnbound", vial=vial, tube=tube, reason="wrong-vial")

    lab.record(event("VialTubeBound", vial=vials[1], tube="TUBE-1"))
    lab.record(event("VialLabelReplaced", vial=vials[1], label="NEW-1", reason="fallen"))
    for vial, tube in ((vials[0], "TUBE-1"), (vials[1], "TUBE-2"), (vials[1], vials[1]), (vials[1], "NEW-1")):
        lab.refused("tube", unbound(vial, tube))
    lab.refused("tube", unbound(vials[0], vials[1]))  # the old label goes on saying which vial it was
    lab.record(unbound(vials[1], "TUBE-1"))
    assert lab.inventory.get(ScanCode, "TUBE-1") is None
    lab.refused("tube", unbound(vials[1], "TUBE-1"))
    lab.record(event("VialTubeBound", vial=vials[0], tube="TUBE-1"))
    found = lab.inventory.get(ScanCode, "TUBE-1")
    assert found is not None
    assert (found.kind, found.code) == ("vial", vials[0])


def test_labels_are_printed_and_replaced_until_the_vial_is_gone() -> None:
    lab, vials = stocked(2)
    lab.record(event("VialLabelReplaced", vial=vials[0], label="NEW-1", reason="fallen"))
    lab.record(event("VialsLabelled", vials=vials, layout="small", layout_sha256="A" * 43 + "="))
    lab.record(event("VialsDiscarded", vials=[vials[0]], reason="broken"))
    lab.refused("label", event("VialLabelReplaced", vial=vials[0], label="NEW-2", reason="fallen"))


# Box checks


def checked(**data: object) -> storage.BoxChecked:
    made = event("BoxChecked", **{"unit": "BOX-1", **data})
    assert isinstance(made, storage.BoxChecked)
    return made


def test_box_check_present_moved_missing_and_swap() -> None:
    lab, vials = stocked(4)
    lab.record(
        checked(
            present=[vials[3]],
            moved=[{"vial": vials[0], "position": 1}, {"vial": vials[1], "position": 0}],
            missing=[vials[2]],
            unknown_count=1,
        )
    )
    assert [where(lab, vial) for vial in vials] == [("BOX-1", 1), ("BOX-1", 0), (None, None), ("BOX-1", 3)]
    assert lab.vial(vials[2]).custody == "missing"
    assert lab.unit("BOX-1").checked_at == lab.vial(vials[0]).since


def test_box_check_accounts_for_every_vial_once() -> None:
    lab, vials = stocked(2)
    lab.refused("check", checked(present=[vials[0]]))
    lab.refused("once", checked(present=vials, missing=[vials[1]]))
    lab.refused("check", checked(unit="BOX-2", present=vials))
    lab.refused("once", checked(present=[vials[0]], moved=[{"vial": vials[1], "position": 0}]))
    lab.refused("I2.position", checked(present=[vials[0]], moved=[{"vial": vials[1], "position": 81}]))


def test_box_check_finds_vials_from_elsewhere() -> None:
    lab, vials = stocked(3)
    lab.record(event("VialsReportedMissing", vials=[vials[1]], reason="lost"))
    lab.take_out(vials[2])
    (expected,) = lab.vials("LOT-1", 1, unit=None)
    found = [{"vial": vial, "position": 10 + index} for index, vial in enumerate((*vials, expected))]
    lab.record(checked(unit="BOX-2", moved=found))
    assert [where(lab, vial) for vial in (*vials, expected)] == [("BOX-2", 10 + index) for index in range(4)]
    assert lab.holds("vial", vials[1])
    assert not lab.holds("vial", vials[2])


@pytest.mark.parametrize("custody", ["discarded", "consumed", "issued", "thawed", "in_transit"])
def test_box_check_resurrects_nothing(custody: str) -> None:
    """I6: a final state is corrected by two, not by a scan; and I1: never refrozen."""
    lab, (vial,) = stocked(1)
    if custody == "discarded":
        lab.record(event("VialsDiscarded", vials=[vial], reason="broken"))
    if custody == "consumed":
        lab.record(event("VialsConsumed", vials=[vial], purpose="testing"))
    if custody == "issued":
        lab.issue("ORDER-1", vial)
    if custody == "thawed":
        lab.thaw(vial, purpose="testing")
    if custody == "in_transit":
        lab.record(event("VialsShipped", shipment="S-1", destination="x", vials=[vial]))
    assert lab.refused("check", checked(moved=[{"vial": vial, "position": 0}])).safety


# Excursions


def excursion(unit: str, start: str, end: str) -> storage.ExcursionRecorded:
    return storage.ExcursionRecorded(unit=unit, started_at=start, ended_at=end, worst_millicelsius=-90_000)


def test_excursion_holds_every_vial_that_was_inside_then() -> None:
    """Also those that left since, in boxes and racks that left since; not those that came or left outside its time."""
    lab, (stayed, left, before, carried, late) = stocked(5)
    lab.record(moved("BOX-3", (before, 0), (late, 1)), TECHNICIAN)
    lab.record(moved("BOX-2", (carried, 0)), TECHNICIAN)
    lab.wait(minutes=10)
    start = lab.now
    lab.wait(minutes=5)
    lab.record(moved("BOX-3", (left, 2)), TECHNICIAN)
    lab.record(storage.StorageUnitMoved(unit="BOX-2", parent="RACK-2", slot="6"), TECHNICIAN)
    lab.wait(minutes=5)
    end = lab.now
    lab.wait(minutes=5)
    lab.record(moved("BOX-1", (late, 9)), TECHNICIAN)
    lab.record(excursion("RACK-1", start, end))
    held = {vial for vial in (stayed, left, before, carried, late) if lab.holds("vial", vial)}
    assert held == {stayed, left, carried}


def test_excursion_of_a_freezer_holds_what_was_nested_and_opened_since() -> None:
    lab, (stored, thawed, gone) = stocked(3)
    start = lab.now
    lab.wait(minutes=5)
    end = lab.now
    lab.issue("ORDER-1", thawed)
    lab.thaw(thawed)
    lab.record(event("VialsDiscarded", vials=[gone], reason="broken"))
    lab.record(excursion("FRZ-1", start, end))
    assert lab.holds("vial", stored)
    assert lab.holds("vial", thawed)
    assert not lab.holds("vial", gone)


def test_excursion_lies_in_the_past() -> None:
    lab, _ = stocked(1)
    lab.refused("excursion", excursion("FRZ-1", lab.now, lab.now))
    lab.refused("excursion", excursion("FRZ-1", lab.now, later(lab.now, MINUTE)))


# Shipments, discards, uses


def test_shipment_goes_out_comes_in_and_keeps_its_vials() -> None:
    lab, vials = stocked(3)
    lab.record(event("VialsShipped", shipment="S-1", destination="Chiang Mai", vials=vials[:2]))
    lab.record(event("VialsShipped", shipment="S-2", destination="Bangkok", vials=vials[2:]))
    wrong = event("VialsReceived", shipment="S-1", unit="BOX-2", vials=[{"vial": vials[2], "position": 0}])
    lab.refused("ship", wrong)
    arrived = [{"vial": vials[0], "position": 0}]
    lab.record(event("VialsReceived", shipment="S-1", unit="BOX-2", vials=arrived, worst_millicelsius=-160_000))
    assert not lab.holds("vial", vials[0])
    assert lab.get(Shipment, "S-1").status == "received"
    warm = [{"vial": vials[2], "position": 1}]
    lab.record(event("VialsReceived", shipment="S-2", unit="BOX-2", vials=warm, worst_millicelsius=-140_000))
    assert [row.reason for row in lab.holds("vial", vials[2])] == ["temperature"]


def test_i5_refused_shipment_wastes_what_is_in_its_vials() -> None:
    lab, (vial,) = stocked(1)
    lab.record(event("VialsShipped", shipment="S-1", destination="x", vials=[vial]))
    lab.record(event("ShipmentRefused", shipment="S-1", vials=[vial], reason="temperature"))
    row = lab.vial(vial)
    assert (row.custody, row.wasted_microlitres, row.remaining_microlitres) == ("discarded", 1000, 0)


def test_reserved_and_rejected_vials_are_not_shipped() -> None:
    lab, vials = stocked(2)
    lab.reserve("ORDER-1", vials[0])
    lab.refused("ship", event("VialsShipped", shipment="S-1", destination="x", vials=[vials[0]]))
    lab.record(event("LotRejected", lot="LOT-1", reason="contaminated"))
    assert lab.refused("ship", event("VialsShipped", shipment="S-1", destination="x", vials=[vials[1]])).safety
    lab.refused("one-meaning", event("VialsShipped", shipment="BOX-1", destination="x", vials=[vials[1]]))


def test_consumption_is_for_no_patients_vial_and_needs_consent() -> None:
    lab, vials = stocked(3)
    lab.reserve("ORDER-1", vials[0])
    lab.refused("consume", event("VialsConsumed", vials=[vials[0]], purpose="testing"))
    lab.record(event("ConsentWithdrawn", donor="DONOR-1", withdrawn_on="2026-11-22"))
    lab.refused("I3.consent", event("VialsConsumed", vials=[vials[1]], purpose="research"))
    lab.refused("I3.consent", event("VialsConsumed", vials=[vials[1]], purpose="expansion", lot="LOT-1"))
    lab.record(event("VialsConsumed", vials=[vials[1]], purpose="testing"))
    assert lab.vial(vials[1]).sampled_microlitres == 1000
    lab.refused("known", event("VialsConsumed", vials=[vials[2]], purpose="expansion", lot="LOT-9"))


def test_research_needs_consent_to_research() -> None:
    lab, vials = stocked(1)
    consent = {"scope": ["therapy"], "given_on": "2026-11-01"}
    lab.record(event("ConsentRecorded", donor="DONOR-1", consent=consent))
    lab.refused("I3.consent", event("VialsConsumed", vials=vials, purpose="research"))


def test_a_discard_is_by_two_and_final() -> None:
    lab, (vial,) = stocked(1)
    lab.record(event("VialsDiscarded", vials=[vial], reason="broken"), PHARMACIST, WITNESS)
    row = lab.vial(vial)
    assert (row.custody, row.custodian_kind, row.remaining_microlitres) == ("discarded", "waste", 0)
    assert lab.refused("I1", event("VialsDiscarded", vials=[vial], reason="broken"), QUALITY, WITNESS).safety


def test_one_row_per_unit_slot() -> None:
    lab, _ = stocked(1)
    slots = [(row.parent, row.slot) for row in lab.inventory.rows(StorageUnit) if row.parent is not None]
    assert len(slots) == len(set(slots))
