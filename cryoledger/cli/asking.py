"""What is asked of a person: PINs and wristbands, at a terminal without echo, else one line each from stdin.

Never from arguments or the environment, where other people of the machine could read them.
"""

from __future__ import annotations

import getpass
import os
import sys
from io import BufferedReader

from cryoledger.cli import output
from cryoledger.errors import PinError, RequestError

__all__ = [
    "at_terminal",
    "join_code",
    "line",
    "new_pin",
    "nothing_more",
    "pin",
    "sheet_text",
    "token",
    "wristband",
    "yes",
]

LINE_MAX = 4096
SHEET_MAX = 64 * 1024


def at_terminal() -> bool:
    """Whether a person sits at stdin."""
    return sys.stdin is not None and sys.stdin.isatty()


def pin(who: str) -> str:
    """A person's PIN."""
    if at_terminal():
        return _hidden(f"PIN of {who}: ")
    line = _line()
    if line is None:
        raise PinError(
            f"The PIN of {who} is asked for, and the standard input has ended.",
            "Give one line for each PIN, in the order of the signers.",
        )
    return line


def new_pin(who: str) -> str:
    """A new PIN: typed twice at a terminal, else one line."""
    if not at_terminal():
        return pin(who)
    first = _hidden(f"New PIN of {who}: ")
    if _hidden("The same again: ") != first:
        raise PinError("The two PINs differ.", "Repeat the command.")
    return first


def wristband() -> str:
    """What a patient's wristband says; it is compared and never kept."""
    line = _hidden("Scan the wristband: ") if at_terminal() else _line()
    if not line:
        raise RequestError("No wristband was scanned.", "Scan it, or give its text as the first line of stdin.")
    if not at_terminal():
        output.narrate("The first line was taken as the wristband's scan; PINs are read after it.")
    return line


def line(what: str) -> str:
    """Something that is no secret to who types it, but must not stand in arguments; empty where nothing was given."""
    if at_terminal():
        output.narrate(f"{what}:")
    return (_line() or "").strip()


def join_code() -> str:
    """The one-time code with which a station joins."""
    code = _hidden("Code of `station invite`: ") if at_terminal() else _line()
    if not code:
        raise RequestError("No code was entered.", "Type it, or give it as the first line of stdin.")
    return code


def token() -> str:
    """The token that browsers must show."""
    text = _hidden("Token: ") if at_terminal() else _line()
    if not text:
        raise RequestError("No token was entered.", "Type it, or give it as the first line of stdin.")
    return text.strip()


def nothing_more() -> None:
    """RequestError where a script gave more lines than were asked for: one that is shifted signs as somebody else."""
    if sys.stdin is not None and not at_terminal() and _waiting().strip():
        raise RequestError(
            "Standard input has more lines than were asked for, so nothing was recorded.",
            "Give the wristband's scan where one is asked, then one line for each PIN, in the order of the signers.",
        )


def _waiting() -> bytes:
    """What of stdin is there already; an end that is still open is not waited for."""
    stream = sys.stdin.buffer
    if not isinstance(stream, BufferedReader):
        return stream.read(LINE_MAX)
    try:
        number = stream.fileno()
        blocking = os.get_blocking(number)
        os.set_blocking(number, False)
    except (OSError, ValueError):
        return b""
    try:
        return stream.read1(LINE_MAX) or b""
    except BlockingIOError:
        return b""
    finally:
        os.set_blocking(number, blocking)


def sheet_text() -> str:
    """The text of a recovery sheet, up to the end of stdin."""
    return _decoded(sys.stdin.buffer.read(SHEET_MAX))


def yes(question: str) -> bool:
    """Whether a person at the terminal says yes; without a terminal nobody does."""
    if not at_terminal():
        return False
    output.narrate(f"{question} [y/N]")
    return (_line() or "").strip().lower() in ("y", "yes")


def _hidden(prompt: str) -> str:
    try:
        return getpass.getpass(prompt, stream=sys.stderr)
    except EOFError:
        raise PinError("Nothing was entered.", "Repeat the command.") from None


def _line() -> str | None:
    """One line of stdin without its end; None after the last."""
    content = sys.stdin.buffer.readline(LINE_MAX + 1)
    if not content:
        return None
    if len(content) > LINE_MAX:
        raise RequestError(f"A line of stdin has more than {LINE_MAX} bytes.", "Give one PIN or code in a line.")
    return _decoded(content).rstrip("\r\n")


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise RequestError("A line of stdin is not UTF-8 text.", "Set the terminal or the script to UTF-8.") from None
