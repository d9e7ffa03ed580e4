"""`vault upgrade`: a vault of an older version of the program, brought to the schema of this one.

A file is copied first, beside itself; all migrations are one transaction; the whole vault is verified afterwards.
The ledger's entries are never touched: only tables derived from them, or kept beside them, change their form.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from cryoledger import audit
from cryoledger.audit.progress import Progress
from cryoledger.custody.proof.auditing import verify_at
from cryoledger.database import files, migrate, snapshot_copy
from cryoledger.database.driver import connect
from cryoledger.database.engine import engine
from cryoledger.database.location import Location
from cryoledger.errors import RequestError, VaultError


@dataclass(frozen=True, slots=True)
class Upgraded:
    """A finished upgrade: the schemas before and after, the copy made first (of a file), the verification after."""

    before: str
    after: str
    copy: Path | None
    report: audit.Report


def upgrade(location: str, progress: Progress | None = None) -> Upgraded:
    """Bring a vault to this program's schema; RequestError where it has that already, VaultError where it cannot be.

    Nobody else may use it meanwhile: on SQLite the migration waits for its writers, and programs that are open find
    another schema than theirs.
    """
    place = Location.parse(location)
    if place.path is not None:
        files.check(place.path)
    with closing(connect(place, writing=False)) as driver:
        version = migrate.read_version(driver, place)
    if version == migrate.HEAD:
        raise RequestError(f"The vault {place} has schema {version} already.", "There is nothing to do.")
    if version not in migrate.EARLIER:
        migrate.must_be_ours(version, place)
    copy = _copied(place, version)
    try:
        migrate.upgrade(engine(place))
    except DBAPIError as error:
        raise VaultError(
            f"The vault {place} could not be upgraded: {str(error.orig)[:200]}. It is as it was.",
            "Run `cryoledger verify` with the program that made it; if the disk was full, make room and repeat.",
        ) from None
    return Upgraded(version, migrate.HEAD, copy, verify_at(location, progress=progress))


def _copied(place: Location, version: str) -> Path | None:
    """A copy of a file as it is, which opens with the older program; a server has backups of its own."""
    if place.path is None:
        return None
    target = place.path.with_name(f"{place.path.name}.schema-{version}")
    if target.exists():
        raise RequestError(
            f"{target} is there already, from an upgrade that did not finish.",
            "If the vault is as it was, remove that file and repeat.",
        )
    snapshot_copy.copy(place, target)
    return target
