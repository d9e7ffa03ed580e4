"""Rules of products and lots: tests, dispositions, holds, recalls, deviations."""

from __future__ import annotations

from dataclasses import replace

from cryoledger.domain import times
from cryoledger.domain.events import lots
from cryoledger.domain.facts import Draft, Facts, State
from cryoledger.domain.import_records import ImportLot
from cryoledger.domain.numbers import shown
from cryoledger.domain.records import (
    SUBJECT_RECORD,
    Donation,
    Donor,
    Hold,
    Lot,
    LotDonation,
    Order,
    Patient,
    Product,
    ScanCode,
    Site,
    Specification,
    TestResult,
    Vial,
)
from cryoledger.domain.rulebook_1 import acceptance
from cryoledger.domain.rulebook_1.common import (
    DEEPEST,
    FINAL,
    changes,
    checks,
    donors_of,
    each_once,
    free_code,
    free_codes,
    happened,
    hold,
    holds_on,
    lineage,
    need,
    unsafe,
)
from cryoledger.domain.shipment_records import Provenance
from cryoledger.errors import Refusal

WHOLE_MILLI = 100_000  # 100 %
SCHEME_STARTS = {"isbt128": "=", "gs1": "01"}
"""How the codes of a vial scheme start; what else is right in them, `codes` has said before."""


@checks(lots.ProductDefined)
def _product(_draft: Draft, event: lots.ProductDefined, facts: Facts) -> None:
    versions = [row.version for row in facts.where(Product, code=event.product)]
    if event.version != max(versions, default=0) + 1:
        raise Refusal("version", f"The next version of {event.product} is {max(versions, default=0) + 1}.", "")
    if not versions:
        free_code(facts, event.product, "product")
    each_once((test.test for test in event.specification), "test")
    for test in event.specification:
        if (test.minimum_milli, test.maximum_milli, test.expected) == (None, None, None):
            raise Refusal("specification", f"The test {test.test} has no limit.", "Give a minimum, maximum or word.")


@changes(lots.ProductDefined)
def _define(_draft: Draft, event: lots.ProductDefined, state: State) -> None:
    state.put(
        Product(
            event.product, event.version, event.name, event.storage_millicelsius_max, event.post_thaw_minutes,
            event.out_of_storage_minutes, event.label_layout, event.item_code,
        ),
        ScanCode(event.product, "product", event.product, 0),
    )  # fmt: skip
    for test in event.specification:
        state.put(
            Specification(
                event.product, event.version, test.test, test.unit, test.minimum_milli, test.maximum_milli,
                test.expected, int(test.required),
            )
        )  # fmt: skip


@checks(lots.LotRegistered)
def _lot(draft: Draft, event: lots.LotRegistered, facts: Facts) -> None:
    free_code(facts, event.lot, "lot")
    need(facts, Product, event.product, event.version)
    each_once(event.donations, "donation")
    happened(draft, facts, event.filled_on, "A filling")
    for code in event.donations:
        donation = need(facts, Donation, code)
        collected_first(event.lot, event.filled_on, donation)
        donor = need(facts, Donor, donation.donor)
        if donor.consent_withdrawn_on is not None:
            raise unsafe("I3.consent", f"Donor {donor.code} withdrew consent.", "Make nothing of it.", donor.code)
    if event.parent is not None:
        _descends(event, need(facts, Lot, event.parent), facts)
    if (event.donor_kind != "allogeneic") != (event.patient is not None):
        raise Refusal("lot.patient", "An autologous or directed lot names its patient, another one none.", "")
    if event.patient is not None:
        need(facts, Patient, event.patient)
    sound_expiry(event.filled_on, event.expiry_on, event.expires_at)


def _descends(event: lots.LotRegistered, parent: Lot, facts: Facts) -> None:
    """A lot made for one patient has no offspring for another; a lineage is never cut short (I3)."""
    if parent.donor_kind != "allogeneic" and (event.donor_kind, event.patient) != (parent.donor_kind, parent.patient):
        raise unsafe(
            "I3.autologous", f"Lot {parent.code} is {parent.donor_kind}, for its patient only.",
            "Register what comes from it for the same patient.", event.lot,
        )  # fmt: skip
    if len(lineage(facts, parent)) >= DEEPEST:
        raise Refusal("lot.lineage", f"A lineage of more than {DEEPEST} lots is not kept.", "")


def collected_first(lot: str, filled_on: str, donation: Donation) -> None:
    """Refuse a lot filled before what it is made of was collected; an old donation may have no date ("")."""
    if filled_on < donation.collected_on:
        raise Refusal(
            "date.order",
            f"Lot {lot} cannot be filled on {filled_on}: its donation {donation.code} was collected on "
            f"{donation.collected_on}.",
            "Correct the date, or name the right donation.",
            subject=lot,
        )


def sound_expiry(filled_on: str, expiry_on: str, expires_at: str) -> None:
    """Refuse an expiry before the filling, or an instant that cannot be the end of the printed day anywhere."""
    if times.day(expiry_on) <= times.day(filled_on):
        raise Refusal("expiry", f"Expiry {expiry_on} is not after filling {filled_on}.", "Correct the dates.")
    hours = times.milliseconds(f"{expiry_on}T00:00:00.000Z", expires_at) / 3_600_000
    if not 9 <= hours <= 37:
        raise Refusal("expiry", f"{expires_at} is not the end of {expiry_on} in any time zone.", "Correct the expiry.")


@changes(lots.LotRegistered)
def _register_lot(draft: Draft, event: lots.LotRegistered, state: State) -> None:
    state.put(
        Lot(
            code=event.lot,
            product=event.product,
            version=event.version,
            parent=event.parent,
            bank=event.bank,
            donor_kind=event.donor_kind,
            patient=event.patient,
            passage=event.passage,
            cells_per_vial=event.cells_per_vial,
            volume_microlitres=event.volume_microlitres,
            cryoprotectant=event.cryoprotectant,
            filled_on=event.filled_on,
            expiry_on=event.expiry_on,
            expires_at=event.expires_at,
            reagents="\n".join(event.reagents),
            freezing_record_sha256=event.freezing_record_sha256,
            disposition="quarantined",
            conditional_order=None,
            vial_count=0,
            last_at=draft.occurred_at,
            last_entry=draft.number,
        ),
        ScanCode(event.lot, "lot", event.lot, 0),
    )
    for donation in event.donations:
        state.put(LotDonation(event.lot, donation))


@checks(lots.LotFilled)
def _filled(_draft: Draft, event: lots.LotFilled, facts: Facts) -> None:
    lot = need(facts, Lot, event.lot)
    if lot.disposition != "quarantined":
        raise unsafe(
            "lot.filled", f"Lot {lot.code} is {lot.disposition}: what was judged is not added to.",
            "Register another lot.", lot.code,
        )  # fmt: skip
    if facts.get(ImportLot, lot.code) is not None or facts.get(Provenance, "lot", lot.code) is not None:
        raise unsafe(
            "lot.filled", f"Lot {lot.code} came from outside, and is released by what was tested there.",
            "Register a lot of its own for what is filled here.", lot.code,
        )  # fmt: skip
    each_once(event.vials, "vial")
    free_codes(facts, (*event.vials, *event.labels), "vial")
    _labels(event, facts)


def _labels(event: lots.LotFilled, facts: Facts) -> None:
    """Labels of the site's scheme, one a vial, each with one meaning."""
    if not event.labels:
        return
    scheme = (need(facts, Site, "site").vial_scheme or "local").partition(":")[0]
    if len(event.labels) != len(event.vials):
        raise Refusal("vial.scheme", f"{len(event.vials)} vials have {len(event.labels)} labels.", "Give one for each.")
    each_once((*event.vials, *event.labels), "code")
    for label in event.labels:
        if not label.startswith(SCHEME_STARTS.get(scheme, "\0")):
            raise Refusal(
                "vial.scheme", f"{label} is not of the site's vial scheme, {scheme}.",
                "Fill without labels, or choose the scheme: `cryoledger setting vial_scheme`.",
            )  # fmt: skip


@changes(lots.LotFilled)
def _fill(draft: Draft, event: lots.LotFilled, state: State) -> None:
    lot = state.need(Lot, event.lot)
    state.put(replace(lot, vial_count=lot.vial_count + len(event.vials)))
    for code, label in zip(event.vials, event.labels or event.vials, strict=True):
        state.put(replace(new_vial(draft, lot, code), label=label), ScanCode(code, "vial", code, 0))
        if label != code:
            state.put(ScanCode(label, "vial", code, 0))


def new_vial(draft: Draft, lot: Lot, code: str) -> Vial:
    """A vial as filled: expected at the freezer, held by the process of filling."""
    return Vial(
        code=code,
        label=code,
        lot=lot.code,
        custody="expected",
        custodian_kind="process",
        custodian="filling",
        unit=None,
        position=None,
        since=draft.occurred_at,
        out_since=None,
        exposed_ms=0,
        unit_mark_ms=0,
        cells=lot.cells_per_vial,
        filled_microlitres=lot.volume_microlitres,
        dosed_microlitres=0,
        sampled_microlitres=0,
        wasted_microlitres=0,
        order_code=None,
        order_line=None,
        purpose=None,
        thawed_at=None,
        deadline=None,
        last_at=draft.occurred_at,
        last_entry=draft.number,
    )


@checks(lots.TestResultsRecorded)
def _tested(draft: Draft, event: lots.TestResultsRecorded, facts: Facts) -> None:
    lot = need(facts, Lot, event.lot)
    each_once((result.test for result in event.results), "test")
    for result in event.results:
        judge_result(facts, lot, result)
        happened(draft, facts, result.tested_on, f"A test of {result.test}")


def judge_result(facts: Facts, lot: Lot, result: lots.Result) -> bool:
    """Whether a result is within its product's limits; a refusal where it does not fit the specification."""
    limits = facts.get(Specification, lot.product, lot.version, result.test)
    if limits is None:
        raise Refusal(
            "specification", f"{lot.product} v{lot.version} asks for no test {result.test}.", "Check its name."
        )
    if limits.expected is not None:
        if result.outcome is None:
            raise Refusal(
                "specification", f"{result.test} needs a word such as {limits.expected!r}.", "Give the outcome."
            )
        return result.outcome.casefold() == limits.expected.casefold()
    if result.value_milli is None:
        raise Refusal("specification", f"{result.test} needs a number in {limits.unit}.", "Give the value.")
    if limits.unit == "%":
        _sound_percentage(limits, result.value_milli)
    low, high = limits.minimum_milli, limits.maximum_milli
    return (low is None or result.value_milli >= low) and (high is None or result.value_milli <= high)


def _sound_percentage(limits: Specification, value_milli: int) -> None:
    """A share lies between 0 and 100; a measure relative to a reference has a limit above 100."""
    relative = (limits.maximum_milli or 0) > WHOLE_MILLI or (limits.minimum_milli or 0) > WHOLE_MILLI
    if value_milli < 0 or (value_milli > WHOLE_MILLI and not relative):
        shown = f"{value_milli / 1000:f}".rstrip("0").rstrip(".")
        raise Refusal(
            "percentage",
            f"{limits.test} cannot be {shown} %: a percentage lies between 0 and 100.",
            "Check the decimal point. What is relative to a reference needs a limit above 100 in its specification.",
        )


@changes(lots.TestResultsRecorded)
def _test(draft: Draft, event: lots.TestResultsRecorded, state: State) -> None:
    for result in event.results:
        put_result(draft, state, event.lot, result)


def put_result(draft: Draft, state: State, code: str, result: lots.Result) -> None:
    """Write one result; one out of limits holds a lot that was released."""
    lot = state.need(Lot, code)
    passed = judge_result(state, lot, result)
    state.put(
        TestResult(
            code, result.test, draft.number, result.value_milli, result.outcome, int(passed), result.tested_on,
            result.method, None,
        )
    )  # fmt: skip
    if not passed and lot.disposition in ("released", "conditionally released"):
        hold(draft, state, "lot", code, "investigation")


def latest_results(facts: Facts, lot: str) -> dict[str, TestResult]:
    """By test, the last result of a lot that was not corrected."""
    found: dict[str, TestResult] = {}
    for row in facts.where(TestResult, lot=lot):
        if row.corrected is None and (row.test not in found or row.number > found[row.test].number):
            found[row.test] = row
    return found


def none_failed(facts: Facts, lot: Lot) -> None:
    """Refuse a lot with a result out of limits that was neither corrected nor accepted, by two, after it was recorded.

    A later result within limits does not take an earlier one away: a retest needs a reason that quality signs.
    """
    accepted = max((row.number for row in acceptance.deviations(facts, "lot", lot.code, acceptance.TEST)), default=-1)
    failed = [
        row
        for row in facts.where(TestResult, lot=lot.code)
        if row.corrected is None and not row.passed and row.number > accepted
    ]
    if not failed:
        return
    last = latest_results(facts, lot.code)
    stands = [row.test for row in failed if row is last[row.test] or not last[row.test].passed]
    if stands:
        told = ", ".join(dict.fromkeys(stands))
        raise unsafe(
            "release.test",
            f"{told} of lot {lot.code} is out of limits.",
            "Reject the lot. What was recorded wrongly is corrected (`correct test`); what two accept, `deviation`.",
            lot.code,
        )
    told = ", ".join(f"{row.test} (entry {shown(row.number)})" for row in failed)
    raise unsafe(
        "release.retest",
        f"An earlier result of lot {lot.code} is out of limits, though a later one is within: {told}.",
        "Correct it where it was recorded wrongly (`correct test`), else two accept it: `cryoledger deviation`.",
        lot.code,
    )


def _donors_fit(facts: Facts, lot: Lot, at: str) -> None:
    for donation, donor in donors_of(facts, lot):
        if donor.eligibility != "eligible":
            raise unsafe(
                "release.donor", f"Donor {donor.code} of lot {lot.code} is {donor.eligibility}.",
                "Quality decides eligibility first.", lot.code,
            )  # fmt: skip
        if donor.consent_withdrawn_on is not None or "therapy" not in donor.consent_scope.split(","):
            raise unsafe("I3.consent", f"Donor {donor.code} does not consent to therapy.", "Reject the lot.", lot.code)
        for scope, code in (("donation", donation.code), ("donor", donor.code)):
            if holds_on(facts, scope, code, at):
                raise unsafe("I3.hold", f"There is a hold on {scope} {code}.", "Lift it first.", lot.code)


@checks(lots.LotReleased)
def _released(draft: Draft, event: lots.LotReleased, facts: Facts) -> None:
    lot = need(facts, Lot, event.lot)
    if lot.disposition not in ("quarantined", "conditionally released"):
        raise Refusal("release", f"Lot {lot.code} is {lot.disposition}.", "")
    results = latest_results(facts, lot.code)
    asked = facts.where(Specification, product=lot.product, version=lot.version)
    missing = [test.test for test in asked if test.required and test.test not in results]
    if missing:
        raise unsafe(
            "release.test", f"Lot {lot.code} has no result for {', '.join(missing)}.", "Record it first.", lot.code
        )
    none_failed(facts, lot)
    _may_release(draft, facts, lot)


def _may_release(draft: Draft, facts: Facts, lot: Lot) -> None:
    for row in lineage(facts, lot):
        if row.disposition == "rejected":
            raise unsafe("release.parent", f"Lot {row.code}, its bank, is rejected.", "Reject the lot.", lot.code)
        if holds_on(facts, "lot", row.code, draft.at):
            raise unsafe("I3.hold", f"There is a hold or recall on lot {row.code}.", "Lift it first.", lot.code)
    if lot.expires_at <= draft.at:
        raise unsafe("I3.expired", f"Lot {lot.code} expired on {lot.expiry_on}.", "Reject it.", lot.code)
    _donors_fit(facts, lot, draft.at)


@changes(lots.LotReleased)
def _release(_draft: Draft, event: lots.LotReleased, state: State) -> None:
    state.put(replace(state.need(Lot, event.lot), disposition="released", conditional_order=None))


@checks(lots.LotConditionallyReleased)
def _conditionally(draft: Draft, event: lots.LotConditionallyReleased, facts: Facts) -> None:
    lot = need(facts, Lot, event.lot)
    if lot.disposition != "quarantined":
        raise Refusal("release", f"Lot {lot.code} is {lot.disposition}.", "")
    order = need(facts, Order, event.order)
    if order.status != "open" or order.product != lot.product:
        raise Refusal("release", f"Order {order.code} is {order.status}, for {order.product}.", "Name a fitting order.")
    none_failed(facts, lot)
    own = event.proposal.number if event.proposal is not None else -1
    for row in lineage(facts, lot):
        if any(held.number != own for held in holds_on(facts, "lot", row.code, draft.at)):
            raise unsafe("I3.hold", f"There is a hold or recall on lot {row.code}.", "Lift it first.", lot.code)
    if lot.expires_at <= draft.at:
        raise unsafe("I3.expired", f"Lot {lot.code} expired on {lot.expiry_on}.", "Reject it.", lot.code)
    _donors_fit(facts, lot, draft.at)


@changes(lots.LotConditionallyReleased)
def _conditional(_draft: Draft, event: lots.LotConditionallyReleased, state: State) -> None:
    lot = state.need(Lot, event.lot)
    state.put(replace(lot, disposition="conditionally released", conditional_order=event.order))


@checks(lots.LotRejected)
def _rejected(_draft: Draft, event: lots.LotRejected, facts: Facts) -> None:
    if need(facts, Lot, event.lot).disposition == "rejected":
        raise Refusal("release", f"Lot {event.lot} is rejected already.", "")


@changes(lots.LotRejected)
def _reject(_draft: Draft, event: lots.LotRejected, state: State) -> None:
    state.put(replace(state.need(Lot, event.lot), disposition="rejected", conditional_order=None))


@checks(lots.HoldPlaced)
def _hold_placed(_draft: Draft, event: lots.HoldPlaced, facts: Facts) -> None:
    each_once(event.codes, event.scope)
    for code in event.codes:
        row = need(facts, SUBJECT_RECORD[event.scope], code)
        if isinstance(row, Vial) and row.custody in FINAL:
            raise Refusal("hold", f"Vial {code} is {row.custody}.", "A closed story cannot be held.", subject=code)


@changes(lots.HoldPlaced)
def _place_hold(draft: Draft, event: lots.HoldPlaced, state: State) -> None:
    for code in event.codes:
        hold(draft, state, event.scope, code, event.reason)


@checks(lots.HoldLifted)
def _hold_lifted(_draft: Draft, event: lots.HoldLifted, facts: Facts) -> None:
    rows = [row for row in facts.where(Hold, number=event.number) if row.kind in ("hold", "recall")]
    if not any(row.lifted is None for row in rows):
        raise Refusal("hold", f"There is no hold or recall {event.number} in force.", "See the vial's or lot's card.")


@changes(lots.HoldLifted)
def _lift(draft: Draft, event: lots.HoldLifted, state: State) -> None:
    for row in state.where(Hold, number=event.number):
        if row.lifted is None:
            state.put(replace(row, lifted=draft.number))


@checks(lots.RecallIssued)
def _recall_issued(_draft: Draft, event: lots.RecallIssued, facts: Facts) -> None:
    need(facts, SUBJECT_RECORD[event.scope], event.code)
    if any(
        row.kind == "recall" and row.lifted is None for row in facts.where(Hold, scope=event.scope, code=event.code)
    ):
        raise Refusal("recall", f"{event.scope} {event.code} is recalled already.", "")


@changes(lots.RecallIssued)
def _recall(draft: Draft, event: lots.RecallIssued, state: State) -> None:
    hold(draft, state, event.scope, event.code, event.reason, kind="recall")
