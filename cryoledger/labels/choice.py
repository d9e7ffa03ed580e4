"""Chooses among the layouts and stocks that are here: what fits what."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from cryoledger.labels.content import LabelContent
from cryoledger.labels.errors import LabelError
from cryoledger.labels.layout import Layout, load_layout
from cryoledger.labels.render import render
from cryoledger.labels.stock import Stock, load_stock, names

__all__ = ["fits", "layouts_with_room", "smallest_stock"]


def fits(layout: Layout, stock: Stock) -> bool:
    """Whether a stock's label is large enough for a layout."""
    return stock.label_width >= layout.width and stock.label_height >= layout.height


def smallest_stock(layout: Layout, site_folder: Path | None = None) -> Stock:
    """The smallest stock that a layout fits, rolls first; a LabelError where there is none."""
    fitting = []
    for name in names("stock", site_folder):
        with suppress(LabelError):  # one that is wrong is named by `label list`, or where it is asked for
            stock = load_stock(name, site_folder)
            if fits(layout, stock):
                fitting.append(stock)
    if not fitting:
        raise LabelError(f"No stock is large enough for {layout.name}.", "Name one with --stock.")
    return min(fitting, key=lambda each: (each.kind != "roll", each.label_width * each.label_height))


def layouts_with_room(content: LabelContent, dpi: int = 300, site_folder: Path | None = None) -> list[tuple[str, str]]:
    """Layouts of the same kind on which a label has room for all that it says, each with a stock that it fits."""
    found = []
    for name in names("layouts", site_folder):
        with suppress(LabelError):
            layout = load_layout(name, site_folder)
            if layout.kind == content.kinds[0]:
                stock = smallest_stock(layout, site_folder)
                render(content, layout, stock, dpi)
                found.append((name, stock.name))
    return found
