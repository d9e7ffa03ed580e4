"""A downtime on paper, in a real vault: checked as a whole, recorded in order of time, never twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from cryoledger.cli.sample import stock
from cryoledger.cli.sample.people import MARIA, QUINN, WANDA
from cryoledger.custody.downtime import Plan, check, enter
from cryoledger.custody.identities import narrative
from cryoledger.custody.paper_acts import ACTS, PaperAct
from cryoledger.custody.proof.auditing import verify_vault
from cryoledger.custody.record import By, record
from cryoledger.domain import catalogue, times
from cryoledger.domain.records import StorageUnit, Vial
from cryoledger.errors import PinError, Refusal
from tests.station import FRESH_VIALS, Station, make_station

TWO = (MARIA.name, QUINN.name)
BOX = "TANK1-C3-B1"
A, B, C = FRESH_VIALS[:3]
STORED = stock.vial_code(0)
PAPER = b"time,act,vial,unit,position\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, datetime]:
    home = tmp_path_factory.mktemp("downtime")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRYOLEDGER_HOME", str(home))
        return home, make_station(home)


@pytest.fixture
def station(made: tuple[Path, datetime], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Station]:
    station = Station.copy_of(made, tmp_path, monkeypatch)
    station.vault.clock_confirmed = True  # the downtime lasted for days
    yield station
    station.vault.close()


class Paper:
    """Lines written some minutes before now."""

    def __init__(self, station: Station) -> None:
        self._now = times.text_of(station.clock.now())
        self.acts: list[PaperAct] = []

    def write(self, ago: int, act: str, vial: str, unit: str = "", position: str = "", reason: str = "") -> None:
        at = times.later(self._now, minutes=-ago)
        self.acts.append(PaperAct(len(self.acts) + 2, at, act, vial, unit, position, reason))


def plan_of(station: Station, *lines: tuple[object, ...]) -> Plan:
    paper = Paper(station)
    for line in lines:
        paper.write(*line)  # type: ignore[arg-type]
    return check(station.vault, paper.acts, TWO)


def both() -> tuple[By, By]:
    return MARIA.by, QUINN.by


def vial(station: Station, code: str) -> Vial:
    with station.vault.store.reading() as reading:
        row = reading.facts.get(Vial, code)
    assert row is not None
    return row


DAY = (
    (60, "store", A, BOX, "A1"),
    (50, "take out", A, "", "", "testing"),
    (40, "return", A, f"{BOX}/B2"),
    (55, "store", B, BOX, "A2"),
    (30, "move", B, BOX, "C3"),
    (20, "discard", B, "", "", "broken"),
    (15, "unit out", "CF2-R1-B2"),
    (14, "unit back", "CF2-R1-B2", "CF2-R1", "B9"),
    (12, "take out", STORED, "", "", "testing"),
    (11, "consume", STORED, "", "", "testing"),
)


def test_a_day_on_paper_becomes_late_entries_in_order_of_time(station: Station) -> None:
    before = len(station.entries())
    plan = plan_of(station, *DAY)
    assert not plan.refused
    assert len(station.entries()) == before  # checked, nothing recorded
    done = enter(station.vault, plan, *both(), paper=PAPER)
    assert len(done.sealed) == len(DAY)
    entries = station.entries()[before:]
    assert entries[0].type == "ClockStepped"
    entries = entries[1:]
    assert [entry.occurred_at for entry in entries] == sorted(entry.occurred_at for entry in entries)
    assert {entry.event.late for entry in entries} == {"downtime"}
    assert all([signed.name for signed in entry.signers] == list(TWO) for entry in entries)
    assert all(
        (entry.signers[1].meaning == "witnessed") == (entry.type == "VialsDiscarded")
        and entry.signers[1].meaning in ("witnessed", "countersigned")
        for entry in entries
    )
    assert (vial(station, A).unit, vial(station, A).position) == (BOX, 10)
    assert vial(station, B).custody == "discarded"
    assert vial(station, STORED).custody == "consumed"
    with station.vault.store.reading() as reading:
        unit = reading.facts.get(StorageUnit, "CF2-R1-B2")
    assert unit is not None
    assert (unit.parent, unit.slot) == ("CF2-R1", "B9")
    assert verify_vault(station.vault).ok


def test_what_was_typed_from_paper_is_marked_and_the_paper_is_kept_once(station: Station) -> None:
    enter(station.vault, plan_of(station, *DAY[:3]), *both(), paper=PAPER)
    stored, *rest = station.entries("VialsStored", "VialsTakenOut", "VialsReturned")[-3:]
    assert stored.event.typed == ("unit", "vials")
    documents = {entry.event.document for entry in (stored, *rest)}
    (document,) = documents
    assert document is not None
    assert narrative.read(station.vault, document) == PAPER
    scanned = check(station.vault, [], TWO, scanned=True)
    assert scanned.acts == ()


def test_the_boxes_to_check_are_those_that_were_touched(station: Station) -> None:
    plan = plan_of(station, *DAY)
    assert set(plan.boxes) == {BOX, "CF2-R1-B2", "TANK1-C1-B1"}


def test_one_refused_line_says_why_and_what_depends_on_it_too(station: Station) -> None:
    plan = plan_of(
        station,
        (60, "store", A, BOX, "A1"),
        (59, "store", B, BOX, "A1"),  # taken, by the line before it
        (58, "take out", B),
        (57, "store", "NOPE", BOX, "A2"),
        (56, "store", C, BOX, "K77"),
        (55, "store", C, BOX),
        (54, "discard", C),
        (53, "discard", C, "", "", "boredom"),
        (52, "unit out", A),
        (51, "store", A, "CF2-R1", "1"),
    )
    assert [each.act.line for each in plan.fresh] == [2]
    said = {each.act.line: str(each.refusal) for each in plan.refused}
    assert f"holds vial {A}" in said[3]
    assert "is expected" in said[4]
    assert "known to nobody" in said[5]
    assert "no position 'K77'" in said[6]
    assert "needs a box and a position" in said[7]
    assert "needs a reason" in said[8]
    assert "reason" in said[9]
    assert "this act is about a unit" in said[10]
    assert "needs a box and a position" in said[11]


def test_what_is_to_come_and_what_precedes_the_ledger_are_refused(station: Station) -> None:
    plan = plan_of(station, (-5, "store", A, BOX, "A1"), (60 * 24 * 400, "take out", STORED))
    said = {each.act.line: each.refusal for each in plan.refused}
    assert [getattr(refusal, "rule", "") for refusal in said.values()] == ["time.future", "time.order"]


def test_the_same_paper_twice_records_nothing_twice_and_a_corrected_one_the_rest(station: Station) -> None:
    paper = Paper(station)
    for line in DAY[:2]:
        paper.write(*line)
    enter(station.vault, check(station.vault, paper.acts, TWO), *both(), paper=PAPER)
    before = len(station.entries())
    again = check(station.vault, paper.acts, TWO)
    assert (len(again.known), again.fresh, again.refused) == (2, (), ())
    assert again.boxes == (BOX,)
    paper.write(40, "return", A, BOX, "A1")
    moved = [replace(act, line=act.line + 7) for act in paper.acts]
    enter(station.vault, check(station.vault, moved, TWO), *both(), paper=PAPER)
    assert len(station.entries()) == before + 1


def test_a_line_copied_twice_is_refused(station: Station) -> None:
    plan = plan_of(station, DAY[0], DAY[0])
    assert [str(each.refusal) for each in plan.refused] == ["This is the same as line 2. Strike one of them out."]


@pytest.mark.parametrize("names", [("maria.s", "maria.s"), ("maria.s", "audrey.b"), ("carl.w", "quinn.o")])
def test_two_persons_with_the_roles_sign(station: Station, names: tuple[str, str]) -> None:
    paper = Paper(station)
    paper.write(60, "store", A, BOX, "A1")
    plan = check(station.vault, paper.acts, names)
    assert [getattr(each.refusal, "rule", "") for each in plan.refused] == ["I7"]


def test_a_wrong_pin_records_no_act_and_leaves_no_key_open(station: Station) -> None:
    plan = plan_of(station, *DAY)
    before = len(station.entries("VialsStored"))
    with pytest.raises(PinError):
        enter(station.vault, plan, MARIA.by, By(QUINN.name, "000000"))
    assert len(station.entries("VialsStored")) == before
    assert not {"maria.s", "quinn.o"} & set(station.vault.keyring.unlocked())
    enter(station.vault, plan, *both())
    assert not {"maria.s", "quinn.o"} & set(station.vault.keyring.unlocked())
    with pytest.raises(PinError):
        record(station.vault, catalogue.parse("VialsDiscarded", {"vials": [C], "reason": "broken"}),
               By("maria.s"), By(WANDA.name))  # fmt: skip


def test_a_refusal_for_safety_is_put_on_record(station: Station) -> None:
    plan = plan_of(station, (60, "store", A, BOX, "A1"), (59, "discard", A, "", "", "broken"),
                   (58, "return", A, BOX, "A1"))  # fmt: skip
    assert [each.act.line for each in plan.refused] == [4]
    enter(station.vault, plan, *both())
    (refused,) = station.entries("RequestRefused")[-1:]
    assert (refused.event.act, refused.event.person) == ("VialsReturned", "maria.s")  # type: ignore[attr-defined]


def test_it_stops_where_another_station_was_faster(station: Station) -> None:
    plan = plan_of(station, DAY[0], DAY[3], DAY[1])
    placed = {"unit": BOX, "vials": [{"vial": C, "position": 1}], "late": "other"}
    earlier = times.later(times.text_of(station.clock.now()), minutes=-58)
    record(station.vault, catalogue.parse("VialsStored", placed), MARIA.by, QUINN.by, occurred_at=earlier)
    done = enter(station.vault, plan, *both())
    assert len(done.sealed) == 1
    assert done.stopped is not None
    assert isinstance(done.stopped.refusal, Refusal)
    assert done.stopped.act.vial == B
    assert vial(station, A).custody == "stored"


def test_every_act_on_paper_is_an_event_of_the_catalogue() -> None:
    for kind in ACTS.values():
        fields = catalogue.of(kind.event).payload.model_fields
        assert "late" in fields
        assert not kind.reason or kind.reason in fields
