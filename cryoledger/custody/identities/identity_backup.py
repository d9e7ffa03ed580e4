"""Copies of the file of subjects' keys: apart from the vault's backups, and none kept longer than 35 days.

Only so can `identity forget` say from which day on no copy of an identity opens anywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryoledger.custody.identities import one_key
from cryoledger.custody.identities.identity import forgotten
from cryoledger.custody.keys.secret_file import read_private, write_new
from cryoledger.custody.vault import Vault
from cryoledger.domain.rulebook_1.identities import KEY_COPIES_DAYS
from cryoledger.errors import RequestError, StationError

_NAME = re.compile(r"subjects-(\d{4}-\d{2}-\d{2}T\d{6})Z\.keys")
_STAMP = "%Y-%m-%dT%H%M%S"
_WHAT = "copy of subjects' keys"
BYTES_MAX = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class KeysBackup:
    """A copy that was made: where, of how many subjects, and how many old copies were removed beside it."""

    path: Path
    subjects: int
    removed: int


def back_up(vault: Vault, folder: Path) -> KeysBackup:
    """Copy the keys into `folder` (0600), and remove its copies older than 35 days; RequestError, StationError."""
    if not folder.is_dir():
        raise RequestError(f"There is no folder {folder}.", "Make it, apart from where the vault's backups lie.")
    if folder.resolve() == (vault.store.location.path or Path("/")).resolve().parent:
        raise RequestError(
            "That is the folder of the vault itself: whoever copies it would have both.", "Name another folder."
        )
    keys = vault.subjects()
    now = vault.clock.now().astimezone(UTC)
    path = folder / f"subjects-{now.strftime(_STAMP)}Z.keys"
    write_new(path, keys.content(), f"the {_WHAT}")
    return KeysBackup(path, len(keys.known()), _remove_old(folder, now))


def _remove_old(folder: Path, now: datetime) -> int:
    removed = 0
    for path in sorted(folder.iterdir()):
        named = _NAME.fullmatch(path.name)
        if named is None:
            continue
        made = datetime.strptime(named[1], _STAMP).replace(tzinfo=UTC)
        if now - made > timedelta(days=KEY_COPIES_DAYS):
            try:
                path.unlink()
            except OSError as error:
                raise StationError(
                    f"The old copy {path} cannot be removed: {error.strerror}.",
                    "Remove it by hand: forgotten people must be forgotten there too.",
                ) from None
            removed += 1
    return removed


def bring_back(vault: Vault, path: Path) -> int:
    """Add the keys of a copy that this station lacks, or has another of; how many. Never of people forgotten since."""
    content = read_private(path, _WHAT, limit=BYTES_MAX)
    return vault.subjects().merge(content, forgotten(vault), one_key.marks(vault))
