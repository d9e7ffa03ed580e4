"""At sign-in a person sees what bears the own signature, until the next scan."""

from __future__ import annotations

from cryoledger.tui.lists import OwnView
from tests.tui.bench import NEW, Station

BOX = "TANK1-C3-B1"


async def test_the_list_of_own_signatures_stands_until_the_next_scan(station: Station) -> None:
    async with station() as bench:
        await bench.sign_in()
        assert "YOUR OWN SIGNATURES" in bench.screen
        assert "LotFilled" in bench.screen
        assert "Not yours? Tell the quality officer now." in bench.screen
        await bench.scan("CMD-STORE", BOX)
        assert "YOUR OWN SIGNATURES" not in bench.screen
        assert BOX in bench.screen
        await bench.scan(*NEW[:2], "CMD-DONE", "CMD-SIGN-OUT")
        assert "VialsStored" not in bench.screen  # nobody is signed in: nobody may read it
        await bench.sign_in()
        own = bench.app.station.query_one(OwnView).own
        assert own is not None
        assert own.fresh == 3
        told = [row[2] for row in own.rows[:4]]
        assert told == ["PersonSignedOut", f"VialsStored {NEW[1]}", f"VialsStored {NEW[0]}", "PersonSignedIn"]
        lines = [line for line in bench.screen.splitlines() if "•" in line]
        assert len(lines) == 3
        assert "performed" in lines[1]


async def test_the_list_fits_a_large_screen_and_another_person_sees_another(station: Station) -> None:
    async with station((160, 48)) as bench:
        await bench.sign_in("quinn.o")
        assert "LotReleased" in bench.screen
        assert "released" in bench.screen
        await bench.sign_in("maria.s")
        assert "LotReleased" not in bench.text("#own")


async def test_the_list_that_was_looked_at_does_not_come_back_over_a_desk(station: Station) -> None:
    async with station((120, 40)) as bench:
        await bench.sign_in("audrey.b")
        assert "YOUR OWN SIGNATURES" in bench.screen
        await bench.press("left")
        assert "YOUR OWN SIGNATURES" not in bench.screen
        bench.app.station.show(bench.app.station.view, bench.app.now())  # as whenever the vault is read again
        await bench.pilot.pause()
        assert "YOUR OWN SIGNATURES" not in bench.screen
