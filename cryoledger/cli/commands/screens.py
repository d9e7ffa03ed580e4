"""Commands that hand the terminal over: the screen, line mode, the sample clinic."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cryoledger.cli import asking, output, scan
from cryoledger.cli.call import Call
from cryoledger.cli.declare import look
from cryoledger.cli.screen import at_terminal, open_screen
from cryoledger.cli.teaching import ADMINISTRATOR, TECHNICIAN
from cryoledger.errors import RequestError

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Enter the commands."""
    look(app, "tui", example="cryoledger tui", panel=TECHNICIAN)(tui)
    look(app, "serve", example=SERVE, panel=ADMINISTRATOR)(serve)
    look(app, "scan", example=scan.EXAMPLE, panel=TECHNICIAN)(scan.scan)
    look(app, "demo", example=DEMO, panel=ADMINISTRATOR)(demo)


SERVE = """\
cryoledger serve
cryoledger serve --port 9000
cryoledger serve --host 192.0.2.7 --token-file station.token --certificate station.pem --key station.key"""
DEMO = """\
cryoledger demo
cryoledger demo --keep clinic.cryoledger --story"""


def tui(call: Call) -> int:
    """Open the station's screen on the vault; without arguments, `cryoledger` at a terminal does the same."""
    return open_screen(call.location)


def serve(
    call: Call,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Listen here; any but this machine alone needs a token.")
    ] = "localhost",
    port: Annotated[
        int, typer.Option("--port", metavar="NUMBER", help="Listen at this port; 0 takes a free one.")
    ] = 8023,
    token_file: Annotated[
        Path | None, typer.Option("--token-file", metavar="FILE", help="The token that browsers must show; mode 0600.")
    ] = None,
    ask_token: Annotated[
        bool, typer.Option("--ask-token", help="Ask for the token here; without a terminal, one line of stdin.")
    ] = False,
    public_url: Annotated[
        str | None, typer.Option("--public-url", metavar="URL", help="How browsers call it, where a proxy is in front.")
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", metavar="FILE", help="Serve https with this certificate (PEM).")
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="The certificate's private key (PEM); mode 0600.")
    ] = None,
) -> int:
    """Show the station's screen in browsers, on this machine alone unless a token is set; each is its own session.

    Whoever opens it still needs badge and PIN. Needs the web server: pip install 'cryoledger[serve]'.
    """
    from cryoledger.tui import Serving
    from cryoledger.tui import serve as show

    if (certificate is None) is not (key is None):
        raise RequestError("A certificate and its key go together.", "Give both --certificate and --key, or neither.")
    pair = (certificate, key) if certificate is not None and key is not None else None
    where = Serving(host, port, public_url, pair)
    return show(call.location, where, _token(token_file, ask=ask_token), output.narrate)


def _token(file: Path | None, *, ask: bool) -> str | None:
    """The token, from a file of its owner's alone or from a person; None where none was asked for."""
    if file is None:
        return asking.token() if ask else None
    from cryoledger.custody.keys.secret_file import read_private

    if not file.exists():
        raise RequestError(f"There is no token at {file}.", f"Make one: (umask 077; openssl rand -hex 24 > {file}).")
    return read_private(file, "token").decode("utf-8", "replace").strip()


def demo(
    call: Call,  # noqa: ARG001
    keep: Annotated[Path | None, typer.Option("--keep", metavar="PATH", help="Keep the vault there.")] = None,
    story: Annotated[bool, typer.Option("--story", help="Tell the story though there is a terminal.")] = False,
) -> int:
    """Make a sample clinic and open the screen on it; without a terminal, tell one dose's story and verify it."""
    from cryoledger.cli.commands.demo import demo as make

    return make(keep, story=story or not at_terminal())
