"""A vault as an older program left it, for tests of its upgrade. Each new migration adds here what it made."""

from __future__ import annotations

import sqlite3

NEW_TABLES = (
    "tile", "checkpoint", "identity", "identity_reader", "other_site", "other_head", "provenance", "consignment",
    "subject_key",
)  # fmt: skip
NEW_COLUMNS = (("site", "vial_scheme"), ("product", "item_code"), ("deviation", "reach"), ("deviation", "line"))


def back_to_0003(database: sqlite3.Connection) -> None:
    """Take away what the migrations after 0003 made, and say that the schema is 0003."""
    for table in NEW_TABLES:
        database.execute(f"DROP TABLE {table}")
    for table, column in NEW_COLUMNS:
        database.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    database.execute("UPDATE alembic_version SET version_num = '0003'")
