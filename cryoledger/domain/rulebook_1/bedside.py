"""Rules from the prepared dose to the patient: hand over, check, give, follow up. I4 stands here."""

from __future__ import annotations

from dataclasses import replace

from cryoledger.domain.events import treatment
from cryoledger.domain.facts import Draft, Facts, State
from cryoledger.domain.records import (
    AdverseEvent,
    Dose,
    DoseSource,
    FollowUp,
    Order,
    OrderLine,
    PatientBand,
    Vial,
)
from cryoledger.domain.rulebook_1 import acceptance
from cryoledger.domain.rulebook_1.common import (
    FINAL_DOSE,
    changes,
    checks,
    happened,
    holds_on,
    local,
    need,
    open_order,
    origin_allows,
    settle_sources,
    unsafe,
)
from cryoledger.domain.rulebook_1.treatment import cells_with, past_window, receiver_signs, within_order
from cryoledger.errors import Refusal


def _dose_may_go_on(draft: Draft, facts: Facts, dose: Dose, at: str) -> None:
    """I3 and I4 again for a dose and every vial in it, at this moment."""
    order, _ = open_order(facts, dose.order_code, dose.order_line)
    if holds_on(facts, "dose", dose.code, draft.at):
        raise unsafe("I3.hold", f"Dose {dose.code} is held.", "Wait for the second person's decision.", dose.code)
    for source in facts.where(DoseSource, dose=dose.code):
        vial = need(facts, Vial, source.vial)
        origin_allows(facts, vial, order, draft.at)
        if vial.custody != "prepared":
            raise unsafe(
                "I1", f"Vial {vial.code} of dose {dose.code} is {vial.custody}.", "Discard the dose.", dose.code
            )
        if vial.remaining_microlitres:
            raise unsafe(
                "I5", f"Vial {vial.code} of dose {dose.code} still holds {vial.remaining_microlitres} uL.",
                "Waste the remainder, by two, before the dose leaves.", dose.code,
            )  # fmt: skip
    if at > dose.deadline:
        past_window(facts, "dose", dose.code, dose.deadline, at)


@checks(treatment.DoseHandedOver)
def _handed_over(draft: Draft, event: treatment.DoseHandedOver, facts: Facts) -> None:
    dose = need(facts, Dose, event.dose)
    if dose.custody not in ("prepared", "handed over"):
        raise Refusal("I1", f"Dose {dose.code} is {dose.custody}.", "Scan it to see its card.", subject=dose.code)
    if dose.custodian != draft.first:
        raise unsafe("I1", f"Dose {dose.code} is held by {dose.custodian}.", "The holder hands it over.", dose.code)
    receiver_signs(draft, event.receiver)
    _dose_may_go_on(draft, facts, dose, draft.at)


@changes(treatment.DoseHandedOver)
def _hand_over(_draft: Draft, event: treatment.DoseHandedOver, state: State) -> None:
    state.put(replace(state.need(Dose, event.dose), custody="handed over", custodian=event.receiver))
    for source in state.where(DoseSource, dose=event.dose):
        state.put(replace(state.need(Vial, source.vial), custodian=event.receiver))


@checks(treatment.DoseDiscarded)
def _dose_discarded(_draft: Draft, event: treatment.DoseDiscarded, facts: Facts) -> None:
    dose = need(facts, Dose, event.dose)
    if dose.custody in FINAL_DOSE:
        raise unsafe("I1", f"Dose {dose.code} is {dose.custody}.", "Its story is closed.", dose.code)


@changes(treatment.DoseDiscarded)
def _discard_dose(draft: Draft, event: treatment.DoseDiscarded, state: State) -> None:
    dose = state.need(Dose, event.dose)
    wasted = dose.volume_microlitres
    state.put(
        replace(dose, custody="discarded", custodian_kind="waste", custodian="", wasted_microlitres=wasted),
    )
    settle_sources(draft, state, dose.code)


@checks(treatment.BedsideCheckPassed)
def _bedside(draft: Draft, event: treatment.BedsideCheckPassed, facts: Facts) -> None:
    dose = need(facts, Dose, event.dose)
    order = need(facts, Order, event.order)
    _match_patient(facts, event, dose, order)
    if dose.custody != "handed over":
        raise unsafe("I4", f"Dose {dose.code} is {dose.custody}.", "The pharmacy hands it over first.", dose.code)
    if dose.custodian not in [signed.name for signed in draft.signers]:
        raise unsafe("I1", f"Dose {dose.code} is held by {dose.custodian}.", "Let the holder hand it over.", dose.code)
    _dose_may_go_on(draft, facts, dose, draft.at)
    line = need(facts, OrderLine, event.order, event.line)
    within_order(facts, order, line, dose.cells, dose.code)


def _match_patient(facts: Facts, event: treatment.BedsideCheckPassed, dose: Dose, order: Order) -> None:
    """I4: wristband, dose and order belong together. Nothing here tells what the wristband said (I9)."""
    if facts.get(PatientBand, event.patient, event.band) is None:
        raise unsafe(
            "I4.patient", f"STOP. The wristband is not that of patient {event.patient}.",
            "Do not give this dose. Check the patient's identity.", dose.code,
        )  # fmt: skip
    if event.patient != dose.patient or order.patient != event.patient:
        raise unsafe("I4.patient", f"STOP. Dose {dose.code} is for another patient.", "Do not give it.", dose.code)
    if (dose.order_code, dose.order_line) != (event.order, event.line):
        raise unsafe("I4.order", f"STOP. Dose {dose.code} is not of order {event.order}.", "Do not give it.", dose.code)


@changes(treatment.BedsideCheckPassed)
def _pass(draft: Draft, event: treatment.BedsideCheckPassed, state: State) -> None:
    dose, line = state.need(Dose, event.dose), state.need(OrderLine, event.order, event.line)
    acceptance.use_amount(state, line, cells_with(state, line, dose.cells, dose.code))
    state.put(replace(dose, custody="checked", checked=draft.number, custodian=draft.first))


@checks(treatment.AdministrationCompleted)
def _given(draft: Draft, event: treatment.AdministrationCompleted, facts: Facts) -> None:
    dose = need(facts, Dose, event.dose)
    if dose.custody != "checked":
        raise unsafe("I4", f"Dose {dose.code} passed no bedside check.", "Check wristband, dose and order.", dose.code)
    if dose.custodian not in [signed.name for signed in draft.signers]:
        raise unsafe("I1", f"Dose {dose.code} is held by {dose.custodian}.", "Whoever gave it signs.", dose.code)
    if (event.order, event.patient) != (dose.order_code, dose.patient):
        raise unsafe("I4.patient", f"Dose {dose.code} is not of that order and patient.", "Scan it again.", dose.code)
    if not dose.last_at <= event.started_at <= event.ended_at <= draft.recorded_at:
        raise Refusal(
            "I4.times",
            f"The dose was checked at {local(facts, dose.last_at)}: it starts after that, ends later, and before now.",
            "Correct the times.",
            subject=dose.code,
        )
    check_volumes(dose, event.given_microlitres, event.wasted_microlitres)
    if event.started_at > dose.deadline:
        past_window(facts, "dose", dose.code, dose.deadline, event.started_at)


def check_volumes(dose: Dose, given: int, wasted: int) -> None:
    """I5 of a dose: what was given and wasted is all of it, and something was given."""
    if given + wasted != dose.volume_microlitres or not given:
        raise Refusal(
            "I5", f"Given {given} + wasted {wasted} uL is not the dose's {dose.volume_microlitres} uL.",
            "Correct the volumes; a dose of which nothing was given is discarded.", subject=dose.code,
        )  # fmt: skip


@changes(treatment.AdministrationCompleted)
def _give(draft: Draft, event: treatment.AdministrationCompleted, state: State) -> None:
    dose = state.need(Dose, event.dose)
    state.put(
        replace(
            dose,
            custody="administered",
            custodian_kind="patient",
            custodian=dose.patient,
            given_microlitres=event.given_microlitres,
            wasted_microlitres=event.wasted_microlitres,
            started_at=event.started_at,
            ended_at=event.ended_at,
            reaction=event.reaction,
        )
    )
    line = state.need(OrderLine, dose.order_code, dose.order_line)
    given = line.cells_given + cells_given(dose, event.given_microlitres)
    others = state.where(Dose, order_code=dose.order_code)
    waiting = any(row.order_line == line.line and row.custody not in FINAL_DOSE for row in others)
    state.put(replace(line, cells_given=given, status="open" if waiting else "given"))
    if all(row.status == "given" for row in state.where(OrderLine, order_code=dose.order_code)):
        state.put(replace(state.need(Order, dose.order_code), status="completed"))
    settle_sources(draft, state, dose.code)


def cells_given(dose: Dose, given_microlitres: int) -> int:
    """The cells in the part of a dose that was given, rounded down."""
    return dose.cells * given_microlitres // dose.volume_microlitres


@checks(treatment.AdverseEventReported)
def _reported(draft: Draft, event: treatment.AdverseEventReported, facts: Facts) -> None:
    _was_given(event.dose, facts)
    happened(draft, facts, event.onset_on, "An onset")


@checks(treatment.FollowUpRecorded)
def _followed(_draft: Draft, event: treatment.FollowUpRecorded, facts: Facts) -> None:
    _was_given(event.dose, facts)


def _was_given(code: str, facts: Facts) -> None:
    if need(facts, Dose, code).custody != "administered":
        raise Refusal("follow-up", f"Dose {code} was not given.", "Scan the dose that was.", subject=code)


@changes(treatment.FollowUpRecorded)
def _follow_up(draft: Draft, event: treatment.FollowUpRecorded, state: State) -> None:
    state.put(FollowUp(event.dose, event.month, draft.number, event.outcome))


@changes(treatment.AdverseEventReported)
def _adverse(draft: Draft, event: treatment.AdverseEventReported, state: State) -> None:
    state.put(
        AdverseEvent(draft.number, event.dose, event.severity, event.kind, event.onset_on, event.relatedness),
    )
