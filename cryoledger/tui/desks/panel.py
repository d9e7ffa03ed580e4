"""The widget of every desk: draws a sheet, moves a cursor in its lists, and says which act a key begins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from textual.message import Message

from cryoledger.manual.messages import told
from cryoledger.tui.desks.draw import Drawing, Mark, Place, draw, offers_at, row_of
from cryoledger.tui.desks.sheet import Sheet, Tone, beside_headings, line
from cryoledger.tui.lines import Lines

if TYPE_CHECKING:
    from cryoledger.tui.desks.sheet import Offer

_COLOURS: Final[dict[Tone, str]] = {
    "": "foreground", "good": "good", "wait": "wait", "bad": "bad", "held": "held-text", "note": "note",
    "quiet": "quiet", "strong": "strong",
}  # fmt: skip
_BOLD: Final = frozenset({"strong", "bad", "held"})
_MARKS: Final[dict[Mark, str]] = {"": "", "reverse": " reverse", "row": " on $panel"}
_STYLES: Final = {
    (tone, mark): f"{'bold ' if tone in _BOLD else ''}${colour}{style}"
    for tone, colour in _COLOURS.items()
    for mark, style in _MARKS.items()
}
_DETAIL_STEP: Final = 5


class DeskPanel(Lines):
    """One sheet. It decides nothing: what a row may begin stands in the sheet."""

    @dataclass
    class Moved(Message):
        """The cursor stands elsewhere: what depends on it is to be read again."""

        panel: DeskPanel

    @dataclass
    class Began(Message):
        """A key began an act of the row under the cursor."""

        offer: Offer
        row: str

    def __init__(self, id: str = "desk") -> None:  # noqa: A002 - Textual's word
        super().__init__(id)
        self.sheet = Sheet()
        self.place = Place()
        self._now = datetime.now(UTC)
        self._drawing: Drawing | None = None
        self._places: dict[int, Place] = {}

    @property
    def key(self) -> str:
        """The key of the row under the cursor; "" where there is none."""
        row = row_of(self.sheet, self.place)
        return row.key if row is not None else ""

    def show(self, sheet: Sheet, now: datetime, made: str = "") -> None:
        """Draw another state; the cursor stays on its row where the row is still there.

        It goes to the row of what was `made` just now, where that has come to the open list.
        """
        key = was = self.key
        tab = self.place.tab
        if made and tab < len(self.sheet.tabs) and all(row.key != made for row in self.sheet.tabs[tab].rows):
            key = made
        inserted = len(sheet.tabs) - len(self.sheet.tabs) if self.sheet.tabs else 0
        if inserted and len(sheet.tabs) > 0:  # a list came first or went: it is looked at, then what was before
            self.place, key = Place(), ""
        self.sheet, self._now = sheet, now
        if key and self.place.tab == tab and tab < len(sheet.tabs) and sheet.tabs[tab].count is None:
            places = {row.key: at for at, row in enumerate(sheet.tabs[tab].rows)}
            at = places.get(key, places.get(was, self.place.cursor))
            self.place = replace(self.place, cursor=at)
        self._redraw()

    def clear(self) -> None:
        """Forget what was shown: another desk comes."""
        self.sheet, self.place, self._places = Sheet(head=(line(told("One moment ..."), "quiet"),)), Place(), {}
        self._redraw()

    def tick(self, now: datetime) -> None:
        """Count on."""
        self._now = now
        self._redraw()

    def press(self, key: str) -> bool:
        """Take a key that moves in the lists or begins an act; False for any other."""
        page = self._drawing.page if self._drawing is not None else 1
        length = self.sheet.tabs[self.place.tab].length if self.place.tab < len(self.sheet.tabs) else 0
        steps = {
            "up": -1, "down": 1, "pageup": -page, "pagedown": page, "home": -length, "end": length,
        }  # fmt: skip
        if key in steps:
            self._to(max(0, min(self.place.cursor + steps[key], length - 1)), steps[key])
        elif key in ("left", "right"):
            self.turn(1 if key == "right" else -1)
        elif key in ("shift+up", "shift+down"):
            step = _DETAIL_STEP if key == "shift+down" else -_DETAIL_STEP
            self.place = replace(self.place, below=max(0, min(self.place.below + step, len(self.sheet.detail) * 3)))
            self._redraw()
        else:
            return self._begin(key)
        return True

    def turn(self, step: int) -> None:
        """Open the next list, or the one before, where its cursor was left."""
        if not self.sheet.tabs:
            return
        self._places[self.place.tab] = self.place
        tab = (self.place.tab + step) % len(self.sheet.tabs)
        self.place = self._places.get(tab, Place(tab))
        self._redraw()
        self.post_message(self.Moved(self))

    def _to(self, cursor: int, step: int) -> None:
        if self.place.tab < len(self.sheet.tabs):
            cursor = beside_headings(self.sheet.tabs[self.place.tab], cursor, step)
        self.place = replace(self.place, cursor=cursor, below=0)
        self._redraw()
        self.post_message(self.Moved(self))

    def _begin(self, key: str) -> bool:
        for offer in offers_at(self.sheet, self.place):
            if offer.key == key:
                self.post_message(self.Began(offer, self.key))
                return True
        return False

    # Drawing

    def on_resize(self) -> None:
        """Draw what fits."""
        self._redraw()

    def _redraw(self) -> None:
        self._drawing = draw(self.sheet, self.place, self.size.width, self.size.height, self._now)
        self.place = self._drawing.place
        self.put([tuple((each.text, _STYLES[each.tone, each.mark]) for each in line) for line in self._drawing.lines])
