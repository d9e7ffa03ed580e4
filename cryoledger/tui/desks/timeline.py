"""A vial's custody as a picture: a stair from the freezer to the patient, with how long each step lasted.

    frz out thw dos end
    ●                      stored        15 d
    └───●                  out           4 min

Each lane is where a vial may be; what changed nothing of that stands as a point in the lane it was in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryoledger.domain import catalogue, times

if TYPE_CHECKING:
    from cryoledger.documents.telling import Told

LANES: Final = ("frz", "out", "thw", "dos", "end")
"""Frozen in its place; out of it; thawed; in a dose; given, used up or destroyed."""
WIDTH: Final = 4 * len(LANES)
_LANE_OF: Final = {
    "expected": 0, "stored": 0, "out": 1, "issued": 1, "in_transit": 1, "missing": 1, "thawed": 2, "prepared": 3,
    "administered": 4, "consumed": 4, "discarded": 4,
}  # fmt: skip
_BESIDE: Final = {
    "AdministrationCompleted": "administered", "DoseDiscarded": "discarded", "FinalStateCorrected": "missing",
    "ImportPartRecorded": "stored",
}  # fmt: skip
"""What entries move a vial to whose declaration, made for other things too, does not say so."""


@dataclass(frozen=True, slots=True)
class Stair:
    """One entry of a vial's story: `picture` in its lanes, the custody after it ("" where it moved nothing), how long.

    `warm` says that the vial was out of storage then.
    """

    told: Told
    picture: str
    custody: str
    lasted: str
    warm: bool


def stairs(story: tuple[Told, ...], at: str) -> tuple[Stair, ...]:
    """The picture of a story as of an instant; of its last step it says how long it lasts already."""
    found: list[Stair] = []
    steps = [(told, _after(told)) for told in story]
    lane, known = 0, ""
    for place, (told, custody) in enumerate(steps):
        before, known = lane, custody or known
        lane = _LANE_OF.get(known, lane)
        moved = bool(custody) and (lane != before or not found)
        until = next((later.occurred_at for later, moves in steps[place + 1 :] if moves), at)
        final = known in ("administered", "consumed", "discarded")
        lasted = age(told.occurred_at, until) if custody and not final else ""
        found.append(Stair(told, _picture(before, lane, moved=moved, point=not custody), custody, lasted, lane == 1))
    return tuple(found)


def _after(told: Told) -> str:
    if told.type in _BESIDE:
        return _BESIDE[told.type]
    return catalogue.TYPES[told.type].after if told.type in catalogue.TYPES else ""


def _picture(before: int, lane: int, *, moved: bool, point: bool) -> str:
    """One line of the stair."""
    mark = "·" if point else "●"
    if not moved or before == lane:
        return f"{' ' * (4 * lane)}{mark}".ljust(WIDTH)
    low, high = sorted((before, lane))
    steps = "─" * (4 * (high - low) - 1)
    drawn = f"└{steps}{mark}" if lane > before else f"{mark}{steps}┘"
    return f"{' ' * (4 * low)}{drawn}".ljust(WIDTH)


def age(since: str, until: str) -> str:
    """A span of time, as short as can be.

    >>> age("2026-05-03T06:00:00.000Z", "2026-05-18T06:00:00.000Z")
    '15 d'
    """
    minutes = max(0, times.milliseconds(since, until) // 60_000)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} d"
