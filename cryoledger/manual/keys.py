"""Every key of the screen: its name in `keys.toml`, the key itself, and what it does, said once.

Nothing that matters hangs on a bare letter or digit, for scanners type those.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["DEFAULTS", "KEYS", "Key", "shown"]


@dataclass(frozen=True, slots=True)
class Key:
    """A key under its name; `label` stands in the footer, `help` in the list of keys."""

    name: str
    key: str
    label: str
    help: str


KEYS: Final = (
    Key("station.help", "f1", "help", "the page of this screen"),
    Key("station.entry", "f2", "type", "a line to type a code in when no scanner works; it is recorded as typed"),
    Key("station.next", "f3", "next place", "the next workplace, on a vial's way"),
    Key("station.last", "f4", "last place", "the workplace before"),
    Key("station.colours", "f9", "colours", "dark, light, high contrast, colour-blind safe"),
    Key("station.leave", "f10", "leave", "leave the station, after a question"),
    Key("station.palette", "ctrl+p", "all", "everything that can be done now, by name"),
    Key("map.above", "f5", "up", "from a box to what holds it, on to all storage"),
    Key("map.up", "up", "", "up in a box or a list of units"),
    Key("map.down", "down", "", "down in a box or a list of units"),
    Key("map.left", "left", "", "left in a box; out of a unit"),
    Key("map.right", "right", "", "right in a box; into a unit"),
    Key("desk.f5", "f5", "", "the first act that a row of a desk offers"),
    Key("desk.f6", "f6", "", "the second act of a row"),
    Key("desk.f7", "f7", "", "the third act of a row"),
    Key("desk.f8", "f8", "", "the fourth act of a row"),
    Key("desk.f11", "f11", "", "the fifth act of a row"),
    Key("desk.f12", "f12", "", "the sixth act of a row"),
)
DEFAULTS: Final[Mapping[str, str]] = {key.name: key.key for key in KEYS}

_ARROWS: Final = {
    "up": "↑", "down": "↓", "left": "←", "right": "→", "pageup": "PgUp", "pagedown": "PgDn", "escape": "Esc",
    "insert": "Ins", "delete": "Del",
}  # fmt: skip


def shown(key: str) -> str:
    """A key as people write it.

    >>> shown("f1"), shown("ctrl+p"), shown("shift+up")
    ('F1', 'Ctrl+P', 'Shift+↑')
    """
    return "+".join(_ARROWS.get(part, part.upper() if len(part) == 1 else part.capitalize()) for part in key.split("+"))
