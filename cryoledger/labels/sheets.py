"""The two sheets that the program prints of itself: the laminated command sheet, and the scanner check.

Each is a sheet of ordinary labels, so every symbol on it was decoded before it was laid out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryoledger.codes import Command, command_code
from cryoledger.labels.content import CheckLabel, CommandLabel
from cryoledger.labels.layout import load_layout
from cryoledger.labels.pdf import to_pdf
from cryoledger.labels.render import Label, render
from cryoledger.labels.stock import Stock, load_stock

__all__ = ["PAPERS", "QUANTITIES", "SCANNER_CHECKS", "ScannerCheck", "check_labels", "check_sheet"]
__all__ += ["command_contents", "command_labels", "command_sheet"]

PAPERS: Final = ("a4", "letter")
DPI: Final = 300
QUANTITIES: Final = (*range(1, 21), 24, 25, 30, 40, 48, 50, 60, 70, 80, 81, 90, 96, 100)
# Answers to the question on the screen come first, where the eye finds them.
_FIRST: Final = (Command.CONFIRM, Command.CANCEL, Command.UNDO, Command.DONE)


@dataclass(frozen=True, slots=True)
class ScannerCheck:
    """One code of the scanner check: what it holds and what a right reading of it proves."""

    number: int
    form: str
    content: str
    title: str
    proves: str
    gs1: bool = False


SCANNER_CHECKS: Final = (
    ScannerCheck(
        1, "datamatrix", "=<&>%]", "Keyboard layout",
        "The signs of ISBT 128 arrive as printed: = < & > % ]. If not, scanner and computer are set to "
        "different keyboards: set both to the same, best US English.",
    ),
    ScannerCheck(
        2, "datamatrix", "CHECK-0123456789", "Digits and capitals",
        "Digits and capital letters arrive unchanged. If small letters arrive, Caps Lock is on, "
        "or the scanner changes case.",
    ),
    ScannerCheck(
        3, "datamatrix", "CHECK-abcxyzABCXYZ", "Both cases",
        "Both cases arrive as printed. If they are swapped, Caps Lock is on; if all are the same, "
        "the scanner changes case: switch that off.",
    ),
    ScannerCheck(
        4, "datamatrix", "010950600013435210CHECK\x1d21SERIAL", "Separator (GS)",
        "The separator between lot CHECK and serial SERIAL arrives (ASCII 29). If it is missing, let the scanner "
        "send GS as Ctrl+], or as itself.",
        gs1=True,
    ),
    ScannerCheck(
        5, "code128", "CHECK-128-990099", "Code 128",
        "Linear codes of boxes, racks and freezers are switched on, with their end mark (Enter).",
    ),
    ScannerCheck(
        6, "qr", "CHECK-QR-1", "QR",
        "QR codes of badges, orders and commands are switched on. Two scans in a row must be two lines.",
    ),
)  # fmt: skip
"""What the scanner-check sheet holds, for whoever judges the scans."""


def command_contents() -> list[CommandLabel]:
    """Return every command, answers first, then the quantities."""
    ordered = [*_FIRST, *(each for each in Command if each not in _FIRST and each is not Command.QUANTITY)]
    commands = [CommandLabel(command_code(each), str(each), each.help) for each in ordered]
    numbers = [CommandLabel(command_code(Command.QUANTITY, number), str(number), "") for number in QUANTITIES]
    return commands + numbers


def command_labels(stock: Stock, site_folder: Path | None = None) -> list[Label]:
    """Draw the labels of the command sheet."""
    command, quantity = load_layout("command-48x25", site_folder), load_layout("quantity-48x25", site_folder)
    return [render(each, command if each.help else quantity, stock, DPI) for each in command_contents()]


def command_sheet(paper: str = "a4", site: str = "", site_folder: Path | None = None) -> bytes:
    """Return the PDF of the command sheet, to be laminated."""
    stock = load_stock(f"{paper}-commands", site_folder)
    return to_pdf(
        command_labels(stock, site_folder),
        stock,
        title="Command sheet",
        heading=f"Commands - {site}" if site else "Commands",
        note="Scan a command, then what it asks for. Cover the neighbours if the scanner takes the wrong one.",
    )


def check_labels(stock: Stock, site_folder: Path | None = None) -> list[Label]:
    """Draw the labels of the scanner check, in their order."""
    drawn = []
    for check in SCANNER_CHECKS:
        content = CheckLabel(str(check.number), check.title, check.proves, check.content, check.gs1)
        drawn.append(render(content, load_layout(f"check-{check.form}", site_folder), stock, DPI))
    return drawn


def check_sheet(paper: str = "a4", site: str = "", site_folder: Path | None = None) -> bytes:
    """Return the PDF of the scanner check."""
    stock = load_stock(f"{paper}-checks", site_folder)
    return to_pdf(
        check_labels(stock, site_folder),
        stock,
        title="Scanner check",
        heading=f"Scanner check - {site}" if site else "Scanner check",
        note="Run: cryoledger scan --check. Then scan 1 to 6 in this order: it says what is wrong, and what to do.",
    )
