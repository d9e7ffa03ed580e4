"""The other texts under which what was scanned may be known: a number read from another carrier is the same number.

- A donation is registered by the thirteen characters of its number. Its barcode adds the data identifier and two
  flags, and a person who types it adds the check character that is printed in a box.
- A GS1 code names its elements in any order; a Digital Link in another than a label.

Whether a thing of such a name exists is for the inventory to say; two of them are an error there.

>>> other_names("=A99992612345600"), other_names("A9999 26 123456 " + "7")
(('A999926123456',), ())
>>> other_names("https://id.gs1.org/01/09520123456788/21/BKV000001W?17=460201")
('01095201234567881746020121BKV000001W',)
"""

from __future__ import annotations

from typing import Final

from cryoledger.codes import gs1, isbt128
from cryoledger.codes.isbt128_numbers import read_typed_din
from cryoledger.codes.local import Kind
from cryoledger.errors import CodeError

__all__ = ["donation_number", "other_names"]

_TYPED_DIN: Final = 14  # thirteen characters, and the check character
# The order in which labels carry them: those of a fixed width first, the serial last.
_ORDER: Final = {ai: place for place, ai in enumerate(("01", "11", "13", "17", "10", "21"))}


def other_names(text: str) -> tuple[str, ...]:
    """Texts beside `text` that name the same thing; none where it is no donation number and no GS1 code."""
    number = donation_number(text) or _typed_number(text)
    return (number,) if number else _gs1_names(text)


def donation_number(text: str) -> str:
    """The thirteen characters of a scanned donation number; "" for everything else."""
    if not text.startswith("="):
        return ""
    try:
        message = isbt128.parse(text)
    except CodeError:
        return ""
    return str(message.fields["din"]) if message.kind is Kind.DONATION else ""


def _typed_number(text: str) -> str:
    if len(text.replace(" ", "")) != _TYPED_DIN:
        return ""
    try:
        return read_typed_din(text).text
    except CodeError:
        return ""


def _gs1_names(text: str) -> tuple[str, ...]:
    if not (gs1.is_digital_link(text) or gs1.looks_like_gs1(text)):
        return ()
    try:
        found = gs1.parse_digital_link(text) if gs1.is_digital_link(text) else gs1.parse(text)
        if not {each.ai for each in found.elements} <= _ORDER.keys():
            return ()
        pairs = sorted(((each.ai, each.value) for each in found.elements), key=lambda pair: _ORDER[pair[0]])
        made = gs1.make(*dict(pairs).items()).text
    except CodeError:
        return ()
    return (made,) if made != text else ()
