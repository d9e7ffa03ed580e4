"""Commands that print labels; those of vials are recorded, signed, and printed again only with a reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cryoledger.cli.acts import Signers
from cryoledger.cli.call import Call
from cryoledger.cli.declare import group, look
from cryoledger.cli.label_words import DPI, Layout_, Preview, PrinterName, Reprint, Start, Stock_, To, Work, given
from cryoledger.cli.new_file import WRITES
from cryoledger.cli.words import Lot
from cryoledger.errors import CryoledgerError, RequestError

if TYPE_CHECKING:
    from cryoledger.labels import LabelContent, VialLabel

__all__ = ["label"]

label = group()

Codes = Annotated[list[str], typer.Argument(metavar="CODE", help="One or more codes.")]
Names = Annotated[list[str], typer.Argument(metavar="NAME", help="Signing names or badges.")]
Paper = Annotated[str, typer.Option("--paper", help="The paper: a4 or letter.")]
Sheet = Annotated[Path, typer.Option("--to", metavar="FILE.pdf", help="The file."), WRITES]
LARGE = ("freezer", "tank", "shelf", "tower", "rack")
VIAL = "cryoledger label vial BKV000001W --to label.pdf --as maria.s"
UNIT = "cryoledger label unit BOX-1 --to box.pdf\ncryoledger label unit FRZ-1 --inside box --to boxes.pdf"
LOT = "cryoledger label lot L1 --printer tcp://10.0.0.7:9100 --as maria.s"


@look(label, "vial", example=VIAL)
def vial(
    call: Call,
    codes: Codes,
    by: Signers,
    layout: Layout_ = None,
    stock: Stock_ = None,
    dpi: DPI = None,
    to: To = None,
    printer: PrinterName = None,
    start: Start = 1,
    preview: Preview = False,
    reprint: Reprint = None,
) -> None:
    """Print labels of vials, and record it; at a terminal, without --to and --printer, show them."""
    work = Work(call, given(layout, stock, dpi, to, printer, start, preview))
    _print_vials(work, [call.code(code) for code in codes], by, reprint, rest_only=False)


@look(label, "lot", example=LOT)
def lot(
    call: Call,
    code: Lot,
    by: Signers,
    layout: Layout_ = None,
    stock: Stock_ = None,
    dpi: DPI = None,
    to: To = None,
    printer: PrinterName = None,
    start: Start = 1,
    preview: Preview = False,
    reprint: Reprint = None,
) -> None:
    """Print the labels of a whole fill; those printed before are left out, unless --reprint says why not."""
    from cryoledger.custody.labels.label_contents import ENDED
    from cryoledger.database import queries
    from cryoledger.domain.records import Lot as LotRow

    work = Work(call, given(layout, stock, dpi, to, printer, start, preview))
    named = call.code(code)
    with call.reading() as reading:
        if reading.facts.get(LotRow, named) is None:
            raise RequestError(f"There is no lot {named[:64]!r} here.", "Look it up with `cryoledger find`.")
        vials = [row.code for row in queries.vials_of(reading, "lot", named) if row.custody not in ENDED]
    if not vials:
        raise RequestError(f"The lot {named} has no vials to label.", "Fill it first: `cryoledger lot fill`.")
    _print_vials(work, vials, by, reprint, rest_only=True)


def _print_vials(work: Work, codes: list[str], by: Signers, reprint: str | None, *, rest_only: bool) -> None:
    """Draw, then ask for the PIN, then print, then record what was printed."""
    from cryoledger.cli.acts import ask_for
    from cryoledger.custody.labels.label_contents import vial_label
    from cryoledger.custody.labels.labelling import VialJob

    call = work.call
    with call.reading() as reading:
        contents = {code: vial_label(reading, code) for code in codes}
    layout = work.layout(_usual_layout(work, contents), ("vial", "cap"))
    stock = work.stock(layout)
    if work.target is None:
        work.show(work.draw(list(contents.values()), layout, stock, progress=False), layout, stock)
        return
    job = VialJob.plan(call.vault, codes, layout, reprint=reprint, rest_only=rest_only, site_folder=work.site_folder)
    labels = work.draw([contents[code] for code in job.vials], layout, stock, progress=rest_only)
    told = f"{len(labels)} vial label{'s' * (len(labels) > 1)}, layout {layout.name}"
    told += f", reprint: {reprint}" if job.before else ""
    trial = job.events(len(labels))[0]
    (signer,) = ask_for(call, [("printed", "technician or pharmacist")], told, by, event=trial)
    opened = job.open(signer)
    done = work.deliver(labels, stock, progress=rest_only)
    entries = [sealed.number for sealed in job.record(opened, done.labels)]
    work.tell(labels, layout, stock, done, entries)


def _usual_layout(work: Work, contents: dict[str, VialLabel]) -> str:
    """The layout that the vials' products ask for."""
    from cryoledger.domain.records import Lot as LotRow
    from cryoledger.domain.records import Product

    if work.options.layout is not None:
        return work.options.layout
    found = set()
    with work.call.reading() as reading:
        for code in {content.lot for content in contents.values()}:
            row = reading.facts.get(LotRow, code)
            product = reading.facts.get(Product, row.product, row.version) if row is not None else None
            found |= {product.label_layout} if product is not None else set()
    if len(found) > 1:
        raise RequestError(f"These vials have different layouts: {', '.join(sorted(found))}.", "Name one: --layout.")
    return found.pop() if found else "vial-33x13"


def _print(work: Work, contents: list[Any], usual: str) -> None:
    """Labels that leave no entry: draw, then show or print."""
    drawn: list[LabelContent] = contents
    layout = work.layout(usual, contents[0].kinds)
    stock = work.stock(layout)
    labels = work.draw(drawn, layout, stock, progress=False)
    if work.target is None:
        work.show(labels, layout, stock)
    else:
        work.tell(labels, layout, stock, work.deliver(labels, stock, progress=False))


@look(label, "unit", example=UNIT)
def unit(
    call: Call,
    codes: Codes,
    inside: Annotated[
        str | None,
        typer.Option("--inside", metavar="KIND", help="Instead, all of this kind inside them: box, rack."),
    ] = None,
    layout: Layout_ = None,
    stock: Stock_ = None,
    dpi: DPI = None,
    to: To = None,
    printer: PrinterName = None,
    start: Start = 1,
    preview: Preview = False,
) -> None:
    """Print labels of storage units: boxes, racks, freezers; with --inside of all boxes of a freezer."""
    from cryoledger.custody.labels.label_contents import unit_label, units_inside

    work = Work(call, given(layout, stock, dpi, to, printer, start, preview))
    named = [call.code(code) for code in codes]
    with call.reading() as reading:
        if inside is not None:
            named = [each for code in named for each in units_inside(reading, code, inside)]
        contents = [unit_label(reading, code) for code in named]
    _print(work, contents, "unit-100x50" if contents[0].unit in LARGE else "unit-50x25")


def _enter(name: str, example: str, usual: str, text: str, argument: Any = Codes) -> None:
    """A command for one kind of label that leaves no entry."""

    def command(
        call: Call,
        codes: Any,
        layout: Layout_ = None,
        stock: Stock_ = None,
        dpi: DPI = None,
        to: To = None,
        printer: PrinterName = None,
        start: Start = 1,
        preview: Preview = False,
    ) -> None:
        from cryoledger.custody.labels import label_contents

        work = Work(call, given(layout, stock, dpi, to, printer, start, preview))
        make: Callable[[Any, str], Any] = getattr(label_contents, f"{name}_label")
        named = [call.code(code) if name != "badge" else code for code in codes]
        with call.reading() as reading:
            contents = [make(reading, code) for code in named]
        _print(work, contents, usual)

    command.__annotations__["codes"] = argument
    command.__name__, command.__doc__ = name, text
    look(label, name, example=f"cryoledger label {name} {example}")(command)


_enter("dose", "DOSE-1 --printer bench", "dose-50x25", "Print the label of a prepared syringe or bag.")
_enter("badge", "maria.s --to badge.pdf", "badge-86x54", "Print badges, which name the holder's key.", Names)
_enter("patient", "P1 --to band.zpl", "wristband", "Print a wristband: the patient's code alone, no name.")
_enter("order", "O1 --to order.pdf", "order-100x50", "Print the label of an order.")


@look(label, "commands", example="cryoledger label commands --to commands.pdf")
def commands(call: Call, to: Sheet, paper: Paper = "a4") -> None:
    """Write the command sheet, to be laminated: Confirm, Cancel, Undo, every command, quantities."""
    from cryoledger.labels.sheets import command_sheet

    _write(call, to, command_sheet(_paper(paper), *_site(call)))


@look(label, "scanner-check", example="cryoledger label scanner-check --to check.pdf")
def scanner_check(call: Call, to: Sheet, paper: Paper = "a4") -> None:
    """Write the sheet that proves a scanner's settings; `cryoledger scan --check` judges the scans."""
    from cryoledger.labels.sheets import check_sheet

    _write(call, to, check_sheet(_paper(paper), *_site(call)))


@look(label, "list", example="cryoledger label list")
def list_files(call: Call) -> int:
    """List the layouts and stocks, ours and the site's own, with the file of each; exit 1 where one is wrong."""
    from cryoledger.cli import exit_codes, output
    from cryoledger.custody.station.printer_settings import site_labels
    from cryoledger.labels import LabelError, Stock, find_file, load_layout, load_stock, names

    own = site_labels(call.vault.folder.state)
    rows = []
    for shelf, load in (("layouts", load_layout), ("stock", load_stock)):
        for name in names(shelf, own):
            row = {"is": "layout" if shelf == "layouts" else shelf, "name": name}
            try:
                made = load(name, own)
                size = (made.label_width, made.label_height) if isinstance(made, Stock) else (made.width, made.height)
                row |= {"for": made.kind, "mm": f"{size[0]:g} x {size[1]:g}", "title": made.title, "wrong": ""}
            except LabelError as error:
                row |= {"for": "", "mm": "", "title": "", "wrong": f"{error.message} {error.advice}".strip()}
            rows.append({**row, "file": str(find_file(shelf, name, own))})
    heads = ("is", "name", "for", "mm", "title")
    call.answer(rows, lambda: output.table(heads, [[row[head] for head in heads] for row in rows]))
    wrong = [row["wrong"] for row in rows if row["wrong"]]
    for each in wrong:
        output.narrate(each)
    output.narrate(
        f"To make your own, copy a file from {find_file('layouts', 'vial-33x13').parent.parent} into the folder of "
        f"the same name in {own}, and change it. A file of the same name replaces ours. Then run this again."
    )
    return exit_codes.FINDINGS if wrong else exit_codes.OK


@look(label, "calibration", example="cryoledger label calibration LCRY-1700 --to outlines.pdf")
def calibration(
    call: Call, stock: Annotated[str, typer.Argument(metavar="STOCK", help="A sheet of labels/stock.")], to: Sheet
) -> None:
    """Write the outlines of a sheet's labels: print it on paper, hold it against the sheet, set [calibration]."""
    from cryoledger.custody.station.printer_settings import site_labels
    from cryoledger.labels import load_stock
    from cryoledger.labels.pdf import calibration_pdf

    _write(call, to, calibration_pdf(load_stock(stock, site_labels(call.vault.folder.state))))


def _site(call: Call) -> tuple[str, Path | None]:
    """The site's name for a heading, and the folder of its own layouts; neither where no vault is here yet."""
    from cryoledger.custody.station.printer_settings import site_labels

    try:
        return call.vault.site().origin, site_labels(call.vault.folder.state)
    except CryoledgerError:
        return "", None


def _paper(text: str) -> str:
    from cryoledger.labels.sheets import PAPERS

    if text not in PAPERS:
        raise RequestError(f"There is no paper {text[:20]!r}.", f"Use {' or '.join(PAPERS)}.")
    return text


def _write(call: Call, path: Path, content: bytes) -> None:
    if path.suffix.lower() != ".pdf":
        raise RequestError(f"{path.name!r} does not end with .pdf.", "The sheet is a PDF.")
    call.write(path, content, "sheet")
    call.answer({"file": str(path), "bytes": len(content)}, f"{path} written; print it at 100 %, not fitted.")
