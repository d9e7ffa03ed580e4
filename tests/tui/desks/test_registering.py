"""Storage units, donors, donations, lots and patients entered at the desks, with keys and scans; the ledger checked."""

from __future__ import annotations

from datetime import timedelta

from cryoledger.cli.sample import stock
from cryoledger.cli.sample.people import MARIA
from cryoledger.custody.identities import narrative
from cryoledger.custody.proof.auditing import verify_vault
from cryoledger.custody.record import record
from cryoledger.domain.events.storage import ExcursionRecorded
from cryoledger.domain.times import text_of
from tests.labels.test_printers import answer, printer
from tests.tui.bench import PINS, Bench, Station
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
        await bench.burst("=A99992600007700", "1", "CMD-CONFIRM", pin)  # the barcode, whose flags are no part of it
        assert last(bench, "DonationCollected")["donor"] == "DONOR-77"
        assert last(bench, "DonationCollected")["donation"] == "A999926000077"
        await bench.press("right", "f11")
        await bench.burst(
            "LOT-77", "1", "CMD-CONFIRM", "=A99992600007700", "CMD-DONE", "CMD-CONFIRM", "CMD-CONFIRM", "CMD-CONFIRM",
            "3", "10", "1", "CMD-CONFIRM", "CMD-CONFIRM", "2046-01-01", "CMD-DONE", "CMD-CONFIRM",
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


async def test_clinician_registers_a_patient_with_a_wristband_that_is_shown_nowhere(station: Station) -> None:
    async with station() as bench:
        pin = PINS["carl.w"]
        await bench.burst(bench.badge("carl.w"), pin)
        await bench.press("left", "left", "f11")
        await bench.see("never a name")
        await bench.burst("PT-[b]9", "WB-4711-X")
        await bench.see("TO SIGN: PATIENT: patient PT-[b]9")
        await bench.burst(pin)
        assert last(bench, "PatientRegistered")["patient"] == "PT-[b]9"
        assert panel(bench).key == "PT-[b]9"
        assert "WB-4711" not in bench.screen
        assert ("WB-4711-X", "question") not in bench.answers
        await bench.press("f12")
        await bench.burst("WB-4711-X")
        assert "wristband of patient PT-[b]9 already" in bench.answer


async def test_quality_sees_an_excursion_s_curve_and_lifts_its_hold(station: Station) -> None:
    async with station((100, 40)) as bench:
        number = too_warm(bench)
        pin = PINS["quinn.o"]
        await bench.burst(bench.badge("quinn.o"), pin)
        await bench.press("right", "right", "down")
        await bench.see("-128.5 degC")
        await bench.see("● worst -128.5 degC")
        await bench.see("HELD")
        await bench.press("f6")
        await bench.burst("CMD-QTY-1", pin)
        assert last(bench, "HoldLifted") == {"number": number, "reason": "cleared"}
        await bench.see("lifted")
        assert not panel(bench).sheet.tabs[2].alarm


def too_warm(bench: Bench) -> int:
    """An excursion of TANK1 from a logger's file that is kept; the number of its entry."""
    start = bench.clock.now().replace(second=0, microsecond=0) - timedelta(hours=3)
    warm = {12: -148.0, 13: -128.5, 14: -140.25}
    rows = [(start + timedelta(minutes=5 * at), warm.get(at, -170.0)) for at in range(24)]
    log = "time,celsius\n" + "".join(f"{at:%Y-%m-%d %H:%M}+00:00,{value}\n" for at, value in rows)
    kept = narrative.keep(bench.vault, log, narrative.SITE)
    event = ExcursionRecorded(
        unit="TANK1", started_at=text_of(rows[11][0]), ended_at=text_of(rows[15][0]), worst_millicelsius=-128_500
    )
    done = record(bench.vault, narrative.with_document(event, kept), MARIA.by, also=kept.write)
    return done.number


async def test_administrator_enters_a_printer_tests_and_forgets_it(station: Station) -> None:
    yes = "CMD-CONFIRM"
    with printer(lambda _: answer()) as fake:
        async with station() as bench:
            await bench.burst(bench.badge("ada.k"), PINS["ada.k"])
            before = bench.recorded
            await bench.press("left", "left", "f5")
            await bench.burst("bench", f"tcp://127.0.0.1:{fake.port}", "no-such-roll")
            await bench.burst(yes, yes, yes)
            assert bench.outcome == "refused"
            assert "no-such-roll" in bench.answer
            await bench.burst("CMD-CANCEL")
            await bench.press("f5")
            await bench.burst("bench", f"tcp://127.0.0.1:{fake.port}", "roll-33x13", "300", yes, yes)
            await bench.see("roll-33x13, 300 dpi")
            await bench.press("down", "up", "f6")
            assert "One label of vial-33x13 on roll-33x13, 300 dpi, went to bench." in bench.answer
            assert fake.labels == 1
            await bench.press("f7")
            await bench.see("This station has no printer.")
            assert bench.recorded == before


async def test_a_vault_that_is_one_file_invites_no_station(station: Station) -> None:
    async with station() as bench:
        await bench.burst(bench.badge("ada.k"), PINS["ada.k"])
        await bench.press("right", "right", "f5")
        await bench.burst("room-7")
        assert (bench.outcome, "one file, for one machine" in bench.answer) == ("refused", True)
        assert bench.app._line.entry is None, "no other name would do"
