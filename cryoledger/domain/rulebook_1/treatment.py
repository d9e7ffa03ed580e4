"""Rules from the order to the prepared dose: I3 and I5 stand here."""

from __future__ import annotations

from dataclasses import replace

from cryoledger.domain import times
from cryoledger.domain.events import treatment
from cryoledger.domain.facts import Draft, Facts, State
from cryoledger.domain.records import (
    Dose,
    DoseSource,
    Lot,
    Order,
    OrderLine,
    Patient,
    PatientBand,
    Product,
    ScanCode,
    Vial,
)
from cryoledger.domain.rulebook_1 import acceptance
from cryoledger.domain.rulebook_1.common import (
    FINAL_DOSE,
    changes,
    checks,
    close,
    each_once,
    fits_order,
    free_code,
    hand,
    in_custody,
    local,
    need,
    open_order,
    origin_allows,
    place,
    product_of,
    settle_sources,
    unsafe,
)
from cryoledger.domain.rulebook_1.storage import free_positions
from cryoledger.errors import Refusal


@checks(treatment.PatientRegistered)
def _patient(_draft: Draft, event: treatment.PatientRegistered, facts: Facts) -> None:
    free_code(facts, event.patient, "patient")


@changes(treatment.PatientRegistered)
def _register(draft: Draft, event: treatment.PatientRegistered, state: State) -> None:
    state.put(
        Patient(event.patient, draft.occurred_at, draft.number), ScanCode(event.patient, "patient", event.patient, 0)
    )
    for band in event.bands:
        state.put(PatientBand(event.patient, band))


@checks(treatment.PatientBandAdded)
def _band(_draft: Draft, event: treatment.PatientBandAdded, facts: Facts) -> None:
    need(facts, Patient, event.patient)


@changes(treatment.PatientBandAdded)
def _add_band(_draft: Draft, event: treatment.PatientBandAdded, state: State) -> None:
    for band in event.bands:
        state.put(PatientBand(event.patient, band))


@checks(treatment.OrderPlaced)
def _ordered(_draft: Draft, event: treatment.OrderPlaced, facts: Facts) -> None:
    free_code(facts, event.order, "order")
    need(facts, Patient, event.patient)
    if not facts.where(Product, code=event.product):
        raise Refusal("known", f"There is no product {event.product}.", "See `cryoledger product list`.")
    each_once((line.line for line in event.lines), "line")
    for line in event.lines:
        if line.cells_max < line.cells:
            raise Refusal("order", f"Line {line.line} allows fewer cells than it asks for.", "Correct cells_max.")
        _check_weight(line)


def _check_weight(line: treatment.OrderLine) -> None:
    if (line.cells_per_kilogram is None) != (line.weight_grams is None):
        raise Refusal("order", "Cells per kg and weight go together.", "Give both or none.")
    if line.cells_per_kilogram is not None and line.weight_grams is not None:
        asked = line.cells_per_kilogram * line.weight_grams // 1000
        if abs(asked - line.cells) > max(1, asked // 100):
            raise Refusal(
                "order", f"Line {line.line}: {asked} cells by weight, {line.cells} as written.", "Correct it."
            )


@changes(treatment.OrderPlaced)
def _order(draft: Draft, event: treatment.OrderPlaced, state: State) -> None:
    state.put(
        Order(event.order, event.patient, event.product, draft.first, "open", draft.occurred_at, draft.number),
        ScanCode(event.order, "order", event.order, 0),
    )
    for line in event.lines:
        state.put(OrderLine(event.order, line.line, line.cells, line.cells_max, 0, line.route, line.due_on, "open"))


@checks(treatment.OrderCancelled)
def _order_cancelled(_draft: Draft, event: treatment.OrderCancelled, facts: Facts) -> None:
    if need(facts, Order, event.order).status != "open":
        raise Refusal("order", f"Order {event.order} is not open.", "")
    if any(row.custody not in FINAL_DOSE for row in facts.where(Dose, order_code=event.order)):
        raise Refusal("order", f"A dose of order {event.order} is prepared.", "Give it or discard it first.")


@changes(treatment.OrderCancelled)
def _cancel(_draft: Draft, event: treatment.OrderCancelled, state: State) -> None:
    state.put(replace(state.need(Order, event.order), status="cancelled"))
    for vial in state.where(Vial, order_code=event.order):
        if vial.custody in ("expected", "stored", "out", "missing"):
            state.put(replace(vial, order_code=None, order_line=None))


@checks(treatment.VialsReserved)
def _reserved(draft: Draft, event: treatment.VialsReserved, facts: Facts) -> None:
    order, _ = open_order(facts, event.order, event.line)
    each_once(event.vials, "vial")
    for code in event.vials:
        vial = need(facts, Vial, code)
        if vial.custody not in ("expected", "stored", "out"):
            raise Refusal("I1", f"Vial {code} is {vial.custody}.", "Reserve one that is in stock.", subject=code)
        if vial.order_code is not None:
            raise unsafe("I3.reserved", f"Vial {code} is reserved for order {vial.order_code}.", "Take another.", code)
        _fits_product(facts, vial, order)
        origin_allows(facts, vial, order, draft.at)


def _fits_product(facts: Facts, vial: Vial, order: Order) -> None:
    lot = need(facts, Lot, vial.lot)
    if lot.product != order.product:
        raise unsafe(
            "I3.product", f"Vial {vial.code} is {lot.product}; order {order.code} asks for {order.product}.",
            "Take a vial of the ordered product.", vial.code,
        )  # fmt: skip


@changes(treatment.VialsReserved)
def _reserve(_draft: Draft, event: treatment.VialsReserved, state: State) -> None:
    for code in event.vials:
        state.put(replace(state.need(Vial, code), order_code=event.order, order_line=event.line))


@checks(treatment.ReservationReleased)
def _reservation_released(_draft: Draft, event: treatment.ReservationReleased, facts: Facts) -> None:
    each_once(event.vials, "vial")
    for code in event.vials:
        vial = need(facts, Vial, code)
        if vial.order_code is None or vial.custody not in ("expected", "stored", "out", "missing"):
            raise Refusal("reserve", f"Vial {code} is {vial.custody}, its reservation cannot be released.", "")


@changes(treatment.ReservationReleased)
def _release_reservation(_draft: Draft, event: treatment.ReservationReleased, state: State) -> None:
    for code in event.vials:
        state.put(replace(state.need(Vial, code), order_code=None, order_line=None))


@checks(treatment.VialsIssued)
def _issued(draft: Draft, event: treatment.VialsIssued, facts: Facts) -> None:
    order, _ = open_order(facts, event.order, event.line)
    each_once(event.vials, "vial")
    receiver_signs(draft, event.receiver)
    for code in event.vials:
        vial = need(facts, Vial, code)
        _fits_product(facts, vial, order)
        fits_order(facts, vial, order, event.line, draft.at)
        in_custody(draft, vial)


def receiver_signs(draft: Draft, receiver: str | None) -> None:
    """I7: whoever takes a thing over signs for it, and nobody else does."""
    signed = [line.name for line in draft.signers if line.meaning == "received"]
    if signed != ([receiver] if receiver is not None else []):
        raise unsafe(
            "I7.receiver", "Whoever takes a thing over signs for it.", "Let the receiver sign.", receiver or ""
        )


@changes(treatment.VialsIssued)
def _issue(draft: Draft, event: treatment.VialsIssued, state: State) -> None:
    holder = event.receiver or draft.first
    for code in event.vials:
        state.put(hand(draft, state, state.need(Vial, code), "issued", "person", holder))


@checks(treatment.IssuedVialsReturned)
def _issued_back(draft: Draft, event: treatment.IssuedVialsReturned, facts: Facts) -> None:
    for item in event.vials:
        in_custody(draft, need(facts, Vial, item.vial))
    free_positions(facts, event.unit, event.vials)


@changes(treatment.IssuedVialsReturned)
def _return_issued(draft: Draft, event: treatment.IssuedVialsReturned, state: State) -> None:
    for item in event.vials:
        vial = state.need(Vial, item.vial)
        place(draft, state, replace(vial, order_code=None, order_line=None), event.unit, item.position)


@checks(treatment.VialsThawed)
def _thawed(draft: Draft, event: treatment.VialsThawed, facts: Facts) -> None:
    each_once(event.vials, "vial")
    for code in event.vials:
        vial = need(facts, Vial, code)
        in_custody(draft, vial)
        if event.purpose == "therapy":
            _thawed_for_patient(draft, facts, vial)
        elif vial.order_code is not None or vial.custody == "issued":
            raise unsafe(
                "I3.reserved", f"Vial {code} is for order {vial.order_code}.", "Thaw another for that purpose.", code
            )


def _thawed_for_patient(draft: Draft, facts: Facts, vial: Vial) -> None:
    if vial.custody != "issued" or vial.order_code is None or vial.order_line is None:
        raise unsafe(
            "I3.issued", f"Vial {vial.code} was not issued.", "A pharmacist issues it for an order first.", vial.code
        )
    order, line = open_order(facts, vial.order_code, vial.order_line)
    fits_order(facts, vial, order, line.line, draft.at)


@changes(treatment.VialsThawed)
def _thaw(draft: Draft, event: treatment.VialsThawed, state: State) -> None:
    for code in event.vials:
        vial = state.need(Vial, code)
        minutes = product_of(state, state.need(Lot, vial.lot)).post_thaw_minutes
        thawed = hand(draft, state, vial, "thawed", "person", draft.first)
        deadline = times.later(draft.occurred_at, minutes=minutes)
        state.put(replace(thawed, thawed_at=draft.occurred_at, deadline=deadline, purpose=event.purpose))


def _opened(vial: Vial, volume_microlitres: int, *also: str) -> None:
    if vial.custody not in ("thawed", "prepared", *also) or vial.thawed_at is None:
        raise Refusal("I1", f"Vial {vial.code} is {vial.custody}, not thawed.", "Thaw it first.", subject=vial.code)
    if volume_microlitres > vial.remaining_microlitres:
        raise Refusal(
            "I5", f"Vial {vial.code} has {vial.remaining_microlitres} uL left, not {volume_microlitres}.",
            "Correct the volume.", subject=vial.code,
        )  # fmt: skip


@checks(treatment.SampleTaken)
def _sampled(_draft: Draft, event: treatment.SampleTaken, facts: Facts) -> None:
    _opened(need(facts, Vial, event.vial), event.volume_microlitres)


@changes(treatment.SampleTaken)
def _sample(draft: Draft, event: treatment.SampleTaken, state: State) -> None:
    vial = state.need(Vial, event.vial)
    state.put(replace(vial, sampled_microlitres=vial.sampled_microlitres + event.volume_microlitres))
    for source in state.where(DoseSource, vial=event.vial):
        settle_sources(draft, state, source.dose)


@checks(treatment.DosePrepared)
def _prepared(draft: Draft, event: treatment.DosePrepared, facts: Facts) -> None:
    order, line = open_order(facts, event.order, event.line)
    each_once((source.vial for source in event.sources), "vial")
    own = event.container == "vial" and [source.vial for source in event.sources] == [event.dose]
    if facts.get(Dose, event.dose) is not None or not own:
        free_code(facts, event.dose, "dose")
    for source in event.sources:
        _check_source(draft, facts, source, order, event.line)
    made = sum(source.volume_microlitres for source in event.sources) + event.diluent_microlitres
    if made - event.sampled_microlitres != event.volume_microlitres:
        raise Refusal(
            "I5", f"{made} uL went in, {event.sampled_microlitres} were sampled, {event.volume_microlitres} came out.",
            "Correct the volumes: they must balance.", subject=event.dose,
        )  # fmt: skip
    within_order(facts, order, line, event.cells, event.dose)


def _check_source(draft: Draft, facts: Facts, source: treatment.Source, order: Order, line: int) -> None:
    vial = need(facts, Vial, source.vial)
    _opened(vial, source.volume_microlitres)
    if vial.purpose != "therapy":
        raise unsafe(
            "I3", f"Vial {vial.code} was thawed for {vial.purpose}.", "Use one thawed for a patient.", vial.code
        )
    fits_order(facts, vial, order, line, draft.at)
    if vial.deadline is not None and draft.at > vial.deadline:
        past_window(facts, "vial", vial.code, vial.deadline, draft.at)


def past_window(facts: Facts, kind: str, code: str, deadline: str, at: str) -> None:
    """I4: refuse what is past its deadline, but where a deviation reaches so far."""
    accepted = acceptance.reach(facts, kind, code, acceptance.WINDOW)
    if times.milliseconds(deadline, at) > accepted:
        reached = times.later(deadline, minutes=accepted // 60_000)
        until = f", and what was accepted at {local(facts, reached)}" if accepted else ""
        raise unsafe(
            "I4.window", f"The post-thaw window of {kind} {code} ended at {local(facts, deadline)}{until}.",
            "Do not give it. Discard it, or let quality record a deviation.", code,
        )  # fmt: skip


def within_order(facts: Facts, order: Order, line: OrderLine, cells: int, dose: str) -> None:
    """I4: what was given, what waits to be given and this one together stay within the order's line."""
    total = cells_with(facts, line, cells, dose)
    if not acceptance.amount_accepted(facts, line, total):
        raise unsafe(
            "I4.amount", f"With this dose, line {line.line} of order {order.code} has {total} cells; at most "
            f"{line.cells_max} are allowed.", "Prepare less, or let quality record a deviation.", dose,
        )  # fmt: skip


def cells_with(facts: Facts, line: OrderLine, cells: int, dose: str) -> int:
    """What a line of an order comes to with a dose of so many cells: given, waiting to be given, and this one."""
    waiting = sum(
        row.cells
        for row in facts.where(Dose, order_code=line.order_code)
        if row.order_line == line.line and row.custody not in FINAL_DOSE and row.code != dose
    )
    return line.cells_given + waiting + cells


@changes(treatment.DosePrepared)
def _prepare(draft: Draft, event: treatment.DosePrepared, state: State) -> None:
    line = state.need(OrderLine, event.order, event.line)
    acceptance.use_amount(state, line, cells_with(state, line, event.cells, event.dose))
    deadlines = []
    for source in event.sources:
        vial = state.need(Vial, source.vial)
        deadlines.append(vial.deadline or draft.occurred_at)
        dosed = vial.dosed_microlitres + source.volume_microlitres
        state.put(
            replace(vial, custody="prepared", custodian_kind="person", custodian=draft.first, dosed_microlitres=dosed),
            DoseSource(event.dose, source.vial, source.volume_microlitres),
        )
    order = state.need(Order, event.order)
    state.put(
        Dose(
            code=event.dose,
            order_code=event.order,
            order_line=event.line,
            patient=order.patient,
            product=order.product,
            container=event.container,
            custody="prepared",
            custodian_kind="person",
            custodian=draft.first,
            volume_microlitres=event.volume_microlitres,
            cells=event.cells,
            viability_millipercent=event.viability_millipercent,
            deadline=min(deadlines),
            given_microlitres=0,
            wasted_microlitres=0,
            checked=None,
            started_at=None,
            ended_at=None,
            reaction=None,
            last_at=draft.occurred_at,
            last_entry=draft.number,
        )
    )
    if state.get(ScanCode, event.dose) is None:
        state.put(ScanCode(event.dose, "dose", event.dose, 0))


@checks(treatment.RemaindersWasted)
def _wasted(_draft: Draft, event: treatment.RemaindersWasted, facts: Facts) -> None:
    each_once((item.vial for item in event.vials), "vial")
    for item in event.vials:
        _opened(need(facts, Vial, item.vial), item.volume_microlitres, "missing")


@changes(treatment.RemaindersWasted)
def _waste(draft: Draft, event: treatment.RemaindersWasted, state: State) -> None:
    for item in event.vials:
        vial = state.need(Vial, item.vial)
        state.put(replace(vial, wasted_microlitres=vial.wasted_microlitres + item.volume_microlitres))
        emptied = state.need(Vial, item.vial)
        if not emptied.remaining_microlitres and not emptied.dosed_microlitres:
            close(draft, state, emptied, "discarded")
        for source in state.where(DoseSource, vial=item.vial):
            settle_sources(draft, state, source.dose)
