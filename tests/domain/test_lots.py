"""Rules of donors, lots and products: screening, eligibility, tests, release, holds, deviations."""

from __future__ import annotations

import pytest

from cryoledger.domain.events import lots
from cryoledger.domain.fields import Event
from cryoledger.domain.rulebook_1.common import DEEPEST
from tests.lab import ADMIN, CLINICIAN, MARKERS, QUALITY, TECHNICIAN, WITNESS, Lab, event, stocked

RELEASE = event("LotReleased", lot="LOT-1")


def result(test: str, **data: object) -> Event:
    values = {"test": test, "tested_on": "2026-11-21", "method": "m", **data}
    return event("TestResultsRecorded", lot="LOT-1", results=[values])


def conditional(order: str = "ORDER-1") -> Event:
    return event("LotConditionallyReleased", lot="LOT-1", order=order, reason="urgent-need")


def quarantined() -> Lab:
    lab = Lab()
    lab.register_lot("LOT-1")
    return lab


def test_quality_alone_releases() -> None:
    lab = quarantined()
    lab.test_lot("LOT-1")
    for name in (TECHNICIAN, CLINICIAN, ADMIN):
        lab.refused("I7", RELEASE, name)
    lab.record(RELEASE, QUALITY)
    lab.refused("release", RELEASE)


@pytest.mark.parametrize("missing", ["viability", "sterility"])
def test_release_needs_every_required_result(missing: str) -> None:
    lab = quarantined()
    if missing == "viability":
        lab.record(result("sterility", outcome="Negative"))
    else:
        lab.record(result("viability", value_milli=70_000))
    assert missing in lab.refused("release.test", RELEASE).message


@pytest.mark.parametrize(
    "bad",
    [
        {"test": "viability", "value_milli": 69_999},
        {"test": "sterility", "outcome": "growth"},
        {"test": "potency", "value_milli": 19_999},
        {"test": "potency", "value_milli": 90_001},
    ],
)
def test_release_needs_results_within_limits_or_a_deviation(bad: dict[str, object]) -> None:
    """Limits come from the product, also for a test that is not required."""
    lab = quarantined()
    lab.test_lot("LOT-1")
    lab.record(result(**bad))  # type: ignore[arg-type]
    assert lab.refused("release.test", RELEASE).safety
    lab.place_order()
    lab.refused("release.test", conditional())
    lab.deviation("test-limit", "lot", "LOT-1")
    lab.record(RELEASE)


def test_a_later_good_result_does_not_hide_an_earlier_one_out_of_limits() -> None:
    """A retest needs a reason: a correction of the entry, or what two accept after they saw the result."""
    lab = quarantined()
    lab.test_lot("LOT-1")
    lab.deviation("test-limit", "lot", "LOT-1")  # before the result that it would excuse
    lab.record(result("sterility", outcome="growth"))
    failed = lab.last.number
    lab.refused("release.test", RELEASE)
    lab.record(result("sterility", outcome="negative"))
    lab.place_order()
    for act in (RELEASE, conditional()):
        refused = lab.refused("release.retest", act)
        assert refused.safety
        assert f"sterility (entry {failed})" in refused.message
    lab.deviation("test-limit", "lot", "LOT-1")
    lab.record(RELEASE)


def test_a_failed_result_that_was_recorded_wrongly_is_corrected_and_stands_in_the_way_no_more() -> None:
    lab = quarantined()
    lab.test_lot("LOT-1")
    lab.record(result("sterility", outcome="growth"))
    wrong = lab.last
    lab.record(result("sterility", outcome="negative"))
    right = {"test": "sterility", "outcome": "negative", "tested_on": "2026-11-21", "method": "m"}
    told = {"corrects": wrong.reference.model_dump(), "reason": "typed-wrong"}
    lab.record(event("TestResultCorrected", lot="LOT-1", number=wrong.number, result=right, **told))
    lab.record(RELEASE)


def test_limits_themselves_are_within() -> None:
    lab = quarantined()
    lab.test_lot("LOT-1", viability=70_000)
    lab.record(result("potency", value_milli=90_000))
    lab.record(RELEASE)


def test_results_fit_the_specification() -> None:
    lab = quarantined()
    lab.refused("specification", result("karyotype", outcome="normal"))
    lab.refused("specification", result("viability", outcome="good"))
    lab.refused("specification", result("sterility", value_milli=1))
    good = {"test": "viability", "value_milli": 1, "tested_on": "2026-11-21", "method": "m"}
    lab.refused("once", event("TestResultsRecorded", lot="LOT-1", results=[good, good]))
    lab.refused("known", event("TestResultsRecorded", lot="LOT-9", results=[good]))


def test_release_needs_eligible_consenting_unheld_donors() -> None:
    lab = quarantined()
    lab.test_lot("LOT-1")
    number = lab.hold("donor", "DONOR-1")
    lab.refused("I3.hold", RELEASE)
    lab.record(event("HoldLifted", number=number, reason="cleared"))
    number = lab.hold("lot", "LOT-1")
    lab.refused("I3.hold", RELEASE)
    lab.record(event("HoldLifted", number=number, reason="cleared"))
    lab.record(event("DonorEligibilityDecided", donor="DONOR-1", eligibility="ineligible"))
    lab.record(event("HoldLifted", number=lab.last.number, reason="cleared"))
    lab.refused("release.donor", RELEASE)
    lab.record(event("DonorEligibilityDecided", donor="DONOR-1", eligibility="eligible"))
    lab.record(event("ConsentWithdrawn", donor="DONOR-1", withdrawn_on="2026-11-22"))
    lab.refused("I3.consent", RELEASE)


def test_an_expired_lot_is_not_released() -> None:
    lab = Lab()
    lab.register_lot(
        "LOT-1", filled_on="2026-10-10", expiry_on="2026-11-21", expires_at="2026-11-21T17:00:00.000Z"
    )  # fmt: skip
    lab.test_lot("LOT-1")
    lab.refused("I3.expired", RELEASE)


def test_a_rejected_lot_stays_rejected() -> None:
    lab = quarantined()
    lab.test_lot("LOT-1")
    lab.place_order()
    lab.record(event("LotRejected", lot="LOT-1", reason="other"))
    lab.refused("release", RELEASE)
    lab.refused("release", conditional())
    lab.refused("release", event("LotRejected", lot="LOT-1", reason="other"))


def test_what_was_judged_is_not_added_to() -> None:
    """No vial slips into a lot after its release."""
    lab = quarantined()
    lab.test_lot("LOT-1")
    lab.record(RELEASE)
    assert lab.refused("lot.filled", event("LotFilled", lot="LOT-1", vials=["X-1"])).safety
    lab.register_lot("LOT-2")
    lab.record(event("LotRejected", lot="LOT-2", reason="other"))
    lab.refused("lot.filled", event("LotFilled", lot="LOT-2", vials=["X-1"]))


def test_vial_codes_mean_one_thing() -> None:
    lab = quarantined()
    lab.furnish()
    lab.refused("once", event("LotFilled", lot="LOT-1", vials=["X-1", "X-1"]))
    for code in ("BOX-1", "LOT-1", "DONOR-1", "MSC-1", lab.person(QUALITY).badge):
        lab.refused("one-meaning", event("LotFilled", lot="LOT-1", vials=[code]))
    lab.record(event("LotFilled", lot="LOT-1", vials=["X-1"]))
    lab.refused("one-meaning", event("LotFilled", lot="LOT-1", vials=["X-1"]))
    assert lab.lot("LOT-1").vial_count == 1


def test_conditional_release_is_by_quality_and_clinician_for_an_open_fitting_order() -> None:
    lab = quarantined()
    lab.place_order()
    lab.define_product("MSC-2")
    lab.place_order("ORDER-2", "PATIENT-2", product="MSC-2")
    lab.refused("release", conditional("ORDER-2"))
    lab.refused("I7", conditional(), QUALITY)
    lab.refused("I7", conditional(), QUALITY, WITNESS)
    lab.record(conditional(), QUALITY, CLINICIAN)
    lab.refused("release", conditional())
    lab.test_lot("LOT-1")
    lab.record(RELEASE)
    assert (lab.lot("LOT-1").disposition, lab.lot("LOT-1").conditional_order) == ("released", None)


def test_conditional_release_for_a_cancelled_order_is_refused() -> None:
    lab = quarantined()
    lab.place_order()
    lab.record(event("OrderCancelled", order="ORDER-1", reason="mistake"))
    lab.refused("release", conditional())


# Donors


def test_eligibility_needs_every_marker_nonreactive() -> None:
    lab = Lab()
    lab.record(lots.DonorRegistered(donor="D", consent=lots.Consent(scope=("therapy",), given_on="2026-01-01")))
    decided = event("DonorEligibilityDecided", donor="D", eligibility="eligible")
    lab.screen("D", markers=MARKERS[:-1])
    assert MARKERS[-1] in lab.refused("eligibility", decided).message
    lab.screen("D", "indeterminate", MARKERS[-1:])
    assert lab.refused("eligibility", decided).safety
    lab.screen("D", "nonreactive", MARKERS[-1:])
    lab.record(decided)


def test_bad_result_after_release_raises_a_hold_and_takes_eligibility() -> None:
    lab, _ = stocked(1)
    lab.screen("DONOR-1", "reactive", ["HBV"])
    assert [row.reason for row in lab.holds("donor", "DONOR-1")] == ["donor-result"]


def test_withdrawn_consent_comes_back_only_through_quality_and_later() -> None:
    lab, _ = stocked(1)
    lab.record(event("ConsentWithdrawn", donor="DONOR-1", withdrawn_on="2026-11-22"))
    lab.refused("consent", event("ConsentWithdrawn", donor="DONOR-1", withdrawn_on="2026-11-22"))

    def again(day: str) -> Event:
        return event("ConsentRecorded", donor="DONOR-1", consent={"scope": ["therapy"], "given_on": day})

    assert lab.refused("I3.consent", again("2026-11-22"), TECHNICIAN).safety
    lab.refused("I3.consent", again("2026-11-21"), QUALITY)
    lab.record(again("2026-11-22"), QUALITY)


def test_nothing_is_collected_or_made_after_consent_was_withdrawn() -> None:
    lab, _ = stocked(1)
    lab.record(event("ConsentWithdrawn", donor="DONOR-1", withdrawn_on="2026-11-22"))
    collected = {"donor": "DONOR-1", "tissue": "adipose", "collected_on": "2026-11-22"}
    lab.refused("I3.consent", event("DonationCollected", donation="DIN-9", **collected))
    first = next(each for each in lab.entries if each.entry.envelope.type == "LotRegistered")
    lab.refused("I3.consent", event("LotRegistered", **{**first.entry.envelope.data, "lot": "LOT-9"}))


# Lots


def registration(lab: Lab, **changed: object) -> Event:
    first = next(each for each in lab.entries if each.entry.envelope.type == "LotRegistered")
    return event("LotRegistered", **{**first.entry.envelope.data, "lot": "LOT-9", **changed})


def test_lot_registration_is_sound() -> None:
    lab, _ = stocked(1)
    lab.refused("one-meaning", registration(lab, lot="LOT-1"))
    lab.refused("known", registration(lab, version=2))
    lab.refused("known", registration(lab, donations=["DIN-9"]))
    lab.refused("once", registration(lab, donations=["DIN-LOT-1", "DIN-LOT-1"]))
    lab.refused("known", registration(lab, parent="LOT-8"))
    lab.refused("lot.patient", registration(lab, donor_kind="autologous"))
    lab.refused("lot.patient", registration(lab, patient="PATIENT-1"))
    lab.refused("known", registration(lab, donor_kind="directed", patient="PATIENT-9"))
    lab.refused("expiry", registration(lab, expiry_on="2026-11-20"))
    lab.refused("expiry", registration(lab, expires_at="2027-11-22T17:00:00.000Z"))
    lab.refused("expiry", registration(lab, expires_at="2027-11-20T00:00:00.000Z"))


def test_i3_a_patients_lot_has_no_offspring_for_another() -> None:
    lab = Lab()
    lab.register_lot("LOT-1", donor_kind="autologous", patient="PATIENT-1")
    lab.register_patient("PATIENT-2")
    child = {"parent": "LOT-1"}
    lab.refused("I3.autologous", registration(lab, **child, donor_kind="allogeneic", patient=None))
    lab.refused("I3.autologous", registration(lab, **child, patient="PATIENT-2"))
    lab.record(registration(lab, **child))


def test_a_lineage_is_never_cut_short() -> None:
    """I3: a recall of the first bank must reach the last lot."""
    lab = Lab()
    lab.register_lot("LOT-1")
    for number in range(2, DEEPEST + 1):
        lab.record(registration(lab, lot=f"LOT-{number}", parent=f"LOT-{number - 1}"))
    lab.refused("lot.lineage", registration(lab, lot="LOT-17", parent=f"LOT-{DEEPEST}"))


def test_product_versions_follow_each_other() -> None:
    lab = Lab()
    lab.define_product()
    for version in (1, 3):
        first = next(each for each in lab.entries if each.entry.envelope.type == "ProductDefined")
        lab.refused("version", event("ProductDefined", **{**first.entry.envelope.data, "version": version}))
    lab.define_product(version=2)
    limitless = [{"test": "t", "unit": "%"}]
    lab.refused(
        "specification",
        event("ProductDefined", **{**lab.last.entry.envelope.data, "version": 3, "specification": limitless}),
    )


# Holds, deviations


def test_holds_lie_on_things_that_exist_and_are_open() -> None:
    lab, vials = stocked(2)
    lab.refused("known", event("HoldPlaced", scope="vial", codes=["V-9"], reason="label"))
    lab.refused("once", event("HoldPlaced", scope="vial", codes=[vials[0], vials[0]], reason="label"))
    lab.record(event("VialsDiscarded", vials=[vials[0]], reason="broken"))
    lab.refused("hold", event("HoldPlaced", scope="vial", codes=[vials[0]], reason="label"))
    lab.refused("I7", event("HoldPlaced", scope="vial", codes=[vials[1]], reason="label"), TECHNICIAN)


def test_deviations_concern_what_their_limit_is_about() -> None:
    lab, vials = stocked(1)

    def deviation(limit: str, kind: str, code: str) -> Event:
        concerning = [{"kind": kind, "code": code}]
        return event("DeviationRecorded", limit=limit, concerning=concerning, reason="clinical-need")

    lab.refused("deviation", deviation("test-limit", "vial", vials[0]))
    lab.refused("deviation", deviation("dose-amount", "dose", "DOSE-1"))
    lab.refused("deviation", deviation("out-of-storage", "lot", "LOT-1"))
    lab.refused("deviation", deviation("out-of-storage", "dose", "DOSE-1"))
    lab.refused("known", deviation("out-of-storage", "vial", "V-9"))
    lab.refused("I7", deviation("out-of-storage", "vial", vials[0]), QUALITY)
    lab.refused("I7", deviation("out-of-storage", "vial", vials[0]), TECHNICIAN, WITNESS)


def test_lot_of_a_rejected_bank_is_not_released() -> None:
    lab = Lab()
    lab.furnish()
    lab.register_lot("LOT-1", filled=2)
    lab.record(registration(lab, lot="LOT-2", parent="LOT-1"))
    lab.test_lot("LOT-2")
    lab.record(lots.LotRejected(lot="LOT-1", reason="test-failed"), QUALITY)
    lab.refused("release.parent", lots.LotReleased(lot="LOT-2"), QUALITY)
