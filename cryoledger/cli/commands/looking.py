"""Look-ups that everybody uses: find, box, freezers, trace, cards."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cryoledger.cli import exit_codes, output
from cryoledger.cli.call import Call
from cryoledger.cli.declare import look
from cryoledger.cli.teaching import AUDITOR, TECHNICIAN
from cryoledger.cli.words import Anything, Box
from cryoledger.errors import RequestError

if TYPE_CHECKING:
    from cryoledger.database.queries import UnitNode
    from cryoledger.documents.box_map import BoxMap

__all__ = ["register", "show_card"]

BAR = 20
TRACE = """\
cryoledger trace BKV000001W --json
cryoledger trace D1 --with /media/usb/dose-7 --with /media/usb/SHIP-1.receipt"""


def show_card(call: Call, kind: str, text: str) -> None:
    """Write a thing's card."""
    from cryoledger.documents.cards import card

    code, now = call.code(text), call.now
    with call.reading() as reading:
        shown = card(reading, kind, code, now)
    call.answer(shown.to_dict(), shown.text)


def register(app: typer.Typer) -> None:
    """Enter the commands."""
    look(app, "find", example="cryoledger find BOX-1", panel=AUDITOR)(find)
    look(app, "show", example="cryoledger show BKV000001W", panel=AUDITOR)(show)
    look(app, "box", example="cryoledger box BOX-1", panel=TECHNICIAN)(box)
    look(app, "freezers", example="cryoledger freezers", panel=TECHNICIAN)(freezers)
    look(app, "trace", example=TRACE, panel=AUDITOR)(trace)
    look(app, "history", example="cryoledger history BOX-1", panel=AUDITOR)(history)


def find(
    call: Call,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="A part of a code, label or name.")],
    limit: Annotated[int, typer.Option("--limit", help="How many at most.", min=1, max=1000)] = 50,
) -> int:
    """Find things by a part of their code, label or name; exit 1 where there is none."""
    from dataclasses import asdict

    from cryoledger.database import queries

    if not text.isprintable():
        raise RequestError("The text holds a character that no code or name has.", "Type it again.")
    with call.reading() as reading:
        found = queries.find_text(reading, text, limit) or queries.find_text(reading, call.unframed(text), limit)
    if not found:
        output.narrate("Nothing was found. Try a shorter part of the code.")
    if found or call.as_json:
        rows = [(item.kind, item.code, item.note) for item in found]
        call.answer([asdict(item) for item in found], output.table(("kind", "code", "found by"), rows))
    return exit_codes.OK if found else exit_codes.FINDINGS


def show(call: Call, code: Anything) -> None:
    """Show the card of whatever has this code: a vial, box, lot, donor, patient, order, dose or product."""
    from cryoledger.documents.cards import card
    from cryoledger.documents.graph import KINDS, thing_of

    text, now = call.scanned(code), call.now
    with call.reading() as reading:
        thing = thing_of(reading, text, (*KINDS, "unit", "product"))
        shown = card(reading, thing.kind, thing.code, now)
    call.answer(shown.to_dict(), shown.text)


def trace(
    call: Call,
    code: Anything,
    files: Annotated[
        list[Path] | None,
        typer.Option("--with", metavar="PATH", help="Another site's receipt, manifest, or bundle about one subject."),
    ] = None,
) -> None:
    """Trace a donor, donation, lot, vial, dose, patient or order both ways, with every signature.

    Where vials came from another site or went there, it says by which entry of theirs that is proven; files of theirs,
    named by --with, are verified by the keys trusted for that site, and told too.
    """
    from cryoledger.cli.outside import read_bytes
    from cryoledger.documents.across import receipts_in
    from cryoledger.documents.trace import trace as chain_of

    text = call.scanned(code)
    receipts = [each for path in files or () for each in receipts_in(path, lambda one: read_bytes(one, "file"))]
    with call.reading() as reading:
        found = chain_of(reading, text, receipts)
    call.answer(found.to_dict(), found.text)


def history(call: Call, code: Anything) -> None:
    """Tell all that was recorded of one thing, a storage unit or a person too, with signatures."""
    from cryoledger.database import queries
    from cryoledger.documents.graph import KINDS, thing_of
    from cryoledger.documents.telling import attributions, tell

    text = call.scanned(code)
    with call.reading() as reading:
        thing = thing_of(reading, text, (*KINDS, "unit", "product", "person", "shipment"))
        told = tell(reading, queries.history(reading, thing.kind, thing.code), attributions(reading), thing.code)
    lines = "\n".join(line for each in told for line in each.lines())
    call.answer([each.to_dict() for each in told], lines)


def box(call: Call, unit: Box) -> None:
    """Draw a box: a letter a position, coloured at a terminal, with its legend."""
    from cryoledger.documents.box_map import box_map

    code, now = call.code(unit), call.now
    with call.reading() as reading:
        drawn = box_map(reading, code, now)
    if sys.stdout.isatty() and not call.as_json:
        _draw(drawn)
    else:
        call.answer(drawn.to_dict(), drawn.text)


def _draw(drawn: BoxMap) -> None:
    from rich.console import Console
    from rich.text import Text

    above, left = drawn.heads()
    console = Console(markup=False, highlight=False)
    if drawn.void:
        console.print(Text(drawn.void, "bold reverse"))
    console.print(Text(output.visible(drawn.title), "bold"))
    console.print(Text("     " + "".join(f"{head:>3}" for head in above), "dim"))
    for head, row in zip(left, drawn.rows, strict=True):
        line = Text().append(f"{head:>4} ", "dim")
        for cell in row:
            line.append(f"{cell.mark.letter:>3}", cell.mark.style)
        console.print(line)
    for mark, count in drawn.legend():
        console.print(Text(f"  {mark.letter}", mark.style), Text(f"{mark.word}: {count}"))


def freezers(call: Call) -> None:
    """Show every storage unit as a tree, and how full each is."""
    from cryoledger.database import queries

    with call.reading() as reading:
        forest = queries.freezers(reading)
    call.answer([_as_data(node) for node in forest], "\n".join(line for node in forest for line in _tree(node, 0)))


def _tree(node: UnitNode, depth: int) -> list[str]:
    unit = node.unit
    name = f"{'  ' * depth}{unit.slot + ': ' if unit.slot else ''}{unit.name} ({unit.code})"
    share = node.vials / node.positions if node.positions else 0
    filled = min(BAR, int(share * BAR) + (1 if node.vials and share * BAR < 1 else 0))
    bar = f"[{'#' * filled}{'.' * (BAR - filled)}] {node.vials}/{node.positions}" if node.positions else "no positions"
    out = "  OUT" if unit.status == "out" else ""
    return [f"{name:<44} {bar}{out}", *(line for child in node.children for line in _tree(child, depth + 1))]


def _as_data(node: UnitNode) -> dict[str, Any]:
    unit = node.unit
    return {
        "code": unit.code,
        "name": unit.name,
        "kind": unit.kind,
        "slot": unit.slot,
        "status": unit.status,
        "vials": node.vials,
        "positions": node.positions,
        "children": [_as_data(child) for child in node.children],
    }
