"""What the screen shows, as data: read from the vault in the worker thread, in one snapshot, after each answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from cryoledger.custody.desk import Answer

Tone: TypeAlias = Literal["", "good", "wait", "bad", "held", "note"]
Look: TypeAlias = Literal["released", "conditional", "quarantined", "rejected", "held", "expired", "reserved"]
Found: TypeAlias = Literal["present", "here", "missing"]
"""What a box check found in a position: its vial, one that is recorded elsewhere, or none."""


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a card."""

    label: str
    value: str
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Card:
    """The card of the thing scanned last."""

    title: str
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    """A box as a grid: `looks` and `vials` by position (0 is the first in fill order), and what stands out.

    `marked` holds the vial just scanned, `next` is the next free one, `left` are those whose vial is out, `aim` is
    the one whose vial is to be fetched next; `found` is what an open box check has seen so far.
    """

    code: str
    name: str
    path: str
    rows: int
    columns: int
    scheme: str
    looks: dict[int, Look]
    marked: int | None = None
    next: int | None = None
    left: frozenset[int] = frozenset()
    aim: int | None = None
    vials: dict[int, str] = field(default_factory=dict)
    found: dict[int, Found] = field(default_factory=dict)
    above: str = ""

    @property
    def free(self) -> int:
        """How many positions hold no vial."""
        return self.rows * self.columns - len(self.looks)


@dataclass(frozen=True, slots=True)
class Unit:
    """A storage unit on the map: how full it is with all that is in it, and the warmest that it may be."""

    code: str
    kind: str
    name: str
    slot: str
    status: str
    vials: int
    positions: int
    limit: str
    is_box: bool
    held: bool = False


@dataclass(frozen=True, slots=True)
class Level:
    """The units inside one unit, or those that stand on their own; `path` names what is around them, outermost first.

    `inside` is "" where they stand on their own, `above` what Left goes back to.
    """

    units: tuple[Unit, ...]
    path: tuple[str, ...] = ()
    inside: str = ""
    above: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of what the open task works through; `mark` is its tick."""

    mark: Literal["done", "next", "open", "here", "missing"]
    place: str
    vial: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """What the open task works through: a pick list, the box that is checked, or what a move would take along."""

    title: str
    items: tuple[Item, ...]
    said: str = ""

    @property
    def next(self) -> int:
        """The line that is worked on."""
        marks = [item.mark for item in self.items]
        return marks.index("next") if "next" in marks else max(0, len(marks) - 1)


@dataclass(frozen=True, slots=True)
class Out:
    """A vial or unit out of storage: since when, for how long before that, and how long its product allows."""

    code: str
    holder: str
    since: datetime
    before_ms: int
    limit_ms: int | None

    def out_ms(self, now: datetime) -> int:
        """All the time out of storage up to an instant."""
        return self.before_ms + max(0, int((now - self.since).total_seconds() * 1000))


@dataclass(frozen=True, slots=True)
class Own:
    """What the person who has just signed in signed last: number, time, what and meaning; `fresh` since last time."""

    sentence: str
    rows: tuple[tuple[str, str, str, str], ...]
    fresh: int


@dataclass(frozen=True, slots=True)
class Signing:
    """What waits for a PIN or a badge: the act, each line's meaning, person and state, and what the PIN does.

    `entries` are what is recorded, by type, in words; `pin` is whose PIN is awaited, "" where it is a badge.
    """

    title: str
    lines: tuple[tuple[str, str, Literal["signed", "next", "waits"]], ...]
    told: str
    entries: tuple[tuple[str, str], ...] = ()
    pin: str = ""


@dataclass(frozen=True, slots=True)
class Care:
    """How old the last good backup and the last test restore are, in a few words; `late` after a day, or never."""

    text: str = ""
    late: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """Everything on the screen but the answers. `hidden` says that nobody may read the lower half now."""

    origin: str = ""
    training: bool = False
    zone: str = "UTC"
    station: str = ""
    person: str = ""
    roles: str = ""
    task: str = ""
    hint: str = ""
    ask: str = ""
    hidden: bool = False
    card: Card | None = None
    box: Box | None = None
    level: Level | None = None
    work: Work | None = None
    out: tuple[Out, ...] = field(default=())
    own: Own | None = None
    signing: Signing | None = None
    care: Care = Care()
    unreconciled: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer, and the view after it. `text` is what the list of last scans shows; never a PIN."""

    answer: Answer
    view: View
    text: str
    typed: bool = False
