"""What the open task works through, beside the map: each line with its tick, the next one marked and in sight."""

from __future__ import annotations

from rich.cells import cell_len

from cryoledger.manual.messages import told
from cryoledger.tui.lines import Line, Lines, piece, whole
from cryoledger.tui.view import Item, Work

_MARKS = {
    "done": ("✓", "$good"), "next": ("▶", "bold $strong"), "open": ("□", "$foreground"),
    "here": ("≠", "bold $held-text"), "missing": ("✗", "bold $bad"),
}  # fmt: skip


class WorkList(Lines):
    """Shown instead of the card while a task with a list is open."""

    DEFAULT_CSS = """
    WorkList { height: 2fr; min-height: 4; display: none; }
    WorkList.-on { display: block; }
    """

    def __init__(self) -> None:
        super().__init__("work")
        self.work: Work | None = None

    def show(self, work: Work | None) -> None:
        """Draw a list, or nothing."""
        self.work = work
        self.set_class(work is not None, "-on")
        self.on_resize()

    def on_resize(self) -> None:
        """The part around the next line."""
        if self.work is None:
            self.put([])
            return
        items, room = self.work.items, max(1, self.size.height - 2)
        first = max(0, min(self.work.next - room // 2, len(items) - room))
        lines = [whole(told(self.work.title), "bold reverse"), whole(told(self.work.said), "$quiet")]
        lines += [_line(item, self.size.width) for item in items[first : first + room]]
        self.put(lines)


def _line(item: Item, width: int) -> Line:
    mark, style = _MARKS[item.mark]
    note = f"  {told(item.note)}" if item.note else ""
    place = _place(item.place, width - cell_len(f"{mark} {item.vial}  {note}"))
    return (
        piece(f"{mark} ", style),
        piece(item.vial, style),
        piece(f"  {place}"),
        piece(note, "$quiet"),
    )


def _place(place: str, room: int) -> str:
    """A place that fits, without what is around it where there is no room: the box and the position say most."""
    parts = place.split(" > ")
    while len(parts) > 1 and cell_len(" > ".join(parts)) > room:
        del parts[0]
    short = " > ".join(parts)
    return short if short == place or cell_len(short) + 2 > room else f"… {short}"
