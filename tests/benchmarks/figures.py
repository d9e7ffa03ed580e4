"""What benchmarks share: percentiles, the machine in one line, where the time goes, and how a result is printed."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def timed(act: Callable[[], object]) -> float:
    """Seconds that an act takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def machine() -> str:
    """The machine and what else it does at the moment."""
    model = "unknown processor"
    told = Path("/proc/cpuinfo")
    if told.exists():
        lines = told.read_text().splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{os.cpu_count()} x {model}, Python {platform.python_version()}, {platform.system()}, load {load}"


def say(text: str = "") -> None:
    print(text, flush=True)


def row(name: str, *values: str) -> None:
    """One line of a table."""
    say(f"  {name:<46}" + "".join(f"{value:>16}" for value in values))


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


class Stages:
    """Where the time goes: functions are wrapped while the block lasts, and the wall time of their calls kept."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, list[float]] = defaultdict(list)

    @contextmanager
    def of(self, *functions: tuple[Any, str, str]) -> Iterator[None]:
        kept = [(holder, name, getattr(holder, name)) for holder, name, _ in functions]
        for holder, name, label in functions:
            setattr(holder, name, self._wrapped(getattr(holder, name), label))
        try:
            yield
        finally:
            for holder, name, function in kept:
                setattr(holder, name, function)

    def _wrapped(self, function: Callable[..., Any], label: str) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds[label].append(time.perf_counter() - began)

        return run

    def show(self, whole: float, count: int) -> None:
        """Each stage's part of an act: the median of its calls, times how often it is called in one."""
        found = {label: percentile(calls, 0.5) * len(calls) / count for label, calls in self.seconds.items()}
        for label, seconds in sorted(found.items(), key=lambda item: -item[1]):
            row(f"    {label}", f"{seconds * 1e6:.0f} us", f"{seconds / whole:.0%}")


def progress(text: str) -> None:
    print(f"  {text} ...", file=sys.stderr, flush=True)
