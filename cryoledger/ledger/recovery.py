"""Secrets as text that a person copies from the recovery sheet: groups of letters, with a check in each line.

    JZ4C-8K0R-3MQ7-XV5T       eight bytes in 13 characters, then 3 of check

A line's check covers the number of lines, the line's place and every byte up to its end: a slip is found in
the line where it was made, and lines left out, swapped or taken from two sheets are found too.
"""

from __future__ import annotations

import hashlib

from cryoledger.errors import LedgerFormatError

__all__ = ["parse_recovery_text", "recovery_text"]

# Crockford's base 32: no I, L, O or U, so that nothing looks like 1 or 0 and no word forms.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_AS_TYPED = str.maketrans("ILO", "110", "- \t\r\n")
_BYTES, _DATA, _CHECK = 8, 13, 3


def recovery_text(secret: bytes) -> str:
    """`secret`, of a multiple of eight bytes, as lines of four groups of four characters."""
    if not secret or len(secret) % _BYTES:
        raise RuntimeError(f"a secret on paper has a multiple of {_BYTES} bytes, not {len(secret)}")
    lines = []
    for end in range(_BYTES, len(secret) + 1, _BYTES):
        line = _characters(int.from_bytes(secret[end - _BYTES : end], "big"), _DATA)
        line += _check(secret[:end], len(secret))
        lines.append("-".join(line[at : at + 4] for at in range(0, len(line), 4)))
    return "\n".join(lines) + "\n"


def parse_recovery_text(text: str) -> bytes:
    """The secret of `text` as typed (any case, spacing, I and L for 1, O for 0), or LedgerFormatError."""
    characters = text.upper().translate(_AS_TYPED)
    width = _DATA + _CHECK
    if not characters or len(characters) % width:
        raise LedgerFormatError(
            f"The sheet's text has {len(characters)} characters; each line has {width}.",
            "Count the groups: four in every line, four characters in every group.",
        )
    size = len(characters) // width * _BYTES
    secret = b""
    for number, at in enumerate(range(0, len(characters), width), start=1):
        value = _value(characters[at : at + _DATA])
        if value is not None:
            secret += value.to_bytes(_BYTES, "big")
        if value is None or _check(secret, size) != characters[at + _DATA : at + width]:
            raise LedgerFormatError(
                f"Line {number} of the sheet's text is not right.",
                "Compare it with the sheet, and see that all lines are there, in order, from one sheet.",
            )
    return secret


def _check(secret: bytes, size: int) -> str:
    digest = hashlib.sha256(b"cryoledger/recovery/v1\n%d\n%b" % (size, secret)).digest()
    return _characters(int.from_bytes(digest[:2], "big") >> 1, _CHECK)


def _characters(value: int, count: int) -> str:
    return "".join(_ALPHABET[value >> 5 * at & 31] for at in reversed(range(count)))


def _value(characters: str) -> int | None:
    """The number below 2^64 in 13 characters, or None: they could hold 65 bits, one more than is used."""
    value = 0
    for character in characters:
        digit = _ALPHABET.find(character)
        if digit < 0:
            return None
        value = value << 5 | digit
    return value if value < 2 ** (8 * _BYTES) else None
