"""What can be scanned now, the keys, the colours of the map, and every command code."""

from __future__ import annotations

import textwrap

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from cryoledger.codes.commands import Command
from cryoledger.tui.box_map import FREE, LEFT, NEXT, SYMBOLS, WORDS
from cryoledger.tui.view import View
from cryoledger.tui.words import plain

_COLUMNS = 100
_KEYS = (
    ("F1", "this help; Escape closes it, and so does any scan"),
    ("F2", "a line to type a code in when no scanner works; it is recorded as typed"),
    ("F9", "light or dark"),
    ("F10", "leave, after a question"),
    ("0-9 Enter", "your PIN, when it is asked for"),
)


class HelpScreen(ModalScreen[None]):
    """Scrolls with the arrow keys; any scan closes it and is answered."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > VerticalScroll {
        width: 100%; max-width: 100; height: 100%; max-height: 40; padding: 0 2; border: heavy $accent;
        background: $background; color: $foreground;
    }
    """
    BINDINGS = [Binding("escape,f1", "dismiss(None)", "Close", id="help.close")]  # noqa: RUF012

    def __init__(self, view: View) -> None:
        super().__init__()
        self._view = view

    def compose(self) -> ComposeResult:
        """One text."""
        with VerticalScroll():
            yield Static(self.text(min(_COLUMNS, self.app.size.width) - 10), markup=False)

    def text(self, columns: int) -> Content:
        """The whole page, in so many columns."""

        def pair(first: str, second: str, width: int) -> Content:
            rest = textwrap.wrap(second, max(20, columns - width)) or [""]
            shown = Content.assemble(plain(f"{first:<{width}}", "bold $accent"), plain(rest[0]))
            return Content("\n").join([shown, *(plain(" " * width + line) for line in rest[1:])])

        lines = [_title("NOW"), plain(self._view.hint, "bold $strong")]
        if self._view.task:
            lines.append(plain(f"Open task: {self._view.task}"))
        lines += [_title("KEYS (arrows scroll, Escape closes)"), *(pair(key, what, 12) for key, what in _KEYS)]
        lines.append(_title("THE MAP"))
        lines += [pair(SYMBOLS[look], word, 12) for look, word in WORDS.items()]
        lines += [pair(FREE, "free", 12), pair(f"[{NEXT}]", "the next free position", 12)]
        lines += [pair(LEFT, "its vial is out", 12), pair("[ ]", "blinking: the vial just scanned", 12)]
        lines.append(_title("COMMAND CODES (scan them from the command sheet, or type them after F2)"))
        lines += [pair(command.barcode, command.help, 15) for command in Command]
        return Content("\n").join(lines)


def _title(text: str) -> Content:
    return plain(text, "bold reverse")
