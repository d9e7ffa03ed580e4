"""The pharmacy's view: orders by day, what may be used for one of them and why the rest may not, what was issued."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from cryoledger.custody.workflow import World
from cryoledger.custody.workflow.amounts import count as count_words
from cryoledger.database import work_lists
from cryoledger.documents import whereabouts
from cryoledger.documents.signatures import printed_name, zone_of
from cryoledger.domain import times
from cryoledger.domain.events.treatment import VialsReserved
from cryoledger.domain.records import Dose, DoseSource, Lot, Order, OrderLine, Vial
from cryoledger.tui.desks.patients import NO_PATIENTS, Patients, read_patients
from cryoledger.tui.words import amount

if TYPE_CHECKING:
    from cryoledger.database.store import Reading

USABLE_MOST = 60
EACH_LOT = 12
LOTS_MOST = 40


STATES: Final = (
    "ordered", "reserved", "missing", "out", "issued", "thawed", "prepared", "handed over", "checked", "administered",
    "cancelled",
)  # fmt: skip
"""How far a line of an order may be, in the words of a vial's custody and of a dose's."""
_OF_VIALS: Final = ("reserved", "missing", "out", "issued", "thawed")


@dataclass(frozen=True, slots=True)
class Line:
    """One dose that was asked for; `state` is one of STATES, `note` says of what, `when` under which day it stands."""

    order: str
    line: int
    patient: str
    product: str
    cells: int
    cells_given: int
    route: str
    due_on: str
    when: str  # overdue | today | later | closed
    status: str
    state: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A vial that may be reserved now, or one whose turn has come: `state` says which."""

    vial: str
    lot: str
    expiry_on: str
    cells: int
    where: str
    state: str  # free | reserved | out | issued | thawed | prepared


@dataclass(frozen=True, slots=True)
class Barred:
    """Vials of a lot that may not be used for the order, and the rulebook's reason."""

    lot: str
    vials: int
    expiry_on: str
    why: str
    vial: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The order that is worked on: what is reserved for it, what may be, and what may not, with why."""

    line: Line
    prescriber: str
    own: tuple[Candidate, ...]
    usable: tuple[Candidate, ...]
    barred: tuple[Barred, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Issued:
    """A vial or dose that left the pharmacy's stock and is not given yet; `day` and `clock` say since when.

    `issued_on` is the day on which it, or the last of a dose's vials, was issued: "today", or the date.
    """

    kind: str
    code: str
    order: str
    patient: str
    custody: str
    holder: str
    since: str
    deadline: str | None
    day: str = ""
    clock: str = ""
    issued_on: str = ""


@dataclass(frozen=True, slots=True)
class Pharmacy:
    """Everything on the pharmacist's screen."""

    lines: tuple[Line, ...] = ()
    chosen: Chosen | None = None
    issued: tuple[Issued, ...] = ()
    today: str = ""
    closed: tuple[Line, ...] = ()
    orders: int = 0
    on_their_way: int = 0
    patients: Patients = NO_PATIENTS


LISTS: Final = ("Orders", "Vials", "Issued", "Closed", "Patients")
"""The pharmacist's lists in their order; where they are long they are read when they are open, else counted."""


def read_pharmacy(
    now: Reading,
    at: str,
    person: str,
    chosen: tuple[str, int] | None = None,
    opened: str = "",
    *,
    or_first: bool = False,
) -> Pharmacy:
    """The pharmacy as of an instant; `chosen` is the order line whose vials are looked for, or the first.

    `opened` is the one of LISTS that is looked at, "" for all: the others are only counted.
    """
    zone = zone_of(now)
    today = times.local_day(at, zone)
    picked = _line_of(now, chosen, today) if chosen is not None else None
    lines: tuple[Line, ...] = ()
    given: tuple[Line, ...] = ()
    if opened in ("", "Orders", "Closed") or (picked is None and or_first):
        lines, given, _ = by_day(now, at)
    if picked is None and or_first and chosen not in [(line.order, line.line) for line in lines]:
        picked = next((line for line in lines if line.when != "closed"), None)
    world = World(now.facts, at, zone=zone, person=person)
    done = list(given) if opened in ("", "Closed") else []
    if opened in ("", "Closed"):
        done += [_line(now, order, line, today) for order, line in work_lists.order_lines(now, is_open=False)]
    return Pharmacy(
        lines if opened in ("", "Orders") else (), _chosen(now, world, picked) if picked is not None else None,
        issued(now, at) if opened in ("", "Issued") else (), today, tuple(done), count_orders(now, at),
        work_lists.count_on_their_way(now), read_patients(now, opened=opened in ("", "Patients")),
    )  # fmt: skip


def count_orders(now: Reading, at: str) -> int:
    """How many lines `by_day` has: those that wait, and those closed today."""
    return work_lists.count_orders(now, _midnight(at, zone_of(now)))


def _midnight(at: str, zone: str) -> str:
    """The instant at which the day began at the site."""
    return times.text_of(datetime.combine(times.day(times.local_day(at, zone)), time(), ZoneInfo(zone)))


def _line_of(now: Reading, chosen: tuple[str, int], today: str) -> Line | None:
    """The line that was chosen, as long as something can come of it."""
    order, row = now.facts.get(Order, chosen[0]), now.facts.get(OrderLine, *chosen)
    line = _line(now, order, row, today) if order is not None and row is not None else None
    return line if line is not None and line.when != "closed" else None


def by_day(now: Reading, at: str) -> tuple[tuple[Line, ...], tuple[Line, ...], str]:
    """Lines by day and, within a day, by how far they are; those given of open orders apart; and the day at the site.

    What was closed today stands under today.
    """
    zone = zone_of(now)
    today = times.local_day(at, zone)
    every = [_line(now, order, line, today) for order, line in work_lists.order_lines(now, is_open=True)]
    just_closed = work_lists.orders_closed_since(now, _midnight(at, zone))
    lines = [line for line in every if line.when != "closed"]
    lines += [_line(now, order, line, today) for order, line in just_closed]
    lines.sort(key=lambda line: (_day_of(line, today), STATES.index(line.state), line.due_on, line.order, line.line))
    return tuple(lines), tuple(line for line in every if line.when == "closed"), today


def _day_of(line: Line, today: str) -> str:
    """The day under which a line stands: "" for what is overdue, today for what was closed."""
    return "" if line.when == "overdue" else today if line.when in ("today", "closed") else line.due_on


def _line(now: Reading, order: Order, line: OrderLine, today: str) -> Line:
    when = "overdue" if line.due_on < today else "today" if line.due_on == today else "later"
    return Line(
        order.code, line.line, order.patient, order.product, line.cells, line.cells_given, line.route, line.due_on,
        when if line.status == "open" and order.status == "open" else "closed", line.status, *_state(now, order, line),
    )  # fmt: skip


def _state(now: Reading, order: Order, line: OrderLine) -> tuple[str, str]:
    """How far a line is, and of what that is told."""
    given = f"{amount(line.cells_given)} cells given"
    if line.status == "given":
        return "administered", given
    if order.status == "cancelled":
        return "cancelled", given if line.cells_given else ""
    if order.status != "open":
        return "administered", given
    doses = [row for row in now.facts.where(Dose, order_code=order.code) if row.order_line == line.line]
    waiting = [row for row in doses if row.custody not in ("administered", "discarded")]
    if waiting:
        return waiting[-1].custody, f"dose {waiting[-1].code}"
    vials = [row for row in now.facts.where(Vial, order_code=order.code) if row.order_line == line.line]
    states = ["reserved" if row.custody in ("stored", "expected") else row.custody for row in vials]
    states = [state for state in states if state in _OF_VIALS]
    if not states:
        return ("administered", given) if line.cells_given else ("ordered", "")
    furthest = max(states, key=STATES.index)
    count = states.count(furthest)
    return furthest, count_words(count, "vial") if count == len(states) else f"{count} of {len(states)} vials"


def _chosen(now: Reading, world: World, line: Line) -> Chosen:
    order = now.facts.get(Order, line.order)
    assert order is not None
    own = [row for row in now.facts.where(Vial, order_code=line.order) if row.order_line == line.line]
    usable: list[Candidate] = []
    barred: list[Barred] = []
    more = 0
    for lot in work_lists.lots_of_product(now, line.product, world.now, LOTS_MOST):
        free = _free(now, world, line, lot, barred)
        room = max(0, USABLE_MOST - len(usable))
        usable += free[:room]
        looked_at = len(work_lists.vials_in_stock(now, lot.code, EACH_LOT))
        more += max(0, len(free) - room)
        more += work_lists.count_in_stock(now, lot.code) - looked_at if free and looked_at == EACH_LOT else 0
    expired = work_lists.expired_lots(now, line.product, world.now)
    barred += [_expired(now, world, line, lot) for lot in expired]
    shown = tuple(_candidate(now, vial, now.facts.get(Lot, vial.lot)) for vial in own)
    reasons = tuple(sorted((each for each in barred if each.vials), key=lambda each: (each.expiry_on, each.lot)))
    return Chosen(line, printed_name(now, order.prescriber), shown, tuple(usable), reasons, more)


def _free(now: Reading, world: World, line: Line, lot: Lot, barred: list[Barred]) -> list[Candidate]:
    """The vials of a lot that the rulebook lets be reserved; those it does not go to `barred`, by their reason."""
    found: list[Candidate] = []
    why: dict[str, list[Vial]] = {}
    vials = work_lists.vials_in_stock(now, lot.code, EACH_LOT)
    for vial in vials:
        refusal = world.foreseen(VialsReserved(order=line.order, line=line.line, vials=(vial.code,)))
        if refusal is None:
            found.append(_candidate(now, vial, lot))
        else:
            why.setdefault(_apart(refusal.message, vial.code), []).append(vial)
    whole = len(why) == 1 and not found
    for reason, held in why.items():
        count = work_lists.count_in_stock(now, lot.code) if whole else len(held)
        barred.append(Barred(lot.code, count, lot.expiry_on, reason, "" if whole else held[0].code))
    return found


def _expired(now: Reading, world: World, line: Line, lot: Lot) -> Barred:
    vials = work_lists.vials_in_stock(now, lot.code, 1)
    if not vials:
        return Barred(lot.code, 0, lot.expiry_on, "")
    refusal = world.foreseen(VialsReserved(order=line.order, line=line.line, vials=(vials[0].code,)))
    why = _apart(refusal.message, vials[0].code) if refusal is not None else ""
    return Barred(lot.code, work_lists.count_in_stock(now, lot.code), lot.expiry_on, why)


def _apart(message: str, vial: str) -> str:
    """A refusal's reason without the vial that it was asked for: the same for all vials of the lot."""
    said = message.replace(f"Vial {vial} may not be used: ", "").replace(f"Vial {vial} ", "")
    return said[:1].upper() + said[1:]


def _candidate(now: Reading, vial: Vial, lot: Lot | None) -> Candidate:
    expiry = lot.expiry_on if lot is not None else ""
    state = (
        ("free" if vial.order_code is None else "reserved") if vial.custody in ("stored", "expected") else vial.custody
    )
    return Candidate(vial.code, vial.lot, expiry, vial.cells, whereabouts.of_vial(now, vial), state)


def issued(now: Reading, at: str) -> tuple[Issued, ...]:
    """What was issued and is not given yet, what was issued today first: doses by their deadlines, then vials."""
    found = []
    for dose in work_lists.doses_waiting(now):
        holder, left = _holder(now, dose.custodian_kind, dose.custodian), _issued(now, _sources(now, dose.code))
        found.append(
            Issued("dose", dose.code, dose.order_code, dose.patient, dose.custody, holder, dose.last_at, dose.deadline,
                   issued_on=left or dose.last_at)
        )  # fmt: skip
    for vial in work_lists.vials_in_custody(now, "issued", "thawed"):
        order = now.facts.get(Order, vial.order_code) if vial.order_code is not None else None
        patient = order.patient if order is not None else ""
        holder = _holder(now, vial.custodian_kind, vial.custodian)
        left = "" if vial.custody == "issued" else _issued(now, [vial.code])
        found.append(
            Issued("vial", vial.code, vial.order_code or "", patient, vial.custody, holder, vial.since, vial.deadline,
                   issued_on=left or vial.since)
        )  # fmt: skip
    zone = zone_of(now)
    told = [replace(each, **_when(each.since, at, zone)) for each in found]
    told = [replace(each, issued_on=_when(each.issued_on, at, zone)["day"]) for each in told]
    return tuple(sorted(told, key=lambda each: each.issued_on != "today"))


def _sources(now: Reading, dose: str) -> list[str]:
    return [row.vial for row in now.facts.where(DoseSource, dose=dose)]


def _issued(now: Reading, vials: Sequence[str]) -> str:
    """When the last of some vials was issued; "" where none was."""
    return max((work_lists.issued_at(now, vial) or "" for vial in vials), default="")


def _holder(now: Reading, kind: str, custodian: str) -> str:
    return printed_name(now, custodian) if kind == "person" else custodian


def _when(since: str, at: str, zone: str) -> dict[str, str]:
    """The day and the time of an instant at the site; "today" where it is."""
    day = times.local_day(since, zone)
    clock = f"{times.instant(since).astimezone(ZoneInfo(zone)):%H:%M}"
    return {"day": "today" if day == times.local_day(at, zone) else day, "clock": clock}
