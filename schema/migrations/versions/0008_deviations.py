"""How far an accepted deviation goes, and the line of the order that used it.

Only a vault of before the first release can hold deviations without them; its rows are not filled in here.
Frozen: a later schema is a later migration.
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COLUMNS = (
    'ALTER TABLE "deviation" ADD COLUMN "reach" INTEGER',
    'ALTER TABLE "deviation" ADD COLUMN "line" INTEGER',
)


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in COLUMNS:
        op.execute(statement if sqlite else statement.replace(" INTEGER", " BIGINT"))


def downgrade() -> None:
    raise RuntimeError("a ledger is never taken back to an older schema; restore a backup made before")
