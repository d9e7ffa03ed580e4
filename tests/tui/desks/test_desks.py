"""The main task of each desk, played with scans and keys through the running program; the ledger is checked after."""

from __future__ import annotations

import signal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cryoledger.cli.sample import stock, story
from cryoledger.custody.proof.auditing import verify_vault
from cryoledger.domain.records import Dose, Order, Vial
from cryoledger.manual.texts import use
from cryoledger.manual.texts_file import FILE, read_texts
from cryoledger.tui.desks.verification import Verification
from tests.tui.bench import PINS, Bench, Station
from tests.tui.desks.playing import ORDER, at_pharmacy, last, panel, signed
from tests.tui.hostile import HOSTILE, invisible

PATIENT = story.PATIENTS[0]
BAND = story.wristband(PATIENT)
DOSE = story.DOSE


async def at_preparation(bench: Bench, vials: list[str]) -> None:
    """Thawed, pooled, and not out of the room before the rest is wasted."""
    await bench.press("f3")
    assert "PREPARATION" in bench.text("#where")
    await bench.press("f5")
    await bench.scan(*vials, "CMD-DONE", "CMD-CONFIRM")
    await signed(bench, "pia.n")
    await bench.press("right")
    bench.clock.advance(minutes=1)
    await bench.see("1:59:00")
    await bench.press("f6")
    await bench.scan(ORDER)
    for code in vials:
        await bench.scan(code)
        await bench.press(*"0.95", "enter")
    await bench.scan("CMD-DONE")
    await bench.press("f2", *"18.1", "enter", *"18.4", "enter", *"93.1", "enter", "f2")
    await bench.scan("CMD-CONFIRM", DOSE)
    await signed(bench, "pia.n")
    assert last(bench, "DosePrepared")["volume_microlitres"] == 20_000, bench.answer
    await bench.press("right")
    await bench.see("still holds 50 uL")
    await bench.scan("CMD-HAND-OVER", DOSE, bench.badge("carl.w"))
    await signed(bench, "pia.n", "carl.w")
    assert bench.outcome == "refused"
    await bench.scan("CMD-CANCEL", "CMD-WASTE", *[part for code in vials for part in (code, "CMD-CONFIRM")], "CMD-DONE")
    await signed(bench, "pia.n", "tomas.h")
    await bench.see("amounts balance")
    await bench.scan("CMD-HAND-OVER", DOSE, bench.badge("carl.w"))
    await bench.scan(PINS["pia.n"], PINS["carl.w"])
    assert last(bench, "DoseHandedOver") == {"dose": DOSE, "receiver": "carl.w"}, bench.answer


async def at_bedside(bench: Bench) -> None:
    """A mismatch stops everything; then each match is told, both sign before the needle and after it."""
    await bench.sign_in("carl.w")
    assert "BEDSIDE" in bench.text("#where")
    await bench.press("f5")
    await bench.scan(story.wristband(story.PATIENTS[1]))
    await bench.see(f"{story.PATIENTS[1]}  MATCH")
    await bench.scan(DOSE)
    assert bench.outcome == "refused"
    assert "STOP" in bench.answer
    assert panel(bench).sheet.head[0].parts[0].text == "STOP"
    assert "BedsideCheckPassed" not in bench.recorded
    assert bench.recorded[-1] == "RequestRefused"
    await bench.scan("CMD-BEDSIDE", BAND)
    assert f"{PATIENT}  MATCH" in bench.screen
    await bench.scan(DOSE)
    assert f"{DOSE}  MATCH" in bench.screen
    await bench.see("left")
    await bench.scan(ORDER)
    await bench.see("TO SIGN: BEDSIDE CHECK passed")
    await bench.see("witnessed")
    await signed(bench, "carl.w", "wanda.z")
    assert bench.recorded[-1] == "BedsideCheckPassed", bench.answer
    bench.clock.advance(minutes=30)
    await bench.press("f6")
    await bench.scan(DOSE)
    await bench.press("f2", *bench.clock.now().astimezone(ZoneInfo("Asia/Bangkok")).strftime("%H:%M"), "enter", "f2")
    await bench.scan("CMD-CONFIRM", "CMD-CONFIRM", "CMD-QTY-1")
    await signed(bench, "carl.w", "wanda.z")
    given = last(bench, "AdministrationCompleted")
    assert (given["given_microlitres"], given["reaction"]) == (20_000, "none")
    with bench.vault.store.reading() as reading:
        dose = reading.facts.get(Dose, DOSE)
        order = reading.facts.get(Order, ORDER)
    assert dose is not None
    assert order is not None
    assert (dose.custody, order.status) == ("administered", "completed")


async def test_from_the_order_to_the_patient_at_three_desks(station: Station) -> None:
    async with station((100, 40)) as bench:
        vials = await at_pharmacy(bench)
        await at_preparation(bench, vials)
        await at_bedside(bench)
        assert verify_vault(bench.vault).ok
        await bench.see(BAND, gone=True)


async def test_outcome_is_recorded_from_the_list_of_those_due(station: Station) -> None:
    async with station((100, 40)) as bench:
        await at_bedside_later(bench)
        await bench.press("right")
        await bench.see("Follow-up due")
        await bench.press("f5")
        await bench.press("1", "enter")
        await signed(bench, "carl.w")
        assert last(bench, "FollowUpRecorded") == {"dose": DOSE, "month": 1, "outcome": "improved", "typed": ["text"]}


async def at_bedside_later(bench: Bench) -> None:
    vials = await at_pharmacy(bench)
    await at_preparation(bench, vials)
    await at_bedside(bench)
    bench.clock.advance(days=31)
    await bench.scan("CMD-SIGN-OUT", "CMD-CONFIRM")
    await bench.scan(bench.badge("carl.w"), "CMD-CONFIRM", PINS["carl.w"])


async def test_quality_sees_what_is_out_of_limits_and_rejects_by_key_and_number(station: Station) -> None:
    async with station((120, 40)) as bench:
        await bench.sign_in("quinn.o")
        assert "QUALITY" in bench.text("#where")
        await bench.press("down", "up")
        await bench.see("No release")
        await bench.press("f5")
        assert bench.outcome == "refused"
        assert "no result for" in bench.answer
        await bench.press("f6")
        assert "Why?" in bench.answer
        await bench.scan("CMD-QTY-3")
        await bench.see("TO SIGN: REJECT")
        await signed(bench, "quinn.o")
        assert last(bench, "LotRejected") == {"lot": stock.QUARANTINED, "reason": "process-failed"}


async def test_recall_shows_every_vial_before_it_is_signed(station: Station) -> None:
    async with station((120, 40)) as bench:
        await bench.sign_in("quinn.o")
        await bench.press("end")
        lot = panel(bench).key
        await bench.press("f8")
        await bench.see("Nothing is signed yet")
        reached = panel(bench).sheet.tabs[0]
        assert reached.name == "What it reaches"
        with bench.vault.store.reading() as reading:
            assert {row.key.removeprefix("vial ") for row in reached.rows} == {
                row.code for row in reading.facts.where(Vial, lot=lot)
            }
        await bench.scan("CMD-QTY-2")
        await signed(bench, "quinn.o")
        assert last(bench, "RecallIssued") == {"scope": "lot", "code": lot, "reason": "contaminated"}
        assert "What it reaches" not in [tab.name for tab in panel(bench).sheet.tabs]


async def test_auditor_walks_the_ledger_and_a_scan_draws_its_tree(station: Station) -> None:
    async with station((120, 40)) as bench:
        code = bench.vials("stored")[0]
        await bench.sign_in("audrey.b")
        await bench.press("home")
        await bench.see("VaultCreated")
        await bench.see("cryoledger/entry/v1")
        before = len(bench.recorded)
        await bench.scan(code)
        await bench.press("right")
        await bench.see(f"vial {code}")
        await bench.see("donor ")
        await bench.press("right")
        await bench.see("● ")
        await bench.press("right", "right")
        await bench.see("Maria Santos")
        assert len(bench.recorded) == before


async def test_administrator_sees_people_units_and_the_fingerprint(station: Station) -> None:
    async with station((120, 40)) as bench:
        await bench.sign_in("ada.k")
        await bench.press("down")
        await bench.see("Ada Kessler")
        await bench.see("fingerprint")
        await bench.press("right", "right", "right")
        await bench.see("TANK1")


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_every_desk_goes_on_with_hostile_names(station: Station, size: tuple[int, int]) -> None:
    """What each list draws of them is asked in `test_hostile`."""
    async with station(size) as bench:
        await bench.sign_in("pia.n")
        with bench.vault.store.writing() as tx:
            for table, column in (
                ("product", "name"), ("storage_unit", "name"), ("person", "full_name"), ("lot", "product"),
                ("treatment_order", "patient"), ("test_result", "method"), ("donor", "consent_scope"),
                ("hold", "reason"),
            ):  # fmt: skip
                tx.driver.execute(f"UPDATE {table} SET {column} = ?", (HOSTILE,))
        for _ in range(7):
            await bench.press("f3", "right")
            assert bench.app.is_running
            assert not invisible(bench.screen)


async def test_scan_is_taken_in_every_desk_and_no_letter_begins_anything(station: Station) -> None:
    async with station() as bench:
        code = bench.vials("stored")[0]
        await bench.sign_in("quinn.o")
        before = len(bench.recorded)
        for _ in range(7):
            await bench.press("q", "d", "r", "y", "f3")
            await bench.scan(code)
            assert bench.answers[-1] == (code, "info"), bench.answer
        assert len(bench.recorded) == before


async def test_verification_runs_in_sight_and_names_what_somebody_broke(station: Station) -> None:
    async with station((120, 40)) as bench:
        await bench.sign_in("audrey.b")
        await bench.press("left")
        await bench.see("The whole ledger is verified")
        await bench.press("f5")
        await bench.see("✓ HOLDS")
        await bench.see("fingerprint")
        code = bench.vials("stored")[0]
        with bench.vault.store.writing() as tx:
            tx.driver.execute("UPDATE vial SET custody = 'missing' WHERE code = ?", (code,))
        await bench.press("f5")
        await bench.see("✗ BROKEN")
        await bench.see(code)


async def test_verification_can_be_cancelled(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    start = Verification.start
    runs = []

    def begin_and_hold(run: Verification) -> None:
        start(run)
        assert run._process is not None
        run._process.send_signal(signal.SIGSTOP)  # or a quick machine is done before the key that cancels
        runs.append(run._process)

    monkeypatch.setattr(Verification, "start", begin_and_hold)
    async with station((120, 40)) as bench:
        await bench.sign_in("audrey.b")
        await bench.press("left", "f5", "f6")
        await bench.see("nothing can be said of the ledger")
        assert bench.app._verification is not None
        assert bench.app._verification.state == "cancelled"
        assert [run.poll() for run in runs] == [-signal.SIGKILL]


async def test_a_site_s_names_of_lists_columns_and_acts_are_drawn(home: Path, station: Station) -> None:
    (home / FILE).write_text(
        '[texts]\n"desk/Verify" = "Conferir"\n"desk/recorded" = "gravado"\n"desk/Typed" = "Digitado"\n'
    )
    use(read_texts(home))
    try:
        async with station((120, 40)) as bench:
            await bench.sign_in("audrey.b")
            await bench.press("down")
            await bench.see("Digitado")
            await bench.see("gravado")
            await bench.press("left")
            await bench.see("F5  Conferir")
    finally:
        use({})
