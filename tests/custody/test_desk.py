"""The scan desk on a real vault: signing in, PINs, signatures, locks, and that nothing scanned can break it."""

from __future__ import annotations

import random
import string

from cryoledger.cli.sample import stock, story
from cryoledger.codes import Command, command_code
from cryoledger.custody.proof.auditing import verify_vault
from cryoledger.domain.records import Person, Vial
from tests.station import FRESH_VIALS, PINS, Station

FIRST, SECOND, THIRD = (stock.vial_code(number) for number in range(3))


def vial(station: Station, code: str) -> Vial:
    with station.vault.store.reading() as reading:
        row = reading.facts.get(Vial, code)
    assert row is not None
    return row


def test_signed_out_only_a_badge_is_taken(station: Station) -> None:
    for text in ("CMD-STORE", FIRST, "123456", "", "\x00", "CMD-HELP"):
        answer = station.last(text)
        assert (answer.outcome in ("refused", "broken"), answer.ask, answer.sequence) == (True, "badge", None)
    assert station.desk.person is None


def test_clock_that_leapt_is_asked_about_before_the_pin_so_that_wrong_ones_count(station: Station) -> None:
    assert station.last("@badge maria.s").ask == "confirm"
    assert station.last("CMD-CONFIRM").ask == "pin"
    answer = station.last("111222")
    assert (answer.outcome, answer.scan) == ("refused", "")
    assert len(station.entries("PinRefused")) == 1
    (step,) = station.entries("ClockStepped")[-1:]
    assert step.signers[0].meaning == "observed"
    assert station.last("@pin maria.s").outcome == "recorded"
    assert not station.vault.clock_confirmed


def test_fifth_wrong_pin_locks_the_key(station: Station) -> None:
    station.play("@badge maria.s", "CMD-CONFIRM")
    for _ in range(5):
        answer = station.last("111222")
    assert "locked" in answer.message
    assert station.last("@pin maria.s").outcome == "refused"
    with station.vault.store.reading() as reading:
        person = reading.facts.get(Person, "maria.s")
    assert person is not None
    assert person.status == "locked"


def test_scan_at_the_pin_prompt_is_not_counted_as_a_wrong_pin(station: Station) -> None:
    station.play("@badge maria.s", "CMD-CONFIRM")
    answer = station.last(FIRST)
    assert (answer.outcome, answer.ask, answer.scan) == ("refused", "pin", "")
    assert not station.entries("PinRefused")
    assert station.last("CMD-CANCEL").ask == "badge"


def test_pin_is_in_no_answer_even_where_none_was_asked_for(station: Station) -> None:
    station.sign_in()
    for answer in station.play("@pin maria.s", "CMD-MOVE", "@pin maria.s", "@badge pia.n", "@pin pia.n", "@pin pia.n"):
        assert not any(pin in f"{answer}" for pin in PINS.values())


def test_badge_in_the_middle_changes_the_person_and_keeps_the_task(station: Station) -> None:
    station.sign_in()
    station.play("CMD-MOVE", FIRST)
    answer = station.sign_in("tomas.h")
    assert (station.desk.task, answer.ask) == ("move", "position")
    assert station.vault.keyring.unlocked() == {"tomas.h", station.vault.station}
    station.play("TANK1-C3-B1/A1")
    assert [line.name for line in station.entries("VialsMoved")[-1].signers] == ["tomas.h"]


def test_wrong_pin_or_cancel_at_a_change_of_person_leaves_the_first_one_working(station: Station) -> None:
    station.sign_in()
    station.play("CMD-MOVE", FIRST, "@badge tomas.h", "111222", "CMD-CANCEL")
    assert station.last("TANK1-C3-B1/A1").outcome == "recorded"
    assert [line.name for line in station.entries("VialsMoved")[-1].signers] == ["maria.s"]


def test_undo_is_for_the_same_person_and_session(station: Station) -> None:
    station.sign_in()
    station.play("CMD-TAKE-OUT", FIRST)
    station.sign_in("tomas.h")
    assert station.last("CMD-UNDO-LAST").outcome == "refused"
    assert station.last(SECOND).outcome == "recorded"
    station.wait(4)
    assert station.last("CMD-UNDO-LAST").outcome == "recorded"
    assert vial(station, SECOND).custody == "stored"


def test_undo_after_ten_minutes_is_refused(station: Station) -> None:
    station.sign_in()
    station.play("CMD-TAKE-OUT", FIRST)
    for _ in range(3):
        station.wait(4)
        station.play("CMD-HELP")
    answer = station.last("CMD-UNDO-LAST")
    assert (answer.outcome, "10 minutes" in answer.message) == ("refused", True)
    assert vial(station, FIRST).custody == "out"


def test_idle_station_locks_itself_wipes_the_keys_and_keeps_the_task(station: Station) -> None:
    station.sign_in()
    station.play("CMD-MOVE", FIRST)
    station.wait(4.9)
    assert station.desk.tick() is None
    station.wait(0.1)
    answer = station.desk.tick()
    assert answer is not None
    assert (answer.outcome, answer.ask) == ("info", "badge")
    assert station.desk.person is None
    assert "maria.s" not in station.vault.keyring.unlocked()
    assert station.desk.tick() is None
    assert len(station.entries("StationLocked")) == 1
    station.sign_in()
    assert station.last("TANK1-C3-B1/A1").outcome == "recorded"


def test_lock_keeps_the_task_and_sign_out_leaves_it(station: Station) -> None:
    station.sign_in()
    station.play("CMD-MOVE", FIRST)
    assert station.last("CMD-LOCK").ask == "badge"
    assert station.desk.task == "move"
    station.sign_in()
    station.play("CMD-SIGN-OUT")
    assert station.desk.task == ""
    assert len(station.entries("PersonSignedOut")) == 2
    assert station.vault.keyring.unlocked() == frozenset()


def test_sign_in_says_how_much_was_signed_since_the_last_one(station: Station) -> None:
    station.sign_in()
    station.play("CMD-TAKE-OUT", FIRST, SECOND, "CMD-SIGN-OUT")
    assert ": 3." in station.sign_in().message


def test_cancelled_signing_records_nothing_and_locks_the_second_key(station: Station) -> None:
    station.sign_in()
    before = len(station.entries())
    station.play("CMD-DISCARD", FIRST, "CMD-DONE", "1", "@pin maria.s", "@badge tomas.h")
    answer = station.last("CMD-CANCEL")
    assert (answer.outcome, answer.ask) == ("info", "reason")
    assert len(station.entries()) == before
    assert station.vault.keyring.unlocked() == {"maria.s", station.vault.station}
    assert station.last("1", "@pin maria.s", "@badge tomas.h", "@pin tomas.h").outcome == "recorded"
    assert vial(station, FIRST).custody == "discarded"
    assert station.vault.keyring.unlocked() == {"maria.s", station.vault.station}


def test_missing_role_is_told_before_any_pin_and_recorded(station: Station) -> None:
    station.sign_in("pia.n")
    station.play("CMD-RESERVE", story.ORDERS[0], FIRST, "CMD-DONE")
    station.sign_in()
    station.play("CMD-PICK", story.ORDERS[0], FIRST, "CMD-DONE", "CMD-ISSUE", story.ORDERS[0], FIRST)
    answer = station.last("CMD-DONE")
    assert (answer.outcome, "no pharmacist" in answer.message) == ("refused", True)
    assert station.entries("RequestRefused")[-1].event.act == "VialsIssued"  # type: ignore[attr-defined]
    assert station.desk.task == "issue"
    station.sign_in("pia.n")
    assert station.last("CMD-DONE", "CMD-DONE").ask == "pin"


def test_receiver_of_issued_vials_signs_too_and_is_not_the_witness(station: Station) -> None:
    station.sign_in("pia.n")
    station.play("CMD-RESERVE", story.ORDERS[0], FIRST, "CMD-DONE", "CMD-TAKE-OUT", FIRST, "CMD-DONE")
    station.play("CMD-ISSUE", story.ORDERS[0], FIRST, "CMD-DONE", "@badge tomas.h", "@pin pia.n")
    assert station.last("@badge tomas.h").outcome == "refused"
    assert station.last("@badge maria.s", "@pin maria.s").ask == "pin"
    assert station.last("@pin tomas.h").outcome == "recorded"
    signers = [(line.name, line.meaning) for line in station.entries("VialsIssued")[-1].signers]
    assert signers == [("pia.n", "issued"), ("maria.s", "witnessed"), ("tomas.h", "received")]


def test_late_entry_that_would_be_refused_now_needs_a_second_person(station: Station) -> None:
    station.sign_in("pia.n")
    old = stock.vial_code(600)
    station.clock.advance(minutes=11)
    assert "expired" in station.last("CMD-RESERVE", story.ORDERS[0], old).message
    station.play("CMD-LATE", "2026-05-10T22:00", "1")
    answer = station.last(old)
    assert (answer.outcome, answer.ask) == ("question", "badge"), answer.message
    assert station.last("@badge maria.s", "@pin maria.s").outcome == "recorded"
    meanings = [line.meaning for line in station.entries("VialsReserved")[-1].signers]
    assert meanings == ["performed", "countersigned"]


def test_typed_scan_is_marked_in_the_event(station: Station) -> None:
    station.sign_in()
    station.play("CMD-TAKE-OUT")
    station.desk.scan(FIRST, typed=True)
    assert station.entries("VialsTakenOut")[-1].event.typed == ("vial",)


def test_hostile_lines_never_raise_and_never_lose_the_task(station: Station) -> None:
    seeded = random.Random(20261122)
    station.sign_in()
    station.play("CMD-BOX-CHECK", "TANK1-C1-B1", FIRST)
    known = [FIRST, "TANK1-C1-B1/A9", story.ORDERS[0], "LOT", "TANK1", "1", "0.9", "12:00", story.wristband("PT-3107")]
    ends = {Command.CANCEL, Command.CONFIRM, Command.SIGN_OUT, Command.LOCK}
    known += [command_code(each) for each in Command if each not in ends | {Command.QUANTITY}]
    letters = string.printable + "\x00\x1d\x1e\x04é\u202e\ud800[/]=&%\U0001f9ca"
    for _ in range(400):
        text = seeded.choice(known)
        if seeded.random() < 0.5:
            text = "".join(seeded.choices(letters, k=seeded.choice((0, 1, 5, 12, 40, 3000))))
        answer = station.desk.scan(text)
        assert "program failed" not in answer.message, text
        assert answer.message
        assert answer.outcome in ("recorded", "question", "refused", "info", "broken")
        assert "box check" in [task.word for task in station.desk._state.tasks], text
    assert station.last("CMD-HELP").outcome == "info"


def test_random_days_never_break_the_desk(station: Station) -> None:
    seeded = random.Random(7)
    station.sign_in()
    vials = [*FRESH_VIALS[:4], FIRST, SECOND, THIRD]
    places = ["TANK1-C1-B1", "TANK1-C3-B1", "TANK1-C3-B1/A1", "TANK1-C3-B1/B2", "CF2-R1", "CF2-R1/B2", "TANK1", "CF2"]
    others = [*story.ORDERS, "1", "2", "0.5", "@badge maria.s", "@badge pia.n", "@badge tomas.h", "@pin maria.s",
              "@pin pia.n", "@pin tomas.h"]  # fmt: skip
    commands = [command_code(each, 1 if each is Command.QUANTITY else None) for each in Command]
    for _ in range(500):
        group = seeded.choice((vials, vials, places, others, commands))
        answer = station.last(seeded.choice(group))
        assert "program failed" not in answer.message, answer
        assert not any(pin in str(answer) for pin in PINS.values())
    with station.vault.store.reading() as reading:
        held = [(row.unit, row.position) for row in reading.facts.where(Vial) if row.unit is not None]
    assert len(held) == len(set(held))
    assert verify_vault(station.vault).findings == ()
