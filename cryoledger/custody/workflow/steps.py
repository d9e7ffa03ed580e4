"""What the workflow is made of: a scan looked up, the world it is judged in, a task, and its steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from cryoledger.codes import Command
from cryoledger.domain import catalogue, times
from cryoledger.domain.facts import Draft, Facts, Signed
from cryoledger.domain.fields import Event
from cryoledger.domain.records import Person
from cryoledger.domain.roles import Line
from cryoledger.domain.rulebooks import rulebook
from cryoledger.domain.signing import roles_of
from cryoledger.errors import Refusal

Subject = tuple[str, str]
IDLE_HINT = "Scan a command, or a vial, box or dose to see its card."


@dataclass(frozen=True, slots=True)
class Scanned:
    """One scan, looked up.

    `kind` is "command", "badge", "position", "wristband", "text" (means nothing in the inventory), or the kind of
    the thing whose `code` it is. A position has its unit's code, its index in a box, or its slot in another unit.
    Of a wristband only the patient and the HMAC are here, never the text.
    """

    kind: str
    code: str = ""
    text: str = ""
    command: Command | None = None
    quantity: int | None = None
    position: int | None = None
    slot: str = ""
    retired: bool = False
    typed: bool = False
    band: str = ""

    def says(self, command: Command) -> bool:
        """True where this is that command."""
        return self.command is command

    @property
    def says_done(self) -> bool:
        """True for the command that ends a list."""
        return self.command is Command.DONE

    @property
    def says_yes(self) -> bool:
        """True for the command that confirms."""
        return self.command is Command.CONFIRM


@dataclass(frozen=True, slots=True)
class Act:
    """A routine act of the signed-in person in this session, as undo needs it; `box_scans` counts boxes before it."""

    number: int
    leaf_hash: str
    event: Event
    box_scans: int = 0


@dataclass(frozen=True, slots=True)
class Lateness:
    """When the next act occurred, and why it is recorded late."""

    occurred_at: str
    reason: str


@dataclass(frozen=True, slots=True)
class World:
    """What a scan is judged in: facts, the time, the site, who is signed in and what the person did so far."""

    facts: Facts
    now: str
    zone: str = "UTC"
    prefix: str = ""
    person: str = ""
    station: str = ""
    rules: int = 1
    acts: tuple[Act, ...] = ()
    box_scans: int = 0
    late: Lateness | None = None
    next_label: Callable[[str], str] | None = None
    """The code of a new label for a vial, in the site's scheme; RequestError where it makes none."""

    def foreseen(self, event: Event, *others: str) -> Refusal | None:
        """The refusal that an event would meet now by its own rule, before anybody signs it."""
        name = type(event).__name__
        lines = catalogue.of(name).signing.lines
        names = dict.fromkeys((self.person, *others))
        signers = tuple(Signed(who, line.meaning) for who, line in zip(names, lines, strict=False))
        draft = Draft(
            epoch=1, sequence=1, type=name, schema=1, event=event, rules=self.rules, id="", station=self.station,
            signers=signers, occurred_at=self.late.occurred_at if self.late else self.now, recorded_at=self.now,
            previous_recorded_at=None,
        )  # fmt: skip
        try:
            rulebook(self.rules).foresee(draft, self.facts)
        except Refusal as refusal:
            return refusal
        return None

    def lacks_role(self, event: Event) -> Refusal | None:
        """Why the signed-in person cannot be the first to sign an event; asked before a badge is awaited for it."""
        return lacking_role(self.facts, self.person, catalogue.of(type(event).__name__).signing.lines[0])

    def local(self, instant: str) -> str:
        """An instant as the site's clock shows it; with the day where that is not today."""
        zone = ZoneInfo(self.zone)
        there, here = times.instant(instant).astimezone(zone), times.instant(self.now).astimezone(zone)
        return f"{there:%H:%M}" if there.date() == here.date() else f"{there:%Y-%m-%d %H:%M}"


def lacking_role(facts: Facts, name: str, line: Line) -> Refusal | None:
    """Why a person cannot sign a line for want of its role (I7); None where nothing stands against it."""
    person = facts.get(Person, name)
    if person is None:
        return Refusal("I7", "Nobody is enrolled with this badge.", "Scan another badge.")
    if roles_of(person) & line.roles:
        return None
    wanted = " or ".join(sorted(line.roles))
    advice = f"To sign as {line.meaning!r} needs that role: another person scans the badge."
    return Refusal("I7", f"{person.full_name} is no {wanted}.", advice, safety=True)


@dataclass(frozen=True, slots=True)
class Task:
    """A conversation in one of its states; each family has its own. It decides what to ask, and no rule."""

    word: ClassVar[str] = ""
    help: ClassVar[str] = ""

    @property
    def ask(self) -> str:
        """What is awaited now, as a word."""
        return "vial"

    @property
    def hint(self) -> str:
        """One line: what can be scanned now."""
        return self.help

    @property
    def unsaved(self) -> bool:
        """True where leaving the task would lose scans that are in no entry yet."""
        return False

    @property
    def new_band_of(self) -> str:
        """The patient whose new wristband is scanned next; "" where none is."""
        return ""

    def opening(self, _world: World) -> Step:
        """What is said when a screen or a command barcode opens it."""
        return Step("question", self.hint, self)

    def fresh(self, _world: World) -> Task:
        """The same task, looking again at what it says is next."""
        return self

    def take(self, scan: Scanned, world: World) -> Step:
        """The answer to a scan."""
        raise NotImplementedError


Kind = Literal["question", "refused", "info", "propose"]


@dataclass(frozen=True, slots=True)
class Step:
    """What a scan leads to, and the task's state after it (None: the task is over).

    A proposal's `events` are to be recorded in order; `message` is said once they are, `shown` before they are
    signed; `signers` are names already known for the lines after the first, by meaning. A refusal for safety has
    `refusal` and the `events` that were refused. `scan` is handed to the task below. `late` applies to the
    next act, or to the proposal itself; `typed` are the kinds of its codes that were typed; `undoes` counts acts.
    `act` names what was refused before there was an event of it, or what is proposed from `answers` by making a key.
    """

    kind: Kind
    message: str
    task: Task | None = None
    events: tuple[Event, ...] = ()
    shown: str = ""
    signers: tuple[tuple[str, str], ...] = ()
    refusal: Refusal | None = None
    subject: Subject | None = None
    scan: Scanned | None = None
    late: Lateness | None = None
    typed: tuple[str, ...] = ()
    undoes: int = 0
    act: str = ""
    answers: tuple[tuple[str, str | int | tuple[str, ...]], ...] = ()

    def on(self, kind: str, code: str) -> Step:
        """The same step, with the thing whose card is to be shown."""
        return replace(self, subject=(kind, code))


def question(task: Task, message: str) -> Step:
    """Ask for more."""
    return Step("question", message, task)


def tell(task: Task | None, message: str) -> Step:
    """Say something."""
    return Step("info", message, task)


def refuse(task: Task | None, message: str) -> Step:
    """Say no to a scan that does not fit here."""
    return Step("refused", message, task)


def refused_by(task: Task | None, refusal: Refusal, event: Event, before: str = "") -> Step:
    """Say no for a rule; the desk records it where it concerns safety."""
    return Step("refused", f"{before}{refusal}", task, (event,), refusal=refusal)


def propose(task: Task | None, message: str, *events: Event, shown: str = "") -> Step:
    """Record events, after which the task goes on."""
    return Step("propose", message, task, events, shown)


def unexpected(task: Task, scan: Scanned) -> Step:
    """Say no to a scan that this state does not wait for."""
    return refuse(task, f"{named(scan)} does not fit here. {task.hint}")


def named(scan: Scanned) -> str:
    """A scan in words."""
    if scan.command is not None:
        return f"The command {scan.command.value}"
    if scan.kind == "text":
        return "This code is unknown here, and"
    if scan.kind == "position":
        return f"A position of {scan.code}"
    return {"badge": "A badge", "wristband": "A wristband"}.get(scan.kind, f"The {scan.kind} {scan.code}")
