"""Commands about storage units: freezers, racks, boxes and what a site has between."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cryoledger.cli import output
from cryoledger.cli.acts import Signers
from cryoledger.cli.call import Call
from cryoledger.cli.commands.looking import show_card
from cryoledger.cli.declare import Data, act, group, look
from cryoledger.cli.words import Box, Parent, Slot, Unit
from cryoledger.custody import amounts
from cryoledger.custody.file_hash import file_hash
from cryoledger.errors import RequestError

if TYPE_CHECKING:
    from cryoledger.domain.fields import Event

__all__ = ["unit"]

unit = group()

ADD = """\
cryoledger unit add FRZ-1 --kind freezer --name "Freezer 1" --as ines.a
cryoledger unit add BOX-1 --kind box --name "Box 1" --into RACK-1 --slot 1 --size 9x9 --as ines.a
cryoledger unit add FRZ-2 --kind freezer --name "Freezer 2" --grid 4x5x9x9 --as ines.a"""

NewUnit = Annotated[str | None, typer.Argument(metavar="CODE", help="Its new code; else the next of this site.")]
Kind = Annotated[str, typer.Option("--kind", help="{StorageUnitAdded.kind}.")]
Name = Annotated[str | None, typer.Option("--name", help="What people call it.")]
Size = Annotated[str | None, typer.Option("--size", metavar="ROWSxCOLUMNS", help="Positions of a box, such as 9x9.")]
Scheme = Annotated[str, typer.Option("--scheme", help="How its positions are named: {StorageUnitAdded.scheme}.")]
Warmest = Annotated[str | None, typer.Option("--celsius-max", help="The warmest it may be: -150.")]
Grid = Annotated[
    str | None, typer.Option("--grid", metavar="RxBxROWSxCOLUMNS", help="With R racks of B boxes each, in one go.")
]


@look(unit, "add", example=ADD)
def add(
    call: Call,
    by: Signers,
    code: NewUnit = None,
    kind: Kind = "freezer",
    name: Name = None,
    parent: Parent = None,
    slot: Slot = None,
    size: Size = None,
    scheme: Scheme = "letters",
    celsius_max: Warmest = None,
    whole: Grid = None,
) -> None:
    """Set up a storage unit, or, with --grid, a freezer with all its racks and boxes."""
    from cryoledger.custody.registering import units
    from cryoledger.domain import catalogue

    given = {
        "unit": code, "kind": kind, "name": name, "parent": call.code(parent) if parent else None, "slot": slot,
        "size": size, "scheme": scheme, "celsius_max": celsius_max, "grid": whole,
    }  # fmt: skip
    with call.reading() as reading:
        events = units(reading, given)
    values = [catalogue.data_of(event) for event in events]
    numbers = _set_up(call, events, by)
    text = output.table(
        ("entry", "unit", "name"), [(n, v["unit"], v["name"]) for n, v in zip(numbers, values, strict=True)]
    )
    call.answer([{"number": n, "unit": v["unit"]} for n, v in zip(numbers, values, strict=True)], text)


def _set_up(call: Call, events: list[Event], by: Signers) -> list[int]:
    """Record a series that one person signs: told as a whole, the PIN asked once, each entry signed with it."""
    from cryoledger.cli.acts import ask_for
    from cryoledger.custody.one_pin import one_pin, signers_in_turn
    from cryoledger.custody.record import record
    from cryoledger.custody.registering import refuse_taken_units
    from cryoledger.domain import catalogue

    first = catalogue.subjects(events[0])[0].code
    told = f"StorageUnitAdded: {first}" + (f" and {len(events) - 1} units in it" if len(events) > 1 else "")
    refuse_taken_units(call.vault, events)
    signers = ask_for(call, [("set up", "administrator or technician")], told, by, event=events[0])
    numbers: list[int] = []
    with one_pin(call.vault, signers):
        for event, by_each in zip(events, signers_in_turn(signers), strict=False):
            numbers.append(record(call.vault, event, *by_each).number)
            if len(events) > 1 and len(numbers) % 10 == 0:
                output.narrate(f"{len(numbers)} of {len(events)} set up")
    return numbers


@look(unit, "list", example="cryoledger unit list")
def list_units(call: Call) -> None:
    """List the storage units; `cryoledger freezers` draws them as a tree."""
    from cryoledger.domain.records import StorageUnit

    with call.reading() as reading:
        rows = reading.facts.where(StorageUnit)
    call.rows(rows, "code", "kind", "name", "parent", "slot", "status", "rows", "columns")


@look(unit, "show", example="cryoledger unit show BOX-1")
def show(call: Call, code: Unit) -> None:
    """Show a unit's card: where it is, what is in it, when it was checked."""
    show_card(call, "unit", code)


@act(unit, "StorageUnitMoved", "move", example="cryoledger unit move RACK-1 --into FRZ-2 --slot 3 --as maria.s")
def move(call: Call, code: Unit, parent: Parent = None, slot: Slot = None) -> Data:
    """Move a box, a rack or a whole freezer; its contents keep their places in it."""
    return {"unit": call.code(code), "parent": call.code(parent) if parent else None, "slot": slot}


@act(unit, "StorageUnitTakenOut", "out", example="cryoledger unit out BOX-1 --as maria.s")
def out(call: Call, code: Unit) -> Data:
    """Take a unit out and carry it: everything inside is out of storage."""
    return {"unit": call.code(code)}


@act(unit, "StorageUnitReturned", "back", example="cryoledger unit back BOX-1 --into RACK-1 --slot 1 --as maria.s")
def back(call: Call, code: Unit, parent: Parent = None, slot: Slot = None) -> Data:
    """Put a carried unit back into a place."""
    return {"unit": call.code(code), "parent": call.code(parent) if parent else None, "slot": slot}


@act(unit, "StorageUnitRetired", "retire", example="cryoledger unit retire BOX-1 --reason broken --as ines.a")
def retire(
    call: Call, code: Unit, reason: Annotated[str, typer.Option("--reason", help="{StorageUnitRetired.reason}.")]
) -> Data:
    """Take an empty unit out of use."""
    return {"unit": call.code(code), "reason": reason}


@act(unit, "BoxChecked", "check", example="cryoledger unit check BOX-1 BKV000001W BKV000002U@B1 --as maria.s")
def check(
    call: Call,
    box: Box,
    seen: Annotated[
        list[str] | None, typer.Argument(metavar="VIAL[@POSITION]", help="What lies in it, as found.")
    ] = None,
    unknown: Annotated[int, typer.Option("--unknown", help="How many codes were none of ours.", min=0)] = 0,
    empty: Annotated[bool, typer.Option("--empty", help="The box is empty, though vials are recorded in it.")] = False,
) -> Data:
    """Record a stock take: vials seen in place, those found elsewhere (with @POSITION); the rest is missing."""
    from cryoledger.cli.typed import placements
    from cryoledger.database import queries

    code = call.code(box)
    with call.reading() as reading:
        here = {vial.code: vial.position for vial in queries.box(reading, code).vials.values()}
    if here and not seen and not empty:
        raise RequestError(
            f"No vial was named, and {len(here)} are recorded in {code}: all of them would be missing.",
            "Name what lies in the box; if nothing does, add --empty.",
        )
    plain = [call.code(text) for text in seen or () if "@" not in text]
    found = placements(call, code, [text for text in seen or () if "@" in text])
    moved = [each for each in found if here.get(each["vial"]) != each["position"]]
    present = [*plain, *(each["vial"] for each in found if each not in moved)]
    noted = {*present, *(each["vial"] for each in moved)}
    return {
        "unit": code,
        "present": present,
        "moved": moved,
        "missing": [vial for vial in here if vial not in noted],
        "unknown_count": unknown,
    }


@act(
    unit,
    "ExcursionRecorded",
    "excursion",
    example='cryoledger unit excursion FRZ-1 --from "2026-11-22 02:10" --to "2026-11-22 03:05"'
    " --worst -128.5 --as maria.s",
)
def excursion(
    call: Call,
    code: Unit,
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="When it grew too warm.")],
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="When it was cold again.")],
    worst: Annotated[str, typer.Option("--worst", help="The warmest, in degrees: -128.5.")],
    file: Annotated[Path | None, typer.Option("--file", help="The logger's file, of which the hash is kept.")] = None,
) -> Data:
    """Record that a unit was too warm for a time: every vial that was inside then is held."""
    return {
        "unit": call.code(code),
        "started_at": call.instant(start),
        "ended_at": call.instant(end),
        "worst_millicelsius": amounts.milli(worst),
        "file_sha256": file_hash(file) if file is not None else None,
    }
