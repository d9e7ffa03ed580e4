"""Rules of an import's parts: what one brings, judged as if each thing had been recorded by itself, and its withdrawal.

A part may hold two thousand vials, and commits within 200 ms: look-ups go by box and by lot, and once by each code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from cryoledger.domain.events import imports, lots, storage
from cryoledger.domain.facts import Draft, Facts, State
from cryoledger.domain.import_records import Import, ImportLot, ImportPart
from cryoledger.domain.records import (
    Donation,
    Donor,
    Hold,
    Lot,
    LotDonation,
    Patient,
    Product,
    ScanCode,
    StorageUnit,
    Vial,
)
from cryoledger.domain.rulebook_1.common import (
    CHANGES,
    CHECKS,
    changes,
    checks,
    each_once,
    free_code,
    free_codes,
    happened,
    hold,
    need,
    unit_exposure,
    unsafe,
)
from cryoledger.domain.rulebook_1.imports import UNDEFINED, newest_version, open_import
from cryoledger.domain.rulebook_1.lots import collected_first, new_vial, sound_expiry
from cryoledger.domain.rulebook_1.units import usable_unit
from cryoledger.errors import Refusal


@checks(imports.ImportPartRecorded)
def _part(draft: Draft, event: imports.ImportPartRecorded, facts: Facts) -> None:
    row = open_import(facts, event.number)
    if row.abandoned is not None:
        raise Refusal("import", f"Import {row.number} was abandoned.", "Begin another.")
    if event.part != row.done + 1 or event.part > row.parts:
        raise Refusal("import.part", f"Import {row.number} goes on with part {row.done + 1} of {row.parts}.", "")
    codes = tuple(_new_codes(event))
    each_once(codes, "code")
    free_codes(facts, codes, "thing")
    state = State(facts)
    for unit in event.units:
        added = _unit_event(unit)
        CHECKS["StorageUnitAdded"](draft, added, state)
        CHANGES["StorageUnitAdded"](draft, added, state)
    _check_donors(draft, event, facts)
    for lot in event.lots:
        _check_lot(draft, event, lot, facts)
    _check_vials(event, facts, state)


def _new_codes(event: imports.ImportPartRecorded) -> Iterator[str]:
    yield from (unit.unit for unit in event.units)
    yield from event.donors
    yield from (donation.donation for donation in event.donations)
    yield from (lot.lot for lot in event.lots)
    for group in event.vials:
        yield from group.vials


def _unit_event(unit: imports.ImportedUnit) -> storage.StorageUnitAdded:
    return storage.StorageUnitAdded(**unit.model_dump())


def _check_donors(draft: Draft, event: imports.ImportPartRecorded, facts: Facts) -> None:
    for donation in event.donations:
        if donation.donor not in event.donors:
            _consenting(need(facts, Donor, donation.donor))
        if donation.collected_on is not None:
            happened(draft, facts, donation.collected_on, "A collection")


def _consenting(donor: Donor) -> None:
    if donor.consent_withdrawn_on is not None:
        raise unsafe("I3.consent", f"Donor {donor.code} withdrew consent.", "Leave it out.", donor.code)


def _check_lot(draft: Draft, event: imports.ImportPartRecorded, lot: imports.ImportedLot, facts: Facts) -> None:
    brought = {row.code: row for row in _donations(draft, event)}
    each_once(lot.donations, "donation")
    happened(draft, facts, lot.filled_on, "A filling")
    for code in lot.donations:
        if code not in brought:
            _consenting(need(facts, Donor, need(facts, Donation, code).donor))
        collected_first(lot.lot, lot.filled_on, brought.get(code) or need(facts, Donation, code))
    if lot.version != UNDEFINED:
        need(facts, Product, lot.product, lot.version)
    elif newest_version(facts, lot.product) == UNDEFINED and facts.get(Product, lot.product, UNDEFINED) is None:
        free_code(facts, lot.product, "product")
    if (lot.donor_kind != "allogeneic") != (lot.patient is not None):
        raise Refusal("lot.patient", "An autologous or directed lot names its patient, another one none.", "")
    if lot.patient is not None:
        need(facts, Patient, lot.patient)
    sound_expiry(lot.filled_on, lot.expiry_on, lot.expires_at)


def _check_vials(event: imports.ImportPartRecorded, facts: Facts, state: State) -> None:
    """I2, a box at a time: every position exists, is free, and is given once."""
    brought = {lot.lot for lot in event.lots}
    places: dict[str, list[int]] = {}
    for group in event.vials:
        if len(group.vials) != len(group.positions):
            raise Refusal("import.part", "There is not one position for every vial.", "")
        if group.lot not in brought:
            _open_lot(need(facts, Lot, group.lot))
        places.setdefault(group.unit, []).extend(group.positions)
    for unit, positions in places.items():
        box = usable_unit(state, unit)
        if not box.rows or max(positions) >= box.rows * box.columns:
            raise Refusal("I2.position", f"{box.kind} {unit} has {box.rows * box.columns} positions.", "", subject=unit)
        each_once(positions, "position")
        taken = {vial.position for vial in facts.where(Vial, unit=unit)}
        if not taken.isdisjoint(positions):
            raise Refusal("I2", f"A position of {unit} holds another vial.", "Check the box.", subject=unit)
    codes = {code for group in event.vials for code in group.vials}
    if not codes.issuperset(event.held):
        raise Refusal("import.part", "A vial is to be held that this part does not bring.", "")


def _open_lot(lot: Lot) -> None:
    if lot.disposition != "quarantined":
        raise unsafe(
            "lot.filled", f"Lot {lot.code} is {lot.disposition}: what was judged is not added to.",
            "Import it under another lot's number.", lot.code,
        )  # fmt: skip


@changes(imports.ImportPartRecorded)
def _record(draft: Draft, event: imports.ImportPartRecorded, state: State) -> None:
    for unit in event.units:
        CHANGES["StorageUnitAdded"](draft, _unit_event(unit), state)
    at = draft.occurred_at
    for donor in event.donors:
        state.put(Donor(donor, "", "", None, "pending", at, draft.number), ScanCode(donor, "donor", donor, 0))
    for donation in _donations(draft, event):
        state.put(donation, ScanCode(donation.code, "donation", donation.code, 0))
    for lot in event.lots:
        _record_lot(draft, event.number, lot, state)
    for group in event.vials:
        _record_vials(draft, group, state)
    for code in event.held:
        hold(draft, state, "vial", code, "import")
    row = state.need(Import, event.number)
    state.put(replace(row, done=event.part), ImportPart(draft.number, event.number, event.part))


def _donations(draft: Draft, event: imports.ImportPartRecorded) -> Iterator[Donation]:
    for each in event.donations:
        collected_on = each.collected_on or ""
        yield Donation(each.donation, each.donor, each.tissue, collected_on, draft.occurred_at, draft.number)


def _record_lot(draft: Draft, number: int, lot: imports.ImportedLot, state: State) -> None:
    if lot.version == UNDEFINED and not state.where(Product, code=lot.product):
        # Not defined here: limits that nothing passes, until quality defines the product.
        state.put(
            Product(lot.product, UNDEFINED, lot.product, -273_150, 0, 0, "", None),
            ScanCode(lot.product, "product", lot.product, 0),
        )
    # Its version 0 is none that anybody could register: what is given here was validated as an ImportedLot.
    values = {name: getattr(lot, name) for name in type(lot).model_fields if name != "viability_millipercent"}
    CHANGES["LotRegistered"](draft, lots.LotRegistered.model_construct(**values), state)
    state.put(ImportLot(lot.lot, number))


def _record_vials(draft: Draft, group: imports.ImportedVials, state: State) -> None:
    lot = state.need(Lot, group.lot)
    state.put(replace(lot, vial_count=lot.vial_count + len(group.vials), last_at=draft.occurred_at,
                      last_entry=draft.number))  # fmt: skip
    mark = unit_exposure(state, state.need(StorageUnit, group.unit), draft.occurred_at)
    like = replace(
        new_vial(draft, lot, ""),
        custody="stored",
        custodian_kind="position",
        custodian=group.unit,
        unit=group.unit,
        unit_mark_ms=mark,
    )
    tail = _fields_after_position(like)
    middle: tuple[Any, ...] = (like.lot, like.custody, like.custodian_kind, like.custodian, like.unit)
    make: Callable[..., Vial] = Vial  # by place, not by name: this runs once for each of a million
    for code, position in zip(group.vials, group.positions, strict=True):
        state.put(make(code, code, *middle, position, *tail), ScanCode(code, "vial", code, 0))


def _fields_after_position(like: Vial) -> tuple[Any, ...]:
    names = list(Vial.__dataclass_fields__)
    return tuple(getattr(like, name) for name in names[names.index("position") + 1 :])


@checks(imports.ImportPartWithdrawn)
def _withdrawn(_draft: Draft, event: imports.ImportPartWithdrawn, facts: Facts) -> None:
    row = open_import(facts, event.number)
    if row.abandoned is None:
        raise Refusal("import", f"Import {row.number} was not abandoned.", "Abandon it first.")
    if event.part != row.done:
        raise Refusal("import.part", f"Part {row.done} of import {row.number} is the next to be withdrawn.", "")
    _recorded_part(facts, event)


def _recorded_part(facts: Facts, event: imports.ImportPartWithdrawn) -> tuple[int, imports.ImportPartRecorded]:
    """The entry that recorded a part, and what it said."""
    for row in facts.where(ImportPart, number=event.number):
        entry = facts.recorded(row.entry) if row.part == event.part else None
        if entry is not None and isinstance(entry.event, imports.ImportPartRecorded):
            return row.entry, entry.event
    raise Refusal("import.part", f"Part {event.part} of import {event.number} is not recorded.", "")


@changes(imports.ImportPartWithdrawn)
def _withdraw(_draft: Draft, event: imports.ImportPartWithdrawn, state: State) -> None:
    entry, part = _recorded_part(state, event)
    for held in state.facts.where(Hold, number=entry):
        state.remove(Hold, *held.identity)
    own: set[str] = set()
    for group in part.vials:
        own.update(group.vials)
        lot = state.need(Lot, group.lot)
        state.put(replace(lot, vial_count=lot.vial_count - len(group.vials)))
    for code in own:
        state.remove(Vial, code)
        state.remove(ScanCode, code)
    for each in part.lots:
        _withdraw_lot(state, each)
    for donation in part.donations:
        state.remove(Donation, donation.donation)
        state.remove(ScanCode, donation.donation)
    for donor in part.donors:
        state.remove(Donor, donor)
        state.remove(ScanCode, donor)
    for unit in reversed(part.units):
        _withdraw_unit(state, unit.unit, own)
    state.remove(ImportPart, entry)
    row = state.need(Import, event.number)
    state.put(replace(row, done=event.part - 1, status="open" if event.part > 1 else "abandoned"))


def _withdraw_lot(state: State, lot: imports.ImportedLot) -> None:
    state.remove(Lot, lot.lot)
    state.remove(ImportLot, lot.lot)
    state.remove(ScanCode, lot.lot)
    for donation in lot.donations:
        state.remove(LotDonation, lot.lot, donation)
    versions = state.where(Product, code=lot.product)
    if [row.version for row in versions] == [UNDEFINED] and not state.where(Lot, product=lot.product):
        state.remove(Product, lot.product, UNDEFINED)
        state.remove(ScanCode, lot.product)


def _withdraw_unit(state: State, code: str, own: set[str]) -> None:
    """The unit leaves, unless somebody has put something else into it."""
    others = [vial.code for vial in state.facts.where(Vial, unit=code) if vial.code not in own]
    if not others and not state.where(StorageUnit, parent=code):
        state.remove(StorageUnit, code)
        state.remove(ScanCode, code)
