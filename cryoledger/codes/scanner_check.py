"""Judges scans of the scanner-check sheet: what a scanner or keyboard changed, and how to set it right.

>>> judge("CHECK-abcxyzABCXYZ", "check-ABCXYZabcxyz").problem
'Caps Lock is on: upper and lower case are swapped.'
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Verdict", "judge"]

_AIM: Final = re.compile(r"^\][A-Za-z][0-9A-Z]")
_SEPARATOR: Final = "\x1d"
# What a computer set to these keyboards makes of the keys that a US English scanner presses.
_KEYS: Final = "=<&>%]-yzYZaqwAQW0123456789"
_LAYOUTS: Final = {
    "German": "´;/:%+ßzyZYaqwAQW0123456789",
    "French": "=.7/5$)yzYZqazQAZà&é\"'(-è_ç",
    "Spanish": "¡;/:%+'yzYZaqwAQW0123456789",
    "Italian": "ì;/:%+'yzYZaqwAQW0123456789",
}
_SAME: Final = "Set scanner and computer to the same keyboard, best US English, in the scanner's manual."


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a scan is right; if not, what is wrong and how to fix it. A `note` is no fault."""

    problem: str = ""
    advice: str = ""
    note: str = ""

    @property
    def ok(self) -> bool:
        """True where nothing is wrong."""
        return not self.problem


def judge(expected: str, scan: str) -> Verdict:
    """Compare a scan with what the symbol holds; `expected` may hold separators (ASCII 29)."""
    text = scan.strip("\r\n")
    aim = _AIM.match(text) if not expected.startswith("]") else None
    text = text[aim.end() :] if aim else text
    if _SEPARATOR in expected:
        text = text.removeprefix(_SEPARATOR)  # the FNC1 that opens a GS1 symbol
    if text == expected:
        return Verdict(note="The scanner sends an AIM identifier, which is fine." if aim else "")
    for found in (_around, _separator, _case, _layout):
        verdict = found(expected, text)
        if verdict is not None:
            return verdict
    return Verdict(
        f"It came as {text[:80]!r}, not as {expected!r}.",
        "Was it this code of the sheet? If so, reset the scanner to its factory settings, as a US English keyboard.",
    )


def _around(expected: str, text: str) -> Verdict | None:
    """The scan is whole, with something before or after it."""
    before, found, after = text.partition(expected)
    if not found:
        return None
    if "CHECK" in before + after:
        return Verdict(
            "Two scans came in one line: the scanner sends no end mark.", "Set its suffix to Enter (CR), not Tab."
        )
    if before:
        return Verdict(f"The scanner puts a prefix before every code: {before!r}.", "Switch its prefix off.")
    return Verdict(
        f"The scanner puts a suffix after every code: {after!r}.", "Set its suffix to Enter (CR) and nothing else."
    )


def _separator(expected: str, text: str) -> Verdict | None:
    head, separator, tail = expected.partition(_SEPARATOR)
    if not separator or not text.startswith(head) or not text.endswith(tail):
        return None
    between = text[len(head) : len(text) - len(tail)]
    what = f"arrives as {between!r}" if between else "(GS) is missing"
    return Verdict(
        f"The separator of GS1 codes {what}.",
        "Let the scanner send GS (ASCII 29) as itself, or as Ctrl+]; in its manual: 'control characters', 'GS'.",
    )


def _case(expected: str, text: str) -> Verdict | None:
    if text == expected.swapcase() and expected.swapcase() != expected:
        if expected.upper() == expected:
            return Verdict(
                "Small letters came.", "Release Caps Lock; else switch off 'case conversion' of the scanner."
            )
        return Verdict("Caps Lock is on: upper and lower case are swapped.", "Release Caps Lock.")
    if text in (expected.upper(), expected.lower()):
        return Verdict("All letters came in one case.", "Switch off 'case conversion' of the scanner.")
    return None


def _layout(expected: str, text: str) -> Verdict | None:
    for name, signs in _LAYOUTS.items():
        typed = expected.translate(str.maketrans(_KEYS, signs))
        # An accent waits for the next letter, and may not arrive.
        if text in (typed, typed.replace("´", "")):
            return Verdict(f"The computer's keyboard is {name}, the scanner's US English.", _SAME)
        if text == "".join(sign.swapcase() if sign.isascii() else sign for sign in typed):
            return Verdict(
                f"The computer's keyboard is {name}, the scanner's US English, and Caps Lock is on.",
                f"Release Caps Lock. {_SAME}",
            )
    if len(text) == len(expected) and not any(sign.isalnum() for sign in expected):
        return Verdict(f"Signs are exchanged: {expected!r} came as {text!r}.", _SAME)
    return None
