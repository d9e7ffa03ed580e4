"""Rules of typed corrections: the entry named exists and says what is corrected; the present state allows it (I6)."""

from __future__ import annotations

from dataclasses import replace

from cryoledger.domain import catalogue
from cryoledger.domain.events import corrections
from cryoledger.domain.facts import Draft, Facts, Recorded, State
from cryoledger.domain.fields import Correction, Placed
from cryoledger.domain.records import Donor, Dose, Lot, OrderLine, Person, Screening, TestResult, Vial
from cryoledger.domain.rulebook_1.bedside import cells_given, check_volumes
from cryoledger.domain.rulebook_1.common import FINAL, changes, checks, hand, happened, hold, in_custody, need, place
from cryoledger.domain.rulebook_1.donors import put_screening
from cryoledger.domain.rulebook_1.lots import judge_result, put_result, sound_expiry
from cryoledger.domain.rulebook_1.storage import free_positions
from cryoledger.errors import Refusal


def corrected_entry(event: Correction, facts: Facts, *concerning: tuple[str, str]) -> Recorded:
    """The entry that a correction names, which must mention the thing that is corrected."""
    entry = facts.recorded(event.corrects.number)
    if entry is None or entry.leaf_hash != event.corrects.leaf_hash:
        raise Refusal("I6", f"There is no entry {event.corrects.number} with that hash.", "Name the entry to correct.")
    mentioned = {(item.kind, item.code) for item in catalogue.subjects(entry.event)}
    for thing in concerning:
        if thing not in mentioned:
            raise Refusal("I6", f"Entry {entry.number} says nothing of {thing[0]} {thing[1]}.", "Name the right entry.")
    return entry


@checks(corrections.PositionCorrected)
def _position(draft: Draft, event: corrections.PositionCorrected, facts: Facts) -> None:
    corrected_entry(event, facts, ("vial", event.vial))
    vial = need(facts, Vial, event.vial)
    in_custody(draft, vial)
    if (vial.unit, vial.position) == (event.unit, event.position):
        raise Refusal("I6", f"Vial {vial.code} is recorded there already.", "", subject=vial.code)
    free_positions(facts, event.unit, [Placed(vial=event.vial, position=event.position)])


@changes(corrections.PositionCorrected)
def _correct_position(draft: Draft, event: corrections.PositionCorrected, state: State) -> None:
    place(draft, state, state.need(Vial, event.vial), event.unit, event.position)


@checks(corrections.QuantityCorrected)
def _quantity(_draft: Draft, event: corrections.QuantityCorrected, facts: Facts) -> None:
    vial = need(facts, Vial, event.vial)
    corrected_entry(event, facts, ("vial", vial.code))
    if vial.custody in FINAL or vial.remaining_microlitres != vial.filled_microlitres:
        raise Refusal("I5", f"Vial {vial.code} was opened, or its story is closed.", "Only a full vial is corrected.")


@changes(corrections.QuantityCorrected)
def _correct_quantity(_draft: Draft, event: corrections.QuantityCorrected, state: State) -> None:
    vial = state.need(Vial, event.vial)
    state.put(replace(vial, filled_microlitres=event.volume_microlitres, cells=event.cells))


@checks(corrections.TestResultCorrected)
def _result(draft: Draft, event: corrections.TestResultCorrected, facts: Facts) -> None:
    entry = corrected_entry(event, facts, ("lot", event.lot))
    row = need(facts, TestResult, event.lot, event.result.test, event.number)
    if row.corrected is not None or entry.number != event.number:
        raise Refusal("I6", f"That result of {row.test} was corrected by entry {row.corrected}.", "Correct the latest.")
    judge_result(facts, need(facts, Lot, event.lot), event.result)
    happened(draft, facts, event.result.tested_on, f"A test of {event.result.test}")


@changes(corrections.TestResultCorrected)
def _correct_result(draft: Draft, event: corrections.TestResultCorrected, state: State) -> None:
    old = state.need(TestResult, event.lot, event.result.test, event.number)
    state.put(replace(old, corrected=draft.number))
    put_result(draft, state, event.lot, event.result)


@checks(corrections.ScreeningCorrected)
def _screening(draft: Draft, event: corrections.ScreeningCorrected, facts: Facts) -> None:
    entry = corrected_entry(event, facts, ("donor", event.donor))
    need(facts, Donor, event.donor)
    row = need(facts, Screening, event.donor, event.result.marker, event.number)
    if row.corrected is not None or entry.number != event.number:
        raise Refusal("I6", f"That result was corrected by entry {row.corrected}.", "Correct the latest.")
    happened(draft, facts, event.result.sampled_on, f"A sample for {event.result.marker} taken")


@changes(corrections.ScreeningCorrected)
def _correct_screening(draft: Draft, event: corrections.ScreeningCorrected, state: State) -> None:
    old = state.need(Screening, event.donor, event.result.marker, event.number)
    state.put(replace(old, corrected=draft.number))
    put_screening(draft, state, event.donor, event.result)


@checks(corrections.LotExpiryCorrected)
def _expiry(_draft: Draft, event: corrections.LotExpiryCorrected, facts: Facts) -> None:
    corrected_entry(event, facts, ("lot", event.lot))
    sound_expiry(need(facts, Lot, event.lot).filled_on, event.expiry_on, event.expires_at)


@changes(corrections.LotExpiryCorrected)
def _correct_expiry(_draft: Draft, event: corrections.LotExpiryCorrected, state: State) -> None:
    state.put(replace(state.need(Lot, event.lot), expiry_on=event.expiry_on, expires_at=event.expires_at))


@checks(corrections.AttributionCorrected)
def _attribution(_draft: Draft, event: corrections.AttributionCorrected, facts: Facts) -> None:
    entry = corrected_entry(event, facts)
    need(facts, Person, event.person)
    if event.person in [signed.name for signed in entry.signers]:
        raise Refusal("I6", f"{event.person} signed entry {entry.number}.", "Name who did it instead.")


@changes(corrections.AttributionCorrected)
def _correct_attribution(_draft: Draft, _event: corrections.AttributionCorrected, _state: State) -> None:
    """Leaves only its mentions: the inventory never said who did it."""


@checks(corrections.FinalStateCorrected)
def _final(_draft: Draft, event: corrections.FinalStateCorrected, facts: Facts) -> None:
    vial = need(facts, Vial, event.vial)
    corrected_entry(event, facts, ("vial", vial.code))
    if vial.custody not in FINAL:
        raise Refusal("I6", f"Vial {vial.code} is {vial.custody}, which is not final.", "Record what happened.")
    if vial.dosed_microlitres:
        raise Refusal(
            "I6", f"Vial {vial.code} was opened for a dose.", "Correct the administration.", subject=vial.code
        )


@changes(corrections.FinalStateCorrected)
def _correct_final(draft: Draft, event: corrections.FinalStateCorrected, state: State) -> None:
    vial = state.need(Vial, event.vial)
    if vial.thawed_at is None:
        vial = replace(vial, sampled_microlitres=0, wasted_microlitres=0, purpose=None)
    state.put(hand(draft, state, vial, "missing", "nobody", ""))
    hold(draft, state, "vial", event.vial, "missing-found")


@checks(corrections.AdministrationCorrected)
def _administration(draft: Draft, event: corrections.AdministrationCorrected, facts: Facts) -> None:
    dose = need(facts, Dose, event.dose)
    entry = corrected_entry(event, facts, ("dose", dose.code))
    if dose.custody != "administered" or entry.type not in ("AdministrationCompleted", "AdministrationCorrected"):
        raise Refusal(
            "I6", f"Entry {entry.number} did not record that dose {dose.code} was given.", "Name the one that did."
        )
    if not event.started_at <= event.ended_at <= draft.recorded_at:
        raise Refusal("I4.times", "The dose ends after it starts, and before now.", "Correct the times.")
    check_volumes(dose, event.given_microlitres, event.wasted_microlitres)


@changes(corrections.AdministrationCorrected)
def _correct_administration(_draft: Draft, event: corrections.AdministrationCorrected, state: State) -> None:
    dose = state.need(Dose, event.dose)
    line = state.need(OrderLine, dose.order_code, dose.order_line)
    before = cells_given(dose, dose.given_microlitres)
    after = cells_given(dose, event.given_microlitres)
    state.put(
        replace(line, cells_given=line.cells_given - before + after),
        replace(
            dose,
            given_microlitres=event.given_microlitres,
            wasted_microlitres=event.wasted_microlitres,
            started_at=event.started_at,
            ended_at=event.ended_at,
            reaction=event.reaction,
        ),
    )
