"""The command sheet and the scanner check, as they come out of the printer."""

from __future__ import annotations

from pathlib import Path

import pytest

from cryoledger.codes import Command, CommandScan, read
from cryoledger.labels import load_stock, sheets
from tests.labels import tools


def test_every_command_and_quantity_is_on_the_sheet() -> None:
    contents = sheets.command_contents()
    scans = [read(content.scanned) for content in contents]
    assert all(isinstance(scan, CommandScan) for scan in scans)
    commands = {scan.command for scan in scans if isinstance(scan, CommandScan)}
    assert commands == set(Command)
    assert len({content.code for content in contents}) == len(contents)
    assert {scan.quantity for scan in scans if isinstance(scan, CommandScan)} == {None, *sheets.QUANTITIES}


@pytest.mark.parametrize("paper", sheets.PAPERS)
def test_command_sheet_reads_from_paper(paper: str, tmp_path: Path) -> None:
    path = tmp_path / "commands.pdf"
    path.write_bytes(sheets.command_sheet(paper, "Cell Bank"))
    pages = tools.rasterise(path, 200)
    stock = load_stock(f"{paper}-commands")
    contents = sheets.command_contents()
    assert len(pages) == -(-len(contents) // stock.per_page)
    assert stock.grid is not None
    for number, content in enumerate(contents):
        page, place = divmod(number, stock.per_page)
        x, y = stock.grid.corner(place)
        box = [round(side * 200 / 25.4) for side in (x, y, x + stock.label_width, y + stock.label_height)]
        assert tools.read_all(pages[page].crop((box[0], box[1], box[2], box[3]))) == [content.scanned]


@pytest.mark.parametrize("paper", sheets.PAPERS)
def test_scanner_check_reads_from_paper(paper: str, tmp_path: Path) -> None:
    path = tmp_path / "check.pdf"
    path.write_bytes(sheets.check_sheet(paper))
    (page,) = tools.rasterise(path, 300)
    assert tools.read_all(page) == sorted(check.content for check in sheets.SCANNER_CHECKS)


def test_scanner_check_holds_what_scanners_spoil() -> None:
    together = "".join(check.content for check in sheets.SCANNER_CHECKS)
    assert set("=<&>%]") <= set(together)
    assert "\x1d" in together
    assert {check.form for check in sheets.SCANNER_CHECKS} == {"datamatrix", "code128", "qr"}
    assert any(check.content.startswith("CHECK-abc") for check in sheets.SCANNER_CHECKS)
