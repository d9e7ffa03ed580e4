"""What new units, lots, fills and printers say, from what a person gave: the same at the desk and as a command.

Here is what only the vault can tell: the site's next codes and its zone, a product's newest version, what the symbols
of a fill carry. `made` puts it into an act that the desk has filled in, before anybody signs it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from cryoledger.codes import Kind
from cryoledger.custody import amounts
from cryoledger.custody.create import end_of_day
from cryoledger.custody.labels import vial_scheme
from cryoledger.custody.preview import refuse_taken_codes
from cryoledger.custody.station import printer_settings
from cryoledger.custody.unit_grid import grid_of, inside, size_of
from cryoledger.custody.vault import Vault, site_of
from cryoledger.custody.workflow.amounts import count
from cryoledger.custody.workflow.arranging import PDF, SILENT
from cryoledger.custody.workflow.blanks import Answers
from cryoledger.domain import catalogue, times
from cryoledger.domain.fields import Event
from cryoledger.domain.rulebook_1.imports import newest_version
from cryoledger.errors import RequestError

if TYPE_CHECKING:
    from cryoledger.custody.workflow import Step
    from cryoledger.database.store import Reading

__all__ = ["VIALS_MAX", "enter_printer", "fill", "lot", "made", "refuse_taken_units", "units"]

VIALS_MAX: Final = 800


def units(reading: Reading, given: Mapping[str, Any]) -> list[Event]:
    """A storage unit, and with a `grid` all its racks and boxes, the outermost first.

    `given`: kind; unit (else the site's next code), name, parent, slot, size ("9x9"), scheme, celsius_max ("-150"),
    grid ("4x5x9x9"), as they are typed. RequestError for what cannot be read.
    """
    grid, scheme = given.get("grid") or "", given.get("scheme") or "letters"
    racks, boxes, *_ = grid_of(grid) if grid else (0, 0)
    codes: Sequence[str] = ()
    own = given.get("unit")
    if not own:
        own, *codes = vial_scheme.next_codes(reading, Kind.UNIT, 1 + racks * (boxes + 1))
    rows, columns = size_of(given["size"]) if given.get("size") else (0, 0)
    warmest = given.get("celsius_max")
    first = {
        "unit": own,
        "kind": given["kind"],
        "name": given.get("name") or f"{given['kind']} {own}",
        "parent": given.get("parent") or None,
        "slot": given.get("slot") or None,
        "rows": rows,
        "columns": columns,
        "scheme": scheme,
        "temperature_millicelsius_max": amounts.milli(warmest) if warmest else None,
    }
    every = [first, *(inside(own, grid, scheme, codes) if grid else ())]
    return [catalogue.parse("StorageUnitAdded", {k: v for k, v in each.items() if v is not None}) for each in every]


def refuse_taken_units(vault: Vault, events: Sequence[Event]) -> None:
    """Refuse a whole series where one of its codes means something already: nothing is left half set up."""
    refuse_taken_codes(vault, [catalogue.subjects(event)[0].code for event in events], "unit")


def lot(reading: Reading, given: Mapping[str, Any]) -> dict[str, Any]:
    """The payload of LotRegistered; without a `version` the product's newest. RequestError where there is none."""
    version = given.get("version") or newest_version(reading.facts, given["product"])
    if not version:
        raise RequestError(f"There is no product {given['product'][:64]!r}.", "See `cryoledger product list`.")
    ends = end_of_day(times.day(given["expiry_on"]), site_of(reading).zone)
    return {**given, "version": version, "expires_at": ends}


def fill(reading: Reading, lot_code: str, vials: Sequence[str], number: int = 0) -> dict[str, Any]:
    """The payload of LotFilled: vials with these codes, or so `number` many with the site's next."""
    if bool(vials) == bool(number):
        raise RequestError("Either the vials' codes are given or --count.", "Give one of the two.")
    if number > VIALS_MAX:
        raise RequestError(f"{number} vials are too many for one fill; at most {VIALS_MAX} go in one.", "Fill twice.")
    codes = list(vials) or vial_scheme.next_codes(reading, Kind.VIAL, number)
    labels = vial_scheme.filled_labels(reading, lot_code, codes)
    return {"lot": lot_code, "vials": codes, **({"labels": labels} if labels else {})}


# At the desk


def made(vault: Vault, step: Step) -> Step:
    """The step with the events that its answers make, and with what follows from them in what is shown."""
    given = {field: value for field, value in step.answers if value not in ("", ())}
    events, more = _MAKERS[step.act](vault, given)
    thing = catalogue.subjects(events[0])[0]
    after = replace(step, events=tuple(events), shown=step.shown + more, act="", answers=())
    return after.on(thing.kind, thing.code)


def enter_printer(vault: Vault, answers: Answers) -> None:
    """Enter a printer of this station as it was told at the desk; RequestError, PrinterError for what is wrong."""
    given = {field: str(value) for field, value in answers if value != ""}
    setting = printer_settings.PrinterSetting(
        given["name"],
        given["address"],
        given.get("stock"),
        int(given["dpi"]) if "dpi" in given else None,
        given.get("layout"),
        asks=given["kind"] != SILENT,
        pdf=given["kind"] == PDF,
    )
    printer_settings.add(vault.folder.state, setting)


def _units(vault: Vault, given: Mapping[str, Any]) -> tuple[list[Event], str]:
    with vault.store.reading() as reading:
        events = units(reading, given)
    refuse_taken_units(vault, events)
    own = "" if "unit" in given else f"; its code is {catalogue.subjects(events[0])[0].code}"
    return events, own + (f"; with {count(len(events) - 1, 'unit')} in it" if len(events) > 1 else "")


def _lot(vault: Vault, given: Mapping[str, Any]) -> tuple[list[Event], str]:
    with vault.store.reading() as reading:
        data = lot(reading, given)
    more = "" if "version" in given else f"; version {data['version']} of {data['product']}"
    return [catalogue.parse("LotRegistered", data)], more


def _fill(vault: Vault, given: Mapping[str, Any]) -> tuple[list[Event], str]:
    with vault.store.reading() as reading:
        data = fill(reading, given["lot"], given.get("vials", ()), given.get("count", 0))
    codes = data["vials"]
    more = f"; {count(len(codes))}, {codes[0]} to {codes[-1]}" if "count" in given else ""
    return [catalogue.parse("LotFilled", data)], more


_MAKERS: Final[Mapping[str, Callable[[Vault, Mapping[str, Any]], tuple[list[Event], str]]]] = {
    "StorageUnitAdded": _units, "LotRegistered": _lot, "LotFilled": _fill,
}  # fmt: skip
