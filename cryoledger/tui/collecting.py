"""When the garbage collector goes through everything: between scans, not in the middle of one.

A full round takes as long as three scans, and comes after a hundred or so wherever it likes.
"""

from __future__ import annotations

import gc
from typing import Final

EVERY: Final = 200
"""So many answers leave enough behind for a round, at the next moment in which nothing waits."""
_AT_LAST: Final = 10 * EVERY
"""After so many without such a moment the round is made anyway."""
_NEVER: Final = 1_000_000


class Collecting:
    """The collector's full rounds of this process, from `begin` to `end`."""

    def __init__(self) -> None:
        self._answers = 0
        self._before: tuple[int, int, int] | None = None

    def begin(self) -> None:
        """What was loaded until now stays, and is gone through no more; full rounds come when they are called for."""
        self._before = gc.get_threshold()
        gc.freeze()
        gc.set_threshold(*self._before[:2], _NEVER)

    def answered(self) -> None:
        """Count an answer."""
        self._answers += 1

    def pause(self, *, at_rest: bool) -> None:
        """Called each second: make a round if one is due."""
        if self._before is not None and self._answers >= (EVERY if at_rest else _AT_LAST):
            self._answers = 0
            gc.collect()

    def end(self) -> None:
        """Leave the collector as it was."""
        if self._before is not None:
            gc.set_threshold(*self._before)
            gc.unfreeze()
            self._before = None
