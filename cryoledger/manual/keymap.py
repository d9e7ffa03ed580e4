"""`keys.toml` in the station's folder: other keys for the names in `keys`, checked before the screen opens.

    [keys]
    "station.help" = "f12"

A key is refused if a scanner or a hand that types would press it, or if two acts that are there at once had it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryoledger.errors import StationError
from cryoledger.manual.keys import DEFAULTS, KEYS, shown
from cryoledger.manual.site_file import read_table

__all__ = ["FILE", "check_keys", "read_keys", "template"]

FILE: Final = "keys.toml"
BYTES_MAX: Final = 64 * 1024
_NAMED: Final = (
    r"f(?:[1-9]|1[0-9]|2[0-4])|up|down|left|right|home|end|pageup|pagedown|insert|delete"  # without a modifier too
)
_KEY: Final = re.compile(rf"(?:(?:shift|ctrl|alt)\+)*(?:{_NAMED})|(?:ctrl|alt)\+[a-z]")
# Enter, Tab, Backspace and Escape are ctrl+m, i, j, h and [ on a terminal; B and D frame a scan, C may end one.
_SENT: Final = frozenset({f"ctrl+{letter}" for letter in "bcdhijm"})
_ORDER: Final = ("ctrl", "alt", "shift")
# What a desk's list takes for itself, whatever its rows offer.
_LISTS: Final = frozenset(
    {"up", "down", "left", "right", "pageup", "pagedown", "home", "end", "shift+up", "shift+down"}
)


def read_keys(folder: Path) -> dict[str, str]:
    """The key of every name; StationError where the file says what cannot be."""
    path = folder / FILE
    keys = read_table(path, "keys", BYTES_MAX, lambda why: _refused(path, why))
    try:
        return check_keys(keys)
    except ValueError as error:
        raise _refused(path, str(error)) from None


def check_keys(given: Mapping[str, object]) -> dict[str, str]:
    """Every name's key, the given ones in place of the defaults; ValueError says what cannot be."""
    keys = dict(DEFAULTS)
    for name, key in given.items():
        if name not in DEFAULTS:
            raise ValueError(f"there is no key {name!r}; the names are {', '.join(DEFAULTS)}")
        keys[name] = _key(name, key)
    taken: dict[tuple[str, str], str] = {}
    for name, key in keys.items():
        if name.startswith("desk.") and key in _LISTS:
            raise ValueError(f'"{name}" cannot be {key!r}: a desk\'s list needs that key')
        for place in _places(name):
            other = taken.setdefault((place, key), name)
            if other != name:
                raise ValueError(f'"{other}" and "{name}" would both be {key!r}')
    return keys


def template() -> str:
    """A file to begin with: every key, none of them changed."""
    lines = ["# Take away the # before a line to give that act another key.", "[keys]"]
    lines += [f'# "{key.name}" = "{key.key}"  # {key.help}' for key in KEYS]
    return "\n".join(lines)


def _places(name: str) -> tuple[str, ...]:
    """Where a key counts: those of the map and of a desk never meet, those of the station meet both."""
    part = name.partition(".")[0]
    return (part,) if part in ("map", "desk") else ("map", "desk")


def _key(name: str, key: object) -> str:
    if not isinstance(key, str):
        raise ValueError(f'the key of "{name}" is no text')
    *held, last = key.strip().lower().split("+")
    written = "+".join([*sorted(held, key=lambda each: _ORDER.index(each) if each in _ORDER else 9), last])
    if len(last) == 1 and not set(held) & {"ctrl", "alt"}:
        raise ValueError(f'"{name}" cannot be {key!r}: scanners and hands type bare letters and digits')
    if written in _SENT:
        raise ValueError(f'"{name}" cannot be {key!r}: a terminal sends the same for a scan, Enter, Tab or Backspace')
    if not _KEY.fullmatch(written) or len(set(held)) != len(held):
        raise ValueError(f'"{name}" cannot be {key!r}: write it as {shown("f5")}, shift+f5, ctrl+p or pagedown')
    return written


def _refused(path: Path, why: str) -> StationError:
    return StationError(
        f"The keys in {path} are not used: {why}.", "Set it right, or move the file away; `cryoledger manual keys`."
    )
