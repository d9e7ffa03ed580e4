"""Orders by day as a list of a sheet, for whoever fills them and whoever prescribes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from cryoledger.custody.workflow.entering import Entering
from cryoledger.tui.desks.sheet import Cell, Column, Offer, Row, Tab, Tone, over
from cryoledger.tui.words import amount

if TYPE_CHECKING:
    from cryoledger.tui.desks.pharmacy import Line as OrderRow

WHEN: Final[dict[str, Tone]] = {"overdue": "bad", "today": "wait", "later": "", "closed": "quiet"}
"""The tone of a day."""
_STATES: Final[dict[str, Tone]] = {
    "ordered": "wait", "missing": "bad", "administered": "good", "cancelled": "quiet",
}  # fmt: skip
COLUMNS: Final = (
    Column("due", 10), Column("state", 12), Column("order", 14), Column("line", 4), Column("patient", 10),
    Column("product", 10, wide=True), Column("cells", 8), Column("of what"),
)  # fmt: skip


PLACE_ORDER: Final = Offer("f5", "Place an order", Entering("OrderPlaced"))
ORDER_LABEL: Final = Offer("f7", "Label", act="order-label")


def on_order(order: str) -> tuple[Offer, ...]:
    """What a prescriber may begin with an open order."""
    return (ORDER_LABEL, Offer("f8", "Cancel order", Entering("OrderCancelled", (("order", order),))))


def orders_tab(lines: Sequence[OrderRow], today: str, count: int) -> Tab:
    """The orders by day, as a prescriber sees them; only how many there are where they were not read."""
    rows = by_day(lines, today, lambda row: on_order(row.order))
    return Tab("Orders", COLUMNS, rows, "No order is open.", (PLACE_ORDER,), count=None if rows else count)


def by_day(lines: Sequence[OrderRow], today: str, offers: Callable[[OrderRow], tuple[Offer, ...]]) -> tuple[Row, ...]:
    """The lines under their days, each day with how many of its doses are how far; `offers` of one that is open."""
    rows: list[Row] = []
    for when, day in dict.fromkeys(_group(each, today) for each in lines):
        of_day = [each for each in lines if _group(each, today) == (when, day)]
        counts = [f"{sum(each.state == state for each in of_day)} {state}" for state in _in_order(of_day)]
        rows.append(over(f"{when} {day}".strip() + f": {', '.join(counts)}", WHEN[when.lower() or "later"]))
        rows += [closed(each) if each.when == "closed" else _order(each, offers(each)) for each in of_day]
    return tuple(rows)


def _group(row: OrderRow, today: str) -> tuple[str, str]:
    """The word and the day under which a line stands."""
    if row.when == "overdue":
        return "OVERDUE", ""
    return ("TODAY", today) if row.when in ("today", "closed") else ("", row.due_on)


def _in_order(rows: Sequence[OrderRow]) -> list[str]:
    """The states of some lines that stand in the order of their states, each once."""
    return list(dict.fromkeys(row.state for row in rows))


def closed(row: OrderRow) -> Row:
    """A line that nothing more comes of."""
    return Row(line_key(row.order, row.line), _cells(row, "quiet"))


def _cells(row: OrderRow, when: Tone) -> tuple[Cell, ...]:
    return (
        Cell(row.due_on, when), Cell(row.state, _STATES.get(row.state, "note")), Cell(row.order, "strong"),
        Cell(str(row.line)), Cell(row.patient), Cell(row.product, "quiet"), Cell(amount(row.cells)),
        Cell(row.note, "quiet"),
    )  # fmt: skip


def line_key(order: str, number: int) -> str:
    """How an order's line stands in the list."""
    return f"{order} {number}"


def _order(row: OrderRow, offers: tuple[Offer, ...]) -> Row:
    return Row(line_key(row.order, row.line), _cells(row, WHEN[row.when]), offers)
