"""The label with which a printer is tested, and whether its head is what labels are drawn for."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

from cryoledger.custody.station.printer_settings import PrinterSetting
from cryoledger.errors import RequestError
from cryoledger.labels import (
    CupsPrinter,
    LabelContent,
    TcpPrinter,
    UnitLabel,
    VialLabel,
    load_layout,
    load_stock,
)

__all__ = ["check_resolution", "sample_label"]

_VIAL: Final = VialLabel(
    "TEST", "TEST", "TEST", "TEST", date(2099, 12, 31),
    cells=0, volume_microlitres=0, storage_millicelsius_max=-150_000, autologous=True, biohazard=True,
)  # fmt: skip
_UNIT: Final = UnitLabel("TEST", "test", "Printer test")


def sample_label(setting: PrinterSetting | None, site: Path) -> tuple[LabelContent, str]:
    """A test label and its layout's name: the printer's own layout, else what fits its stock."""
    if setting is not None and setting.layout is not None:
        own = load_layout(setting.layout, site)
        if own.kind in _VIAL.kinds:
            return _VIAL, own.name
    if setting is not None and setting.stock is not None:
        stock = load_stock(setting.stock, site)
        if stock.label_width >= 98 and stock.label_height >= 48:
            return _UNIT, "unit-100x50"
        if stock.label_width >= 49 and stock.label_height >= 24:
            return _UNIT, "unit-50x25"
        if stock.label_height < 12.6:
            return _VIAL, "cap-25x9"
    return _VIAL, "vial-33x13"


def check_resolution(printer: TcpPrinter | CupsPrinter | None, dpi: int, name: str | None) -> None:
    """Refuse a printer whose head has another resolution than labels are drawn for: they would be cut or small."""
    if not isinstance(printer, TcpPrinter) or not printer.asks:
        return
    found = printer.identity()
    if found is not None and found.dpi != dpi:
        raise RequestError(
            f"The printer says that it is a {found.model} of {found.dpi} dpi; labels for it are drawn at {dpi}.",
            f"`cryoledger printer remove {name}`, then `printer add {name} ... --dpi {found.dpi}`.",
        )
