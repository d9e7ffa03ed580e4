"""The pharmacy's view as a sheet: orders, the vials of one of them, and what was issued."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from cryoledger.custody.workflow.entering import Entering
from cryoledger.custody.workflow.picking import Pick
from cryoledger.custody.workflow.storage import Return
from cryoledger.custody.workflow.to_stock import ReturnIssued
from cryoledger.custody.workflow.treatment import HandOver, Issue
from cryoledger.tui.desks.orders_sheet import COLUMNS, WHEN, by_day, closed, on_order
from cryoledger.tui.desks.patients import patients_tab
from cryoledger.tui.desks.sheet import Cell, Column, Line, Offer, Row, Sheet, Tab, Tone, heading, labelled, line, over
from cryoledger.tui.words import amount

if TYPE_CHECKING:
    from cryoledger.tui.desks.pharmacy import Barred, Candidate, Chosen, Issued, Pharmacy
    from cryoledger.tui.desks.pharmacy import Line as OrderRow

_STATE: Final[dict[str, Tone]] = {"free": "good", "reserved": "note"}
_VIALS: Final = (
    Column("vial", 13),
    Column("state", 9),
    Column("lot", 11),
    Column("expiry", 10),
    Column("where or why"),
)
_ISSUED: Final = (
    Column("what", 4), Column("code", 14), Column("state", 11), Column("since", 16), Column("left", 10),
    Column("patient", 10, wide=True),
    Column("order", 14, wide=True), Column("with"),
)  # fmt: skip


def pharmacy_sheet(view: Pharmacy, issued: str = "") -> Sheet:
    """The lists; the order under the cursor decides what the second shows, `issued` is the row of the third."""
    chosen = view.chosen
    name = f"Vials for {chosen.line.order}" if chosen is not None else "Vials"
    tabs = (
        Tab("Orders", COLUMNS, by_day(view.lines, view.today, _to_fill), "No order is open.",
            count=None if view.lines else view.orders),
        Tab(name, _VIALS, _vials(chosen), "Choose an order in the first list."),
        Tab("Issued, not given", _ISSUED, _by_issue(view.issued), "Nothing is on its way.",
            count=None if view.issued else view.on_their_way),
        Tab("Closed", COLUMNS, tuple(map(closed, view.closed)), "No order was completed or cancelled."),
        patients_tab(view.patients),
    )  # fmt: skip
    row = next((each for each in view.issued if each.code == issued), None)
    return Sheet(tabs, (), _issued_detail(row) if row is not None else _detail(chosen))


def _issued_detail(row: Issued) -> tuple[Line, ...]:
    """What may become of something that was issued, and what may not."""
    lines = [
        labelled("order", f"{row.order} · patient {row.patient}", "strong"),
        labelled("with", f"{row.holder}, since {row.day} {row.clock}"),
    ]
    if row.kind == "vial" and row.custody == "issued":
        lines.append(
            labelled("back to stock", "only unopened, with its cold chain on file and quality's signature: To stock.")
        )
    elif row.kind == "vial":
        lines.append(labelled("back to stock", "never: it is thawed. What is not given is wasted, by two.", "bad"))
    else:
        lines.append(labelled("back to stock", "never: a prepared dose is given or discarded, by two.", "bad"))
    return tuple(lines)


def _by_issue(issued: Sequence[Issued]) -> tuple[Row, ...]:
    """What is on its way under the day on which it was issued: today, or before."""
    rows: list[Row] = []
    groups: tuple[tuple[str, Tone, bool], ...] = (
        ("ISSUED TODAY", "strong", True), ("ISSUED BEFORE TODAY", "wait", False),
    )  # fmt: skip
    for word, tone, today in groups:
        found = [row for row in issued if (row.issued_on == "today") is today]
        if found:
            rows += [over(f"{word}, not yet administered: {len(found)}", tone), *map(_issued, found)]
    return tuple(rows)


def _to_fill(row: OrderRow) -> tuple[Offer, ...]:
    """What a pharmacist may begin with an open order."""
    order = row.order
    return (Offer("f5", "Pick", Pick(order)), Offer("f6", "Check out", Issue(order)), *on_order(order))


def _vials(chosen: Chosen | None) -> tuple[Row, ...]:
    if chosen is None:
        return ()
    own = [_vial(each, chosen) for each in chosen.own]
    free = [_vial(each, chosen) for each in chosen.usable]
    more = [
        Row(
            "more",
            (Cell(""), Cell(""), Cell(""), Cell(""), Cell(f"and up to {chosen.more} more of these lots", "quiet")),
        )
    ]
    barred = [_barred(at, each) for at, each in enumerate(chosen.barred)]
    return (*own, *free, *(more if chosen.more else []), *barred)


def _vial(vial: Candidate, chosen: Chosen) -> Row:
    tone: Tone = _STATE.get(vial.state, "wait")
    cells = (
        Cell(vial.vial, "strong"), Cell(vial.state, tone), Cell(vial.lot), Cell(vial.expiry_on),
        Cell(vial.where, "quiet"),
    )  # fmt: skip
    if vial.state == "free":
        given = (("order", chosen.line.order), ("line", chosen.line.line), ("vials", (vial.vial,)))
        return Row(vial.vial, cells, (Offer("f5", "Reserve", Entering("VialsReserved", given)),))
    if vial.state == "reserved":
        free = Entering("ReservationReleased", (("vials", (vial.vial,)),))
        return Row(vial.vial, cells, (Offer("f7", "Free it", free), Offer("f6", "Pick", Pick(chosen.line.order))))
    check_out = Offer("f6", "Check out", Issue(chosen.line.order))
    back = (Offer("f7", "Put back", Return()),) if vial.state == "out" else ()
    return Row(vial.vial, cells, (check_out, *back))


def _barred(at: int, each: Barred) -> Row:
    count = each.vial or f"{each.vials} vials"
    return Row(f"barred {at}", (
        Cell(count, "quiet"), Cell("✗ not", "bad"), Cell(each.lot), Cell(each.expiry_on), Cell(each.why, "bad"),
    ))  # fmt: skip


def _issued(row: Issued) -> Row:
    cells = (
        Cell(row.kind, "quiet"), Cell(row.code, "strong"), Cell(row.custody, "note"),
        Cell(f"{row.day} {row.clock}", "strong" if row.day == "today" else "quiet"), Cell("", "", row.deadline),
        Cell(row.patient), Cell(row.order), Cell(row.holder, "quiet"),
    )  # fmt: skip
    hands = row.kind == "dose" and row.custody in ("prepared", "handed over")
    papers = (Offer("f8", "Papers", act="papers"),) if row.kind == "dose" else ()
    back = Offer("f7", "To stock", ReturnIssued((row.kind, row.code)))
    return Row(row.code, cells, (*((Offer("f5", "Hand over", HandOver(row.code)),) if hands else ()), back, *papers))


def _detail(chosen: Chosen | None) -> tuple[Line, ...]:
    if chosen is None:
        return ()
    row = chosen.line
    lines = [
        heading(f"Order {row.order} line {row.line}"), labelled("patient", row.patient, "strong"),
        labelled("asks for", f"{amount(row.cells)} cells of {row.product}, {row.route}"),
        labelled("due", row.due_on, WHEN[row.when]), labelled("prescriber", chosen.prescriber),
        labelled("how far", f"{row.state} {row.note and f'({row.note})'}".rstrip()), line(""),
        heading(f"May be used: {len(chosen.usable)}{' and more' if chosen.more else ''}"),
    ]  # fmt: skip
    lines += [
        Line((Cell(f"{vial.vial:<13} ", "good"), Cell(f"{vial.expiry_on}  {vial.lot}", "quiet")))
        for vial in chosen.usable[:8]
    ]
    if chosen.barred:
        lines += [line(""), heading(f"May not: {sum(each.vials for each in chosen.barred)}")]
        lines += [Line((Cell(f"{each.vials:>4} of {each.lot}: ", ""), Cell(each.why, "bad"))) for each in chosen.barred]
    return tuple(lines)
