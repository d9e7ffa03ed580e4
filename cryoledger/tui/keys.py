"""Keys as the terminal names them, turned back into the characters that a scanner sent."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

GS: Final = "\x1d"
STX: Final = "\x02"

ENDS: Final = frozenset({"enter", "tab", "ctrl+m", "ctrl+i", "ctrl+j", "newline"})
"""What ends a scan: Enter or Tab, however this terminal calls them."""

FRAMES: Final = frozenset({"ctrl+c", "ctrl+d"})
"""ETX and EOT, which some scanners send after the code."""

_SEPARATORS: Final = {
    "ctrl+b": STX,
    "ctrl+d": "\x04",
    "ctrl+right_square_bracket": GS,
    "ctrl+]": GS,
    "ctrl+circumflex_accent": "\x1e",
    "ctrl+^": "\x1e",
}

# Under the kitty protocol these arrive as keys of their own, between the characters of a scan.
_MODIFIERS: Final = frozenset(
    f"{side}_{name}" for side in ("left", "right") for name in ("shift", "control", "alt", "super", "hyper", "meta")
) | {"iso_level3_shift", "iso_level5_shift", "caps_lock", "num_lock", "scroll_lock"}

# Textual names a character by its Unicode name, but for these.
_NAMES: Final = {
    unicodedata.name(chr(number)).lower().replace("-", "_").replace(" ", "_"): chr(number)
    for number in (*range(0x20, 0x7F), *range(0xA1, 0x100))
} | {"slash": "/", "backslash": "\\", "at": "@", "minus": "-", "plus": "+", "underscore": "_"}  # fmt: skip


def is_modifier(key: str) -> bool:
    """Whether a key event is nothing but Shift, Control or a lock."""
    return key.rpartition("+")[2] in _MODIFIERS


@lru_cache(maxsize=1024)
def text_of(key: str, character: str | None) -> str | None:
    """The character that a key stands for, None where it stands for none (F1, an arrow, Backspace).

    The key's name decides, because `character` is None under the kitty protocol:

    >>> text_of("ctrl+right_square_bracket", None) == GS, text_of("equals_sign", None), text_of("shift+A", None)
    (True, '=', 'A')
    """
    if key in _SEPARATORS:
        return _SEPARATORS[key]
    name = key.removeprefix("shift+")
    if "+" in name[:-1]:
        return None
    if len(name) == 1:
        return name
    if character is not None and len(character) == 1 and character.isprintable():
        return character
    return _NAMES.get(name)
