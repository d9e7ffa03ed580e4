"""What a scan, or what was typed, answers a blank with; None where it does not fit."""

from __future__ import annotations

from collections.abc import Sequence

from cryoledger.custody import amounts as exact
from cryoledger.custody.unit_grid import grid_of, size_of
from cryoledger.custody.workflow import amounts
from cryoledger.custody.workflow.blanks import Blank, Value
from cryoledger.custody.workflow.steps import Scanned, World
from cryoledger.domain import times
from cryoledger.errors import RequestError

__all__ = ["value_of"]

_SCANNED = ("thing", "code", "file", "wristband")
_CHOSEN = ("choice", "test", "product")


def value_of(blank: Blank, scan: Scanned, world: World, choices: Sequence[str]) -> Value | None:
    """The answer in the ledger's units; None where it does not fit. RequestError says what is wrong with a size."""
    if blank.asks in _SCANNED:
        return _scanned(blank, scan)
    text = amounts.number(scan).strip()
    if blank.asks in _CHOSEN:
        return amounts.chosen(scan, choices)
    if blank.asks in ("number", "entry"):
        chosen = amounts.chosen(scan, choices) if choices else text
        return int(chosen) if chosen is not None and chosen.isascii() and chosen.isdigit() else None
    if blank.asks in ("day", "date"):
        return None if scan.says_yes and blank.asks == "date" else _day(text, scan, world)
    if blank.asks == "time":
        return amounts.moment(text, world)
    if blank.asks == "result":
        milli = amounts.thousandths(text)
        return milli if milli is not None else text or None
    return _measured(blank, text) or None


def _scanned(blank: Blank, scan: Scanned) -> str | None:
    match blank.asks:
        case "thing" if scan.kind == "wristband" and scan.code and "patient" in blank.kinds:
            return scan.code
        case "thing" if scan.kind in blank.kinds:
            return f"{scan.kind} {scan.code}" if len(blank.kinds) > 1 else scan.code
        case "code" if scan.kind == "text":
            return scan.text.strip() or None
        case "file" if scan.kind == "file":
            return scan.code
        case "wristband" if scan.kind == "wristband":
            return scan.band or None
        case _:
            return None


def _measured(blank: Blank, text: str) -> Value | None:
    match blank.asks:
        case "volume" | "weight":
            return amounts.thousandths(text)
        case "cells":
            return amounts.millionths(text.removesuffix("M").strip())
        case "celsius":
            return text if _is_number(text) else None
        case "size" | "grid":
            (size_of if blank.asks == "size" else grid_of)(text)
            return text
        case _:
            return text


def _day(text: str, scan: Scanned, world: World) -> str | None:
    if scan.says_yes:
        return times.local_day(world.now, world.zone)
    try:
        return times.day(text).isoformat()
    except ValueError:
        return None


def _is_number(text: str) -> bool:
    try:
        exact.milli(text)
    except RequestError:
        return False
    return True
