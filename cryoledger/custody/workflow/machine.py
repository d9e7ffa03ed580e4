"""The machine: the open tasks and a scan in, the next state and one step out."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pydantic import ValidationError

from cryoledger.codes import Command
from cryoledger.custody.workflow import cards, undo
from cryoledger.custody.workflow.bedside import Bedside, Complete
from cryoledger.custody.workflow.checking import BoxCheck
from cryoledger.custody.workflow.labels import Found, Label, Missing
from cryoledger.custody.workflow.late import Frosted, Late
from cryoledger.custody.workflow.picking import Pick, Reserve
from cryoledger.custody.workflow.preparing import Prepare
from cryoledger.custody.workflow.steps import IDLE_HINT, Lateness, Scanned, Step, Task, World, refuse, tell
from cryoledger.custody.workflow.storage import Move, Return, Store, TakeOut
from cryoledger.custody.workflow.treatment import HandOver, Issue, Thaw
from cryoledger.custody.workflow.units import Transfer, UnitBack, UnitMove, UnitOut
from cryoledger.custody.workflow.waste import Discard, Waste
from cryoledger.errors import RequestError

STARTS: dict[Command, Task] = {
    Command.STORE: Store(), Command.MOVE: Move(), Command.TAKE_OUT: TakeOut(), Command.RETURN: Return(),
    Command.LABEL: Label(), Command.DISCARD: Discard(), Command.THAW: Thaw(), Command.PICK: Pick(),
    Command.BOX_CHECK: BoxCheck(), Command.TRANSFER: Transfer(), Command.UNIT_MOVE: UnitMove(),
    Command.UNIT_OUT: UnitOut(), Command.UNIT_BACK: UnitBack(), Command.RESERVE: Reserve(), Command.ISSUE: Issue(),
    Command.PREPARE: Prepare(), Command.HAND_OVER: HandOver(), Command.BEDSIDE: Bedside(),
    Command.COMPLETE: Complete(), Command.WASTE: Waste(), Command.FOUND: Found(),
}  # fmt: skip
ABOVE: dict[Command, Task] = {Command.LATE: Late(), Command.FROSTED: Frosted()}
CODED = frozenset({"vial", "unit", "order", "dose", "position", "text"})


@dataclass(frozen=True, slots=True)
class State:
    """The open task and what lies above it (the last gets the scan); what applies to the next act."""

    tasks: tuple[Task, ...] = ()
    late: Lateness | None = None
    typed: tuple[str, ...] = ()

    @property
    def top(self) -> Task | None:
        """The task that gets the next scan."""
        return self.tasks[-1] if self.tasks else None

    @property
    def word(self) -> str:
        """The open task in a word."""
        return self.top.word if self.top is not None else ""

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return self.top.ask if self.top is not None else ""

    @property
    def hint(self) -> str:
        """What can be scanned now."""
        return self.top.hint if self.top is not None else IDLE_HINT

    def refreshed(self, world: World) -> State:
        """The same state after something was recorded: tasks look again at what they say is next."""
        return replace(self, tasks=tuple(task.fresh(world) for task in self.tasks))


def advance(state: State, scan: Scanned, world: World) -> tuple[State, Step]:
    """The state after a scan, and the step; a proposal's state holds once its events are recorded."""
    if scan.typed and scan.kind in CODED:
        state = replace(state, typed=tuple(dict.fromkeys((*state.typed, scan.kind)))[:8])
    if scan.command is not None:
        commanded = _command(state, scan.command, world)
        if commanded is not None:
            return commanded
    if state.top is None:
        return State((), state.late), _idle(scan, world)
    try:
        step = state.top.take(scan, world)
    except (RequestError, ValidationError):  # what was entered fits the question, but no event can say it
        step = refuse(
            state.top, f"That cannot be recorded: it is too long, too large, or no plain text. {state.top.hint}"
        )
    return _after(state, step, world)


def _after(state: State, step: Step, world: World) -> tuple[State, Step]:
    """Put a task's answer into the state: the task goes on, or is over and the one below goes on."""
    rest = state.tasks[:-1]
    below = replace(state, tasks=(*rest, step.task) if step.task is not None else rest, late=step.late or state.late)
    if step.kind == "propose":
        below, step = replace(below, late=None, typed=()), replace(step, late=state.late, typed=state.typed)
    if step.scan is not None:
        return advance(below, step.scan, replace(world, late=below.late))
    return below, step


def _idle(scan: Scanned, world: World) -> Step:
    if scan.command is not None:
        return refuse(None, f"No task is open, and {scan.command.value!r} starts none. {IDLE_HINT}")
    return cards.card(scan, world)


def _command(state: State, command: Command, world: World) -> tuple[State, Step] | None:
    """What a command does whatever the task; None where it is an answer for the task."""
    match command:
        case Command.CANCEL:
            return _cancel(state)
        case Command.HELP:
            return state, tell(state.top, _help(state))
        case Command.UNDO | Command.UNDO_BOX:
            step = (undo.undo_last if command is Command.UNDO else undo.undo_box)(state.top, world)
            return (replace(state, late=None, typed=()) if step.kind == "propose" else state), step
        case Command.MISSING:
            return _missing(state, world)
    if command in ABOVE:
        task = ABOVE[command]
        rest = tuple(each for each in state.tasks if not isinstance(each, Late | Frosted))
        return replace(state, tasks=(*rest, task)), Step("question", task.hint, task)
    return open_task(state, STARTS[command], world) if command in STARTS else None


def _cancel(state: State) -> tuple[State, Step]:
    if state.top is None and state.late is None:
        return State(), tell(None, f"No task is open. {IDLE_HINT}")
    if state.top is None:
        return State(), tell(None, "The next act is not late after all.")
    after = State(state.tasks[:-1], state.late if len(state.tasks) > 1 else None)
    return after, tell(after.top, f"Left: {state.word}. What was recorded stays recorded.")


def open_task(state: State, task: Task, world: World) -> tuple[State, Step]:
    """Open a task as its command barcode does, in place of those that hold nothing unrecorded."""
    unsaved = next((each for each in state.tasks if each.unsaved), None)
    if unsaved is not None:
        text = f"The task {unsaved.word!r} holds scans that are not recorded: finish it, or leave it with CMD-CANCEL."
        return state, refuse(state.top, f"{text} {state.hint}")
    return _after(State((task,), state.late), task.opening(world), world)


def _missing(state: State, world: World) -> tuple[State, Step] | None:
    if isinstance(state.top, BoxCheck | Missing):
        return None
    if isinstance(state.top, Pick) and state.top.source:
        wanted = state.top.wanted(world.facts)
        if wanted:
            step = Missing.of(wanted[0].code, world)
            return replace(state, tasks=(*state.tasks, step.task or Missing())), step
    if any(task.unsaved for task in state.tasks):
        return open_task(state, Missing(), world)
    return replace(state, tasks=(*state.tasks, Missing())), Step("question", Missing().hint, Missing())


def _help(state: State) -> str:
    doing = f"Task: {state.word}. {state.hint}" if state.tasks else IDLE_HINT
    return (
        f"{doing} Commands: {', '.join(command.barcode for command in STARTS)}; CMD-UNDO-LAST, CMD-CANCEL, CMD-LATE, "
        "CMD-FROSTED, CMD-LOCK, CMD-SIGN-OUT."
    )
