"""Numbers that ISBT 128 builds: the Donation Identification Number, the product's unique identifier, Basic UDI-DI.

A Donation Identification Number (DIN) is `FFFFFYYNNNNNN`: facility 5, year 2, sequence 6. In a bar code two flag
characters follow that are not part of it; flags 60 to 96 carry its check value plus 60 ("type 3"). In print a
boxed check character K (`cryoledger.codes.iso7064`) follows that is in no bar code. (ICCBBA ST-001, 2.4.1,
appendix A.)
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Final

from cryoledger.codes import iso7064
from cryoledger.errors import CodeError

__all__ = ["Din", "MphoIdentifier", "is_basic_udi_di", "read_din", "read_mpho_identifier", "read_typed_din"]

DIGITS: Final = frozenset(string.digits)
ALPHANUMERIC: Final = frozenset(string.ascii_uppercase + string.digits)
ALPHANUMERIC_EITHER_CASE: Final = ALPHANUMERIC | frozenset(string.ascii_lowercase)
_FACILITY: Final = ALPHANUMERIC - {"O"}
_FLAGS: Final = ALPHANUMERIC - frozenset("IOQZ")
_DIN_LENGTH: Final = 13
_TYPE_3: Final = 60
_ADVICE: Final = "Scan again; if typed, compare each character with the label."


@dataclass(frozen=True, slots=True)
class Din:
    """A Donation Identification Number of 13 characters, with the flags of its bar code ("" if typed)."""

    text: str
    flags: str = ""

    @property
    def facility(self) -> str:
        """The facility identification number that ICCBBA gave to who assigned the number."""
        return self.text[:5]

    @property
    def year(self) -> str:
        """Two digits: the nominal year of the donation."""
        return self.text[5:7]

    @property
    def sequence(self) -> str:
        """Six digits: the number within facility and year."""
        return self.text[7:]

    @property
    def check_character(self) -> str:
        """K, as printed in a box after the number."""
        return iso7064.check_character(self.text)

    @property
    def type_3_flags(self) -> str:
        """The flags that carry the check value."""
        return str(_TYPE_3 + iso7064.check_value(self.text))

    @property
    def type_3_ok(self) -> bool | None:
        """Whether the flags fit the number; None where they are of another type, or absent."""
        if len(self.flags) != 2 or not DIGITS.issuperset(self.flags) or not 60 <= int(self.flags) <= 96:
            return None
        return self.flags == self.type_3_flags


@dataclass(frozen=True, slots=True)
class MphoIdentifier:
    """The unique identifier of a product of human origin, as exchanged between computers: 29 characters."""

    processor: str
    product: str
    din: Din
    division: str


def require(text: str, start: int, stop: int, allowed: frozenset[str], what: str) -> None:
    """Raise a CodeError at the first character of `text[start:stop]` that is not `allowed` in `what`."""
    for index in range(start, min(stop, len(text))):
        if text[index] not in allowed:
            raise CodeError(f"{text[index]!r} cannot stand in the {what}.", _ADVICE, at=index)


def require_length(text: str, length: int, what: str) -> None:
    """Raise a CodeError unless `text` has `length` characters."""
    if len(text) != length:
        raise CodeError(f"A {what} has {length} characters, this has {len(text)}.", _ADVICE, at=min(len(text), length))


def read_din(content: str) -> Din:
    """Read the 15 characters of a bar code: the number and its flags."""
    require_length(content, _DIN_LENGTH + 2, "donation identification number with its flags")
    require_din(content)
    require(content, _DIN_LENGTH, _DIN_LENGTH + 2, _FLAGS, "flags of a donation identification number")
    return Din(content[:_DIN_LENGTH], content[_DIN_LENGTH:])


def read_typed_din(text: str) -> Din:
    """Read what a person typed: 13 characters and K; blanks between them are dropped.

    A circular shift passes the check: look the number up before you believe it.

    >>> read_typed_din("G1234 17 654321 A").text
    'G123417654321'
    """
    typed = "".join(text.split(" "))
    require_length(typed, _DIN_LENGTH + 1, "donation identification number with its check character")
    require_din(typed)
    din = Din(typed[:_DIN_LENGTH])
    if typed[-1] != din.check_character:
        raise CodeError(
            "misread: the donation identification number does not fit its check character.",
            _ADVICE,
            at=_DIN_LENGTH,
        )
    return din


def require_din(text: str) -> None:
    """Raise a CodeError at the first of 13 characters that cannot be in a donation identification number."""
    what = "facility number (no letter O; the first is not 0; the last two are digits)"
    require(text, 0, 1, _FACILITY - {"0"}, what)
    require(text, 1, 3, _FACILITY, what)
    require(text, 3, 5, DIGITS, what)
    require(text, 5, 7, DIGITS, "year of the donation")
    require(text, 7, _DIN_LENGTH, DIGITS, "sequence number of the donation")


def require_processor(text: str) -> None:
    """Raise a CodeError at the first of 5 characters that cannot name a processing facility."""
    require(text, 0, 5, _FACILITY, "processing facility")


def read_mpho_identifier(text: str) -> MphoIdentifier:
    """Read processor 5, product description 5, DIN 13, division 6."""
    require_length(text, 29, "unique identifier of a product of human origin")
    require_processor(text)
    require(text, 5, 10, ALPHANUMERIC, "product description code")
    try:
        require_din(text[10:23])
    except CodeError as error:
        error.at = 10 + (error.at or 0)
        raise
    require(text, 23, 29, ALPHANUMERIC, "division")
    return MphoIdentifier(text[:5], text[5:10], Din(text[10:23]), text[23:])


def is_basic_udi_di(text: str) -> bool:
    """Whether `text` is processor 5, facility's product code 6, product description 5 and its check value."""
    if len(text) != 18 or not ALPHANUMERIC.issuperset(text) or "O" in text[:5]:
        return False
    return text[16:] == f"{iso7064.check_value(text[:16]):02d}"
