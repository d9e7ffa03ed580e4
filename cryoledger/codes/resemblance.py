"""What a plain code resembles: a code of a scheme that was misread, mistyped or misprinted.

A plain code may be anybody's, so it is no error. But a label that a site prints or buys under a scheme, and that reads
as a plain code, is wrong, and whoever tests it wants to hear of it.

>>> resemblance("0112345678901234")
'GS1, but misread: the check digit of AI 01 is 4 and should be 1.'
>>> resemblance("FD12345678")
''
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from cryoledger.codes import gs1, local, sec
from cryoledger.codes.isbt128_numbers import read_typed_din
from cryoledger.errors import CodeError

__all__ = ["resemblance"]

_GS1: Final = re.compile(r"(?:00[0-9]{18}|0[12][0-9]{14}|801[78][0-9]{18}).*", re.DOTALL)
_TYPED_DIN: Final = re.compile(r"[A-NP-Z1-9][A-NP-Z0-9]{2}[0-9]{10}[0-9A-Z*]")
_SEC_LENGTH: Final = 40


def resemblance(text: str) -> str:
    """A sentence's end, to follow "It resembles"; "" where it resembles nothing."""
    if local.has_form(text) and local.kind_of(text) is not None and not local.is_valid(text):
        return "a local code, but does not fit its check character."
    if _TYPED_DIN.fullmatch(text):
        return _typed_din(text)
    if _GS1.fullmatch(text):
        return _read_by(gs1.parse, text, "GS1")
    if len(text) == _SEC_LENGTH and text[:2].isalpha():
        return _read_by(sec.parse, text, "a Single European Code")
    return ""


def _typed_din(text: str) -> str:
    try:
        return f"the donation number {read_typed_din(text).text} with its check character, as typed."
    except CodeError:
        return "a donation number as typed, but does not fit its check character."


def _read_by(parse: Callable[[str], object], text: str, what: str) -> str:
    try:
        parse(text)
    except CodeError as error:
        return f"{what}, but {error.message}"
    return f"{what}."
