"""The chain from donors to patients, asked from any place of it."""

from __future__ import annotations

import json

import pytest

from cryoledger.database.store import Reading
from cryoledger.documents.recall import recall
from cryoledger.documents.trace import trace
from cryoledger.domain import catalogue
from cryoledger.domain.events import corrections
from cryoledger.errors import RequestError
from tests.documents.conftest import Site
from tests.lab import QUALITY

CHAIN = {
    "donor DONOR-1", "donation DIN-BANK", "lot BANK", "lot LOT-1", "vial LOT-1-001", "dose DOSE-1", "order ORDER-1",
    "patient PATIENT-1",
}  # fmt: skip
REST = {"vial LOT-1-002", "vial LOT-1-003", "vial LOT-1-004", "order ORDER-2", "patient PATIENT-2"}


@pytest.mark.parametrize(
    ("code", "things"),
    [
        ("DONOR-1", CHAIN | REST),
        ("DIN-BANK", CHAIN | REST),
        ("BANK", CHAIN | REST),
        ("LOT-1", CHAIN | REST),
        ("LOT-1-001", CHAIN),
        ("DOSE-1", CHAIN),
        ("ORDER-1", CHAIN),
        ("PATIENT-1", CHAIN),
        ("LOT-1-002", CHAIN - {"vial LOT-1-001", "dose DOSE-1", "order ORDER-1", "patient PATIENT-1"}
         | {"vial LOT-1-002", "order ORDER-2", "patient PATIENT-2"}),
        ("OTHER", {"donor DONOR-2", "donation DIN-OTHER", "lot OTHER"}),
    ],
)  # fmt: skip
def test_chain_is_whole_in_both_directions(reading: Reading, code: str, things: set[str]) -> None:
    assert {str(traced.thing) for traced in trace(reading, code).things} == things


def test_things_come_in_the_order_of_the_chain(reading: Reading) -> None:
    order = [str(traced.thing) for traced in trace(reading, "DOSE-1").things]
    assert order == [
        "donor DONOR-1", "donation DIN-BANK", "lot BANK", "lot LOT-1", "vial LOT-1-001", "dose DOSE-1",
        "order ORDER-1", "patient PATIENT-1",
    ]  # fmt: skip


def test_events_are_in_time_order_with_printed_names_meanings_and_zone(reading: Reading) -> None:
    (dose,) = trace(reading, "DOSE-1").of("dose")
    assert [event.type for event in dose.events][-2:] == ["AdministrationCompleted", "FollowUpRecorded"]
    given = dose.events[-2]
    assert [(line.full_name, line.meaning) for line in given.signatures] == [
        ("Carlos Mendes", "administered"),
        ("Somchai Kittisak", "witnessed"),
    ]
    assert str(given.signatures[0]).endswith("+07:00 (Asia/Bangkok)")
    assert dose.outcomes == ("month 1: improved",)


def test_a_vial_s_story_holds_what_happened_to_its_box(site: Site) -> None:
    site.lab.record(catalogue.parse("StorageUnitTakenOut", {"unit": "BOX-1"}))
    with site.store.reading() as reading:
        (vial,) = trace(reading, site.vials[2]).of("vial")
    assert vial.events[-1].type == "StorageUnitTakenOut"


def test_late_typed_and_corrected_are_marked(site: Site) -> None:
    lab = site.lab
    event = catalogue.parse(
        "VialsMoved",
        {"unit": "BOX-2", "vials": [{"vial": site.vials[3], "position": 10}], "typed": ["vials"], "late": "forgotten"},
    )
    entry = lab.record(event, at=lab.ago(minutes=0))
    moved = lab.reference(entry)
    lab.record(
        corrections.PositionCorrected(
            vial=site.vials[3], unit="BOX-2", position=11, corrects=moved, reason="scanned-wrong"
        )
    )
    lab.record(corrections.AttributionCorrected(person=QUALITY, corrects=moved, reason="wrong-person"))
    with site.store.reading() as reading:
        (vial,) = trace(reading, site.vials[3]).of("vial")
    told = next(each for each in vial.events if each.number == moved.number)
    assert told.details == f"unit BOX-2, vials {site.vials[3]} at B2"
    assert told.marks[0].startswith("late: forgotten")
    assert told.marks[1:] == (
        "typed: vials",
        f"corrected by entry {moved.number + 1}",
        f"done by {QUALITY}, says entry {moved.number + 2}",
    )
    assert vial.events[-1].marks == (f"corrects entry {moved.number}: scanned-wrong",)


def test_text_names_everything_once_and_json_carries_it(reading: Reading) -> None:
    found = trace(reading, "PATIENT-1")
    text = found.text()
    assert text.count("dose DOSE-1: administered") == 1
    assert "patient PATIENT-1: registered  <--" in text
    assert "lot LOT-1 (see above)" in text  # it comes from its bank and from its donation
    data = json.loads(json.dumps(found.to_dict()))
    assert data["of"] == {"kind": "patient", "code": "PATIENT-1"}
    assert {"from": {"kind": "lot", "code": "BANK"}, "to": {"kind": "lot", "code": "LOT-1"}} in data["links"]


@pytest.mark.parametrize("code", ["BOX-1", "carlos.m", "MSC-1", "nothing", "x" * 10_000])
def test_what_is_not_in_a_chain_is_refused(reading: Reading, code: str) -> None:
    with pytest.raises(RequestError) as caught:
        trace(reading, code)
    assert len(str(caught.value)) < 300


def test_recall_reaches_the_lots_of_a_bank_and_says_where_each_is(reading: Reading) -> None:
    for code in ("DONOR-1", "BANK", "DIN-BANK"):
        found = recall(reading, code)
        assert found.lots == ("BANK", "LOT-1")
        assert [row.code for row in found.vials] == [f"LOT-1-00{number}" for number in (1, 2, 3, 4)]
        assert found.patients == ("PATIENT-1", "PATIENT-2")
        assert found.treated == ("PATIENT-1",)
    first, second = found.vials[:2]
    assert (first.state, first.where) == ("administered", "given to patient PATIENT-1")
    assert second.where.endswith("box BOX-1 (BOX-1) > position A2")
    assert found.doses[0].where == "given to patient PATIENT-1"
    assert "patient PATIENT-1  TREATED" in found.text()


def test_recall_of_a_vial_is_refused(reading: Reading) -> None:
    with pytest.raises(RequestError, match="is a vial, and a lot, donation or donor is asked for"):
        recall(reading, "LOT-1-001")
