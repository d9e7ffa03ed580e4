"""Labels: what is stuck on vials, boxes, badges and wrists, from a layout file to the dots of a printer.

    stock     what is on the roll or sheet          labels/stock/*.toml
    layout    what goes where on a label            labels/layouts/*.toml
    content   what a label says                     plain data, no names of donors or patients
    render    content + layout + stock -> Label     one bitmap; texts fit, symbols were decoded again
    bitmap    the dots -> preview, PNG, SVG         pdf: sheets · zpl: label printers · files: any of them
    printers  tcp://HOST:9100 and cups:NAME         bounded time, reports what was really sent
    sheets    the command sheet, the scanner check

A `Label` cannot be had without its symbols having been read back from its final dots (`symbols.verify`), and
everything that prints takes `Label`s. `toml_file` reads the files strictly, `lettering`, `marks` and `symbols`
draw, `errors` has the two errors of this package.

    >>> from datetime import date
    >>> vial = VialLabel("BKV000001W", "WJ-MSC", "L26-014", "A999926123456", date(2031, 11, 30),
    ...                  cells=5_000_000, volume_microlitres=1000, storage_millicelsius_max=-150_000)
    >>> stock = load_stock("roll-33x13")
    >>> label = render(vial, load_layout("vial-33x13"), stock, dpi=300)
    >>> label.bitmap.width, label.bitmap.height
    (389, 153)
    >>> to_zpl(label, stock)[:40]
    b'^XA^PMN^LRN^PON^LH0,0^LT0^LS0^PW389^LL15'

`pdf`, `files` and `sheets` are imported by their own names; they load reportlab.
"""

from __future__ import annotations

from cryoledger.labels.bitmap import Bitmap, preview, to_png, to_svg
from cryoledger.labels.choice import fits, layouts_with_room, smallest_stock
from cryoledger.labels.content import (
    BadgeLabel,
    CheckLabel,
    CommandLabel,
    DoseLabel,
    LabelContent,
    OrderLabel,
    PatientLabel,
    UnitLabel,
    VialLabel,
)
from cryoledger.labels.errors import LabelError, NoRoomError, PrinterError
from cryoledger.labels.layout import Layout, load_layout
from cryoledger.labels.printers import CupsPrinter, Sent, TcpPrinter, read_address, resolution
from cryoledger.labels.render import Label, render, render_all, without_room
from cryoledger.labels.stock import Stock, find_file, load_stock, names
from cryoledger.labels.zpl import to_zpl

__all__ = [
    "BadgeLabel",
    "Bitmap",
    "CheckLabel",
    "CommandLabel",
    "CupsPrinter",
    "DoseLabel",
    "Label",
    "LabelContent",
    "LabelError",
    "Layout",
    "NoRoomError",
    "OrderLabel",
    "PatientLabel",
    "PrinterError",
    "Sent",
    "Stock",
    "TcpPrinter",
    "UnitLabel",
    "VialLabel",
    "find_file",
    "fits",
    "layouts_with_room",
    "load_layout",
    "load_stock",
    "names",
    "preview",
    "read_address",
    "render",
    "render_all",
    "resolution",
    "smallest_stock",
    "to_png",
    "to_svg",
    "to_zpl",
    "without_room",
]
