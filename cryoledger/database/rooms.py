"""Which room each table belongs to: the ledger itself, what is derived from it, or what is only kept here.

`Facts` and the audit's replay read and compare derived tables only (LEDGER, "Verification"). The tree's tiles follow
from the entries alone: no rule writes them, and the audit compares them by itself.
"""

from __future__ import annotations

from typing import Literal

from cryoledger.domain.records import DERIVED

__all__ = ["ROOM", "Room"]

Room = Literal["ledger", "tree", "derived", "local"]

ROOM: dict[str, Room] = {
    "entry": "ledger",
    "tile": "tree",
    **dict.fromkeys((record.table for record in DERIVED), "derived"),
    "wrapped_key": "local",
    "document": "local",
    "subject_key": "local",
    "upkeep": "local",
    "checkpoint": "local",
    "alembic_version": "local",
}
