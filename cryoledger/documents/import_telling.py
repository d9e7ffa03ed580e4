"""A part of an import as the story of one thing tells it: an entry of 800 vials says of each only what is its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["PART", "of_part"]

PART = "ImportPartRecorded"
_NAMED = {"units": "unit", "donations": "donation", "lots": "lot"}


def of_part(data: Mapping[str, Any], about: str) -> Mapping[str, Any]:
    """What a recorded part says of a thing by its code; without one, how much of everything it brought."""
    head = {"import": data["number"], "part": data["part"]}
    if not about:
        counts = {name: len(data[name]) for name in (*_NAMED, "donors", "held") if name in data}
        return {**head, **counts, "vials": sum(len(group["vials"]) for group in data["vials"])}
    for group in data["vials"]:
        if about in group["vials"]:
            position = group["positions"][group["vials"].index(about)]
            held = {"on hold": "until a box check"} if about in data.get("held", ()) else {}
            return {**head, "lot": group["lot"], "unit": group["unit"], "position": position, **held}
    own: dict[str, Any] = {}
    for name, key in _NAMED.items():
        own |= next((thing for thing in data.get(name, ()) if thing[key] == about), {})
    if about in data.get("donors", ()):
        own["donor"] = about
    vials = sum(len(group["vials"]) for group in data["vials"] if about in (group["unit"], group["lot"]))
    return {**head, **own, **({"vials": vials} if vials else {})}
