"""Which key is a subject's own: by a mark that says nothing of the key, and the station that was first to use it.

Frozen: a later schema is a later migration.
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SUBJECT_KEY = (
    'CREATE TABLE "subject_key" ('
    '"kind" TEXT NOT NULL, "code" TEXT NOT NULL, "mark" TEXT NOT NULL, "station" TEXT NOT NULL, '
    'PRIMARY KEY ("kind", "code"))'
)


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute(f"{SUBJECT_KEY} STRICT" if sqlite else SUBJECT_KEY.replace(" TEXT", ' TEXT COLLATE "C"'))


def downgrade() -> None:
    raise RuntimeError("a ledger is never taken back to an older schema; restore a backup made before")
