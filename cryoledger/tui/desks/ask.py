"""What a desk is read for: where somebody is in its lists."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ask:
    """Where somebody is in a desk: the list, the key of the row under the cursor and its place; `chosen` outlasts it.

    `stop` is what a mismatch at the bedside said; `subject` the thing scanned last.
    """

    tab: int = 0
    key: str = ""
    at: int = 0
    chosen: str = ""
    stop: str = ""
    subject: tuple[str, str] | None = None
