"""Rules of vials at the freezer: positions, checks, excursions, shipments, ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cryoledger.domain.events import storage
from cryoledger.domain.facts import Draft, Facts, State
from cryoledger.domain.fields import Placed
from cryoledger.domain.records import (
    Excursion,
    Lot,
    Order,
    ScanCode,
    Shipment,
    StorageUnit,
    UnitPlacement,
    Vial,
    VialPlacement,
)
from cryoledger.domain.rulebook_1 import shipments
from cryoledger.domain.rulebook_1.common import (
    DEEPEST,
    FINAL,
    changes,
    checks,
    close,
    consents,
    donors_of,
    each_once,
    free_code,
    hand,
    hold,
    in_custody,
    local,
    need,
    place,
    product_of,
    unsafe,
)
from cryoledger.domain.rulebook_1.units import usable_unit
from cryoledger.errors import Refusal


def free_positions(facts: Facts, unit: str, placements: Iterable[Placed]) -> None:
    """I2: every position exists and is free, or is left by a vial of the same event."""
    box, placed = usable_unit(facts, unit), tuple(placements)
    if not box.rows:
        raise Refusal("I2.box", f"{box.kind} {unit} has no positions.", "Scan a box.", subject=unit)
    each_once((item.vial for item in placed), "vial")
    each_once((item.position for item in placed), "position")
    moving = {item.vial for item in placed}
    for item in placed:
        if item.position >= box.rows * box.columns:
            raise Refusal(
                "I2.position", f"{unit} has {box.rows * box.columns} positions; none is number {item.position + 1}.",
                "Scan a position of the box.", subject=item.vial,
            )  # fmt: skip
        for other in facts.where(Vial, unit=unit, position=item.position):
            if other.code not in moving:
                raise Refusal(
                    "I2",
                    f"That position of {unit} holds vial {other.code}.",
                    "Choose a free position, or check the box.",
                    subject=item.vial,
                )


@checks(storage.VialsStored)
@checks(storage.VialsReturned)
@checks(storage.VialsMoved)
def _vials_placed(draft: Draft, event: storage.VialsStored, facts: Facts) -> None:
    for item in event.vials:
        in_custody(draft, need(facts, Vial, item.vial))
    free_positions(facts, event.unit, event.vials)


@changes(storage.VialsStored)
@changes(storage.VialsReturned)
@changes(storage.VialsMoved)
@changes(storage.VialsTransferred)
def _place_vials(draft: Draft, event: storage.VialsStored, state: State) -> None:
    for item in event.vials:
        place(draft, state, state.need(Vial, item.vial), event.unit, item.position)


@checks(storage.VialsTransferred)
def _transferred(draft: Draft, event: storage.VialsTransferred, facts: Facts) -> None:
    if event.source == event.unit:
        raise Refusal("transfer", "A transfer goes from one box to another.", "Scan the other box.", subject=event.unit)
    for item in event.vials:
        vial = need(facts, Vial, item.vial)
        in_custody(draft, vial)
        if (vial.unit, vial.position) != (event.source, item.position):
            raise Refusal(
                "transfer", f"Vial {vial.code} is not in that position of {event.source}.", "Check the box first.",
                subject=vial.code,
            )  # fmt: skip
    free_positions(facts, event.unit, event.vials)


@checks(storage.VialsTakenOut)
def _taken_for(draft: Draft, event: storage.VialsTakenOut, facts: Facts) -> None:
    if event.order is not None:
        need(facts, Order, event.order)
    _taken(draft, event, facts)


@checks(storage.VialsReportedMissing)
def _taken(draft: Draft, event: storage.VialsTakenOut | storage.VialsReportedMissing, facts: Facts) -> None:
    each_once(event.vials, "vial")
    for code in event.vials:
        in_custody(draft, need(facts, Vial, code))


@changes(storage.VialsTakenOut)
def _take_out(draft: Draft, event: storage.VialsTakenOut, state: State) -> None:
    for code in event.vials:
        state.put(hand(draft, state, state.need(Vial, code), "out", "person", draft.first))


@changes(storage.VialsReportedMissing)
def _missing(draft: Draft, event: storage.VialsReportedMissing, state: State) -> None:
    for code in event.vials:
        state.put(hand(draft, state, state.need(Vial, code), "missing", "nobody", ""))


@checks(storage.VialsFound)
def _found(draft: Draft, event: storage.VialsFound, facts: Facts) -> None:
    for item in event.vials:
        vial = need(facts, Vial, item.vial)
        in_custody(draft, vial)
        _never_thawed(facts, vial)
    free_positions(facts, event.unit, event.vials)


def _never_thawed(facts: Facts, vial: Vial) -> None:
    """Never refrozen: a vial that was thawed before it went missing has no way back into stock."""
    if vial.thawed_at is not None:
        raise unsafe(
            "I1.thawed",
            f"Vial {vial.code} was thawed at {local(facts, vial.thawed_at)}.",
            "Do not store it: discard it, by two.",
            vial.code,
        )


@changes(storage.VialsFound)
def _find(draft: Draft, event: storage.VialsFound, state: State) -> None:
    for item in event.vials:
        place(draft, state, state.need(Vial, item.vial), event.unit, item.position)
        hold(draft, state, "vial", item.vial, "missing-found")


@checks(storage.VialsLabelled)
def _labelled(_draft: Draft, event: storage.VialsLabelled, facts: Facts) -> None:
    each_once(event.vials, "vial")
    for code in event.vials:
        need(facts, Vial, code)


@changes(storage.VialsLabelled)
def _label(_draft: Draft, _event: storage.VialsLabelled, _state: State) -> None:
    """Leaves only its mentions: what was printed, with which layout."""


@checks(storage.VialLabelReplaced)
def _label_replaced(_draft: Draft, event: storage.VialLabelReplaced, facts: Facts) -> None:
    vial = need(facts, Vial, event.vial)
    if vial.custody in FINAL:
        raise Refusal("label", f"Vial {vial.code} is {vial.custody}.", "It needs no label.", subject=vial.code)
    free_code(facts, event.label, "label")


@changes(storage.VialLabelReplaced)
def _replace_label(_draft: Draft, event: storage.VialLabelReplaced, state: State) -> None:
    vial = state.need(Vial, event.vial)
    state.put(replace(state.need(ScanCode, vial.label), retired=1))
    state.put(ScanCode(event.label, "vial", vial.code, 0), replace(vial, label=event.label))


@checks(storage.VialTubeBound)
def _tube_bound(_draft: Draft, event: storage.VialTubeBound, facts: Facts) -> None:
    need(facts, Vial, event.vial)
    free_code(facts, event.tube, "tube")


@changes(storage.VialTubeBound)
def _bind_tube(_draft: Draft, event: storage.VialTubeBound, state: State) -> None:
    state.put(ScanCode(event.tube, "vial", event.vial, 0))


@checks(storage.VialTubeUnbound)
def _tube_unbound(_draft: Draft, event: storage.VialTubeUnbound, facts: Facts) -> None:
    vial = need(facts, Vial, event.vial)
    if event.tube in (vial.code, vial.label):
        advice = "Replace the label: the old code then says which vial it was."
        raise Refusal("tube", f"{event.tube} is the vial's own code, no tube's.", advice, subject=vial.code)
    row = facts.get(ScanCode, event.tube)
    if row is None or row.retired or (row.kind, row.code) != ("vial", vial.code):
        advice = "Scan the tube: the answer names the vial that it is bound to."
        raise Refusal("tube", f"The tube {event.tube} is not bound to vial {vial.code}.", advice, subject=vial.code)


@changes(storage.VialTubeUnbound)
def _unbind_tube(_draft: Draft, event: storage.VialTubeUnbound, state: State) -> None:
    state.remove(ScanCode, event.tube)


CHECKABLE = frozenset({"expected", "stored", "out", "missing"})


@checks(storage.BoxChecked)
def _box_checked(_draft: Draft, event: storage.BoxChecked, facts: Facts) -> None:
    seen = [*event.present, *(item.vial for item in event.moved), *event.missing]
    each_once(seen, "vial")
    for code in (*event.present, *event.missing):
        if need(facts, Vial, code).unit != event.unit:
            raise Refusal("check", f"Vial {code} is not recorded in {event.unit}.", "Scan the box again.", subject=code)
    left_out = {row.code for row in facts.where(Vial, unit=event.unit)} - set(seen)
    if left_out:
        raise Refusal("check", f"The check says nothing of vial {min(left_out)}.", "Scan the box again.")
    for item in event.moved:
        vial = need(facts, Vial, item.vial)
        if vial.custody not in CHECKABLE:
            raise Refusal(
                "check", f"Vial {vial.code} is {vial.custody} and lies in {event.unit}.",
                "Put it aside and tell the quality officer.", subject=vial.code, safety=True,
            )  # fmt: skip
        _never_thawed(facts, vial)
    _check_found_positions(facts, event)


def _check_found_positions(facts: Facts, event: storage.BoxChecked) -> None:
    """The positions in which vials were found are free once the missing and the moved are out of theirs."""
    staying = {code: need(facts, Vial, code).position for code in event.present}
    taken = [position for position in staying.values() if position is not None]
    each_once([*taken, *(item.position for item in event.moved)], "position")
    box = usable_unit(facts, event.unit)
    if any(item.position >= box.rows * box.columns for item in event.moved):
        raise Refusal("I2.position", f"{event.unit} has {box.rows * box.columns} positions.", "Scan one of them.")


@changes(storage.BoxChecked)
def _check_box(draft: Draft, event: storage.BoxChecked, state: State) -> None:
    for code in event.missing:
        state.put(hand(draft, state, state.need(Vial, code), "missing", "nobody", ""))
    for item in event.moved:
        vial = state.need(Vial, item.vial)
        if vial.custody == "missing":
            hold(draft, state, "vial", vial.code, "missing-found")
        place(draft, state, vial, event.unit, item.position)
    state.put(replace(state.need(StorageUnit, event.unit), checked_at=draft.occurred_at))


@checks(storage.ExcursionRecorded)
def _excursion(draft: Draft, event: storage.ExcursionRecorded, facts: Facts) -> None:
    need(facts, StorageUnit, event.unit)
    if not event.started_at < event.ended_at <= draft.recorded_at:
        raise Refusal(
            "excursion", "An excursion ends after it started, and before it is recorded.", "Correct the times."
        )


@changes(storage.ExcursionRecorded)
def _hold_excursion(draft: Draft, event: storage.ExcursionRecorded, state: State) -> None:
    state.put(Excursion(draft.number, event.unit, event.started_at, event.ended_at, event.worst_millicelsius))
    for code in sorted(inside_during(state, event.unit, event.started_at, event.ended_at)):
        if state.need(Vial, code).custody not in FINAL:
            hold(draft, state, "vial", code, "temperature")


def inside_during(facts: Facts, unit: str, start: str, end: str, depth: int = 0) -> set[str]:
    """Every vial that was anywhere inside a unit at some moment between two instants."""
    if start > end or depth > DEEPEST:
        return set()
    found = {row.code for row in facts.where(Vial, unit=unit) if row.since <= end}
    for stay in facts.where(VialPlacement, unit=unit):
        if stay.started_at <= end and stay.ended_at >= start:
            found.add(stay.vial)
    for child in facts.where(StorageUnit, parent=unit):
        if child.since <= end:
            found |= inside_during(facts, child.code, max(start, child.since), end, depth + 1)
    for past in facts.where(UnitPlacement, parent=unit):
        if past.started_at <= end and past.ended_at >= start:
            narrowed = (max(start, past.started_at), min(end, past.ended_at))
            found |= inside_during(facts, past.unit, *narrowed, depth + 1)
    return found


@checks(storage.VialsShipped)
def _shipped(draft: Draft, event: storage.VialsShipped, facts: Facts) -> None:
    if facts.get(Shipment, event.shipment) is None:
        free_code(facts, event.shipment, "shipment")
    each_once(event.vials, "vial")
    for code in event.vials:
        vial = need(facts, Vial, code)
        in_custody(draft, vial)
        if vial.order_code is not None:
            raise Refusal("ship", f"Vial {code} is reserved for order {vial.order_code}.", "Release it first.")
        if need(facts, Lot, vial.lot).disposition == "rejected":
            raise Refusal("ship", f"Vial {code} is of a rejected lot.", "Discard it.", safety=True, subject=code)
    shipments.check_sent(draft, event, facts)


@changes(storage.VialsShipped)
def _ship(draft: Draft, event: storage.VialsShipped, state: State) -> None:
    state.put(
        Shipment(event.shipment, event.destination, "in transit", draft.occurred_at, draft.number),
        ScanCode(event.shipment, "shipment", event.shipment, 0),
    )
    for code in event.vials:
        state.put(hand(draft, state, state.need(Vial, code), "in_transit", "shipment", event.shipment))
    shipments.send(draft, event, state)


def _of_shipment(draft: Draft, facts: Facts, shipment: str, codes: Iterable[str]) -> None:
    need(facts, Shipment, shipment)
    for code in codes:
        vial = need(facts, Vial, code)
        in_custody(draft, vial)
        if vial.custodian != shipment:
            raise Refusal("ship", f"Vial {code} is in shipment {vial.custodian}.", "Scan that shipment.", subject=code)


@checks(storage.VialsReceived)
def _received(draft: Draft, event: storage.VialsReceived, facts: Facts) -> None:
    _of_shipment(draft, facts, event.shipment, [item.vial for item in event.vials])
    free_positions(facts, event.unit, event.vials)


@changes(storage.VialsReceived)
def _receive(draft: Draft, event: storage.VialsReceived, state: State) -> None:
    for item in event.vials:
        place(draft, state, state.need(Vial, item.vial), event.unit, item.position)
        limit = product_of(state, state.need(Lot, state.need(Vial, item.vial).lot)).storage_millicelsius_max
        if event.worst_millicelsius is not None and event.worst_millicelsius > limit:
            hold(draft, state, "vial", item.vial, "temperature")
    shipments.arrived(draft, event, state)
    state.put(replace(state.need(Shipment, event.shipment), status="received"))


@checks(storage.ShipmentRefused)
def _shipment_refused(draft: Draft, event: storage.ShipmentRefused, facts: Facts) -> None:
    each_once(event.vials, "vial")
    _of_shipment(draft, facts, event.shipment, event.vials)


@changes(storage.ShipmentRefused)
def _refuse_shipment(draft: Draft, event: storage.ShipmentRefused, state: State) -> None:
    for code in event.vials:
        _destroy(draft, state, code)
    state.put(replace(state.need(Shipment, event.shipment), status="refused"))


@checks(storage.VialsDiscarded)
def _discarded(draft: Draft, event: storage.VialsDiscarded, facts: Facts) -> None:
    each_once(event.vials, "vial")
    for code in event.vials:
        vial = need(facts, Vial, code)
        in_custody(draft, vial)
        if vial.dosed_microlitres:
            raise Refusal(
                "I5", f"Part of vial {code} is in a dose.", "Waste the remainder, or discard the dose.", subject=code
            )


@changes(storage.VialsDiscarded)
def _discard(draft: Draft, event: storage.VialsDiscarded, state: State) -> None:
    for code in event.vials:
        _destroy(draft, state, code)


def _destroy(draft: Draft, state: State, code: str) -> None:
    vial = state.need(Vial, code)
    wasted = vial.wasted_microlitres + vial.remaining_microlitres
    close(draft, state, replace(vial, wasted_microlitres=wasted), "discarded")


@checks(storage.VialsConsumed)
def _consumed(draft: Draft, event: storage.VialsConsumed, facts: Facts) -> None:
    each_once(event.vials, "vial")
    if event.lot is not None:
        need(facts, Lot, event.lot)
    for code in event.vials:
        vial = need(facts, Vial, code)
        in_custody(draft, vial)
        if vial.order_code is not None or vial.dosed_microlitres:
            raise Refusal("consume", f"Vial {code} is meant for order {vial.order_code}.", "Release it first.")
        for _, donor in donors_of(facts, need(facts, Lot, vial.lot)):
            if event.purpose == "research":
                consents(donor, "research", code)
            elif event.purpose == "expansion" and donor.consent_withdrawn_on is not None:
                raise unsafe("I3.consent", f"Donor {donor.code} withdrew consent.", "Make nothing of it.", code)


@changes(storage.VialsConsumed)
def _consume(draft: Draft, event: storage.VialsConsumed, state: State) -> None:
    for code in event.vials:
        vial = state.need(Vial, code)
        sampled = vial.sampled_microlitres + vial.remaining_microlitres
        state.put(replace(vial, sampled_microlitres=sampled, purpose=event.purpose))
        close(draft, state, state.need(Vial, code), "consumed")
