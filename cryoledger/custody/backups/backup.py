"""Backups of a vault: made while people work, verified after writing, and tested by restoring them.

    made = back_up(vault, Path("/media/usb"))         # made.path, made.manifest
    report = restore_as_test(vault, made.path)           # the whole verification, on a copy that is thrown away
    care = care_of(vault)                             # when each was last done; late after 24 hours

A backup is a file, of a vault on a server too: one state of it, from which either kind of vault is restored. It holds
the vault's tables: ledger, inventory, wrapped keys, encrypted documents. It never holds the vault
secret (recovery sheet) nor the keys of donors and patients (`subjects.keys`, at most 35 days of copies): those have
backups of their own. Beside it lies its manifest, `NAME.manifest.json`.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryoledger import audit
from cryoledger.audit.progress import Progress
from cryoledger.custody.backups import backup_manifest as manifests
from cryoledger.custody.backups.backup_manifest import Manifest
from cryoledger.custody.keys.secret_file import sync_folder
from cryoledger.custody.proof.auditing import verify_at
from cryoledger.custody.vault import Vault
from cryoledger.database import snapshot_copy
from cryoledger.database.local import Upkeep
from cryoledger.database.store import Reading
from cryoledger.domain import numbers, times
from cryoledger.errors import VaultDamagedError, VaultError
from cryoledger.ledger.lines import decode_base64, encode_base64

__all__ = ["Care", "Made", "back_up", "care_in", "care_of", "copied", "restore_as_test", "trial"]

BACKED_UP, TESTED = "backup", "test restore"
LATE_HOURS = 24
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Made:
    """A finished backup."""

    path: Path
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class Care:
    """When a vault was last backed up, and a backup last restored as a test; `late` after 24 hours, or never."""

    backup: Upkeep | None
    tested: Upkeep | None
    late: bool
    by_server: bool = False


def back_up(vault: Vault, target: Path, progress: Progress | None = None) -> Made:
    """Write a backup to a new file, or into a folder; VaultError where it cannot be written or is not good.

    It appears under its name only when it is whole and verified; nothing that is there is ever replaced.
    """
    now = times.text_of(vault.clock.now())
    target = _named(vault, target, now)
    with _part_of(target) as part:
        _copy(vault, part, progress)
        manifest = manifests.of(part, snapshot_copy.read(part), now)
        _continues(vault, manifest, target)
        manifests.write(target, manifest)
        _refuse_existing(target)
        part.rename(target)
        sync_folder(target.parent)
    _note(vault, BACKED_UP, now, target.name)
    return Made(target, manifest)


def _copy(vault: Vault, part: Path, progress: Progress | None) -> None:
    place = vault.store.location
    if place.path is None:
        snapshot_copy.copy_of_server(vault.store, part, progress)
    else:
        snapshot_copy.copy(place, part, progress)


def restore_as_test(vault: Vault, path: Path, progress: Progress | None = None) -> audit.Report:
    """Restore a backup to a file that is thrown away, verify all of it, and compare its head with this vault's."""
    manifest = manifests.read(path)
    report = trial(path, progress)
    if manifest is not None:
        _continues(vault, manifest, path)
    if report.ok:
        _note(vault, TESTED, times.text_of(vault.clock.now()), path.name)
    return report


def trial(path: Path, progress: Progress | None = None) -> audit.Report:
    """The whole verification of a backup, on a copy beside it."""
    manifest = manifests.check(path)
    copy = path.with_name(f".{path.name}.{os.getpid()}.trial")
    try:
        copied(path, copy)
        fingerprint = decode_base64(manifest.fingerprint, "fingerprint") if manifest is not None else None
        return verify_at(str(copy), fingerprint=fingerprint, progress=progress, remembered=False)
    finally:
        _remove(copy, "", "-wal", "-shm")


def care_of(vault: Vault) -> Care:
    """When upkeep was last done."""
    with vault.store.reading() as reading:
        return care_in(vault, reading)


def care_in(vault: Vault, reading: Reading) -> Care:
    """The same in one state of the vault."""
    done = reading.upkeep(BACKED_UP), reading.upkeep(TESTED)
    if vault.store.location.path is None:
        return Care(*done, late=False, by_server=True)
    since = times.later(times.text_of(vault.clock.now()), minutes=-60 * LATE_HOURS)
    return Care(*done, late=any(each is None or each.at < since for each in done))


def copied(source: Path, target: Path) -> None:
    """The bytes of a file in a new one, on the disk; VaultError says why not."""
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as made, source.open("rb") as file:
            while chunk := file.read(_CHUNK):
                made.write(chunk)
            made.flush()
            os.fsync(made.fileno())
    except OSError as error:
        raise VaultError(
            f"{source} cannot be copied to {target}: {error.strerror}.", "Make room, or name another place."
        ) from None


def _named(vault: Vault, target: Path, now: str) -> Path:
    target = target.expanduser().absolute()
    if target.is_dir():
        origin = re.sub(r"[^A-Za-z0-9]+", "-", vault.origin()).strip("-")
        target /= f"{origin}-{re.sub('[-:.]', '', now)}.cryoledger"
    _refuse_existing(target)
    if not target.parent.is_dir():
        raise VaultError(f"There is no folder {target.parent}.", "Make it, or name another place.")
    return target


def _refuse_existing(target: Path) -> None:
    if os.path.lexists(target):
        raise VaultError(f"There is already something at {target}.", "A backup never replaces another: name a new one.")


@contextmanager
def _part_of(target: Path) -> Iterator[Path]:
    """The file under its temporary name, which a backup that was killed may have left; gone at the end."""
    part = target.with_name(f".{target.name}.part")
    try:
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise VaultError(f"No backup can be written to {target}: {error.strerror}.", "Name another place.") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise VaultError(f"Another backup to {target} is running.", "Wait for it, or name another place.") from None
    try:
        os.ftruncate(descriptor, 0)
        _remove(part, "-journal", "-wal", "-shm")
        yield part
    except OSError as error:
        raise VaultError(
            f"The backup {target} could not be written: {error.strerror}.",
            "Make room there, or name another place. The vault itself is untouched.",
        ) from None
    finally:
        _remove(part, "", "-journal", "-wal", "-shm")
        os.close(descriptor)


def _remove(path: Path, *suffixes: str) -> None:
    for suffix in suffixes:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _continues(vault: Vault, manifest: Manifest, path: Path) -> None:
    """The backup's last entry stands in the vault as it stands in the backup."""
    number = numbers.number_of(manifest.epoch, manifest.sequence)
    with vault.store.reading() as reading:
        entry = reading.entry(number)
    if entry is None or encode_base64(entry.leaf_hash) != manifest.leaf_hash:
        raise VaultDamagedError(
            f"The backup {path} ends with entry {numbers.shown(number)}, and this vault holds another there, or none.",
            "It is of another vault, or one of the two was set back: run `cryoledger verify` on both.",
        )


def _note(vault: Vault, kind: str, at: str, detail: str) -> None:
    with vault.store.writing() as transaction:
        transaction.put_upkeep(Upkeep(kind, at, detail))
