"""One entry in words: what was recorded, when, by whom, and what must be known beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from cryoledger.database.store import Reading
from cryoledger.documents.card_words import amount, centigrade, microlitres, percent, thousandths
from cryoledger.documents.import_telling import PART, of_part
from cryoledger.documents.signatures import Signature, local_time, signatures_of, zone_of
from cryoledger.documents.whereabouts import place_label
from cryoledger.domain import catalogue, numbers, times
from cryoledger.domain.facts import Recorded
from cryoledger.domain.fields import Correction, Event, RoutineMove

__all__ = ["Told", "act", "at_site", "attributions", "details", "tell"]

LISTED_MOST = 3
_APART = ("late", "typed", "document", "undoes", "proposal", "corrects", "band", "bands")
_PROOFS = ("proof", "checkpoint")  # for machines: the receipts and the raw note show them
_UNITS: Mapping[str, Callable[[int], str]] = {
    "_microlitres": microlitres,
    "_millipercent": percent,
    "_millicelsius": centigrade,
    "_milli": thousandths,
}
_ATTRIBUTION = b'"type":"AttributionCorrected"'


@dataclass(frozen=True, slots=True)
class Told:
    """An entry as people read it; `marks` are such as "late: downtime", "typed: vials", "corrected by entry 12"."""

    number: int
    entry: str
    type: str
    sentence: str
    details: str
    occurred_at: str
    occurred_local: str
    recorded_at: str
    station: str
    signatures: tuple[Signature, ...]
    marks: tuple[str, ...]
    leaf_hash: str
    data: Mapping[str, Any]

    def lines(self) -> list[str]:
        """The entry in a few lines, the first of them naming it."""
        marks = "".join(f" [{mark}]" for mark in self.marks)
        told = f": {self.details}" if self.details else ""
        head = f"{self.occurred_local}  entry {self.entry}  {self.type}{told}{marks}"
        return [head, *(f"    signed by {signature}" for signature in self.signatures)]

    def to_dict(self) -> dict[str, Any]:
        """The entry as JSON writes it."""
        epoch, sequence = numbers.place_of(self.number)
        return {
            "epoch": epoch,
            "sequence": sequence,
            "type": self.type,
            "sentence": self.sentence,
            "data": dict(self.data),
            "occurred_at": self.occurred_at,
            "recorded_at": self.recorded_at,
            "station": self.station,
            "signatures": [signature.to_dict() for signature in self.signatures],
            "marks": list(self.marks),
            "leaf_hash": self.leaf_hash,
        }


def tell(
    reading: Reading, entries: Iterable[Recorded], told_of: Mapping[int, str] | None = None, about: str = ""
) -> list[Told]:
    """Entries of one story in words, in order; `told_of` are corrections of who did it, by entry (`attributions`).

    `about` is the code of the thing whose story it is: where an entry lists many, that one is told first.
    """
    story = list(entries)
    later = _later_marks(story)
    for number, mark in (told_of or {}).items():
        later.setdefault(number, []).append(mark)
    zone = zone_of(reading)
    return [_told(reading, entry, zone, later.get(entry.number, []), about) for entry in story]


def attributions(reading: Reading) -> dict[int, str]:
    """By entry, that a correction names another person as its doer. Such a correction names no thing: all are read."""
    found: dict[int, str] = {}
    for stored in reading.entries():
        if _ATTRIBUTION in stored.note:
            entry = reading.recorded(stored.number)
            if entry is not None and isinstance(entry.event, Correction):
                doer = getattr(entry.event, "person", "")
                found[entry.event.corrects.number] = f"done by {doer}, says entry {numbers.shown(entry.number)}"
    return found


def _told(reading: Reading, entry: Recorded, zone: str, later: list[str], about: str) -> Told:
    return Told(
        number=entry.number,
        entry=numbers.shown(entry.number),
        type=entry.type,
        sentence=catalogue.of(entry.type).help.split("\n\n")[0],
        details=details(_of(entry, about), partial(place_label, reading)),
        occurred_at=entry.occurred_at,
        occurred_local=local_time(entry.occurred_at, zone),
        recorded_at=entry.recorded_at,
        station=entry.station,
        signatures=signatures_of(reading, entry),
        marks=(*_own_marks(entry, zone), *later),
        leaf_hash=entry.leaf_hash,
        data=catalogue.data_of(entry.event),
    )


def _own_marks(entry: Recorded, zone: str) -> list[str]:
    event = entry.event
    marks = [f"late: {event.late}, recorded {local_time(entry.recorded_at, zone)}"] if event.late is not None else []
    if event.typed:
        marks.append(f"typed: {', '.join(event.typed)}")
    if isinstance(event, Correction):
        marks.append(f"corrects entry {numbers.shown(event.corrects.number)}: {event.reason}")
    if isinstance(event, RoutineMove) and event.undoes:
        marks.append("undoes " + ", ".join(f"entry {numbers.shown(undone.number)}" for undone in event.undoes))
    return marks


def _later_marks(story: list[Recorded]) -> dict[int, list[str]]:
    """By entry, what later entries of the story say of it."""
    marks: dict[int, list[str]] = {}
    for entry in story:
        shown, event = numbers.shown(entry.number), entry.event
        if isinstance(event, Correction):
            marks.setdefault(event.corrects.number, []).append(f"corrected by entry {shown}")
        if isinstance(event, RoutineMove):
            for undone in event.undoes:
                marks.setdefault(undone.number, []).append(f"undone by entry {shown}")
    return marks


def _of(entry: Recorded, about: str) -> Mapping[str, Any]:
    """What an entry says in the story of a thing."""
    data = catalogue.data_of(entry.event)
    return of_part(data, about) if entry.type == PART else _first(data, about)


def _first(data: Mapping[str, Any], about: str) -> Mapping[str, Any]:
    """The payload with the parts of its lists that name a thing put first."""

    def names(part: Any) -> bool:
        return part == about or (isinstance(part, dict) and about in part.values())

    if not about:
        return data
    return {
        name: sorted(value, key=lambda part: not names(part)) if isinstance(value, list) else value
        for name, value in data.items()
    }


def act(event: Event, place: Callable[[str, int], str] | None = None, zone: str = "") -> tuple[str, str]:
    """What a person is about to sign: the name of the act, and what it says, as its entry will be told."""
    return type(event).__name__, details(catalogue.data_of(event), place, zone)


def details(data: Mapping[str, Any], place: Callable[[str, int], str] | None = None, zone: str = "") -> str:
    """What an event says, in one line; long lists are counted, positions shown as `place` labels them in a unit.

    Instants are told in the site's time zone where that is given.
    """
    unit = data.get("unit")
    label = partial(place, unit) if place is not None and isinstance(unit, str) else None
    shown = {name: value for name, value in data.items() if name not in _APART}
    if label is not None and isinstance(shown.get("position"), int):
        shown["position"] = label(shown["position"])
    if zone:
        shown = {name: at_site(value, zone) for name, value in shown.items()}
    return ", ".join(_named(name, value, label) for name, value in shown.items())


def at_site(value: Any, zone: str) -> Any:
    """A value, its instants as the site's clock said them; a proposal's act has them one level down."""
    if isinstance(value, dict):
        return {name: at_site(part, zone) for name, part in value.items()}
    is_instant = isinstance(value, str) and times.INSTANT.fullmatch(value)
    return times.local_text(value, zone) if is_instant else value


def _named(name: str, value: Any, label: Callable[[int], str] | None) -> str:
    """A field in words: its unit moves from the end of the name to the end of the value."""
    if isinstance(value, int) and not isinstance(value, bool):
        for suffix, worded in _UNITS.items():
            if suffix in name:
                return f"{name.replace(suffix, '').replace('_', ' ').strip()} {worded(value)}"
        if name.startswith("cells"):
            return f"{name.replace('_', ' ')} {amount(value)}"
    return f"{name.replace('_', ' ')} {_value(value, label)}"


def _value(value: Any, label: Callable[[int], str] | None) -> str:
    if isinstance(value, dict):
        if value.keys() == {"vial", "position"} and label is not None:
            return f"{value['vial']} at {label(value['position'])}"
        if value.keys() == {"kind", "code"}:
            return f"{value['kind']} {value['code']}"
        return " ".join(_named(name, part, label) for name, part in value.items() if name not in _PROOFS)
    if isinstance(value, list | tuple):
        shown = "; ".join(_value(part, label) for part in value[:LISTED_MOST])
        return shown if len(value) <= LISTED_MOST else f"{shown} and {len(value) - LISTED_MOST} more"
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
