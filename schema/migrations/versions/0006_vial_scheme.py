"""The site's scheme of vial codes, and each product's code in it.

Frozen: a later schema is a later migration.
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COLUMNS = (
    'ALTER TABLE "site" ADD COLUMN "vial_scheme" TEXT',
    'ALTER TABLE "product" ADD COLUMN "item_code" TEXT',
)


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in COLUMNS:
        op.execute(statement if sqlite else statement.replace(" TEXT", ' TEXT COLLATE "C"'))


def downgrade() -> None:
    raise RuntimeError("a ledger is never taken back to an older schema; restore a backup made before")
