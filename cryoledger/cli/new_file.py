"""The one way in which a command writes a file: never over one that is there, unless that was asked for.

    Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="Write it there."), WRITES]

`declare` gives such a command `--replace`, and looks before anything else happens whether the file may be written; at a
terminal it asks. `Call.write`, or `writing` for a long one, then writes it, whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final, get_type_hints

import typer

from cryoledger import whole_file
from cryoledger.cli import asking
from cryoledger.errors import RequestError

__all__ = ["WRITES", "Replace", "may_replace", "write", "writing", "written_by"]

WRITES: Final = "cryoledger: the command writes this file"
Replace = Annotated[bool, typer.Option("--replace", help="Replace a file that is there already.")]
NUMBERED = (".png", ".svg")  # several labels become name-001.png and so on


def written_by(function: Any) -> list[str]:
    """The parameters of a command's function that name a file which it writes."""
    hints = get_type_hints(function, include_extras=True)
    return [name for name, hint in hints.items() if WRITES in getattr(hint, "__metadata__", ())]


def may_replace(path: Path | None, replace: bool) -> bool:
    """Whether what is there may be replaced: asked for, or agreed to at the terminal; RequestError where not."""
    if path is None or replace:
        return replace
    numbered = path.with_name(f"{path.stem}-001{path.suffix}")
    for each in (path, numbered) if path.suffix.lower() in NUMBERED else (path,):
        if _is_taken(each):
            if asking.yes(f"{each} exists already. Replace it?"):
                return True
            raise RequestError(f"{each} exists already.", "Name another file, or add --replace.")
    return False


def _is_taken(path: Path) -> bool:
    try:
        if path.is_dir():
            raise RequestError(f"{path} is a folder.", "Name a file in it.")
        return whole_file.is_taken(path)
    except (OSError, ValueError) as error:
        raise _unwritable(path, "file", error) from None


def write(path: Path, content: bytes, what: str, *, replace: bool) -> None:
    """Write a file; RequestError where it cannot be."""
    with writing(path, what, replace=replace) as file:
        file.write(content)


@contextmanager
def writing(path: Path, what: str, *, replace: bool) -> Iterator[BinaryIO]:
    """A file to write, there under its name when the block ended well; RequestError where it cannot be."""
    try:
        with whole_file.opened(path, replace=replace) as file:
            yield file
    except (OSError, ValueError) as error:
        raise _unwritable(path, what, error) from None


def _unwritable(path: Path, what: str, error: OSError | ValueError) -> RequestError:
    reason = getattr(error, "strerror", None) or "its name is no path"
    return RequestError(f"The {what} {path} cannot be written: {reason}.", "Name another place.")
