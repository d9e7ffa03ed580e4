"""What a label says, as plain data; `fields` turns it into the texts that a layout may place.

No class here has a place for the name of a donor or a patient, and none is to be added (DOMAIN, I9). A badge
bears its holder's name: persons of the site are not pseudonymous.

    >>> from datetime import date
    >>> vial = VialLabel("BKV000001W", "WJ-MSC 2", "L26-014", "A999926123456", date(2031, 11, 30),
    ...                  cells=5_000_000, volume_microlitres=1000, storage_millicelsius_max=-150_000)
    >>> vial.fields()["expiry"], vial.fields()["contents"], vial.fields()["storage"]
    ('2031-11-30', '5.0×10⁶ cells in 1.0 mL', '≤ −150 °C')
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar, Final

from cryoledger.labels.errors import LabelError

__all__ = [
    "FIELDS",
    "KINDS",
    "BadgeLabel",
    "CheckLabel",
    "CommandLabel",
    "Content",
    "DoseLabel",
    "LabelContent",
    "OrderLabel",
    "PatientLabel",
    "UnitLabel",
    "VialLabel",
]

_MINUS: Final = "−"
_POWER_FROM: Final = 10_000  # fewer cells are written out
_RAISED: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
TEXT_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Content:
    """What every label has: the code in print. Subclasses add theirs; `symbol` is what is scanned where it differs."""

    kinds: ClassVar[tuple[str, ...]] = ()
    code: str

    def __post_init__(self) -> None:
        if not self.code:
            raise RuntimeError("a label has a code")
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, str):
                _check_text(field.name, value)

    def fields(self) -> dict[str, str]:
        """Return the texts of this label by the name that a layout uses; empty where there is nothing to say."""
        half = (len(self.code) + 1) // 2
        return {"code": self.code, "code_head": self.code[:half], "code_tail": self.code[half:], **self._own_fields()}

    @property
    def scanned(self) -> str:
        """What the symbol holds."""
        return getattr(self, "symbol", "") or self.code

    def _own_fields(self) -> dict[str, str]:
        return {field.name: str(getattr(self, field.name)) for field in fields(self) if field.name != "code"}


@dataclass(frozen=True, slots=True)
class VialLabel(Content):
    """A vial: `source` is the donation's number or the donor's code; `symbol` holds an ISBT 128 or GS1 code.

    `identifier` is what that code says, in print: of ISBT 128 number, product and division, which a layout may place
    one by one (the number is the source, then `item` and `division`). `warnings` are sentences that a regulation
    asks for.
    """

    kinds: ClassVar = ("vial", "cap")
    product: str
    lot: str
    source: str
    expiry: date
    cells: int
    volume_microlitres: int
    storage_millicelsius_max: int
    autologous: bool = False
    biohazard: bool = False
    symbol: str = ""
    gs1: bool = False
    identifier: str = ""
    warnings: str = ""

    def _own_fields(self) -> dict[str, str]:
        parts = self.identifier.split(" ")
        item, division = parts[1:] if len(parts) == 3 and parts[0] == self.source else ("", "")
        return {
            "product": self.product,
            "lot": self.lot,
            "identifier": self.identifier,
            "item": item,
            "division": division,
            "warnings": self.warnings,
            "source": self.source,
            "expiry": self.expiry.isoformat(),
            "storage": f"≤ {_celsius(self.storage_millicelsius_max)}",
            **_contents(self.cells, self.volume_microlitres),
        }


@dataclass(frozen=True, slots=True)
class DoseLabel(Content):
    """A prepared syringe or bag for one order; `deadline` has a time zone, and is printed with its offset."""

    kinds: ClassVar = ("dose",)
    product: str
    lot: str
    order: str
    patient: str
    deadline: datetime
    cells: int
    volume_microlitres: int
    storage: str = ""
    autologous: bool = False
    biohazard: bool = False
    symbol: str = ""
    gs1: bool = False
    warnings: str = ""

    def _own_fields(self) -> dict[str, str]:
        if self.deadline.utcoffset() is None:
            raise RuntimeError("a deadline has a time zone")
        return {
            "product": self.product,
            "lot": self.lot,
            "order": self.order,
            "patient": self.patient,
            "deadline": self.deadline.isoformat(" ", "minutes").replace("+", " +"),
            "storage": self.storage,
            "warnings": self.warnings,
            **_contents(self.cells, self.volume_microlitres),
        }


@dataclass(frozen=True, slots=True)
class UnitLabel(Content):
    """A storage unit: what it is ("box", "rack"), the name that people use, and where it belongs."""

    kinds: ClassVar = ("unit",)
    unit: str
    name: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class BadgeLabel(Content):
    """A person's badge; `code` is the badge code, `key_id` the eight digits of the signature lines."""

    kinds: ClassVar = ("badge",)
    key_id: str
    holder: str = ""
    roles: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class PatientLabel(Content):
    """A wristband: the patient's code and nothing that tells who it is."""

    kinds: ClassVar = ("patient",)
    site: str = ""
    symbol: str = ""
    gs1: bool = False


@dataclass(frozen=True, slots=True)
class OrderLabel(Content):
    """A physician's order, on the paper that goes with it."""

    kinds: ClassVar = ("order",)
    patient: str
    product: str = ""
    dose: str = ""
    route: str = ""
    due: date | None = None

    def _own_fields(self) -> dict[str, str]:
        texts = {"patient": self.patient, "product": self.product, "dose": self.dose, "route": self.route}
        return {**texts, "due": self.due.isoformat() if self.due else ""}


@dataclass(frozen=True, slots=True)
class CommandLabel(Content):
    """A command of the laminated sheet: the barcode, the word on the screen, one sentence of help."""

    kinds: ClassVar = ("command",)
    word: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class CheckLabel(Content):
    """A code of the scanner-check sheet: what is scanned (`symbol`), and what it proves. `code` is its number."""

    kinds: ClassVar = ("check-datamatrix", "check-code128", "check-qr")
    title: str
    proves: str
    symbol: str
    gs1: bool = False


LabelContent = VialLabel | DoseLabel | UnitLabel | BadgeLabel | PatientLabel | OrderLabel | CommandLabel | CheckLabel

_EVERY: Final = {"code", "code_head", "code_tail"}
_VIAL: Final = frozenset(
    {"product", "lot", "source", "expiry", "storage", "identifier", "item", "division", "warnings"}
)
_AMOUNT: Final = {"cells", "volume", "contents"}
FIELDS: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(VialLabel.kinds, _VIAL | _AMOUNT | _EVERY),
    "dose": frozenset({"product", "lot", "order", "patient", "deadline", "storage", "warnings"} | _AMOUNT | _EVERY),
    "unit": frozenset({"unit", "name", "place"} | _EVERY),
    "badge": frozenset({"key_id", "holder", "roles", "site"} | _EVERY),
    "patient": frozenset({"site"} | _EVERY),
    "order": frozenset({"patient", "product", "dose", "route", "due"} | _EVERY),
    "command": frozenset({"word", "help"} | _EVERY),
    **dict.fromkeys(CheckLabel.kinds, frozenset({"title", "proves"} | _EVERY)),
}
"""The data that a layout of each kind may place."""
KINDS: Final = tuple(FIELDS)


def _contents(cells: int, microlitres: int) -> dict[str, str]:
    if cells < 0 or microlitres < 0:
        raise RuntimeError("cells and volume are not negative")
    volume = f"{_decimal(Decimal(microlitres) / 1000)} mL"
    return {"cells": _cells(cells), "volume": volume, "contents": f"{_cells(cells)} in {volume}"}


def _cells(count: int) -> str:
    """Write a count exactly: 12500000 is `1.25×10⁷ cells`."""
    if count < _POWER_FROM:
        return f"{count} cells"
    exponent = len(str(count)) - 1
    power = str(exponent).translate(_RAISED)
    return f"{_decimal(Decimal(count).scaleb(-exponent))}×10{power} cells"


def _decimal(value: Decimal) -> str:
    """Write without zeros at the end, but for one decimal."""
    whole, _, decimals = f"{value:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0') or '0'}"


def _celsius(millicelsius: int) -> str:
    value = _decimal(Decimal(abs(millicelsius)) / 1000).removesuffix(".0")
    return f"{_MINUS if millicelsius < 0 else ''}{value} °C"


def _check_text(name: str, value: str) -> None:
    """Refuse what no label can show; ASCII 29 parts the elements of a GS1 code, in `symbol` alone."""
    shown = value.replace("\x1d", "") if name == "symbol" else value
    if len(value) > TEXT_MAX or not shown.isprintable():
        raise LabelError(
            f"The label's {name} {value[:TEXT_MAX]!r} cannot be printed.",
            f"It must be at most {TEXT_MAX} characters that can be seen.",
        )
