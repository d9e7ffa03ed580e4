"""The tree over the entries, kept in full tiles, and the checkpoints that were signed over it.

Frozen: a later schema is a later migration. The tiles of entries that are there already are made here.
"""

from __future__ import annotations

import hashlib

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TILE = (
    'CREATE TABLE "tile" ("epoch" INTEGER NOT NULL, "level" INTEGER NOT NULL, "number" INTEGER NOT NULL, '
    '"root" BLOB NOT NULL, "hashes" BLOB NOT NULL, PRIMARY KEY ("epoch", "level", "number"))'
)
CHECKPOINT = (
    'CREATE TABLE "checkpoint" ("epoch" INTEGER NOT NULL, "size" INTEGER NOT NULL, "note" BLOB NOT NULL, '
    '"at" TEXT NOT NULL, "given" INTEGER NOT NULL, PRIMARY KEY ("epoch", "size"))'
)


def upgrade() -> None:
    bind = op.get_bind()
    sqlite = bind.dialect.name == "sqlite"
    for statement in (TILE, CHECKPOINT):
        op.execute(f"{statement} STRICT" if sqlite else _postgresql(statement))
    mark = "?" if sqlite else "%s"
    insert = f'INSERT INTO "tile" VALUES ({", ".join([mark] * 5)})'  # noqa: S608 - marks only
    waiting: dict[tuple[int, int], list[bytes]] = {}
    for epoch, leaf in bind.exec_driver_sql('SELECT epoch, leaf_hash FROM "entry" ORDER BY epoch, sequence').fetchall():
        for row in _full(waiting, epoch, bytes(leaf)):
            bind.exec_driver_sql(insert, row)


def _full(
    waiting: dict[tuple[int, int], list[bytes]], epoch: int, leaf: bytes
) -> list[tuple[int, int, int, bytes, bytes]]:
    rows, level, value = [], 0, leaf
    while True:
        hashes = waiting.setdefault((epoch, level), [])
        hashes.append(value)
        if len(hashes) % 256:
            return rows
        tile = hashes[-256:]
        value = _root(tile)
        rows.append((epoch, level, len(hashes) // 256 - 1, value, b"".join(tile)))
        level += 1


def _root(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        hashes = [hashlib.sha256(b"\1" + hashes[at] + hashes[at + 1]).digest() for at in range(0, len(hashes), 2)]
    return hashes[0]


def downgrade() -> None:
    raise RuntimeError("a ledger is never taken back to an older schema; restore a backup made before")


def _postgresql(statement: str) -> str:
    """Whole numbers have 64 bits, and text sorts by code point, as on SQLite."""
    for ours, theirs in ((" INTEGER", " BIGINT"), (" BLOB", " BYTEA"), (" TEXT", ' TEXT COLLATE "C"')):
        statement = statement.replace(ours, theirs)
    return statement
