"""The command line: one front end on the core that the screens share; no rule is here.

    $ cryoledger --help
    $ cryoledger trace BKV000001W --json

stdout is data, stderr is narration. What a user can meet ends with one line that says what happened, why, and what to
do next, and with a code of `exit_codes`. Heavy modules are imported by the command that needs them.

- `app` puts the commands together; `teaching` makes help that teaches; `declare` gives each command its options.
- `call` is the open vault of one command, `acts` records, `asking` asks for PINs, `output` writes.
- `screen` opens the station's screen, before anything else is loaded.
- the other modules hold commands, by the kind of thing they are about.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from cryoledger.cli import exit_codes, output, screen
from cryoledger.errors import CryoledgerError, RequestError

__all__ = ["main", "run"]

DEBUG = "CRYOLEDGER_DEBUG"


def main() -> NoReturn:
    """Run the program with the arguments of the process."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    code = run(sys.argv[1:])
    if code == exit_codes.PIPE_CLOSED:
        # The interpreter flushes stdout once more as it ends, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command; its exit code. Nothing is raised but SystemExit."""
    try:
        _refuse_broken_text(arguments)
        return _command(arguments)
    except CryoledgerError as error:
        output.narrate(f"{error}".strip())
        for note in getattr(error, "__notes__", ()):
            output.narrate(note)
        return exit_codes.of(error)
    except KeyboardInterrupt:
        return exit_codes.INTERRUPTED
    except (output.PipeClosed, BrokenPipeError):
        return exit_codes.PIPE_CLOSED
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback reaches a user
        return _fault(error)


def _command(arguments: Sequence[str]) -> int:
    if (vault := screen.asked_for(arguments)) is not None:
        return screen.open_screen(vault)
    import typer

    from cryoledger.cli.app import program

    try:
        code = program()(list(arguments), prog_name="cryoledger", standalone_mode=False)
        output.flush()
    except typer.Abort:
        return exit_codes.INTERRUPTED
    except Exception as error:
        show = getattr(error, "show", None)
        if show is None or not hasattr(error, "exit_code"):
            raise
        show()  # an error of usage, as Click writes it
        return exit_codes.USAGE
    return code if isinstance(code, int) else exit_codes.OK


def _refuse_broken_text(arguments: Sequence[str]) -> None:
    for number, argument in enumerate(arguments, start=1):
        if any("\ud800" <= character <= "\udfff" for character in argument):
            raise RequestError(f"Argument {number} is not UTF-8 text.", "Set the terminal to UTF-8 and repeat.")


def _fault(error: Exception) -> int:
    if os.environ.get(DEBUG):
        import traceback

        traceback.print_exc()
    output.narrate(
        f"{type(error).__name__}: this is a fault of the program, not of what you typed. What was recorded before is "
        f"safe. Repeat it with {DEBUG}=1 in the environment and send what it prints to the developers."
    )
    return exit_codes.FAULT
