"""Hostile text in every field that desks, signing panel and scanner check show: drawn literally, obeyed never."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from rich.cells import cell_len

from cryoledger.custody.desk import Desk
from cryoledger.custody.vault import Vault
from cryoledger.tui.desks.ask import Ask
from cryoledger.tui.desks.draw import Place, draw
from cryoledger.tui.desks.reading import READERS, read_sheet
from cryoledger.tui.desks.sheet import Sheet
from cryoledger.tui.scan_gate import Scan
from tests.tui.bench import PINS, Station
from tests.tui.desks.playing import last
from tests.tui.desks.test_printing import made
from tests.tui.hostile import HOSTILE, SHORT, invisible

PLANTED = (
    "UPDATE person SET full_name = ?", "UPDATE product SET name = ?", "UPDATE storage_unit SET name = ?",
    "UPDATE treatment_order SET patient = ?", "UPDATE order_line SET route = ?", "UPDATE dose SET patient = ?",
    "UPDATE test_result SET method = ?", "UPDATE donor SET consent_scope = ?",
    "INSERT INTO hold (number, scope, code, kind, reason) VALUES (5, 'lot', 'X', 'hold', ?)",
    "INSERT INTO deviation (number, kind, code, limit_name, reason) VALUES (5, 'lot', 'X', 'test-limit', ?)",
)  # fmt: skip


def plant(vault: Vault) -> None:
    with vault.store.writing() as tx:
        for statement in PLANTED:
            tx.driver.execute(statement, (HOSTILE,))


def drawn(sheet: Sheet, tab: int, size: tuple[int, int]) -> str:
    """A list with the cursor on each of its first rows, as text; every line fits."""
    found = []
    for at in range(max(1, min(4, sheet.tabs[tab].length))):
        lines = draw(sheet, Place(tab, at), *size, datetime.now(UTC)).lines
        texts = ["".join(piece.text for piece in line) for line in lines]
        assert max(map(cell_len, texts)) <= size[0]
        found += texts
    return "\n".join(found)


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
def test_every_list_of_every_desk_draws_hostile_text_as_text(vault: Vault, size: tuple[int, int]) -> None:
    made(vault)
    plant(vault)
    shown = {}
    desk = Desk(vault)
    for name in READERS:
        tabs = len(read_sheet(desk, name, Ask()).tabs)
        for tab in range(tabs):
            sheet = read_sheet(desk, name, Ask(tab))
            text = drawn(sheet, tab, size)
            assert not invisible(text), (name, sheet.tabs[tab].name)
            shown[name, sheet.tabs[tab].name] = text
    desk.close()
    for place in (
        ("pharmacy", "Orders"), ("pharmacy", "Issued, not given"), ("bedside", "Orders"), ("administration", "People"),
        ("administration", "Products"), ("administration", "Orders"), ("quality", "Holds"), ("quality", "Deviations"),
    ):  # fmt: skip
        assert SHORT in shown[place], place


async def test_signing_panel_and_scanner_check_show_hostile_text_and_obey_none(station: Station) -> None:
    async with station() as bench:
        plant(bench.vault)
        await bench.scan(bench.badge("ada.k"))
        await bench.see(f"SIGN IN: {SHORT}")
        await bench.scan(PINS["ada.k"])
        await bench.press("down", "f11")
        bench.app._line.add(f"{SHORT} 💉 [b]R")
        await bench.press("enter")
        await bench.scan("CMD-QTY-3", "CMD-DONE", "660231", "660231")
        await bench.see(f"TO SIGN: ENROL: full name {SHORT}")
        await bench.scan(PINS["ada.k"], bench.badge("quinn.o"), PINS["quinn.o"])
        assert last(bench, "KeyIssued")["person"]["full_name"] == f"{SHORT} 💉 [b]R"  # type: ignore[index]
        await bench.press("left", "f5")
        await bench.see("Scan code 1")
        for _ in range(2):
            bench.app._put(Scan(HOSTILE))
            await bench.settle()
            assert bench.app.is_running
            assert not invisible(bench.screen)
        await bench.see(SHORT)
        assert "Scan code 3" in bench.screen
