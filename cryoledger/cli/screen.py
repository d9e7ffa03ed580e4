"""The station's screen from the command line: the shortest way to it, because somebody waits with a vial in hand.

Typer and all commands take as long to load as half of the screen, and the screen needs none of them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from cryoledger.errors import RequestError

__all__ = ["asked_for", "at_terminal", "named_vault", "open_screen"]

VARIABLE = "CRYOLEDGER_VAULT"


def asked_for(arguments: Sequence[str]) -> str | None:
    """The vault whose screen is asked for at a terminal, by `cryoledger [--vault V] [tui]` and no word more."""
    rest, vault = list(arguments), None
    if len(rest) > 1 and rest[0] == "--vault":
        vault, rest = rest[1], rest[2:]
    if rest not in ([], ["tui"]) or not at_terminal():
        return None
    return named_vault(vault)


def open_screen(location: str) -> int:
    """The station's screen."""
    if not at_terminal():
        raise RequestError("The screen needs a terminal.", "Use `cryoledger scan` where there is none.")
    from cryoledger.tui import run

    return run(location)


def named_vault(option: str | None) -> str:
    """The vault that is meant: of the option, else of the environment, else in the user's data folder."""
    named = option or os.environ.get(VARIABLE)
    if named:
        return named
    from cryoledger.custody.station.station_folder import default_vault_path

    return str(default_vault_path())


def at_terminal() -> bool:
    """Whether somebody sits at a terminal, and sees what is written."""
    return sys.stdin.isatty() and sys.stdout.isatty()
