"""Files that hold secrets: made whole or not at all, for their owner's eyes only, and refused otherwise."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from pathlib import Path

from cryoledger.errors import StationError

MAX_SECRET_FILE_BYTES = 64 * 1024


def make_folder(path: Path) -> None:
    """The folder and those above it, 0700 where they are new; StationError where the system says no."""
    if path.is_dir():
        return
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)  # a umask may have taken more than it should
    except OSError as error:
        raise StationError(
            f"The folder {path} cannot be made: {error.strerror}.", "Make it, or set CRYOLEDGER_HOME to another."
        ) from None


def write_new(path: Path, content: bytes, what: str) -> None:
    """`content` in a new file, 0600, on the disk when this returns; StationError if there is one already."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        try:
            _write_whole(temporary, content)
            # A rename would replace what is there; a link refuses, whoever else writes at this moment.
            os.link(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)
    except FileExistsError:
        raise StationError(
            f"There is a file already where {what} should go, {path}; it was left as it is.",
            "Move it to a safe place first, if it is no longer needed.",
        ) from None
    except OSError as error:
        raise StationError(
            f"The file {path} for {what} cannot be written: {error.strerror}.",
            "See that the disk of this machine has room, and that the folder belongs to you.",
        ) from None


def read_private(path: Path, what: str, *, limit: int = MAX_SECRET_FILE_BYTES) -> bytes:
    """What a secret file holds; StationError where it is missing, a link, too big, or others can read it."""
    try:
        descriptor = open_private(path, os.O_RDONLY, what)
    except FileNotFoundError:
        raise StationError(
            f"This station has no {what}: {path} is missing.",
            "Join the station to the vault, or take the secret from the recovery sheet.",
        ) from None
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise StationError(f"The {what} in {path} is no such file: it is too big.", "Put the right file there.")
    return content


def open_private(path: Path, flags: int, what: str) -> int:
    """A descriptor of a regular file that only its owner can open; FileNotFoundError, or StationError."""
    try:
        # Without O_NONBLOCK, a pipe put there would hold the program for ever.
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _unsafe(path, what, "it is a symbolic link") from None
        raise StationError(
            f"The {what} cannot be opened, {path}: {error.strerror}.", "See who owns the file and its folder."
        ) from None
    try:
        _check_private(os.fstat(descriptor), path, what)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def write_all(descriptor: int, content: bytes) -> None:
    """All of `content`, however little the system takes at a time."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def sync_folder(path: Path) -> None:
    """A new name in a folder survives power loss only once the folder itself was synced."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_whole(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(descriptor, 0o600)  # a umask may have taken more than it should
        write_all(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_private(found: os.stat_result, path: Path, what: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise _unsafe(path, what, "it is not a regular file")
    if found.st_uid not in (os.geteuid(), 0):
        raise _unsafe(path, what, "it belongs to another user")
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise _unsafe(path, what, f"others can open it (mode {stat.S_IMODE(found.st_mode):04o})")


def _unsafe(path: Path, what: str, why: str) -> StationError:
    return StationError(
        f"The {what} in {path} is not used: {why}.",
        "Find out who changed it; if nobody else can have read it, put the file back with mode 0600 (chmod 600).",
    )
