"""The station's one screen: who and where above, the answer, what to do next, and below the things themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen

from cryoledger.manual.keys import DEFAULTS
from cryoledger.manual.messages import told
from cryoledger.manual.texts import say
from cryoledger.tui.answer_panel import AnswerPanel
from cryoledger.tui.box_map import BoxMap
from cryoledger.tui.desks.panel import DeskPanel
from cryoledger.tui.footer import footer, items
from cryoledger.tui.lists import CardView, OutView, OwnView, RecentView
from cryoledger.tui.prompt import Prompt
from cryoledger.tui.signing_panel import SigningPanel
from cryoledger.tui.storage_map import StorageMap
from cryoledger.tui.text import Text
from cryoledger.tui.view import Own, Shown, View
from cryoledger.tui.words import clock_text, plain
from cryoledger.tui.work_list import WorkList

_WIDE, _TALL = 140, 30
_ARROWS = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}


class StationScreen(Screen[None]):
    """Draws a `View`. It decides nothing and asks nobody."""

    DEFAULT_CSS = """
    StationScreen { background: $background; color: $foreground; layout: vertical; overflow: hidden hidden; }
    #top { height: 1; background: $panel; color: $foreground; }
    #where { width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; padding: 0 1; }
    #who { width: auto; max-width: 60; padding: 0 1; text-style: bold; text-wrap: nowrap; text-overflow: ellipsis; }
    #clock { width: auto; padding: 0 1; }
    #band { height: 1; display: none; text-align: center; text-style: bold; background: #E69F00; color: #000000; }
    #band.-on { display: block; }
    #below { height: 1fr; padding: 0 1; }
    #side { width: 1fr; padding: 0 1 0 1; }
    #card { margin-bottom: 0; }
    #veil { height: 1fr; display: none; padding: 0 2; color: $foreground; }
    #own { display: none; }
    StationScreen.-own #own { display: block; }
    StationScreen.-own #map, StationScreen.-own #storage { display: none; }
    StationScreen.-level #map { display: none; }
    StationScreen.-level #side { width: 1fr; }
    StationScreen.-work #card { display: none; }
    StationScreen.-own #side { display: none; }
    #desk { display: none; padding: 0; }
    StationScreen.-desk #below { display: none; }
    StationScreen.-desk #desk { display: block; }
    StationScreen.-desk.-own #below { display: block; }
    StationScreen.-desk.-own #desk { display: none; }
    StationScreen.-hidden #below, StationScreen.-hidden #desk { display: none; }
    StationScreen.-hidden #veil { display: block; }
    #foot { height: 1; background: $panel; color: $foreground; }
    #keys { width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; }
    #care { width: auto; padding: 0 1; }
    #care.-late { background: #B00020; color: #FFFFFF; text-style: bold; }
    StationScreen.-wide #map, StationScreen.-wide #storage { width: 84; }
    StationScreen.-wide #card { margin-bottom: 1; max-height: 12; }
    StationScreen.-wide #out { margin-bottom: 1; max-height: 14; }
    StationScreen.-wide #prompt { height: 3; padding: 1 2 0 2; }
    """

    class Painted(Message):
        """The first frame was drawn."""

    @dataclass
    class Opened(Message):
        """Somebody goes into a storage unit on the map, "" for all storage."""

        unit: str

    BINDINGS = [  # noqa: RUF012 - Textual's own form
        *(Binding(key, f"go('{key}')", "Map", show=False, id=f"map.{key}") for key in ("up", "down", "left", "right")),
        Binding("f5", "above", "Up on the map", id="map.above"),
    ]

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_WIDE, "-wide")]  # noqa: RUF012 - Textual's own form

    @dataclass
    class AnsweredOffer(Message):
        """The tour that was offered is wanted, or not."""

        wanted: bool

    def __init__(self, keys: Mapping[str, str] = DEFAULTS) -> None:
        super().__init__(id="station")
        self._keys = keys
        self._looked_at: Own | None = None
        self._offers_tour, self._pin, self._typing = False, False, False
        self.view = View(hidden=True)
        self.desk, self._place = DeskPanel(), "Freezer"
        self._banner = ""
        self._where, self._who, self._clock = (Text(name) for name in ("where", "who", "clock"))
        self._band, self._care, self._foot = (Text(name) for name in ("band", "care", "keys"))
        self._answer, self._prompt = AnswerPanel(), Prompt()
        self._card, self._out, self._recent, self._map = CardView(), OutView(), RecentView(), BoxMap()
        self._storage, self._work = StorageMap(), WorkList()
        self._signing = SigningPanel()
        self._own, self._veil = OwnView(), Text("veil")

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        with Horizontal(id="top"):
            yield from (self._where, self._who, self._clock)
        yield from (self._band, self._answer, self._prompt, self._signing)
        with Horizontal(id="below"):
            with Vertical(id="side"):
                yield from (self._card, self._work, self._out, self._recent)
            yield self._map
            yield self._storage
            yield self._own
        yield self.desk
        yield self._veil
        with Horizontal(id="foot"):
            yield from (self._foot, self._care)

    def on_mount(self) -> None:
        """The first frame, before the vault is open."""
        self._answer.waiting(say("verdict.sign-in"), say("station.opening"))
        self._prompt.draw(hint=say("station.moment"), entry=None, digits=None)
        self.add_class("-hidden")
        self._draw_foot()
        self.call_after_refresh(self.post_message, self.Painted())

    def prompt(self, *, entry: str | None, digits: int | None, asked: bool) -> None:
        """Draw the hint, the entry line, or the PIN as so many dots."""
        self._pin, self._typing = digits is not None, entry is not None
        self._draw_foot()
        whose = self.view.signing.pin if self.view.signing is not None else ""
        self._prompt.draw(hint=told(self.view.hint), entry=entry, digits=digits, asked=asked, whose=whose)

    def welcome(self, banner: str) -> None:
        """Ask for a badge; `banner` says, line by line, how to sign in."""
        self._banner = banner
        self._answer.waiting(say("verdict.sign-in"), f"{self.view.station} · {self.view.origin}")
        self._veil.put(self._behind_veil(self.view))

    def offer_tour(self, yes: bool) -> None:
        """Offer the tour where nobody has signed in yet, or offer it no more."""
        self._offers_tour = yes
        self._veil.put(self._behind_veil(self.view))

    def on_resize(self) -> None:
        """As many keys as fit."""
        self._draw_foot()

    def _draw_foot(self) -> None:
        desk = self.has_class("-desk")
        found = items(self.view, self._keys, desk=desk, pin=self._pin, line=self._typing)
        care = cell_len(told(self.view.care.text))
        self._foot.put(plain(footer(found, self.app.size.width - (care + 2 if care else 0))))

    def show(self, view: View, now: datetime) -> None:
        """Draw everything but the answers."""
        self.view = view
        task = f" · {told(view.task)}" if view.task else ""
        place = "" if view.hidden else f"{told(self._place).upper()} · "
        where = Content.assemble(plain(f"{place}{view.station}{task}", "bold"), "  ", plain(view.origin, "$quiet"))
        self._where.put(where)
        who = f"{view.person} · {told(view.roles)}" if view.person else say("station.nobody")
        self._who.put(plain(who))
        self._band.put(plain("   ".join(_bands(view))))
        self._band.set_class(bool(_bands(view)), "-on")
        self._care.put(plain(told(view.care.text)))
        self._care.set_class(view.care.late, "-late")
        self.set_class(view.hidden, "-hidden")
        self._veil.put(self._behind_veil(view))
        self._card.show(view.card)
        self._out.show(view.out, now)
        self._map.show(view.box)
        self._storage.show(view.level)
        self._work.show(view.work)
        self.set_class(view.level is not None, "-level")
        self.set_class(view.work is not None, "-work")
        self._signing.show(view.signing)
        self._draw_foot()
        self._own.show(view.own)
        self.set_class(view.own is not None and view.own != self._looked_at, "-own")
        self.tick(now)

    def place(self, title: str, *, desk: bool) -> None:
        """Show the freezer's map and lists, or a desk, whose answers take less room."""
        self._place = title
        self.set_class(desk, "-desk")
        self._answer.compact = desk
        if desk:
            self.desk.clear()
        self.show(self.view, self.app.now())  # type: ignore[attr-defined]

    def press(self, key: str) -> bool:
        """Hand a key to the desk that is open; False where none is, or it has no use for it.

        The list of own signatures lies over the desk until the first key, as it does until the next scan.
        """
        if not self.has_class("-desk") or self.view.hidden or not self.desk.press(key):
            return False
        self._looked_at = self.view.own
        self.remove_class("-own")
        return True

    def action_go(self, key: str) -> None:
        """Arrows: the cursor in a box, or from line to line and in and out on the map."""
        rows, columns = _ARROWS[key]
        if self.view.hidden:
            if self._offers_tour and columns:
                self.post_message(self.AnsweredOffer(columns > 0))
            return
        if self.view.box is not None:
            self._map.move(rows, columns)
        elif rows:
            self._storage.move(rows)
        elif columns > 0 and (chosen := self._storage.chosen) is not None:
            self.post_message(self.Opened(chosen.code))
        elif columns < 0 and self.view.level is not None and self.view.level.inside:
            self.post_message(self.Opened(self.view.level.above))

    def action_above(self) -> None:
        """From a box to what holds it, and on to all storage."""
        if self.view.box is not None:
            self.post_message(self.Opened(self.view.box.above))
        elif self.view.level is not None:
            self.post_message(self.Opened(self.view.level.above))

    def tick(self, now: datetime) -> None:
        """A second has passed."""
        clock = clock_text(now, self.view.zone, day=self.size.width >= _WIDE)
        self._clock.put(plain(clock))
        if not self.view.hidden:
            self._out.tick(now)
            self.desk.tick(now)

    def answered(self, shown: Shown, now: datetime) -> None:
        """Draw an answer, the view after it, and add it to the last scans."""
        answer, self._looked_at = shown.answer, None
        self._answer.answered(answer.outcome, told(_said(shown)))
        self._recent.add(shown, clock_text(now, shown.view.zone)[:8])
        self.show(shown.view, now)

    def _behind_veil(self, view: View) -> Content:
        """What stands where nobody may read the lower half."""
        if view.task:
            return Content.assemble(
                plain(say("station.locked")), "\n\n", plain(say("station.task", task=told(view.task)), "bold")
            )
        lines = [plain(line) for line in self._banner.splitlines() if line.strip() or self.size.height >= _TALL]
        if self._offers_tour:
            lines += [Content(""), plain(say("tour.offer"), "bold $accent")]
        return Content("\n").join(lines)


def _bands(view: View) -> list[str]:
    """What nobody may overlook."""
    bands = [say("station.training")] if view.training else []
    return bands + ([say("station.unreconciled")] if view.unreconciled else [])


def _said(shown: Shown) -> str:
    """An answer as the panel says it; of an act that waits for signatures, whose turn it is: the rest stands below."""
    if shown.view.signing is not None and shown.answer.outcome == "question":
        return shown.view.hint
    return _without_hint(shown.answer.message, shown.view.hint)


def _without_hint(message: str, hint: str) -> str:
    """An answer without the hint that stands below it anyway, where whole sentences are left."""
    said = message.removesuffix(hint).strip()
    return said if said.endswith((".", "!", "?")) else message
