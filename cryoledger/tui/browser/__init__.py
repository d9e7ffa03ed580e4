"""The station's screen in a browser: the same program, one process of its own for each browser that opens it.

    browser --websocket--> server (textual-serve, behind `gate`) --pipe--> session: `cryoledger.tui.run`

- `address` says where the program listens and by which names browsers may call it; no other name is answered.
- `gate` is asked before anything else: it knows the token, who has shown it, and which pages may talk to us.
- `server` is textual-serve with our page, our gate and an end that leaves no session behind.
- `session` is what runs in the process of one browser.

Importing the package imports neither Textual nor a web server; `serve` says what to install where they are missing.
"""

from __future__ import annotations

from collections.abc import Callable

from cryoledger.errors import StationError
from cryoledger.tui.browser.address import Address, Certificate

__all__ = ["Address", "Certificate", "serve"]


def serve(location: str, address: Address, token: str | None, say: Callable[[str], None]) -> int:
    """Serve the vault's station at an address until the process is told to end; returns the exit code.

    `say` is called with each line for the person who started it. A vault that cannot be opened raises its
    CryoledgerError before anything is served; StationError where the web server is not installed.
    """
    try:
        import textual_serve  # noqa: F401 - only to see that it is there
    except ImportError:
        raise StationError(
            "The screen cannot be shown in a browser: the web server is not installed.",
            "Install it: pip install 'cryoledger[serve]'.",
        ) from None
    from cryoledger.tui.browser.server import StationServer
    from cryoledger.tui.opening import Opening

    address.check(token)
    opening = Opening(location)
    try:
        opening()  # what stands in the way is said here, not to the first browser
    finally:
        opening.close()
    StationServer(location, address, token, say).run()
    return 0
