"""Writes a label as ZPL: its dots as one `^GFA` graphic, so that no printer draws anything by itself.

Native ZPL text and symbols differ between firmwares and have traps (`^BC` loses a digit after `>`, `^BQ` loses
three characters without `QA,`); dots have none. What an earlier job may have left set (origin, mirror, reverse,
orientation) is set again for each label.
"""

from __future__ import annotations

from cryoledger.labels.render import Label
from cryoledger.labels.stock import Stock

__all__ = ["to_zpl"]


def to_zpl(label: Label, stock: Stock) -> bytes:
    """Return one format, `^XA` to `^XZ`, that prints one label; turned where the stock says so."""
    bitmap = label.bitmap.turned() if stock.turned else label.bitmap
    total = len(bitmap.rows)
    graphic = bitmap.rows.hex().upper()
    return (
        f"^XA^PMN^LRN^PON^LH0,0^LT0^LS0^PW{bitmap.width}^LL{bitmap.height}"
        f"^FO0,0^GFA,{total},{total},{bitmap.stride},{graphic}^FS^PQ1,0,1,N^XZ\n"
    ).encode("ascii")
