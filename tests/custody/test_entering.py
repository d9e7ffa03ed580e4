"""Acts filled in answer by answer at the desk, as a screen opens them: signed, recorded, refused by the rulebook."""

from __future__ import annotations

import pytest

from cryoledger.cli.sample import stock
from cryoledger.custody.workflow.entering import Entering, choices_of
from cryoledger.custody.workflow.forms import FORMS
from cryoledger.domain import catalogue
from cryoledger.domain.records import Order, Vial
from tests.station import FRESH, FRESH_VIALS, OLD_VIALS, Station


def test_every_form_fills_an_event_of_the_catalogue() -> None:
    for act, form in FORMS.items():
        assert catalogue.of(act).name == act
        for blank in form.blanks:
            if blank.asks == "choice":
                assert blank.choices or choices_of(act, blank.field), (act, blank.field)


def test_lot_is_rejected_for_a_reason_chosen_by_its_number(station: Station) -> None:
    station.sign_in("quinn.o")
    asked = station.desk.begin(Entering("LotRejected", (("lot", FRESH),)))
    assert (asked.outcome, asked.ask) == ("question", "choice")
    assert "1 test-failed" in asked.message
    shown = station.last("CMD-QTY-2")
    assert (shown.outcome, shown.ask) == ("question", "pin")
    assert f"REJECT: lot {FRESH}, reason contaminated" in shown.message
    assert "'rejected'" in shown.message
    done = station.last("@pin quinn.o")
    assert done.outcome == "recorded", done.message
    entry = station.entries("LotRejected")[-1]
    assert catalogue.data_of(entry.event) == {"lot": FRESH, "reason": "contaminated"}


def test_release_that_the_rules_refuse_asks_for_no_pin_and_is_recorded_as_refused(station: Station) -> None:
    station.sign_in("quinn.o")
    refused = station.desk.begin(Entering("LotReleased", (("lot", FRESH),)))
    assert refused.outcome == "refused"
    assert "has no result for" in refused.message
    assert station.desk.to_sign is None
    assert [entry.type for entry in station.entries()][-1] == "RequestRefused"


def test_hold_takes_things_of_one_kind_and_lifts_by_its_number(station: Station) -> None:
    station.sign_in("quinn.o")
    station.desk.begin(Entering("HoldPlaced"))
    station.play(FRESH_VIALS[0], FRESH_VIALS[1])
    assert "one kind" in station.last(FRESH).message
    station.play("CMD-DONE")
    assert station.last("CMD-QTY-1").ask == "pin"
    assert station.last("@pin quinn.o").outcome == "recorded"
    (held,) = station.entries("HoldPlaced")
    assert catalogue.data_of(held.event)["codes"] == list(FRESH_VIALS[:2])
    station.desk.begin(Entering("HoldLifted", (("number", held.number),)))
    station.play("CMD-QTY-1")
    assert station.last("@pin quinn.o").outcome == "recorded"


def test_result_is_asked_for_the_lot_s_own_tests_and_taken_as_number_or_word(station: Station) -> None:
    station.sign_in("quinn.o")
    asked = station.desk.begin(Entering("TestResultsRecorded", (("lot", FRESH),)))
    task = station.desk.open_task
    assert isinstance(task, Entering)
    assert "viability" in asked.message
    number = task.choices.index("viability") + 1
    station.play(f"CMD-QTY-{number}")
    station.desk.scan("91.5", typed=True)
    station.play("CMD-CONFIRM")
    shown = station.desk.scan("NucleoCounter", typed=True)
    assert shown.ask == "pin", shown.message
    assert "value 91.5" in shown.message
    assert station.last("@pin quinn.o").outcome == "recorded"


def test_routine_act_with_every_answer_is_recorded_at_once(station: Station) -> None:
    station.sign_in("pia.n")
    with station.vault.store.reading() as reading:
        order = next(row.code for row in reading.facts.where(Order, status="open"))
        vial = next(
            row.code
            for row in reading.facts.where(Vial, lot=stock.RELEASED)
            if row.custody == "stored" and not row.order_code
        )
    done = station.desk.begin(Entering("VialsReserved", (("order", order), ("line", 1), ("vials", (vial,)))))
    assert (done.outcome, done.ask) == ("recorded", ""), done.message


def test_begin_is_refused_to_nobody_and_over_unrecorded_scans(station: Station) -> None:
    assert station.desk.begin(Entering("HoldPlaced")).outcome == "refused"
    station.sign_in("pia.n")
    station.play("CMD-DISCARD", OLD_VIALS[0])
    refused = station.desk.begin(Entering("ReservationReleased"))
    assert refused.outcome == "refused"
    assert "not recorded" in refused.message


@pytest.mark.parametrize("day", ["2026-13-01", "yesterday", "2026-11-2"])
def test_what_is_no_day_is_asked_again(station: Station, day: str) -> None:
    station.sign_in("carl.w")
    station.desk.begin(Entering("AdverseEventReported", (("dose", "D"), ("severity", "mild"), ("kind", "allergy"))))
    again = station.desk.scan(day, typed=True)
    assert again.outcome == "refused"
    assert again.ask == "day"
