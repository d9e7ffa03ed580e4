"""What a line of a paper form says, and the event that it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from cryoledger import codes
from cryoledger.codes import local
from cryoledger.custody.workflow import look
from cryoledger.custody.workflow.steps import Scanned
from cryoledger.domain import catalogue
from cryoledger.domain.facts import Facts
from cryoledger.domain.fields import Event
from cryoledger.domain.records import Site, StorageUnit, Vial
from cryoledger.errors import CodeError, RequestError

__all__ = ["ACTS", "PaperAct", "PaperKind", "boxes_of", "event_of", "word_of"]


@dataclass(frozen=True, slots=True)
class PaperKind:
    """An act that can be done on paper: its event, whether something goes into a place, and what its reason says."""

    event: str
    help: str
    places: bool = False
    of_unit: bool = False
    reason: str = ""
    reason_is: str = ""


ACTS: Final[Mapping[str, PaperKind]] = MappingProxyType(
    {
        "store": PaperKind("VialsStored", "a filled vial into a position", places=True),
        "take out": PaperKind("VialsTakenOut", "out of its position, into somebody's hands", reason="purpose",
                              reason_is="other"),
        "return": PaperKind("VialsReturned", "back into a position, unopened and frozen", places=True),
        "move": PaperKind("VialsMoved", "to another position", places=True),
        "missing": PaperKind("VialsReportedMissing", "not where it should be", reason="reason",
                             reason_is="not-in-position"),
        "found": PaperKind("VialsFound", "a missing vial into a position; it is held", places=True),
        "discard": PaperKind("VialsDiscarded", "destroyed, by the two who sign; say why", reason="reason"),
        "thaw": PaperKind("VialsThawed", "thawed; say what for", reason="purpose"),
        "consume": PaperKind("VialsConsumed", "used up other than for a patient; say what for", reason="purpose"),
        "unit out": PaperKind("StorageUnitTakenOut", "a box or rack is carried", of_unit=True),
        "unit back": PaperKind("StorageUnitReturned", "it is put back into a slot", places=True, of_unit=True),
        "unit move": PaperKind("StorageUnitMoved", "a box, rack or freezer to another slot", places=True, of_unit=True),
    }
)  # fmt: skip
_ALSO = {"put back": "return", "taken out": "take out", "takeout": "take out", "stored": "store", "moved": "move",
         "returned": "return", "discarded": "discard", "thawed": "thaw", "consumed": "consume", "check out": "take out",
         "box out": "unit out", "box back": "unit back", "box move": "unit move"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PaperAct:
    """One line of a form: its number in the file, the instant, the word of the act, and what stands in the columns.

    In the acts of units `vial` is the unit that is carried, `unit` what it goes into and `position` the slot.
    """

    line: int
    occurred_at: str
    act: str
    vial: str
    unit: str = ""
    position: str = ""
    reason: str = ""

    @property
    def event_type(self) -> str:
        """The event that the act is recorded as."""
        return ACTS[self.act].event


def word_of(text: str) -> str:
    """The word of an act as somebody wrote it; RequestError where there is no such act."""
    word = " ".join(text.lower().replace("-", " ").replace("_", " ").split())
    word = _ALSO.get(word, word)
    if word not in ACTS:
        raise RequestError(f"There is no act {text[:40]!r} on paper.", f"Write one of: {', '.join(ACTS)}.")
    return word


def event_of(act: PaperAct, facts: Facts, site: Site, *, scanned: bool = False) -> Event:
    """The event of an act, late for the reason "downtime"; RequestError or CodeError where its words do not fit."""
    kind = ACTS[act.act]
    thing = _thing(act.vial, facts, site, "unit" if kind.of_unit else "vial")
    values: dict[str, Any] = {"late": "downtime"}
    if kind.of_unit:
        values |= {"unit": thing, **(_slot(act, facts, site) if kind.places else {})}
    elif kind.places:
        unit, position = _position(act, facts, site)
        values |= {"unit": unit, "vials": [{"vial": thing, "position": position}]}
    else:
        values["vials"] = [thing]
    if kind.reason:
        reason = act.reason.strip().lower().replace(" ", "-") or kind.reason_is
        if not reason:
            raise RequestError(f"{act.act} needs a reason.", "Write it in the last column.")
        values[kind.reason] = reason
    typed = [field for field in ("unit", "vials") if field in values]
    return catalogue.parse(kind.event, values if scanned else {**values, "typed": typed})


def boxes_of(act: PaperAct, facts: Facts, site: Site) -> list[str]:
    """The boxes where the thing of an act lies now, or lay last."""
    try:
        found = _scanned(act.vial, facts, site)
    except CodeError:
        return []
    if found.kind == "unit":
        return _boxes_in(facts, found.code)
    vial = facts.get(Vial, found.code) if found.kind == "vial" else None
    if vial is None:
        return []
    last = look.last_place(facts, vial.code)
    return [box for box in (last[0] if last is not None else None, vial.unit) if box is not None]


def _boxes_in(facts: Facts, unit: str) -> list[str]:
    row = facts.get(StorageUnit, unit)
    inside = [box for child in facts.where(StorageUnit, parent=unit) for box in _boxes_in(facts, child.code)]
    return [unit, *inside] if row is not None and row.rows else inside


def _scanned(text: str, facts: Facts, site: Site) -> Scanned:
    prefix = site.code_prefix
    try:
        local.check_prefix(prefix)
    except CodeError:
        prefix = ""
    return look.resolve(codes.read(text.strip(), prefix), facts)


def _thing(text: str, facts: Facts, site: Site, kind: str) -> str:
    if not text.strip():
        raise RequestError(f"No {kind} is named.", f"Write the code of the {kind}.")
    found = _scanned(text, facts, site)
    if found.kind != kind:
        what = f"is a {found.kind}" if found.kind != "text" else "is known to nobody here"
        raise RequestError(f"{text.strip()[:64]} {what}; this act is about a {kind}.", "Compare it with the form.")
    return found.code


def _position(act: PaperAct, facts: Facts, site: Site) -> tuple[str, int]:
    """Box and position, from two columns or from a position's own code in one of them."""
    found = _place(act, facts, site)
    if found.position is None:
        raise RequestError(f"{act.act} needs a box and a position.", "Write both: BOX-1 and A5.")
    return found.code, found.position


def _slot(act: PaperAct, facts: Facts, site: Site) -> dict[str, str]:
    """What a unit goes into and its slot; nothing for a freezer that stands by itself."""
    if not act.unit.strip() and not act.position.strip():
        return {}
    found = _place(act, facts, site)
    if not found.slot:
        raise RequestError(f"{act.act} needs what it goes into, and the slot.", "Write both: RACK-1 and 3.")
    return {"parent": found.code, "slot": found.slot}


def _place(act: PaperAct, facts: Facts, site: Site) -> Scanned:
    unit, position = act.unit.strip(), act.position.strip()
    whole = position if "/" in position else f"{unit}/{position}" if position else unit
    found = _scanned(whole, facts, site) if whole else Scanned("text")
    if found.kind == "position":
        return found
    holder = facts.get(StorageUnit, _thing(unit or whole.partition("/")[0], facts, site, "unit"))
    if holder is not None and holder.rows and position:
        codes.position.parse(holder.scheme, holder.rows, holder.columns, position)  # says which positions there are
    return Scanned("unit", unit) if holder is None or holder.rows or not position else _in_slot(holder, position)


def _in_slot(holder: StorageUnit, slot: str) -> Scanned:
    return Scanned("position", holder.code, slot=slot)
