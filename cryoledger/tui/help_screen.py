"""The page of the manual for the screen that is shown, with what is awaited now above it, and every command code."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Markdown, Static

from cryoledger import manual
from cryoledger.codes.commands import Command
from cryoledger.manual.keys import DEFAULTS
from cryoledger.manual.texts import say
from cryoledger.tui.view import View
from cryoledger.tui.words import plain

_COLUMNS = 100
_BARCODE = 15


class HelpScreen(ModalScreen[None]):
    """Scrolls with Up and Down, turns pages with Left and Right; any scan closes it and is answered."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > VerticalScroll {
        width: 100%; max-width: 100; height: 100%; max-height: 40; padding: 0 1; border: heavy $accent;
        background: $background; color: $foreground;
    }
    HelpScreen Markdown { background: $background; color: $foreground; padding: 0; margin: 0; }
    HelpScreen MarkdownH1 { content-align: left middle; text-style: bold; color: $strong; margin: 0 0 1 0; }
    HelpScreen MarkdownH2 { text-style: bold; color: $strong; margin: 1 0 0 0; }
    HelpScreen #now { background: $panel; padding: 0 1; margin-bottom: 1; }
    """
    BINDINGS = [  # noqa: RUF012 - Textual's own form
        Binding("escape", "dismiss(None)", "Close", id="help.close"),
        Binding("left", "turn(-1)", "Page before", id="help.before"),
        Binding("right", "turn(1)", "Page after", id="help.after"),
    ]

    def __init__(self, view: View, page: str = "contents", keys: Mapping[str, str] = DEFAULTS) -> None:
        super().__init__()
        self._view, self._keys = view, keys
        self.page = page

    def compose(self) -> ComposeResult:
        """What is awaited now, the page, the command codes."""
        with VerticalScroll() as scroll:
            scroll.border_subtitle = say("help.keys")
            yield Static(self._now(), id="now", markup=False)
            yield Markdown(manual.page(self.page).text(self._keys), open_links=False)
            yield Static(self._codes(), id="codes", markup=False)

    def on_mount(self) -> None:
        """Say where one is."""
        self._entitle()
        self.query_one(VerticalScroll).focus()

    async def action_turn(self, step: int) -> None:
        """Leaf to the page so many further, round and round."""
        self.page = manual.PAGES[(manual.PAGES.index(self.page) + step) % len(manual.PAGES)]
        self._entitle()
        await self.query_one(Markdown).update(manual.page(self.page).text(self._keys))
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def _entitle(self) -> None:
        scroll = self.query_one(VerticalScroll)
        scroll.border_title = f"{self.page} · {manual.PAGES.index(self.page) + 1} of {len(manual.PAGES)}"

    def _now(self) -> Content:
        hint = plain(f"▶ {self._view.hint}", "bold $strong")
        return Content("\n").join([hint, plain(say("station.task", task=self._view.task))]) if self._view.task else hint

    def _codes(self) -> Content:
        columns = min(_COLUMNS, self.app.size.width) - 6
        lines = [Content(""), plain(say("help.codes"), "bold reverse")]
        for command in Command:
            first, *rest = textwrap.wrap(command.help, max(20, columns - _BARCODE))
            shown = plain(f"{command.barcode:<{_BARCODE}}", "bold $accent")
            lines += [Content.assemble(shown, plain(first)), *(plain(" " * _BARCODE + line) for line in rest)]
        return Content("\n").join(lines)
