"""Reads a level of the storage map: the units inside one unit, how full each is, and how warm it may be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryoledger.database import queries
from cryoledger.domain.records import StorageUnit
from cryoledger.domain.rulebook_1 import common as rules
from cryoledger.tui.view import Level, Unit

if TYPE_CHECKING:
    from cryoledger.database.queries import UnitNode
    from cryoledger.database.store import Reading


@dataclass(slots=True)
class Storage:
    """`inside` is the unit whose inside is shown, "" for what stands on its own, None while a box is shown.

    All vials are counted for the fill, which takes long in a large vault: again only once an entry was added.
    """

    inside: str | None = ""
    _counted: int = -1
    _forest: tuple[UnitNode, ...] = field(default=())

    def level(self, now: Reading, at: str) -> Level:
        """The level that is shown; the outermost where the unit is gone."""
        head = now.head()
        number = head.number if head is not None else 0
        if number != self._counted:
            self._forest, self._counted = queries.freezers(now), number
        path: list[UnitNode] = []
        if self.inside:
            path = _path(self._forest, self.inside)
        nodes = path[-1].children if path else self._forest
        limit = next((node.unit.temperature_millicelsius_max for node in reversed(path) if _limited(node.unit)), None)
        return Level(
            tuple(_unit(now, node, limit, at) for node in nodes),
            tuple(node.unit.name or node.unit.code for node in path),
            path[-1].unit.code if path else "",
            path[-2].unit.code if len(path) > 1 else "",
        )


def _path(forest: tuple[UnitNode, ...], code: str) -> list[UnitNode]:
    """The nodes from the outermost to a unit; none where it is not in the forest."""
    for node in forest:
        if node.unit.code == code:
            return [node]
        below = _path(node.children, code)
        if below:
            return [node, *below]
    return []


def _limited(unit: StorageUnit) -> bool:
    return unit.temperature_millicelsius_max is not None


def _unit(now: Reading, node: UnitNode, around: int | None, at: str) -> Unit:
    unit = node.unit
    limit = unit.temperature_millicelsius_max if _limited(unit) else around
    return Unit(
        unit.code, unit.kind, unit.name, unit.slot or "", unit.status, node.vials, node.positions,
        "" if limit is None else f"≤ {limit / 1000:g} °C", bool(unit.rows),
        bool(rules.holds_on(now.facts, "unit", unit.code, at)),
    )  # fmt: skip
