"""The last entry that this station saw, kept outside the vault and its backups, to notice a vault that went back.

    velar.example/bangkok                            origin
    1                                                epoch
    4711                                             sequence
    Gti3Sj396yGDoqbF/bi4d5zGkR0A2c9nJtC8kfarLjg=     leaf hash of that entry

`head` follows every commit without waiting for the disk, so power loss may tear it; `head.synced` is at most as
old as the last `sync`, and survives. The later of the two that can be read is the remembered head.

`head` is written over in place, by one call within one page, which a killed process finishes or never began; a
rename takes five times as long. Readers take turns with writers by the lock. Whoever remembers often keeps both
files open; a file that is no longer in the folder is let go.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryoledger.custody.keys.secret_file import make_folder, sync_folder, write_all
from cryoledger.errors import LedgerFormatError, StationError
from cryoledger.ledger.lines import check_name, decode_base64, encode_base64, parse_decimal

_MAX_BYTES = 1024


@dataclass(frozen=True, slots=True)
class RememberedHead:
    """One entry's place and leaf hash."""

    origin: str
    epoch: int
    sequence: int
    leaf_hash: bytes

    def __post_init__(self) -> None:
        check_name(self.origin, "origin")
        if self.epoch < 1 or self.sequence < 0 or len(self.leaf_hash) != 32:
            raise LedgerFormatError("A remembered head has an epoch from 1, a sequence from 0 and a SHA-256 hash.")

    @property
    def place(self) -> tuple[int, int]:
        """Epoch and sequence, which grow together with the ledger."""
        return self.epoch, self.sequence

    def encode(self) -> bytes:
        """The four lines of the file."""
        return f"{self.origin}\n{self.epoch}\n{self.sequence}\n{encode_base64(self.leaf_hash)}\n".encode()

    @classmethod
    def parse(cls, data: bytes) -> RememberedHead:
        """The head of such lines; LedgerFormatError for a torn file."""
        try:
            lines = data.decode().split("\n")
        except UnicodeDecodeError:
            raise LedgerFormatError("The remembered head is not UTF-8.") from None
        if len(lines) != 5 or lines[4]:
            raise LedgerFormatError("A remembered head is four lines.")
        epoch, sequence = parse_decimal(lines[1], "epoch"), parse_decimal(lines[2], "sequence")
        return cls(lines[0], epoch, sequence, decode_base64(lines[3], "leaf hash"))


class HeadFile:
    """The remembered head of one vault, in a folder of the station; several processes may write it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._latest, self._synced, self._lock = folder / "head", folder / "head.synced", folder / "head.lock"
        self._kept: _Kept | None = None
        self._turn = threading.Lock()  # a lock on a file does not keep the threads that share it apart

    def read(self) -> RememberedHead | None:
        """The remembered head; None where nothing was remembered or nothing can be read (see `torn`)."""
        try:
            descriptor = os.open(self._lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return self._standing()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            return self._standing()
        finally:
            os.close(descriptor)

    @property
    def torn(self) -> bool:
        """Whether a head was once written that cannot be read now: how far the ledger went is then unknown."""
        return any(path.exists() and _read(path) is None for path in (self._latest, self._synced))

    def remember(self, head: RememberedHead) -> RememberedHead:
        """Keep `head` unless a later one is kept, and return the one that stands.

        Where that is another than `head` at the same place, the ledger has forked from what was seen here.
        Does not wait for the disk. StationError where the folder cannot be written.
        """
        with self._turn:
            standing = self._kept.advance(head) if self._kept is not None else None
            if standing is not None:
                return standing
            self._let_go()
            with self._alone():
                standing = self._standing()
                if standing is not None and standing.place >= head.place:
                    return standing
                _overwrite(self._latest, head.encode())
            self._kept = _Kept.of(self._lock, self._latest)
            return head

    def close(self) -> None:
        """Let go of the files; remembering opens them again."""
        with self._turn:
            self._let_go()

    def _let_go(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

    def sync(self) -> None:
        """The remembered head is on the disk when this returns."""
        with self._alone():
            standing = self._standing()
            if standing is not None and _read(self._synced) != standing:
                _replace(self._synced, standing.encode(), sync=True)
                sync_folder(self._folder)

    def _standing(self) -> RememberedHead | None:
        found = [head for head in (_read(self._latest), _read(self._synced)) if head is not None]
        return max(found, key=lambda head: head.place, default=None)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        make_folder(self._folder)
        try:
            descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield
            finally:
                os.close(descriptor)
        except OSError as error:
            raise StationError(
                f"The head of the ledger cannot be remembered in {self._folder}: {error.strerror}.",
                "What was recorded is safe, but a vault set back could go unnoticed: make room on the disk.",
            ) from None


class _Kept:
    """The lock and the head, kept open by whoever has just written the head.

    From then on it only advances: so `head.synced`, a copy of what stood there, need not be read again.
    """

    def __init__(self, *paths: Path) -> None:
        self._paths = paths
        self._lock, self._head = self._descriptors = _opened(paths)

    @classmethod
    def of(cls, lock: Path, head: Path) -> _Kept | None:
        """Both files, open; None where they cannot be kept so."""
        try:
            return cls(lock, head)
        except OSError:
            return None

    def advance(self, head: RememberedHead) -> RememberedHead | None:
        """Keep `head` unless a later one is kept; the one that stands, or None where that must be found out anew."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            try:
                return self._advance(head)
            finally:
                fcntl.flock(self._lock, fcntl.LOCK_UN)
        except (OSError, LedgerFormatError):
            return None

    def _advance(self, head: RememberedHead) -> RememberedHead | None:
        for path, descriptor in zip(self._paths, self._descriptors, strict=True):
            if not os.path.samestat(path.lstat(), os.fstat(descriptor)):
                return None
        before, content = os.pread(self._head, _MAX_BYTES, 0), head.encode()
        standing = RememberedHead.parse(before)
        if standing.place >= head.place:
            return standing
        if len(before) > len(content) or os.pwrite(self._head, content, 0) != len(content):
            return None
        return head

    def close(self) -> None:
        """Let go of both."""
        for descriptor in self._descriptors:
            os.close(descriptor)


def _opened(paths: Sequence[Path]) -> list[int]:
    descriptors: list[int] = []
    try:
        for path in paths:
            descriptors.append(os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC))  # noqa: PERF401 - closed below
    except OSError:
        for descriptor in descriptors:
            os.close(descriptor)
        raise
    return descriptors


def _read(path: Path) -> RememberedHead | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return RememberedHead.parse(os.read(descriptor, _MAX_BYTES))
        finally:
            os.close(descriptor)
    except (OSError, LedgerFormatError):
        return None


def _overwrite(path: Path, content: bytes) -> None:
    """Write over what is there where that is no longer than `content`; a shorter one takes a file of its own."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        _replace(path, content, sync=False)
        return
    try:
        over = os.fstat(descriptor).st_size <= len(content) and os.pwrite(descriptor, content, 0) == len(content)
    finally:
        os.close(descriptor)
    if not over:
        _replace(path, content, sync=False)


def _replace(path: Path, content: bytes, *, sync: bool) -> None:
    temporary = path.with_name(path.name + ".new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o600)
    try:
        write_all(descriptor, content)
        if sync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    temporary.replace(path)
