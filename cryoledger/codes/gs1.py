"""GS1 element strings and Digital Links: the numbers on a dose vial, a wristband or a staff card.

An element is an application identifier (AI) and a value; AIs without a fixed width end with a separator (ASCII 29,
GS), or with the code. `biip` knows the AIs and the form of each value. It accepts some things that are wrong, and
these are refused here: check digits (it checks no GSRN, and reports a wrong GTIN without refusing it), empty
values, a missing separator (what is left when a terminal swallows GS: lot and serial merge), digits of other
scripts, the same AI with two values, and a Digital Link's query such as `?99=`.

A year of two digits is of the years 2000 to 2099. (GS1's rule, GenSpecs 7.12, looks at the present year; this
package reads no clock, and the difference begins with expiries after 2076.)

    >>> band = parse("8018123456789012345675\\x1d8019123")
    >>> band.meaning.value, band.get("8018"), band.human_readable
    ('wristband', '123456789012345675', '(8018)123456789012345675(8019)123')
    >>> parse_digital_link("https://id.gs1.org/01/09520123456788/21/12345").text
    '01095201234567882112345'
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from cryoledger.errors import CodeError

if TYPE_CHECKING:
    from biip import ParseConfig

__all__ = [
    "SEPARATOR",
    "Element",
    "ElementString",
    "Meaning",
    "check_digit",
    "is_digital_link",
    "is_key_valid",
    "looks_like_gs1",
    "make",
    "parse",
    "parse_digital_link",
]

SEPARATOR: Final = "\x1d"
_AGAIN: Final = "Scan again; if it stays, the label was printed wrongly."
_NO_LINK: Final = "This web address is not a GS1 Digital Link"
_SCANNER: Final = "Run the scanner check: the scanner or terminal may drop the separator (GS)."
_VALUE_MAX: Final = 90  # the longest value of any AI; also bounds what biip's patterns may backtrack over
_ALLOWED: Final = frozenset(map(chr, range(0x21, 0x7F)))
_DIGITS: Final = frozenset("0123456789")
# AI -> leading characters of its value that end with a check digit (GenSpecs 7.9).
_CHECKED: Final = {
    **dict.fromkeys(("00", "8017", "8018"), 18),
    "402": 17,
    **dict.fromkeys(("01", "02", "03", "8003", "8006", "8026"), 14),
    **dict.fromkeys(("253", "255", "410", "411", "412", "413", "414", "415", "416", "417"), 13),
}
# AI -> where in its value a date YYMMDD starts, and a time hhmm; None without one.
_DATED: Final[dict[str, tuple[int | None, int | None]]] = {
    **dict.fromkeys(("11", "12", "13", "15", "16", "17", "4326", "7006", "7007", "7011", "8008"), (0, None)),
    **dict.fromkeys(("4324", "4325", "7003"), (0, 6)),
}
# Without AIM prefix and separator only these starts are taken for GS1: too long to be a tube maker's number.
_CARD: Final = re.compile(r"801[78][0-9]{18}(?:\x1d.*|8019.*)?", re.DOTALL)
_TRADE_ITEM: Final = re.compile(r"01[0-9]{14}(?:1[0-7]|21)[!-~]+")


class Meaning(StrEnum):
    """What the elements together are on."""

    CONTAINER = "container"
    WRISTBAND = "wristband"
    STAFF = "staff"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Element:
    """One application identifier with its value; `separated` where its width is not predefined."""

    ai: str
    value: str
    separated: bool

    @property
    def date(self) -> date | None:
        """The day that the value starts with, where it does; day 00 is the month's last."""
        return _day(self.value) if self.ai in _DATED else None


@dataclass(frozen=True, slots=True)
class ElementString:
    """The elements of one code, in their order."""

    elements: tuple[Element, ...]

    @property
    def text(self) -> str:
        """The element string with the separators that it needs and no others, same for every carrier."""
        parts = [element.ai + element.value + SEPARATOR * element.separated for element in self.elements]
        return "".join(parts).removesuffix(SEPARATOR)

    @property
    def human_readable(self) -> str:
        """The form for the eye, AIs in brackets."""
        return "".join(f"({element.ai}){element.value}" for element in self.elements)

    @property
    def meaning(self) -> Meaning:
        """01 with 21 is on a vial or dose, 8018 (with 8019) on a wristband, 8017 on a staff card."""
        present = {element.ai for element in self.elements}
        if "8018" in present:
            return Meaning.WRISTBAND
        if "8017" in present:
            return Meaning.STAFF
        return Meaning.CONTAINER if {"01", "21"} <= present else Meaning.OTHER

    def get(self, ai: str) -> str | None:
        """Return the value of `ai`, or None."""
        return next((element.value for element in self.elements if element.ai == ai), None)


def check_digit(payload: str) -> str:
    """Return the GS1 check digit (mod 10, weights 3 and 1 from the right) of `payload` of digits."""
    if not payload or not _DIGITS.issuperset(payload):
        raise CodeError("A check digit is made over digits alone.", at=0)
    total = sum(int(digit) * (1 if index % 2 else 3) for index, digit in enumerate(reversed(payload)))
    return str(-total % 10)


def is_key_valid(key: str) -> bool:
    """Whether a GTIN, SSCC, GLN or GSRN ends with its check digit."""
    return len(key) > 1 and _DIGITS.issuperset(key) and key[-1] == check_digit(key[:-1])


def is_digital_link(text: str) -> bool:
    """Whether `text` is a web address, so that it can only be read as a Digital Link."""
    return text[:8].lower().startswith(("https://", "http://"))


def looks_like_gs1(text: str) -> bool:
    """Whether `text` is GS1 by its content alone, without a scanner's AIM prefix to say so."""
    if SEPARATOR in text or _CARD.fullmatch(text) is not None:
        return True
    if _TRADE_ITEM.fullmatch(text) is None or not is_key_valid(text[2:16]):
        return False
    try:
        parse(text)
    except CodeError:
        return False
    return True


def parse(text: str) -> ElementString:
    """Parse an element string as a scanner sends it, separators as ASCII 29; a CodeError says what and where.

    A separator before the first and after the last element, or two of them, are tolerated (GenSpecs 7.8).
    """
    for index, character in enumerate(text):
        if character not in _ALLOWED and character != SEPARATOR:
            raise CodeError(f"{character!r} cannot stand in a GS1 code.", _AGAIN, at=index)
    elements: list[Element] = []
    at = 0
    while at < len(text):
        if text[at] == SEPARATOR:
            at += 1
            continue
        element = _extract(text, at)
        _check(element, at + len(element.ai))
        at += len(element.ai) + len(element.value)
        if element.separated and at < len(text) and text[at] != SEPARATOR:
            raise CodeError(
                f"The value of AI {element.ai} is too long, or the separator after it is lost.", _SCANNER, at=at
            )
        elements.append(element)
    return _joined(elements)


def parse_digital_link(text: str) -> ElementString:
    """Parse a Digital Link URI; a CodeError says what is wrong, and where if it can be told."""
    from biip import ParseError
    from biip.gs1_digital_link_uris import GS1DigitalLinkURI

    if not is_digital_link(text):
        raise CodeError("A Digital Link starts with https:// or http://.", _AGAIN, at=0)
    for index, character in enumerate(text):
        if character not in _ALLOWED:
            raise CodeError(f"{character!r} cannot stand in a Digital Link.", _AGAIN, at=index)
    try:
        _check_link(text)
        link = GS1DigitalLinkURI.parse(text, config=_lenient_about_dates())
    except (ParseError, ValueError) as error:
        raise CodeError(f"{_NO_LINK}: {str(error)[:120]}", _AGAIN, at=_path_at(text)) from None
    elements = [Element(found.ai.ai, found.value, found.ai.separator_required) for found in link.element_strings]
    for element in elements:
        place = text.find(element.value)
        _check(element, place if place >= 0 else None)
    return _joined(elements)


def make(*elements: tuple[str, str]) -> ElementString:
    """Return the element string of pairs of AI and value, checked as if scanned; put the separated ones last.

    >>> make(("01", "09520123456788"), ("21", "12345")).text
    '01095201234567882112345'
    """
    made = parse(SEPARATOR.join(ai + value for ai, value in elements))
    if [(element.ai, element.value) for element in made.elements] != list(elements):
        raise CodeError("The AIs and values do not make a GS1 code.", "Check each against its AI's form.")
    return made


def _extract(text: str, at: int) -> Element:
    from biip import ParseError
    from biip.gs1_application_identifiers import GS1ApplicationIdentifier
    from biip.gs1_element_strings import GS1ElementString

    rest = text[at:]
    try:
        ai = GS1ApplicationIdentifier.extract(rest)
    except ParseError:
        raise CodeError(f"{rest[:4]!r} is not a GS1 application identifier.", _AGAIN, at=at) from None
    try:
        found = GS1ElementString.extract(rest, config=_lenient_about_dates())
    except (ParseError, ValueError):
        raise CodeError(
            f"The value of AI {ai.ai} ({ai.description}) does not have the form {ai.format}.",
            _AGAIN,
            at=at + len(ai),
        ) from None
    return Element(found.ai.ai, found.value, found.ai.separator_required)


def _lenient_about_dates() -> ParseConfig:
    """Biip's settings without its judgement of dates, for which it reads the clock."""
    from biip import ParseConfig

    return ParseConfig(gs1_element_strings_verify_date=False)


def _check(element: Element, start: int | None) -> None:
    """Refuse what biip accepts wrongly; `start` is the index of the value in the code, None if unknown."""
    value = element.value
    if not 0 < len(value) <= _VALUE_MAX or not _ALLOWED.issuperset(value):
        raise CodeError(f"AI {element.ai} has no readable value.", _AGAIN, at=start)
    width = _CHECKED.get(element.ai)
    if width is not None:
        expected = check_digit(value[: width - 1])
        if value[width - 1] != expected:
            raise CodeError(
                f"misread: the check digit of AI {element.ai} is {value[width - 1]} and should be {expected}.",
                _AGAIN,
                at=None if start is None else start + width - 1,
            )
    day_at, time_at = _DATED.get(element.ai, (None, None))
    if day_at is not None and _day(value) is None:
        raise CodeError(f"AI {element.ai} holds {value[:6]}, not a day of the calendar.", _AGAIN, at=start)
    if time_at is not None and not re.fullmatch("(?:[01][0-9]|2[0-3])[0-5][0-9]|9999", value[time_at:]):
        raise CodeError(f"AI {element.ai} holds {value[time_at:]}, not a time of day.", _AGAIN, at=start)


def _day(value: str) -> date | None:
    try:
        year, month, day = 2000 + int(value[:2]), int(value[2:4]), int(value[4:6])
        return date(year, month, day or calendar.monthrange(year, month)[1])
    except ValueError:
        return None


def _joined(elements: list[Element]) -> ElementString:
    values: dict[str, str] = {}
    for element in elements:
        if values.setdefault(element.ai, element.value) != element.value:
            raise CodeError(f"AI {element.ai} stands twice, with two values.", "Scan one label at a time.")
    if not elements:
        raise CodeError("The GS1 code is empty.", _AGAIN, at=0)
    return ElementString(tuple(elements))


def _query_at(text: str, key: str) -> int:
    """Where an AI of the query stands."""
    query = text.find("?")
    return max(text.find(key, query), query)


def _path_at(text: str) -> int:
    """Where the path of a web address starts, or its end where it has none."""
    slash = text.find("/", text.find("//") + 2)
    return slash if slash >= 0 else len(text)


def _check_link(text: str) -> None:
    """Refuse what biip would drop in silence: an AI of the query that is unknown or has no value."""
    from biip import ParseError
    from biip.gs1_application_identifiers import GS1ApplicationIdentifier

    parts = urlsplit(text)
    query = parse_qsl(parts.query, keep_blank_values=True)
    if any(len(value) > _VALUE_MAX for value in [*map(unquote, parts.path.split("/")), *(v for _, v in query)]):
        raise ParseError(f"a part of it is longer than {_VALUE_MAX} characters.")
    for key, value in query:
        if key and _DIGITS.issuperset(key):
            if GS1ApplicationIdentifier.extract(key).ai != key:
                raise CodeError(
                    f"{_NO_LINK}: {key} is not a GS1 application identifier.", _AGAIN, at=_query_at(text, key)
                )
            if not value:
                raise CodeError(f"{_NO_LINK}: AI {key} has no value.", _AGAIN, at=_query_at(text, key))
