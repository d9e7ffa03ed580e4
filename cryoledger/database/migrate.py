"""Makes a vault's tables, and checks before every use that they are ours, of this version, and guarded.

Alembic runs the hand-written migrations of `schema/migrations`, and is imported only for that: opening a vault
reads the version with one SELECT (`alembic current` would take two seconds).
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from cryoledger.database import guards, relocation
from cryoledger.database.driver import Driver, connect
from cryoledger.database.location import Location
from cryoledger.database.rooms import ROOM
from cryoledger.errors import VaultDamagedError, VaultNewerError, VaultOlderError
from cryoledger.resources import schema_folder

if TYPE_CHECKING:
    from sqlalchemy import Engine

__all__ = ["EARLIER", "HEAD", "check", "must_be_ours", "read_version", "remove", "table_names", "upgrade"]

HEAD = "0009"  # the last revision in schema/migrations/versions
EARLIER = tuple(f"{number:04d}" for number in range(1, int(HEAD)))


def upgrade(engine: Engine) -> None:
    """Bring a database to the present version, all migrations and their record in one transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(schema_folder() / "migrations").replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def remove(location: Location) -> None:
    """Take away a vault that this process has just created and could not finish: the file, or the tables."""
    if location.path is not None:
        for suffix in ("", "-wal", "-shm"):
            location.path.with_name(location.path.name + suffix).unlink(missing_ok=True)
        return
    with closing(connect(location, writing=True)) as driver:
        driver.begin(writing=True)
        for table in sorted(ROOM.keys() | {relocation.TABLE}):
            driver.execute(f'DROP TABLE IF EXISTS "{table}"')
        for function in (guards.FUNCTION, relocation.FUNCTION):
            driver.execute(f"DROP FUNCTION IF EXISTS {function}()")
        driver.commit()


def table_names(driver: Driver) -> set[str]:
    """The tables that a vault's database holds."""
    if driver.dialect == "sqlite":
        rows = driver.all(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
        )
    else:
        rows = driver.all("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    return {row[0] for row in rows}


def read_version(driver: Driver, where: object) -> str:
    """The revision of a vault; VaultDamagedError where the database is none of ours."""
    present = table_names(driver)
    if not {"alembic_version", "entry"} <= present:
        raise VaultDamagedError(
            f"{where} is a database, but not a vault of cryoledger.", "Name the vault's own file or database."
        )
    versions = driver.all("SELECT version_num FROM alembic_version")
    if len(versions) != 1:
        raise VaultDamagedError(
            f"The vault {where} does not say which version made it.", "Restore the last good backup."
        )
    return str(versions[0][0])


def must_be_ours(version: str, where: object) -> None:
    """That this program works with a schema; VaultOlderError, VaultNewerError."""
    if version in EARLIER:
        raise VaultOlderError(
            f"The vault {where} has schema {version}; this program works with schema {HEAD}.",
            "Let everybody stop, then run `cryoledger vault upgrade`: it copies a file first, and verifies after.",
        )
    if version != HEAD:
        raise VaultNewerError(
            f"The vault {where} has schema {version[:40]}; this program knows schemas up to {HEAD}.",
            "Open it with the newer version of cryoledger that made it.",
        )


def check(driver: Driver, where: object) -> None:
    """That a vault is of this version, not moved (VaultMovedError), whole and guarded.

    VaultNewerError, VaultOlderError where the version is another.
    """
    must_be_ours(read_version(driver, where), where)
    relocation.check(driver)
    lost = sorted(ROOM.keys() - table_names(driver))
    if lost:
        raise VaultDamagedError(
            f"The vault {where} lacks the tables {', '.join(lost)}.", "Restore the last good backup."
        )
    gone = guards.missing(driver)
    if gone:
        raise VaultDamagedError(
            f"The guards of the vault {where} are removed or altered: {', '.join(gone)}. Somebody may have changed "
            "what was recorded.",
            "Verify a copy of it, then restore the last good backup.",
        )
