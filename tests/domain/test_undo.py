"""Undo (I6): the inverse routine event, by the same person, in the same session, within ten minutes, untouched."""

from __future__ import annotations

import pytest

from cryoledger.domain.events import storage
from cryoledger.domain.fields import Event, Placed, Reference
from cryoledger.domain.records import UnitPlacement, VialPlacement
from tests.lab import BEDSIDE, TECHNICIAN, TECHNICIAN_2, Lab, event, stocked


def at(*pairs: tuple[str, int]) -> tuple[Placed, ...]:
    return tuple(Placed(vial=vial, position=position) for vial, position in pairs)


def scene(count: int = 3) -> tuple[Lab, tuple[str, ...]]:
    lab, vials = stocked(count)
    lab.sign_in(TECHNICIAN)
    return lab, vials


def do(lab: Lab, made: Event, by: str = TECHNICIAN) -> Reference:
    lab.record(made, by)
    return lab.last.reference


def returned(*undoes: Reference, unit: str = "BOX-1", vials: tuple[Placed, ...]) -> storage.VialsReturned:
    return storage.VialsReturned(unit=unit, vials=vials, undoes=undoes)


def test_i6_undo_of_taking_out_puts_back() -> None:
    lab, vials = scene()
    reference = do(lab, storage.VialsTakenOut(vials=vials[:1]))
    do(lab, returned(reference, vials=at((vials[0], 0))))
    assert (lab.vial(vials[0]).unit, lab.vial(vials[0]).position) == ("BOX-1", 0)


def test_i6_undo_within_ten_minutes_and_no_later() -> None:
    lab, vials = scene()
    lab.tick_ms = 0
    reference = do(lab, storage.VialsTakenOut(vials=vials[:1]))
    lab.wait(minutes=10)
    undo = returned(reference, vials=at((vials[0], 0)))
    start = lab.now
    lab.wait(milliseconds=1)
    lab.refused("I6.undo", undo, TECHNICIAN)
    lab.now = start
    lab.record(undo, TECHNICIAN)


def test_i6_undo_by_another_person_is_refused() -> None:
    lab, vials = scene()
    reference = do(lab, storage.VialsTakenOut(vials=vials[:1]))
    undo = returned(reference, vials=at((vials[0], 0)))
    lab.refused("I6.undo", undo, TECHNICIAN_2)
    lab.sign_in(TECHNICIAN_2)
    lab.refused("I6.undo", undo, TECHNICIAN_2)
    lab.refused("I6.undo", undo, TECHNICIAN)


def test_i6_undo_in_another_session_is_refused() -> None:
    lab, vials = scene()
    reference = do(lab, storage.VialsTakenOut(vials=vials[:1]))
    lab.sign_in(TECHNICIAN)
    lab.refused("I6.undo", returned(reference, vials=at((vials[0], 0))), TECHNICIAN)


def test_i6_undo_after_the_station_locked_is_refused() -> None:
    lab, vials = scene()
    reference = do(lab, storage.VialsTakenOut(vials=vials[:1]))
    lab.record(event("StationLocked", reason="idle"))
    lab.refused("I6.undo", returned(reference, vials=at((vials[0], 0))), TECHNICIAN)


def test_i6_undo_at_another_station_is_refused() -> None:
    lab, vials = scene()
    reference = do(lab, storage.VialsTakenOut(vials=vials[:1]))
    lab.sign_in(TECHNICIAN, BEDSIDE)
    lab.refused("I6.undo", returned(reference, vials=at((vials[0], 0))), TECHNICIAN, station=BEDSIDE)


def test_i6_undo_of_what_a_later_event_touched_is_refused() -> None:
    lab, vials = scene()
    reference = do(lab, storage.VialsTakenOut(vials=vials[:1]))
    lab.record(event("VialTubeBound", vial=vials[0], tube="TUBE-1"), TECHNICIAN)
    lab.refused("I6.undo", returned(reference, vials=at((vials[0], 0))), TECHNICIAN)


def test_i6_undo_goes_back_to_the_very_place() -> None:
    lab, vials = scene()
    reference = do(lab, storage.VialsTakenOut(vials=vials[:1]))
    lab.refused("I6.undo", returned(reference, vials=at((vials[0], 9))), TECHNICIAN)
    lab.refused("I6.undo", returned(reference, unit="BOX-2", vials=at((vials[0], 0))), TECHNICIAN)


def test_i6_undo_names_the_very_things_and_entries() -> None:
    lab, vials = scene()
    reference = do(lab, storage.VialsTakenOut(vials=vials[:2]))
    lab.refused("I6.undo", returned(reference, vials=at((vials[0], 0))), TECHNICIAN)
    both = at((vials[0], 0), (vials[1], 1))
    forged = Reference(number=reference.number, leaf_hash="A" * 43 + "=")
    lab.refused("I6.undo", returned(forged, vials=both), TECHNICIAN)
    lab.refused("I6.undo", returned(reference, reference, vials=both), TECHNICIAN)
    lab.refused("I6.undo", returned(lab.entries[-3].reference, vials=both), TECHNICIAN)
    lab.record(returned(reference, vials=both), TECHNICIAN)


def test_i6_undo_of_a_whole_box_at_once() -> None:
    lab, vials = scene(4)
    references = [do(lab, storage.VialsTakenOut(vials=(vial,))) for vial in vials]
    do(lab, returned(*references, vials=at(*((vial, index) for index, vial in enumerate(vials)))))
    assert [lab.vial(vial).position for vial in vials] == [0, 1, 2, 3]


def test_i6_a_swap_is_undone_as_a_swap() -> None:
    lab, vials = scene()
    swap = storage.VialsMoved(unit="BOX-1", vials=at((vials[0], 1), (vials[1], 0)))
    reference = do(lab, swap)
    do(lab, storage.VialsMoved(unit="BOX-1", vials=at((vials[0], 0), (vials[1], 1)), undoes=(reference,)))
    assert [lab.vial(vial).position for vial in vials] == [0, 1, 2]
    assert len(lab.inventory.where(VialPlacement, vial=vials[0])) == 2


def test_i6_undo_of_storing_and_of_a_transfer() -> None:
    lab, vials = scene()
    (fresh,) = lab.vials("LOT-1", 1, unit=None)
    reference = do(lab, storage.VialsStored(unit="BOX-2", vials=at((fresh, 0))))
    do(lab, storage.VialsTakenOut(vials=(fresh,), purpose="undo", undoes=(reference,)))
    assert lab.vial(fresh).custody == "out"
    moved = do(lab, storage.VialsTransferred(source="BOX-1", unit="BOX-3", vials=at((vials[0], 0))))
    do(lab, storage.VialsMoved(unit="BOX-1", vials=at((vials[0], 0)), undoes=(moved,)))
    assert lab.vial(vials[0]).unit == "BOX-1"


def test_i6_undo_of_unit_moves() -> None:
    lab, _ = scene()
    moved = do(lab, storage.StorageUnitMoved(unit="BOX-1", parent="RACK-2", slot="5"))
    wrong = storage.StorageUnitMoved(unit="BOX-1", parent="RACK-1", slot="9", undoes=(moved,))
    lab.refused("I6.undo", wrong, TECHNICIAN)
    do(lab, storage.StorageUnitMoved(unit="BOX-1", parent="RACK-1", slot="1", undoes=(moved,)))
    out = do(lab, storage.StorageUnitTakenOut(unit="BOX-1"))
    do(lab, storage.StorageUnitReturned(unit="BOX-1", parent="RACK-1", slot="1", undoes=(out,)))
    assert (lab.unit("BOX-1").parent, lab.unit("BOX-1").slot) == ("RACK-1", "1")
    assert len(lab.inventory.where(UnitPlacement, unit="BOX-1")) == 3


@pytest.mark.parametrize("act", ["VialsTakenOut", "VialsMoved", "BoxChecked"])
def test_i6_only_the_inverse_undoes(act: str) -> None:
    lab, vials = scene()
    reference = do(lab, storage.VialsMoved(unit="BOX-2", vials=at((vials[0], 0))))
    undoes = [reference.model_dump()]
    data: dict[str, dict[str, object]] = {
        "VialsTakenOut": {"vials": [vials[0]], "undoes": undoes},
        "VialsMoved": {"unit": "BOX-1", "vials": [{"vial": vials[0], "position": 7}], "undoes": undoes},
        "BoxChecked": {"unit": "BOX-2", "present": [vials[0]], "undoes": undoes},
    }
    lab.refused("I6.undo", event(act, **data[act]), TECHNICIAN)
