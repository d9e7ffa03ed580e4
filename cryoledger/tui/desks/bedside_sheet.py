"""The bedside's view as a sheet: the three matches and the deadline large, then what waits and who is to be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryoledger.custody.workflow.bedside import Bedside as Check
from cryoledger.custody.workflow.bedside import Complete
from cryoledger.custody.workflow.entering import Entering
from cryoledger.tui.desks.orders_sheet import orders_tab
from cryoledger.tui.desks.patients import patients_tab
from cryoledger.tui.desks.sheet import Cell, Column, Line, Offer, Row, Sheet, Tab, Tone, labelled, line

if TYPE_CHECKING:
    from cryoledger.tui.desks.bedside import Bedside, DoseLine, Due, Match

_STAGE: Final = {
    "sign": ("ALL MATCH", "Clinician and witness sign before the needle."),
    "give": ("GIVE NOW", "The check passed. After it: Complete below, or CMD-COMPLETE."),
    "complete": ("COMPLETE", ""),
}
_MARK: Final[dict[str, tuple[str, Tone]]] = {"match": ("✓", "good"), "next": ("▶", "wait"), "waiting": ("·", "quiet")}
_WAITING: Final = (
    Column("dose", 14), Column("state", 11), Column("left", 10), Column("patient", 10), Column("order", 14),
    Column("volume", 8, wide=True), Column("cells", 12, wide=True), Column("route", 20, wide=True), Column("with"),
)  # fmt: skip
_DUE: Final = (Column("due", 10), Column("month", 5), Column("patient", 10), Column("dose", 14), Column(""))
_ADVERSE: Final = (Column("dose", 14), Column("what", 28), Column("since"))
_CHECK: Final = Offer("f5", "Begin the check", Check())
_COMPLETE: Final = Offer("f6", "Complete", Complete())


def bedside_sheet(view: Bedside, stop: str = "") -> Sheet:
    """`stop` is what a mismatch said: it stands large over everything until the next scan."""
    late = any(due.late for due in view.due)
    waiting = tuple(map(_waiting, view.waiting))
    tabs = (
        Tab("To give", _WAITING, waiting, "No dose waits for a patient.", (_CHECK, _COMPLETE)),
        Tab("Follow-up due", _DUE, tuple(map(_due, view.due)), "No outcome is due.", (), late),
        Tab("Adverse events", _ADVERSE, tuple(_adverse(*each) for each in view.adverse), "None was reported.",
            (Offer("f5", "Report one", Entering("AdverseEventReported")),)),
        patients_tab(view.patients), orders_tab(view.orders, view.today, view.order_count),
    )  # fmt: skip
    return Sheet(tabs, _head(view, stop), ())


def _head(view: Bedside, stop: str) -> tuple[Line, ...]:
    if stop:
        return (line("STOP", "bad", big=True), line(stop, "bad"))
    lines: list[Line] = []
    if view.stage in _STAGE:
        word, told = _STAGE[view.stage]
        lines.append(line(word, "good" if view.stage != "complete" else "note", big=True))
        if told:
            lines.append(line(told, "strong"))
    lines += [_match(match, large=view.stage == "check") for match in view.matches]
    if view.dose is not None:
        lines += _dose(view.dose)
    lines += [labelled(label, value, "strong") for label, value in view.facts]
    return tuple(lines)


def _match(match: Match, *, large: bool) -> Line:
    mark, tone = _MARK[match.state]
    told = {"match": f"{match.code}  MATCH", "next": "scan it now", "waiting": ""}[match.state]
    big = large and match.state != "waiting"
    return Line((Cell(f"{mark} {match.word.upper():<9} ", tone), Cell(told, tone)), big and match.state == "match")


def _dose(dose: DoseLine) -> list[Line]:
    content = f"{dose.cells} viable cells in {dose.volume}, {dose.viability}, {dose.route}"
    return [
        labelled("deadline", "", "strong", until=dose.deadline),
        labelled("dose", f"{dose.code} · patient {dose.patient} · order {dose.order} line {dose.line}", "strong"),
        labelled("content", content),
    ]


def _waiting(dose: DoseLine) -> Row:
    tone: Tone = "good" if dose.custody == "checked" else "note"
    cells = (
        Cell(dose.code, "strong"), Cell(dose.custody, tone), Cell("", "", dose.deadline), Cell(dose.patient),
        Cell(dose.order), Cell(dose.volume), Cell(dose.cells), Cell(dose.route, "quiet"), Cell(dose.holder, "quiet"),
    )  # fmt: skip
    return Row(dose.code, cells)


def _due(due: Due) -> Row:
    cells = (
        Cell(due.due_on, "bad" if due.late else "wait"), Cell(str(due.month)), Cell(due.patient),
        Cell(due.dose, "strong"), Cell("OVERDUE" if due.late else "due", "bad" if due.late else "wait"),
    )  # fmt: skip
    given = (("dose", due.dose), ("month", due.month))
    offers = (
        Offer("f5", "Record outcome", Entering("FollowUpRecorded", given)),
        Offer("f6", "Adverse event", Entering("AdverseEventReported", given[:1])),
    )
    return Row(f"{due.dose} {due.month}", cells, offers)


def _adverse(dose: str, what: str, since: str) -> Row:
    return Row(f"{dose} {what} {since}", (Cell(dose, "strong"), Cell(what, "bad"), Cell(since, "quiet")))
