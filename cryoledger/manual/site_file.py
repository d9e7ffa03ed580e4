"""A site's own file beside its station: TOML tables of given names, read whole or refused with the reason."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryoledger.errors import StationError

__all__ = ["read_table", "read_tables"]


def read_table(path: Path, name: str, bytes_max: int, refused: Callable[[str], StationError]) -> dict[str, Any]:
    """The one table `[name]` of a file, as `read_tables` reads several."""
    return read_tables(path, (name,), bytes_max, refused)[0]


def read_tables(
    path: Path, names: tuple[str, ...], bytes_max: int, refused: Callable[[str], StationError]
) -> list[dict[str, Any]]:
    """The tables of these names; empty where the file or one of them is not there, and what `refused` makes of the
    reason where there is anything else than those tables in at most `bytes_max` bytes.
    """
    try:
        with path.open("rb") as file:
            content = file.read(bytes_max + 1)
    except FileNotFoundError:
        return [{} for _ in names]
    except OSError as error:
        raise refused(f"it cannot be read: {error.strerror}") from None
    if len(content) > bytes_max:
        raise refused("it is too big")
    try:
        told = tomllib.loads(content.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise refused(f"it is no TOML: {error}") from None
    tables = [told.get(name, {}) for name in names]
    if not all(isinstance(table, dict) for table in tables) or set(told) - set(names):
        raise refused(f"it may hold a table {' and a table '.join(f'[{name}]' for name in names)} and nothing else")
    return tables
