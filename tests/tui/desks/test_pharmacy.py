"""The pharmacist's desk, played with scans and keys: orders by day, and what was issued goes back or is refused."""

from __future__ import annotations

from pathlib import Path

from cryoledger.custody.file_hash import file_hash
from cryoledger.custody.record import By, record
from cryoledger.custody.workflow.look import label_of
from cryoledger.domain import catalogue
from cryoledger.domain.records import Vial
from tests.tui.bench import PINS, Station
from tests.tui.desks.playing import issue, last, panel, signed


async def test_issued_vials_go_back_to_stock_by_two_with_their_cold_chain_and_no_others(
    station: Station, tmp_path: Path
) -> None:
    curve = tmp_path / "logger [red]x[bold].csv"
    curve.write_text("time,celsius\n", encoding="utf-8")
    async with station() as bench:
        first, second = issue(bench)
        await bench.sign_in("pia.n")
        await bench.press("up")
        orders = panel(bench).sheet.tabs[0]
        assert orders.rows[0].heading
        assert orders.rows[0].cells[0].text == "OVERDUE: 1 ordered, 1 issued"
        assert panel(bench).key == orders.rows[1].key
        await bench.press("left", "left", "left")
        await bench.see("ISSUED TODAY, not yet administered: 2")
        assert panel(bench).key == first
        await bench.press("f7")
        assert f"Vial {first} is issued and may go back" in bench.answer
        with bench.vault.store.reading() as reading:
            other = next(row for row in reading.facts.where(Vial, unit="TANK1-C1-B1"))
            taken = label_of(reading.facts, "TANK1-C1-B1", other.position or 0)
        await bench.scan(f"TANK1-C1-B1/{taken}")
        assert bench.outcome == "refused"
        assert "holds vial" in bench.answer
        await bench.scan("TANK1-C1-B1", "CMD-DONE")
        bench.app._line.add("/no/such.csv")
        await bench.press("enter")
        assert bench.outcome == "refused"
        assert "there is none of that name" in bench.answer
        bench.app._line.add(str(curve))
        await bench.press("enter")
        await bench.see("TO SIGN: RETURN TO STOCK in TANK1-C1-B1")
        assert "[red]x[bold]" in bench.screen.replace("\n", "")
        await signed(bench, "pia.n", "quinn.o")
        back = last(bench, "IssuedVialsReturned")
        assert back["cold_chain_sha256"] == file_hash(curve)
        assert (bench.vial(first).custody, bench.vial(first).order_code) == ("stored", None), bench.answer
        await bench.see("ISSUED TODAY, not yet administered: 1")
        thaw = catalogue.parse("VialsThawed", {"vials": [second], "purpose": "therapy"})
        record(bench.vault, thaw, By("pia.n", PINS["pia.n"]))
        await bench.press("f7")
        assert bench.outcome == "refused"
        assert f"Vial {second} is thawed" in bench.answer
        assert "this needs it issued" in bench.answer
        assert bench.vial(second).custody == "thawed"
