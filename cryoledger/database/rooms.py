"""Which room each table belongs to: the ledger itself, what is derived from it, or what is only kept here.

`Facts` and the audit's replay read and compare derived tables only (LEDGER, "Verification").
"""

from __future__ import annotations

from typing import Literal

from cryoledger.domain.records import DERIVED

__all__ = ["ROOM", "Room"]

Room = Literal["ledger", "derived", "local"]

ROOM: dict[str, Room] = {
    "entry": "ledger",
    **dict.fromkeys((record.table for record in DERIVED), "derived"),
    "wrapped_key": "local",
    "document": "local",
    "upkeep": "local",
    "alembic_version": "local",
}
