"""One scan, read: what the scanner sent is trimmed, routed and handed on as a typed value or a CodeError."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from cryoledger.codes import gs1, isbt128, local, sec
from cryoledger.codes.badge import PREFIX as BADGE_PREFIX
from cryoledger.codes.badge import Badge, read_badge
from cryoledger.codes.commands import PREFIX as COMMAND_PREFIX
from cryoledger.codes.commands import CommandScan, read_command
from cryoledger.codes.local import Kind
from cryoledger.codes.position import PositionScan, looks_like_label
from cryoledger.errors import CodeError

__all__ = ["LENGTH_MAX", "Code", "CodeScheme", "Detail", "Scan", "read"]

CodeScheme: TypeAlias = Literal["local", "plain", "isbt128", "gs1", "sec"]
Detail: TypeAlias = isbt128.Message | gs1.ElementString | sec.SingleEuropeanCode

LENGTH_MAX: Final = 128
"""Characters of a plain code. A structured one (ISBT 128, GS1) may have `_STRUCTURED_MAX`."""

_STRUCTURED_MAX: Final = 1024
_FRAME: Final = " \t\r\n\x02\x03\x04"  # blanks, and the STX, ETX and EOT that scanners put around
_AIM: Final = re.compile(r"\]([A-Za-z][0-9A-Z])")
_AIM_OF_GS1: Final = frozenset({"C1", "d2", "Q3", "e0", "J1"})
_AGAIN: Final = "Scan again."


@dataclass(frozen=True, slots=True)
class Code:
    """A code that names a thing.

    `text` is what is looked up, exactly as scanned but for framing and AIM prefix; `raw` is all that was
    sent. `kind` is given where the code itself says it, else None: then only the inventory knows. `detail` is
    what an ISBT 128, GS1 or Single European Code says; of a GS1 code, `detail.text` is one for every carrier.
    """

    text: str
    kind: Kind | None = None
    scheme: CodeScheme = "plain"
    raw: str = ""
    detail: Detail | None = None


Scan: TypeAlias = CommandScan | Badge | PositionScan | Code


def read(text: str, site_prefix: str = "", scheme: CodeScheme | None = None) -> Scan:
    """Read what a scanner sent, or a person typed, for the site whose local codes start with `site_prefix`.

    Without a `site_prefix` a local code of any site counts as local. With a `scheme` the text is read as that
    and as nothing else. Raises CodeError and nothing else; its `at` counts in `text`. Upper and lower case are
    never changed: they differ in some codes.
    """
    start, aim, content = _unframe(text)
    try:
        if site_prefix:
            local.check_prefix(site_prefix)
        _refuse_unreadable(content)
        scan = _read_as(scheme, content) if scheme else _route(content, aim, site_prefix)
    except CodeError as error:
        if error.at is not None:
            error.at += start
        raise
    return replace(scan, raw=text)


def _unframe(text: str) -> tuple[int, str, str]:
    """Return where the content starts, the AIM identifier ("" without one) and the content."""
    content = text.rstrip(_FRAME)
    unframed = content.lstrip(_FRAME)
    match = _AIM.match(unframed)
    aim = match[1] if match else ""
    unframed = unframed[match.end() :].lstrip(_FRAME) if match else unframed
    return len(content) - len(unframed), aim, unframed


def _route(text: str, aim: str, site_prefix: str) -> Scan:
    if text.startswith(COMMAND_PREFIX):
        return read_command(text)
    if text.startswith(BADGE_PREFIX):
        return read_badge(text)
    _refuse_changed_case(text, site_prefix)
    scheme = _foreign_scheme(text, aim)
    if scheme is not None:
        return _read_as(scheme, text)
    return _position(text, site_prefix) or _local(text, site_prefix) or _plain(text)


def _foreign_scheme(text: str, aim: str) -> CodeScheme | None:
    """Tell by AIM identifier and by content; a scheme without a mark of its own must also be wholly right."""
    if text[0] in "=&":
        return "isbt128"
    if aim in _AIM_OF_GS1 or gs1.is_digital_link(text) or gs1.looks_like_gs1(text):
        return "gs1"
    return "sec" if text.startswith(sec.PREFIX) or sec.is_valid(text) else None


def _read_as(scheme: CodeScheme, text: str) -> Code:
    match scheme:
        case "isbt128":
            message = isbt128.parse(text)
            return Code(text, message.kind, scheme, detail=message)
        case "gs1":
            elements = gs1.parse_digital_link(text) if gs1.is_digital_link(text) else gs1.parse(text)
            kind = Kind.PATIENT if elements.meaning is gs1.Meaning.WRISTBAND else None
            # Some scanners send the FNC1 that opens a GS1 symbol as a separator, some do not.
            return Code(text.strip(gs1.SEPARATOR), kind, scheme, detail=elements)
        case "sec":
            return Code(text, None, scheme, detail=sec.parse(text))
        case "local":
            return Code(text, local.split(text).kind, scheme)
        case "plain":
            return _plain(text)


def _refuse_unreadable(text: str) -> None:
    if not text:
        raise CodeError("Nothing was scanned.", _AGAIN)
    if len(text) > _STRUCTURED_MAX:
        raise CodeError(
            f"The scan has {len(text)} characters; no code has more than {_STRUCTURED_MAX}.",
            "Scan one code at a time.",
            at=_STRUCTURED_MAX,
        )
    for index, character in enumerate(text):
        if not character.isprintable() and character != "\x1d":
            raise CodeError(
                f"The scan holds a character that no code has (U+{ord(character):04X}).",
                "Scan again; if it stays, run the scanner check.",
                at=index,
            )


def _refuse_changed_case(text: str, site_prefix: str) -> None:
    """Name Caps Lock where nothing but upper and lower case stands between the text and one of ours."""
    other = text.swapcase() if text.swapcase() != text else text.upper()
    ours = bool(site_prefix) and other.startswith(site_prefix) and len(other) == local.LENGTH
    if text[:4].upper() in (COMMAND_PREFIX, BADGE_PREFIX) or (other != text and ours and local.is_valid(other)):
        raise CodeError(
            "The letters of this code came in lower case.",
            "Release Caps Lock, and check that the scanner leaves letters as they are; typed, use capitals.",
            at=0,
        )


def _local(text: str, site_prefix: str) -> Code | None:
    """Return a local code of this site (of any, without a prefix), or None where it is no local code."""
    if not local.has_form(text) or not text.startswith(site_prefix):
        return None
    if not local.is_valid(text):
        if not site_prefix:
            return None
        raise CodeError(
            f"misread: {text!r} does not fit its check character.",
            "Scan again; if typed, compare each character with the label.",
            at=local.LENGTH - 1,
        )
    kind = local.kind_of(text)
    return None if kind is None else Code(text, kind, "local")


def _position(text: str, site_prefix: str) -> PositionScan | None:
    unit, slash, position = text.partition("/")
    if not slash or not unit or not looks_like_label(position):
        return None
    code = _local(unit, site_prefix)
    if code is not None and code.kind is not Kind.UNIT:
        raise CodeError(
            f"{unit!r} is the code of a {code.kind}; only a storage unit has positions.",
            "Scan the position code on the box or its sheet.",
            at=0,
        )
    return PositionScan(unit, position)


def _plain(text: str) -> Code:
    if len(text) > LENGTH_MAX:
        raise CodeError(
            f"The code has {len(text)} characters; a code has at most {LENGTH_MAX}.",
            "Scan one code at a time.",
            at=LENGTH_MAX,
        )
    separator = text.find("\x1d")
    if separator >= 0:
        raise CodeError("A separator (GS) stands in a code that is not GS1.", _AGAIN, at=separator)
    return Code(text)
