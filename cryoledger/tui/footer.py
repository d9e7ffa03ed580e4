"""The last line: the keys that do something now, the least important left out where there is no room for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len

from cryoledger.manual.keys import shown
from cryoledger.manual.texts import say
from cryoledger.tui.view import View

Item = tuple[str, str]
"""A key and what it does."""


def items(view: View, keys: Mapping[str, str], *, desk: bool, pin: bool, line: bool) -> list[Item]:
    """What can be done now, the most important first."""

    def named(*names: str) -> list[Item]:
        return [(shown(keys[name]), say(f"key.{name}")) for name in names]

    always = named("station.help", "station.leave")
    if pin:
        return [("0-9 Enter", say("foot.pin")), ("Esc", say("foot.empty")), *always]
    if line:
        return [("Enter", say("foot.hand-over")), ("Esc", say("foot.close")), *always]
    if view.hidden:
        return [*always, *named("station.entry", "station.palette", "station.colours")]
    found = [*always, *named("station.entry", "station.palette", "station.next")]
    if desk:
        found += [("↑↓", say("foot.rows")), ("←→", say("foot.lists"))]
    elif view.box is not None or (view.level is not None and view.level.inside):
        found += named("map.above")
    elif view.level is not None and view.level.units:
        found.append(("↑↓→", say("foot.map")))
    return [*found, *named("station.colours", "station.last")]


def footer(found: Sequence[Item], width: int) -> str:
    """As many of the items, in their order, as a width takes whole."""
    text = ""
    for key, label in found:
        more = f" {key} {label} "
        if cell_len(text + more) > width:
            break
        text += more
    return text
