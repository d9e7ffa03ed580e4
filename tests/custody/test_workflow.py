"""The scan workflow on facts alone: what each scan leads to, and that no scan is dropped or loses the task."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryoledger.codes import Command, command_code, read
from cryoledger.custody.workflow import Act, State, Step, World, advance, amounts, picking, resolve
from cryoledger.custody.workflow.machine import ABOVE, STARTS
from cryoledger.domain.events import storage
from cryoledger.domain.fields import Event
from cryoledger.domain.records import Vial
from cryoledger.errors import CodeError
from tests.lab import PHARMACIST, STATION, TECHNICIAN, Lab


@dataclass
class Talk:
    """A conversation with the workflow, whose proposals are recorded in the laboratory."""

    lab: Lab
    person: str = TECHNICIAN
    state: State = field(default_factory=State)
    acts: tuple[Act, ...] = ()
    box_scans: int = 0

    def world(self) -> World:
        return World(
            self.lab.inventory, self.lab.now, zone="Asia/Bangkok", prefix="BK", person=self.person, station=STATION,
            acts=self.acts, box_scans=self.box_scans, late=self.state.late,
        )  # fmt: skip

    def scan(self, text: str, *, typed: bool = False) -> Step:
        scan = resolve(read(text), self.lab.inventory, typed=typed)
        self.box_scans += scan.kind == "unit" and bool(self.lab.unit(scan.code).rows)
        after, step = advance(self.state, scan, self.world())
        if step.kind == "propose":
            for event in step.events:
                self.lab.record(event, self.person)
                last = self.lab.last
                self.acts = (*self.acts, Act(last.number, last.reference.leaf_hash, event, self.box_scans))
            if step.undoes:
                self.acts = self.acts[: -step.undoes - 1]
            after = after.refreshed(self.world())
        self.state = after
        return step

    def say(self, *texts: str) -> Step:
        return [self.scan(text) for text in texts][-1]


@pytest.fixture
def lab() -> Lab:
    lab = Lab()
    lab.furnish()
    lab.release_lot("LOT-1")
    lab.sign_in(TECHNICIAN)
    return lab


@pytest.fixture
def talk(lab: Lab) -> Talk:
    return Talk(lab)


def place(lab: Lab, code: str) -> tuple[str | None, int | None]:
    return lab.vial(code).unit, lab.vial(code).position


def test_box_then_vials_fills_the_next_free_positions(lab: Lab, talk: Talk) -> None:
    lab.vials("LOT-1", 2)
    codes = lab.vials("LOT-1", 3, unit=None)
    step = talk.say("CMD-STORE", "BOX-1")
    assert (step.kind, talk.state.ask) == ("question", "vial")
    assert "A3" in step.message
    for code in codes:
        assert talk.scan(code).kind == "propose"
    assert [place(lab, code) for code in codes] == [("BOX-1", 2), ("BOX-1", 3), ("BOX-1", 4)]
    assert "A6" in talk.state.hint


def test_position_after_a_vial_of_the_box_sets_it_right_and_filling_goes_on(lab: Lab, talk: Talk) -> None:
    one, two = lab.vials("LOT-1", 2, unit=None)
    talk.say("CMD-STORE", "BOX-1", one, "BOX-1/C3")
    assert place(lab, one) == ("BOX-1", 20)
    assert talk.scan("BOX-1/C3").kind == "info"
    talk.say(two)
    assert place(lab, two) == ("BOX-1", 0)


def test_vial_then_position_or_position_then_vial(lab: Lab, talk: Talk) -> None:
    one, two = lab.vials("LOT-1", 2, unit=None)
    talk.say("CMD-STORE", one, "BOX-2/B2", "BOX-3/A1", two)
    assert place(lab, one) == ("BOX-2", 10)
    assert place(lab, two) == ("BOX-3", 0)


def test_returned_vial_goes_back_to_where_it_was_or_asks_where_that_is_taken(lab: Lab, talk: Talk) -> None:
    one, two = lab.vials("LOT-1", 2)
    talk.say("CMD-TAKE-OUT", one, two, "CMD-RETURN", one)
    assert place(lab, one) == ("BOX-1", 0)
    talk.say("CMD-MOVE", one, "BOX-1/A2", "CMD-RETURN")
    assert talk.scan(two).kind == "question"
    assert talk.state.ask == "position"
    talk.say("BOX-1/A1")
    assert place(lab, two) == ("BOX-1", 0)


def test_undo_takes_back_the_last_act_and_undo_box_all_since_the_box_was_scanned(lab: Lab, talk: Talk) -> None:
    codes = lab.vials("LOT-1", 4, unit=None)
    talk.say("CMD-STORE", "BOX-1", codes[0], "BOX-1", *codes[1:])
    step = talk.scan("CMD-UNDO-LAST")
    assert isinstance(step.events[0], storage.VialsTakenOut)
    assert lab.vial(codes[3]).custody == "out"
    talk.scan("CMD-UNDO-BOX")
    assert [lab.vial(code).custody for code in codes] == ["stored", "out", "out", "out"]
    assert talk.state.word == "store"
    assert len(lab.last.entry.envelope.data["undoes"]) == 2  # type: ignore[arg-type]
    talk.scan("CMD-UNDO-BOX")
    assert lab.vial(codes[0]).custody == "out"
    assert talk.scan("CMD-UNDO-LAST").kind == "refused"


def test_undo_box_of_taken_out_vials_puts_all_back(lab: Lab, talk: Talk) -> None:
    codes = lab.vials("LOT-1", 3)
    talk.say("CMD-TAKE-OUT", *codes, "CMD-UNDO-BOX")
    assert [place(lab, code) for code in codes] == [("BOX-1", 0), ("BOX-1", 1), ("BOX-1", 2)]


def test_pick_list_goes_by_freezer_rack_box_and_position(lab: Lab, talk: Talk) -> None:
    in_three = lab.vials("LOT-1", 1, unit="BOX-3")
    in_two = lab.vials("LOT-1", 2, unit="BOX-2")
    in_one = lab.vials("LOT-1", 1, unit="BOX-1")
    lab.place_order("ORDER-1", "PATIENT-1")
    for code in (*in_three, *in_two, *in_one):
        lab.record(storage_event("VialsReserved", order="ORDER-1", line=1, vials=[code]), PHARMACIST)
    step = talk.say("CMD-PICK", "ORDER-1")
    shown = [step.message.index(f"vial {code}") for code in (*in_two, *in_three)]
    assert shown == sorted(shown)
    assert f"Next: FRZ-1 > RACK-1 > BOX-1 > A1: vial {in_one[0]}." in step.message
    assert talk.scan(in_one[0]).kind == "propose"
    assert f"BOX-2 > A1: vial {in_two[0]}" in talk.state.hint
    other = lab.vials("LOT-1", 1)[0]
    assert "NOT ON THE LIST" in talk.scan(other).message
    assert "STILL MISSING 3" in talk.scan("CMD-DONE").message


def test_a_pick_that_is_undone_counts_no_more(lab: Lab, talk: Talk) -> None:
    codes = lab.vials("LOT-1", 2)
    lab.place_order("ORDER-1", "PATIENT-1")
    for code in codes:
        lab.record(storage_event("VialsReserved", order="ORDER-1", line=1, vials=[code]), PHARMACIST)
    talk.say("CMD-PICK", "ORDER-1", *codes, "CMD-UNDO-LAST")
    assert "1 vial picked now, STILL MISSING 1" in talk.scan("CMD-DONE").message
    talk.say("CMD-PICK", "ORDER-1", codes[1], "CMD-UNDO-LAST", codes[1])
    assert "1 vial picked now, nothing is missing" in talk.scan("CMD-DONE").message


@pytest.mark.parametrize(
    "source", ["LOT-1", "DIN-LOT-1", "DONOR-1", "BOX-1", "RACK-1", "FRZ-1"], ids=lambda code: code.lower()
)
def test_all_stored_vials_of_what_is_scanned_are_fetched(source: str, lab: Lab, talk: Talk) -> None:
    codes = lab.vials("LOT-1", 2)
    talk.say("CMD-TAKE-OUT", lab.vials("LOT-1", 1)[0], "CMD-DONE")  # in somebody's hands, so not to be fetched
    step = talk.say("CMD-PICK", source)
    assert "2 vials to pick for " in step.message
    assert f"A1: vial {codes[0]}. Scan it" in step.message
    step = talk.scan(codes[1])
    assert isinstance(step.events[0], storage.VialsTakenOut)
    assert step.events[0].order is None
    assert "is on the list and out with" in talk.scan(codes[1]).message
    assert talk.scan(codes[0]).message.startswith(f"Vial {codes[0]} is picked, 0 to go.")
    assert "2 vials picked now, nothing is missing. CMD-RETURN" in talk.scan("CMD-DONE").message
    assert "is stored" in talk.say("CMD-PICK", source).message


def test_a_search_finds_nothing_else_and_no_more_than_a_list_holds(
    lab: Lab, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.vials("LOT-1", 3)
    lab.release_lot("LOT-2", donor="DONOR-2", filled=1)
    other = lab.vials("LOT-2", 1, unit="BOX-2")[0]
    assert "3 vials to pick for lot LOT-1" in talk.say("CMD-PICK", "LOT-1").message
    assert f"Vial {other} is NOT ON THE LIST of lot LOT-1" in talk.scan(other).message
    talk.say("CMD-CANCEL")
    assert f"vial {other}" in talk.say("CMD-PICK", "DONOR-2").message
    talk.say("CMD-CANCEL")
    monkeypatch.setattr(picking, "LONGEST", 2)
    step = talk.say("CMD-PICK", "FRZ-1")
    assert step.kind == "refused"
    assert "More than 2 vials of storage unit FRZ-1 are stored" in step.message


def storage_event(name: str, **data: object) -> Event:
    from cryoledger.domain import catalogue

    return catalogue.parse(name, data)


def test_box_check_tells_present_moved_missing_and_unknown_apart(lab: Lab, talk: Talk) -> None:
    one, two, three = lab.vials("LOT-1", 3)
    elsewhere = lab.vials("LOT-1", 1, unit="BOX-2")[0]
    talk.say("CMD-BOX-CHECK", "BOX-1", one, "BOX-1/B5", two, "UNKNOWN-1", elsewhere)
    assert talk.state.ask == "position"
    assert talk.scan(one).kind == "info"
    step = talk.say(elsewhere, "BOX-1/B6", "CMD-DONE")
    assert talk.state.ask == "confirm"
    assert step.events == ()
    (event,) = talk.scan("CMD-CONFIRM").events
    assert isinstance(event, storage.BoxChecked)
    assert (event.present, event.missing, event.unknown_count) == ((one,), (three,), 1)
    assert {(item.vial, item.position) for item in event.moved} == {(two, 13), (elsewhere, 14)}


def test_task_with_unrecorded_scans_is_not_left_by_another_command(lab: Lab, talk: Talk) -> None:
    (one,) = lab.vials("LOT-1", 1)
    talk.say("CMD-BOX-CHECK", "BOX-1", one)
    assert talk.scan("CMD-STORE").kind == "refused"
    assert talk.state.word == "box check"
    assert talk.say("CMD-CANCEL", "CMD-STORE").kind == "question"


def test_transfer_shows_what_does_not_fit_before_anything_is_recorded(lab: Lab, talk: Talk) -> None:
    codes = lab.vials("LOT-1", 3)
    lab.vials("LOT-1", 1, unit="BOX-2")
    before = len(lab.entries)
    step = talk.say("CMD-TRANSFER", "BOX-1", "BOX-2")
    assert f"do NOT fit and stay: {codes[0]} (A1)" in step.message
    assert len(lab.entries) == before
    talk.scan("CMD-CONFIRM")
    assert [place(lab, code) for code in codes] == [("BOX-1", 0), ("BOX-2", 1), ("BOX-2", 2)]


def test_rack_and_whole_freezer_move(lab: Lab, talk: Talk) -> None:
    talk.say("CMD-UNIT-MOVE", "BOX-3", "RACK-1/9")
    assert (lab.unit("BOX-3").parent, lab.unit("BOX-3").slot) == ("RACK-1", "9")
    talk.say("CMD-UNIT-MOVE", "BOX-3", "RACK-2", "CMD-QTY-1")
    assert (lab.unit("BOX-3").parent, lab.unit("BOX-3").slot) == ("RACK-2", "1")
    step = talk.say("CMD-UNIT-MOVE", "FRZ-1", "FRZ-2", "CMD-CONFIRM")
    assert len(step.events) == 2
    assert {lab.unit(code).parent for code in ("RACK-1", "RACK-2")} == {"FRZ-2"}


def test_carried_unit_comes_back_to_its_place_or_asks_where_that_is_taken(lab: Lab, talk: Talk) -> None:
    talk.say("CMD-UNIT-OUT", "BOX-1", "CMD-UNIT-BACK", "BOX-1")
    assert (lab.unit("BOX-1").parent, lab.unit("BOX-1").slot) == ("RACK-1", "1")
    talk.say("CMD-UNIT-OUT", "BOX-1", "CMD-UNIT-MOVE", "BOX-2", "RACK-1/1", "CMD-UNIT-BACK", "BOX-1", "RACK-1/2")
    assert (lab.unit("BOX-1").parent, lab.unit("BOX-1").slot) == ("RACK-1", "2")


def test_frosted_vial_is_taken_by_position_after_a_yes_and_marked_typed(lab: Lab, talk: Talk) -> None:
    (one,) = lab.vials("LOT-1", 1)
    talk.say("CMD-TAKE-OUT", "CMD-FROSTED", "BOX-1/A1")
    assert (talk.state.ask, talk.state.word) == ("confirm", "frosted")
    step = talk.scan("CMD-CONFIRM")
    assert (step.kind, step.typed, lab.vial(one).custody) == ("propose", ("vial",), "out")
    assert talk.state.word == "take out"


def test_typed_codes_are_marked_in_the_next_proposal_only(lab: Lab, talk: Talk) -> None:
    one, two = lab.vials("LOT-1", 2)
    talk.say("CMD-MOVE")
    talk.scan(one, typed=True)
    assert talk.scan("BOX-2/A1").typed == ("vial",)
    assert talk.say(two, "BOX-2/A2").typed == ()


def test_late_applies_to_the_next_act_and_leaves_the_task_open(lab: Lab, talk: Talk) -> None:
    (one,) = lab.vials("LOT-1", 1)
    talk.say("CMD-TAKE-OUT", "CMD-LATE")
    assert talk.scan("nonsense").kind == "refused"
    talk.say("2026-11-22T14:00", "2")
    assert talk.state.late is not None
    assert (talk.state.late.occurred_at, talk.state.late.reason) == ("2026-11-22T07:00:00.000Z", "downtime")
    assert talk.state.word == "take out"
    scan = resolve(read(one), lab.inventory)
    after, step = advance(talk.state, scan, talk.world())
    assert (step.late, after.late) == (talk.state.late, None)


def test_missing_on_a_pick_list_is_the_vial_at_its_head(lab: Lab, talk: Talk) -> None:
    one, two = lab.vials("LOT-1", 2)
    lab.place_order("ORDER-1", "PATIENT-1")
    lab.record(storage_event("VialsReserved", order="ORDER-1", line=1, vials=[one, two]), PHARMACIST)
    talk.say("CMD-PICK", "ORDER-1", "CMD-MISSING", "CMD-CONFIRM")
    assert lab.vial(one).custody == "missing"
    assert talk.state.word == "pick"
    assert two in talk.state.hint


def test_new_label_keeps_the_vial_and_the_old_one_says_which_it_was(lab: Lab, talk: Talk) -> None:
    (one,) = lab.vials("LOT-1", 1)
    talk.say("CMD-LABEL", one, "1", "NEW-LABEL-1")
    assert talk.scan("NEW-LABEL-1").subject == ("vial", one)
    assert "label was replaced" in talk.scan(one).message


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.9", 900), ("0,9", 900), ("12", 12_000), ("0.1234", None), ("", None), ("-1", None), ("٣", None)],
)
def test_volumes_are_read_exactly(text: str, value: int | None) -> None:
    assert amounts.thousandths(text) == value


def test_time_of_day_is_the_last_time_it_was_that(lab: Lab) -> None:
    world = Talk(lab).world()  # about 15:00 in Bangkok
    assert amounts.moment("14:30", world) == "2026-11-22T07:30:00.000Z"
    assert amounts.moment("23:30", world) == "2026-11-21T16:30:00.000Z"
    assert amounts.moment("2026-11-20T08:00", world) == "2026-11-20T01:00:00.000Z"
    assert amounts.moment("2026-02-30T08:00", world) is None


def test_every_command_that_can_be_scanned_is_answered(lab: Lab) -> None:
    for command in Command:
        text = command_code(command, 3 if command is Command.QUANTITY else None)
        for start in (None, *STARTS):
            talk = Talk(lab)
            if start is not None:
                talk.scan(start.barcode)
            assert talk.scan(text).message
    assert not set(STARTS) & set(ABOVE)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_scan_raises_and_none_closes_a_task_but_those_that_end_it(data: st.DataObject) -> None:
    lab = _filled()
    talk = Talk(lab, state=State())
    vials = [row.code for row in lab.inventory.where(Vial, lot="LOT-1")]
    texts = [
        *(command_code(command, 2 if command is Command.QUANTITY else None) for command in Command), *vials, "BOX-1",
        "BOX-2", "RACK-1", "FRZ-1", "FRZ-2", "BOX-1/A1", "BOX-1/I9", "RACK-1/1", "ORDER-1", "LOT-1", "1", "0.5",
        "12:00", "unknown", "PATIENT-1",
    ]  # fmt: skip
    for _ in range(30):
        text = data.draw(st.sampled_from(texts) | st.text(max_size=12))
        before = talk.state
        try:
            scan = resolve(read(text), lab.inventory)
        except CodeError:
            continue
        after, step = advance(before, scan, talk.world())
        assert step.message
        if step.kind == "refused":
            assert after.word == before.word or before.top is None
        talk.state = before if step.kind == "propose" else replace(after)


def _filled() -> Lab:
    if "lab" not in _KEPT:
        lab = Lab()
        lab.furnish()
        lab.release_lot("LOT-1")
        lab.vials("LOT-1", 4)
        lab.vials("LOT-1", 2, unit=None)
        lab.place_order("ORDER-1", "PATIENT-1")
        _KEPT["lab"] = lab
    return _KEPT["lab"]


_KEPT: dict[str, Lab] = {}


def test_workflow_imports_no_database_no_screen_and_no_crypto() -> None:
    code = (
        "import sys, cryoledger.custody.workflow\n"
        "for name in ('sqlite3', 'sqlalchemy', 'sqlmodel', 'textual', 'typer', 'cryptography', 'subprocess'):\n"
        "    assert name not in sys.modules, name\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
