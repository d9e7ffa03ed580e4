"""Restores of the ledger, and what upkeep was done here: the last good backup, the last test restore.

Frozen: a later schema is a later migration.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

RESTORATION = (
    'CREATE TABLE "restoration" ('
    '"number" INTEGER NOT NULL, "opened_at" TEXT NOT NULL, "origin" TEXT NOT NULL, "size" INTEGER NOT NULL, '
    '"root" TEXT NOT NULL, "last_leaf_hash" TEXT NOT NULL, "lost_from" INTEGER NOT NULL, "lost_to" INTEGER, '
    '"declared" INTEGER, PRIMARY KEY ("number"))'
)
UPKEEP = (
    'CREATE TABLE "upkeep" ("kind" TEXT NOT NULL, "at" TEXT NOT NULL, "detail" TEXT NOT NULL, PRIMARY KEY ("kind"))'
)


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in (RESTORATION, UPKEEP):
        op.execute(f"{statement} STRICT" if sqlite else _postgresql(statement))


def downgrade() -> None:
    raise RuntimeError("a ledger is never taken back to an older schema; restore a backup made before")


def _postgresql(statement: str) -> str:
    """Whole numbers have 64 bits, and text sorts by code point, as on SQLite."""
    return statement.replace(" INTEGER", " BIGINT").replace(" TEXT", ' TEXT COLLATE "C"')
