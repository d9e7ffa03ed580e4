"""Lists that people work from at a desk: orders, lots, doses, holds, pages of the ledger. Each answer is bounded.

They read derived tables by their indexes, a page at a time, so that they stay fast with a million vials; what the rows
mean for anybody's work is decided by whoever asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from cryoledger.database import statements
from cryoledger.database.facts import Stored
from cryoledger.database.store import Reading
from cryoledger.domain import numbers
from cryoledger.domain.records import (
    AdverseEvent,
    Deviation,
    Donor,
    Dose,
    Excursion,
    FollowUp,
    Hold,
    Lot,
    LotDonation,
    Order,
    OrderLine,
    Patient,
    PatientBand,
    Record,
    StorageUnit,
    Vial,
)

__all__ = [
    "LedgerSpan",
    "adverse_events",
    "count_in_stock",
    "count_on_their_way",
    "count_orders",
    "count_patients",
    "counts_by_custody",
    "deviations",
    "donors",
    "doses_given_since",
    "doses_waiting",
    "excursions",
    "expired_lots",
    "follow_ups_of",
    "issued_at",
    "ledger_page",
    "ledger_spans",
    "lots_filled_last",
    "lots_of_product",
    "lots_to_judge",
    "open_holds",
    "order_lines",
    "orders_closed_since",
    "patients",
    "recent_entries",
    "signature_counts",
    "top_units",
    "vials_in_custody",
    "vials_in_stock",
    "vials_leading_on",
]

R = TypeVar("R", bound=Record)
ISSUED_WITHIN: Final = 40
"""So many entries are looked back for the issue of a vial: from it to the patient there are about ten."""
MANY: Final = 200
"""The longest list; how many things there are is counted no further."""


def _rows(now: Reading, record: type[R], rest: str, params: Sequence[Any] = ()) -> list[R]:
    """The rows of one table that a condition, an order and a limit leave."""
    return [record(*row) for row in now.driver.all(f"{statements.of(record).select} {rest}", params)]


def order_lines(now: Reading, *, is_open: bool, limit: int = 200) -> list[tuple[Order, OrderLine]]:
    """Lines of orders with their orders: the open ones by the day they are due, else the latest orders first."""
    if not is_open:
        return _lines_of(now, _rows(now, Order, "WHERE status <> 'open' ORDER BY last_entry DESC LIMIT ?", (limit,)))
    rest = (
        "WHERE order_code IN (SELECT code FROM treatment_order WHERE status = 'open') "
        "ORDER BY due_on, order_code, line LIMIT ?"
    )
    lines = _rows(now, OrderLine, rest, (limit,))
    orders = {code: now.facts.get(Order, code) for code in {line.order_code for line in lines}}
    return [(order, line) for line in lines if (order := orders[line.order_code]) is not None]


def orders_closed_since(now: Reading, since: str, limit: int = 200) -> list[tuple[Order, OrderLine]]:
    """Lines of the orders that were completed or cancelled at an instant or later, the latest first."""
    rest = "WHERE status <> 'open' AND last_at >= ? ORDER BY last_entry DESC LIMIT ?"
    return _lines_of(now, _rows(now, Order, rest, (since, limit)))


def _lines_of(now: Reading, orders: Sequence[Order]) -> list[tuple[Order, OrderLine]]:
    return [(order, line) for order in orders for line in now.facts.where(OrderLine, order_code=order.code)]


def count_orders(now: Reading, closed_since: str) -> int:
    """How many lines of open orders wait, and how many lines the orders closed since an instant have."""
    waiting = "status = 'open' AND order_code IN (SELECT code FROM treatment_order WHERE status = 'open')"
    closed = (
        "order_code IN (SELECT code FROM treatment_order WHERE status <> 'open' AND last_at >= ? "
        "ORDER BY last_entry DESC LIMIT ?)"
    )
    return _count(now, "order_line", waiting) + _count(now, "order_line", closed, (closed_since, MANY))


def count_on_their_way(now: Reading) -> int:
    """How many doses and vials were issued and are not given yet."""
    doses = (
        "order_code IN (SELECT code FROM treatment_order WHERE status = 'open') "
        "AND custody NOT IN ('administered', 'discarded')"
    )
    return _count(now, "dose", doses) + _count(now, "vial", "custody IN ('issued', 'thawed')")


def count_patients(now: Reading) -> int:
    """How many patients there are."""
    return _count(now, "patient", "1 = 1")


def _count(now: Reading, table: str, condition: str, params: Sequence[Any] = ()) -> int:
    sql = f"SELECT COUNT(*) FROM (SELECT 1 FROM {table} WHERE {condition} LIMIT ?) AS found"  # noqa: S608 - our words
    row = now.driver.one(sql, (*params, MANY))
    return int(row[0]) if row is not None else 0


def patients(now: Reading, limit: int = MANY) -> list[tuple[Patient, int, int]]:
    """Patients, the latest first, each with how many wristbands are known and how many orders are open."""
    found = []
    for patient in _rows(now, Patient, "ORDER BY last_entry DESC, code LIMIT ?", (limit,)):
        orders = now.facts.where(Order, patient=patient.code)
        bands = len(now.facts.where(PatientBand, patient=patient.code))
        found.append((patient, bands, sum(order.status == "open" for order in orders)))
    return found


def excursions(now: Reading, limit: int = 100) -> list[tuple[Excursion, int, int]]:
    """Excursions, the latest first: how many vials each put on hold, and how many of them still are."""
    rows = _rows(now, Excursion, "ORDER BY number DESC LIMIT ?", (limit,))
    sql = (
        "SELECT number, COUNT(*), SUM(CASE WHEN lifted IS NULL THEN 1 ELSE 0 END) FROM hold "  # noqa: S608 - our marks
        f"WHERE number IN ({', '.join('?' * len(rows))}) GROUP BY number"
    )
    counts = {}
    if rows:
        counts = {int(n): (int(h), int(w)) for n, h, w in now.driver.all(sql, [row.number for row in rows])}
    return [(row, *counts.get(row.number, (0, 0))) for row in rows]


def issued_at(now: Reading, vial: str) -> str | None:
    """When a vial was issued last; None where it was not among the last entries that name it."""
    numbers_of = "SELECT entry FROM mention WHERE kind = 'vial' AND code = ? ORDER BY entry DESC LIMIT ?"
    for (number,) in now.driver.all(numbers_of, (vial, ISSUED_WITHIN)):
        entry = now.recorded(number)
        if entry is not None and entry.type == "VialsIssued":
            return entry.occurred_at
    return None


def lots_of_product(now: Reading, product: str, after: str, limit: int = 60) -> list[Lot]:
    """Lots of a product that expire after an instant, the oldest expiry first."""
    rest = "WHERE product = ? AND expires_at > ? ORDER BY expires_at, code LIMIT ?"
    return _rows(now, Lot, rest, (product, after, limit))


def expired_lots(now: Reading, product: str, at: str, limit: int = 10) -> list[Lot]:
    """Lots of a product that have expired, the latest expiry first."""
    rest = "WHERE product = ? AND expires_at <= ? ORDER BY expires_at DESC, code LIMIT ?"
    return _rows(now, Lot, rest, (product, at, limit))


def vials_in_stock(now: Reading, lot: str, limit: int = 50) -> list[Vial]:
    """Vials of a lot that are in stock and reserved for nobody, by code."""
    rest = (
        "WHERE lot = ? AND order_code IS NULL AND custody IN ('expected', 'stored', 'out') "
        "ORDER BY CASE custody WHEN 'stored' THEN 0 WHEN 'out' THEN 1 ELSE 2 END, code LIMIT ?"
    )
    return _rows(now, Vial, rest, (lot, limit))


def count_in_stock(now: Reading, lot: str) -> int:
    """How many vials of a lot are in stock and reserved for nobody."""
    sql = "SELECT COUNT(*) FROM vial WHERE lot = ? AND order_code IS NULL AND custody IN ('expected', 'stored', 'out')"
    row = now.driver.one(sql, (lot,))
    return int(row[0]) if row is not None else 0


def vials_leading_on(now: Reading, lot: str, limit: int = 40) -> list[str]:
    """Vials of a lot that went into a dose or are for an order, by code."""
    sql = (
        "SELECT code FROM vial WHERE lot = ? AND (order_code IS NOT NULL OR EXISTS "
        "(SELECT 1 FROM dose_source WHERE dose_source.vial = vial.code)) ORDER BY code LIMIT ?"
    )
    return [code for (code,) in now.driver.all(sql, (lot, limit))]


def counts_by_custody(now: Reading, lot: str) -> dict[str, int]:
    """How many vials of a lot are in each custody."""
    return dict(now.driver.all("SELECT custody, COUNT(*) FROM vial WHERE lot = ? GROUP BY custody", (lot,)))


def vials_in_custody(now: Reading, *custody: str, limit: int = 200) -> list[Vial]:
    """Vials in some custodies, the longest there first."""
    marks = ", ".join("?" * len(custody))
    return _rows(now, Vial, f"WHERE custody IN ({marks}) ORDER BY since, code LIMIT ?", (*custody, limit))


def doses_waiting(now: Reading, limit: int = 200) -> list[Dose]:
    """Doses that are neither given nor discarded, the nearest deadline first; their orders are still open."""
    rest = (
        "WHERE order_code IN (SELECT code FROM treatment_order WHERE status = 'open') "
        "AND custody NOT IN ('administered', 'discarded') ORDER BY deadline, code LIMIT ?"
    )
    return _rows(now, Dose, rest, (limit,))


def doses_given_since(now: Reading, since: str, limit: int = 500) -> list[Dose]:
    """Doses whose administration ended at an instant or later, the earliest first."""
    rest = "WHERE custody = 'administered' AND ended_at >= ? ORDER BY ended_at, code LIMIT ?"
    return _rows(now, Dose, rest, (since, limit))


def follow_ups_of(now: Reading, doses: Sequence[str]) -> list[FollowUp]:
    """The outcomes recorded for some doses."""
    if not doses:
        return []
    return _rows(now, FollowUp, f"WHERE dose IN ({', '.join('?' * len(doses))}) ORDER BY dose, month", doses)


def adverse_events(now: Reading, limit: int = 50) -> list[AdverseEvent]:
    """The adverse events reported last."""
    return _rows(now, AdverseEvent, "ORDER BY number DESC LIMIT ?", (limit,))


def lots_to_judge(now: Reading, limit: int = 200) -> list[Lot]:
    """Lots, those in quarantine first, then those released for one order, then the latest judged."""
    rest = (
        "ORDER BY CASE disposition WHEN 'quarantined' THEN 0 WHEN 'conditionally released' THEN 1 ELSE 2 END, "
        "last_entry DESC, code LIMIT ?"
    )
    return _rows(now, Lot, rest, (limit,))


def lots_filled_last(now: Reading, limit: int = 100) -> list[tuple[Lot, list[str]]]:
    """Lots with their donations, the latest filling first."""
    lots = _rows(now, Lot, "ORDER BY filled_on DESC, last_entry DESC, code LIMIT ?", (limit,))
    return [(lot, [row.donation for row in now.facts.where(LotDonation, lot=lot.code)]) for lot in lots]


def open_holds(now: Reading, limit: int = 200) -> list[tuple[Hold, int]]:
    """Holds and recalls in force, the latest first, each once with how many things it lies on."""
    sql = (
        "SELECT number, MIN(scope), MIN(code), MIN(kind), MIN(reason), COUNT(*) FROM hold "
        "WHERE lifted IS NULL AND kind <> 'proposal' GROUP BY number ORDER BY number DESC LIMIT ?"
    )
    return [
        (Hold(int(number), scope, code, kind, reason, None), int(count))
        for number, scope, code, kind, reason, count in now.driver.all(sql, (limit,))
    ]


def deviations(now: Reading, limit: int = 100) -> list[Deviation]:
    """What two persons accepted last."""
    return _rows(now, Deviation, "ORDER BY number DESC, kind, code LIMIT ?", (limit,))


def donors(now: Reading, limit: int = 200) -> list[Donor]:
    """Donors, those whose eligibility is undecided first."""
    return _rows(
        now,
        Donor,
        "ORDER BY CASE eligibility WHEN 'pending' THEN 0 ELSE 1 END, last_entry DESC, code LIMIT ?",
        (limit,),
    )


def top_units(now: Reading, limit: int = 200) -> list[StorageUnit]:
    """Storage units that stand in no other."""
    return _rows(now, StorageUnit, "WHERE parent IS NULL AND status <> 'retired' ORDER BY code LIMIT ?", (limit,))


@dataclass(frozen=True, slots=True)
class LedgerSpan:
    """The entries of one epoch: how many there are."""

    epoch: int
    count: int


def ledger_spans(now: Reading) -> tuple[LedgerSpan, ...]:
    """How many entries each epoch has, found without counting them."""
    head = now.head()
    if head is None:
        return ()
    found = []
    for epoch in range(1, head.epoch + 1):
        row = now.driver.one('SELECT MAX("sequence") FROM "entry" WHERE "epoch" = ?', (epoch,))
        if row is not None and row[0] is not None:
            found.append(LedgerSpan(epoch, int(row[0]) + 1))
    return tuple(found)


def ledger_page(now: Reading, spans: Sequence[LedgerSpan], first: int, count: int) -> list[Stored]:
    """Entries by their place in the whole list, `count` of them from place `first`."""
    found: list[Stored] = []
    start = 0
    for span in spans:
        begin, end = max(first, start), min(first + count, start + span.count)
        if begin < end:
            low, high = begin - start, end - start - 1
            found += now.entries(numbers.number_of(span.epoch, low), numbers.number_of(span.epoch, high))
        start += span.count
    return found


def recent_entries(now: Reading, limit: int = 5_000) -> list[Stored]:
    """The last entries, the latest first."""
    spans = ledger_spans(now)
    total = sum(span.count for span in spans)
    return ledger_page(now, spans, max(0, total - limit), limit)[::-1]


def signature_counts(now: Reading) -> dict[str, int]:
    """How many entries each signer signed."""
    return dict(now.driver.all("SELECT code, COUNT(*) FROM mention WHERE kind = 'signer' GROUP BY code"))
