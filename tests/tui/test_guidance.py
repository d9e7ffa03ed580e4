"""Help, palette, tour and keys in the running program."""

from __future__ import annotations

from pathlib import Path

from textual import events
from textual.command import CommandPalette
from textual.widgets import Markdown

from cryoledger.custody.desk import Desk
from cryoledger.custody.vault import Vault
from cryoledger.manual.keymap import check_keys
from cryoledger.tui.app import StationApp
from cryoledger.tui.help_screen import HelpScreen
from cryoledger.tui.preferences import Preferences
from cryoledger.tui.station_screen import StationScreen
from cryoledger.tui.themes import CONTRAST, LIGHT
from cryoledger.tui.tour_screen import TourScreen
from tests.tui.bench import PINS, Bench, Station


async def page_shown(bench: Bench) -> str:
    screen = bench.app.screen
    assert isinstance(screen, HelpScreen), screen
    name = screen.page
    assert screen.query_one(Markdown).source
    await bench.press("f1")
    assert isinstance(bench.app.screen, StationScreen) or bench.app.screen is not screen
    return name


async def test_f1_opens_the_page_of_what_is_shown_and_the_palette_finds_what_can_be_done(station: Station) -> None:
    async with station() as bench:
        await bench.press("f1")
        assert await page_shown(bench) == "sign-in"
        await bench.press("f10", "f1")
        assert await page_shown(bench) == "leaving"
        await bench.press("escape")
        await bench.sign_in()
        await bench.press("ctrl+p", "f1")
        assert await page_shown(bench) == "palette"

        await bench.press("ctrl+p", *"boxch")
        await bench.see("box check (CMD-BOX-CHECK)")
        await bench.press("enter")
        assert bench.answers[-1] == ("CMD-BOX-CHECK", "question")
        await bench.press("f1")
        assert await page_shown(bench) == "box-check"
        await bench.scan("CMD-CANCEL")

        await bench.press("ctrl+p", *"gotoqu")
        await bench.see("Go to Quality")
        await bench.press("enter", "f1")
        assert await page_shown(bench) == "quality"

        await bench.press("ctrl+p")
        assert isinstance(bench.app.screen, CommandPalette)
        code = bench.vials("stored")[0]
        await bench.scan(f"]d1{code}")
        assert isinstance(bench.app.screen, StationScreen)
        assert bench.answers[-1] == (f"]d1{code}", "info")


async def test_anybody_changes_the_own_pin_from_the_palette_wherever_it_is(station: Station) -> None:
    async with station() as bench:
        await bench.sign_in()
        await bench.press("ctrl+p", *"mypin")
        await bench.see("Change my PIN")
        await bench.press("enter")
        old, new = PINS["maria.s"], "864209"
        for pin in (old, new, new):
            assert bench.outcome == "question", bench.answer
            await bench.scan(pin)
        assert bench.recorded[-1] == "PinChanged"
        await bench.scan("CMD-SIGN-OUT")
        await bench.scan(bench.badge("maria.s"), old)
        assert "Wrong PIN" in bench.answer
        await bench.scan(new)
        assert "is signed in" in bench.answer


async def test_remapped_keys_work_and_are_what_the_screen_names(vault: Vault, tmp_path: Path) -> None:
    keys = check_keys({"station.help": "f13", "station.leave": "ctrl+q", "desk.f5": "f14"})
    chosen = Preferences(tmp_path / "chosen", LIGHT.name, False, keys)
    app = StationApp(lambda: Desk(vault), "", chosen)
    async with app.run_test(size=(80, 24)) as pilot:
        for _ in range(500):
            if app.at_rest:
                break
            await pilot.pause(0.02)

        async def press(key: str) -> None:
            app.post_message(events.Key(key, None))
            await pilot.pause(0.1)
            await pilot.pause()

        def screen() -> str:
            return "\n".join(strip.text for strip in app.screen._compositor.render_strips())

        assert app.theme == LIGHT.name
        assert "F13 help" in screen()
        assert "Ctrl+Q leave" in screen()
        assert "First day here?" in screen()
        await press("f1")
        assert isinstance(app.screen, StationScreen)
        await press("f13")
        assert isinstance(app.screen, HelpScreen)
        await press("escape")

        await press("right")
        assert isinstance(app.screen, TourScreen)
        for _ in range(len(app.screen.steps)):
            await press("right")
        assert isinstance(app.screen, StationScreen)
        assert "First day here?" not in screen()

        await press("f9")
        assert app.theme == CONTRAST.name
        await press("ctrl+q")
        assert "Ctrl+Q leave: your key is wiped" in screen()
    again = Preferences.read(tmp_path / "chosen")
    assert (again.theme, again.toured) == (CONTRAST.name, True)
