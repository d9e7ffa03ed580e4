"""Imports: the files that were taken over, their parts, and the lots that came with them.

Frozen: a later schema is a later migration.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    (
        'CREATE TABLE "inventory_import" ('
        '"number" INTEGER NOT NULL, "sha256" TEXT NOT NULL, "plan_sha256" TEXT NOT NULL, "status" TEXT NOT NULL, '
        '"vial_count" INTEGER NOT NULL, "parts" INTEGER NOT NULL, "done" INTEGER NOT NULL, "abandoned" INTEGER, '
        'PRIMARY KEY ("number"))'
    ),
    (
        'CREATE TABLE "import_part" ('
        '"entry" INTEGER NOT NULL, "number" INTEGER NOT NULL, "part" INTEGER NOT NULL, PRIMARY KEY ("entry"))'
    ),
    'CREATE TABLE "import_lot" ("lot" TEXT NOT NULL, "number" INTEGER NOT NULL, PRIMARY KEY ("lot"))',
)
INDEXES = (
    'CREATE INDEX ix_inventory_import_sha256 ON "inventory_import" ("sha256")',
    'CREATE INDEX ix_inventory_import_status ON "inventory_import" ("status")',
    'CREATE INDEX ix_import_part_number ON "import_part" ("number")',
    'CREATE INDEX ix_import_lot_number ON "import_lot" ("number")',
)


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in TABLES:
        op.execute(f"{statement} STRICT" if sqlite else _postgresql(statement))
    for statement in INDEXES:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("a ledger is never taken back to an older schema; restore a backup made before")


def _postgresql(statement: str) -> str:
    """Whole numbers have 64 bits, and text sorts by code point, as on SQLite."""
    return statement.replace(" INTEGER", " BIGINT").replace(" TEXT", ' TEXT COLLATE "C"')
