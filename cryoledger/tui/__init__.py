"""The station's screen: who is signed in, the answer to each scan, the vial's card and its box, in a terminal.

    from cryoledger.tui import run
    run("/var/lib/cryoledger/vault.sqlite")

How the parts fit: `scan_gate` tells scans from typed keys; `app` queues them, and one worker hands them, in order, to
`service`, which asks the desk (`cryoledger.custody.desk`) and reads a `view` of the vault; `station_screen` draws
that view with `answer_panel`, `prompt`, `lists` and `box_map`. Whatever comes from data is drawn through
`words.plain`. No rule of custody is in this package.

Importing the package imports neither Textual nor the database.
"""

from __future__ import annotations

__all__ = ["run"]


def run(location: str, banner: str = "") -> int:
    """Show the station on the vault at a path or URL until the person leaves; returns the exit code.

    `banner` is shown at sign-in, line by line. A vault that cannot be opened raises its CryoledgerError, once the
    terminal is as it was.
    """
    from cryoledger.tui.app import StationApp
    from cryoledger.tui.opening import Opening

    opening = Opening(location)
    app = StationApp(opening, banner)
    try:
        app.run()
    finally:
        opening.close()
    if app.failure is not None:
        raise app.failure
    return app.return_code or 0
