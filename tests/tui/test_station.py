"""The station's main task, played from scans through the running program, with the ledger checked afterwards."""

from __future__ import annotations

import pytest
from textual import events
from textual.screen import Screen
from textual.widgets import Static

from cryoledger.cli.sample.people import MARIA, PIA
from cryoledger.codes import position_code
from cryoledger.custody.proof.auditing import verify_vault
from cryoledger.tui.help_screen import HelpScreen
from cryoledger.tui.leave_screen import LeaveScreen
from cryoledger.tui.station_screen import StationScreen
from cryoledger.tui.themes import DARK, LIGHT
from tests.tui.bench import NEW, Station

BOX = "TANK1-C3-B1"
HOSTILE = "[/lot 7] \x1b[31m \u202egnp ยา 💉" + "W" * 300
STORED = "TANK1-C1-B1"


async def test_a_shift_by_scans_alone_is_in_the_ledger(station: Station) -> None:
    async with station() as bench:
        before = len(bench.recorded)
        await bench.sign_in()
        assert bench.outcome == "recorded"
        assert "Maria Santos · technician" in bench.text("#who")

        await bench.scan("CMD-STORE", BOX, *NEW[:3], "CMD-DONE")
        assert [bench.vial(code).position for code in NEW[:3]] == [0, 1, 2]

        await bench.scan("CMD-MOVE", NEW[2], position_code(BOX, "C4"))
        assert bench.vial(NEW[2]).position == 21

        await bench.scan("CMD-TAKE-OUT", NEW[0], "CMD-DONE")
        assert bench.vial(NEW[0]).custody == "out"
        assert NEW[0] in bench.text("#out")

        await bench.scan("CMD-RETURN", NEW[0])
        assert bench.vial(NEW[0]).custody == "stored", bench.answer
        assert bench.vial(NEW[0]).position == 0
        assert NEW[0] not in bench.text("#out")

        await bench.scan("CMD-CANCEL", "CMD-MOVE", NEW[1], position_code(BOX, "B1"), "CMD-UNDO-LAST")
        assert bench.vial(NEW[1]).position == 1, bench.answer

        acts = [name for name in bench.recorded[before:] if name.startswith("Vials")]
        assert acts.count("VialsStored") == 3
        assert acts.count("VialsMoved") == 3
        assert acts.count("VialsTakenOut") == acts.count("VialsReturned") == 1
        assert not [scan for scan, outcome in bench.answers if outcome in ("refused", "broken")]
        assert verify_vault(bench.vault).ok


async def test_a_burst_of_scans_is_answered_in_order_one_at_a_time(station: Station) -> None:
    async with station() as bench:
        await bench.sign_in()
        codes = bench.vials("stored")[:60]
        bench.post("".join(f"]d1{code}\r" for code in codes))
        await bench.settle()
        assert [scan.removeprefix("]d1") for scan, _ in bench.answers[-60:]] == codes


async def test_whole_day_pasted_at_once_signs_in_and_stores(station: Station) -> None:
    async with station() as bench:
        badge = bench.badge("maria.s")
        bench.app.post_message(events.Paste("\n".join([badge, MARIA.pin, "CMD-STORE", BOX, *NEW[:2], "CMD-DONE"])))
        await bench.settle()
        assert [bench.vial(code).unit for code in NEW[:2]] == [BOX, BOX]
        await bench.see(MARIA.pin, gone=True)


async def test_scan_is_taken_under_help_and_under_the_question_before_leaving(station: Station) -> None:
    async with station() as bench:
        await bench.sign_in()
        code = bench.vials("stored")[0]
        over: tuple[tuple[str, type[Screen[None]]], ...] = (("f1", HelpScreen), ("f10", LeaveScreen))
        for key, screen in over:
            await bench.press(key)
            assert isinstance(bench.app.screen, screen)
            await bench.scan(code)
            assert isinstance(bench.app.screen, StationScreen)
            assert bench.answers[-1] == (code, "info")


async def test_letters_of_a_scan_fire_no_binding_and_ctrl_q_leaves_nothing(station: Station) -> None:
    async with station() as bench:
        await bench.press("q", "d", "ctrl+q", "ctrl+c", "escape", "tab")
        bench.post("qdqd")
        await bench.settle()
        assert bench.app.is_running
        assert isinstance(bench.app.screen, StationScreen)
        assert bench.outcome == "broken"


async def test_f10_asks_and_f10_again_leaves(station: Station) -> None:
    async with station() as bench:
        await bench.press("f10")
        assert isinstance(bench.app.screen, LeaveScreen)
        await bench.press("escape")
        assert isinstance(bench.app.screen, StationScreen)
        await bench.press("f10")
        bench.app.post_message(events.Key("f10", None))
        for _ in range(100):
            await bench.pilot.pause(0.01)
            if bench.app._exit:
                break
        assert bench.app._exit
        assert not bench.vault.keyring.unlocked()


async def test_pin_is_dots_and_nowhere_else(station: Station) -> None:
    async with station() as bench:
        badge = bench.badge("maria.s")
        await bench.scan(badge)
        await bench.press(*MARIA.pin[:4])
        assert "● ● ● ●" in bench.text("#prompt")
        await bench.see(MARIA.pin[:4], gone=True)
        await bench.press("backspace", *MARIA.pin[3:], "enter")
        assert bench.outcome == "recorded"
        await bench.see(MARIA.pin, gone=True)
        assert bench.answers[-1] == ("PIN", "recorded")


async def test_wrong_pin_is_refused_with_two_rings_and_right_one_with_one(station: Station) -> None:
    async with station() as bench:
        badge = bench.badge("maria.s")
        await bench.scan(badge)
        bench.rings.clear()
        await bench.press(*"000111", "enter")
        await bench.pilot.pause(0.4)
        assert (bench.outcome, len(bench.rings)) == ("refused", 2)
        await bench.see("000111", gone=True)
        bench.rings.clear()
        await bench.scan(badge, MARIA.pin)
        await bench.pilot.pause(0.4)
        assert (bench.outcome, len(bench.rings)) == ("recorded", 2)  # a question, then yes: one each


async def test_another_badge_scanned_while_a_pin_is_asked_is_a_badge(station: Station) -> None:
    async with station() as bench:
        badges = [bench.badge(name) for name in ("maria.s", "pia.n")]
        await bench.scan(badges[0])
        await bench.press("4", "8")
        await bench.scan(badges[1])
        assert "Pia Nair" in bench.answer
        assert "●" not in bench.text("#prompt")
        await bench.scan(PIA.pin)
        assert "Pia Nair · pharmacist" in bench.text("#who")
        assert "PinRefused" not in bench.recorded


async def test_a_pin_typed_where_none_is_asked_for_is_on_no_screen(station: Station) -> None:
    async with station() as bench:
        await bench.sign_in()
        await bench.press("f2", *"704316", "enter")
        assert bench.outcome == "refused"
        assert "(not shown)" in bench.text("#recent")
        await bench.press(*"704316", "enter")
        assert "704316" not in bench.screen


async def test_the_scanner_s_mark_is_not_among_the_last_scans(station: Station) -> None:
    async with station() as bench:
        await bench.sign_in()
        await bench.scan("]C1CMD-TAKE-OUT", "]d2BKV000001W")
        shown = bench.text("#recent")
        assert " CMD-TAKE-OUT " in shown
        assert " BKV000001W " in shown
        assert "]" not in shown


async def test_f2_opens_a_line_and_what_is_typed_is_marked_as_typed(station: Station) -> None:
    async with station() as bench:
        await bench.sign_in()
        await bench.scan("CMD-STORE", BOX)
        await bench.press("f2", *NEW[0][:4])
        assert "TYPE A CODE" in bench.text("#prompt")
        assert NEW[0][:4] in bench.text("#prompt")
        await bench.press(*NEW[0][4:], "enter", "f2")
        assert bench.vial(NEW[0]).unit == BOX, bench.answer
        with bench.vault.store.reading() as reading:
            head = reading.head()
            assert head is not None
            last = reading.recorded(head.number)
        assert last is not None
        assert last.event.typed
        assert "⌨" in bench.text("#recent")


async def test_scan_while_the_entry_line_is_open_is_a_scan(station: Station) -> None:
    async with station() as bench:
        await bench.sign_in()
        code = bench.vials("stored")[0]
        await bench.press("f2", "V", "B")
        bench.post(f"]d1{code}\r")
        await bench.settle()
        assert bench.answers[-1] == (f"]d1{code}", "info")
        assert "VB" in bench.text("#prompt")


async def test_keys_typed_outside_the_line_are_told_and_not_shown(station: Station) -> None:
    async with station() as bench:
        await bench.press(*"482715", "enter")
        assert bench.outcome == "broken"
        assert "F2" in bench.answer
        await bench.see("482715", gone=True)


async def test_idle_lock_hides_the_screen_and_keeps_the_task(station: Station) -> None:
    async with station() as bench:
        await bench.sign_in()
        await bench.scan("CMD-STORE", BOX, NEW[0])
        await bench.see(BOX)
        bench.idle[0] = 3600
        await bench.pilot.pause(1.3)
        await bench.settle()
        assert "locked" in bench.answer
        await bench.see(BOX, gone=True)
        await bench.see(NEW[0], gone=True)
        await bench.see("stays open")
        await bench.sign_in()
        await bench.scan(NEW[1])
        assert bench.vial(NEW[1]).position == 1


async def test_map_shows_the_vial_the_free_the_next_and_the_one_that_is_out(station: Station) -> None:
    async with station() as bench:
        await bench.sign_in()
        first, second = bench.vials("stored")[:2]
        await bench.scan(first)
        assert "[✓]" in bench.map
        await bench.scan("CMD-TAKE-OUT", first, "CMD-DONE", second)
        assert "↑" in bench.map
        assert STORED in bench.map
        await bench.scan("CMD-STORE", BOX)
        assert "[+]" in bench.map
        assert "81 free" in bench.map


async def test_time_out_of_storage_counts_and_turns(station: Station) -> None:
    async with station() as bench:
        await bench.sign_in()
        code = bench.vials("stored")[0]
        await bench.scan("CMD-TAKE-OUT", code)
        bench.clock.advance(minutes=12, seconds=5)
        await bench.pilot.pause(1.2)
        assert "12:05 of 30 min" in bench.text("#out")
        bench.clock.advance(minutes=5)
        await bench.pilot.pause(1.2)
        assert "▲" in bench.text("#out")
        bench.clock.advance(minutes=15)
        await bench.pilot.pause(1.2)
        assert "✗" in bench.text("#out")


@pytest.mark.parametrize(
    "hostile", ["[/lot 7]", "[bold]x[/bold]", "ยาเย็น", "💉👩‍🔬", "9" * 300, "a\\b[@click=app.quit]c", "\x1b[2J"]
)
async def test_hostile_scan_is_drawn_as_it_is(station: Station, hostile: str) -> None:
    async with station() as bench:
        await bench.sign_in()
        bench.app.post_message(events.Paste(hostile))
        await bench.settle()
        assert bench.app.is_running
        assert bench.outcome in ("refused", "broken")
        await bench.see("\x1b", gone=True)
        await bench.press("f2", "[", "/", "]")
        assert "[/]" in bench.text("#prompt")


async def test_hostile_names_in_the_vault_are_drawn_as_they_are(station: Station) -> None:
    async with station() as bench:
        await bench.sign_in()
        with bench.vault.store.writing() as tx:
            for table, column in (("product", "name"), ("storage_unit", "name"), ("person", "full_name")):
                tx.driver.execute(f"UPDATE {table} SET {column} = ?", (HOSTILE,))
        await bench.scan(bench.vials("stored")[0])
        await bench.press("f1", "escape")
        await bench.see("[/lot 7]")
        await bench.see("\x1b", gone=True)
        await bench.see("\u202e", gone=True)


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (160, 45), (40, 12)])
async def test_every_size_shows_verdict_message_and_hint(station: Station, size: tuple[int, int]) -> None:
    async with station(size) as bench:
        await bench.sign_in()
        await bench.scan(bench.vials("stored")[0], "NOPE")
        assert bench.outcome == "refused"
        await bench.see(bench.answer[:12])
        await bench.see("▶")
        assert "█" in str(bench.app.station.query_one("#word", Static).render())


async def test_banner_and_training_band_are_there_before_sign_in(station: Station) -> None:
    async with station(banner="Sign in as [Maria]\nPIN 482715") as bench:
        await bench.see("Sign in as [Maria]")
        await bench.see("TRAINING")
        await bench.sign_in()
        await bench.see("Sign in as", gone=True)
        await bench.scan("CMD-SIGN-OUT")
        await bench.see("Sign in as [Maria]")


async def test_f9_changes_between_dark_and_light(station: Station) -> None:
    async with station() as bench:
        assert bench.app.theme == DARK.name
        await bench.press("f9")
        assert bench.app.theme == LIGHT.name
        await bench.sign_in()
        await bench.scan(bench.vials("stored")[0])
        assert "[✓]" in bench.map


async def test_a_failing_desk_is_an_answer_and_the_next_scan_is_taken(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with station() as bench:
        await bench.sign_in()
        assert bench.app._service is not None
        desk = bench.app._service._desk
        with monkeypatch.context() as patch:
            patch.setattr(desk, "scan", lambda text, typed=False: 1 // 0)
            await bench.scan("CMD-STORE")
        assert bench.outcome == "refused"
        assert "ZeroDivisionError" in bench.answer
        await bench.scan(bench.vials("stored")[0])
        assert bench.outcome == "info"
