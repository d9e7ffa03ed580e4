"""Texts that would be more than text to a renderer, a terminal or a parser: they are shown as they are, or cut."""

from __future__ import annotations

import unicodedata

SHORT = "[red]x[/]"
HOSTILE = (
    f"{SHORT} [@click=app.exit]y[/] [/lot 7] \x1b[31m\x1b]0;t\x07 \u202egnp\u2066 \x1d\x02 a\nb\tc\r ยา 💉 "
    + "W" * 10_000
)


def invisible(text: str) -> set[str]:
    """What of a text a terminal would not draw but obey; a line's end is none of it."""
    return {letter for letter in text if letter != "\n" and unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp")}
