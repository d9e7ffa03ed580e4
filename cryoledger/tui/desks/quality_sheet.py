"""The quality office's view as a sheet: lots with their tests, holds, deviations, late entries, donors, a recall."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryoledger.custody.workflow.amounts import count
from cryoledger.custody.workflow.entering import Entering
from cryoledger.custody.workflow.picking import SEARCHED, Pick
from cryoledger.tui.desks.excursions import excursion_detail, excursions_tab
from cryoledger.tui.desks.filling import filling_tab
from cryoledger.tui.desks.sheet import Cell, Column, Line, Offer, Row, Sheet, Tab, Tone, heading, labelled, line

if TYPE_CHECKING:
    from cryoledger.documents.recall import Recall
    from cryoledger.tui.desks.quality import ChosenLot, DonorLine, HoldLine, LotLine, Quality, Remark, Test

_DISPOSITION: Final[dict[str, Tone]] = {
    "released": "good", "quarantined": "wait", "rejected": "bad", "conditionally released": "note"
}  # fmt: skip
_VERDICT: Final[dict[str, tuple[str, Tone]]] = {
    "within": ("✓", "good"), "out": ("✗ OUT", "bad"), "missing": ("? missing", "wait"), "not required": ("-", "quiet")
}  # fmt: skip
_LOTS: Final = (
    Column("lot", 14), Column("disposition", 22), Column("expiry", 10), Column("vials", 6),
    Column("product", 14, wide=True), Column("tests"),
)  # fmt: skip
_HOLDS: Final = (
    Column("no.", 7), Column("kind", 6), Column("on", 26), Column("reason", 14), Column("since", 20, wide=True),
    Column("by", 0, wide=True),
)  # fmt: skip
_REMARKS: Final = (
    Column("entry", 7), Column("when", 20), Column("type", 22, wide=True), Column("why", 34), Column("what")
)  # fmt: skip
_DONORS: Final = (Column("donor", 14), Column("eligibility", 11), Column("consent", 26, wide=True), Column("screening"))
_REACHED: Final = (Column("what", 7), Column("code", 16), Column("state", 14), Column("patient", 12), Column("where"))


def quality_sheet(view: Quality) -> Sheet:
    """The lists; a recall that is being entered comes first, with every vial and patient that it reaches."""
    hold = Offer("f5", "Place a hold", Entering("HoldPlaced"))
    deviate = Offer("f5", "Record a deviation", Entering("DeviationRecorded"))
    tabs = [
        Tab("Lots", _LOTS, tuple(map(_lot, view.lots)), "There is no lot.", (), any(lot.alarm for lot in view.lots)),
        Tab("Holds", _HOLDS, tuple(map(_hold, view.holds)), "Nothing is on hold.", (hold,)),
        excursions_tab(view.excursions),
        Tab("Deviations", _REMARKS, tuple(map(_remark, view.deviations)), "None was recorded.", (deviate,)),
        Tab("Late, corrected", _REMARKS, tuple(map(_remark, view.remarks)), "None among the last entries."),
        Tab("Donors", _DONORS, tuple(map(_donor, view.donors)), "There is no donor.",
            (Offer("f11", "Register a donor", Entering("DonorRegistered")),)),
        filling_tab(view.filling),
    ]  # fmt: skip
    if view.recall is not None:
        tabs.insert(0, _reached(view.recall))
    detail = excursion_detail(view.opened) if view.opened is not None else _detail(view.chosen)
    return Sheet(tuple(tabs), _recall_head(view.recall), () if view.recall is not None else detail)


def _lot(lot: LotLine) -> Row:
    tone: Tone = _DISPOSITION.get(lot.disposition, "")
    cells = (
        Cell(lot.code, "strong"), Cell(lot.disposition, tone), Cell(lot.expiry_on), Cell(str(lot.vials)),
        Cell(lot.product, "quiet"), Cell(lot.tests, "bad" if lot.alarm else ""),
    )  # fmt: skip
    given = (("lot", lot.code),)
    offers = (
        Offer("f5", "Release", Entering("LotReleased", given)), Offer("f6", "Reject", Entering("LotRejected", given)),
        Offer("f7", "For one order", Entering("LotConditionallyReleased", given)),
        Offer("f8", "Recall", Entering("RecallIssued", (("thing", f"lot {lot.code}"),))),
        Offer("f11", "Hold", Entering("HoldPlaced", (("things", (f"lot {lot.code}",)),))),
        Offer("f12", "Result", Entering("TestResultsRecorded", given)),
    )  # fmt: skip
    return Row(lot.code, cells, offers)


def _hold(hold: HoldLine) -> Row:
    cells = (
        Cell(hold.entry), Cell(hold.kind, "bad" if hold.kind == "recall" else "held"), Cell(hold.on, "strong"),
        Cell(hold.reason), Cell(hold.since[:16], "quiet"), Cell(hold.by, "quiet"),
    )  # fmt: skip
    lift = Entering("HoldLifted", (("number", hold.number),))
    kind, _, code = hold.on.partition(" ")
    pick = (Offer("f7", "Fetch its vials", Pick(search=(kind, code))),) if kind in SEARCHED else ()
    return Row(hold.entry, cells, (Offer("f6", "Lift it", lift), *pick))


def _remark(remark: Remark) -> Row:
    cells = (
        Cell(remark.entry), Cell(remark.at[:16], "quiet"), Cell(remark.type), Cell(remark.why, "wait"),
        Cell(remark.what),
    )  # fmt: skip
    return Row(remark.entry, cells)


def _donor(donor: DonorLine) -> Row:
    bad = [f"{marker} {result}" for marker, result, wrong in donor.markers if wrong]
    missing = [f"{marker} missing" for marker in donor.missing]
    told = ", ".join([*bad, *missing]) or f"{len(donor.markers)} markers nonreactive"
    tone: Tone = "bad" if bad else "wait" if missing else "good"
    state: Tone = {"eligible": "good", "ineligible": "bad"}.get(donor.eligibility, "wait")  # type: ignore[assignment]
    consent: Tone = "bad" if donor.consent.startswith("withdrawn") else "quiet"
    cells = (Cell(donor.code, "strong"), Cell(donor.eligibility, state), Cell(donor.consent, consent), Cell(told, tone))
    offers = (
        Offer("f5", "Eligibility", Entering("DonorEligibilityDecided", (("donor", donor.code),))),
        Offer("f8", "Recall", Entering("RecallIssued", (("thing", f"donor {donor.code}"),))),
        Offer("f12", "Donation", Entering("DonationCollected", (("donor", donor.code),))),
    )
    return Row(donor.code, cells, offers)


def _reached(recall: Recall) -> Tab:
    rows = [
        Row(f"patient {code}", (
            Cell("patient"), Cell(code, "strong"), Cell("TREATED" if code in recall.treated else "not yet",
            "bad" if code in recall.treated else "wait"), Cell(code), Cell(""),
        ))
        for code in recall.patients
    ]  # fmt: skip
    for kind, found in (("dose", recall.doses), ("vial", recall.vials)):
        rows += [
            Row(f"{kind} {each.code}", (
                Cell(kind), Cell(each.code, "strong"), Cell(each.state, "note"), Cell(each.patient),
                Cell(each.where, "quiet"),
            ))
            for each in found
        ]  # fmt: skip
    return Tab("What it reaches", _REACHED, tuple(rows), "Nothing comes from it.", (), True)


def _recall_head(recall: Recall | None) -> tuple[Line, ...]:
    if recall is None:
        return ()
    found = ((recall.lots, "lot"), (recall.vials, "vial"), (recall.doses, "dose"), (recall.patients, "patient"))
    counts = ", ".join(count(len(each), word) for each, word in found)
    treated = f"{len(recall.treated)} treated"
    return (
        line(f"RECALL OF {recall.scope.upper()} {recall.code}: {counts}; {treated}. Nothing is signed yet.", "bad"),
    )


def _detail(chosen: ChosenLot | None) -> tuple[Line, ...]:
    if chosen is None:
        return ()
    lines = [heading(f"Lot {chosen.line.code}"), labelled("disposition", chosen.line.disposition,
             _DISPOSITION.get(chosen.line.disposition, ""))]  # fmt: skip
    lines += [labelled("HELD", held, "held") for held in chosen.holds]
    for test in chosen.tests:
        lines += _test(test)
    if chosen.line.disposition in ("quarantined", "conditionally released"):
        lines.append(
            line(f"✗ No release: {chosen.why_not}", "bad") if chosen.why_not else line("✓ May be released.", "good")
        )
    lines += [labelled("accepted", accepted, "wait") for accepted in chosen.deviations]
    lines.append(line(""))
    lines += [labelled(label, value) for label, value in chosen.facts]
    lines += [labelled("donor", donor) for donor in chosen.donors]
    return tuple(lines)


def _test(test: Test) -> list[Line]:
    mark, tone = _VERDICT[test.verdict]
    lines = [Line((
        Cell(f"{mark:<10}", tone), Cell(f"{test.test:<14} ", "strong"), Cell(f"{test.result:<12} ", tone),
        Cell(test.limits, "quiet"),
    ))]  # fmt: skip
    return lines + [Line((Cell(f"{'':<10}before: {old}", "quiet"),)) for old in test.history]
