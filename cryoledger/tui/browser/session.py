"""What runs in the process of one browser: `python -m cryoledger.tui.browser.session VAULT`, started by `server`."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import Final

from cryoledger.errors import CryoledgerError
from cryoledger.tui import run

ORPHANED_SECONDS: Final = 1.0


def main() -> int:
    """Show the station to this browser; what went wrong is said to whoever started the server."""
    threading.Thread(target=_end_with, args=(os.getppid(),), name="server", daemon=True).start()
    try:
        return run(sys.argv[1])
    except CryoledgerError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _end_with(server: int) -> None:
    """End, and wipe the key, when the server is gone however it went: nobody could see this screen any more."""
    while os.getppid() == server:
        time.sleep(ORPHANED_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
