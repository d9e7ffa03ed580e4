"""Shipments between sites: whom this one trusts, which heads it holds, what came from where.

Frozen: a later schema is a later migration.
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OTHER_SITE = (
    'CREATE TABLE "other_site" ('
    '"code" TEXT NOT NULL, "name" TEXT NOT NULL, "origin" TEXT NOT NULL, "policy" TEXT NOT NULL, '
    '"status" TEXT NOT NULL, "number" INTEGER NOT NULL, PRIMARY KEY ("code"))'
)
OTHER_HEAD = (
    'CREATE TABLE "other_head" ('
    '"site" TEXT NOT NULL, "origin" TEXT NOT NULL, "size" INTEGER NOT NULL, "root" TEXT NOT NULL, '
    '"number" INTEGER NOT NULL, PRIMARY KEY ("site", "origin"))'
)
PROVENANCE = (
    'CREATE TABLE "provenance" ('
    '"kind" TEXT NOT NULL, "code" TEXT NOT NULL, "site" TEXT NOT NULL, "theirs" TEXT NOT NULL, '
    '"stated" TEXT NOT NULL, "number" INTEGER NOT NULL, PRIMARY KEY ("kind", "code"))'
)
CONSIGNMENT = (
    'CREATE TABLE "consignment" ('
    '"shipment" TEXT NOT NULL, "site" TEXT NOT NULL, "direction" TEXT NOT NULL, "theirs" TEXT NOT NULL, '
    '"manifest_sha256" TEXT NOT NULL, "number" INTEGER NOT NULL, "leaf_hash" TEXT, PRIMARY KEY ("shipment"))'
)
INDEXES = (
    'CREATE INDEX "ix_other_site_origin" ON "other_site" ("origin")',
    'CREATE INDEX "ix_provenance_site_kind_theirs" ON "provenance" ("site", "kind", "theirs")',
    'CREATE INDEX "ix_consignment_site" ON "consignment" ("site")',
)


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in (OTHER_SITE, OTHER_HEAD, PROVENANCE, CONSIGNMENT):
        op.execute(f"{statement} STRICT" if sqlite else _postgresql(statement))
    for statement in INDEXES:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("a ledger is never taken back to an older schema; restore a backup made before")


def _postgresql(statement: str) -> str:
    """Whole numbers have 64 bits, and text sorts by code point, as on SQLite."""
    return statement.replace(" INTEGER", " BIGINT").replace(" TEXT", ' TEXT COLLATE "C"')
