"""The Single European Code of tissues and cells (Directive 2006/86/EC, Annex VII; ICCBBA ST-012).

Forty characters, the first 21 naming the donation, the last 19 the product:

    country 2, tissue establishment 6, donation 13 | coding system 1, product 7, split 3, expiry YYYYMMDD

Printed, it is `SEC: ` + 21 + a space + 19. An expiry of eight zeros says that none was set. Letters of the split
may be lower case. There is no check character, so a wrong letter can only be caught by its form.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from datetime import date
from typing import Final

from cryoledger.errors import CodeError

__all__ = ["PREFIX", "ProductSequence", "SingleEuropeanCode", "is_valid", "parse", "parse_product_sequence"]

PREFIX: Final = "SEC:"
_LENGTH: Final = 40
_PRODUCT_LENGTH: Final = 19
_DONATION_LENGTH: Final = _LENGTH - _PRODUCT_LENGTH
_ADVICE: Final = "Scan or type the code again as printed."
_CAPITALS: Final = frozenset(string.ascii_uppercase)
_DIGITS: Final = frozenset(string.digits)
_EITHER: Final = _CAPITALS | _DIGITS
_SYSTEMS: Final = frozenset("ABE")  # ISBT 128, Eurocode, EUTC
_NO_EXPIRY: Final = "0" * 8


@dataclass(frozen=True, slots=True)
class ProductSequence:
    """The second half of the code; `expiry` is None where the code says that none was set."""

    system: str
    product: str
    split: str
    expiry: date | None

    @property
    def text(self) -> str:
        """The nineteen characters."""
        expiry = f"{self.expiry:%Y%m%d}".zfill(8) if self.expiry else _NO_EXPIRY
        return f"{self.system}{self.product}{self.split}{expiry}"


@dataclass(frozen=True, slots=True)
class SingleEuropeanCode:
    """A Single European Code; `establishment` is the tissue establishment's code within its country."""

    country: str
    establishment: str
    donation: str
    product_sequence: ProductSequence

    @property
    def text(self) -> str:
        """The forty characters."""
        return f"{self.country}{self.establishment}{self.donation}{self.product_sequence.text}"

    @property
    def printed(self) -> str:
        """The form for the eye."""
        return f"{PREFIX} {self.text[:_DONATION_LENGTH]} {self.text[_DONATION_LENGTH:]}"


def parse(text: str) -> SingleEuropeanCode:
    """Parse the forty characters, or the printed form; a CodeError says what is wrong and where.

    >>> parse("SEC: PL001499Z549917123456 A00T041600320171231").donation
    'Z549917123456'
    """
    start = 0
    if text.startswith(PREFIX):
        start = len(text) - len(text[len(PREFIX) :].lstrip(" "))
    body = text[start:]
    gap = body[_DONATION_LENGTH:]
    skipped = len(gap) - len(gap.lstrip(" "))
    code = body[:_DONATION_LENGTH] + gap.lstrip(" ")
    try:
        return _parse_forty(code)
    except CodeError as error:
        at = error.at or 0
        error.at = start + at + (skipped if at >= _DONATION_LENGTH else 0)
        raise


def is_valid(text: str) -> bool:
    """Whether `text` is a Single European Code in either form."""
    try:
        parse(text)
    except CodeError:
        return False
    return True


def parse_product_sequence(text: str) -> ProductSequence:
    """Parse the nineteen characters of the product alone, printed where the donation's stand elsewhere."""
    if len(text) != _PRODUCT_LENGTH:
        raise CodeError(
            f"A product sequence has {_PRODUCT_LENGTH} characters, this has {len(text)}.",
            _ADVICE,
            at=min(len(text), _PRODUCT_LENGTH),
        )
    _require(text, 0, 1, _SYSTEMS, "coding system (A, B or E)")
    _require(text, 1, 8, _EITHER, "product code")
    _require(text, 8, 11, _EITHER | frozenset(string.ascii_lowercase), "split number")
    _require(text, 11, 19, _DIGITS, "expiry date")
    return ProductSequence(text[0], text[1:8], text[8:11], _expiry(text[11:]))


def _parse_forty(code: str) -> SingleEuropeanCode:
    if len(code) != _LENGTH:
        raise CodeError(
            f"A Single European Code has {_LENGTH} characters, this has {len(code)}.",
            _ADVICE,
            at=min(len(code), _LENGTH),
        )
    _require(code, 0, 2, _CAPITALS, "country")
    _require(code, 2, 8, _EITHER, "tissue establishment")
    _require(code, 8, _DONATION_LENGTH, _EITHER, "donation number")
    try:
        product = parse_product_sequence(code[_DONATION_LENGTH:])
    except CodeError as error:
        error.at = _DONATION_LENGTH + (error.at or 0)
        raise
    return SingleEuropeanCode(code[:2], code[2:8], code[8:_DONATION_LENGTH], product)


def _require(text: str, start: int, stop: int, allowed: frozenset[str], what: str) -> None:
    for index in range(start, stop):
        if text[index] not in allowed:
            raise CodeError(f"{text[index]!r} cannot stand in the {what} of this code.", _ADVICE, at=index)


def _expiry(digits: str) -> date | None:
    if digits == _NO_EXPIRY:
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise CodeError(f"The expiry {digits} is not a day of the calendar.", _ADVICE, at=11) from None
