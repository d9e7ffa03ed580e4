"""What is wrong with a field of a payload, in the words of who typed it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["told"]

_THOUSANDTHS = ("_millipercent", "_millicelsius", "_millicelsius_max")
_PATTERNS = {
    r"^[!-~]{1,64}$": "takes 1 to 64 letters, digits and signs, without spaces or accents",
    r"^[!-~]{1,32}$": "takes 1 to 32 letters, digits and signs, without spaces or accents",
    r"^[!-~]{1,16}$": "takes 1 to 16 letters, digits and signs, without spaces or accents",
    r"^[a-z0-9][a-z0-9._-]{0,39}$": "takes at most 40 small letters, digits, dots and dashes, no dot first",
}
_BOUNDS = {
    "greater_than": ("gt", "must be more than"),
    "greater_than_equal": ("ge", "must be at least"),
    "less_than": ("lt", "must be less than"),
    "less_than_equal": ("le", "must be at most"),
}


def told(field: str, error: Mapping[str, Any]) -> str:
    """A verb phrase about a field, from one of pydantic's errors; never what was given, which may name a person."""
    kind, context = str(error["type"]), error.get("ctx", {})
    if kind in ("literal_error", "enum"):
        return f"takes one of: {str(context['expected']).replace(' or ', ', ').replace(chr(39), '')}"
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        limit = context[name]
        return f"{words} {limit / 1000:g}" if field.endswith(_THOUSANDTHS) else f"{words} {limit}"
    if kind in ("string_too_short", "too_short"):
        return "is empty" if context["min_length"] == 1 else f"needs at least {context['min_length']}"
    if kind in ("string_too_long", "too_long"):
        what = " characters" if kind == "string_too_long" else ""
        return f"takes at most {context['max_length']}{what}"
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(str(context["pattern"]), f"does not have the form {context['pattern']}")
    if kind == "missing":
        return "is missing"
    text = str(error["msg"]).removeprefix("Value error, ")
    return f"is wrong: {text[:1].lower()}{text[1:]}"
