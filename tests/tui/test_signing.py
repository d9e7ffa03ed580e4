"""Wherever a PIN is asked for, the screen says exactly what it signs, for whom, and with which meaning."""

from __future__ import annotations

import pytest

from cryoledger.cli.sample import stock
from cryoledger.domain.records import Person
from tests.tui.bench import PINS, Bench, Station


def panel(bench: Bench) -> str:
    return bench.text("#signing")


async def discarding(bench: Bench, code: str) -> None:
    """As far as the signatures."""
    await bench.scan("CMD-DISCARD", code, "CMD-DONE", "CMD-QTY-1")
    for _ in range(3):
        if "TO SIGN" not in bench.screen:
            await bench.scan("CMD-CONFIRM")


async def test_sign_in_says_whose_pin_and_what_it_opens(station: Station) -> None:
    async with station() as bench:
        await bench.scan(bench.badge("maria.s"))
        assert "SIGN IN: Maria Santos · technician" in panel(bench)
        assert "signing key at freezer-room-1" in panel(bench)
        assert "Maria Santos, your PIN ▸" in bench.screen
        await bench.scan(PINS["maria.s"])
        assert panel(bench) == ""


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_an_act_of_two_shows_each_line_and_whose_turn_it_is(station: Station, size: tuple[int, int]) -> None:
    async with station(size) as bench:
        code = bench.vials("stored")[0]
        await bench.sign_in("maria.s")
        await discarding(bench, code)
        assert f"TO SIGN: DISCARD {code}" in bench.screen
        assert "▶ discarded      Maria Santos · technician" in bench.screen
        assert "· witnessed      (badge to come)" in bench.screen
        assert "signs it as 'discarded'" in bench.screen
        assert ("VialsDiscarded: " in bench.screen) is (size[1] > 30)
        await bench.scan(PINS["maria.s"])
        assert "✓ discarded      Maria Santos · technician" in bench.screen
        assert "Another person's badge" in bench.screen
        await bench.scan(bench.badge("tomas.h"))
        assert "▶ witnessed      Tomas Holm · technician" in bench.screen
        assert "Tomas Holm, your PIN ▸" in bench.screen
        await bench.scan(PINS["tomas.h"])
        assert bench.recorded[-1] == "VialsDiscarded"
        assert "TO SIGN" not in bench.screen


async def test_leaving_a_signature_records_nothing_and_takes_the_panel_away(station: Station) -> None:
    async with station() as bench:
        await bench.sign_in("quinn.o")
        await bench.press("end", "f8")
        await bench.scan("CMD-QTY-2")
        await bench.see("TO SIGN: RECALL: lot")
        before = len(bench.recorded)
        await bench.scan("CMD-CANCEL")
        assert panel(bench) == ""
        assert len(bench.recorded) == before


async def test_five_wrong_pins_lock_the_key_and_say_so(station: Station) -> None:
    async with station() as bench:
        await bench.scan(bench.badge("maria.s"))
        for _ in range(5):
            await bench.scan("111111")
            if "PIN ▸" not in bench.screen:
                await bench.scan(bench.badge("maria.s"))
        with bench.vault.store.reading() as reading:
            person = reading.facts.get(Person, "maria.s")
        assert person is not None
        assert person.status == "locked"
        assert "KeyLocked" in bench.recorded
        await bench.scan(bench.badge("maria.s"), PINS["maria.s"])
        assert bench.outcome == "refused"
        assert "locked" in bench.answer
        assert "nobody signed in" in bench.screen


async def test_idle_lock_hides_what_was_to_be_signed_and_keeps_the_scans(station: Station) -> None:
    async with station((100, 40)) as bench:
        code = bench.vials("stored")[0]
        await bench.sign_in("maria.s")
        await discarding(bench, code)
        bench.idle[0] += bench.vault.site().idle_lock_seconds + 1
        await bench.see("locked itself")
        assert code not in bench.screen.split("LAST SCANS")[0]
        assert stock.RELEASED not in bench.screen
        assert panel(bench) == ""
        await bench.sign_in("maria.s")
        assert "discard" in bench.text("#where")
