"""How far a pass over a ledger is, told now and then."""

from __future__ import annotations

from collections.abc import Callable

from cryoledger.audit.source import Source

__all__ = ["PROGRESS_EVERY", "Progress", "total_of"]

Progress = Callable[[int, int], None]
"""Takes how many entries are done, and how many there are."""
PROGRESS_EVERY = 256


def total_of(source: Source) -> int:
    """How many entries there are; 0 where the source cannot say: only progress is shown by it."""
    try:
        return source.count()
    except Exception:  # noqa: BLE001 - whatever a torn vault raises shows itself where entries are read
        return 0
