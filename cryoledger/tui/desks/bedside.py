"""The bedside's view: three matches, the deadline, what is signed; what waits to be given, who is due to be asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from cryoledger.custody.workflow.bedside import Bedside as Check
from cryoledger.custody.workflow.bedside import Complete
from cryoledger.database import work_lists
from cryoledger.documents.card_words import amount, microlitres, percent
from cryoledger.documents.signatures import local_time, printed_name, zone_of
from cryoledger.domain import times
from cryoledger.domain.records import Dose, OrderLine
from cryoledger.tui.desks.patients import NO_PATIENTS, Patients, read_patients
from cryoledger.tui.desks.pharmacy import Line as OrderRow
from cryoledger.tui.desks.pharmacy import by_day, count_orders

if TYPE_CHECKING:
    from cryoledger.custody.workflow import Task
    from cryoledger.database.store import Reading

MONTHS: Final = (1, 3, 6)
DAYS_OF_MONTH: Final = 30.44
LATE_DAYS: Final = 14
LOOK_BACK_DAYS: Final = 230


@dataclass(frozen=True, slots=True)
class Match:
    """One of the three scans: `state` is waiting, next or match; `code` is empty until it was scanned."""

    word: str
    state: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class DoseLine:
    """A dose on its way to a patient."""

    code: str
    patient: str
    order: str
    line: int
    custody: str
    holder: str
    volume: str
    cells: str
    viability: str
    route: str
    deadline: str


@dataclass(frozen=True, slots=True)
class Due:
    """An outcome that is to be asked for: so many months after a dose, since the day on which it fell due."""

    dose: str
    patient: str
    month: int
    due_on: str
    late: bool


@dataclass(frozen=True, slots=True)
class Bedside:
    """Everything on the bedside's screen."""

    matches: tuple[Match, ...] = ()
    dose: DoseLine | None = None
    stage: str = "idle"  # idle | check | sign | give | complete
    facts: tuple[tuple[str, str], ...] = ()
    waiting: tuple[DoseLine, ...] = ()
    due: tuple[Due, ...] = ()
    adverse: tuple[tuple[str, str, str], ...] = ()
    orders: tuple[OrderRow, ...] = ()
    today: str = ""
    order_count: int = 0
    patients: Patients = NO_PATIENTS


ORDERS, PATIENTS = "Orders", "Patients"
LISTS: Final = ("To give", "Follow-up", "Adverse events", PATIENTS, ORDERS)
"""The lists in their order."""


def read_bedside(now: Reading, at: str, task: Task | None = None, signing: str = "", opened: str = "") -> Bedside:
    """The bedside as of an instant; `task` is the open task, `signing` the dose whose check waits for signatures.

    ORDERS and PATIENTS are read where they are `opened`, or nothing is said of that, else only counted.
    """
    waiting = tuple(_dose_line(now, dose) for dose in work_lists.doses_waiting(now) if dose.custody != "prepared")
    code = signing or (task.dose if isinstance(task, Check | Complete) else "")
    dose = now.facts.get(Dose, code) if code else None
    shown = _dose_line(now, dose) if dose is not None else None
    given = next((each for each in waiting if each.custody == "checked"), None)
    if isinstance(task, Complete):
        stage = "complete"
    elif isinstance(task, Check):
        stage = "sign" if signing else "check"
    elif given is not None:
        stage, shown = "give", given
    else:
        stage = "idle"
    orders, _, today = by_day(now, at) if opened in ("", ORDERS) else ((), (), "")
    return Bedside(
        _matches(task, shown, signed=bool(signing)) if isinstance(task, Check) else (),
        shown, stage, _told(task, zone_of(now)) if isinstance(task, Complete) else (),
        waiting, _due(now, at), _adverse(now), orders, today, count_orders(now, at),
        read_patients(now, opened=opened in ("", PATIENTS)),
    )  # fmt: skip


def _matches(task: Check, dose: DoseLine | None, *, signed: bool) -> tuple[Match, ...]:
    codes = (task.patient, task.dose, dose.order if signed and dose is not None else "")
    found, waits = [], True
    for word, code in zip(("wristband", "dose", "order"), codes, strict=True):
        state = "match" if code else "next" if waits else "waiting"
        waits = waits and bool(code)
        found.append(Match(word, state, code))
    return tuple(found)


def _dose_line(now: Reading, dose: Dose) -> DoseLine:
    line = now.facts.get(OrderLine, dose.order_code, dose.order_line)
    holder = printed_name(now, dose.custodian) if dose.custodian_kind == "person" else dose.custodian
    return DoseLine(
        dose.code, dose.patient, dose.order_code, dose.order_line, dose.custody, holder,
        microlitres(dose.volume_microlitres), amount(dose.cells), percent(dose.viability_millipercent),
        line.route if line is not None else "", dose.deadline,
    )  # fmt: skip


def _told(task: Complete, zone: str) -> tuple[tuple[str, str], ...]:
    """What was entered of the administration so far."""
    order = ("dose", "start", "end", "given", "wasted", "reaction")
    done = order.index(task.stage)
    told = []
    if task.start:
        told.append(("started", local_time(task.start, zone)))
    if task.end:
        told.append(("ended", local_time(task.end, zone)))
    if done > order.index("given"):
        told.append(("given", microlitres(task.given)))
    if done > order.index("wasted"):
        told.append(("wasted", microlitres(task.wasted)))
    return tuple(told)


def _due(now: Reading, at: str) -> tuple[Due, ...]:
    """Outcomes that are due or overdue and not recorded, the longest due first."""
    moment = times.instant(at)
    since = times.text_of(moment - timedelta(days=LOOK_BACK_DAYS))
    doses = work_lists.doses_given_since(now, since)
    known = {(row.dose, row.month) for row in work_lists.follow_ups_of(now, [dose.code for dose in doses])}
    found = []
    for dose in doses:
        ended = times.instant(dose.ended_at or dose.last_at)
        for month in MONTHS:
            due = ended + timedelta(days=round(month * DAYS_OF_MONTH))
            if due <= moment and (dose.code, month) not in known:
                late = moment - due > timedelta(days=LATE_DAYS)
                found.append(Due(dose.code, dose.patient, month, due.date().isoformat(), late))
    return tuple(sorted(found, key=lambda each: (each.due_on, each.dose)))


def _adverse(now: Reading) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (row.dose, f"{row.kind}, {row.severity}", f"{row.relatedness}, from {row.onset_on}")
        for row in work_lists.adverse_events(now, 10)
    )
