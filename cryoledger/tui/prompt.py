"""What to do next, in one place: the hint, the entry line for a typed code, or a PIN as dots."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from cryoledger.manual.messages import told
from cryoledger.manual.texts import say
from cryoledger.tui.text import Text
from cryoledger.tui.words import clean, plain

CURSOR = "▌"
_SHOWN = 60
_LOST = 16
"""Columns of the two lines that marks, the cursor and words broken at the end of a line may take."""


class Prompt(Text):
    """Two lines under the answer."""

    DEFAULT_CSS = """
    Prompt { height: 2; padding: 0 2; background: $background; color: $strong; text-style: bold; }
    Prompt.-entry { background: $panel; color: $strong; }
    Prompt.-pin { background: $panel; color: $strong; }
    """

    def __init__(self) -> None:
        super().__init__("prompt")

    def _cut(self, hint: str, entry: str) -> str:
        """As much of a hint, which the answer above says in full, as leaves what is typed in sight."""
        room = 2 * max(20, self.content_size.width) - cell_len(clean(entry[-_SHOWN:])) - _LOST
        shown = clean(hint)
        return shown if cell_len(shown) <= room else set_cell_size(shown, max(1, room - 1)) + "…"

    def draw(self, *, hint: str, entry: str | None, digits: int | None, asked: bool = False, whose: str = "") -> None:
        """Show the PIN where one is asked for, else the entry line where it is open, else the hint."""
        self.set_class(digits is not None, "-pin")
        self.set_class(digits is None and entry is not None, "-entry")
        if digits is not None:
            of = plain(f"{told(f'{whose}, your PIN ▸' if whose else 'PIN ▸')} ")
            first = Content.assemble(of, "● " * digits, CURSOR)
        elif entry is not None and asked:
            self.put(Content.assemble("▶ ", plain(self._cut(hint, entry)), "  ", plain(entry[-_SHOWN:]), CURSOR))
            return
        elif entry is not None:
            keys = plain(f"   {say('prompt.keys')}" if hint and not entry else "", "not bold")
            first = Content.assemble(plain(f"{say('prompt.code')} ▸ "), plain(entry[-_SHOWN:]), CURSOR, keys)
        else:
            self.put(Content.assemble("▶ ", plain(hint)))
            return
        # What is awaited stays in sight.
        second = (hint or say("prompt.typing")) if digits is None else say("prompt.digits")
        self.put(Content.assemble(first, "\n", plain(second, "not bold")))
