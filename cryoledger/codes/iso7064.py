"""ISO/IEC 7064 mod 37-2: the check of donation numbers, of donor registrations and of Basic UDI-DI.

    s = 0; for c in text: s = (s + value(c)) * 2 % 37; check = (38 - s) % 37

It catches every wrong character and every two neighbours that change places, but not a circular shift: what was
typed is also looked up. (A known faulty implementation takes 37 for 38; a vector keeps us from it.)
"""

from __future__ import annotations

from typing import Final

from cryoledger.errors import CodeError

__all__ = ["ALPHABET", "check_character", "check_value", "is_valid"]

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
_VALUE: Final = {character: value for value, character in enumerate(ALPHABET)}
_STAR: Final = 36  # a check character alone, never part of what is checked


def check_value(text: str) -> int:
    """Return the check value, 0 to 36, of `text` of digits and capitals; anything else is a CodeError."""
    total = 0
    for index, character in enumerate(text):
        value = _VALUE.get(character, _STAR)
        if value == _STAR:
            raise CodeError(f"{character!r} is neither a digit nor a capital letter.", at=index)
        total = (total + value) * 2 % 37
    return (38 - total) % 37


def check_character(text: str) -> str:
    """Return the check character of `text`.

    >>> check_character("A999917345658")
    'O'
    """
    return ALPHABET[check_value(text)]


def is_valid(text: str) -> bool:
    """Whether `text` ends with the check character of what precedes it."""
    try:
        return len(text) > 1 and text[-1] == check_character(text[:-1])
    except CodeError:
        return False
