"""What a person types or scans as an amount, a time or a choice: parsed into the ledger's whole units."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cryoledger.custody.workflow.steps import Scanned, World
from cryoledger.domain import times

_DECIMAL = re.compile(r"([0-9]{1,9})(?:[.,]([0-9]{1,6}))?", re.ASCII)
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):?([0-5][0-9])", re.ASCII)
_FULL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}", re.ASCII)


def thousandths(text: str) -> int | None:
    """ "0.9" (or "0,9") as 900; None for what is no number, or has more than three decimals."""
    match = _DECIMAL.fullmatch(text.strip())
    if match is None:
        return None
    decimals = (match[2] or "").rstrip("0")
    return None if len(decimals) > 3 else int(match[1]) * 1000 + int(decimals.ljust(3, "0"))


def millionths(text: str) -> int | None:
    """ "12.5" (millions) as 12500000; None for what is no number."""
    match = _DECIMAL.fullmatch(text.strip())
    return None if match is None else int(match[1]) * 1_000_000 + int((match[2] or "").ljust(6, "0"))


def number(scan: Scanned) -> str:
    """The number that was typed, or scanned as a quantity; "" for anything else."""
    return str(scan.quantity) if scan.quantity is not None else scan.text if scan.command is None else ""


def millilitres(microlitres: int) -> str:
    """A volume as people read it: 900 -> "0.9 mL"."""
    return f"{microlitres / 1000:g} mL"


def millions(cells: int) -> str:
    """A number of cells as people read it: 12500000 -> "12.5 million cells"."""
    return f"{cells / 1_000_000:g} million cells"


def menu(choices: Sequence[str]) -> str:
    """Choices, numbered."""
    return ", ".join(f"{index} {choice}" for index, choice in enumerate(choices, start=1))


def chosen(scan: Scanned, choices: Sequence[str]) -> str | None:
    """The choice whose number was given, or that was typed as a word."""
    given = number(scan)
    if given.isascii() and given.isdigit() and len(given) < 4 and 1 <= int(given) <= len(choices):
        return choices[int(given) - 1]
    return given if given in choices else None


def moment(text: str, world: World) -> str | None:
    """`HH:MM` (the last time it was that) or `YYYY-MM-DDTHH:MM` in the site's zone, as an instant; None otherwise."""
    zone = ZoneInfo(world.zone)
    here = times.instant(world.now).astimezone(zone)
    clock = _CLOCK.fullmatch(text.strip())
    try:
        if clock is not None:
            then = here.replace(hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0)
            then = then - timedelta(days=1) if then > here else then
        elif _FULL.fullmatch(text.strip()):
            then = datetime.fromisoformat(text.strip()).replace(tzinfo=zone)
        else:
            return None
        return times.text_of(then)
    except (ValueError, OverflowError):
        return None


def within_minute(instant: str, earliest: str) -> str:
    """A time given to the minute: not before `earliest` where that lies in the same minute."""
    return earliest if 0 < times.milliseconds(instant, earliest) < 60_000 else instant


def count(number: int, word: str = "vial") -> str:
    """A number of things: "1 vial", "2 vials", "2 boxes"."""
    return f"{number} {words(number, word)}"


def words(number: int, word: str) -> str:
    """A word as so many things are called: "vial", "vials", "boxes", "entries"."""
    if number == 1:
        return word
    return f"{word[:-1]}ies" if word.endswith("try") else f"{word}{'es' if word.endswith('x') else 's'}"


def listed(codes: Sequence[str], most: int = 12) -> str:
    """Codes as people read them, the long list cut."""
    more = f" and {len(codes) - most} more" if len(codes) > most else ""
    return ", ".join(codes[:most]) + more
