"""Orders and products filled in answer by answer at the desk; and what they say is what the commands say."""

from __future__ import annotations

import pytest

from cryoledger.cli.sample import stock, story
from cryoledger.custody.definitions import limit_text, product_data, requirement, requirement_text, specification_of
from cryoledger.custody.workflow.entering import Entering
from cryoledger.domain import catalogue
from cryoledger.domain.records import Specification
from cryoledger.errors import RequestError
from tests.station import FRESH_VIALS, Station


def typed(station: Station, *texts: str) -> str:
    """Type each; what the last was answered with."""
    return [station.desk.scan(text, typed=True).message for text in texts][-1]


def test_an_order_by_weight_for_two_days_is_signed_as_it_was_told(station: Station) -> None:
    patient = story.PATIENTS[0]
    station.sign_in("carl.w")
    asked = station.desk.begin(Entering("OrderPlaced"))
    assert (asked.outcome, asked.ask) == ("question", "code")
    assert "does not fit here" in typed(station, FRESH_VIALS[0])
    typed(station, "ORDER-77")
    assert "Which product? 1 " in station.last(story.wristband(patient)).message, "a wristband names its patient"
    station.play("CMD-QTY-1", "CMD-QTY-1", "CMD-QTY-2")
    typed(station, "0.5", "62.5")
    assert "CMD-CONFIRM for a tenth more" in station.desk.hint
    station.play("CMD-CONFIRM")
    typed(station, "2026-12-01")
    assert "given already" in typed(station, "2026-12-01")
    typed(station, "2026-12-15")
    shown = station.last("CMD-DONE")
    assert shown.ask == "pin", shown.message
    assert "per kg 0.5 million cells, weight 62.5 kg" in shown.message
    assert "one dose 31.25 million cells, at most 34.375 million cells" in shown.message
    assert station.last("@pin carl.w").outcome == "recorded"
    data = catalogue.data_of(station.entries("OrderPlaced")[-1].event)
    line = {
        "cells": 31_250_000, "cells_max": 34_375_000, "route": "intravenous infusion",
        "cells_per_kilogram": 500_000, "weight_grams": 62_500,
    }  # fmt: skip
    assert data["lines"] == [{"line": 1, "due_on": "2026-12-01", **line}, {"line": 2, "due_on": "2026-12-15", **line}]
    assert (data["order"], data["patient"]) == ("ORDER-77", patient)


def test_who_may_not_sign_hears_it_before_the_first_question_and_it_is_on_record(station: Station) -> None:
    station.sign_in("pia.n")
    refused = station.desk.begin(Entering("OrderPlaced"))
    assert (refused.outcome, refused.ask) == ("refused", "")
    assert "Pia Nair is no clinician" in refused.message
    noted = station.entries("RequestRefused")[-1]
    assert catalogue.data_of(noted.event)["act"] == "OrderPlaced"


def test_the_next_version_of_a_product_keeps_what_is_not_changed(station: Station) -> None:
    station.sign_in("quinn.o")
    with station.vault.store.reading() as reading:
        before = specification_of(reading.facts, stock.PRODUCT, 1)
    asked = station.desk.begin(Entering("ProductDefined", (("product", stock.PRODUCT),)))
    assert "printed name" in asked.message
    station.play("CMD-CONFIRM")
    assert "is not" in typed(station, "cold") or "does not fit" in typed(station, "cold")
    typed(station, "-135.5")
    station.play("CMD-CONFIRM", "CMD-CONFIRM", "CMD-CONFIRM", "CMD-CONFIRM")
    assert station.desk.ask == "requirement"
    name = before[0].partition(":")[0].partition("=")[0]
    assert "is not a test" in typed(station, "potency 70")
    typed(station, f"no {name}", "new-test:%::2.5")
    assert station.last("CMD-DONE").ask == "pin"
    assert station.last("@pin quinn.o").outcome == "recorded"
    data = catalogue.data_of(station.entries("ProductDefined")[-1].event)
    assert (data["version"], data["storage_millicelsius_max"]) == (2, -135_500)
    assert [test["test"] for test in data["specification"]][-1] == "new-test"
    with station.vault.store.reading() as reading:
        assert set(specification_of(reading.facts, stock.PRODUCT, 2)) == {*before[1:], "new-test:%::2.5"}


@pytest.mark.parametrize("text", ["viability:%:70:", "purity:10^6 cells:-1.5:2?", "sterility=negative", "word=a b?"])
def test_a_test_is_written_as_it_is_read(text: str) -> None:
    given = requirement(text)
    row = Specification(
        "P", 1, given["test"], given["unit"], given.get("minimum_milli"), given.get("maximum_milli"),
        given.get("expected"), int(given["required"]),
    )  # fmt: skip
    assert requirement_text(row) == text


def test_what_is_no_test_is_told_so_and_limits_keep_their_sign() -> None:
    with pytest.raises(RequestError, match="is not a test"):
        requirement("viability 70")
    assert [limit_text(each) for each in (None, -500, 0, 1_050)] == ["", "-0.5", "0", "1.05"]


def test_a_product_with_a_licensed_code_gets_the_label_with_room_for_it_unless_another_is_named() -> None:
    assert product_data("P", 1, {}, ())["label_layout"] == "vial-33x13"
    assert product_data("P", 1, {"item_code": "S12954"}, ())["label_layout"] == "vial-33x13-long"
    named = {"item_code": "S12954", "label_layout": "vial-38x19"}
    assert product_data("P", 1, named, ())["label_layout"] == "vial-38x19"
