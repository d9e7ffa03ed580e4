"""What is being signed, by whom and with which meaning: over every desk and map, as long as a PIN is asked for.

What is signed stands here as it is recorded, in English, and a site's words for it beside it: a translation alone is
signed by nobody.
"""

from __future__ import annotations

from typing import Final

from textual.content import Content

from cryoledger.manual.messages import told
from cryoledger.tui.text import Text
from cryoledger.tui.view import Signing
from cryoledger.tui.words import meant, plain

_ROOMY: Final = 30
_MEANING: Final = 14
_MARKS: Final = {"signed": ("✓", "$good"), "next": ("▶", "bold $strong"), "waits": ("·", "$quiet")}


class SigningPanel(Text):
    """The act, its signature lines, and what the PIN does; nothing where no PIN and no signature is awaited."""

    DEFAULT_CSS = """
    SigningPanel {
        display: none; height: auto; max-height: 60%; padding: 0 1; margin: 0 1; border-left: outer $accent;
        background: $panel; color: $foreground;
    }
    SigningPanel.-on { display: block; }
    """

    def __init__(self) -> None:
        super().__init__("signing")

    def show(self, signing: Signing | None) -> None:
        """Draw what is signed, or nothing."""
        self.set_class(signing is not None, "-on")
        if signing is None:
            self.put(Content(""))
            return
        lines = [plain(signing.title, "bold $strong")]
        if (translated := told(signing.title)) != signing.title:
            lines.append(plain(f"= {translated}", "$strong"))
        meanings = [meant(meaning) for meaning, _, _ in signing.lines]
        width = max((_MEANING, *map(len, meanings)))
        for meaning, (_, name, state) in zip(meanings, signing.lines, strict=True):
            mark, style = _MARKS[state]
            lines.append(plain(f"{mark} {meaning:<{width}} {told(name)}", style))
        lines.append(plain(told(signing.told), "$note"))
        if self.app.size.height >= _ROOMY:
            lines += [plain(f"{kind}: {details}", "$quiet") for kind, details in signing.entries]
        self.put(Content("\n").join(lines))
