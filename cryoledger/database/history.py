"""What the ledger said of a thing, a person or at all, in the order of the story."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cryoledger.database.facts import recorded_of
from cryoledger.database.snapshots import Source, snapshot
from cryoledger.database.store import Reading, Stored
from cryoledger.domain import catalogue
from cryoledger.domain.events.vault import VaultCreated
from cryoledger.domain.facts import Recorded
from cryoledger.domain.records import Excursion, StorageUnit, UnitPlacement, Vial, VialPlacement

__all__ = ["SignedEntry", "entries", "history", "recorded_between", "signatures_of"]

FOREVER = "9999-12-31T23:59:59.999Z"
DEEPEST = 64
_RECORDED_AT = b'"recorded_at":"'  # no payload's text can hold these bytes: in it, quotes are escaped
_INSTANT_BYTES = 24


@dataclass(frozen=True, slots=True)
class SignedEntry:
    """An entry that a person signed, and what that signature meant (21 CFR 11.50)."""

    recorded: Recorded
    meaning: str


@dataclass(frozen=True, slots=True)
class Stay:
    """A time that something spent in a unit, directly or through what held it; instants as the ledger's text."""

    unit: str
    started_at: str
    ended_at: str


def entries(source: Source, first: int = 0, last: int | None = None) -> Iterator[Stored]:
    """Entries in order, from number `first` to number `last`, both included; the snapshot lasts as long as it."""
    with snapshot(source) as now:
        yield from now.entries(first, last)


def recorded_between(source: Source, start: str, end: str) -> Iterator[Recorded]:
    """Entries recorded from one instant on and before another, in order.

    Every entry is looked at: recorded time falls where two persons accepted another clock.
    """
    first, last = start.encode(), end.encode()
    with snapshot(source) as now:
        for stored in now.entries():
            at = stored.note.rfind(_RECORDED_AT) + len(_RECORDED_AT)
            if first <= stored.note[at : at + _INSTANT_BYTES] < last:
                yield recorded_of(stored)


def signatures_of(source: Source, person: str, limit: int = 20) -> list[SignedEntry]:
    """The last entries that a name signed, the latest first."""
    with snapshot(source) as now:
        numbers = now.driver.all(
            "SELECT entry FROM mention WHERE kind = 'signer' AND code = ? ORDER BY entry DESC LIMIT ?", (person, limit)
        )
        found = [_recorded(now, number) for (number,) in numbers]
    return [SignedEntry(entry, signed.meaning) for entry in found for signed in entry.signers if signed.name == person]


def history(source: Source, kind: str, code: str) -> list[Recorded]:
    """Every entry that names a thing, in order.

    For a vial or a unit also what happened to the units that held it, while they held it (DOMAIN, "Storage unit").
    """
    with snapshot(source) as now:
        found = _mentioning(now, kind, code)
        stays: list[Stay] = []
        if kind == "vial":
            stays = _stays_of_vial(now, code)
        elif kind == "person" and _created_by(now) == code:
            found.add(0)
        elif kind == "unit":
            stays = [stay for stay in _with_holders(now, Stay(code, "", FOREVER), DEEPEST) if stay.unit != code]
        for stay in stays:
            found |= _during(now, stay)
        return [_recorded(now, number) for number in sorted(found)]


def _created_by(now: Reading) -> str | None:
    """The administrator whom entry 0 enrols; it names them without mentioning them."""
    first = now.recorded(0)
    return first.event.administrator.name if first is not None and isinstance(first.event, VaultCreated) else None


def _recorded(now: Reading, number: int) -> Recorded:
    entry = now.recorded(number)
    if entry is None:
        raise RuntimeError(f"entry {number} is mentioned and not in the ledger")
    return entry


def _mentioning(now: Reading, kind: str, code: str) -> set[int]:
    sql = "SELECT entry FROM mention WHERE kind = ? AND code = ?"
    return {number for (number,) in now.driver.all(sql, (kind, code))}


def _during(now: Reading, stay: Stay) -> set[int]:
    """Entries that changed a unit within a stay, not those that only name it as a place; and its excursions."""
    found = {
        row.number
        for row in now.facts.where(Excursion, unit=stay.unit)
        if row.started_at <= stay.ended_at and stay.started_at <= row.ended_at
    }
    for number in _mentioning(now, "unit", stay.unit):
        entry = _recorded(now, number)
        if stay.started_at <= entry.occurred_at <= stay.ended_at and any(
            (thing.kind, thing.code, thing.touched) == ("unit", stay.unit, True)
            for thing in catalogue.subjects(entry.event)
        ):
            found.add(number)
    return found


def _stays_of_vial(now: Reading, code: str) -> list[Stay]:
    stays = [Stay(row.unit, row.started_at, row.ended_at) for row in now.facts.where(VialPlacement, vial=code)]
    vial = now.facts.get(Vial, code)
    if vial is not None and vial.unit is not None:
        stays.append(Stay(vial.unit, vial.since, FOREVER))
    return [outer for stay in stays for outer in _with_holders(now, stay, DEEPEST)]


def _with_holders(now: Reading, stay: Stay, depth: int) -> Iterator[Stay]:
    """A stay in a unit, and what it was at the same time in the units around that."""
    yield stay
    if not depth:
        raise RuntimeError(f"the storage unit {stay.unit} lies in itself")
    outer = [
        Stay(row.parent, row.started_at, row.ended_at)
        for row in now.facts.where(UnitPlacement, unit=stay.unit)
        if row.parent is not None
    ]
    unit = now.facts.get(StorageUnit, stay.unit)
    if unit is not None and unit.parent is not None:
        outer.append(Stay(unit.parent, unit.since, FOREVER))
    for around in outer:
        start, end = max(stay.started_at, around.started_at), min(stay.ended_at, around.ended_at)
        if start <= end:
            yield from _with_holders(now, Stay(around.unit, start, end), depth - 1)
