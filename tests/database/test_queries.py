"""What front ends look up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cryoledger.database import queries
from cryoledger.database.store import Store
from cryoledger.domain.records import (
    Donation,
    Excursion,
    LotDonation,
    Mention,
    Person,
    ScanCode,
    UnitPlacement,
    VialPlacement,
)
from cryoledger.errors import RequestError

Rows = Callable[..., Any]


def at(minute: int) -> str:
    return f"2026-11-22T03:{minute:02d}:00.000Z"


@pytest.fixture
def room(store: Store, record: Rows, vial: Rows, unit: Rows) -> Store:
    """F1 > R1 > B1 (9x9) and B2 (2x2), F2 empty; V1 and V2 of lot L1 in B1, V3 of L2 in B2, V4 out."""
    record(
        *(unit("F1"), unit("F2"), unit("R1", "F1", "1"), unit("B1", "R1", "10", 9, 9), unit("B2", "R1", "2", 2, 2)),
        replace(unit("F9"), status="retired"),
        vial("V1", "B1", 0),
        vial("V2", "B1", 2),
        vial("V3", "B2", 0, "L2"),
        replace(vial("V4", None, None), order_code="O1"),
        LotDonation("L1", "D1"),
        LotDonation("L2", "D2"),
        Donation("D1", "N1", "umbilical cord", "2026-01-01", at(0), 0),
        Donation("D2", "N2", "umbilical cord", "2026-01-01", at(0), 0),
        Person("maria.s", "Maria Silva", "BADGE-7", "technician", "a624840a", "active", 0, at(0), 0),
        ScanCode("TUBE_0001", "vial", "V1", 0),
        ScanCode("OLD-1", "vial", "V2", 1),
    )
    return store


def test_a_box_shows_vials_by_position(room: Store, vial: Rows) -> None:
    contents = queries.box(room, "B1")
    assert contents.vials == {0: vial("V1", "B1", 0), 2: vial("V2", "B1", 2)}
    assert contents.positions == 81
    assert contents.lots == {}


def test_a_look_up_works_on_a_snapshot_that_is_open(room: Store) -> None:
    with room.reading() as now:
        assert list(queries.box(now, "B2").vials) == [0]


def test_an_unknown_unit_is_said(room: Store) -> None:
    for look_up in (queries.box, queries.path_of, queries.next_free_position):
        with pytest.raises(RequestError, match="no storage unit B7"):
            look_up(room, "B7")


def test_the_next_free_position_is_the_first_in_fill_order(room: Store, record: Rows, vial: Rows) -> None:
    assert queries.next_free_position(room, "B1") == 1
    assert queries.next_free_position(room, "F1") is None
    record(*(vial(f"W{n}", "B2", n) for n in (1, 2, 3)))
    assert queries.next_free_position(room, "B2") is None


def test_the_path_goes_from_the_freezer_to_the_box(room: Store) -> None:
    assert [unit.code for unit in queries.path_of(room, "B1")] == ["F1", "R1", "B1"]


def test_freezers_are_a_forest_with_fill_counts(room: Store) -> None:
    first, second = queries.freezers(room)
    assert (first.unit.code, first.vials, first.positions) == ("F1", 3, 85)
    assert (second.unit.code, second.vials, second.positions) == ("F2", 0, 0)
    (rack,) = first.children
    assert [(box.unit.slot, box.vials, box.positions) for box in rack.children] == [("2", 1, 4), ("10", 2, 81)]


@pytest.mark.parametrize(
    ("kind", "code", "codes"),
    [
        ("lot", "L1", ["V1", "V2", "V4"]),
        ("donation", "D2", ["V3"]),
        ("donor", "N1", ["V1", "V2", "V4"]),
        ("order", "O1", ["V4"]),
        ("unit", "F1", ["V1", "V2", "V3"]),
        ("unit", "B2", ["V3"]),
        ("lot", "L9", []),
    ],
)
def test_vials_of_a_thing(room: Store, kind: str, code: str, codes: list[str]) -> None:
    assert [vial.code for vial in queries.vials_of(room, kind, code)] == codes


def test_a_shipment_is_not_asked_for_vials(room: Store) -> None:
    with pytest.raises(RequestError, match="no vials"):
        queries.vials_of(room, "shipment", "S1")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("V3", ("vial", "V3", "code")),
        ("TUBE_0001", ("vial", "V1", "label TUBE_0001")),
        ("tube_0", ("vial", "V1", "label TUBE_0001")),
        ("OLD", ("vial", "V2", "replaced label OLD-1")),
        ("silva", ("person", "maria.s", "name Maria Silva")),
        ("nit b2", ("unit", "B2", "name Unit B2")),
    ],
)
def test_a_text_finds_what_it_means(room: Store, text: str, first: tuple[str, str, str]) -> None:
    found = queries.find_text(room, text)
    assert (found[0].kind, found[0].code, found[0].note) == first


def test_the_whole_code_comes_before_its_continuations(room: Store, record: Rows, vial: Rows) -> None:
    record(vial("V10", None, None), vial("XV1", None, None))
    found = queries.find_text(room, "V1")
    assert [item.code for item in found] == ["V1", "V10", "XV1"]
    assert [item.code for item in queries.find_text(room, "V1", limit=1)] == ["V1"]


@pytest.mark.parametrize("text", ["%", "T_BE", "\\", "'; DROP TABLE vial; --", ""])
def test_no_character_of_a_search_is_special(room: Store, text: str) -> None:
    assert queries.find_text(room, text) == []


def test_signatures_come_latest_first(store: Store, record: Rows) -> None:
    for number in range(5):
        record(Mention(number, "signer", "freezer-room-1"))
    signed = queries.signatures_of(store, "freezer-room-1", limit=3)
    assert [(each.recorded.number, each.meaning) for each in signed] == [(n, "observed") for n in (4, 3, 2)]
    assert queries.signatures_of(store, "maria.s") == []


def test_entries_stream_in_order(store: Store, record: Rows) -> None:
    for _ in range(5):
        record()
    assert [entry.sequence for entry in queries.entries(store, 1, 3)] == [1, 2, 3]
    partly = queries.entries(store)
    assert next(partly).sequence == 0
    partly.close()  # type: ignore[attr-defined]
    assert len(list(queries.entries(store))) == 5


def test_a_history_names_every_entry_of_a_thing(store: Store, record: Rows) -> None:
    for number in range(4):
        record(*[Mention(number, "lot", "L1")] * (number % 2))
    assert [entry.number for entry in queries.history(store, "lot", "L1")] == [1, 3]


def test_a_vial_shares_the_story_of_the_units_that_held_it(store: Store, record: Rows, vial: Rows, unit: Rows) -> None:
    """V1 lay in B1 from minute 2 to 6, B1 in freezer F1 until minute 4 and in F2 since; then V1 went to B2."""

    def alarm(code: str, minute: int, *rows: Any) -> int:
        data = {"unit": code, "alarm": "temperature"}
        stored = record(Mention(minute, "unit", code), *rows, data=data, minutes=minute)
        assert stored.sequence == minute
        return minute

    record(unit("F1"), unit("F2"), replace(unit("B1", "F2", None, 9, 9), since=at(4)), unit("B2", None, None, 9, 9))
    alarm("F1", 1)
    record(Mention(2, "vial", "V1"), minutes=2)
    alarm("F1", 3)
    record(UnitPlacement(4, "B1", "F1", None, at(0), at(4)), Mention(4, "unit", "X"), minutes=4)
    alarm("F2", 5)
    stay = VialPlacement(6, "V1", "B1", 0, at(2), at(6))
    record(stay, Mention(6, "vial", "V1"), replace(vial("V1", "B2", 0), since=at(6)), minutes=6)
    alarm("F2", 7)
    alarm("B2", 8)
    # An excursion is written when it is read from the logger, which may be after the vial left.
    excursion = Excursion(9, "B1", at(5), at(7), -60_000)
    record(excursion, data={"unit": "B7", "alarm": "door"}, minutes=9)
    # F0 was too warm for long, but held B1 only before V1 came into it.
    warm, early = Excursion(10, "F0", at(0), at(9), -60_000), UnitPlacement(0, "B1", "F0", None, at(0), at(1))
    record(warm, early, data={"unit": "B7", "alarm": "door"}, minutes=10)
    # A vial stored elsewhere in the box names it as a place; that is not this vial's story.
    place = {"unit": "B2", "vials": [{"vial": "V5", "position": 3}]}
    record(Mention(11, "unit", "B2"), type="VialsStored", data=place, minutes=11)
    assert [entry.number for entry in queries.history(store, "vial", "V1")] == [2, 3, 5, 6, 8, 9]
    assert [entry.number for entry in queries.history(store, "unit", "B1")] == [1, 3, 5, 7, 10]
