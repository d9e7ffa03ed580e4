"""The parts of an import: what the scratch database holds, cut into events that fit an entry and commit quickly.

Rows are taken by box, lot and position, so that what lies together is written together; a unit, a donor or a lot
stands in the part that needs it first. The same file, map and vault always give the same parts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from cryoledger.custody.create import end_of_day
from cryoledger.custody.imports.import_checks import Known
from cryoledger.custody.imports.import_facts import BoxFacts, LotFacts
from cryoledger.custody.imports.import_scratch import Scratch
from cryoledger.domain.records import Product
from cryoledger.ledger.lines import encode_base64

__all__ = ["PART_BYTES", "PART_VIALS", "Cut", "Part", "cut", "parts"]

PART_VIALS = 800
PART_BYTES = 48_000  # of 65,535 that an entry may have: envelope, signatures and a document come beside it
_ORDERED = """
SELECT good.row, barcode, box, position, lot, comment, held FROM good JOIN box ON box.id = good.box
ORDER BY box.row, box, lot, position
"""


@dataclass(frozen=True, slots=True)
class Cut:
    """How a file was cut: parts, vials, and the hash of all parts one after the other."""

    parts: int
    vials: int
    plan_sha256: str


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its number from 1, its payload but for the import's number, and comments as JSON ("" for none)."""

    number: int
    payload: dict[str, Any]
    vials: int
    comments: str


def cut(scratch: Scratch, known: Known, zone: str) -> Cut:
    """Cut what is left in the scratch database into parts, and keep them there."""
    digest = hashlib.sha256()
    cutter = _Cutter(scratch, known, zone)
    count = vials = 0
    for part in cutter.run():
        known.reading.facts.forget_all()
        text = json.dumps(part.payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        digest.update(hashlib.sha256(text.encode()).digest())
        scratch.db.execute("INSERT INTO part VALUES (?, ?, ?, ?)", (part.number, text, part.vials, part.comments))
        count, vials = part.number, vials + part.vials
    return Cut(count, vials, encode_base64(digest.digest()))


def parts(scratch: Scratch, after: int) -> Iterator[Part]:
    """The parts from the one behind `after`, one at a time."""
    number = after
    while (row := scratch.one("SELECT event, vials, comments FROM part WHERE number = ?", number + 1)) is not None:
        number += 1
        yield Part(number, json.loads(row[0]), row[1], row[2])


class _Thing(NamedTuple):
    """What a part brings beside vials: of which field, its content, and the bytes that it takes as JSON."""

    kind: str
    content: Any
    size: int


@dataclass(slots=True)
class _Open:
    """A part being filled."""

    size: int = 0
    vials: int = 0
    things: dict[str, list[Any]] = field(default_factory=dict)
    groups: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    held: list[str] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)

    def is_full(self, more: Sequence[_Thing]) -> bool:
        """Whether another vial, and what it needs, goes into the next part. One row alone always fits into a part."""
        size = self.size + sum(thing.size + 1 for thing in more)
        return self.vials >= PART_VIALS or (self.vials > 0 and size >= PART_BYTES)

    def add(self, thing: _Thing) -> None:
        """Bring a thing with this part."""
        self.things.setdefault(thing.kind, []).append(thing.content)
        self.size += thing.size + 1

    def put(self, unit: str, lot: str, code: str, position: int) -> None:
        """Bring a vial."""
        group = self.groups.get((unit, lot))
        if group is None:
            group = self.groups[unit, lot] = {"unit": unit, "lot": lot, "vials": [], "positions": []}
            self.size += len(unit) + len(lot) + 60
        group["vials"].append(code)
        group["positions"].append(position)
        self.vials += 1
        self.size += 2 * len(code) + 8  # a code may hold quotes, which are escaped

    def part(self, number: int) -> Part:
        """What was gathered."""
        payload: dict[str, Any] = {**self.things, "part": number, "vials": list(self.groups.values())}
        if self.held:
            payload["held"] = self.held
        comments = json.dumps(self.comments, ensure_ascii=False) if self.comments else ""
        return Part(number, payload, self.vials, comments)


class _Cutter:
    def __init__(self, scratch: Scratch, known: Known, zone: str) -> None:
        self._scratch = scratch
        self._known = known
        self._zone = zone
        self._brought: set[str] = set()
        self._versions: dict[str, int] = {}
        self._ends: dict[str, str] = {}

    def run(self) -> Iterator[Part]:
        number, part = 1, _Open()
        box_id = lot_id = -1
        unit = lot = ""
        lots: dict[int, str] = {}
        for row, code, box, position, of, comment, held in self._scratch.each(_ORDERED):
            things: list[_Thing] = []
            if box != box_id:
                box_id, facts = box, self._scratch.box_facts(box)
                unit = facts.code
                things += self._of_box(facts)
            if of != lot_id:
                lot_id = of
                if of not in lots:
                    described, viability = self._scratch.lot_facts(of)
                    lots[of] = described.code
                    things += self._of_lot(described, viability)
                lot = lots[of]
            if part.is_full(things):
                yield part.part(number)
                number, part = number + 1, _Open()
            for thing in things:
                part.add(thing)
            part.put(unit, lot, code, position)
            if held:
                part.held.append(code)
                part.size += len(code) + 3
            if comment:
                part.comments.append({"row": row, "vial": code, "comment": comment})
        if part.vials:
            yield part.part(number)

    def _of_box(self, box: BoxFacts) -> Iterator[_Thing]:
        """The units on the way to a box, and itself, as far as they are new."""
        parent: str | None = None
        for place in box.path:
            if self._new(place.code) and self._known.unit(place.code) is None:
                unit: dict[str, Any] = {"unit": place.code, "kind": place.kind, "name": place.name}
                if parent is not None:
                    unit |= {"parent": parent, "slot": place.slot}
                if place is box.path[-1]:
                    unit |= {"rows": box.size.rows, "columns": box.size.columns, "scheme": box.size.scheme}
                yield _Thing("units", unit, _bytes(unit))
            parent = place.code

    def _of_lot(self, lot: LotFacts, viability: int | None) -> Iterator[_Thing]:
        """A lot with its donors and donations, as far as they are new."""
        if not self._new(lot.code) or self._known.lot(lot.code) is not None:
            return
        for each in lot.donations:
            if self._new(each.donor) and self._known.donor(each.donor) is None:
                yield _Thing("donors", each.donor, _bytes(each.donor))
            if self._new(each.donation) and self._known.donation(each.donation) is None:
                donation = {"donation": each.donation, "donor": each.donor, "tissue": each.tissue}
                donation |= {"collected_on": each.collected_on} if each.collected_on else {}
                yield _Thing("donations", donation, _bytes(donation))
        made = self._lot(lot, viability)
        yield _Thing("lots", made, _bytes(made))

    def _lot(self, lot: LotFacts, viability: int | None) -> dict[str, Any]:
        made: dict[str, Any] = {
            "lot": lot.code,
            "product": lot.product,
            "version": self._version(lot.product),
            "donations": [each.donation for each in lot.donations],
            "bank": lot.bank,
            "donor_kind": lot.donor_kind,
            "passage": lot.passage,
            "cells_per_vial": lot.cells_per_vial,
            "volume_microlitres": lot.volume_microlitres,
            "cryoprotectant": lot.cryoprotectant,
            "filled_on": lot.filled_on,
            "expiry_on": lot.expiry_on,
            "expires_at": self._end(lot.expiry_on),
        }
        made |= {"patient": lot.patient} if lot.patient is not None else {}
        return made | ({"viability_millipercent": viability} if viability is not None else {})

    def _new(self, code: str) -> bool:
        """Whether no part has brought a thing yet, which this one then does."""
        if code in self._brought:
            return False
        self._brought.add(code)
        return True

    def _version(self, product: str) -> int:
        if product not in self._versions:
            rows = self._known.facts.where(Product, code=product)
            self._versions[product] = max((row.version for row in rows), default=0)
        return self._versions[product]

    def _end(self, day: str) -> str:
        if day not in self._ends:
            self._ends[day] = end_of_day(date.fromisoformat(day), self._zone)
        return self._ends[day]


def _bytes(thing: Any) -> int:
    return len(json.dumps(thing, ensure_ascii=False).encode())
