"""Dates and percentages that cannot be: what is said to be done lies behind, in its order, and a share within 100."""

from __future__ import annotations

from typing import Any

import pytest

from cryoledger.domain.events import lots
from cryoledger.domain.fields import Event
from cryoledger.domain.records import Lot
from cryoledger.domain.records import TestResult as LotResult
from tests.lab import Lab, event, stocked

# The laboratory stands at 2026-11-22T08:00Z, in Bangkok: 15:00 on the 22nd.
TODAY, TOMORROW = "2026-11-22", "2026-11-23"


@pytest.fixture
def lab() -> Lab:
    lab = Lab()
    lab.furnish()
    lab.register_lot("LOT-1", filled=1)
    return lab


def result(test: str, value_milli: int, on: str = TODAY) -> lots.TestResultsRecorded:
    results = (lots.Result(test=test, value_milli=value_milli, tested_on=on, method="dye"),)
    return lots.TestResultsRecorded(lot="LOT-1", results=results)


def done_on(day: str) -> list[Event]:
    """Every event that tells a day on which something was done."""
    sample = {"marker": "HBV", "sampled_on": day, "method": "NAT", "result": "nonreactive"}
    return [
        event("DonorRegistered", donor="D2", consent={"scope": ["therapy"], "given_on": day}),
        event("ConsentRecorded", donor="DONOR-1", consent={"scope": ["therapy"], "given_on": day}),
        event("DonationCollected", donation="DIN-2", donor="DONOR-1", tissue="adipose", collected_on=day),
        event("DonorScreened", donor="DONOR-1", results=[sample]),
        result("viability", 91_000, day),
        event("ConsentWithdrawn", donor="DONOR-1", withdrawn_on=day),
    ]


def test_what_is_said_to_be_done_lies_behind(lab: Lab) -> None:
    for ahead, now in zip(done_on(TOMORROW), done_on(TODAY), strict=True):
        refusal = lab.refused("date.future", ahead)
        assert f"{TOMORROW} lies ahead: it is {TODAY} here" in refusal.message
        lab.record(now)


def test_the_day_is_that_of_the_site() -> None:
    """At 18:00 UTC it is the next day in Bangkok."""
    lab = Lab()
    lab.furnish()
    lab.register_donor("DONOR-1")
    collected = event("DonationCollected", donation="DIN-2", donor="DONOR-1", tissue="adipose", collected_on=TOMORROW)
    lab.refused("date.future", collected)
    lab.now = f"{TODAY}T18:00:00.000Z"
    lab.record(collected)


def test_a_lot_is_filled_after_its_collection_and_not_ahead(lab: Lab) -> None:
    values = {"expiry_on": "2027-11-20", "expires_at": "2027-11-20T17:00:00.000Z"}
    lab.record(event("DonationCollected", donation="DIN-2", donor="DONOR-1", tissue="adipose", collected_on=TODAY))

    def lot(**changed: Any) -> lots.LotRegistered:
        row = lab.get(Lot, "LOT-1")
        return lots.LotRegistered(
            lot="LOT-2", product=row.product, version=1, donations=("DIN-2",), passage=3, cells_per_vial=1_000_000,
            volume_microlitres=1000, cryoprotectant="DMSO", **(values | changed),
        )  # fmt: skip

    refusal = lab.refused("date.order", lot(filled_on="2026-11-21"))
    assert "its donation DIN-2 was collected on 2026-11-22" in refusal.message
    lab.refused("date.future", lot(filled_on=TOMORROW))
    lab.record(lot(filled_on=TODAY))


def test_an_onset_lies_behind() -> None:
    lab, vials = stocked(1)
    lab.to_dose("DOSE-1", "ORDER-1", vials)
    lab.give("DOSE-1")
    harm = {"dose": "DOSE-1", "severity": "mild", "kind": "allergy"}
    lab.refused("date.future", event("AdverseEventReported", onset_on=TOMORROW, **harm))
    lab.record(event("AdverseEventReported", onset_on=TODAY, **harm))


@pytest.mark.parametrize(("value", "shown"), [(964_000, "964"), (100_001, "100.001"), (-1_000, "-1")])
def test_a_percentage_beyond_its_bounds_is_refused(lab: Lab, value: int, shown: str) -> None:
    refusal = lab.refused("percentage", result("viability", value))
    assert refusal.message == f"viability cannot be {shown} %: a percentage lies between 0 and 100."


def test_a_percentage_at_its_bounds_is_taken(lab: Lab) -> None:
    lab.record(result("viability", 100_000))
    lab.record(result("viability", 0))
    assert [row.passed for row in lab.inventory.where(LotResult, lot="LOT-1")] == [1, 0]


def test_a_measure_relative_to_a_reference_may_pass_100() -> None:
    lab = Lab()
    lab.furnish()
    potency = lots.Requirement(test="potency", unit="%", minimum_milli=80_000, maximum_milli=125_000)
    lab.define_product(specification=(potency,))
    lab.register_lot("LOT-1")
    lab.record(result("potency", 118_000))
    lab.refused("percentage", result("potency", -1))


def test_a_correction_is_judged_alike(lab: Lab) -> None:
    lab.record(result("viability", 91_000))
    entry = lab.last
    corrects = {"corrects": entry.reference.model_dump(), "reason": "typed-wrong"}
    corrected: dict[str, Any] = {**corrects, "lot": "LOT-1", "number": entry.number}
    values = {"test": "viability", "method": "dye"}
    for rule, changed in (
        ("percentage", {"value_milli": 964_000, "tested_on": TODAY}),
        ("date.future", {"value_milli": 96_400, "tested_on": TOMORROW}),
    ):
        lab.refused(rule, event("TestResultCorrected", result=values | changed, **corrected))
