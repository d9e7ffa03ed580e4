"""Says which option of a command a wrong field of its event came from: who types knows options, not schemas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cryoledger.errors import FieldError, RequestError

__all__ = ["in_options"]


def in_options(error: FieldError, params: Sequence[Any]) -> RequestError:
    """The error with the option or argument that was wrong, where one of the command's gave the field."""
    parts = [part for part in error.path if isinstance(part, str)]
    param = next((found for part in reversed(parts) if (found := _param(error.event, parts, part, params))), None)
    if param is None:
        return error
    named = next((option for option in param.opts if option.startswith("--")), param.metavar or param.name.upper())
    return RequestError(f"{named} {error.told}.", "Correct it and repeat; --help shows an example.")


def _param(event: str, parts: Sequence[str], part: str, params: Sequence[Any]) -> Any:
    """The parameter that gave a field: by its words in the help, its name, the stem of it, or its metavar."""
    token = f"{{{event}.{'.'.join(parts)}}}"
    known = [each for each in params if hasattr(each, "help")]
    groups = (
        [each for each in known if token in (each.help or "") or each.name == part],
        [each for each in known if each.name in (part.removesuffix("s"), f"{part}_")],
        [each for each in known if part.startswith(f"{each.name}_")],
        [each for each in known if f".{part}}}" in (each.help or "")],
        [each for each in known if each.param_type_name == "argument" and each.metavar in (part.upper(), "CODE")],
    )
    return next((each for group in groups for each in group), None)
