"""The quality office's view: lots against their limits, holds and recalls, deviations, late entries, donors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryoledger.custody.vault import site_of
from cryoledger.custody.workflow import World
from cryoledger.custody.workflow.entering import Entering
from cryoledger.database import work_lists
from cryoledger.documents.card_words import limits, thousandths
from cryoledger.documents.recall import recall
from cryoledger.documents.signatures import local_time, printed_name, zone_of
from cryoledger.documents.telling import details
from cryoledger.domain import catalogue, numbers
from cryoledger.domain.events.lots import LotReleased
from cryoledger.domain.fields import Correction
from cryoledger.domain.records import Deviation, Donor, Hold, Lot, Screening, Specification, TestResult
from cryoledger.domain.rulebook_1.common import donors_of, holds_on, lineage
from cryoledger.domain.rulebook_1.lots import latest_results
from cryoledger.errors import CryoledgerError
from cryoledger.tui.desks.excursions import ExcursionLine, Opened, read_excursions
from cryoledger.tui.desks.filling import MadeLot, read_filling

if TYPE_CHECKING:
    from cryoledger.custody.workflow import Task
    from cryoledger.database.facts import Stored
    from cryoledger.database.store import Reading
    from cryoledger.documents.recall import Recall

REMARKS_MOST = 200
_LATE, _CORRECTS = b'"late":"', b'"corrects":{'


@dataclass(frozen=True, slots=True)
class LotLine:
    """A lot in the list: `tests` sums its results up, `alarm` where one is out of limits or a hold lies on it."""

    code: str
    product: str
    disposition: str
    expiry_on: str
    vials: int
    tests: str
    alarm: bool


@dataclass(frozen=True, slots=True)
class Test:
    """One test of a specification with the last result: `verdict` is within, out, missing or not required."""

    test: str
    limits: str
    result: str
    verdict: str
    method: str
    tested_on: str
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChosenLot:
    """The lot that is judged: its tests, what lies on it, and why it cannot be released, if it cannot."""

    line: LotLine
    facts: tuple[tuple[str, str], ...]
    tests: tuple[Test, ...]
    holds: tuple[str, ...]
    deviations: tuple[str, ...]
    donors: tuple[str, ...]
    why_not: str


@dataclass(frozen=True, slots=True)
class HoldLine:
    """A hold or recall in force."""

    number: int
    entry: str
    kind: str
    on: str
    reason: str
    since: str
    by: str


@dataclass(frozen=True, slots=True)
class Remark:
    """An entry that a quality officer looks at: late, a correction, a deviation."""

    entry: str
    number: int
    at: str
    type: str
    what: str
    why: str
    by: str


@dataclass(frozen=True, slots=True)
class DonorLine:
    """A donor with the last result of each marker: `alarm` where one is not nonreactive or consent is withdrawn."""

    code: str
    eligibility: str
    consent: str
    markers: tuple[tuple[str, str, bool], ...]
    missing: tuple[str, ...]
    alarm: bool


@dataclass(frozen=True, slots=True)
class Quality:
    """Everything on the quality officer's screen; `recall` is what a recall would reach, before it is signed."""

    lots: tuple[LotLine, ...] = ()
    chosen: ChosenLot | None = None
    holds: tuple[HoldLine, ...] = ()
    deviations: tuple[Remark, ...] = ()
    remarks: tuple[Remark, ...] = ()
    donors: tuple[DonorLine, ...] = ()
    recall: Recall | None = None
    filling: tuple[MadeLot, ...] = ()
    excursions: tuple[ExcursionLine, ...] = ()
    opened: Opened | None = None


LISTS: Final = ("Lots", "Holds", "Excursions", "Deviations", "Late", "Donors", "Filling")
"""The lists in their order, behind what a recall reaches while one is entered."""


def read_quality(
    now: Reading, at: str, person: str, chosen: str = "", task: Task | None = None, opened: str = ""
) -> Quality:
    """The quality office as of an instant; `chosen` is the lot whose tests are shown, `task` the open task.

    `opened` is the one of LISTS that is looked at, "" for all: late entries are searched for only where theirs is.
    """
    lots = work_lists.lots_to_judge(now)
    lot = now.facts.get(Lot, chosen) if chosen else None
    zone = zone_of(now)
    return Quality(
        tuple(_line(now, each, at) for each in lots),
        _chosen(now, World(now.facts, at, zone=zone, person=person), lot) if lot is not None else None,
        tuple(_hold(now, hold, count, zone) for hold, count in work_lists.open_holds(now)),
        _deviations(now, zone), remarks(now, zone) if opened in ("", "Late") else (),
        tuple(_donor(now, row) for row in work_lists.donors(now)),
        concerned(now, task), read_filling(now), read_excursions(now),
    )  # fmt: skip


def before(task: Task | None) -> int:
    """How many lists come before the others: what a recall reaches, while one is entered."""
    return int(isinstance(task, Entering) and task.act == "RecallIssued" and task.subject is not None)


def concerned(now: Reading, task: Task | None) -> Recall | None:
    """Every vial, dose and patient of a recall that is being entered or waits for its signature."""
    if not isinstance(task, Entering) or task.subject is None or not before(task):
        return None
    try:
        return recall(now, task.subject[1])
    except CryoledgerError:
        return None


def _line(now: Reading, lot: Lot, at: str) -> LotLine:
    results = latest_results(now.facts, lot.code)
    wanted = now.facts.where(Specification, product=lot.product, version=lot.version)
    required = [row.test for row in wanted if row.required]
    out = [test for test, row in results.items() if not row.passed]
    missing = [test for test in required if test not in results]
    held = bool(holds_on(now.facts, "lot", lot.code, at))
    parts = [f"{len(results)}/{len(wanted)} tests"]
    parts += [f"OUT: {', '.join(out)}"] if out else []
    parts += [f"{len(missing)} missing"] if missing else []
    parts += ["HELD"] if held else []
    vials = lot.vial_count
    return LotLine(
        lot.code, f"{lot.product} v{lot.version}", lot.disposition, lot.expiry_on, vials, ", ".join(parts),
        bool(out) or held,
    )  # fmt: skip


def _chosen(now: Reading, world: World, lot: Lot) -> ChosenLot:
    facts, at = now.facts, world.now
    places = [("lot", row.code) for row in lineage(facts, lot)]
    pairs = donors_of(facts, lot)
    for donation, donor in pairs:
        places += [("donation", donation.code), ("donor", donor.code)]
    held = [
        f"{hold.kind} {numbers.shown(hold.number)} on {scope} {code}: {hold.reason}"
        for scope, code in dict.fromkeys(places)
        for hold in holds_on(facts, scope, code, at)
    ]
    accepted = [f"{row.limit_name}: {row.reason}" for row in facts.where(Deviation, kind="lot", code=lot.code)]
    donors = [f"{donor.code} {donor.eligibility}" for donor in {donor.code: donor for _, donor in pairs}.values()]
    told = (
        ("product", f"{lot.product} v{lot.version}"),
        ("origin", f"{lot.bank}, {lot.donor_kind}, passage {lot.passage}"),
        ("filled", f"{lot.filled_on}, {lot.vial_count} vials"), ("expiry", lot.expiry_on),
    )  # fmt: skip
    refusal = world.foreseen(LotReleased(lot=lot.code))
    why = "" if refusal is None else refusal.message
    return ChosenLot(
        _line(now, lot, at), told, _tests(now, lot), tuple(held), tuple(accepted), tuple(donors), why
    )  # fmt: skip


def _tests(now: Reading, lot: Lot) -> tuple[Test, ...]:
    results = latest_results(now.facts, lot.code)
    every: dict[str, list[TestResult]] = {}
    for row in now.facts.where(TestResult, lot=lot.code):
        every.setdefault(row.test, []).append(row)
    found = []
    for wanted in now.facts.where(Specification, product=lot.product, version=lot.version):
        last = results.get(wanted.test)
        old = tuple(
            f"{_value(row)} (entry {numbers.shown(row.number)}"
            f"{', corrected by ' + numbers.shown(row.corrected) if row.corrected is not None else ''})"
            for row in every.get(wanted.test, [])
            if row is not last
        )
        if last is None:
            verdict = "missing" if wanted.required else "not required"
            found.append(Test(wanted.test, limits(wanted), "", verdict, "", "", old))
        else:
            verdict = "within" if last.passed else "out"
            unit = "" if last.value_milli is None else f" {wanted.unit}"
            value = _value(last) + unit
            found.append(Test(wanted.test, limits(wanted), value, verdict, last.method, last.tested_on, old))
    rank = {"out": 0, "missing": 1, "within": 2, "not required": 3}
    return tuple(sorted(found, key=lambda test: (rank[test.verdict], test.test)))


def _value(row: TestResult) -> str:
    return str(row.outcome) if row.value_milli is None else thousandths(row.value_milli)


def _hold(now: Reading, hold: Hold, count: int, zone: str) -> HoldLine:
    entry = now.recorded(hold.number)
    on = f"{hold.scope} {hold.code}" if count == 1 else f"{count} {hold.scope}s, from {hold.code}"
    since = local_time(entry.recorded_at, zone) if entry is not None else ""
    by = printed_name(now, entry.signers[0].name) if entry is not None else ""
    return HoldLine(hold.number, numbers.shown(hold.number), hold.kind, on, hold.reason, since, by)


def _deviations(now: Reading, zone: str) -> tuple[Remark, ...]:
    by_number: dict[int, list[Deviation]] = {}
    for row in work_lists.deviations(now):
        by_number.setdefault(row.number, []).append(row)
    found = []
    for number, rows in by_number.items():
        entry = now.recorded(number)
        if entry is None:
            continue
        what = f"{rows[0].limit_name}: " + ", ".join(f"{row.kind} {row.code}" for row in rows[:3])
        what += f" and {len(rows) - 3} more" if len(rows) > 3 else ""
        by = ", ".join(printed_name(now, line.name) for line in entry.signers)
        found.append(
            Remark(
                numbers.shown(number), number, local_time(entry.recorded_at, zone), entry.type, what, rows[0].reason, by
            )
        )
    return tuple(found)


def remarks(now: Reading, zone: str) -> tuple[Remark, ...]:
    """Late entries and corrections among the last entries, the latest first."""
    found: list[Remark] = []
    for stored in work_lists.recent_entries(now):
        if (_LATE in stored.note or _CORRECTS in stored.note) and len(found) < REMARKS_MOST:
            remark = _remark(now, stored, zone)
            found += [remark] if remark is not None else []
    return tuple(found)


def _remark(now: Reading, stored: Stored, zone: str) -> Remark | None:
    entry = now.recorded(stored.number)
    if entry is None:
        return None
    if isinstance(entry.event, Correction):
        why = f"corrects entry {numbers.shown(entry.event.corrects.number)}: {entry.event.reason}"
    elif entry.event.late is not None:
        why = f"late: {entry.event.late}, occurred {local_time(entry.occurred_at, zone)}"
    else:
        return None
    by = ", ".join(printed_name(now, line.name) for line in entry.signers)
    what = details(catalogue.data_of(entry.event))
    return Remark(
        numbers.shown(entry.number), entry.number, local_time(entry.recorded_at, zone), entry.type, what, why, by
    )  # fmt: skip


def _donor(now: Reading, donor: Donor) -> DonorLine:
    last: dict[str, Screening] = {}
    for row in now.facts.where(Screening, donor=donor.code):
        if row.corrected is None and (row.marker not in last or row.number > last[row.marker].number):
            last[row.marker] = row
    wanted = [marker for marker in site_of(now).screening_markers.split("\n") if marker]
    markers = tuple((row.marker, row.result, row.result != "nonreactive") for row in last.values())
    missing = tuple(marker for marker in wanted if marker not in last)
    withdrawn = donor.consent_withdrawn_on
    consent = f"withdrawn {withdrawn}" if withdrawn is not None else donor.consent_scope.replace(",", ", ")
    alarm = withdrawn is not None or any(bad for _, _, bad in markers) or donor.eligibility == "ineligible"
    return DonorLine(donor.code, donor.eligibility, consent, markers, missing, alarm)
