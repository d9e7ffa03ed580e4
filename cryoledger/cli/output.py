"""What leaves the program: data on stdout, narration on stderr, control characters made visible in both."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["data", "json_text", "narrate", "table", "visible"]


class PipeClosed(Exception):
    """Whoever read stdout stopped reading; not an error of ours."""


def visible(text: str) -> str:
    """The text with every control, format or unassigned character as an escape, so that a terminal obeys none."""
    return "".join(c if c.isprintable() or c == "\n" else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def data(text: str) -> None:
    """Write lines of data."""
    try:
        sys.stdout.write(visible(text) + "\n")
    except BrokenPipeError:
        raise PipeClosed from None


def raw(content: bytes) -> None:
    """Write bytes exactly as they are."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
    except BrokenPipeError:
        raise PipeClosed from None


def flush() -> None:
    """Whatever was written has left."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise PipeClosed from None


def narrate(text: str) -> None:
    """Tell the person something that is no data."""
    print(visible(text), file=sys.stderr, flush=True)  # noqa: T201 - this is the one place that does


def json_text(value: Any, *, indent: int | None = 2) -> str:
    """A value as JSON, of ASCII characters only, so that any pipe carries it."""
    return json.dumps(value, indent=indent, ensure_ascii=True)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows in columns under their heads, as wide as their longest text."""
    shown = [[visible("" if cell is None else str(cell)).replace("\n", " ") for cell in row] for row in rows]
    widths = [max(len(head), *(len(row[at]) for row in shown)) if shown else len(head) for at, head in enumerate(heads)]
    lines = [heads, *shown]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
