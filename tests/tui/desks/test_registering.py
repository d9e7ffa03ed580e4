"""Storage units, donors, donations, lots and patients entered at the desks, with keys and scans; the ledger checked."""

from __future__ import annotations

from cryoledger.cli.sample import stock
from cryoledger.custody.proof.auditing import verify_vault
from tests.tui.bench import PINS, Station
from tests.tui.desks.playing import last, panel


async def test_administrator_sets_up_a_freezer_with_all_in_it_under_one_pin(station: Station) -> None:
    async with station() as bench:
        await bench.burst(bench.badge("ada.k"), PINS["ada.k"])
        await bench.press("right", "right", "right", "f5")
        await bench.see("CMD-CONFIRM for the next code")
        await bench.burst(
            "FRZ-9", "1", "Freezer [b]nine", "CMD-CONFIRM", "CMD-CONFIRM", "1x2x9x9", "CMD-CONFIRM", "-150"
        )
        await bench.see("STORAGE UNIT: unit FRZ-9, kind freezer, name Freezer [b]nine, grid")
        await bench.see("with 3 units in it")
        await bench.burst(PINS["ada.k"])
        assert bench.recorded[-4:] == ["StorageUnitAdded"] * 4
        assert last(bench, "StorageUnitAdded")["unit"] == "FRZ-9-R1-B2"
        await bench.see("0 of 162")


async def test_technician_registers_donor_donation_and_lot_and_fills_it(station: Station) -> None:
    async with station((100, 40)) as bench:
        pin = PINS["maria.s"]
        await bench.burst(bench.badge("maria.s"), pin)
        await bench.press("f4", "f4", "f4", "left", "left", "f11")
        await bench.burst("DONOR-77", "1", "2", "CMD-DONE", "CMD-CONFIRM")
        await bench.see("DONOR: donor DONOR-77, consent to therapy, research, given on ")
        await bench.burst(pin)
        assert panel(bench).key == "DONOR-77"
        await bench.press("f12")
        await bench.burst("DIN-77", "1", "CMD-CONFIRM", pin)
        assert last(bench, "DonationCollected")["donor"] == "DONOR-77"
        await bench.press("right", "f11")
        await bench.burst(
            "LOT-77", "1", "CMD-CONFIRM", "DIN-77", "CMD-DONE", "CMD-CONFIRM", "CMD-CONFIRM", "CMD-CONFIRM", "3", "10",
            "1", "CMD-CONFIRM", "CMD-CONFIRM", "2046-01-01", "CMD-DONE", "CMD-CONFIRM",
        )  # fmt: skip
        await bench.see(f"; version 1 of {stock.PRODUCT}")
        await bench.burst(pin)
        assert last(bench, "LotRegistered")["expires_at"] == "2046-01-01T17:00:00.000Z"
        assert panel(bench).key == "LOT-77"
        await bench.press("f5")
        await bench.burst("1", "5")
        await bench.see("FILL: lot LOT-77, count 5; 5 vials, ")
        await bench.burst(pin)
        assert len(bench.vials("expected", "LOT-77")) == 5
        assert verify_vault(bench.vault).ok
