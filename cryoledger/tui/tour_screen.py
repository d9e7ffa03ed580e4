"""The tour of the first day: the manual's page `first-day`, a step at a time. Any scan ends it and is answered."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Markdown, Static

from cryoledger import manual
from cryoledger.manual.keys import DEFAULTS
from cryoledger.manual.texts import say
from cryoledger.tui.words import plain


class TourScreen(ModalScreen[None]):
    """Right goes on, Left back, Escape ends it at any step."""

    DEFAULT_CSS = """
    TourScreen { align: center middle; }
    TourScreen > VerticalScroll {
        width: 100%; max-width: 76; height: auto; max-height: 100%; padding: 1 2; border: heavy $accent;
        background: $panel; color: $foreground;
    }
    TourScreen Markdown { background: $panel; padding: 0; margin: 0; }
    TourScreen MarkdownH2 { text-style: bold; color: $strong; margin: 0 0 1 0; }
    TourScreen #step { color: $quiet; margin-top: 1; }
    """
    BINDINGS = [  # noqa: RUF012 - Textual's own form
        Binding("escape", "dismiss(None)", "End", id="tour.end"),
        Binding("left", "turn(-1)", "Back", id="tour.back"),
        Binding("right", "turn(1)", "On", id="tour.on"),
    ]

    def __init__(self, keys: Mapping[str, str] = DEFAULTS) -> None:
        super().__init__()
        self.steps = manual.page("first-day").sections(keys)
        self.at = 0

    def compose(self) -> ComposeResult:
        """One step, and how to go on."""
        with VerticalScroll() as scroll:
            scroll.border_title = manual.page("first-day").title
            yield Markdown(self.steps[0], open_links=False)
            yield Static(self._told(), id="step", markup=False)

    def on_mount(self) -> None:
        """Arrows scroll what does not fit."""
        self.query_one(VerticalScroll).focus()

    async def action_turn(self, step: int) -> None:
        """The next step, or the one before; after the last, the end."""
        if self.at + step >= len(self.steps):
            self.dismiss(None)
            return
        self.at = max(0, self.at + step)
        await self.query_one(Markdown).update(self.steps[self.at])
        self.query_one("#step", Static).update(self._told())

    def _told(self) -> Content:
        name = "tour.last" if self.at + 1 == len(self.steps) else "tour.on"
        return plain(say(name, step=self.at + 1, steps=len(self.steps)))
