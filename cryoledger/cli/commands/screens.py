"""Commands that hand the terminal over: the screen, line mode, the sample clinic."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cryoledger.cli import scan
from cryoledger.cli.call import Call
from cryoledger.cli.declare import look
from cryoledger.cli.teaching import ADMINISTRATOR, TECHNICIAN
from cryoledger.errors import RequestError

__all__ = ["open_screen", "register"]


def register(app: typer.Typer) -> None:
    """Enter the commands."""
    look(app, "tui", example="cryoledger tui", panel=TECHNICIAN)(tui)
    look(app, "scan", example=scan.EXAMPLE, panel=TECHNICIAN)(scan.scan)
    look(app, "demo", example=DEMO, panel=ADMINISTRATOR)(demo)


DEMO = """\
cryoledger demo
cryoledger demo --keep clinic.cryoledger --story"""


def tui(call: Call) -> int:
    """Open the station's screen on the vault; without arguments, `cryoledger` at a terminal does the same."""
    return open_screen(call.location)


def open_screen(location: str) -> int:
    """The station's screen."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise RequestError("The screen needs a terminal.", "Use `cryoledger scan` where there is none.")
    from cryoledger.tui import run

    return run(location)


def demo(
    call: Call,  # noqa: ARG001
    keep: Annotated[Path | None, typer.Option("--keep", metavar="PATH", help="Keep the vault there.")] = None,
    story: Annotated[bool, typer.Option("--story", help="Tell the story though there is a terminal.")] = False,
) -> int:
    """Make a sample clinic and open the screen on it; without a terminal, tell one dose's story and verify it."""
    from cryoledger.cli.commands.demo import demo as make

    return make(keep, story=story or not (sys.stdin.isatty() and sys.stdout.isatty()))
