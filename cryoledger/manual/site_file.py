"""A site's own file beside its station: one TOML table of a name, read whole or refused with the reason."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryoledger.errors import StationError

__all__ = ["read_table"]


def read_table(path: Path, name: str, bytes_max: int, refused: Callable[[str], StationError]) -> dict[str, Any]:
    """The table `[name]` of a file; empty where there is no file, and what `refused` makes of the reason where it is
    anything else than that table in at most `bytes_max` bytes.
    """
    try:
        with path.open("rb") as file:
            content = file.read(bytes_max + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise refused(f"it cannot be read: {error.strerror}") from None
    if len(content) > bytes_max:
        raise refused("it is too big")
    try:
        told = tomllib.loads(content.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise refused(f"it is no TOML: {error}") from None
    table = told.get(name, {})
    if not isinstance(table, dict) or set(told) - {name}:
        raise refused(f"it may hold a table [{name}] and nothing else")
    return table
