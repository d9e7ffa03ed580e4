"""A backup put in a vault's place, and the next epoch over what it lacks.

    made = restore(Path("backup"), "lab.cryoledger")             # verified, all of it, before it gets that name
    made = restore(Path("backup"), "postgresql+psycopg://...")   # or into an empty database, before it can be opened
    vault = Vault.open("lab.cryoledger", remembered=False)       # opens in no other way until its epoch is open
    declare(vault, By("ines.a", pin), By("quinn.o", pin))        # `LedgerRestored`: two persons say what was lost
    go_on(vault)                                                 # or `RestoreFound`: the station, at 3 am

Where this station knows that nothing is lost, the vault simply goes on. `go_on` needs no person: it lets vials be kept
cold, marks all of that as unreconciled, and `declare` follows later in the same epoch.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryoledger import audit
from cryoledger.audit.progress import Progress
from cryoledger.custody.backups import backup_manifest, epochs
from cryoledger.custody.backups.backup import copied
from cryoledger.custody.keys.secret_file import sync_folder
from cryoledger.custody.people import taken_names
from cryoledger.custody.proof.auditing import verify_at
from cryoledger.custody.record import By, Sealed, record
from cryoledger.custody.station.set_back import RESTORED, is_set_back
from cryoledger.custody.station.station_folder import StationFolder
from cryoledger.custody.vault import Vault, default_station_name
from cryoledger.database import migrate, snapshot_copy, transfer
from cryoledger.database.local import Upkeep
from cryoledger.database.location import Location
from cryoledger.database.relocation import Mark
from cryoledger.database.store import Reading, Store
from cryoledger.domain import catalogue, numbers
from cryoledger.domain.events.vault import LedgerRestored, RestoreFound
from cryoledger.domain.restore_records import Restoration
from cryoledger.errors import RequestError, StationError, VaultDamagedError, VaultError, VaultUnreachableError
from cryoledger.ledger.keys import PrivateKey

__all__ = ["Restored", "declare", "go_on", "restore"]


@dataclass(frozen=True, slots=True)
class Restored:
    """A restored vault: its last entry, and whether this station knows that nothing is lost."""

    place: Location
    entry: str
    recorded_at: str
    complete: bool
    report: audit.Report


def restore(source: Path, target: str | Path, *, now: str, progress: Progress | None = None) -> Restored:
    """Verify a backup and put it where nothing is: at a path, or in an empty database.

    VaultError where it is not good, and nothing is made.
    """
    source, place = source.expanduser().absolute(), Location.parse(str(target))
    if place.path is not None:
        return _to_file(source, place.path, now, progress)
    backup_manifest.check(source)
    # What opens a vault writes beside it, and the backup may lie on a disk that nobody may write.
    with tempfile.TemporaryDirectory(prefix="cryoledger-restore-") as folder:
        copy = Path(folder) / source.name
        copied(source, copy)
        return _to_server(source, copy, place, now, progress)


def _to_file(source: Path, target: Path, now: str, progress: Progress | None) -> Restored:
    if os.path.lexists(target):
        raise VaultError(
            f"There is already something at {target}.",
            "Keep what is there: move it away whole (with its -wal and -shm), or name another path.",
        )
    backup_manifest.check(source)
    part = target.with_name(f".{target.name}.restoring")
    part.unlink(missing_ok=True)  # of a restore that was killed
    try:
        copied(source, part)
        report = verify_at(str(part), progress=progress, remembered=False)
        if not report.ok:
            raise _not_sound(source, report)
        content = snapshot_copy.read(part)
        complete = _complete(content)
        if not complete:
            _note_restored(part, source, now)
        part.rename(target)
        sync_folder(target.parent)
    finally:
        for suffix in ("", "-wal", "-shm"):
            part.with_name(part.name + suffix).unlink(missing_ok=True)
    return _restored(Location(path=target), content, report, complete=complete)


def _to_server(source: Path, copy: Path, place: Location, now: str, progress: Progress | None) -> Restored:
    """Fill an empty database, which nobody can open before it is verified there, and equal to the backup."""
    content = snapshot_copy.read(copy)
    complete = _complete(content)
    if not complete:
        _note_restored(copy, source, now)
    mark = Mark("restoring", str(source), now)
    there = transfer.mark_of(place)
    if there is not None and (there.direction, there.place) == (mark.direction, mark.place):
        migrate.remove(place)  # an earlier try that did not get to the end
    transfer.prepare(place, mark)
    try:
        with Store.open(str(copy)) as store, store.reading() as reading:
            with transfer.filling(place) as filled:
                transfer.as_they_are(reading, filled)
            report = verify_at(str(place), progress=progress, remembered=False)
            if not report.ok:
                raise _not_sound(source, report)
            if differing := transfer.differences(reading, place):
                raise VaultDamagedError(
                    f"What was restored differs from {source} in {', '.join(differing)}; it was taken away.",
                    "Repeat it; if it happens again, another program writes into that database.",
                )
        transfer.release(place)
    except VaultUnreachableError:
        raise  # what stands there is marked: the same command starts anew
    except BaseException:
        migrate.remove(place)
        raise
    return _restored(place, content, report, complete=complete)


def _note_restored(vault: Path, source: Path, now: str) -> None:
    """Until the next epoch is open, the vault says that it was restored."""
    with Store.open(str(vault)) as store, store.writing() as transaction:
        transaction.put_upkeep(Upkeep(RESTORED, now, source.name))


def _restored(place: Location, content: snapshot_copy.Content, report: audit.Report, *, complete: bool) -> Restored:
    entry = numbers.shown(numbers.number_of(content.epoch, content.sequence))
    return Restored(place, entry, content.recorded_at, complete, report)


def declare(vault: Vault, *by: By, lost_to: int | None = None) -> Sealed:
    """Two persons, an administrator and quality, declare a restore: it opens an epoch, or the one that is open.

    On a machine that is no station of the vault yet, the same two enrol it as one. RequestError where nothing is lost.
    """
    open_ = _undeclared(vault)
    if open_ is None:
        lost = _lost(vault)
        sealed = epochs.open_next(vault, lambda kept: LedgerRestored(**kept, lost_from=lost, lost_to=lost_to), *by)
    else:
        event = LedgerRestored(
            origin=open_.origin, size=open_.size, root=open_.root, last_leaf_hash=open_.last_leaf_hash,
            lost_from=open_.lost_from, lost_to=lost_to,
        )  # fmt: skip
        sealed = record(vault, event, *by)
    vault.warning = ""
    _enrol_here(vault, *by)
    return sealed


def go_on(vault: Vault) -> Sealed:
    """The station opens the epoch by itself, unreconciled; RequestError where nothing is lost.

    VaultDamagedError where another entry stands in place of one that it saw: that is no restore, and needs two persons.
    """
    if _undeclared(vault) is not None:
        raise RequestError("Work goes on already, unreconciled.", "An administrator and quality declare the restore.")
    remembered = vault.folder.head.read()
    with vault.store.reading() as reading:
        forked = (
            remembered is not None and not _contains(reading, vault) and not is_set_back(reading.head(), remembered)
        )
    if forked:
        raise VaultDamagedError(
            "Another entry stands where this station saw one: that is more than a restore.",
            "Keep the file, work on paper, and call quality: two persons decide with `cryoledger restore --declare`.",
        )
    lost = _lost(vault)
    return epochs.open_next(vault, lambda kept: RestoreFound(**kept, lost_from=lost))


def _lost(vault: Vault) -> int:
    """The number of the first entry that is lost; RequestError where none is."""
    remembered = vault.folder.head.read()
    with vault.store.reading() as reading:
        head = reading.head()
        if head is None:
            raise VaultDamagedError("The vault holds no entry.", "Restore another backup.")
        if _contains(reading, vault) and reading.upkeep(RESTORED) is None:
            raise RequestError("This vault lacks nothing that this station knows of.", "Just go on working with it.")
    after = head.number + 1
    if remembered is None or remembered.epoch != head.epoch:
        return after
    return min(after, numbers.number_of(*remembered.place))


def _contains(reading: Reading, vault: Vault) -> bool:
    """Whether the vault holds the last entry that this station saw."""
    remembered = vault.folder.head.read()
    if remembered is None:
        return True
    entry = reading.entry(numbers.number_of(*remembered.place))
    return entry is not None and entry.leaf_hash == remembered.leaf_hash


def _complete(content: snapshot_copy.Content) -> bool:
    """Whether this station knows that its ledger ended no later than this backup."""
    head = StationFolder.for_vault(content.fingerprint).head
    remembered = head.read()
    return (
        remembered is not None
        and not head.torn
        and (remembered.place, remembered.leaf_hash) == ((content.epoch, content.sequence), content.leaf_hash)
    )


def _undeclared(vault: Vault) -> Restoration | None:
    with vault.store.reading() as reading:
        return next((row for row in reading.facts.where(Restoration) if row.declared is None), None)


def _enrol_here(vault: Vault, *by: By) -> None:
    """Make this machine a station, by the same two, where it is none: a restore on a new machine ends able to work."""
    try:
        _ = vault.station
    except StationError:
        name = default_station_name()
        taken = taken_names(vault)
        while name in taken:
            name = f"{name[:30]}-restored"
        key = PrivateKey.generate(name)
        vault.folder.write_station(name, key.seed)
        vault.act_as(name, key.seed)
        event = catalogue.parse("StationEnrolled", {"station": name, "key": key.verifier.encode()})
        record(vault, event, *by, By(name, fresh=True))


def _not_sound(source: Path, report: audit.Report) -> VaultDamagedError:
    bad = report.first_bad
    what = f"{bad.check}: {bad.message}" if bad is not None else "it does not verify"
    return VaultDamagedError(
        f"The backup {source} is not sound ({what}).",
        "Use another backup; `cryoledger verify` says all about this one.",
    )
