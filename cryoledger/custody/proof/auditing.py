"""Verification of a vault where it lies: the database as `audit` reads it, and what this station remembers of it.

    report = verify_at("/srv/lab.cryoledger")

Needs no secret of the station, and works on a vault that `Vault.open` refuses: what is missing or torn in it is a
finding. What the database's own check says of its pages and indexes, and which guards are gone, is reported too.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import fields, replace
from typing import Any, NamedTuple

from cryoledger import audit
from cryoledger.audit.progress import Progress
from cryoledger.custody.keys.kept_keys import wrapped_key
from cryoledger.custody.proof.documents import KeptDocuments
from cryoledger.custody.proof.verifying import Workers
from cryoledger.custody.station.station_folder import StationFolder
from cryoledger.custody.vault import Vault
from cryoledger.database import files, guards, migrate, statements, trees
from cryoledger.database.driver import Driver, connect, connect_as_it_lies
from cryoledger.database.facts import ENTRY_COLUMNS
from cryoledger.database.local import WrappedKey as StoredKey
from cryoledger.database.location import Location
from cryoledger.domain.records import Record
from cryoledger.errors import CryoledgerError, VaultDamagedError
from cryoledger.ledger.checkpoint import parse_checkpoint
from cryoledger.ledger.policy import Policy

__all__ = ["DatabaseSource", "hashes_at", "since_at", "verify_at", "verify_vault"]

_ENTRIES = f'SELECT {ENTRY_COLUMNS} FROM "entry"'  # noqa: S608 - fixed names
_LISTED_MOST = 20


class _Row(NamedTuple):
    """A stored entry, as `audit.StoredEntry`: made in a third of the time of a frozen dataclass."""

    epoch: int
    sequence: int
    id: str
    previous: bytes
    leaf_hash: bytes
    note: bytes


class DatabaseSource:
    """One state of a vault's database, as `audit.Source`; whatever it holds is handed on to be judged."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def count(self) -> int:
        """How many entries there are."""
        row = self._driver.one('SELECT COUNT(*) FROM "entry"')
        return int(row[0]) if row is not None else 0

    def entries(self) -> Iterator[_Row]:
        """Every entry, ordered by epoch and sequence."""
        return map(_Row._make, self._driver.each(f"{_ENTRIES} ORDER BY epoch, sequence"))

    def entry(self, epoch: int, sequence: int) -> _Row | None:
        """One entry."""
        row = self._driver.one(f"{_ENTRIES} WHERE epoch = ? AND sequence = ?", (epoch, sequence))
        return None if row is None else _Row._make(row)

    def rows(self, record: type[Record]) -> Iterator[Record | audit.BadRow]:
        """Every row of a derived table, ordered by its key."""
        wanted = statements.of(record)
        for row in self._driver.each(f"{wanted.select} {wanted.order}"):
            yield _record(record, row)

    def where(self, record: type[Record], **equal: str | int | None) -> list[Record | audit.BadRow]:
        """Rows by a prefix of the key or a declared index, ordered by key."""
        empty = tuple(name for name, value in equal.items() if value is None)
        given = {name: value for name, value in equal.items() if value is not None}
        sql = statements.select_where(record, tuple(given), empty)
        return [_record(record, row) for row in self._driver.all(sql, tuple(given.values()))]


_Columns = tuple[tuple[str, ...], tuple[Any, ...]]
_COLUMNS: dict[type[Record], _Columns] = {}


def _columns(record: type[Record]) -> _Columns:
    """The names and types of a record's columns, found once: it would cost more than all else for each row."""
    if record not in _COLUMNS:
        hints = typing.get_type_hints(record)
        names = tuple(field.name for field in fields(record))  # type: ignore[arg-type]
        _COLUMNS[record] = names, tuple(hints[name] for name in names)
    return _COLUMNS[record]


def _record(record: type[Record], row: tuple[object, ...]) -> Record | audit.BadRow:
    names, kinds = _columns(record)
    if len(row) == len(names) and all(map(isinstance, row, kinds)):
        return record(*row)
    wrong = next(name for name, value, kind in zip(names, row, kinds, strict=True) if not isinstance(value, kind))
    key = ", ".join(str(row[names.index(name)])[:64] for name in record.key)
    return audit.BadRow(record.table, key, f"{wrong} is of the type {type(row[names.index(wrong)]).__name__}")


def verify_at(
    location: str,
    *,
    fingerprint: bytes | None = None,
    progress: Progress | None = None,
    remembered: bool = True,
    policy: Policy | None = None,
    brought: Sequence[bytes] = (),
) -> audit.Report:
    """Verify the vault at a path or URL against the head that this station remembers, and a fingerprint from paper.

    Without `remembered` it may lag behind what this station saw, as a backup does. `policy` is the verifier's own, and
    so are the checkpoints that are `brought`.
    Raises a VaultError only where there is no vault to read: nothing there, not ours, cut off, or of another version.
    """
    with _snapshot(location) as driver:
        found = [*_of_the_database(driver), *_of_its_pages(driver), *_damaged_keys(driver)]
        source = DatabaseSource(driver)
        head = _remembered(source) if remembered else None
        outside = _outside(driver, brought, policy)
        with Workers.for_entries(source.count) as workers:
            report = audit.verify(
                source,
                remembered=head,
                fingerprint=fingerprint,
                progress=progress,
                workers=workers,
                outside=outside,
                documents=KeptDocuments.of(driver, source.entry(1, 0)),
            )
    own = "its own check of pages and indexes, and the guards of the ledger"
    return _with_the_database(report, found, f"{own}{_lies(location)}")


def hashes_at(
    location: str,
    *,
    fingerprint: bytes | None = None,
    progress: Progress | None = None,
    policy: Policy | None = None,
    brought: Sequence[bytes] = (),
) -> audit.Report:
    """Compare the hashes of the vault at a path or URL, and nothing else (`audit.verify_hashes`); raises as above."""
    with _snapshot(location) as driver:
        found = _of_the_database(driver)
        source = DatabaseSource(driver)
        outside = _outside(driver, brought, policy)
        report = audit.verify_hashes(
            source, remembered=_remembered(source), fingerprint=fingerprint, progress=progress, outside=outside
        )
    return _with_the_database(report, found, f"the guards of the ledger{_lies(location)}")


def since_at(
    location: str,
    *,
    since: bytes,
    policy: Policy,
    fingerprint: bytes | None = None,
    progress: Progress | None = None,
    brought: Sequence[bytes] = (),
) -> audit.Report:
    """Verify what the vault at a path or URL got after a checkpoint that witnesses cosigned (`audit.verify_since`)."""
    with _snapshot(location) as driver:
        found = _of_the_database(driver)
        source = DatabaseSource(driver)
        outside = _outside(driver, brought, policy)
        with Workers.for_entries(lambda: source.count() - _size(since)) as workers:
            report = audit.verify_since(
                source,
                since=since,
                policy=policy,
                remembered=_remembered(source),
                fingerprint=fingerprint,
                progress=progress,
                workers=workers,
                outside=outside,
            )
    return _with_the_database(report, found, f"the guards of the ledger{_lies(location)}")


def _size(since: bytes) -> int:
    """How many entries a checkpoint covers; 0 where it is none, which the verification says."""
    try:
        return parse_checkpoint(since).checkpoint.size
    except CryoledgerError:
        return 0


def verify_vault(vault: Vault, *, fingerprint: bytes | None = None) -> audit.Report:
    """Verify an open vault, as `verify_at` would."""
    return verify_at(str(vault.store.location), fingerprint=fingerprint)


@contextmanager
def _snapshot(location: str) -> Iterator[Driver]:
    """One state of the vault at a path or URL; a VaultError where there is none to read."""
    place = Location.parse(location)
    if place.path is not None:
        files.check(place.path, writable=False)
    if place.path is None or files.may_write(place.path):
        with closing(connect(place, writing=False)) as driver, _begun(driver, place):
            yield driver
        return
    with files.lying_still(place.path), closing(connect_as_it_lies(place)) as driver, _begun(driver, place):
        yield driver


@contextmanager
def _begun(driver: Driver, place: Location) -> Iterator[None]:
    migrate.must_be_ours(migrate.read_version(driver, place), place)
    driver.begin(writing=False)
    yield
    driver.rollback()


def _lies(location: str) -> str:
    """What a report says where the file was read without a lock."""
    path = Location.parse(location).path
    still = path is not None and not files.may_write(path)
    return "; read as it lies, without a lock: this user may not write it" if still else ""


def _remembered(source: DatabaseSource) -> audit.Head | None:
    """The last entry that this station saw of the vault with this first entry."""
    try:
        first = source.entry(1, 0)
        head = StationFolder.for_vault(first.leaf_hash).head.read() if first is not None else None
    except (CryoledgerError, RuntimeError):
        return None  # an entry 0 that cannot be read is a finding of its own
    return audit.Head(head.origin, head.epoch, head.sequence, head.leaf_hash) if head is not None else None


def _outside(driver: Driver, brought: Sequence[bytes], policy: Policy | None) -> audit.Outside:
    """What vouches for the tree: the vault's tiles and checkpoints, and what the verifier brought."""
    return audit.Outside(trees.stored(driver), _kept(driver), brought, policy)


def _with_the_database(report: audit.Report, found: Sequence[audit.Finding], looked_at: str) -> audit.Report:
    """A report with what was found wrong with the database itself, and what of it was looked at."""
    covers, findings = (*report.covers, f"database: {looked_at}"), (*found, *report.findings)
    return replace(report, ok=report.ok and not found, covers=covers, findings=findings)


def _kept(driver: Driver) -> list[bytes]:
    """The notes of the kept checkpoints; whatever stands there is judged."""
    try:
        return [row[0] for row in driver.all("SELECT note FROM checkpoint ORDER BY epoch, size")]
    except CryoledgerError:
        return [b""]  # a torn table is a finding: no note can be read from it


def _of_the_database(driver: Driver) -> list[audit.Finding]:
    """The triggers that keep the ledger append-only are all there."""
    return [
        audit.Finding(
            "guards", "broken", table=name.rsplit("_no_", 1)[0], message=f"The guard {name} is gone or altered."
        )
        for name in guards.missing(driver)
    ]


def _of_its_pages(driver: Driver) -> list[audit.Finding]:
    """What a file says of its own pages and indexes; a server sees to its own."""
    if driver.dialect != "sqlite":
        return []
    try:
        said = [str(row[0]) for row in driver.all(f"PRAGMA integrity_check({_LISTED_MOST})")]
    except CryoledgerError as error:
        said = [str(error)]
    return [
        audit.Finding("database", "broken", message=f"The database's own check says: {line[:200]}")
        for line in said
        if line != "ok"
    ]


def _damaged_keys(driver: Driver) -> list[audit.Finding]:
    """Wrapped keys that no PIN can open any more, being no wrapped keys; whether others open, only their PINs tell."""
    found = []
    try:
        rows = driver.all("SELECT name, key_id, wrapped FROM wrapped_key WHERE key_id <> 'invitation'")
    except CryoledgerError as error:
        return [audit.Finding("wrapped keys", "broken", table="wrapped_key", message=str(error))]
    for row in rows:
        stored = StoredKey(*(str(part) for part in row))
        try:
            wrapped_key(stored)
        except VaultDamagedError as error:
            at = f"{stored.name} {stored.key_id}"
            found.append(audit.Finding("wrapped keys", "broken", table="wrapped_key", row=at, message=error.message))
    return found
