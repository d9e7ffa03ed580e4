"""What every entry must satisfy: number of rules and schema, times, signers; and what every entry leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cryoledger.domain import catalogue, times
from cryoledger.domain.facts import Draft, Facts, State
from cryoledger.domain.fields import Event
from cryoledger.domain.records import SUBJECT_RECORD, Mention, Person, Record, Site, Station, Vial
from cryoledger.domain.roles import Kind
from cryoledger.domain.row import altered
from cryoledger.domain.rulebook_1 import restores
from cryoledger.domain.rulebook_1.common import chain
from cryoledger.errors import Refusal

LATE_AFTER_MS = 10 * 60_000
JUMP_MS = 12 * 3_600_000
CLOCK_EVENTS = frozenset({"VaultCreated", "ClockStepped", "ClockCorrected", "RestoreFound", "LedgerRestored"})
RESTORES = frozenset({"RestoreFound", "LedgerRestored"})
OPENINGS = RESTORES | {"VaultCreated"}
STATIONLESS = frozenset({"VaultCreated", "LedgerRestored", "AdministratorRecovered"})


def check(draft: Draft, facts: Facts) -> None:
    """Everything about a draft that depends neither on its type's own rule nor on who signs."""
    declaration = catalogue.of(draft.type)
    opening = "VaultCreated" if draft.epoch == 1 else "RestoreFound or LedgerRestored"
    opens = draft.sequence == 0 and draft.type in (RESTORES if draft.epoch > 1 else {"VaultCreated"})
    declares = draft.type == "LedgerRestored" and draft.sequence > 0 and restores.unreconciled(draft.epoch, facts)
    if not (opens or declares) and (draft.sequence == 0 or draft.type in OPENINGS):
        raise Refusal("opening", f"An epoch opens with {opening}, and with nothing else.", "")
    site = facts.get(Site, "site")
    in_force = site.rulebook if site is not None else draft.rules
    if draft.rules != in_force:
        raise Refusal("rules", f"Rulebook {in_force} is in force here, not {draft.rules}.", "Use the matching program.")
    if draft.schema != declaration.schema:
        raise Refusal("schema", f"{draft.type} has no version {draft.schema} in rulebook {draft.rules}.", "")
    _check_station(draft, facts)
    _check_times(draft)
    _check_order_of_events(draft, facts)


def check_rule(draft: Draft, facts: Facts, rule: Callable[[Draft, Event, Facts], None]) -> None:
    """The type's own rule at the time it occurred; a late entry that would be refused now needs two persons."""
    rule(draft, draft.event, facts)
    if draft.event.late is None or len(_persons(draft, facts)) > 1:
        return
    try:
        rule(replace(draft, now=draft.recorded_at), draft.event, facts)
    except Refusal as refusal:
        raise Refusal(
            "late.two",
            f"This late entry would be refused if it happened now: {refusal.message}",
            "A second person must countersign it.",
        ) from None


def after(draft: Draft, state: State) -> None:
    """What every entry leaves: the last event of each thing it touched, its mentions, and PINs counted from zero."""
    for item in catalogue.subjects(draft.event):
        state.journal(Mention(draft.number, item.kind, item.code))
        record = SUBJECT_RECORD.get(item.kind)
        if item.touched and record is not None:
            _touch(draft, state, record, item.code)
    for signed in draft.signers:
        state.journal(Mention(draft.number, "signer", signed.name))
    if catalogue.of(draft.type).signing.pin or draft.type == "PersonSignedIn":
        for signed in draft.signers:
            person = state.get(Person, signed.name)
            if person is not None and person.wrong_pins:
                state.put(replace(person, wrong_pins=0))


def _touch(draft: Draft, state: State, record: type[Record], code: str) -> None:
    row = state.get(record, code)
    if row is not None:
        state.put(altered(row, last_at=draft.occurred_at, last_entry=draft.number))


def _check_station(draft: Draft, facts: Facts) -> None:
    """An entry is made at an enrolled station (I7), save those by which a station or a person comes back."""
    if draft.type in STATIONLESS or (draft.type == "StationEnrolled" and _enrols_itself(draft)):
        return
    station = facts.get(Station, draft.station)
    if station is None or station.status != "active":
        what = "is not enrolled" if station is None else "is retired"
        raise Refusal(
            "I7.station", f"The station {draft.station!r} {what}.", "An administrator can enrol it.", safety=True
        )


def _enrols_itself(draft: Draft) -> bool:
    return bool(getattr(draft.event, "station", None) == draft.station)


def _check_times(draft: Draft) -> None:
    if draft.previous_recorded_at is not None and draft.type not in CLOCK_EVENTS:
        step = times.milliseconds(draft.previous_recorded_at, draft.recorded_at)
        if step < 0:
            raise Refusal(
                "time.behind", "The clock stands behind the last entry.", "Set the clock, or let two accept it."
            )
        if step > JUMP_MS:
            raise Refusal(
                "time.ahead",
                f"{step // 3_600_000} hours have passed since the last entry.",
                "Confirm that the clock is right.",
            )
    gap = times.milliseconds(draft.occurred_at, draft.recorded_at)
    if gap < 0:
        raise Refusal("time.future", "An event cannot be recorded before it occurs.", "Correct the time it occurred.")
    if gap > LATE_AFTER_MS and draft.event.late is None:
        raise Refusal(
            "late.reason", f"This happened {gap // 60_000} min ago and no reason is given.", "Say why it is late."
        )


def _check_order_of_events(draft: Draft, facts: Facts) -> None:
    """An event may not precede the last event of what it touches, nor of the units that hold it."""
    for item in catalogue.subjects(draft.event):
        record = SUBJECT_RECORD.get(item.kind)
        if record is None or not (item.touched or item.kind == "unit"):
            continue
        row = facts.get(record, item.code)
        if row is None:
            continue
        rows: list[Record] = [row]
        if item.kind == "unit":
            rows = list(chain(facts, item.code))
        elif isinstance(row, Vial):
            rows += chain(facts, row.unit)
        for each in rows:
            _not_before(draft, each)


def _not_before(draft: Draft, row: Record) -> None:
    # What a clock that was ahead dated later than now is in the past all the same (ClockCorrected).
    last = min(str(row.last_at), draft.recorded_at)  # type: ignore[attr-defined]
    if draft.occurred_at < last:
        code = row.identity[0]
        raise Refusal(
            "time.order",
            f"{draft.type} at {draft.occurred_at} would precede the last event of {code} at {last}.",
            "Correct the time it occurred.",
            subject=str(code),
        )


def _persons(draft: Draft, facts: Facts) -> set[str]:
    if catalogue.of(draft.type).signing.kind is Kind.OBSERVED:
        return set()
    return {signed.name for signed in draft.signers if facts.get(Person, signed.name) is not None}
