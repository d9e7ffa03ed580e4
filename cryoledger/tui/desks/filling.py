"""Lots as they are made: registered from donations, then filled into vials. Technicians and quality work here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryoledger.custody.workflow.entering import Entering
from cryoledger.database import work_lists
from cryoledger.tui.desks.sheet import Cell, Column, Offer, Row, Tab

if TYPE_CHECKING:
    from cryoledger.database.store import Reading

_LOTS: Final = (
    Column("lot", 14), Column("filled", 10), Column("vials", 6), Column("product", 14), Column("passage", 7, wide=True),
    Column("donations"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MadeLot:
    """A lot, and how many vials were filled from it so far."""

    code: str
    filled_on: str
    vials: int
    product: str
    passage: int
    donations: tuple[str, ...]


def read_filling(now: Reading) -> tuple[MadeLot, ...]:
    """The lots filled last, the latest first."""
    return tuple(
        MadeLot(lot.code, lot.filled_on, lot.vial_count, f"{lot.product} v{lot.version}", lot.passage, tuple(donations))
        for lot, donations in work_lists.lots_filled_last(now)
    )


def filling_tab(lots: tuple[MadeLot, ...]) -> Tab:
    """The list; a lot is registered without a row, and filled from its own."""
    offers = (
        Offer("f11", "Register a lot", Entering("LotRegistered")),
        Offer("f12", "Donation", Entering("DonationCollected")),
    )
    return Tab("Filling", _LOTS, tuple(map(_lot, lots)), "There is no lot.", offers)


def _lot(lot: MadeLot) -> Row:
    cells = (
        Cell(lot.code, "strong"), Cell(lot.filled_on), Cell(str(lot.vials), "" if lot.vials else "wait"),
        Cell(lot.product, "quiet"), Cell(str(lot.passage), "quiet"), Cell(", ".join(lot.donations), "quiet"),
    )  # fmt: skip
    return Row(lot.code, cells, (Offer("f5", "Fill vials", Entering("LotFilled", (("lot", lot.code),))),))
