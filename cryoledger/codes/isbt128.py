"""ISBT 128 messages: one structure, several read together, or a compound message (ICCBBA ST-001).

Every structure starts with its identifier, `=` or `&` and one or two more characters, and has a fixed width, so
a message is read by one loop over identifier -> width that must end exactly at the end. A compound message starts
with `=+aabbb`: `aa` structures follow. Letters are never made upper case, since divisions tell them apart.

    >>> message = parse("=A99991712345600=<S12954A0&>0183652359")
    >>> [segment.structure.number for segment in message.segments]
    ['001', '003', '005']
    >>> message.fields["din"], message.fields["division"], message.expires
    ('A999917123456', 'A0', datetime.datetime(2018, 12, 31, 23, 59))
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryoledger.codes.isbt128_numbers import ALPHANUMERIC_EITHER_CASE, DIGITS
from cryoledger.codes.isbt128_structures import STRUCTURES, Fields, Structure
from cryoledger.codes.local import Kind
from cryoledger.errors import CodeError

__all__ = ["Message", "Segment", "compound", "parse"]

_ADVICE: Final = "Scan the whole code again."
_ANY: Final = frozenset(map(chr, range(0x20, 0x7F)))
_SEEN_ONCE: Final = ("001", "003", "032", "034", "038")
_KIND_OF_ONE: Final = {"001": Kind.DONATION, "019": Kind.DONOR, "025": Kind.PATIENT}


@dataclass(frozen=True, slots=True)
class Segment:
    """One structure of a message: its content, and the index in the message of its identifier."""

    structure: Structure
    content: str
    at: int

    @property
    def fields(self) -> Fields:
        """The content's fields by name; none of a skipped or retired structure."""
        return self.structure.decode(self.content) if self.structure.decode else {}


@dataclass(frozen=True, slots=True)
class Message:
    """A message, read and checked; `text` is the message itself."""

    text: str
    segments: tuple[Segment, ...]

    @property
    def fields(self) -> Fields:
        """The fields of all structures; a division of its own structure takes the product code's place."""
        fields: Fields = {}
        for segment in sorted(self.segments, key=lambda segment: segment.structure.number == "032"):
            fields.update(segment.fields)
        return fields

    @property
    def kind(self) -> Kind | None:
        """What the message names, where it holds one structure that names a thing."""
        return _KIND_OF_ONE.get(self.segments[0].structure.number) if len(self.segments) == 1 else None

    @property
    def expires(self) -> datetime | None:
        """The expiry, in the local time of the label; a date without a time lasts until 23:59."""
        printed = self.fields.get("expiry")
        if not isinstance(printed, str):
            return None
        return datetime.fromisoformat(printed if "T" in printed else printed + "T23:59")


def parse(text: str) -> Message:
    """Parse a message; a CodeError says what is wrong, and at which character."""
    if not text:
        raise CodeError("Nothing was scanned.", _ADVICE, at=0)
    segments: list[Segment] = []
    at = 0
    while at < len(text):
        segment = _segment(text, at)
        segments.append(segment)
        at += len(segment.structure.identifier) + len(segment.content)
    _check_compound(segments)
    _check_product(segments)
    return Message(text, tuple(segments))


def compound(*structures: str) -> Message:
    """Return the compound message of `structures`, each with its identifier, checked as if scanned.

    >>> compound("=A99991712345600", "=<S1295499", "=,000012").text
    '=+03000=A99991712345600=<S1295499=,000012'
    """
    if not 1 <= len(structures) <= 99:
        raise CodeError("A compound message holds 1 to 99 structures.")
    return parse(f"=+{len(structures):02d}000" + "".join(structures))


def _segment(text: str, at: int) -> Segment:
    structure = _structure(text, at)
    start = at + len(structure.identifier)
    content = text[start : start + _width(structure, text, start)]
    segment = Segment(structure, content, at)
    # A patient's number may hold any character; elsewhere a sign means that the structure was cut short.
    allowed = _ANY if structure.number == "025" else ALPHANUMERIC_EITHER_CASE
    for index, character in enumerate(content, start=start):
        if character not in allowed:
            raise CodeError(f"{character!r} cannot stand in the {structure.name}.", _ADVICE, at=index)
    try:
        _ = segment.fields
    except CodeError as error:
        error.at = start + (error.at or 0)
        raise
    return segment


def _structure(text: str, at: int) -> Structure:
    if text[at] not in "=&":
        raise CodeError(f"An ISBT 128 structure starts with = or &, not with {text[at]!r}.", _ADVICE, at=at)
    second = text[at + 1 : at + 2]
    if text[at] == "=" and second.isascii() and second.isalnum():
        return STRUCTURES["="]
    for length in (2, 3):
        structure = STRUCTURES.get(text[at : at + length])
        if structure is not None and len(structure.identifier) == length:
            return structure
    raise CodeError(
        f"{text[at : at + 2]!r} is not the identifier of an ISBT 128 structure.",
        "Scan again; structures defined by a country alone are not read.",
        at=at,
    )


def _width(structure: Structure, text: str, start: int) -> int:
    width = structure.width
    _check_left(structure, text, start, width)
    if structure.counted is not None:
        first, last = structure.counted
        count = text[start + first : start + last]
        if not DIGITS.issuperset(count):
            raise CodeError(f"The {structure.name} does not say how long it is.", _ADVICE, at=start + first)
        width += int(count) * structure.item
        _check_left(structure, text, start, width)
    return width


def _check_left(structure: Structure, text: str, start: int, width: int) -> None:
    if len(text) - start < width:
        raise CodeError(
            f"The code is cut short: the {structure.name} needs {width} characters after "
            f"{structure.identifier!r}, {len(text) - start} are left.",
            _ADVICE,
            at=len(text),
        )


def _check_compound(segments: list[Segment]) -> None:
    for segment in segments[1:]:
        if segment.structure.number == "023":
            raise CodeError("A compound message starts within another message.", _ADVICE, at=segment.at)
    first = segments[0]
    if first.structure.number == "023" and first.fields["count"] != len(segments) - 1:
        raise CodeError(
            f"The compound message declares {first.fields['count']} structures and holds {len(segments) - 1}.",
            _ADVICE,
            at=first.at + len(first.structure.identifier),
        )


def _check_product(segments: list[Segment]) -> None:
    numbers = Counter(segment.structure.number for segment in segments)
    for segment in reversed(segments):
        number = segment.structure.number
        if number in _SEEN_ONCE and numbers[number] > 1:
            raise CodeError(
                f"The {segment.structure.name} stands {numbers[number]} times in one code.",
                "Scan one label at a time.",
                at=segment.at,
            )
        if number == "003" and segment.content.endswith("99") and not numbers["032"]:
            raise CodeError(
                "The product code's division is 99, and the division structure (=,) that must follow is absent.",
                "Scan the label's Data Matrix, or product and division together.",
                at=segment.at + 8,
            )
