"""The station as a program: keys go through the scan gate into one queue, and one worker answers them in order.

    key or paste -> ScanGate -> queue -> worker -> asyncio.to_thread(desk.scan) -> the screen

The screen never waits for the database: the desk, the vault and all they import live on the other side of
`to_thread`, and the first frame is painted before the vault is opened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from textual import events
from textual.binding import Binding
from textual.command import CommandPalette
from textual.timer import Timer

from cryoledger.errors import CryoledgerError
from cryoledger.manual.texts import say
from cryoledger.tui.collecting import Collecting
from cryoledger.tui.desks.panel import DeskPanel
from cryoledger.tui.desks.sheet import in_words, rekeyed
from cryoledger.tui.desks.verification import Verification, verification_tab
from cryoledger.tui.desks.workplaces import Whereabouts, beside, title_of
from cryoledger.tui.guidance import GuidedApp
from cryoledger.tui.keys import ENDS, text_of
from cryoledger.tui.leave_screen import LeaveScreen
from cryoledger.tui.preferences import Preferences
from cryoledger.tui.scan_gate import Broken, Fed, Scan, ScanGate, Typed
from cryoledger.tui.station_screen import StationScreen
from cryoledger.tui.typing_line import TypingLine
from cryoledger.tui.view import Shown, View
from cryoledger.tui.words import verdict

if TYPE_CHECKING:
    from cryoledger.custody.desk import Desk
    from cryoledger.custody.workflow import Task
    from cryoledger.tui.desks.sheet import Sheet
    from cryoledger.tui.service import Service

SECOND_RING_SECONDS: Final = 0.25
AUDITED: Final = 5
"""So many lists of the auditor are read from the vault; the verification comes after them."""
REFRESH_TICKS: Final = 15
"""So often, in seconds, what other stations did is read again."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A second has passed: the desk may lock itself."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Everything before this is answered; then the program ends."""


@dataclass(frozen=True, slots=True)
class Look:
    """Read the desk that is open again."""


@dataclass(frozen=True, slots=True)
class Begin:
    """Open a task that a desk offers."""

    task: Task


@dataclass(frozen=True, slots=True)
class Perform:
    """Do what a desk offers for a row and no entry records."""

    act: str
    row: str


@dataclass(frozen=True, slots=True)
class Open:
    """Show the inside of a storage unit."""

    unit: str


@dataclass(frozen=True, slots=True)
class Said:
    """A command that was chosen by name, not scanned."""

    text: str


Job: TypeAlias = Fed | Tick | Leave | Look | Begin | Perform | Open | Said


class StationApp(GuidedApp, inherit_bindings=False):
    """The first screen, on a desk or on what opens one."""

    TITLE = "cryoledger"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS = [  # noqa: RUF012 - Textual's own form
        Binding("f1", "help", "Help", id="station.help"),
        Binding("f2", "entry", "Type a code", id="station.entry"),
        Binding("f3", "workplace(1)", "Next workplace", id="station.next"),
        Binding("f4", "workplace(-1)", "Last workplace", id="station.last"),
        Binding("f9", "colours", "Colours", id="station.colours"),
        Binding("f10", "leave", "Leave", id="station.leave"),
        Binding("ctrl+p", "palette", "Everything", id="station.palette"),
    ]

    def __init__(
        self, desk: Desk | Callable[[], Desk], banner: str = "", preferences: Preferences | None = None
    ) -> None:
        super().__init__(preferences or Preferences())
        self._source = desk
        self._banner = banner
        self._service: Service | None = None
        self._gate = ScanGate()
        self._gate_timer: Timer | None = None
        self._jobs: asyncio.Queue[Job] = asyncio.Queue()
        self._is_open = False
        self._waiting = 0
        self._ticks = 0
        self._line = TypingLine()
        self._loose = False
        self._where = Whereabouts()
        self._looking = False
        self._verification: Verification | None = None
        self._collecting = Collecting()
        self.failure: CryoledgerError | None = None

    # The screen

    def get_default_screen(self) -> StationScreen:
        """The station's screen is there from the start."""
        return StationScreen(self.preferences.keys)

    def on_station_screen_painted(self) -> None:
        """The first frame is on the screen: now open the vault."""
        self.set_interval(1.0, self._second)
        self.run_worker(self._serve(), name="desk", exit_on_error=True)

    def now(self) -> datetime:
        """The time by the vault's clock."""
        return self._service.now() if self._service is not None else datetime.now(UTC)

    def action_entry(self) -> None:
        """Open or close the line for typing a code."""
        self._to_base()
        self._line.toggle()
        self._draw_prompt()

    def action_leave(self) -> None:
        """Ask before leaving; asked, leave."""
        if isinstance(self.screen, LeaveScreen):
            self._to_base()
            self._put(Leave())
        else:
            self._to_base()
            self.push_screen(LeaveScreen(len(self.station.view.out), self._key("station.leave")))

    def action_workplace(self, step: int) -> None:
        """Go to the next workplace, or the one before."""
        self._to_base()
        if not self.station.view.hidden:
            self.go(beside(self._where.name, step))

    def go(self, name: str) -> None:
        """Go to a workplace."""
        self._where.name = name
        self._go()

    def _go(self) -> None:
        """Show the workplace that is open now."""
        self.station.place(title_of(self._where.name), desk=bool(self._where.name))
        self._look()

    def _look(self) -> None:
        """Have the open desk read again, once for however many reasons."""
        if self._where.name and not self._looking and self._is_open:
            self._looking = True
            self._put(Look())

    def on_desk_panel_moved(self, event: DeskPanel.Moved) -> None:
        """What depends on the cursor is read again."""
        event.stop()
        self._look()

    def on_desk_panel_began(self, event: DeskPanel.Began) -> None:
        """A row's act begins."""
        event.stop()
        if event.offer.task is not None:
            self._put(Begin(event.offer.task))
        elif event.offer.act == "verify" and self._service is not None:
            self._verification = self._verification or self._service.verification()
            self._verification.start()
            self._look()
        elif event.offer.act == "cancel-verify" and self._verification is not None:
            self._verification.cancel()
            self._look()
        elif event.offer.act:
            self._put(Perform(event.offer.act, event.row))

    def on_station_screen_opened(self, event: StationScreen.Opened) -> None:
        """Somebody goes somewhere on the map."""
        self._put(Open(event.unit))

    # What the guidance asks

    @property
    def workplace(self) -> str:
        """The open desk's name, "" at the freezer."""
        return self._where.name

    @property
    def awaits_pin(self) -> bool:
        """Whether a PIN is asked for."""
        return self._line.digits is not None

    @property
    def types_code(self) -> bool:
        """Whether somebody opened the line to type a code."""
        return self._line.entry is not None and not self._line.asked

    def say(self, command: str) -> None:
        """Take a command that was chosen by name."""
        self._put(Said(command))

    def perform(self, act: str) -> None:
        """Do what was chosen by name and needs no row."""
        self._put(Perform(act, ""))

    def _draw_prompt(self) -> None:
        digits = None if self._line.digits is None else len(self._line.digits)
        self.station.prompt(entry=self._line.entry, digits=digits, asked=self._line.asked)

    # Keys

    async def on_event(self, event: events.Event) -> None:
        """Take keys and pastes before focus and bindings can."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            event.stop()
            self._gate.typing = self._line.is_open or isinstance(self.screen, CommandPalette)
            await self._take(self._gate.feed(event.key, event.character, event.time))
        elif isinstance(event, events.Paste) and not event.is_forwarded:
            event.stop()
            await self._take(self._gate.paste(event.text, event.time))
        else:
            await super().on_event(event)

    async def _take(self, fed: list[Fed]) -> None:
        for each in fed:
            if isinstance(each, Typed) and each.key == self.preferences.keys["station.help"]:
                self.action_help()
            elif isinstance(self.screen, CommandPalette) and (keys := _typed(each)):
                for key in keys:
                    await super().on_event(key)
            elif isinstance(each, Typed) and not self._is_for_line(each):
                if isinstance(self.screen, StationScreen) and self.station.press(each.key):
                    continue
                await super().on_event(events.Key(each.key, each.character))
            else:
                self._put(each)
        self._await_deadline()

    def _await_deadline(self) -> None:
        """Have the gate asked after its deadline: by one timer, not by a new one for each key of a scan."""
        if self._gate.deadline is not None and self._gate_timer is None:
            # A little late rather than early: keys made before the deadline may still be on their way.
            wait = max(0.0, self._gate.deadline - _monotonic()) + 0.010
            self._gate_timer = self.set_timer(wait, self._expire)

    async def _expire(self) -> None:
        self._gate_timer = None
        await self._take(self._gate.expire(_monotonic()))

    def _is_for_line(self, typed: Typed) -> bool:
        """Characters, Enter and Backspace never reach a binding; Escape does where something lies over the screen."""
        if typed.key == "escape":
            return isinstance(self.screen, StationScreen)
        return typed.key in ENDS or typed.key == "backspace" or text_of(typed.key, typed.character) is not None

    # The queue

    @property
    def at_rest(self) -> bool:
        """Whether the vault is open and everything that came is answered."""
        return self._is_open and self._waiting == 0

    def _put(self, job: Job) -> None:
        self._waiting += 1
        self._jobs.put_nowait(job)

    async def _serve(self) -> None:
        """Open the vault, then answer whatever comes, one at a time, in order."""
        try:
            self._service = await asyncio.to_thread(_open, self._source)
            view = await asyncio.to_thread(self._service.view)
        except CryoledgerError as error:
            self.failure = error
            self.exit(return_code=2, message=str(error))
            return
        self._opened(view)
        while not isinstance(job := await self._jobs.get(), Leave):
            await self._answer(self._service, job)
            self._waiting -= 1
        if self._verification is not None:
            self._verification.cancel()
        await asyncio.to_thread(self._service.close)
        self.exit()

    def _opened(self, view: View) -> None:
        self._is_open = True
        self._collecting.begin()
        station = self.station
        station.show(view, self.now())
        station.welcome(self._banner)
        station.offer_tour(self.preferences.folder is not None and not self.preferences.toured)
        self._draw_prompt()

    async def _answer(self, service: Service, job: Job) -> None:
        match job:
            case Tick():
                await self._tick(service)
            case Look():
                await self._read_desk(service)
            case Begin() | Perform():
                self._show(await asyncio.to_thread(_begin, service, job))
            case Open():
                self.station.show(await asyncio.to_thread(service.open, job.unit), self.now())
            case Said():
                self._show(await asyncio.to_thread(service.scan, job.text, typed=True))
            case Scan() if self._line.is_pin(job):
                self._line.digits = job.text
                await self._submit(service)
            case Scan():
                self._show(await asyncio.to_thread(service.scan, job.text))
            case Broken() if self._line.accepts(job.text):
                self._line.add(job.text)
                self._draw_prompt()
                if job.ended:
                    await self._submit(service)
            case Broken():
                self._show(await asyncio.to_thread(service.report, say("station.broken"), job.text))
            case Typed():
                await self._type(service, job)

    async def _read_desk(self, service: Service) -> None:
        self._looking = False
        name, place = self._where.name, self.station.desk.place
        if name:
            ask = self._where.ask(place.tab, self.station.desk.key, place.cursor)
            sheet = await asyncio.to_thread(service.sheet, name, ask)
            if name == self._where.name:
                self._audited(sheet, name)
                if self.station.desk.key != ask.key:  # another row is under the cursor than was asked about
                    self._look()

    def _audited(self, sheet: Sheet, name: str) -> None:
        """Show a desk's sheet; the auditor's with the verification that runs here."""
        if name == "audit" and sheet.tabs:
            sheet = replace(sheet, tabs=(*sheet.tabs[:AUDITED], verification_tab(self._verification)))
        made, self._where.made = self._where.made, ""
        self.station.desk.show(in_words(rekeyed(sheet, self.preferences.keys)), self.now(), made)

    async def _type(self, service: Service, typed: Typed) -> None:
        text = text_of(typed.key, typed.character)
        if typed.key in ENDS:
            if self._line.is_open:
                await self._submit(service)
            elif self._loose:
                self._show(await asyncio.to_thread(service.report, say("station.slow", key=self._key("station.entry"))))
            self._loose = False
        elif not self._line.is_open:
            self._loose = self._loose or text is not None
        else:
            self._line.type(typed.key, text)
            self._draw_prompt()

    async def _submit(self, service: Service) -> None:
        """Hand what was typed to the desk: a PIN as a PIN, a code as a typed code."""
        pin = self._line.digits is not None
        text = self._line.take()
        self._draw_prompt()
        if text:
            self._show(await asyncio.to_thread(service.scan, text, typed=not pin, secret=pin))

    async def _tick(self, service: Service) -> None:
        self._ticks += 1
        locked = await asyncio.to_thread(service.tick)
        if locked is not None:
            self._line.close()
            self._show(locked)
        elif self._ticks % REFRESH_TICKS == 0:
            self.station.show(await asyncio.to_thread(service.view), self.now())
            self._look()

    def _show(self, shown: Shown) -> None:
        self._to_base()
        answer = shown.answer
        self._collecting.answered()
        self._line.ask(answer.ask)
        self._loose = False
        self._where.answered(answer.outcome, answer.message, answer.subject)
        self.station.answered(shown, self.now())
        if self._where.signed_in(shown.view.person, shown.view.roles):
            self._go()
        self._look()
        self._draw_prompt()
        self._ring(verdict(answer.outcome).rings)

    def _ring(self, rings: int) -> None:
        self.bell()
        if rings > 1:
            self.set_timer(SECOND_RING_SECONDS, self.bell)

    def _second(self) -> None:
        self.station.tick(self.now())
        if self._verification is not None and self._verification.poll() and self._where.name == "audit":
            self._audited(self.station.desk.sheet, "audit")
        self._collecting.pause(at_rest=self.at_rest)
        if self.at_rest:
            self._put(Tick())

    def on_unmount(self) -> None:
        """The program ends, whether it was left or broke."""
        self._collecting.end()


def _open(source: Desk | Callable[[], Desk]) -> Service:
    from cryoledger.tui.service import Service

    return Service(source() if callable(source) else source)


def _typed(fed: Fed) -> list[events.Key]:
    """The keys of a hand, for a line that takes them; none where it is a scan, or the rest of one."""
    match fed:
        case Typed():
            return [events.Key(fed.key, fed.character)]
        case Broken() if not fed.ended:
            return [events.Key(character, character) for character in fed.text]
    return []


def _begin(service: Service, job: Begin | Perform) -> Shown:
    return service.begin(job.task) if isinstance(job, Begin) else service.perform(job.act, job.row)


def _monotonic() -> float:
    """The clock that dates key events."""
    from textual._time import get_time

    return get_time()
