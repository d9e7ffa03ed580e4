"""A bar on stderr for what takes long: it appears where a person watches, and goes away before anything is asked."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any

__all__ = ["Bar"]


class Bar:
    """One bar at a time, drawn when it is first told of something; silent where stderr is no terminal."""

    def __init__(self) -> None:
        self._shown: Any = None
        self._what = ""

    def show(self, what: str, done: int, total: int) -> None:
        """Tell how much is done, and of how much (0 where nobody knows); the bar ends where all is done."""
        if not sys.stderr.isatty():
            return
        if what != self._what:
            self.stop()
            self._what = what
        if self._shown is None:
            self._shown = _drawn(what)
        self._shown.update(self._shown.task_ids[0], completed=done, total=total or None)
        if total and done >= total:
            self.stop()

    def of(self, what: str) -> Callable[[int, int], None]:
        """What tells this bar of one thing that is done: (done, total)."""
        return lambda done, total: self.show(what, done, total)

    def stop(self) -> None:
        """Take the bar away: what is written next stands on a line of its own."""
        if self._shown is not None:
            self._shown.stop()
            self._shown = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _drawn(what: str) -> Any:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.add_task(what, total=None)
    bar.start()
    return bar
