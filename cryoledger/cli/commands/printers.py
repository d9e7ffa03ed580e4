"""Commands about this station's printers: entered once, listed, tested with a label that says VOID, removed."""

from __future__ import annotations

from typing import Annotated

import typer

from cryoledger.cli import output
from cryoledger.cli.call import Call
from cryoledger.cli.declare import group, look
from cryoledger.cli.label_words import DPI, Layout_, Stock_, Work, given

__all__ = ["printer"]

printer = group()

Name = Annotated[str, typer.Argument(metavar="NAME", help="The printer's name at this station.")]
ADD = "cryoledger printer add bench tcp://10.0.0.7:9100 --stock roll-33x13 --dpi 300"


@look(printer, "add", example=ADD)
def add(
    call: Call,
    name: Name,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="tcp://HOST:9100 or cups:NAME.")],
    stock: Stock_ = None,
    dpi: DPI = None,
    layout: Layout_ = None,
    silent: Annotated[bool, typer.Option("--silent", help="It never answers: do not ask for its status.")] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="A queue with a driver, no ZPL: labels go as a PDF.")] = False,
) -> None:
    """Enter a printer at this station; prove it with `printer test`."""
    from cryoledger.custody.station import printer_settings as settings

    made = settings.PrinterSetting(name, address, stock, dpi, layout, asks=not silent, pdf=pdf)
    settings.add(call.vault.folder.state, made)
    call.answer({"name": name, "address": address}, f"{name} is entered. Test it: `cryoledger printer test {name}`.")


@look(printer, "list", example="cryoledger printer list")
def list_printers(call: Call) -> None:
    """List the printers of this station."""
    from dataclasses import asdict

    from cryoledger.custody.station.printer_settings import printers

    rows = [asdict(each) for each in printers(call.vault.folder.state).values()]
    heads = ("name", "address", "stock", "dpi", "layout")
    notes = ["as PDF" if row["pdf"] else "" if row["asks"] else "status not asked" for row in rows]
    shown = [[*(row[head] for head in heads), note] for row, note in zip(rows, notes, strict=True)]
    call.answer(rows, lambda: output.table((*heads, "note"), shown))


@look(printer, "test", example="cryoledger printer test bench")
def test(call: Call, name: Name) -> None:
    """Ask a printer what and how it is, and print one label that says VOID; nothing is recorded."""
    from cryoledger.custody.labels.printer_test import check_resolution, sample_label

    work = Work(call, given(None, None, None, None, name, 1, preview=False))
    work.training = True
    content, usual = sample_label(work.setting, work.site_folder)
    layout = work.layout(usual, content.kinds)
    stock = work.stock(layout)
    labels = work.draw([content], layout, stock, progress=False)
    check_resolution(work.target.printer if work.target is not None else None, work.dpi, name)
    done = work.deliver(labels, stock, progress=False)
    work.tell(labels, layout, stock, done)
    output.narrate(
        f"One label of {layout.name} on {stock.name}, {work.dpi} dpi. See that it is whole, straight and black, "
        f"then scan it: `cryoledger codes read` must say {labels[0].scanned}."
    )


@look(printer, "remove", example="cryoledger printer remove bench")
def remove(call: Call, name: Name) -> None:
    """Forget a printer of this station."""
    from cryoledger.custody.station import printer_settings as settings

    settings.remove(call.vault.folder.state, name)
    call.answer({"removed": name}, f"{name} is removed.")
