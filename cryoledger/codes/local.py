"""Local codes: the neutral ten characters that label a vial, a dose, a box or a wristband of this site.

A code is `PP K NNNNNN C`, written without the spaces:

    PP      the site's prefix: a letter, then a letter or a digit
    K       the kind of thing, one letter (see `Kind`)
    NNNNNN  its number in base 31, fixed width, so that labels on a sheet follow each other visibly
    C       the check character

The alphabet leaves out I, L, O, S and Z, which a person reads as 1, 1, 0, 5 and 2. That leaves 31
characters, and 31 is prime. The check character makes the weighted sum of all characters divisible by 31;
the weights (1 for the check character itself, then 2, 3, ... to the left) differ, and 31 divides none. So:

- one wrong character changes the sum by weight x difference, a product of two numbers not divisible by 31:
  never 0, always caught;
- two characters that change places, neighbours or not, change it by (difference of weights) x (difference of
  characters): never 0 either, always caught. With a modulus that is not prime neither would hold.

Ten such characters fit a Data Matrix of 14 x 14 modules, the largest that a cryovial takes comfortably.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cryoledger.errors import CodeError

__all__ = [
    "ALPHABET",
    "LENGTH",
    "NUMBERS",
    "Kind",
    "LocalCode",
    "check_character",
    "check_prefix",
    "has_form",
    "is_valid",
    "kind_of",
    "make",
    "split",
]

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRTUVWXY"
LENGTH: Final = 10
NUMBERS: Final = 31**6
"""Numbers go from 0 to 887,503,680, for each kind of each prefix."""

_MODULUS: Final = len(ALPHABET)
_VALUE: Final = {character: value for value, character in enumerate(ALPHABET)}
_PREFIX_LENGTH: Final = 2
_NUMBER_WIDTH: Final = 6
_BODY_MAX: Final = _MODULUS - 2  # a longer body would repeat a weight, and lose the proof above


class Kind(StrEnum):
    """What a code is on; the word is the one on the screen, `letter` the one in a local code."""

    VIAL = "vial"
    DOSE = "dose"
    UNIT = "unit"
    PATIENT = "patient"
    ORDER = "order"
    DONOR = "donor"
    DONATION = "donation"
    LOT = "lot"

    @property
    def letter(self) -> str:
        """The kind's letter in a local code."""
        return _LETTER[self]


# O and L are not in the alphabet, and D is a dose: hence R, T, N and C (request, lot, donor, collection).
_LETTER: Final = {
    Kind.VIAL: "V",
    Kind.DOSE: "D",
    Kind.UNIT: "U",
    Kind.PATIENT: "P",
    Kind.ORDER: "R",
    Kind.DONOR: "N",
    Kind.DONATION: "C",
    Kind.LOT: "T",
}
_KIND: Final = {letter: kind for kind, letter in _LETTER.items()}


@dataclass(frozen=True, slots=True)
class LocalCode:
    """A local code taken apart."""

    prefix: str
    kind: Kind
    number: int


def check_character(body: str) -> str:
    """Return the character that makes `body` plus it a valid code.

    `body` is 1 to 29 characters of `ALPHABET`; anything else is a CodeError.
    """
    if not 0 < len(body) <= _BODY_MAX:
        raise CodeError(f"A checked code has 1 to {_BODY_MAX} characters before its check character.")
    _refuse_foreign_characters(body)
    return ALPHABET[-_weighted_sum(body, lowest_weight=2) % _MODULUS]


def is_valid(code: str) -> bool:
    """Whether `code` is of `ALPHABET` and ends with the check character of what precedes it."""
    if not 2 <= len(code) <= _BODY_MAX + 1 or any(character not in _VALUE for character in code):
        return False
    return _weighted_sum(code, lowest_weight=1) % _MODULUS == 0


def make(prefix: str, kind: Kind, number: int) -> str:
    """Return the code of thing `number` (0 <= number < `NUMBERS`) of `kind` at the site `prefix`.

    >>> make("BK", Kind.VIAL, 1)
    'BKV000001W'
    """
    check_prefix(prefix)
    if not 0 <= number < NUMBERS:
        raise CodeError(
            f"Number {number} does not fit a local code: it goes from 0 to {NUMBERS - 1}.",
            "Take a new site prefix when the numbers of the old one are used up.",
        )
    body = prefix + kind.letter + _in_base_31(number)
    return body + check_character(body)


def split(code: str) -> LocalCode:
    """Take a local code apart; a CodeError says what is wrong with one that is misread or not local."""
    if len(code) != LENGTH:
        raise CodeError(
            f"A local code has {LENGTH} characters, this has {len(code)}.",
            "Scan the label again.",
            at=min(len(code), LENGTH),
        )
    _refuse_foreign_characters(code)
    check_prefix(code[:_PREFIX_LENGTH])
    if not is_valid(code):
        raise CodeError(
            f"misread: {code!r} does not fit its check character.",
            "Scan again; if typed, compare each character with the label.",
            at=LENGTH - 1,
        )
    kind = kind_of(code)
    if kind is None:
        raise CodeError(
            f"{code[_PREFIX_LENGTH]!r} is not the letter of a kind: " + _kinds_in_words() + ".",
            "This label was not made by cryoledger, or by a newer version of it.",
            at=_PREFIX_LENGTH,
        )
    number = 0
    for character in code[_PREFIX_LENGTH + 1 : -1]:
        number = number * _MODULUS + _VALUE[character]
    return LocalCode(code[:_PREFIX_LENGTH], kind, number)


def has_form(text: str) -> bool:
    """Whether `text` looks local by length and alphabet alone, whatever its check character says."""
    return len(text) == LENGTH and all(character in _VALUE for character in text) and text[0].isalpha()


def kind_of(code: str) -> Kind | None:
    """Return the kind that the third character of a local code names, or None."""
    return _KIND.get(code[_PREFIX_LENGTH : _PREFIX_LENGTH + 1])


def check_prefix(prefix: str) -> None:
    """Raise a CodeError unless `prefix` can be a site's: a letter, then a letter or digit, of `ALPHABET`."""
    if len(prefix) != _PREFIX_LENGTH or any(character not in _VALUE for character in prefix):
        raise CodeError(
            f"{prefix!r} is not a site prefix: it is two characters of {ALPHABET}.",
            "Choose another prefix.",
        )
    if not prefix[0].isalpha():
        raise CodeError(f"The site prefix {prefix!r} starts with a digit.", "Start it with a letter.", at=0)


def _weighted_sum(text: str, lowest_weight: int) -> int:
    return sum(weight * _VALUE[character] for weight, character in enumerate(reversed(text), start=lowest_weight))


def _in_base_31(number: int) -> str:
    digits = ""
    for _ in range(_NUMBER_WIDTH):
        number, value = divmod(number, _MODULUS)
        digits = ALPHABET[value] + digits
    return digits


def _refuse_foreign_characters(text: str) -> None:
    for index, character in enumerate(text):
        if character not in _VALUE:
            raise CodeError(
                f"{character!r} is not a character of local codes ({ALPHABET}).",
                "I, L, O, S and Z are never used: read 1, 1, 0, 5 or 2.",
                at=index,
            )


def _kinds_in_words() -> str:
    return ", ".join(f"{letter} {kind}" for letter, kind in _KIND.items())
