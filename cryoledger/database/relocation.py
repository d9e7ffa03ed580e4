"""The mark of a vault that was copied to another place, or that a copy has not finished filling.

A marked vault does not open (VaultMovedError), and a trigger refuses entries of whoever has it open already; it can
still be verified. The mark is a table `relocation` of one row, made here and by no migration: a vault in use has none.
Whoever holds the file or the database can remove it. It stops mistakes; forks are noticed by remembered heads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cryoledger.database import faults
from cryoledger.database.driver import Driver

__all__ = ["Mark", "check", "mark", "read", "unmark"]

Direction = Literal["left", "arriving", "restoring"]
TABLE = "relocation"
_CREATE = f'CREATE TABLE "{TABLE}" ("direction" TEXT NOT NULL, "place" TEXT NOT NULL, "since" TEXT NOT NULL)'
_TRIGGER, FUNCTION = "entry_relocated", "cryoledger_relocated"
_SAID = {
    "left": "This vault was moved to {place} on {since}; it is used on there, and not here.",
    "arriving": "This vault is a copy of {place}, begun on {since} and not finished: `cryoledger vault copy` did not "
    "come to its end. Run it again with the same two places.",
    "restoring": "This vault is being restored from {place} since {since}, and not finished: `cryoledger restore` did "
    "not come to its end. Run it again with the same two places.",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a vault went (`left`) or comes from (`arriving`, `restoring`), and since when, in the ledger's form."""

    direction: Direction
    place: str
    since: str

    @property
    def text(self) -> str:
        """What a person is told."""
        return _SAID[self.direction].format(place=self.place, since=self.since)


def read(driver: Driver) -> Mark | None:
    """The vault's mark, if it has one."""
    if driver.dialect == "sqlite":
        present = driver.one("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", (TABLE,))
    else:
        present = driver.one("SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = ?", (TABLE,))
    row = driver.one(f'SELECT "direction", "place", "since" FROM "{TABLE}"') if present else None  # noqa: S608
    return Mark(*row) if row is not None else None


def check(driver: Driver) -> None:
    """VaultMovedError where a vault has a mark."""
    found = read(driver)
    if found is not None:
        raise faults.moved(found.text)


def mark(driver: Driver, made: Mark) -> None:
    """Mark a vault, inside a transaction that writes; one that is being filled takes entries, of nobody else."""
    driver.execute(_CREATE)
    driver.execute(f'INSERT INTO "{TABLE}" VALUES (?, ?, ?)', (made.direction, made.place, made.since))  # noqa: S608
    if made.direction != "left":
        return
    said = f"{faults.MOVED}The vault was moved to another place while this program had it open."
    if driver.dialect == "sqlite":
        driver.execute(f"CREATE TRIGGER {_TRIGGER} BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, '{said}'); END")
        return
    body = f"BEGIN RAISE EXCEPTION '{said}'; END"
    driver.execute(f"CREATE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    driver.execute(f"CREATE TRIGGER {_TRIGGER} BEFORE INSERT ON entry FOR EACH STATEMENT EXECUTE FUNCTION {FUNCTION}()")


def unmark(driver: Driver) -> None:
    """Take the mark of a vault that was being filled away, inside a transaction that writes."""
    driver.execute(f'DROP TABLE "{TABLE}"')
