"""What a desk prints: labels of doses and orders, the new label of a vial, badges, the document that goes with a dose.

A label goes to the printer of this station whose layout is for such a thing, else to the first whose stock is large
enough; the document to a CUPS queue that was entered without stock, layout and resolution, which is paper. Where there
is none, a PDF is written into the station's own folder, and its place is said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryoledger import whole_file
from cryoledger.custody.keys.secret_file import make_folder
from cryoledger.custody.labels.label_contents import badge_label, dose_label, layout_of, order_label, vial_label
from cryoledger.custody.labels.labelling import Target, VialJob, deliver
from cryoledger.custody.labels.printer_test import check_resolution, sample_label
from cryoledger.custody.record import By
from cryoledger.custody.station import printer_settings
from cryoledger.documents.accompanying import accompanying
from cryoledger.documents.pages_pdf import to_pdf
from cryoledger.domain import numbers, times
from cryoledger.errors import RequestError
from cryoledger.labels import (
    CupsPrinter,
    LabelError,
    fits,
    load_layout,
    load_stock,
    names,
    render_all,
    resolution,
    without_room,
)

if TYPE_CHECKING:
    from cryoledger.custody.station.printer_settings import PrinterSetting
    from cryoledger.custody.vault import Vault
    from cryoledger.labels import LabelContent, Layout, Stock

FOLDER: Final = "papers"
LAYOUTS: Final[Mapping[str, str]] = {"dose": "dose-50x25", "badge": "badge-86x54", "order": "order-100x50"}


def print_dose_label(vault: Vault, code: str) -> str:
    """Print the label of a dose; what was done in a sentence. LabelError or Refusal where it cannot be."""
    with vault.store.reading() as now:
        content = dose_label(now, code)
    done, layout = _print(vault, content, "dose", code)
    left_out = content.warnings and not any("warnings" in text.data for text in layout.texts)
    papers = f" The label has no room for: {content.warnings}. F8 prints the papers." if left_out else ""
    return f"The label of dose {code} is {done}.{papers}"


def print_new_label(vault: Vault, vial: str, name: str) -> str:
    """Print the new label of a vial at this station, as the signed-in person, and record it; what was done.

    Where this station has no printer for it, the command that prints it. LabelError or Refusal where it cannot be.
    """
    site = printer_settings.site_labels(vault.folder.state)
    with vault.store.reading() as now:
        content, usual = vial_label(now, vial), layout_of(now, vial)
    setting, layout = _printer_for(vault, site, usual)
    if setting is None:
        return f"Print it: cryoledger label vial {vial}."
    stock, dpi = _stock(setting, layout, site), resolution(setting.printer, setting.dpi)
    kept, left_out = without_room([content], layout, stock, dpi)
    labels = list(render_all(kept, layout, stock, dpi, training=bool(vault.site().training)))
    job = VialJob.plan(vault, [vial], layout, site_folder=site)
    signer = job.open(By(name))
    done = deliver(labels, stock, Target(printer=setting.printer, pdf=setting.pdf))
    job.record(signer, done.labels)
    if done.trouble is not None:
        raise done.trouble
    papers = f" It has no room for: {'. '.join(left_out)}. That must go along on paper." if left_out else ""
    return f"It is printed at {setting.name}.{papers}"


def print_badge(vault: Vault, name: str) -> str:
    """Print a person's badge; what was done in a sentence."""
    with vault.store.reading() as now:
        content = badge_label(now, name)
    return f"The badge of {content.holder} is {_print(vault, content, 'badge', name)[0]}."


def print_order_label(vault: Vault, row: str) -> str:
    """Print the label of the order of a line ("ORDER 1"); what was done in a sentence."""
    code = row.partition(" ")[0]
    with vault.store.reading() as now:
        content = order_label(now, code)
    return f"The label of order {code} is {_print(vault, content, 'order', code)[0]}."


def print_test(vault: Vault, name: str) -> str:
    """Ask a printer what and how it is, and print one label that says VOID; what was done in a sentence."""
    site = printer_settings.site_labels(vault.folder.state)
    setting = printer_settings.find(vault.folder.state, name)
    content, usual = sample_label(setting, site)
    layout = load_layout(usual, site)
    stock, dpi = _stock(setting, layout, site), resolution(setting.printer, setting.dpi)
    labels = list(render_all([content], layout, stock, dpi, training=True))
    check_resolution(setting.printer, dpi, name)
    done = deliver(labels, stock, Target(printer=setting.printer, pdf=setting.pdf))
    if done.trouble is not None:
        raise done.trouble
    return (
        f"One label of {layout.name} on {stock.name}, {dpi} dpi, went to {name}. See that it is whole, straight and "
        f"black, then scan it: it must say {labels[0].scanned}."
    )


def forget_printer(vault: Vault, name: str) -> str:
    """Forget a printer of this station; what was done in a sentence."""
    printer_settings.remove(vault.folder.state, name)
    return f"{name} is removed."


def _print(vault: Vault, content: LabelContent, kind: str, code: str) -> tuple[str, Layout]:
    """Print one label, or write it: where it is now, and the layout that it has."""
    site = printer_settings.site_labels(vault.folder.state)
    setting, layout = _printer_for(vault, site, LAYOUTS[kind])
    stock = _stock(setting, layout, site)
    dpi = resolution(setting.printer, setting.dpi) if setting is not None else resolution(None, None)
    labels = list(render_all([content], layout, stock, dpi, training=bool(vault.site().training)))
    if setting is None:
        path = _path(vault, f"{kind if kind != 'dose' else 'label'}-{code}")
        done = deliver(labels, stock, Target(path=path))
    else:
        done = deliver(labels, stock, Target(printer=setting.printer, pdf=setting.pdf))
    if done.trouble is not None:
        raise done.trouble
    return f"written to {done.files[0]}" if done.files else f"printed at {setting.name if setting else ''}", layout


def print_papers(vault: Vault, code: str) -> str:
    """Print the document that accompanies a dose, or write it; what was done in a sentence."""
    with vault.store.reading() as now:
        head = now.head()
        document = accompanying(now, code, times.text_of(vault.clock.now()))
    content = to_pdf(document)
    for setting in printer_settings.printers(vault.folder.state).values():
        printer = setting.printer
        if isinstance(printer, CupsPrinter) and (setting.stock, setting.layout, setting.dpi) == (None,) * 3:
            printer.send_pdf(content, 1)
            return f"The document of dose {code} is printed at {setting.name}."
    path = _path(vault, f"{code}-{numbers.shown(head.number) if head is not None else 0}")
    try:
        whole_file.write(path, content, replace=True, mode=0o600)
    except OSError as error:
        raise RequestError(f"{path} cannot be written: {error.strerror}.", "Make room, or see who owns it.") from None
    return f"The document of dose {code} is written to {path}."


def _printer_for(vault: Vault, site: Path, name: str) -> tuple[PrinterSetting | None, Layout]:
    """The printer for labels of a layout's kind, with its layout; None where this station has none that fits."""
    usual = load_layout(name, site)
    fitting = None
    for setting in printer_settings.printers(vault.folder.state).values():
        own = load_layout(setting.layout, site) if setting.layout is not None else None
        if own is not None and own.kind == usual.kind:
            return setting, own
        stock = load_stock(setting.stock, site) if setting.stock is not None else None
        if fitting is None and own is None and stock is not None and fits(usual, stock):
            fitting = setting
    return fitting, usual


def _stock(setting: PrinterSetting | None, layout: Layout, site: Path) -> Stock:
    """The printer's own stock, else the smallest that the layout fits, rolls first."""
    if setting is not None and setting.stock is not None:
        return load_stock(setting.stock, site)
    fitting = [each for each in (load_stock(name, site) for name in names("stock", site)) if fits(layout, each)]
    if not fitting:
        raise LabelError(f"No stock is large enough for {layout.name}.", "Enter the printer with --stock.")
    return min(fitting, key=lambda each: (each.kind != "roll", each.label_width * each.label_height))


def _path(vault: Vault, name: str) -> Path:
    """Where a PDF of this name goes, in a folder that nobody else reads."""
    folder = vault.folder.state / FOLDER
    make_folder(folder)
    return folder / f"{re.sub(r'[^A-Za-z0-9._-]', '_', name)}.pdf"
