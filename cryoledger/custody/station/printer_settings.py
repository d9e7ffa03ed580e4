"""Label printers of this station: `printers.json` in the folder of the station's state, which is not secret.

    add(folder, PrinterSetting("bench", "tcp://10.0.0.7:9100", stock="roll-33x13", dpi=300))
    find(folder, "bench").printer

A printer stands beside one workstation, so the vault says nothing of it.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final

from cryoledger.custody.keys.secret_file import make_folder
from cryoledger.errors import RequestError, StationError
from cryoledger.labels import CupsPrinter, TcpPrinter, load_layout, load_stock, read_address
from cryoledger.labels.stock import DOTS_PER_INCH

__all__ = ["PrinterSetting", "add", "find", "printers", "remove", "site_labels"]

FILE: Final = "printers.json"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


@dataclass(frozen=True, slots=True)
class PrinterSetting:
    """A printer by name: its address, and what it prints on unless somebody says otherwise.

    `asks` is false for a label printer that never answers `~HS`. `pdf` is true for a queue whose printer has a driver
    and speaks no ZPL: labels of a roll go to it as pages.
    """

    name: str
    address: str
    stock: str | None = None
    dpi: int | None = None
    layout: str | None = None
    asks: bool = True
    pdf: bool = False

    @property
    def printer(self) -> TcpPrinter | CupsPrinter:
        """The printer itself; PrinterError where the address is none."""
        return read_address(self.address, asks=self.asks)


def site_labels(folder: Path) -> Path:
    """Where a station looks for the site's own `stock/` and `layouts/`, before those of the program."""
    return folder / "labels"


def printers(folder: Path) -> Mapping[str, PrinterSetting]:
    """The printers of this station by name; StationError where their file is damaged."""
    path = folder / FILE
    try:
        rows = json.loads(path.read_bytes())
        found = [PrinterSetting(**row) for row in rows]
        if not all(_is_sound(each) for each in found):
            raise TypeError
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StationError(f"{path} cannot be read: {error.strerror}.", "See who owns the file.") from None
    except (ValueError, TypeError):
        raise StationError(f"{path} is damaged.", "Remove it, and enter the printers with `printer add`.") from None
    return {each.name: each for each in sorted(found, key=lambda each: each.name)}


def find(folder: Path, name: str) -> PrinterSetting:
    """The printer of that name; RequestError where there is none."""
    known = printers(folder)
    if name not in known:
        names = ", ".join(known) or "none"
        raise RequestError(
            f"This station has no printer {name[:40]!r}; known: {names}.",
            "Enter it with `cryoledger printer add`, or write tcp://HOST:9100 or cups:NAME.",
        )
    return known[name]


def add(folder: Path, setting: PrinterSetting) -> None:
    """Enter a printer whose address, stock, layout and resolution are right."""
    if not _NAME.fullmatch(setting.name):
        raise RequestError(
            f"{setting.name[:40]!r} is no printer's name.", "Use up to 40 letters, digits, points and hyphens."
        )
    known = dict(printers(folder))
    if setting.name in known:
        raise RequestError(f"There is a printer {setting.name} already.", "Remove it first, or choose another name.")
    address = read_address(setting.address)
    if setting.pdf and not isinstance(address, CupsPrinter):
        raise RequestError(f"{setting.address} takes ZPL, not PDF.", "Leave --pdf out, or enter a queue: cups:NAME.")
    if setting.dpi is not None and setting.dpi not in DOTS_PER_INCH:
        raise RequestError(f"No print head has {setting.dpi} dpi.", "Give 203, 300 or 600.")
    if setting.stock is not None:
        load_stock(setting.stock, site_labels(folder))
    if setting.layout is not None:
        load_layout(setting.layout, site_labels(folder))
    _write(folder, {**known, setting.name: setting})


def remove(folder: Path, name: str) -> None:
    """Forget a printer; RequestError where there is none."""
    find(folder, name)
    _write(folder, {key: value for key, value in printers(folder).items() if key != name})


def _is_sound(setting: PrinterSetting) -> bool:
    """Whether a setting read from the file has the types that it was written with."""
    kinds = {"dpi": (int, type(None)), "asks": (bool,), "pdf": (bool,), "name": (str,), "address": (str,)}
    text = (str, type(None))
    return all(isinstance(getattr(setting, each.name), kinds.get(each.name, text)) for each in fields(setting))


def _write(folder: Path, known: Mapping[str, PrinterSetting]) -> None:
    make_folder(folder)
    content = json.dumps([asdict(each) for each in known.values()], indent=2) + "\n"
    try:
        with tempfile.NamedTemporaryFile("w", dir=folder, prefix=f".{FILE}.", delete=False) as file:
            file.write(content)
        Path(file.name).replace(folder / FILE)
    except OSError as error:
        raise StationError(f"{folder / FILE} cannot be written: {error.strerror}.", "See the folder.") from None
