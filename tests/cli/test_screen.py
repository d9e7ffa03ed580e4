"""The short way from the command line to the screen."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cryoledger.cli import screen


@pytest.mark.parametrize("words", [[], ["tui"]])
def test_the_screen_is_asked_for_by_no_word_more(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "at_terminal", lambda: True)
    monkeypatch.setenv("CRYOLEDGER_VAULT", "/of/the/environment")
    assert screen.asked_for(["--vault", "/x", *words]) == "/x"
    assert screen.asked_for(words) == "/of/the/environment"


@pytest.mark.parametrize(
    "words",
    [["tui", "--help"], ["tui", "--vault", "/x"], ["--vault"], ["--version"], ["scan"], ["tui", "tui"], ["", "tui"]],
)
def test_anything_else_goes_to_the_commands(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "at_terminal", lambda: True)
    assert screen.asked_for(words) is None


def test_without_a_terminal_there_is_no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "at_terminal", lambda: False)
    assert screen.asked_for(["tui"]) is None


def test_nothing_but_the_screen_is_loaded_on_the_way() -> None:
    script = (
        "import sys, cryoledger.cli.screen as screen, cryoledger.tui as tui, cryoledger.cli as cli\n"
        "screen.at_terminal = lambda: True\n"
        "tui.run = lambda location: print(location, [name for name in ('typer', 'pydantic') if name in sys.modules])\n"
        "sys.exit(cli.run(['--vault', '/x', 'tui']) or 0)"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False).stdout
    assert told == "/x []\n"
