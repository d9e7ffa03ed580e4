"""The identity vault: who holds its key, and of whom an identity was kept or forgotten.

Frozen: a later schema is a later migration.
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

IDENTITY_READER = (
    'CREATE TABLE "identity_reader" ('
    '"person" TEXT NOT NULL, "key_id" TEXT NOT NULL, "number" INTEGER NOT NULL, PRIMARY KEY ("person"))'
)
IDENTITY = (
    'CREATE TABLE "identity" ('
    '"kind" TEXT NOT NULL, "code" TEXT NOT NULL, "sha256" TEXT, "recorded" INTEGER, "forgotten" INTEGER, '
    '"copies_until" TEXT, PRIMARY KEY ("kind", "code"))'
)


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in (IDENTITY_READER, IDENTITY):
        op.execute(f"{statement} STRICT" if sqlite else _postgresql(statement))


def downgrade() -> None:
    raise RuntimeError("a ledger is never taken back to an older schema; restore a backup made before")


def _postgresql(statement: str) -> str:
    """Whole numbers have 64 bits, and text sorts by code point, as on SQLite."""
    return statement.replace(" INTEGER", " BIGINT").replace(" TEXT", ' TEXT COLLATE "C"')
