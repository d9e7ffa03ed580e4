"""What the rows of a file say together, and what the vault says to them: twins, contradictions, codes that are taken.

Every row that cannot come in leaves the scratch database with its reason. The rulebook judges each part again when it
is recorded; here a person hears of all defects at once, by row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from cryoledger.custody.imports.import_facts import BoxSize, DonationFacts, LotFacts
from cryoledger.custody.imports.import_scratch import Scratch, box_of, lot_of
from cryoledger.database import bulk
from cryoledger.database.store import Reading
from cryoledger.domain.events.imports import ImportPartRecorded
from cryoledger.domain.facts import Facts, Inventory
from cryoledger.domain.import_records import Import, ImportLot, ImportPart
from cryoledger.domain.records import Donation, Donor, Lot, LotDonation, Patient, Record, ScanCode, StorageUnit, Vial

__all__ = ["Known"]

FORGET_EVERY = 200
UNSAID = frozenset({"patient"})  # what no report repeats (I9)


class Known:
    """The vault as an import sees it: without what the same import has already brought."""

    def __init__(self, reading: Reading, today: str, own: Import | None = None) -> None:
        self.reading = reading
        self.today = today
        self.facts: Facts = reading.facts
        self.number = own.number if own is not None else None
        rows = self.facts.where(ImportPart, number=own.number) if own is not None else []
        self._entries = {row.entry for row in rows}

    def _get(self, record: type[Record], code: str) -> Record | None:
        row = self.facts.get(record, code)
        return None if row is None or row.last_entry in self._entries else row  # type: ignore[attr-defined]

    def lot(self, code: str) -> Lot | None:
        """A lot that was there before."""
        brought = self.facts.get(ImportLot, code)
        return None if brought is not None and brought.number == self.number else self.facts.get(Lot, code)

    def donor(self, code: str) -> Donor | None:
        """A donor who was there before."""
        row = self._get(Donor, code)
        return row if isinstance(row, Donor) else None

    def donation(self, code: str) -> Donation | None:
        """A donation that was there before."""
        row = self._get(Donation, code)
        return row if isinstance(row, Donation) else None

    def unit(self, code: str) -> StorageUnit | None:
        """A storage unit that was there before."""
        row = self._get(StorageUnit, code)
        return row if isinstance(row, StorageUnit) else None

    def size_of(self, code: str) -> BoxSize | None:
        """The size of a box that was there before."""
        unit = self.unit(code)
        return BoxSize(unit.rows, unit.columns, unit.scheme) if unit is not None and unit.rows else None

    def _forgetting(self, rows: Iterator[Any]) -> Iterator[Any]:
        """The same rows; now and then what was asked of the vault is forgotten, for it is not asked again."""
        for at, row in enumerate(rows, start=1):
            yield row
            if at % FORGET_EVERY == 0:
                self.reading.facts.forget_all()

    def judge(self, scratch: Scratch) -> None:
        """Reject whatever cannot come in, and mark the vials that come in on hold."""
        scratch.flush()
        self._lots(scratch)
        self._boxes(scratch)
        self._barcodes(scratch)
        self._positions(scratch)
        scratch.flush()

    def judge_again(self, scratch: Scratch) -> None:
        """Judge the rows of a completed import by what the file alone says; what else did not come in is told so.

        What came in has gone its own way since, and says nothing any more of what the vault was then.
        """
        scratch.flush()
        self.facts = Inventory()
        self._lots(scratch)
        self._boxes(scratch)
        self._not_other_things(scratch)
        self._twins_of_barcodes(scratch)
        self._twins_of_positions(scratch)
        self._not_brought(scratch)
        scratch.flush()

    def _not_brought(self, scratch: Scratch) -> None:
        scratch.db.execute("CREATE TABLE brought (barcode TEXT PRIMARY KEY)")
        for number in sorted(self._entries):
            entry = self.reading.recorded(number)
            self.reading.facts.forget_all()
            if entry is not None and isinstance(entry.event, ImportPartRecorded):
                codes = ((code,) for group in entry.event.vials for code in group.vials)
                scratch.db.executemany("INSERT INTO brought VALUES (?)", codes)
        scratch.drop(
            [
                (row, "did not come in: something in the vault stood against it then")
                for (row,) in scratch.each("SELECT row FROM good WHERE barcode NOT IN (SELECT barcode FROM brought)")
            ]
        )

    # Lots

    def _lots(self, scratch: Scratch) -> None:
        for (code,) in list(scratch.each("SELECT code FROM lot GROUP BY code HAVING count(*) > 1")):
            variants = list(scratch.each("SELECT id, facts, row FROM lot WHERE code = ? ORDER BY row", code))
            reason = _contradiction([(lot_of(facts), row) for _, facts, row in variants])
            for lot, _, _ in variants:
                scratch.drop_where("lot", lot, reason)
            scratch.db.execute("DELETE FROM lot WHERE code = ?", (code,))
        for lot, facts, row in self._forgetting(scratch.each("SELECT id, facts, row FROM lot ORDER BY row")):
            reason = next(self._against_lot(scratch, lot_of(facts), row), "")
            if reason:
                scratch.drop_where("lot", lot, reason)

    def _against_lot(self, scratch: Scratch, lot: LotFacts, row: int) -> Iterator[str]:
        """Why a lot cannot come in, if there is a reason."""
        yield from self._ahead(lot)
        yield from self._against_known_lot(lot)
        yield from self._meaning(scratch, lot.code, "lot", "", row)
        yield from self._meaning(scratch, lot.product, "product", "", row)
        if lot.patient is not None and self.reading.facts.get(Patient, lot.patient) is None:
            yield "its patient is not registered in this vault"
        for each in lot.donations:
            yield from self._against_donation(scratch, each, lot.filled_on, row)

    def _ahead(self, lot: LotFacts) -> Iterator[str]:
        if lot.filled_on > self.today:
            yield f"date frozen {lot.filled_on} lies ahead: it is {self.today} here"
        for each in lot.donations:
            if each.collected_on is not None and each.collected_on > self.today:
                yield f"collection date {each.collected_on} lies ahead: it is {self.today} here"

    def _against_known_lot(self, lot: LotFacts) -> Iterator[str]:
        known = self.lot(lot.code)
        if known is None:
            return
        if known.disposition != "quarantined":
            yield f"lot {lot.code} is {known.disposition} in the vault: what was judged is not added to"
        for name in (field.name for field in fields(lot)):
            said = getattr(lot, name)
            if name != "donations" and getattr(known, name) != said:
                differs = f"{_word(name)} {_shown(name, getattr(known, name), said)}"
                yield f"contradicts lot {lot.code} in the vault: {differs}"
        rows = [self.facts.get(Donation, row.donation) for row in self.facts.where(LotDonation, lot=lot.code)]
        if {row.donor for row in rows if row is not None} != {each.donor for each in lot.donations}:
            yield f"contradicts lot {lot.code} in the vault: it has another donor"

    def _against_donation(self, scratch: Scratch, each: DonationFacts, filled_on: str, row: int) -> Iterator[str]:
        yield from self._meaning(scratch, each.donor, "donor", "", row)
        told = f"{each.donor} {each.tissue} {each.collected_on or ''}"
        yield from self._meaning(scratch, each.donation, "donation", told, row)
        donor, donation = self.donor(each.donor), self.donation(each.donation)
        if donor is not None and donor.consent_withdrawn_on is not None:
            yield f"donor {donor.code} withdrew consent"
        if donation is not None and (donation.donor, donation.tissue) != (each.donor, each.tissue):
            yield f"donation {donation.code} in the vault is {donation.tissue} of donor {donation.donor}"
        if donation is not None and filled_on < donation.collected_on:
            yield f"frozen before it was collected: {filled_on} is before {donation.collected_on}, as the vault has it"

    def _meaning(self, scratch: Scratch, code: str, kind: str, told: str, row: int) -> Iterator[str]:
        """One code means one thing, in the file and in the vault."""
        scratch.db.execute("INSERT OR IGNORE INTO name VALUES (?, ?, ?, ?)", (code, kind, told, row))
        said, facts, first = scratch.one("SELECT kind, facts, row FROM name WHERE text = ?", code)
        if said != kind:
            yield f"{code} is the code of a {kind} here and of a {said} in row {first}"
        elif facts != told:
            yield f"{kind} {code} is described in another way in row {first}"
        taken = self.facts.get(ScanCode, code)
        if taken is not None and (taken.kind, taken.code) != (kind, code):
            yield f"{code} is the code of {taken.kind} {taken.code} in the vault"

    # Boxes

    def _boxes(self, scratch: Scratch) -> None:
        scratch.db.execute("CREATE TABLE slot (parent TEXT, slot TEXT, unit TEXT, PRIMARY KEY (parent, slot))")
        for box, facts, row in self._forgetting(scratch.each("SELECT id, facts, row FROM box ORDER BY row")):
            reason = next(self._against_box(scratch, facts, row), "")
            if reason:
                scratch.drop_where("box", box, reason)

    def _against_box(self, scratch: Scratch, text: str, row: int) -> Iterator[str]:
        parent = ""
        facts = box_of(text)
        for place in facts.path:
            told = "" if place is facts.path[-1] else f"{place.kind} in {parent or 'the room'} {place.slot}"
            yield from self._meaning(scratch, place.code, "unit", told, row)
            known = self.unit(place.code)
            if known is not None and known.status == "retired":
                yield f"{known.kind} {known.code} is retired in the vault"
            if known is not None and bool(known.rows) != (place is facts.path[-1]):
                yield f"{known.kind} {known.code} in the vault holds {'vials' if known.rows else 'units'}"
            if known is None and parent and place.slot is not None:
                yield from self._free_slot(scratch, parent, place.slot, place.code)
            parent = place.code

    def _free_slot(self, scratch: Scratch, parent: str, slot: str, unit: str) -> Iterator[str]:
        scratch.db.execute("INSERT OR IGNORE INTO slot VALUES (?, ?, ?)", (parent, slot, unit))
        (held,) = scratch.one("SELECT unit FROM slot WHERE parent = ? AND slot = ?", parent, slot)
        there = [row for row in self.facts.where(StorageUnit, parent=parent, slot=slot) if self.unit(row.code)]
        if held != unit or there:
            yield f"slot {slot} of {parent} holds {there[0].code if there else held}"

    # Vials

    def _barcodes(self, scratch: Scratch) -> None:
        self._not_other_things(scratch)
        for rows in _batches(scratch.each("SELECT row, barcode FROM good ORDER BY row"), bulk.AT_ONCE):
            taken = bulk.taken(self.reading, [barcode for _, barcode in rows])
            for row, barcode in rows if taken else ():
                thing = taken.get(barcode)
                if thing is not None and not (thing.kind == "vial" and thing.last_entry in self._entries):
                    scratch.reject(row, f"barcode already in the vault: {thing.kind} {thing.code}")
        scratch.flush()
        scratch.db.execute("DELETE FROM good WHERE row IN (SELECT row FROM rejected)")
        self._twins_of_barcodes(scratch)

    def _not_other_things(self, scratch: Scratch) -> None:
        scratch.drop(
            [
                (row, f"barcode {barcode} is also the code of a {kind} in row {first}")
                for row, barcode, kind, first in scratch.each(
                    "SELECT good.row, good.barcode, name.kind, name.row FROM good JOIN name ON name.text = good.barcode"
                )
            ]
        )

    def _twins_of_barcodes(self, scratch: Scratch) -> None:
        twins = scratch.twins("barcode")
        scratch.hold(first for _, first, _ in twins)
        scratch.drop((row, f"barcode twice: {barcode} stands in row {first} too") for row, first, barcode in twins)

    def _positions(self, scratch: Scratch) -> None:
        for box, code in self._forgetting(scratch.each("SELECT id, code FROM box ORDER BY row")):
            if self.unit(code) is not None:
                self._known_box(scratch, box, code)
        self._twins_of_positions(scratch)

    def _twins_of_positions(self, scratch: Scratch) -> None:
        twins = scratch.twins("box, position")
        scratch.hold(first for _, first, _ in twins)
        scratch.drop((row, f"position already taken: by the vial of row {first}") for row, first, _ in twins)

    def _known_box(self, scratch: Scratch, box: int, code: str) -> None:
        there = {
            vial.position: vial.code
            for vial in self.facts.where(Vial, unit=code)
            if vial.last_entry not in self._entries
        }
        scratch.drop(
            [
                (row, f"position already taken in the vault: by vial {there[position]}")
                for row, position in scratch.each("SELECT row, position FROM good WHERE box = ?", box)
                if position in there
            ]
        )


def _contradiction(variants: list[tuple[LotFacts, int]]) -> str:
    """What two rows of one lot say differently."""
    (one, first), (other, second) = variants[:2]
    names = [field.name for field in fields(one) if getattr(one, field.name) != getattr(other, field.name)]
    said = ", ".join(f"{_word(name)} {_shown(name, getattr(one, name), getattr(other, name))}" for name in names)
    return f"rows of lot {one.code} contradict each other: {said} (rows {first} and {second})"


def _word(name: str) -> str:
    words = {"filled_on": "date frozen", "expiry_on": "expiry", "donations": "donor, tissue or donation"}
    return words.get(name, name.replace("_", " "))


def _shown(name: str, one: object, other: object) -> str:
    if name in UNSAID:
        return "differs"
    if name == "donations" and isinstance(one, tuple) and isinstance(other, tuple):
        one, other = (" + ".join(f"{each.donor} ({each.tissue})" for each in side) for side in (one, other))
    return f"{one} and {other}"


def _batches(rows: Iterator[tuple[int, str]], size: int) -> Iterator[list[tuple[int, str]]]:
    """Rows some at a time; each batch is read before it is handed out."""
    batch: list[tuple[int, str]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
