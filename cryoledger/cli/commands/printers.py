"""Commands about this station's printers: entered once, listed, tested with a label that says VOID, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cryoledger.cli import output
from cryoledger.cli.call import Call
from cryoledger.cli.declare import group, look
from cryoledger.cli.label_words import DPI, Layout_, Stock_, Work, given
from cryoledger.errors import RequestError

if TYPE_CHECKING:
    from cryoledger.labels import LabelContent

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
    work = Work(call, given(None, None, None, None, name, 1, preview=False))
    work.training = True
    content, usual = _sample(work)
    layout = work.layout(usual, content.kinds)
    stock = work.stock(layout)
    labels = work.draw([content], layout, stock, progress=False)
    _check_resolution(work)
    done = work.deliver(labels, stock, progress=False)
    work.tell(labels, layout, stock, done)
    output.narrate(
        f"One label of {layout.name} on {stock.name}, {work.dpi} dpi. See that it is whole, straight and black, "
        f"then scan it: `cryoledger codes read` must say {labels[0].scanned}."
    )


def _check_resolution(work: Work) -> None:
    """Refuse a printer whose head has another resolution than labels are drawn for: they would be cut or small."""
    from cryoledger.labels import TcpPrinter

    printer = work.target.printer if work.target is not None else None
    if not isinstance(printer, TcpPrinter) or not printer.asks:
        return
    found = printer.identity()
    if found is not None and found.dpi != work.dpi:
        name = work.options.printer
        raise RequestError(
            f"The printer says that it is a {found.model} of {found.dpi} dpi; labels for it are drawn at {work.dpi}.",
            f"`cryoledger printer remove {name}`, then `printer add {name} ... --dpi {found.dpi}`.",
        )


@look(printer, "remove", example="cryoledger printer remove bench")
def remove(call: Call, name: Name) -> None:
    """Forget a printer of this station."""
    from cryoledger.custody.station import printer_settings as settings

    settings.remove(call.vault.folder.state, name)
    call.answer({"removed": name}, f"{name} is removed.")


def _sample(work: Work) -> tuple[LabelContent, str]:
    """A test label for the printer's layout, else for what fits its stock."""
    from datetime import date

    from cryoledger.labels import UnitLabel, VialLabel, load_layout, load_stock

    vial = VialLabel(
        "TEST", "TEST", "TEST", "TEST", date(2099, 12, 31),
        cells=0, volume_microlitres=0, storage_millicelsius_max=-150_000, autologous=True, biohazard=True,
    )  # fmt: skip
    setting = work.setting
    if setting is not None and setting.layout is not None:
        own = load_layout(setting.layout, work.site_folder)
        if own.kind in vial.kinds:
            return vial, own.name
    if setting is not None and setting.stock is not None:
        stock = load_stock(setting.stock, work.site_folder)
        if stock.label_width >= 98 and stock.label_height >= 48:
            return UnitLabel("TEST", "test", "Printer test"), "unit-100x50"
        if stock.label_width >= 49 and stock.label_height >= 24:
            return UnitLabel("TEST", "test", "Printer test"), "unit-50x25"
        if stock.label_height < 12.6:
            return vial, "cap-25x9"
    return vial, "vial-33x13"
