"""Arguments and options that several commands share, each with its sentence of help."""

from __future__ import annotations

from typing import Annotated

import typer

Anything = Annotated[str, typer.Argument(metavar="CODE", help="A code, a label, or a tube's code.")]
NewCode = Annotated[str, typer.Argument(metavar="CODE", help="Its new code, which nothing else here has.")]
Donor = Annotated[str, typer.Argument(metavar="DONOR", help="The donor's code.")]
Donation = Annotated[str, typer.Argument(metavar="DONATION", help="The donation's number.")]
Product = Annotated[str, typer.Argument(metavar="PRODUCT", help="The product's code.")]
Lot = Annotated[str, typer.Argument(metavar="LOT", help="The lot's code.")]
Unit = Annotated[str, typer.Argument(metavar="UNIT", help="The code of a freezer, rack, box ...")]
Box = Annotated[str, typer.Argument(metavar="BOX", help="The code of the box.")]
Vial = Annotated[str, typer.Argument(metavar="VIAL", help="The vial's code, or its label.")]
Vials = Annotated[list[str], typer.Argument(metavar="VIAL", help="One or more vials.")]
Placements = Annotated[
    list[str],
    typer.Argument(metavar="VIAL[@POSITION]", help="Vials, each with its position, else in the next free ones."),
]
Dose = Annotated[str, typer.Argument(metavar="DOSE", help="The dose's code.")]
Order = Annotated[str, typer.Argument(metavar="ORDER", help="The order's code.")]
Patient = Annotated[str, typer.Argument(metavar="PATIENT", help="The patient's code.")]
Person = Annotated[str, typer.Argument(metavar="NAME", help="Signing name or badge.")]
Entry = Annotated[int, typer.Argument(metavar="ENTRY", help="The number of the entry.", min=0)]
Line = Annotated[int, typer.Option("--line", help="The line of the order.")]
Parent = Annotated[str | None, typer.Option("--into", metavar="UNIT", help="The unit that it goes into.")]
Slot = Annotated[str | None, typer.Option("--slot", help="Its slot there.")]
Corrects = Annotated[int, typer.Option("--entry", metavar="ENTRY", help="The entry that is corrected.", min=0)]
Why = Annotated[str, typer.Option("--reason", help="Why it was wrong: {PositionCorrected.reason}.")]
