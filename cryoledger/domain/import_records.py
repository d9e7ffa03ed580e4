"""The rows of imports: which files were taken over, by which entries, and which lots came with them.

While an import is open, a thing is its own where the thing's `last_entry` is one of its parts: nothing else may touch
it before the import completes, so no row of its own is needed for each vial.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryoledger.domain.row import Record


@dataclass(frozen=True, slots=True)
class Import(Record):
    """An inventory taken over from a file; `number` is the entry that began it, `done` how many parts are in force.

    `status`: open, completed or abandoned. `abandoned` is the entry that gave it up: then its parts are withdrawn one
    after the other, and it stays open until none is left.
    """

    table = "inventory_import"
    key = ("number",)
    indexes = (("sha256",), ("status",))
    number: int
    sha256: str
    plan_sha256: str
    status: str
    vial_count: int
    parts: int
    done: int
    abandoned: int | None


@dataclass(frozen=True, slots=True)
class ImportPart(Record):
    """The entry that recorded one part of an import."""

    table = "import_part"
    key = ("entry",)
    indexes = (("number",),)
    entry: int
    number: int
    part: int


@dataclass(frozen=True, slots=True)
class ImportLot(Record):
    """A lot that an import brought: quality may release it by a statement about that import."""

    table = "import_lot"
    key = ("lot",)
    indexes = (("number",),)
    lot: str
    number: int
