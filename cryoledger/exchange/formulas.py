"""Text that a spreadsheet must not calculate: an apostrophe before what would start a formula, and the way back.

A cell that starts with `=`, `+`, `-`, `@`, a tab or a return is a formula to a spreadsheet, and so is one behind a
delimiter where the file is opened with another delimiter than it was written with (CWE-1236). Every such place gets
one apostrophe more than it has, so that `restored(neutral(text)) == text` for every text.
"""

from __future__ import annotations

import re

__all__ = ["neutral", "restored", "restored_start"]

_TRIGGER = "[=+\\-@\t\r＝＋－＠]"
_BEFORE = re.compile(f"(^|[,;|\"\t\r\n])('*)(?={_TRIGGER})")
_AFTER = re.compile(f"(^|[,;|\"\t\r\n])('*)'(?={_TRIGGER})")
_START = re.compile(f"'('*{_TRIGGER})")


def neutral(text: str) -> str:
    """The text as it may stand in a cell.

    >>> neutral("=1+1"), neutral("-5"), neutral("cap blue")
    ("'=1+1", "'-5", 'cap blue')
    """
    return _BEFORE.sub(r"\1\2'", text)


def restored(text: str) -> str:
    """The text of a cell that `neutral` made."""
    return _AFTER.sub(r"\1\2", text)


def restored_start(text: str) -> str:
    """The text of a cell of somebody else's file, where only its start may have been made neutral."""
    return text[1:] if _START.match(text) else text
