"""The audit report of a period: what was typed, late, corrected, overridden or refused, access, and who did what.

A day is the site's, from midnight to midnight; an entry belongs to the day on which it was recorded, so that what
came late is in the report of the day on which it came.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from cryoledger.custody.proof.attesting import Attested, prove
from cryoledger.database.history import recorded_between
from cryoledger.database.store import Reading
from cryoledger.documents.custody_report import paper_of
from cryoledger.documents.pages import Table, Words, stamp_of
from cryoledger.documents.report import (
    Figures,
    Heading,
    Part,
    Report,
    Step,
    Steps,
    Tone,
    attestation,
    checkpoint_part,
    title_of,
)
from cryoledger.documents.signatures import printed_name, zone_of
from cryoledger.documents.telling import Told, attributions, tell
from cryoledger.domain import numbers, times
from cryoledger.domain.facts import Recorded
from cryoledger.domain.fields import Correction, RoutineMove
from cryoledger.domain.records import Person
from cryoledger.domain.signing import COUNTERSIGNED, FIRST_ENROLMENTS
from cryoledger.errors import RequestError

__all__ = ["TOPICS", "Topic", "audit_report"]

TITLE = "Audit report"
ACTS_MOST = 8
STEPS_MOST = 1000


@dataclass(frozen=True, slots=True)
class Topic:
    """What an auditor asks for: its name, what it means, how it is to be taken, and which entries it is."""

    name: str
    note: str
    tone: Tone
    concerns: Callable[[Recorded], bool]

    @property
    def counted(self) -> str:
        """The name as it stands after a number."""
        return self.name[0].lower() + self.name[1:]


def _of(*types: str) -> Callable[[Recorded], bool]:
    return lambda entry: entry.type.removesuffix("Proposed") in types


def _countersigned(entry: Recorded) -> bool:
    return any(signed.meaning == COUNTERSIGNED for signed in entry.signers)


_OVERRIDES = _of("DeviationRecorded", "LotConditionallyReleased", "ImportedLotsReleased", "IssuedVialsReturned")

TOPICS: Final[tuple[Topic, ...]] = (
    Topic("Typed instead of scanned", "Codes that no scanner read.", "open", lambda entry: bool(entry.event.typed)),
    Topic("Late", "Recorded later than 10 minutes after.", "open", lambda entry: entry.event.late is not None),
    Topic("Corrected", "Each correction, and the entry that it sets right.", "bad",
          lambda entry: isinstance(entry.event, Correction)),
    Topic("Undone", "Inverse acts by the same person within 10 minutes.", "open",
          lambda entry: isinstance(entry.event, RoutineMove) and bool(entry.event.undoes)),
    Topic("Overridden",
          "Deviations, conditional and imported releases, issued vials back in stock, late entries that the rule would "
          "have refused.", "bad", lambda entry: _OVERRIDES(entry) or _countersigned(entry)),
    Topic("Holds lifted", "What was stopped, and goes on.", "open", _of("HoldLifted")),
    Topic("Refused", "Requests refused for safety or access, as the station saw them.", "bad", _of("RequestRefused")),
    Topic("Wrong PINs", "Each wrong PIN, with how many it was in a row.", "open", _of("PinRefused")),
    Topic("Locked keys", "Five wrong PINs lock a key.", "bad",
          lambda entry: entry.type == "KeyLocked" or getattr(entry.event, "reason", "") == "lockout"),
    Topic("Keys, roles and stations", "Who may sign, and as what.", "plain",
          _of("KeyIssued", "KeyReplaced", "KeyRevoked", "EntriesReaffirmed", "PinChanged", "RoleGranted",
              "RoleWithdrawn", "StationEnrolled", "StationRetired", "LogKeyReplaced", "IdentityReaderGranted",
              "IdentityReaderWithdrawn", "VaultCreated")),
    Topic("Recovery key", "The sealed sheet was opened and enrolled an administrator.", "bad",
          _of("AdministratorRecovered")),
    Topic("Identities", "Looks at who a donor or patient is, and what was forgotten.", "open",
          _of("IdentityShown", "IdentityForgotten")),
    Topic("Clock and restores", "Steps of the clock, and what was lost with a backup.", "open",
          _of("ClockStepped", "ClockCorrected", "RestoreFound", "LedgerRestored")),
)  # fmt: skip


@dataclass(slots=True)
class _Deeds:
    """What a person or station did in the period."""

    first: int = 0
    also: int = 0
    typed: int = 0
    late: int = 0
    corrections: int = 0
    refused: int = 0
    wrong_pins: int = 0
    acts: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Period:
    """The entries of a period, counted and sorted by topic."""

    entries: int = 0
    first: int | None = None
    last: int | None = None
    found: dict[str, list[Recorded]] = field(default_factory=lambda: defaultdict(list))
    deeds: dict[str, _Deeds] = field(default_factory=lambda: defaultdict(_Deeds))
    stations: Counter[str] = field(default_factory=Counter)
    exempt: list[int] = field(default_factory=list)

    def take(self, entry: Recorded) -> None:
        """Count an entry."""
        self.entries += 1
        self.first = entry.number if self.first is None else self.first
        self.last = entry.number
        self.stations[entry.station] += 1
        for topic in TOPICS:
            if topic.concerns(entry):
                self.found[topic.name].append(entry)
        if entry.type in FIRST_ENROLMENTS and all(signed.meaning != "approved" for signed in entry.signers):
            self.exempt.append(entry.number)
        for at, signed in enumerate(entry.signers):
            self._signed(self.deeds[signed.name], entry, first=at == 0)
        person = getattr(entry.event, "person", None)
        if entry.type == "RequestRefused" and person is not None:
            self.deeds[person].refused += 1
        elif entry.type == "PinRefused" and person is not None:
            self.deeds[person].wrong_pins += 1

    def _signed(self, deeds: _Deeds, entry: Recorded, *, first: bool) -> None:
        if not first:
            deeds.also += 1
            return
        deeds.first += 1
        deeds.acts[entry.type] += 1
        deeds.typed += bool(entry.event.typed)
        deeds.late += entry.event.late is not None
        deeds.corrections += isinstance(entry.event, Correction)


def audit_report(reading: Reading, attested: Attested, first_day: str, last_day: str, now: str) -> Report:
    """The report of the days from one to another, both included (`YYYY-MM-DD`, of the site's zone).

    RequestError where the last day lies before the first. `now` is when it is made.
    """
    zone = zone_of(reading)
    start, end = _bounds(first_day, last_day, zone)
    period = _Period()
    for entry in recorded_between(reading, start, end):
        period.take(entry)
    steps = _all_steps(reading, period)
    numbered = sorted({step.told.number for told in steps.values() for step in told})
    stored = [row for number in numbered if (row := reading.entry(number)) is not None]
    attested, proofs = prove(reading, attested, stored)
    proof_parts, proof_data = attestation(attested, zone)
    subject = first_day if first_day == last_day else f"{first_day} to {last_day}"
    parts: list[Part] = [
        *proof_parts,
        Heading(
            "The period in figures", f"{_range(period)} Days are the site's ({zone}), by when entries were recorded."
        ),
        Figures(_figures(period)),
        Heading(
            "Who did what", "First signatures and further ones; what the person typed, recorded late or corrected."
        ),
        _people(reading, period),
        _acts(reading, period),
        _stations(period),
    ]
    for topic in TOPICS:
        parts += _section(topic, len(period.found[topic.name]), steps[topic.name])
    none = [topic.counted for topic in TOPICS if not steps[topic.name]]
    if none:
        parts.append(Heading("None in this period", ", ".join(none)))
    parts += checkpoint_part(paper_of(reading, attested))
    data = {
        "from": first_day,
        "to": last_day,
        "zone": zone,
        **_data(reading, period, steps),
        "notes": {numbers.shown(row.number): row.note.decode() for row in stored},
        "inclusion_proofs": len(proofs),
        **proof_data,
    }
    return Report(TITLE, subject, stamp_of(reading, now), tuple(parts), data)


def _section(topic: Topic, count: int, steps: tuple[Step, ...]) -> list[Part]:
    """A topic's entries for people, the first thousand of them; nothing where there are none."""
    if not steps:
        return []
    rest = len(steps) - STEPS_MOST
    more = [Words((f"{rest} more: they are in the report as .json.",))] if rest > 0 else []
    return [Heading(f"{topic.name}: {count}", topic.note), Steps(steps[:STEPS_MOST]), *more]


def _bounds(first_day: str, last_day: str, zone: str) -> tuple[str, str]:
    """From the first day's midnight to the midnight after the last, as instants."""
    first, last = times.day(first_day), times.day(last_day)
    if last < first:
        raise RequestError(
            f"The last day, {last_day}, lies before the first, {first_day}.", "Give the earlier one first."
        )
    local = ZoneInfo(zone)
    try:
        after = last + timedelta(days=1)
        return tuple(times.text_of(datetime.combine(day, time(), local)) for day in (first, after))  # type: ignore[return-value]
    except OverflowError:
        raise RequestError(f"There is no day after {last_day}.", "Give the days of a real period.") from None


def _range(period: _Period) -> str:
    if period.first is None or period.last is None:
        return "No entry was recorded in these days."
    told = f"{period.entries} entries, from {numbers.shown(period.first)} to {numbers.shown(period.last)}."
    if period.exempt:
        listed = ", ".join(map(numbers.shown, period.exempt))
        told += f" First enrolment, by one administrator's signature: entry {listed}."
    return told


def _figures(period: _Period) -> tuple[tuple[int, str, Tone], ...]:
    counts: list[tuple[int, str, Tone]] = [(period.entries, "entries", "plain")]
    return (*counts, *((len(period.found[topic.name]), topic.counted, topic.tone) for topic in TOPICS))


def _all_steps(reading: Reading, period: _Period) -> dict[str, tuple[Step, ...]]:
    """By topic, its entries in words; after a correction, the entry that it sets right."""
    known = attributions(reading)
    return {topic.name: _steps(reading, period.found[topic.name], known) for topic in TOPICS}


def _steps(reading: Reading, entries: list[Recorded], known: dict[int, str]) -> tuple[Step, ...]:
    story: dict[int, Recorded] = {}
    for entry in entries:
        if isinstance(entry.event, Correction):
            corrected = reading.recorded(entry.event.corrects.number)
            if corrected is not None:
                story[corrected.number] = corrected
        story[entry.number] = entry
    ordered = [story[number] for number in sorted(story)]
    return tuple(Step(told, _machine(told)) for told in tell(reading, ordered, known))


def _machine(told: Told) -> str:
    return f"at station {told.station}"


def _people(reading: Reading, period: _Period) -> Table:
    heads = ("who", "first", "also", "typed", "late", "corrects", "refused", "wrong PINs")
    rows = [
        (_named(reading, name), *(str(count) for count in (
            deeds.first, deeds.also, deeds.typed, deeds.late, deeds.corrections, deeds.refused, deeds.wrong_pins
        )))
        for name, deeds in _ordered(reading, period)
    ]  # fmt: skip
    return Table(heads, tuple(rows), (34, 8, 8, 9, 8, 11, 11, 14))


def _acts(reading: Reading, period: _Period) -> Table:
    rows = [(_named(reading, name), _counted(deeds.acts)) for name, deeds in _ordered(reading, period) if deeds.acts]
    return Table(("who", "recorded, as first signer"), tuple(rows), (34, 69))


def _ordered(reading: Reading, period: _Period) -> list[tuple[str, _Deeds]]:
    """People first, then stations and the vault's own keys, each by name."""
    return sorted(period.deeds.items(), key=lambda each: (reading.facts.get(Person, each[0]) is None, each[0]))


def _stations(period: _Period) -> Table:
    rows = tuple((name, str(count)) for name, count in sorted(period.stations.items()))
    return Table(("station", "entries"), rows, (34, 69))


def _counted(acts: Counter[str]) -> str:
    ranked = sorted(acts.items(), key=lambda act: (-act[1], act[0]))
    told = [f"{title_of(name).lower()} {count}" for name, count in ranked[:ACTS_MOST]]
    rest = sum(count for _, count in ranked[ACTS_MOST:])
    return ", ".join([*told, *([f"others {rest}"] if rest else [])])


def _named(reading: Reading, name: str) -> str:
    printed = printed_name(reading, name)
    return printed if printed.endswith(f" {name}") else f"{printed} ({name})"


def _data(reading: Reading, period: _Period, steps: dict[str, tuple[Step, ...]]) -> dict[str, Any]:
    return {
        "entries": period.entries,
        "first_entry": None if period.first is None else numbers.shown(period.first),
        "last_entry": None if period.last is None else numbers.shown(period.last),
        "first_enrolments": [numbers.shown(number) for number in period.exempt],
        "topics": [_topic(topic, period, steps[topic.name]) for topic in TOPICS],
        "people": [_deeds(reading, name, deeds) for name, deeds in sorted(period.deeds.items())],
        "stations": dict(sorted(period.stations.items())),
    }


def _topic(topic: Topic, period: _Period, steps: Iterable[Step]) -> dict[str, Any]:
    return {
        "topic": topic.name,
        "means": topic.note,
        "count": len(period.found[topic.name]),
        "entries": [step.told.to_dict() for step in steps],
    }


def _deeds(reading: Reading, name: str, deeds: _Deeds) -> dict[str, Any]:
    return {
        "name": name,
        "full_name": printed_name(reading, name),
        "signed_first": deeds.first,
        "signed_also": deeds.also,
        "typed": deeds.typed,
        "late": deeds.late,
        "corrections": deeds.corrections,
        "refused": deeds.refused,
        "wrong_pins": deeds.wrong_pins,
        "acts": dict(sorted(deeds.acts.items())),
    }
