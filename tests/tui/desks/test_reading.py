"""What each desk shows, read from a real vault: and the reasons are the rulebook's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import pytest

from cryoledger.custody.workflow.bedside import Bedside as Check
from cryoledger.custody.workflow.entering import Entering
from cryoledger.database.store import Reading
from cryoledger.database.work_lists import issued_at
from cryoledger.domain import catalogue
from cryoledger.domain.events import treatment
from cryoledger.errors import RequestError
from cryoledger.tui.desks.audit import (
    read_entry,
    read_ledger,
    read_page,
    read_signed_by,
    read_signers,
    read_timeline,
    read_tree,
    read_typed,
)
from cryoledger.tui.desks.bedside import read_bedside
from cryoledger.tui.desks.draw import Place, draw
from cryoledger.tui.desks.pharmacy import read_pharmacy
from cryoledger.tui.desks.pharmacy_sheet import pharmacy_sheet
from cryoledger.tui.desks.preparation import read_preparation
from cryoledger.tui.desks.quality import read_quality
from cryoledger.tui.desks.sheet import beside_headings
from tests.lab import CLINICIAN, PHARMACIST, QUALITY, prepared
from tests.tui.desks.conftest import Site

T = TypeVar("T")


def look(site: Site, read: Callable[[Reading], T]) -> T:
    with site.store.reading() as now:
        return read(now)


# Pharmacy


def test_orders_stand_by_the_day_they_are_due_with_how_far_they_are(site: Site) -> None:
    site.lab.reserve("ORDER-3", site.vials[4])
    desk = look(site, lambda now: read_pharmacy(now, site.lab.now, PHARMACIST))
    assert [(line.order, line.line, line.when, line.state, line.note) for line in desk.lines] == [
        ("ORDER-1", 1, "closed", "administered", "10 M cells given"), ("ORDER-2", 2, "later", "ordered", ""),
        ("ORDER-3", 1, "later", "reserved", "1 vial"), ("ORDER-2", 1, "later", "handed over", "dose DOSE-2"),
    ]  # fmt: skip
    site.lab.wait(minutes=3 * 24 * 60)
    late = look(site, lambda now: read_pharmacy(now, site.lab.now, PHARMACIST))
    assert {line.when for line in late.lines} == {"overdue"}
    assert [line.order for line in late.closed] == ["ORDER-1"]


def test_a_list_that_is_not_open_is_counted_and_not_read(site: Site) -> None:
    site.lab.reserve("ORDER-3", site.vials[4])
    at = site.lab.now
    whole = look(site, lambda now: read_pharmacy(now, at, PHARMACIST))
    part = look(site, lambda now: read_pharmacy(now, at, PHARMACIST, ("ORDER-3", 1), "Vials", or_first=True))
    assert (part.lines, part.issued, part.patients.lines) == ((), (), ())
    assert (part.orders, part.on_their_way) == (len(whole.lines), len(whole.issued))
    assert part.patients.count == len(whole.patients.lines) == 3
    assert part.chosen is not None
    assert part.chosen.line == next(line for line in whole.lines if line.order == "ORDER-3")
    names = [(tab.name, tab.things) for tab in pharmacy_sheet(whole).tabs if not tab.name.startswith("Vials")]
    assert names == [
        ("Orders", 4), ("Issued, not given", len(whole.issued)), ("Closed", len(whole.closed)), ("Patients", 3),
    ]  # fmt: skip
    assert [tab.things for tab in pharmacy_sheet(part).tabs if tab.name in ("Orders", "Patients")] == [4, 3]
    bedside = look(site, lambda now: read_bedside(now, at, opened="To give"))
    assert (bedside.orders, bedside.order_count) == ((), 4)


def test_the_issue_of_a_vial_is_looked_for_among_its_last_entries_only(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = site.vials[0]
    issue = look(site, lambda now: issued_at(now, given))
    assert issue is not None
    monkeypatch.setattr("cryoledger.database.work_lists.ISSUED_WITHIN", 2)
    assert look(site, lambda now: issued_at(now, given)) is None


def test_each_day_says_how_many_of_its_doses_are_how_far(site: Site) -> None:
    site.lab.reserve("ORDER-3", site.vials[4])
    site.lab.record(treatment.OrderCancelled(order="ORDER-3", reason="duplicate"), CLINICIAN)
    view = look(site, lambda now: read_pharmacy(now, site.lab.now, PHARMACIST))
    orders = pharmacy_sheet(view).tabs[0]
    due = view.lines[-1].due_on
    assert [row.cells[0].text for row in orders.rows if row.heading] == [
        f"TODAY {view.today}: 1 administered, 1 cancelled", f"{due}: 1 ordered, 1 handed over",
    ]  # fmt: skip
    assert orders.things == 4
    assert [bool(row.offers) for row in orders.rows] == [False, False, False, False, True, True]
    drawing = draw(pharmacy_sheet(view), Place(), 80, 12, datetime.now(UTC))
    assert drawing.place.cursor == 1
    assert "TODAY" in "".join(piece.text for piece in drawing.lines[2])
    assert [beside_headings(orders, 3, step) for step in (1, -1)] == [4, 2]
    assert beside_headings(orders, 0, -1) == 1


def test_vials_that_may_be_used_come_oldest_expiry_first_and_the_rest_say_why_not(site: Site) -> None:
    site.lab.hold("vial", site.vials[3])
    desk = look(site, lambda now: read_pharmacy(now, site.lab.now, PHARMACIST, ("ORDER-3", 1)))
    assert desk.chosen is not None
    assert [vial.lot for vial in desk.chosen.usable] == ["LOT-2"] * 3 + ["LOT-1"] * 5
    assert site.vials[3] not in [vial.vial for vial in desk.chosen.usable]
    barred = {(each.lot, each.vials): each.why for each in desk.chosen.barred}
    assert barred["LOT-3", 2] == "Lot LOT-3 is quarantined."
    held = barred["LOT-1", 1]
    assert held.startswith("Hold ")
    assert "(investigation)" in held
    assert "OTHER-1" not in {each.lot for each in desk.chosen.barred}


def test_expired_lots_are_listed_with_the_rulebook_s_reason(site: Site) -> None:
    site.lab.wait(minutes=75 * 24 * 60)
    desk = look(site, lambda now: read_pharmacy(now, site.lab.now, PHARMACIST, ("ORDER-3", 1)))
    assert desk.chosen is not None
    assert {vial.lot for vial in desk.chosen.usable} == {"LOT-1"}
    assert [each.why for each in desk.chosen.barred if each.lot == "LOT-2"] == ["Expired on 2027-02-01."]


def test_what_was_issued_and_is_not_given_stands_with_its_deadline(site: Site) -> None:
    site.lab.issue("ORDER-3", site.vials[4])
    desk = look(site, lambda now: read_pharmacy(now, site.lab.now, PHARMACIST))
    assert [(row.kind, row.code, row.custody) for row in desk.issued] == [
        ("dose", "DOSE-2", "handed over"), ("vial", site.vials[4], "issued"),
    ]  # fmt: skip
    assert desk.issued[0].deadline is not None
    site.lab.wait(minutes=24 * 60)
    site.lab.issue("ORDER-3", site.vials[5])
    later = look(site, lambda now: read_pharmacy(now, site.lab.now, PHARMACIST))
    issued = pharmacy_sheet(later).tabs[2]
    assert [row.key for row in issued.rows] == [
        "over ISSUED TODAY, not yet administered: 1", site.vials[5],
        "over ISSUED BEFORE TODAY, not yet administered: 2", "DOSE-2", site.vials[4],
    ]  # fmt: skip


# Bedside


def test_each_match_is_told_as_it_comes(site: Site) -> None:
    def states(task: Check, signing: str = "") -> list[str]:
        view = look(site, lambda now: read_bedside(now, site.lab.now, task, signing))
        return [match.state for match in view.matches]

    assert states(Check()) == ["next", "waiting", "waiting"]
    assert states(Check("PATIENT-2", "band")) == ["match", "next", "waiting"]
    assert states(Check("PATIENT-2", "band", "DOSE-2")) == ["match", "match", "next"]
    assert states(Check("PATIENT-2", "band", "DOSE-2"), "DOSE-2") == ["match", "match", "match"]


def test_a_checked_dose_is_to_be_given_with_its_deadline_in_sight(site: Site) -> None:
    site.lab.bedside("DOSE-2")
    view = look(site, lambda now: read_bedside(now, site.lab.now))
    assert (view.stage, view.dose.code if view.dose else "") == ("give", "DOSE-2")
    assert view.dose is not None
    assert view.dose.deadline > site.lab.now


def test_outcomes_fall_due_after_one_three_and_six_months(site: Site) -> None:
    assert look(site, lambda now: read_bedside(now, site.lab.now)).due == ()
    site.lab.wait(minutes=100 * 24 * 60)
    site.lab.record(treatment.FollowUpRecorded(dose="DOSE-1", month=1, outcome="improved"), CLINICIAN)
    view = look(site, lambda now: read_bedside(now, site.lab.now))
    assert [(due.dose, due.month, due.late) for due in view.due] == [("DOSE-1", 3, False)]


# Preparation


def test_a_dose_cannot_leave_until_its_amounts_balance_and_the_rulebook_says_so(site: Site) -> None:
    vial = site.vials[5]
    site.lab.to_thawed("ORDER-3", vial)
    opened = look(site, lambda now: read_preparation(now, site.lab.now)).opened
    assert [(row.vial, row.left, row.balanced) for row in opened if row.vial == vial] == [(vial, "1 mL", False)]
    site.lab.record(prepared("DOSE-3", "ORDER-3", [(vial, 900)]), PHARMACIST)
    view = look(site, lambda now: read_preparation(now, site.lab.now))
    assert [(dose.code, dose.why) for dose in view.made] == [
        ("DOSE-3", f"Vial {vial} of dose DOSE-3 still holds 100 uL.")
    ]
    wasted = catalogue.parse("RemaindersWasted", {"vials": [{"vial": vial, "volume_microlitres": 100}]})
    site.lab.record(wasted, PHARMACIST, QUALITY)
    assert [dose.why for dose in look(site, lambda now: read_preparation(now, site.lab.now)).made] == [""]


# Quality


def test_out_of_limit_results_come_first_and_say_why_there_is_no_release(site: Site) -> None:
    view = look(site, lambda now: read_quality(now, site.lab.now, QUALITY, "LOT-3"))
    assert view.lots[0].code == "LOT-3"
    assert view.lots[0].alarm
    assert view.chosen is not None
    assert [(test.test, test.verdict) for test in view.chosen.tests] == [
        ("viability", "out"), ("sterility", "within"), ("potency", "not required"),
    ]  # fmt: skip
    assert view.chosen.tests[0].result == "61.5 %"
    assert view.chosen.why_not == "viability of lot LOT-3 is out of limits."


def test_recall_names_every_vial_and_patient_before_it_is_signed(site: Site) -> None:
    task = Entering("RecallIssued", (("thing", "lot LOT-1"),))
    view = look(site, lambda now: read_quality(now, site.lab.now, QUALITY, task=task))
    assert view.recall is not None
    assert {row.code for row in view.recall.vials} == set(site.vials)
    assert view.recall.patients == ("PATIENT-1", "PATIENT-2")
    assert view.recall.treated == ("PATIENT-1",)


def test_holds_deviations_late_entries_and_donors_are_listed(site: Site) -> None:
    number = site.lab.hold("lot", "LOT-2")
    site.lab.deviation("test-limit", "lot", "LOT-3")
    late = catalogue.parse(
        "FollowUpRecorded", {"dose": "DOSE-1", "month": 1, "outcome": "improved", "late": "forgotten"}
    )
    site.lab.wait(minutes=60)
    site.lab.record(late, CLINICIAN, at=site.lab.ago(minutes=30))
    view = look(site, lambda now: read_quality(now, site.lab.now, QUALITY))
    assert [(hold.number, hold.on) for hold in view.holds] == [(number, "lot LOT-2")]
    assert [remark.what for remark in view.deviations] == ["test-limit: lot LOT-3"]
    assert view.remarks[0].why.startswith("late: forgotten")
    assert {donor.code for donor in view.donors} == {"DONOR-1", "DONOR-2"}
    assert not any(donor.alarm or donor.missing for donor in view.donors)


# Audit


def test_pages_of_the_ledger_are_read_by_place(site: Site) -> None:
    ledger = look(site, read_ledger)
    assert ledger.count == len(site.lab.entries)
    page = look(site, lambda now: read_page(now, ledger.spans, ledger.count - 3, 10))
    assert [line.number for line in page] == [ledger.count - 3, ledger.count - 2, ledger.count - 1]
    assert page[-1].type == "DoseHandedOver"
    assert look(site, lambda now: read_page(now, ledger.spans, ledger.count, 10)) == []


def test_an_entry_is_shown_as_the_note_that_was_signed(site: Site) -> None:
    number = site.lab.last.number
    shown = look(site, lambda now: read_entry(now, number))
    assert shown is not None
    assert "\n".join(shown.note) == site.lab.last.note.decode().rstrip("\n")
    assert [(line.full_name, line.meaning) for line in shown.signatures] == [
        ("Petra Vogel", "handed over"), ("Carlos Mendes", "received"),
    ]  # fmt: skip


@pytest.mark.parametrize("code", ["DONOR-1", "LOT-1", "DOSE-1", "PATIENT-1"])
def test_tree_goes_from_donor_to_patient_wherever_it_is_asked(site: Site, code: str) -> None:
    nodes = look(site, lambda now: read_tree(now, code))
    things = [str(node.thing) for node in nodes]
    assert things[0] == "donor DONOR-1"
    assert "patient PATIENT-1" in things
    assert [str(node.thing) for node in nodes if node.asked] == [next(t for t in things if t.endswith(f" {code}"))]
    assert nodes[things.index("dose DOSE-1")].depth == 4


def test_tree_of_a_dose_leaves_other_vials_out(site: Site) -> None:
    things = [str(node.thing) for node in look(site, lambda now: read_tree(now, "DOSE-1"))]
    assert f"vial {site.vials[0]}" in things
    assert f"vial {site.vials[3]}" not in things


def test_a_code_that_means_nothing_has_no_tree(site: Site) -> None:
    with pytest.raises(RequestError, match="Nothing here has the code"):
        look(site, lambda now: read_tree(now, "NOPE"))


def test_timeline_signers_and_typed_entries(site: Site) -> None:
    thing, story = look(site, lambda now: read_timeline(now, site.vials[0]))
    assert thing.code == site.vials[0]
    assert [told.type for told in story][-1] == "AdministrationCompleted"
    typed = catalogue.parse("VialsTakenOut", {"vials": [site.vials[6]], "purpose": "testing", "typed": ["vial"]})
    site.lab.record(typed)
    assert [line.marks for line in look(site, read_typed)] == ["typed"]
    signers = look(site, read_signers)
    assert sum(signer.count for signer in signers) >= len(site.lab.entries)
    last = look(site, lambda now: read_signed_by(now, "maria.s"))
    assert last[0].type == "VialsTakenOut"
