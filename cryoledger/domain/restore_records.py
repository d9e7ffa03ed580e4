"""The rows of restores: which epoch was opened over a backup, what was lost, and whether two persons declared it."""

from __future__ import annotations

from dataclasses import dataclass

from cryoledger.domain.row import Record


@dataclass(frozen=True, slots=True)
class Restoration(Record):
    """A restore that lost entries; `number` is the entry that opened the epoch, `declared` the `LedgerRestored`.

    Until it is declared the epoch is unreconciled: what is recorded from `number` on is marked so. `origin`, `size`,
    `root` and `last_leaf_hash` say what was kept of the epoch before.
    """

    table = "restoration"
    key = ("number",)
    number: int
    opened_at: str
    origin: str
    size: int
    root: str
    last_leaf_hash: str
    lost_from: int
    lost_to: int | None
    declared: int | None
