"""The vault's file before SQLite sees it: precise answers about what is wrong, and creation for its owner only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryoledger.errors import VaultDamagedError, VaultError, VaultMissingError

__all__ = ["check", "created", "lying_still", "may_write"]

_MAGIC = b"SQLite format 3\0"  # SQLite file format, 1.3
_HEADER_BYTES = 100
_RESTORE = "Stop working with it, copy it as it is, and restore the last good backup."


def check(path: Path, *, writable: bool = True) -> None:
    """Raise what is wrong with a path as a vault: missing, a folder, not readable, empty, not SQLite, cut off.

    One that is only read as it lies (`lying_still`) need not be `writable`.
    """
    if path.is_dir():
        raise VaultError(f"{path} is a folder, not a vault.", "Name the vault's file.")
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
            size = os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        raise VaultMissingError(
            f"There is no vault at {path}.", "Make one with `cryoledger init`, or name another with --vault."
        ) from None
    except PermissionError:
        raise VaultError(f"The vault {path} may not be read by this user.", "Let its owner allow it.") from None
    except OSError as error:
        raise VaultError(
            f"The vault {path} cannot be read ({error.strerror}).", "Check the path, the disk and its connection."
        ) from None
    if not size:
        raise VaultDamagedError(
            f"The file {path} is empty: a vault was never finished here, or its content is lost.",
            "If no vault was in it, remove it and repeat `cryoledger init`; else restore the last good backup.",
        )
    if not header.startswith(_MAGIC):
        raise VaultDamagedError(f"{path} is not a vault: it is no SQLite file.", "Name the vault's own file.")
    _check_length(path, header, size)
    if writable:
        _check_writable(path)


def _check_length(path: Path, header: bytes, size: int) -> None:
    """Cut off: shorter than its header says (SQLite file format, 1.3.7), unless a log still holds the pages."""
    if len(header) == _HEADER_BYTES:
        page_size = int.from_bytes(header[16:18], "big")
        page_size = 65536 if page_size == 1 else page_size
        pages = int.from_bytes(header[28:32], "big")
        counted = header[24:28] == header[92:96]  # else the page count is not kept up
        log = path.with_name(path.name + "-wal")
        if not counted or size >= pages * page_size or (log.exists() and log.stat().st_size):
            return
    raise VaultDamagedError(f"The file of the vault {path} is cut off: a part of it is missing.", _RESTORE)


def _check_writable(path: Path) -> None:
    """The log and its index are made beside the file, so the folder must be writable too."""
    for place in (path, path.parent):
        if not os.access(place, os.W_OK):
            raise VaultError(
                f"The vault {path} may not be written by this user: {place} is read-only.",
                "Let its owner or an administrator allow it.",
            )


def may_write(path: Path) -> bool:
    """Whether this user may write the vault's file, and beside it."""
    return all(os.access(place, os.W_OK) for place in (path, path.parent))


@contextmanager
def lying_still(path: Path) -> Iterator[None]:
    """A file that this user may not write, read without lock and log: it must be whole, and nobody may touch it.

    VaultError where a part of it lies in its log, and after the block where somebody wrote it meanwhile.
    """
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise VaultError(
            f"The vault {path} may not be written by this user, and a part of it lies in its log {log.name}.",
            "Let the program that uses it end; or copy both files to a folder of yours, and name that copy.",
        )
    before = _stamp(path)
    yield
    if _stamp(path) != before or (log.exists() and log.stat().st_size):
        raise VaultError(
            f"The vault {path} was written while it was read without a lock; what was found says nothing.",
            "Repeat it when nobody works with the vault, or verify a copy.",
        )


def _stamp(path: Path) -> tuple[int, int, int]:
    told = path.stat()
    return told.st_ino, told.st_size, told.st_mtime_ns


@contextmanager
def created(path: Path) -> Iterator[None]:
    """An empty file of mode 0600 at a path where nothing was, removed again if the block fails."""
    try:
        # SQLite gives its log and index the mode of the file.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0), 0o600))
    except FileExistsError:
        raise VaultError(f"There is already something at {path}.", "Name a path where nothing is.") from None
    except FileNotFoundError:
        raise VaultMissingError(f"The folder {path.parent} does not exist.", "Make the folder first.") from None
    except OSError as error:
        raise VaultError(
            f"No vault can be made at {path} ({error.strerror}).", "Choose a folder that this user may write."
        ) from None
    try:
        yield
    except BaseException:
        for name in (path.name, path.name + "-wal", path.name + "-shm"):
            path.with_name(name).unlink(missing_ok=True)
        raise
