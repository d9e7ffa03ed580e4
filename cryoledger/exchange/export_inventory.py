"""What lies in the freezers as a table that other programs import, this one too, and that no spreadsheet calculates.

UTF-8 with a byte-order mark, commas, every cell quoted, every text that could be a formula made neutral (`formulas`).
Amounts are whole: cells, and microlitres. A lot names every donation behind it, those of its banks included, so that
what is traced here can be traced elsewhere.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TextIO

from cryoledger.codes.position import label
from cryoledger.database import bulk
from cryoledger.database.store import Reading
from cryoledger.domain.records import Donation, Lot, LotDonation, StorageUnit, Vial
from cryoledger.exchange.column_map import KINDS
from cryoledger.exchange.formulas import neutral
from cryoledger.exchange.lots import BETWEEN_DONATIONS

__all__ = ["BYTE_ORDER_MARK", "Exported", "export_inventory"]

BYTE_ORDER_MARK = "\ufeff"
DEEPEST = 16
_BOX = ("Box rows", "Box columns", "Box positions named")
_VIAL = (
    "Position", "Vial barcode", "Product", "Lot", "Donor", "Donation", "Tissue", "Collection date", "Passage",
    "Cells per vial (cells)", "Volume (uL)", "Cryoprotectant", "Date frozen", "Expiry", "Bank", "Donor kind", "Patient",
    "Disposition",
)  # fmt: skip
Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exported:
    """How many vials were written, and how many were not: in no position, or in units that a table cannot draw."""

    vials: int
    not_stored: int
    not_drawn: int


def export_inventory(reading: Reading, out: TextIO) -> Exported:
    """Write every stored vial; `out` is opened as UTF-8 with newline=""."""
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    export = _Export(reading)
    out.write(BYTE_ORDER_MARK)
    writer.writerow(export.header)
    for cells in export.rows():
        writer.writerow([neutral(cell) for cell in cells])
    return Exported(export.vials, bulk.count_not_stored(reading), export.not_drawn)


class _Export:
    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._facts = reading.facts
        there = {unit.kind for unit in self._facts.where(StorageUnit)}
        self._kinds = [kind for kind in KINDS if kind in there or kind == "box"]
        self._lots: dict[str, Cells] = {}
        self.vials = 0
        self.not_drawn = 0

    @property
    def header(self) -> Cells:
        """The first row."""
        names = (f"{kind.capitalize()}{end}" for kind in self._kinds for end in ("", " code", " slot"))
        return (*names, *_BOX, *_VIAL)

    def rows(self) -> Iterator[Cells]:
        """One row for each vial."""
        unit, place, box = "", None, None
        for vial in bulk.stored_vials(self._reading):
            if vial.unit != unit:
                unit = vial.unit or ""
                box = self._facts.get(StorageUnit, unit)
                place = self._place(box) if box is not None else None
            if place is None or box is None or vial.position is None:
                self.not_drawn += 1
                continue
            self.vials += 1
            at = label(box.scheme, box.rows, box.columns, vial.position)
            yield (*place, at, vial.label, *self._lot(vial))

    def _place(self, box: StorageUnit) -> Cells | None:
        """The units on the way to a box; None where they do not stand in one another in the usual order."""
        units: list[StorageUnit] = [box]
        while (parent := units[-1].parent) is not None and len(units) <= DEEPEST:
            holder = self._facts.get(StorageUnit, parent)
            if holder is None:
                return None
            units.append(holder)
        ranks = [KINDS.index(unit.kind) for unit in reversed(units)]
        if ranks != sorted(set(ranks)) or KINDS[ranks[0]] not in ("freezer", "tank") or box.kind != "box":
            return None
        by_kind = {unit.kind: unit for unit in units}
        cells: list[str] = []
        for kind in self._kinds:
            unit = by_kind.get(kind)
            cells += [unit.name, unit.code, unit.slot or ""] if unit is not None else ["", "", ""]
        return (*cells, str(box.rows), str(box.columns), box.scheme)

    def _lot(self, vial: Vial) -> Cells:
        cells = self._lots.get(vial.lot)
        if cells is None:
            lot = self._facts.get(Lot, vial.lot)
            if lot is None:
                raise RuntimeError(f"vial {vial.code} is of a lot that is not there")
            cells = self._lots[vial.lot] = self._lot_cells(lot)
        return cells

    def _lot_cells(self, lot: Lot) -> Cells:
        donations = sorted(self._donations(lot), key=lambda each: each.code)
        return (
            lot.product,
            lot.code,
            _joined(each.donor for each in donations),
            _joined(each.code for each in donations),
            _joined(each.tissue for each in donations),
            _joined(each.collected_on for each in donations),
            str(lot.passage),
            str(lot.cells_per_vial),
            str(lot.volume_microlitres),
            lot.cryoprotectant,
            lot.filled_on,
            lot.expiry_on,
            lot.bank,
            lot.donor_kind,
            lot.patient or "",
            lot.disposition,
        )

    def _donations(self, lot: Lot) -> set[Donation]:
        found: set[Donation] = set()
        ancestor: Lot | None = lot
        for _ in range(DEEPEST):
            if ancestor is None:
                break
            for row in self._facts.where(LotDonation, lot=ancestor.code):
                donation = self._facts.get(Donation, row.donation)
                if donation is not None:
                    found.add(donation)
            ancestor = self._facts.get(Lot, ancestor.parent) if ancestor.parent is not None else None
        return found


def _joined(texts: Iterable[str]) -> str:
    return BETWEEN_DONATIONS.join(texts)
