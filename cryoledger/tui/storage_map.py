"""The storage map: freezers, racks and boxes as lines, each with how full it is and how warm it may be."""

from __future__ import annotations

from cryoledger.manual.messages import told
from cryoledger.manual.texts import say
from cryoledger.tui.lines import Line, Lines, piece, whole
from cryoledger.tui.view import Level, Unit

_BAR = 10
_FULL = 0.9
_WIDE = 60


class StorageMap(Lines):
    """Up and Down choose a unit, Right goes into it, Left out of it."""

    DEFAULT_CSS = """
    StorageMap { width: 1fr; height: 1fr; display: none; }
    StorageMap.-on { display: block; }
    """

    def __init__(self) -> None:
        super().__init__("storage")
        self.level: Level | None = None
        self.at = 0

    def show(self, level: Level | None) -> None:
        """Draw a level; the line stays on its unit."""
        before = self.chosen
        if level is not None and level != self.level:
            codes = [unit.code for unit in level.units]
            came = self.level.inside if self.level is not None else ""
            wanted = before.code if before is not None and before.code in codes else came
            self.at = codes.index(wanted) if wanted in codes else 0
        self.level = level
        self.set_class(level is not None, "-on")
        self.on_resize()

    @property
    def chosen(self) -> Unit | None:
        """The unit under the line."""
        units = self.level.units if self.level is not None else ()
        return units[self.at] if 0 <= self.at < len(units) else None

    def move(self, step: int) -> None:
        """Go up or down."""
        count = len(self.level.units) if self.level is not None else 0
        self.at = max(0, min(self.at + step, count - 1))
        self.on_resize()

    def on_resize(self) -> None:
        """The part around the line."""
        if self.level is None:
            self.put([])
            return
        path = " > ".join(self.level.path) or say("map.all")
        room = max(1, self.size.height - 2)
        units = self.level.units
        first = max(0, min(self.at - room // 2, len(units) - room))
        lines = [whole(path, "bold")]
        lines += [self._line(units[at], at == self.at) for at in range(first, min(first + room, len(units)))]
        if not units:
            lines.append(whole(f"  {say('map.empty')}", "$quiet"))
        lines.append(whole(f"  {say('map.keys')}", "$quiet"))
        self.put(lines)

    def _line(self, unit: Unit, chosen: bool) -> Line:
        wide = self.size.width >= _WIDE
        share = unit.vials / unit.positions if unit.positions else 0.0
        filled = min(_BAR, max(1 if unit.vials else 0, round(share * _BAR)))
        name = f"{unit.code}  {unit.name}" if wide and unit.name != unit.code else unit.code
        width = max(8, self.size.width - (46 if wide else 28))
        name = name if len(name) <= width else name[: width - 1] + "…"
        states = ("HELD" if unit.held else "", unit.status if unit.status != "in place" else "")
        words = " ".join(told(state) for state in states if state)
        return (
            piece("▶ " if chosen else "  ", "bold $strong"),
            piece(f"{name:<{width}} ", "bold reverse" if chosen else ""),
            piece("█" * filled + "░" * (_BAR - filled), "bold $wait" if share >= _FULL else "$good"),
            piece(f" {unit.vials:>4}/{unit.positions}"),
            piece(f"  {unit.limit}" if wide else "", "$note"),
            piece(f"  {words}" if words else "", "bold $bad"),
        )
