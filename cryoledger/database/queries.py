"""Look-ups for front ends: what is where, and what a text may mean. They return records, and decide nothing.

Each takes a store, or a snapshot that is open already. What an entry said is in `history`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from cryoledger.codes.local import has_form, is_valid
from cryoledger.database import statements
from cryoledger.database.history import SignedEntry, entries, history, signatures_of
from cryoledger.database.snapshots import Source, snapshot
from cryoledger.database.store import Reading
from cryoledger.domain.records import SUBJECT_RECORD, Lot, ScanCode, StorageUnit, Vial
from cryoledger.errors import RequestError

__all__ = [
    "BoxContents",
    "Found",
    "SignedEntry",
    "UnitNode",
    "box",
    "entries",
    "find_text",
    "freezers",
    "history",
    "last_division",
    "last_local_code",
    "next_free_position",
    "path_of",
    "signatures_of",
    "vials_of",
]

LAST_CHARACTER = "\U0010ffff"
DIVISION_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Found:
    """A thing that a text may mean: its kind and code, and how it was found."""

    kind: str
    code: str
    note: str


@dataclass(frozen=True, slots=True)
class BoxContents:
    """A unit with positions: the vials by position (0 is the first in fill order), and their lots by code."""

    unit: StorageUnit
    vials: dict[int, Vial]
    lots: dict[str, Lot]

    @property
    def positions(self) -> int:
        """How many positions it has."""
        return self.unit.rows * self.unit.columns


@dataclass(frozen=True, slots=True)
class UnitNode:
    """A storage unit, the units in it, and how full it is with all that is in it."""

    unit: StorageUnit
    children: tuple[UnitNode, ...]
    vials: int
    positions: int


# Where a text is looked for: kind, table, column of the code, column of the text, what the text is.
_PLACES: tuple[tuple[str, str, str, str, str], ...] = (
    *((kind, record.table, "code", "code", "code") for kind, record in SUBJECT_RECORD.items()),
    ("vial", "vial", "code", "label", "label"),
    ("product", "product", "code", "code", "code"),
    ("product", "product", "code", "name", "name"),
    ("unit", "storage_unit", "code", "name", "name"),
    ("person", "person", "name", "name", "code"),
    ("person", "person", "name", "full_name", "name"),
    ("station", "station", "name", "name", "code"),
)


def find_text(source: Source, text: str, limit: int = 50) -> list[Found]:
    """Things whose code, label, scan code or name is, starts with, or holds a text, in that order.

    The start of a code is found through an index; only if that finds too little are all texts looked through,
    upper and lower case alike.
    """
    if not text or limit < 1:
        return []
    with snapshot(source) as now:
        found: dict[tuple[str, str], tuple[tuple[int, str], Found]] = {}
        _collect(found, _starting(now, text, limit), text)
        if len(found) < limit:
            _collect(found, _holding(now, text, limit), text)
    return [item for _, item in sorted(found.values(), key=lambda ranked: ranked[0])][:limit]


_Hit = tuple[str, str, str, str]  # kind, code, text, note


def _collect(found: dict[tuple[str, str], tuple[tuple[int, str], Found]], hits: list[_Hit], text: str) -> None:
    wanted = text.lower()
    for kind, code, there, note in hits:
        rank = 0 if there == text else 1 if there.lower().startswith(wanted) else 2
        ranked = ((rank, there), Found(kind, code, note if there == code else f"{note} {there}"))
        present = found.get((kind, code))
        if present is None or ranked[0] < present[0]:
            found[kind, code] = ranked


def _starting(now: Reading, text: str, limit: int) -> list[_Hit]:
    hits: list[_Hit] = []
    between = (text, text + LAST_CHARACTER, limit)
    for kind, record in SUBJECT_RECORD.items():
        sql = f'SELECT code FROM "{record.table}" WHERE code >= ? AND code <= ? ORDER BY code LIMIT ?'  # noqa: S608
        hits += [(kind, code, code, "code") for (code,) in now.driver.all(sql, between)]
    sql = f"{statements.of(ScanCode).select} WHERE text >= ? AND text <= ? ORDER BY text LIMIT ?"
    return hits + [_scan_hit(ScanCode(*row)) for row in now.driver.all(sql, between)]


def _holding(now: Reading, text: str, limit: int) -> list[_Hit]:
    hits: list[_Hit] = []
    escaped = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    like = (f"%{escaped}%", limit)
    for kind, table, code, column, note in _PLACES:
        where = f"WHERE lower({column}) LIKE ? ESCAPE '\\' ORDER BY {column} LIMIT ?"
        sql = f'SELECT {code}, {column} FROM "{table}" {where}'  # noqa: S608 - names stand above
        hits += [(kind, row[0], row[1], note) for row in now.driver.all(sql, like)]
    sql = f"{statements.of(ScanCode).select} WHERE lower(text) LIKE ? ESCAPE '\\' ORDER BY text LIMIT ?"
    return hits + [_scan_hit(ScanCode(*row)) for row in now.driver.all(sql, like)]


def last_division(source: Source, start: str) -> int:
    """The highest number of six digits at the end of a code that starts so; 0 for none."""
    with snapshot(source) as now:
        sql = "SELECT text FROM scan_code WHERE text >= ? AND text <= ? ORDER BY text DESC"
        for (text,) in now.driver.each(sql, (start, start + LAST_CHARACTER)):
            end = str(text).removeprefix(start)
            if len(end) == DIVISION_DIGITS and end.isascii() and end.isdigit():
                return int(end)
    return 0


def last_local_code(source: Source, start: str) -> str | None:
    """The last local code (`codes.local`) that starts with a prefix and a kind's letter; its numbers sort as texts."""
    with snapshot(source) as now:
        sql = "SELECT text FROM scan_code WHERE text >= ? AND text <= ? ORDER BY text DESC"
        for (text,) in now.driver.each(sql, (start, start + LAST_CHARACTER)):
            if has_form(text) and is_valid(text):
                return str(text)
    return None


def _scan_hit(row: ScanCode) -> _Hit:
    return row.kind, row.code, row.text, "replaced label" if row.retired else "label"


def box(source: Source, unit: str) -> BoxContents:
    """What is in each position of a unit; RequestError where there is no such unit."""
    with snapshot(source) as now:
        row = _unit(now, unit)
        vials = {vial.position: vial for vial in now.facts.where(Vial, unit=unit) if vial.position is not None}
        found = {code: now.facts.get(Lot, code) for code in sorted({vial.lot for vial in vials.values()})}
    lots = {code: lot for code, lot in found.items() if lot is not None}
    return BoxContents(row, dict(sorted(vials.items())), lots)


def next_free_position(source: Source, unit: str) -> int | None:
    """The first position of a unit, in fill order, that holds no vial; None where it is full or has none."""
    with snapshot(source) as now:
        row = _unit(now, unit)
        taken = {found[0] for found in now.driver.all("SELECT position FROM vial WHERE unit = ?", (unit,))}
    return next((position for position in range(row.rows * row.columns) if position not in taken), None)


def path_of(source: Source, unit: str) -> list[StorageUnit]:
    """A unit and all that hold it, from the outermost; RequestError where there is no such unit."""
    with snapshot(source) as now:
        path = [_unit(now, unit)]
        while (parent := path[-1].parent) is not None:
            if len(path) > 64:
                raise RuntimeError(f"the storage unit {unit} lies in itself")
            path.append(_unit(now, parent))
    return path[::-1]


def freezers(source: Source) -> tuple[UnitNode, ...]:
    """Every unit in use, as a forest: those in no other unit first, each with what is in it, ordered by slot."""
    with snapshot(source) as now:
        counts = now.driver.all("SELECT unit, COUNT(*) FROM vial WHERE unit IS NOT NULL GROUP BY unit")
        children: dict[str | None, list[StorageUnit]] = defaultdict(list)
        for unit in now.facts.where(StorageUnit):
            if unit.status != "retired":
                children[unit.parent].append(unit)
    return _nodes(children, dict(counts), None)


def _nodes(
    children: dict[str | None, list[StorageUnit]], filled: dict[str, int], parent: str | None
) -> tuple[UnitNode, ...]:
    nodes: list[UnitNode] = []
    for unit in sorted(children.get(parent, ()), key=_natural):
        inside = _nodes(children, filled, unit.code)
        vials = filled.get(unit.code, 0) + sum(node.vials for node in inside)
        positions = unit.rows * unit.columns + sum(node.positions for node in inside)
        nodes.append(UnitNode(unit, inside, vials, positions))
    return tuple(nodes)


def _natural(unit: StorageUnit) -> tuple[bool, int, str, str]:
    """Slot 2 before slot 10; what has no slot, by code, last."""
    slot = unit.slot or ""
    return unit.slot is None, int(slot) if slot.isdecimal() else -1, slot, unit.code


def vials_of(source: Source, kind: str, code: str) -> list[Vial]:
    """The vials of a lot, donation, donor or order, or everything inside a unit, ordered by code.

    RequestError for another kind of thing.
    """
    from cryoledger.database import selections  # imports the ORM: not before somebody asks

    with snapshot(source) as now:
        return selections.vials_of(now, kind, code)


def _unit(now: Reading, code: str) -> StorageUnit:
    unit = now.facts.get(StorageUnit, code)
    if unit is None:
        raise RequestError(f"There is no storage unit {code}.", "Scan it again, or look it up by its name.")
    return unit
