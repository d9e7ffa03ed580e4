"""The administrator's view as a sheet: people, keys, stations, units, products, orders, printers, the vault's care."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryoledger.custody.workflow.entering import Entering
from cryoledger.tui.desks.sheet import Cell, Column, Line, Offer, Row, Sheet, Tab, Tone, heading, labelled

if TYPE_CHECKING:
    from cryoledger.tui.desks.administration import Administration, Care, PersonLine, StationLine, UnitLine

_PEOPLE: Final = (
    Column("name", 14), Column("printed name", 20), Column("status", 8), Column("badge", 14),
    Column("key", 9, wide=True), Column("wrong", 5, wide=True), Column("enrolled", 12, wide=True), Column("roles"),
)  # fmt: skip
_KEYS: Final = (Column("name", 26), Column("kind", 10), Column("key", 9), Column("in force"))
_STATIONS: Final = (Column("station", 20), Column("status", 8), Column("key", 9), Column("signed in"))
_UNITS: Final = (Column("unit", 34), Column("kind", 10), Column("full", 14), Column("warmest", 12), Column("name"))
_PRODUCTS: Final = (Column("product", 16), Column("version", 7), Column("name"))
_ORDERS: Final = (
    Column("order", 16), Column("status", 10), Column("due", 10), Column("patient", 12), Column("product")
)  # fmt: skip
_STATION: Final = (Column("setting", 12), Column("value"))
_PRINTERS: Final = (Column("printer", 16), Column("address"))


def administration_sheet(view: Administration, product: str = "") -> Sheet:
    """The lists; `product` is the one whose limits are shown."""
    locked = any(person.status == "locked" for person in view.people)
    tabs = (
        Tab("People", _PEOPLE, tuple(map(_person, view.people)), "", (), locked),
        Tab("Keys", _KEYS, tuple(_texts(*key) for key in view.keys)),
        Tab("Stations", _STATIONS, tuple(map(_station, view.stations))),
        Tab("Units", _UNITS, tuple(map(_unit, view.units)), "There is no storage unit."),
        Tab("Products", _PRODUCTS, tuple(_texts(each.code, str(each.version), each.name) for each in view.products),
            "There is no product."),
        Tab("Orders", _ORDERS, tuple(map(_order, view.orders)), "There is no order."),
        Tab("Printers", _PRINTERS, tuple(_texts(*each) for each in view.printers),
            "This station has no printer: `cryoledger printer add`."),
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
        labelled("ledger", f"{care.origin}, {care.entries} entries, {care.zone}", "strong"),
        labelled("fingerprint", care.fingerprint, "strong"),
        Line((Cell(f"{'backup':<15} ", "quiet"), Cell(care.backup, state), Cell("  test restore ", "quiet"),
              Cell(care.tested, state))),
        labelled("checkpoint", care.checkpoint, "wait" if care.checkpoint.startswith("none") else ""),
    )  # fmt: skip


def _texts(*texts: str) -> Row:
    first, *rest = texts
    return Row(" ".join(texts), (Cell(first, "strong"), *(Cell(text) for text in rest)))


def _person(person: PersonLine) -> Row:
    state: Tone = "good" if person.status == "active" else "bad"
    cells = (
        Cell(person.name, "strong"), Cell(person.full_name), Cell(person.status, state), Cell(person.badge),
        Cell(person.key_id, "quiet"), Cell(str(person.wrong_pins), "wait" if person.wrong_pins else "quiet"),
        Cell(person.enrolled, "quiet"), Cell(person.roles),
    )  # fmt: skip
    return Row(person.name, cells, _acts_on(person))


def _acts_on(person: PersonLine) -> tuple[Offer, ...]:
    """What an administrator may begin on a person; keys are enrolled and PINs replaced on the command line."""
    if person.status == "revoked":
        return ()
    named = (("person", person.name),)
    revoked = (("name", person.name), ("key_id", person.key_id))
    return (
        Offer("f5", "Grant a role", Entering("RoleGranted", named)),
        Offer("f6", "Withdraw a role", Entering("RoleWithdrawn", named)),
        Offer("f8", "Revoke the key", Entering("KeyRevoked", revoked)),
    )


def _station(station: StationLine) -> Row:
    here = " (this one)" if station.here else ""
    return Row(station.name, (
        Cell(f"{station.name}{here}", "strong"), Cell(station.status), Cell(station.key_id, "quiet"),
        Cell(station.person or "nobody", "" if station.person else "quiet"),
    ))  # fmt: skip


def _unit(unit: UnitLine) -> Row:
    full = f"{unit.vials} of {unit.positions}" if unit.positions else ""
    return Row(unit.code, (
        Cell("  " * unit.depth + unit.code, "strong"), Cell(unit.kind), Cell(full), Cell(unit.limit),
        Cell(unit.name if unit.status == "in place" else f"{unit.name} ({unit.status})", "quiet"),
    ))  # fmt: skip


def _order(order: tuple[str, str, str, str, str]) -> Row:
    code, patient, product, due, status = order
    cells = (Cell(code, "strong"), Cell(status), Cell(due), Cell(patient), Cell(product))
    cancel = Offer("f8", "Cancel order", Entering("OrderCancelled", (("order", code),)))
    return Row(f"{code} {due}", cells, (cancel,) if status == "open" else ())
