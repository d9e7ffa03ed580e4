"""The administrator's view as a sheet: people, keys, stations, units, products, orders, printers, the vault's care."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryoledger.custody.workflow.arranging import INVITATION, PRINTER, Arranging
from cryoledger.custody.workflow.entering import Entering
from cryoledger.documents.card_words import counted
from cryoledger.tui.desks.orders_sheet import ORDER_LABEL, PLACE_ORDER, on_order
from cryoledger.tui.desks.sheet import Cell, Column, Line, Offer, Row, Sheet, Tab, Tone, heading, labelled

if TYPE_CHECKING:
    from cryoledger.tui.desks.administration import (
        Administration,
        Care,
        PersonLine,
        PrinterLine,
        ProductLine,
        StationLine,
        UnitLine,
    )

_PEOPLE: Final = (
    Column("name", 14), Column("printed name", 20), Column("status", 8), Column("badge", 14),
    Column("key", 9, wide=True), Column("wrong", 5, wide=True), Column("enrolled", 12, wide=True), Column("roles"),
)  # fmt: skip
_KEYS: Final = (Column("name", 26), Column("kind", 10), Column("key", 9), Column("in force"))
_STATIONS: Final = (Column("station", 20), Column("status", 8), Column("key", 9), Column("signed in"))
_UNITS: Final = (Column("unit", 24), Column("kind", 9), Column("full", 13), Column("warmest", 9), Column("name"))
_PRODUCTS: Final = (Column("product", 16), Column("version", 7), Column("name"))
_ORDERS: Final = (
    Column("order", 16), Column("status", 10), Column("due", 10), Column("patient", 12), Column("product")
)  # fmt: skip
_STATION: Final = (Column("setting", 12), Column("value"))
_PRINTERS: Final = (Column("printer", 16), Column("address", 26), Column("labels"))


def administration_sheet(view: Administration, product: str = "", me: str = "") -> Sheet:
    """The lists; `product` is the one whose limits are shown, `me` the signing name of who looks at them."""
    locked = any(person.status == "locked" for person in view.people)
    tabs = (
        Tab("People", _PEOPLE, tuple(_person(each, me) for each in view.people), "",
            (Offer("f11", "Enrol a person", Entering("KeyIssued")),), locked),
        Tab("Keys", _KEYS, tuple(_texts(*key) for key in view.keys)),
        Tab("Stations", _STATIONS, tuple(map(_station, view.stations)), "",
            (Offer("f5", "Invite a station", Arranging(INVITATION)),)),
        Tab("Units", _UNITS, tuple(map(_unit, view.units)), "There is no storage unit.",
            (Offer("f5", "Set up a unit", Entering("StorageUnitAdded")),)),
        Tab("Products", _PRODUCTS, tuple(map(_product, view.products)), "There is no product.",
            (Offer("f6", "Define a product", Entering("ProductDefined")),)),
        Tab("Orders", _ORDERS, tuple(map(_order, view.orders)), "There is no order.", (PLACE_ORDER,)),
        Tab("Printers", _PRINTERS, tuple(map(_printer, view.printers)), "This station has no printer.",
            (Offer("f5", "Enter a printer", Arranging(PRINTER)),)),
        Tab("Here", _STATION, tuple(_texts(*each) for each in view.care.station) if view.care else (), "",
            (Offer("f5", "Scanner check", act="scanner-check"),)),
    )  # fmt: skip
    shown = next((each for each in view.products if each.code == product), None)
    detail = () if shown is None else (
        heading(f"{shown.code} v{shown.version}"), *(labelled(label, value, width=18) for label, value in shown.facts)
    )  # fmt: skip
    return Sheet(tabs, _care(view.care) if view.care is not None else (), detail)


def _care(care: Care) -> tuple[Line, ...]:
    state: Tone = "bad" if care.late else "good"
    return (
        labelled("ledger", f"{care.origin}, {counted(care.entries, 'entry')}, {care.zone}", "strong"),
        labelled("fingerprint", care.fingerprint, "strong"),
        Line((Cell(f"{'backup':<15} ", "quiet"), Cell(care.backup, state), Cell("  test restore ", "quiet"),
              Cell(care.tested, state))),
        labelled("checkpoint", care.checkpoint, "wait" if care.checkpoint.startswith("none") else ""),
    )  # fmt: skip


def _texts(*texts: str) -> Row:
    first, *rest = texts
    return Row(" ".join(texts), (Cell(first, "strong"), *(Cell(text) for text in rest)))


def _printer(printer: PrinterLine) -> Row:
    cells = (Cell(printer.name, "strong"), Cell(printer.address), Cell(printer.labels, "quiet"))
    return Row(printer.name, cells, (
        Offer("f6", "Test it", act="printer-test"), Offer("f7", "Remove it", act="printer-remove"),
    ))  # fmt: skip


def _product(product: ProductLine) -> Row:
    cells = (Cell(product.code, "strong"), Cell(str(product.version)), Cell(product.name))
    again = Offer("f5", "New version", Entering("ProductDefined", (("product", product.code),)))
    return Row(product.code, cells, (again,))


def _person(person: PersonLine, me: str) -> Row:
    state: Tone = "good" if person.status == "active" else "bad"
    cells = (
        Cell(person.name, "strong"), Cell(person.full_name), Cell(person.status, state), Cell(person.badge),
        Cell(person.key_id, "quiet"), Cell(str(person.wrong_pins), "wait" if person.wrong_pins else "quiet"),
        Cell(person.enrolled, "quiet"), Cell(person.roles),
    )  # fmt: skip
    return Row(person.name, cells, _acts_on(person, me))


def _acts_on(person: PersonLine, me: str) -> tuple[Offer, ...]:
    """What may be begun on a person: a PIN of one's own is changed, another's is replaced, with key and badge."""
    if person.status == "revoked":
        return ()
    named = (("person", person.name),)
    revoked = (("name", person.name), ("key_id", person.key_id))
    pin = ("Change PIN", "PinChanged") if person.name == me else ("New PIN", "KeyReplaced")
    return (
        Offer("f5", "Grant a role", Entering("RoleGranted", named)),
        Offer("f6", "Withdraw a role", Entering("RoleWithdrawn", named)),
        Offer("f7", pin[0], Entering(pin[1], named)),
        Offer("f8", "Revoke the key", Entering("KeyRevoked", revoked)),
        Offer("f12", "Badge", act="badge"),
    )


def _station(station: StationLine) -> Row:
    here = " (this one)" if station.here else ""
    return Row(station.name, (
        Cell(f"{station.name}{here}", "strong"), Cell(station.status), Cell(station.key_id, "quiet"),
        Cell(station.person or "nobody", "" if station.person else "quiet"),
    ))  # fmt: skip


def _unit(unit: UnitLine) -> Row:
    full = f"{unit.vials} of {unit.positions}" if unit.positions else ""
    inside = Offer("f6", "Set one up inside it", Entering("StorageUnitAdded", (("parent", unit.code),)))
    return Row(unit.code, (
        Cell("  " * unit.depth + unit.code, "strong"), Cell(unit.kind), Cell(full), Cell(unit.limit),
        Cell(unit.name if unit.status == "in place" else f"{unit.name} ({unit.status})", "quiet"),
    ), (inside,) if unit.holds_units else ())  # fmt: skip


def _order(order: tuple[str, str, str, str, str]) -> Row:
    code, patient, product, due, status = order
    cells = (Cell(code, "strong"), Cell(status), Cell(due), Cell(patient), Cell(product))
    return Row(f"{code} {due}", cells, on_order(code) if status == "open" else (ORDER_LABEL,))
