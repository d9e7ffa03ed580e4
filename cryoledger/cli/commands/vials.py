"""Commands about vials: their card, and what is done with them at the freezer."""

from __future__ import annotations

from typing import Annotated

import typer

from cryoledger.cli import output
from cryoledger.cli.call import Call
from cryoledger.cli.commands.looking import show_card
from cryoledger.cli.declare import Data, act, group, look
from cryoledger.cli.typed import placements
from cryoledger.cli.words import Box, Placements, Vial, Vials
from cryoledger.errors import RequestError

__all__ = ["vial"]

vial = group()

First = Annotated[str | None, typer.Option("--first", metavar="POSITION", help="Fill from this position on.")]


@look(vial, "show", example="cryoledger vial show BKV000001W")
def show(call: Call, code: Vial) -> None:
    """Show a vial's card: where it is, its lot, what stops its use."""
    show_card(call, "vial", code)


@look(vial, "list", example="cryoledger vial list --of L1")
def list_vials(
    call: Call,
    of: Annotated[str, typer.Option("--of", metavar="CODE", help="A lot, donation, donor, order or storage unit.")],
) -> None:
    """List the vials of a lot, donation, donor or order, or everything inside a unit."""
    from cryoledger.database import queries
    from cryoledger.documents.graph import thing_of

    text = call.scanned(of)
    with call.reading() as reading:
        thing = thing_of(reading, text, ("lot", "donation", "donor", "order", "unit"))
        rows = queries.vials_of(reading, thing.kind, thing.code)
    call.rows(rows, "code", "lot", "custody", "custodian", "unit", "position", "order_code")


@act(vial, "VialsStored", "store", example="cryoledger vial store BOX-1 BKV000001W BKV000002U@B3 --as maria.s")
def store(call: Call, box: Box, vials: Placements, first: First = None) -> Data:
    """Put filled vials into positions of a box, the next free ones unless named."""
    unit = call.code(box)
    return {"unit": unit, "vials": placements(call, unit, vials, first)}


@act(vial, "VialsMoved", "move", example="cryoledger vial move BOX-2 BKV000001W@A1 --as maria.s")
def move(call: Call, box: Box, vials: Placements, first: First = None) -> Data:
    """Move stored vials to other positions of the same or another box."""
    unit = call.code(box)
    return {"unit": unit, "vials": placements(call, unit, vials, first)}


@act(vial, "VialsTransferred", "transfer", example="cryoledger vial transfer BOX-1 BOX-2 --as maria.s")
def transfer(
    call: Call,
    source: Annotated[str, typer.Argument(metavar="FROM-BOX", help="The box that is emptied.")],
    box: Annotated[str, typer.Argument(metavar="TO-BOX", help="The box that is filled.")],
) -> Data:
    """Move all vials of one box, slot for slot, into another."""
    from cryoledger.database import queries

    from_box = call.code(source)
    with call.reading() as reading:
        vials = queries.box(reading, from_box).vials
    if not vials:
        raise RequestError(f"The box {from_box} is empty.", "Name the box that holds the vials first.")
    placed = [{"vial": row.code, "position": index} for index, row in vials.items()]
    return {"source": from_box, "unit": call.code(box), "vials": placed}


@act(
    vial,
    "VialsTakenOut",
    "take-out",
    example="cryoledger vial take-out BKV000001W --purpose order --order O1 --as maria.s",
)
def take_out(
    call: Call,
    vials: Vials,
    purpose: Annotated[str, typer.Option("--purpose", help="{VialsTakenOut.purpose}.")] = "other",
    order: Annotated[str | None, typer.Option("--order", help="The order that they are for.")] = None,
) -> Data:
    """Take vials out of their positions into your hands: their time out of storage starts."""
    return {
        "vials": [call.code(code) for code in vials],
        "purpose": purpose,
        "order": call.code(order) if order else None,
    }


@act(vial, "VialsReturned", "return", example="cryoledger vial return BOX-1 BKV000001W@A1 --as maria.s")
def put_back(call: Call, box: Box, vials: Placements, first: First = None) -> Data:
    """Put vials that were out, unopened and still frozen, back into positions."""
    unit = call.code(box)
    return {"unit": unit, "vials": placements(call, unit, vials, first)}


@act(
    vial,
    "VialsDiscarded",
    "discard",
    example="cryoledger vial discard BKV000001W --reason expired --as maria.s --with tariq.h",
    proposable=True,
)
def discard(
    call: Call, vials: Vials, reason: Annotated[str, typer.Option("--reason", help="{VialsDiscarded.reason}.")]
) -> Data:
    """Destroy vials, by two."""
    return {"vials": [call.code(code) for code in vials], "reason": reason}


@act(
    vial,
    "VialsConsumed",
    "consume",
    example="cryoledger vial consume BKV000001W --purpose expansion --lot L2 --as maria.s",
)
def consume(
    call: Call,
    vials: Vials,
    purpose: Annotated[str, typer.Option("--purpose", help="{VialsConsumed.purpose}.")],
    lot: Annotated[str | None, typer.Option("--lot", help="The lot that they were expanded into.")] = None,
) -> Data:
    """Use vials up other than for a patient: expansion, testing, stability, research."""
    return {"vials": [call.code(code) for code in vials], "purpose": purpose, "lot": call.code(lot) if lot else None}


@act(
    vial,
    "VialsReportedMissing",
    "missing",
    example="cryoledger vial missing BKV000001W --reason not-in-position --as maria.s",
)
def missing(
    call: Call, vials: Vials, reason: Annotated[str, typer.Option("--reason", help="{VialsReportedMissing.reason}.")]
) -> Data:
    """Record that vials are not where they should be, and nobody knows who holds them."""
    return {"vials": [call.code(code) for code in vials], "reason": reason}


@act(vial, "VialsFound", "found", example="cryoledger vial found BOX-1 BKV000001W@C2 --as maria.s")
def found(call: Call, box: Box, vials: Placements, first: First = None) -> Data:
    """Store missing vials that were found; they are on hold until quality lifts it."""
    unit = call.code(box)
    return {"unit": unit, "vials": placements(call, unit, vials, first)}


@act(
    vial,
    "VialLabelReplaced",
    "relabel",
    example="cryoledger vial relabel BKV000001W --reason fallen --as maria.s",
)
def relabel(
    call: Call,
    code: Vial,
    reason: Annotated[str, typer.Option("--reason", help="{VialLabelReplaced.reason}.")],
    label: Annotated[
        str | None, typer.Argument(metavar="LABEL", help="The code on the new label, else the next of the site's.")
    ] = None,
) -> Data:
    """Give a vial a new label; the old one, when scanned, still says which vial it was."""
    from cryoledger.custody.labels import vial_scheme

    vial = call.code(code)
    with call.reading() as reading:
        new = call.scanned(label) if label is not None else vial_scheme.next_label(reading, vial)
    if label is None:
        output.narrate(f"The new label will bear {new}. Once recorded, print it: `cryoledger label vial {vial}`.")
    return {"vial": vial, "label": new, "reason": reason}


@act(vial, "VialTubeBound", "bind-tube", example="cryoledger vial bind-tube BKV000001W FD12345678 --as maria.s")
def bind_tube(
    call: Call, code: Vial, tube: Annotated[str, typer.Argument(metavar="TUBE", help="The maker's code on the tube.")]
) -> Data:
    """Bind the maker's code on a tube to its vial: both scans find it."""
    from cryoledger.custody.known_codes import tubes_of

    vial = call.code(code)
    with call.reading() as reading:
        bound = tubes_of(reading.facts, vial)
    if bound:
        output.narrate(f"Vial {vial} is bound to the tube {', '.join(bound)} already; both will find it.")
    return {"vial": vial, "tube": call.scanned(tube)}


@act(
    vial,
    "VialTubeUnbound",
    "unbind-tube",
    example="cryoledger vial unbind-tube BKV000001W FD12345678 --reason wrong-vial --as maria.s",
)
def unbind_tube(
    call: Call,
    code: Vial,
    tube: Annotated[str, typer.Argument(metavar="TUBE", help="The maker's code on the tube.")],
    reason: Annotated[str, typer.Option("--reason", help="{VialTubeUnbound.reason}.")],
) -> Data:
    """Free a tube's code that was bound to the wrong vial; then bind it to the right one."""
    return {"vial": call.code(code), "tube": call.scanned(tube), "reason": reason}


@act(
    vial,
    "VialsShipped",
    "ship",
    example='cryoledger vial ship BKV000001W --shipment S1 --destination "Site B" --as maria.s',
)
def ship(
    call: Call,
    vials: Vials,
    shipment: Annotated[str, typer.Option("--shipment", help="The shipment's code.")],
    destination: Annotated[str, typer.Option("--destination", help="Where to.")],
) -> Data:
    """Record that vials left in a shipment."""
    return {"shipment": shipment, "destination": destination, "vials": [call.code(code) for code in vials]}


@act(vial, "VialsReceived", "receive", example="cryoledger vial receive BOX-1 BKV000001W@A1 --shipment S1 --as maria.s")
def receive(
    call: Call,
    box: Box,
    vials: Placements,
    shipment: Annotated[str, typer.Option("--shipment", help="The shipment's code.")],
    worst: Annotated[str | None, typer.Option("--worst", help="The warmest on the way, in degrees.")] = None,
    first: First = None,
) -> Data:
    """Take vials of a shipment in and put them into positions."""
    from cryoledger.custody import amounts

    unit = call.code(box)
    return {
        "shipment": call.code(shipment),
        "unit": unit,
        "vials": placements(call, unit, vials, first),
        "worst_millicelsius": amounts.milli(worst) if worst else None,
    }


@act(
    vial,
    "ShipmentRefused",
    "refuse-shipment",
    example="cryoledger vial refuse-shipment BKV000001W --shipment S1 --reason temperature --as maria.s --with quinn.o",
    proposable=True,
)
def refuse_shipment(
    call: Call,
    vials: Vials,
    shipment: Annotated[str, typer.Option("--shipment", help="The shipment's code.")],
    reason: Annotated[str, typer.Option("--reason", help="{ShipmentRefused.reason}.")],
) -> Data:
    """Refuse vials of a shipment, with quality's signature."""
    return {"shipment": call.code(shipment), "vials": [call.code(code) for code in vials], "reason": reason}
