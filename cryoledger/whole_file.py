"""Writes a file whole or not at all: who looks at its name sees the old content or the new, never a part.

write(Path("dose.pdf"), content, replace=False)   # FileExistsError where something is there
with opened(Path("export.csv"), replace=True) as file:
    file.write(b"...")
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

__all__ = ["is_taken", "opened", "write"]


def is_taken(path: Path) -> bool:
    """Whether a file of somebody's stands there, which writing would replace; a device or a pipe only takes things."""
    found = _found(path)
    return found is not None and stat.S_ISREG(found.st_mode)


def write(path: Path, content: bytes, *, replace: bool, mode: int | None = None) -> None:
    """`content` in a file; FileExistsError where one is there and is not to be replaced, OSError where it cannot be."""
    with opened(path, replace=replace, mode=mode) as file:
        file.write(content)


@contextmanager
def opened(path: Path, *, replace: bool, mode: int | None = None) -> Iterator[BinaryIO]:
    """A file to write, under its name when the block has ended well; as `write` otherwise.

    `mode` are its permissions; else those of the file that it replaces, or what the umask leaves.
    """
    found = _found(path)
    if found is not None and not stat.S_ISREG(found.st_mode):
        with path.open("wb") as file:  # a device or a pipe; a folder refuses
            yield file
        return
    if found is not None and not replace:
        raise FileExistsError(17, "it exists already", str(path))
    target = path.resolve()  # what a link points to is replaced, and the link stays
    part = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    permissions = mode if mode is not None else stat.S_IMODE(found.st_mode) if found is not None else None
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
            if permissions is not None:
                os.fchmod(file.fileno(), permissions)
            yield file
        if replace:
            part.replace(target)
        else:
            os.link(part, target)  # refuses what came there meanwhile
    finally:
        part.unlink(missing_ok=True)


def _found(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None
