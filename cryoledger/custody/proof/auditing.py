"""Verification of a vault where it lies: the database as `audit` reads it, and what this station remembers of it.

    report = verify_at("/srv/lab.cryoledger")

Needs no secret of the station, and works on a vault that `Vault.open` refuses: what is missing or torn in it is a
finding. What the database's own check says of its pages and indexes, and which guards are gone, is reported too.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import fields, replace
from typing import Any

from cryoledger import audit
from cryoledger.audit.verify import Progress
from cryoledger.custody.keys.kept_keys import wrapped_key
from cryoledger.custody.proof.verifying import Workers
from cryoledger.custody.station.station_folder import StationFolder
from cryoledger.custody.vault import Vault
from cryoledger.database import files, guards, migrate, statements, trees
from cryoledger.database.driver import Driver, connect
from cryoledger.database.facts import ENTRY_COLUMNS, Stored
from cryoledger.database.local import WrappedKey as StoredKey
from cryoledger.database.location import Location
from cryoledger.domain.records import Record
from cryoledger.errors import CryoledgerError, VaultDamagedError
from cryoledger.ledger.policy import Policy

__all__ = ["DatabaseSource", "verify_at", "verify_vault"]

_ENTRIES = f'SELECT {ENTRY_COLUMNS} FROM "entry"'  # noqa: S608 - fixed names
_LISTED_MOST = 20


class DatabaseSource:
    """One state of a vault's database, as `audit.Source`; whatever it holds is handed on to be judged."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def count(self) -> int:
        """How many entries there are."""
        row = self._driver.one('SELECT COUNT(*) FROM "entry"')
        return int(row[0]) if row is not None else 0

    def entries(self) -> Iterator[Stored]:
        """Every entry, ordered by epoch and sequence."""
        for row in self._driver.each(f"{_ENTRIES} ORDER BY epoch, sequence"):
            yield Stored(*row)

    def entry(self, epoch: int, sequence: int) -> Stored | None:
        """One entry."""
        row = self._driver.one(f"{_ENTRIES} WHERE epoch = ? AND sequence = ?", (epoch, sequence))
        return None if row is None else Stored(*row)

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
    place = Location.parse(location)
    if place.path is not None:
        files.check(place.path)
    with closing(connect(place, writing=False)) as driver:
        migrate.must_be_ours(migrate.read_version(driver, place), place)
        driver.begin(writing=False)
        found = _of_the_database(driver)
        source = DatabaseSource(driver)
        head = _remembered(source) if remembered else None
        outside = audit.Outside(trees.stored(driver), _kept(driver), brought, policy)
        with Workers.for_entries(source.count) as workers:
            report = audit.verify(
                source, remembered=head, fingerprint=fingerprint, progress=progress, workers=workers, outside=outside
            )
        driver.rollback()
    findings = (*found, *report.findings)
    covers = (*report.covers, "database: its own check of pages and indexes, and the guards of the ledger")
    return replace(report, ok=report.ok and not found, covers=covers, findings=findings)


def verify_vault(vault: Vault, *, fingerprint: bytes | None = None) -> audit.Report:
    """Verify an open vault, as `verify_at` would."""
    return verify_at(str(vault.store.location), fingerprint=fingerprint)


def _remembered(source: DatabaseSource) -> audit.Head | None:
    """The last entry that this station saw of the vault with this first entry."""
    try:
        first = source.entry(1, 0)
        head = StationFolder.for_vault(first.leaf_hash).head.read() if first is not None else None
    except (CryoledgerError, RuntimeError):
        return None  # an entry 0 that cannot be read is a finding of its own
    return audit.Head(head.origin, head.epoch, head.sequence, head.leaf_hash) if head is not None else None


def _kept(driver: Driver) -> list[bytes]:
    """The notes of the kept checkpoints; whatever stands there is judged."""
    try:
        return [row[0] for row in driver.all("SELECT note FROM checkpoint ORDER BY epoch, size")]
    except CryoledgerError:
        return [b""]  # a torn table is a finding: no note can be read from it


def _of_the_database(driver: Driver) -> list[audit.Finding]:
    """What the database says of itself: pages, indexes, and the triggers that keep the ledger append-only."""
    found = [
        audit.Finding(
            "guards", "broken", table=name.rsplit("_no_", 1)[0], message=f"The guard {name} is gone or altered."
        )
        for name in guards.missing(driver)
    ]
    if driver.dialect == "sqlite":
        try:
            said = [str(row[0]) for row in driver.all(f"PRAGMA integrity_check({_LISTED_MOST})")]
        except CryoledgerError as error:
            said = [str(error)]
        found += [
            audit.Finding("database", "broken", message=f"The database's own check says: {line[:200]}")
            for line in said
            if line != "ok"
        ]
    return [*found, *_damaged_keys(driver)]


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
