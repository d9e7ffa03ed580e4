"""A copy of a vault as a file while people work with it, and a look at such a copy that changes none of its bytes.

    copy(location, part)            # one state of the vault, by SQLite's backup API, on the disk when it returns
    copy_of_server(store, part)     # the same of a vault on a server, row for row
    content = read(part)            # every entry hashed, chained and counted; VaultDamagedError where one is wrong

A copy holds the tables and nothing of the station: neither the vault secret nor the keys of donors and patients.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryoledger.database import faults
from cryoledger.database.driver import sqlite_connection
from cryoledger.database.facts import ENTRY_COLUMNS, Stored
from cryoledger.database.local import INVITATION, WRONG_CODES
from cryoledger.database.location import Location
from cryoledger.database.store import Store
from cryoledger.errors import CryoledgerError, VaultDamagedError, VaultError
from cryoledger.ledger.canonical import format_time
from cryoledger.ledger.entry import ZERO_HASH
from cryoledger.ledger.tree import Frontier, leaf_hash

__all__ = ["Content", "Progress", "copy", "copy_of_server", "in_use", "read"]

Progress = Callable[[int, int], None]
PAGES = 4096
_ENTRIES = f'SELECT {ENTRY_COLUMNS} FROM "entry" ORDER BY epoch, sequence'  # noqa: S608 - fixed names
_INVITATIONS = "DELETE FROM wrapped_key WHERE key_id IN (?, ?)"


@dataclass(frozen=True, slots=True)
class Content:
    """What a copy holds: the head, the size and root of its epoch, and how many entries in all."""

    origin: str
    fingerprint: bytes
    epoch: int
    sequence: int
    leaf_hash: bytes
    root: bytes
    recorded_at: str
    entries: int


def copy(location: Location, target: Path, progress: Progress | None = None) -> None:
    """Copy one state of a vault's file into an empty or new file; writers go on meanwhile."""
    with _told(location), closing(sqlite_connection(location, writing=False)) as source:
        # In a snapshot that is held, the pages stay those of one state, however long the copying takes.
        source.execute("BEGIN")
        source.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
        with _writing(target), closing(sqlite3.connect(target, isolation_level=None)) as made:
            source.backup(made, pages=PAGES, progress=_shown(progress))
            _without_invitations(made)
    with target.open("rb") as file:
        os.fsync(file.fileno())


def copy_of_server(store: Store, target: Path, progress: Progress | None = None) -> None:
    """Copy one state of a vault on a server into an empty file; stations go on meanwhile.

    Every row comes as the server has it, from one snapshot: what somebody changed there is in the copy, and found by
    whoever verifies that.
    """
    from sqlalchemy.exc import DBAPIError

    from cryoledger.database import migrate, transfer
    from cryoledger.database.engine import engine

    made = Location(path=target)
    with _writing(target):
        try:
            migrate.upgrade(engine(made))
        except DBAPIError as error:
            raise error.orig or error from None
        with store.reading() as reading, transfer.filling(made) as filled:
            transfer.unhurried(reading)
            transfer.as_they_are(reading, filled, progress)
    with target.open("rb") as file:
        os.fsync(file.fileno())


def _shown(progress: Progress | None) -> Callable[[int, int, int], None] | None:
    return None if progress is None else lambda _, remaining, total: progress(total - remaining, total)


def _without_invitations(made: sqlite3.Connection) -> None:
    """An invitation holds the vault secret under a code that somebody may have kept: no copy takes it along."""
    if made.execute("SELECT 1 FROM wrapped_key WHERE key_id IN (?, ?)", (INVITATION, WRONG_CODES)).fetchone():
        made.execute("PRAGMA secure_delete=ON")
        made.execute(_INVITATIONS, (INVITATION, WRONG_CODES))


def in_use(path: Path) -> bool:
    """Whether a log lies beside a file: then it is a vault that somebody uses, and the file alone is not all of it."""
    log = path.with_name(path.name + "-wal")
    return log.exists() and log.stat().st_size > 0


def read(path: Path) -> Content:
    """Every entry of a copy, hashed and chained, after SQLite's own check; VaultDamagedError says what is wrong."""
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with _told(path), closing(sqlite3.connect(uri, uri=True)) as connection:
        said = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(1)")]
        if said != ["ok"]:
            raise _bad(path, f"SQLite says of it: {said[0][:200]}")
        return _walk(path, (Stored(*row) for row in connection.execute(_ENTRIES)))


def _walk(path: Path, entries: Iterator[Stored]) -> Content:
    first: bytes | None = None
    last: Stored | None = None
    count, frontier = 0, Frontier()
    for stored in entries:
        where = f"entry {stored.epoch}/{stored.sequence}"
        if leaf_hash(stored.note) != stored.leaf_hash:
            raise _bad(path, f"{where} does not have the hash that stands beside it")
        opens = stored.sequence == 0 and stored.epoch == (1 if last is None else last.epoch + 1)
        if opens:
            frontier = Frontier()
        elif last is None or (stored.epoch, stored.sequence) != (last.epoch, last.sequence + 1):
            raise _bad(path, f"an entry is missing before {where}")
        if stored.previous != (ZERO_HASH if opens or last is None else last.leaf_hash):
            raise _bad(path, f"{where} does not follow the one before it")
        frontier, last, count = frontier.append(stored.leaf_hash), stored, count + 1
        first = first or stored.leaf_hash
    if last is None or first is None:
        raise _bad(path, "it holds no entry")
    entry = last.parse()
    return Content(
        entry.origin, first, last.epoch, last.sequence, last.leaf_hash, frontier.root,
        format_time(entry.envelope.recorded_at), count,
    )  # fmt: skip


def _bad(path: Path, what: str) -> VaultDamagedError:
    return VaultDamagedError(f"The copy {path} is not good: {what}.", "Do not rely on it; make another backup.")


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    """What is read is a snapshot that is held, so what fails is the writing of the copy."""
    try:
        yield
    except sqlite3.Error as error:
        raise _unwritten(target, str(error)) from error
    except VaultError as error:
        if str(target) in error.message:  # of the copy, not of the vault that is read
            raise _unwritten(target, error.message.rstrip(".")) from error
        raise


def _unwritten(target: Path, why: str) -> VaultError:
    return VaultError(
        f"The copy {target} could not be written: {why}.",
        "Make room there, or name another place. The vault itself is untouched.",
    )


@contextmanager
def _told(where: object) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        fault = faults.of_sqlite(error, where)
        raise fault if isinstance(fault, CryoledgerError) else _bad(Path(str(where)), str(error)) from error
