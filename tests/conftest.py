"""How many tests run at once, and what a run tells at its end: the table of forgers, wherever their tests ran."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

ATTEMPT, CAUGHT = 62, 26


def pytest_xdist_auto_num_workers() -> int:
    """Of `-n auto`: more than there are processors, because half of the time tests wait for screens and processes."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return processors + max(2, processors // 2)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Attacker, attempt, who catches it, and in which words; nothing where no forger was tried."""
    rows = [
        value
        for report in terminalreporter.getreports("passed")
        if report.when == "call"
        for name, value in report.user_properties
        if name == "forger"
    ]
    if rows:
        terminalreporter.section("forgers: who holds what, tries what, and is caught by whom")
        for line in _lines(sorted(rows)):
            terminalreporter.write_line(line)


def _lines(rows: list[Any]) -> Iterator[str]:
    """`rows` are number, attacker, attempt, by whom, words."""
    holder = ""
    for _, who, attempt, caught, words in rows:
        if who != holder:
            yield f"{who}:"
        holder = who
        yield f"  {attempt:<{ATTEMPT}} {caught:<{CAUGHT}}  {words}"
