"""What one sound row of an imported file says, in the ledger's own units; whoever reads files makes these.

Rows of one box or one lot share one object: a file of a million vials has some thousands of each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["BoxFacts", "BoxSize", "DonationFacts", "GoodRow", "LotFacts", "Place", "SizeOf"]


@dataclass(frozen=True, slots=True)
class Place:
    """A storage unit on the way from a freezer to a box."""

    kind: str
    code: str
    name: str
    slot: str | None


@dataclass(frozen=True, slots=True)
class BoxSize:
    """Rows, columns, and how positions are named."""

    rows: int
    columns: int
    scheme: str


@dataclass(frozen=True, slots=True)
class BoxFacts:
    """A box, the units that it stands in (outermost first, itself last), and its size."""

    path: tuple[Place, ...]
    size: BoxSize

    @property
    def code(self) -> str:
        """The code of the box itself."""
        return self.path[-1].code


@dataclass(frozen=True, slots=True)
class DonationFacts:
    """A collection; `named` is false where the code only stands for one tissue of one donor."""

    donation: str
    donor: str
    tissue: str
    collected_on: str | None
    named: bool


@dataclass(frozen=True, slots=True)
class LotFacts:
    """A lot as its rows describe it."""

    code: str
    product: str
    donations: tuple[DonationFacts, ...]
    bank: str
    donor_kind: str
    patient: str | None
    passage: int
    cells_per_vial: int
    volume_microlitres: int
    cryoprotectant: str
    filled_on: str
    expiry_on: str


@dataclass(slots=True)
class GoodRow:
    """A row that is sound by itself: a vial, its place, its lot, and what else was written beside it."""

    row: int
    barcode: str
    box: BoxFacts
    position: int
    lot: LotFacts
    viability_millipercent: int | None = None
    comment: str = ""


SizeOf = Callable[[str], BoxSize | None]
"""The size of a box that the vault knows, by its code."""
