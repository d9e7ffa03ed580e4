"""What holds for every test, and what a run tells at its end: the table of forgers, wherever their tests ran."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import settings

ATTEMPT, CAUGHT = 62, 26

# What an example takes on the wall says how busy the machine is, not whether the program is right.
settings.register_profile("here", deadline=None)
settings.load_profile("here")


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
