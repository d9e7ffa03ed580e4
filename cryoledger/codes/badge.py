"""Badge codes: the key ID of a person's signing key, as printed on the badge.

    BDG-1A2B3C4D-K

The eight upper-case hexadecimal digits are the four bytes of the key ID that stands in each of the person's
signature lines, so a badge can be compared with the ledger by eye. The check character is that of local codes
(`cryoledger.codes.local`) over the eight digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryoledger.codes import local
from cryoledger.errors import CodeError

__all__ = ["PREFIX", "Badge", "badge_code", "read_badge"]

PREFIX: Final = "BDG-"
_HEX: Final = frozenset("0123456789ABCDEF")
_DIGITS: Final = 8
_LENGTH: Final = len(PREFIX) + _DIGITS + 2
_ADVICE: Final = "Scan the badge again; a badge that does not read is printed anew by an administrator."


@dataclass(frozen=True, slots=True)
class Badge:
    """A scanned badge: `key_id_hex` is eight upper-case hexadecimal digits."""

    key_id_hex: str
    raw: str = ""

    @property
    def key_id(self) -> bytes:
        """The key ID as in a signature line: four bytes."""
        return bytes.fromhex(self.key_id_hex)


def badge_code(key_id: bytes | str) -> str:
    """Return the text to print on the badge of the holder of `key_id`: four bytes, or eight hex digits.

    >>> badge_code(bytes.fromhex("a5e1214a"))
    'BDG-A5E1214A-Y'
    """
    digits = (key_id if isinstance(key_id, str) else key_id.hex()).upper()
    if len(digits) != _DIGITS or not _HEX.issuperset(digits):
        raise CodeError("A key ID is four bytes, or eight hexadecimal digits.")
    return f"{PREFIX}{digits}-{local.check_character(digits)}"


def read_badge(text: str) -> Badge:
    """Read a badge; a CodeError says where it is misread."""
    if not text.startswith(PREFIX):
        raise CodeError(f"A badge starts with {PREFIX}.", _ADVICE, at=0)
    if len(text) != _LENGTH:
        raise CodeError(f"A badge has {_LENGTH} characters, this has {len(text)}.", _ADVICE, at=min(len(text), _LENGTH))
    for index in range(len(PREFIX), len(PREFIX) + _DIGITS):
        if text[index] not in _HEX:
            raise CodeError(f"{text[index]!r} is not a hexadecimal digit of a key ID.", _ADVICE, at=index)
    if text[-2] != "-":
        raise CodeError("A badge has a '-' before its check character.", _ADVICE, at=_LENGTH - 2)
    digits = text[len(PREFIX) : -2]
    if text[-1] != local.check_character(digits):
        raise CodeError("misread: the badge does not fit its check character.", _ADVICE, at=_LENGTH - 1)
    return Badge(digits, raw=text)
