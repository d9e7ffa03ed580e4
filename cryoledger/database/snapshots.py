"""What look-ups read from: a store, for which they take a snapshot of their own, or one that is open already."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cryoledger.database.store import Reading, Store

__all__ = ["Source", "snapshot"]

Source = Store | Reading


@contextmanager
def snapshot(source: Source) -> Iterator[Reading]:
    """One state of the vault for everything inside the block."""
    if isinstance(source, Reading):
        yield source
    else:
        with source.reading() as reading:
            yield reading
