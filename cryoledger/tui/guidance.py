"""What explains the screen and suits it to people: help, palette, tour, colours and keys; `app` is built on it.

What draws Markdown is imported when it is first asked for: the first frame does not wait for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App

from cryoledger.manual.keys import shown
from cryoledger.tui.desks.draw import offers_at
from cryoledger.tui.helping import page_of
from cryoledger.tui.leave_screen import LeaveScreen
from cryoledger.tui.preferences import Preferences
from cryoledger.tui.station_screen import StationScreen
from cryoledger.tui.themes import DARK, THEMES, after

if TYPE_CHECKING:
    from cryoledger.tui.palette import Deed


class GuidedApp(App[None], inherit_bindings=False):
    """A program over a `StationScreen`; what it does when it is asked to is up to the class that is built on it."""

    def __init__(self, preferences: Preferences) -> None:
        super().__init__()
        self.preferences = preferences
        for scheme in THEMES:
            self.register_theme(scheme.theme)
        known = {scheme.theme.name for scheme in THEMES}
        self.theme = preferences.theme if preferences.theme in known else DARK.name

    @property
    def station(self) -> StationScreen:
        """The base screen, whatever lies over it."""
        screen = self.screen_stack[0]
        assert isinstance(screen, StationScreen)
        return screen

    @property
    def workplace(self) -> str:
        """The open desk's name, "" at the freezer."""
        raise NotImplementedError

    @property
    def awaits_pin(self) -> bool:
        """Whether a PIN is asked for."""
        raise NotImplementedError

    @property
    def types_code(self) -> bool:
        """Whether somebody opened the line to type a code."""
        raise NotImplementedError

    def say(self, command: str) -> None:
        """Take a command that was chosen by name."""
        raise NotImplementedError

    def go(self, name: str) -> None:
        """Go to a workplace."""
        raise NotImplementedError

    def perform(self, act: str) -> None:
        """Do what needs no row, by its name."""
        raise NotImplementedError

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The station's own colours, for any theme that does not have them."""
        return DARK.variables

    def on_mount(self) -> None:
        """The keys that hold at this station."""
        keys = {name: key for name, key in self.preferences.keys.items() if not name.startswith("desk.")}
        self.set_keymap({**keys, "leave.leave": keys["station.leave"]})

    def action_help(self) -> None:
        """Show the page of what is on the screen, over it; asked again, close it."""
        if type(self.screen).__name__ == "HelpScreen":
            self.pop_screen()
            return
        over = type(self.screen).__name__
        self.read_page(page_of(over, self.station.view, self.workplace, pin=self.awaits_pin, line=self.types_code))

    def read_page(self, name: str) -> None:
        """Show a page of the manual."""
        from cryoledger.tui.help_screen import HelpScreen

        if not isinstance(self.screen, LeaveScreen):
            self._to_base()
        self.push_screen(HelpScreen(self.station.view, name, self.preferences.keys))

    def action_palette(self) -> None:
        """Offer everything that can be done now, by name."""
        from cryoledger.tui.palette import palette

        self._to_base()
        self.push_screen(palette())

    def deeds(self) -> list[Deed]:
        """What the palette offers now."""
        from cryoledger.tui.palette import Doing, deeds

        station = self.station
        offers = offers_at(station.desk.sheet, station.desk.place) if self.workplace and not station.view.hidden else ()
        doing = Doing(
            say=self.say,
            go=self.go,
            begin=self._begin,
            read=self.read_page,
            colour=self._colour,
            act=self._act,
            perform=self.perform,
        )
        return deeds(doing, offers, station.desk.key if offers else "", signed_in=not station.view.hidden)

    def _begin(self, key: str) -> None:
        self.station.desk.press(key)

    def _act(self, name: str) -> None:
        self.call_later(self.run_action, name)

    def action_tour(self) -> None:
        """Show the first day in six steps; it is not offered again."""
        from cryoledger.tui.tour_screen import TourScreen

        self._to_base()
        self.action_no_tour()
        self.push_screen(TourScreen(self.preferences.keys))

    def action_no_tour(self) -> None:
        """Do not offer the tour again."""
        self.preferences = self.preferences.with_tour()
        self.station.offer_tour(False)

    def action_colours(self) -> None:
        """Change to the next colours."""
        self._colour(after(self.theme))

    def _colour(self, name: str) -> None:
        self.theme = name
        self.preferences = self.preferences.with_theme(name)

    def on_station_screen_answered_offer(self, event: StationScreen.AnsweredOffer) -> None:
        """The tour that was offered is wanted, or not."""
        event.stop()
        self.action_tour() if event.wanted else self.action_no_tour()

    def _key(self, name: str) -> str:
        """A key of this station, as people write it."""
        return shown(self.preferences.keys[name])

    def _to_base(self) -> None:
        while len(self.screen_stack) > 1:
            self.pop_screen()
