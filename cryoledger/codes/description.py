"""A scan in words and fields, for `cryoledger codes read` and for the scanner check."""

from __future__ import annotations

from typing import TypeAlias, TypedDict

from cryoledger.codes import gs1, isbt128, sec
from cryoledger.codes.badge import Badge
from cryoledger.codes.commands import CommandScan
from cryoledger.codes.position import PositionScan
from cryoledger.codes.resemblance import resemblance
from cryoledger.codes.scan import Code, CodeScheme, Detail, Scan, read
from cryoledger.errors import CodeError

__all__ = ["Description", "Problem", "describe"]

Value: TypeAlias = str | int | bool | list[dict[str, str]] | None


class Problem(TypedDict):
    """Why a scan cannot be read; `at` is the index of the first wrong character, where one is known."""

    message: str
    advice: str
    at: int | None


class Description(TypedDict):
    """What a scan says. `kind` is the thing it is on, or "command", "badge", "position"; None if unknown.

    A plain code that looks like one of a scheme that went wrong has a field `resembles` that says so.
    """

    scan: str
    kind: str | None
    scheme: str | None
    fields: dict[str, Value]
    error: Problem | None


def describe(text: str, site_prefix: str = "", scheme: CodeScheme | None = None) -> Description:
    """Read `text` and describe what it says; a scan that cannot be read is described by its error.

    >>> describe("]d1=*017009")["fields"]["collected"]
    '2017-01-09'
    >>> describe("=*017399")["error"]["at"]
    5
    """
    try:
        scan = read(text, site_prefix, scheme)
    except CodeError as error:
        problem = Problem(message=error.message, advice=error.advice, at=error.at)
        return Description(scan=text, kind=None, scheme=None, fields={}, error=problem)
    kind, read_as, fields = _parts(scan)
    return Description(scan=text, kind=kind, scheme=read_as, fields=fields, error=None)


def _parts(scan: Scan) -> tuple[str | None, str | None, dict[str, Value]]:
    match scan:
        case CommandScan():
            fields: dict[str, Value] = {"command": scan.command.value}
            return "command", None, fields if scan.quantity is None else {**fields, "quantity": scan.quantity}
        case Badge():
            return "badge", None, {"key_id": scan.key_id_hex}
        case PositionScan():
            return "position", None, {"unit": scan.unit, "position": scan.position}
        case Code():
            told = {"code": scan.text, **_detail(scan.detail)}
            like = resemblance(scan.text) if scan.scheme == "plain" else ""
            return scan.kind and scan.kind.value, scan.scheme, {**told, "resembles": like} if like else told


def _detail(detail: Detail | None) -> dict[str, Value]:
    match detail:
        case isbt128.Message():
            return {**detail.fields, "segments": [_segment(segment) for segment in detail.segments]}
        case gs1.ElementString():
            return _elements(detail)
        case sec.SingleEuropeanCode():
            return _european(detail)
        case None:
            return {}


def _segment(segment: isbt128.Segment) -> dict[str, str]:
    structure = segment.structure
    return {
        "ds": structure.number,
        "name": structure.name,
        "use": structure.use.value,
        "content": segment.content,
    }


def _elements(found: gs1.ElementString) -> dict[str, Value]:
    fields: dict[str, Value] = {
        "meaning": found.meaning.value,
        "hri": found.human_readable,
        "elements": [{"ai": element.ai, "value": element.value} for element in found.elements],
    }
    for element in found.elements:
        fields[element.ai] = element.value
        if element.date is not None:
            fields[f"{element.ai}_date"] = element.date.isoformat()
    return fields


def _european(code: sec.SingleEuropeanCode) -> dict[str, Value]:
    product = code.product_sequence
    return {
        "country": code.country,
        "te": code.establishment,
        "donation": code.donation,
        "system": product.system,
        "product": product.product,
        "split": product.split,
        "expiry": product.expiry.isoformat() if product.expiry else None,
        "printed": code.printed,
    }
