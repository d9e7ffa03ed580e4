"""Single cells as text: harmless spaces taken away, what a spreadsheet did to them seen."""

from __future__ import annotations

import re

from cryoledger.errors import TextError
from cryoledger.exchange.formulas import restored_start
from cryoledger.ledger.canonical import clean_text

__all__ = ["CODE_MOST", "is_code", "mangled", "plain", "tidy"]

TEXT_MOST = 120
CODE_MOST = 64
_CODE = re.compile(r"[!-~]{1,64}")
_SCIENTIFIC = re.compile(r"[+\-]?\d+(?:[.,]\d+)?[eE][+\-]\d+")
_FRACTION = re.compile(r"\d+[.,]0+")
_AS_TEXT = re.compile(r'="([^"]*)"')
_ERRORS = frozenset({"#N/A", "#NV", "#REF!", "#VALUE!", "#WERT!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!"})
_CONTROL = re.compile("[\x00-\x1f]")


def tidy(cell: str) -> str:
    """A cell without the spaces around it, the marks nobody sees, and what protects it in a spreadsheet."""
    text = cell.strip()
    if not text.isascii():
        text = text.strip("\ufeff\u200b").strip()
    if text[:1] not in ("'", "="):
        return text
    if text.startswith("'"):
        return restored_start(text)
    if text.startswith('="'):
        match = _AS_TEXT.fullmatch(text)
        return match[1].strip() if match else text
    return text


def is_code(text: str) -> bool:
    """Whether a text can be a code: 1 to 64 printable ASCII characters, no space."""
    return _CODE.fullmatch(text) is not None


def mangled(text: str) -> bool:
    """Whether a code was calculated, rounded or given up by a spreadsheet."""
    if text in _ERRORS or (text.startswith("##") and not text.strip("#")):
        return True
    return _SCIENTIFIC.fullmatch(text) is not None or _FRACTION.fullmatch(text) is not None


def plain(text: str) -> str | None:
    """A text as it may stand in the ledger; None where it may not, or is too long."""
    if not text or len(text) > TEXT_MOST or _CONTROL.search(text):
        return None
    try:
        return clean_text(text)
    except TextError:
        return None
