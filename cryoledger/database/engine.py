"""SQLAlchemy's engine for a vault: for migrations, and for whoever explores a vault with SQLModel.

The write path and look-ups go through `driver`; importing SQLAlchemy takes longer than a person waits for a scan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryoledger.database.driver import sqlite_connection
from cryoledger.database.location import Location

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

__all__ = ["Location", "engine"]


def engine(location: Location) -> Engine:
    """An engine whose every connection is set up as the vault's own; the SQLite file must be there."""
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import NullPool

    from cryoledger.database.postgresql import psycopg_connection

    if location.path is None:
        # libpq reads the URL itself: it may name several servers.
        return create_engine("postgresql+psycopg://", creator=lambda: psycopg_connection(location), poolclass=NullPool)
    made = create_engine("sqlite://", creator=lambda: sqlite_connection(location), poolclass=NullPool)

    @event.listens_for(made, "begin")
    def begin(connection: Connection) -> None:
        # The sqlite3 module would begin late and deferred; two writers would then lose updates.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return made
