"""The station's screen: who is signed in, the answer to each scan, the vial's card and its box, in a terminal.

    from cryoledger.tui import run
    run("/var/lib/cryoledger/vault.sqlite")

How the parts fit: `scan_gate` tells scans from typed keys; `app` queues them, and one worker hands them, in order, to
`service`, which asks the desk (`cryoledger.custody.desk`) and reads a `view` of the vault; `station_screen` draws
that view with `answer_panel`, `prompt`, `lists` and `box_map`, of `lines` and `text` that are drawn anew only where
they differ; `collecting` keeps the garbage collector out of scans. Whatever comes from data is drawn through
`words.plain`. No rule of custody is in this package.

`browser` shows the same program in a browser. Importing the package imports neither Textual nor the database.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Serving", "run", "serve"]

# An answer is painted with the next frame, and Textual's 60 a second let it wait as long as drawing it takes.
os.environ.setdefault("TEXTUAL_FPS", "120")


def run(location: str, banner: str = "") -> int:
    """Show the station on the vault at a path or URL until the person leaves; returns the exit code.

    `banner` is shown at sign-in, line by line. A vault that cannot be opened raises its CryoledgerError, once the
    terminal is as it was; StationError where the station's `keys.toml` says what cannot be.
    """
    from cryoledger.tui.app import StationApp
    from cryoledger.tui.opening import Opening
    from cryoledger.tui.preferences import station_preferences

    opening = Opening(location)
    app = StationApp(opening, banner, station_preferences())
    try:
        app.run()
    finally:
        opening.close()
    if app.failure is not None:
        raise app.failure
    return app.return_code or 0


@dataclass(frozen=True, slots=True)
class Serving:
    """Where `serve` listens; `public_url` is how browsers call it behind a proxy, `certificate` a chain and its key."""

    host: str
    port: int
    public_url: str | None = None
    certificate: tuple[Path, Path] | None = None


def serve(location: str, where: Serving, token: str | None, say: Callable[[str], None]) -> int:
    """Show the station in browsers until the process is told to end; `say` gets each line for who started it.

    RequestError where others could open it and no token is set; StationError where the web server is not installed;
    the CryoledgerError of a vault that cannot be opened.
    """
    from cryoledger.tui import browser

    pair = browser.Certificate(*where.certificate) if where.certificate is not None else None
    address = browser.Address(where.host, where.port, where.public_url, pair)
    return browser.serve(location, address, token, say)
