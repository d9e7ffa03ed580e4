"""One station's scan desk: it drives the pure workflow, asks for PINs, signs and records; every front end uses it.

desk = Desk(vault)
answer = desk.scan("BDG-A5E1214A-Y")          # answer.ask == "pin"
answer = desk.scan("402719")                  # the PIN is the next line, and is in no answer
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from cryoledger.codes import Command, read
from cryoledger.custody.dialogues import Answer, ClockLeap, Outcome, Reply, SigningDialogue
from cryoledger.custody.inviting import Inviting
from cryoledger.custody.new_pins import NewPin
from cryoledger.custody.own_signatures import OwnSignatures, own_signatures
from cryoledger.custody.record import Sealed
from cryoledger.custody.registering import enter_printer, made
from cryoledger.custody.scan_reading import look, may_be_wristband
from cryoledger.custody.session import Session
from cryoledger.custody.vault import Vault, person_by
from cryoledger.custody.workflow import Scanned, State, Step, Task, World, advance, open_task
from cryoledger.custody.workflow.arranging import ARRANGEMENTS, PRINTER
from cryoledger.custody.workflow.forms import FORMS
from cryoledger.custody.workflow.sign_in import No, SignIn, by_badge, looks_like_pin
from cryoledger.custody.workflow.steps import refused_by
from cryoledger.domain.records import Person, StorageUnit
from cryoledger.errors import CodeError, CryoledgerError, PinError, Refusal, StationError

__all__ = ["Answer", "Desk"]

SIGNED_OUT = "Nobody is signed in: scan your badge."


class Desk:
    """The desk of one station. May be used from several threads: scans are handled one at a time."""

    def __init__(self, vault: Vault, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.vault = vault
        self._session = Session(vault)
        self._monotonic = monotonic
        self._state = State()
        self._wait: SignIn | SigningDialogue | NewPin | Inviting | ClockLeap | None = None
        self._touched = monotonic()
        self._turn, self._secret = threading.RLock(), False
        self.own: OwnSignatures | None = None  # of who has just signed in

    @property
    def person(self) -> Person | None:
        """Who is signed in."""
        return self._session.person

    @property
    def task(self) -> str:
        """The word of the open task, "" for none."""
        return self._state.word

    @property
    def ask(self) -> str:
        """What is awaited now."""
        if self._wait is not None:
            return self._wait.ask
        return self._state.ask if self.person is not None else "badge"

    @property
    def hint(self) -> str:
        """One line: what can be scanned now."""
        if self._wait is not None:
            return self._wait.hint
        return self._state.hint if self.person is not None else SIGNED_OUT

    @property
    def open_task(self) -> Task | None:
        """The open task as it is; front ends show it and never change it."""
        return self._state.top

    @property
    def open_tasks(self) -> tuple[Task, ...]:
        """The open task and what lies above it."""
        return self._state.tasks

    @property
    def to_sign(self) -> SigningDialogue | None:
        """The act that waits for signatures; None where none does."""
        wait = self._wait.waiting if isinstance(self._wait, ClockLeap) else self._wait
        return wait if isinstance(wait, SigningDialogue) else None

    @property
    def signing_in(self) -> Person | None:
        """Whose PIN is awaited to sign in; None where none is."""
        wait = self._wait.waiting if isinstance(self._wait, ClockLeap) else self._wait
        return wait.person if isinstance(wait, SignIn) else None

    @property
    def choosing_pin(self) -> NewPin | None:
        """What a person chooses a PIN for; None where nobody does."""
        return self._wait if isinstance(self._wait, NewPin) else None

    @property
    def inviting(self) -> Inviting | None:
        """The invitation of a station that is made, or whose code is shown; None where none is."""
        return self._wait if isinstance(self._wait, Inviting) else None

    def begin(self, task: Task) -> Answer:
        """Open a task that a screen offers, as a command barcode would; nothing that comes of it raises."""
        return self._taken(task.word, False, lambda: self._begun(task))

    def scan(self, text: str, *, typed: bool = False) -> Answer:
        """Handle one scan, or the PIN where one was asked for. Nothing that is scanned raises."""
        return self._taken(text, self.ask in ("pin", "wristband"), lambda: self._handle(text, typed))

    def _taken(self, text: str, secret: bool, handle: Callable[[], Reply]) -> Answer:
        with self._turn:
            lapsed = self._lapse()
            self._touched, self.own, self._secret = self._monotonic(), None, secret
            outcome, message, sequence, subject = self._answered(text, handle)
            if lapsed:
                message = f"{lapsed} {message}"
            shown = "" if self._secret else text.rstrip("\r\n")
            return Answer(shown, outcome, message, self.ask, sequence, subject)

    def tick(self) -> Answer | None:
        """Lock the station where nothing was scanned for the site's idle time; None where it was not."""
        with self._turn:
            lapsed = self._lapse()
            return Answer("", "info", f"{lapsed} {self.hint}", self.ask, None) if lapsed else None

    def close(self) -> None:
        """Lock the station."""
        with self._turn:
            self._drop()
            self.vault.lock()

    # One scan

    def _answered(self, text: str, handle: Callable[[], Reply]) -> Reply:
        try:
            return handle()
        except CodeError as error:
            if may_be_wristband(text):  # a wristband that was misread is quoted nowhere
                self._secret = True
                return "broken", "A wristband could not be read. Scan it again.", None, None
            return "broken", str(error), None, None
        except CryoledgerError as error:
            return "refused", f"{error} {self.hint if isinstance(error, PinError) else ''}".strip(), None, None
        except Exception as error:  # noqa: BLE001 - a desk at an open freezer goes on; the text might quote a secret
            failed = f"The program failed ({type(error).__name__}). Scan again; if it stays, call for help."
            return "broken", failed, None, None

    def _handle(self, text: str, typed: bool) -> Reply:
        if isinstance(self._wait, ClockLeap):
            return self._clock(text, self._wait)
        if isinstance(self._wait, Inviting) and self._wait.made is not None:
            return self._taken_over(text, self._wait)
        if self.ask == "pin" and looks_like_pin(text.strip()):
            return self._pin(text.strip())
        with self.vault.store.reading() as reading:
            world = self._session.world(reading, self._state.late)
            band_of = self._state.top.new_band_of if self._wait is None and self._state.top is not None else ""
            scan, self._secret = look(text, self._session, world, ask=self.ask, typed=typed, band_of=band_of)
            reply = self._answer(scan, world)
        return reply() if callable(reply) else reply

    def _answer(self, scan: Scanned, world: World) -> Reply | Callable[[], Reply]:
        """The reply; or what is to be done once the snapshot is let go of."""
        if scan.says(Command.CANCEL) and self._wait is not None:
            self._drop()
            return "info", f"Not signed; nothing is recorded. {self.hint}", None, None
        if isinstance(self._wait, SigningDialogue) and self._wait.ask == "badge":
            return self._wait.badge(scan, world.facts)
        if scan.kind == "badge" and (self.person is None or self._state.ask != "badge" or self._wait is not None):
            return self._badge(scan, world)
        if self._wait is not None:
            return "refused", f"That is not a PIN (6 to 12 digits), and was not counted. {self.hint}", None, None
        if self.person is None:
            return "refused", SIGNED_OUT, None, None
        if scan.says(Command.SIGN_OUT) or scan.says(Command.LOCK):
            return lambda: self._leave(keep=scan.says(Command.LOCK))
        return self._advance(scan, world)

    def _advance(self, scan: Scanned, world: World) -> Reply | Callable[[], Reply]:
        if scan.kind == "badge" and isinstance(no := by_badge(scan, world.facts), No):
            return "refused", no.message, None, None
        unit = world.facts.get(StorageUnit, scan.code) if scan.kind == "unit" else None
        if unit is not None and unit.rows:
            self._session.box_scans += 1
            world = replace(world, box_scans=self._session.box_scans)
        return self._stepped(*advance(self._state, scan, world), world)

    def _begun(self, task: Task) -> Reply:
        if self.person is None:
            return "refused", SIGNED_OUT, None, None
        if self._wait is not None:
            return "refused", f"Sign first what waits for it, or leave it with CMD-CANCEL. {self.hint}", None, None
        with self.vault.store.reading() as reading:
            world = self._session.world(reading, self._state.late)
            reply = self._stepped(*open_task(self._state, task, world), world)
        return reply() if callable(reply) else reply

    def _stepped(self, after: State, step: Step, world: World) -> Reply | Callable[[], Reply]:
        if step.kind == "propose":
            return self._propose(step, after, world)
        self._state = after
        said = f"{step.message} {self.hint}" if step.kind == "info" and self.hint not in step.message else step.message
        kind = step.kind
        if step.refusal is None or not step.refusal.safety:
            return kind, said, None, step.subject
        return lambda: self._noted(step, said)

    def _noted(self, step: Step, said: str) -> Reply:
        self._session.note(step)
        return "refused", said, None, step.subject

    # Badges and PINs

    def _badge(self, scan: Scanned, world: World) -> Reply:
        asked = by_badge(scan, world.facts)
        if isinstance(asked, No):
            return "refused", asked.message, None, None
        if isinstance(self._wait, SigningDialogue) and self._wait.next == asked.person.name:
            return "question", self._wait.hint, None, None
        self._drop()
        if not self._session.clock_leapt(world):
            return self._ask_pin(asked)
        # Asked before the PIN: a wrong one could not be counted while the clock is in doubt.
        shown = f"{world.local(world.now)} {world.zone}"
        self._wait = ClockLeap(lambda: self._ask_pin(replace(asked, clock=True)), shown, None)
        return "question", f"{asked.person.full_name}: {self._wait.hint}", None, None

    def _ask_pin(self, asked: SignIn) -> Reply:
        self._wait = asked
        return "question", asked.hint, None, None

    def _pin(self, pin: str) -> Reply:
        wait = self._wait
        if isinstance(wait, SignIn):
            self.vault.clock_confirmed = wait.clock
            try:
                self._session.open_key(wait.person, pin)
                return self._sign_in(wait.person)
            finally:
                self.vault.clock_confirmed = False
        if isinstance(wait, NewPin):
            return self._chosen(wait, pin)
        if isinstance(wait, Inviting):
            return "info", wait.pin(pin), None, None
        assert isinstance(wait, SigningDialogue)
        with self.vault.store.reading() as reading:
            person = person_by(reading, wait.next)
        reply = wait.pin(person, pin)
        return self._timed(lambda: self._seal(wait)) if wait.complete else reply

    def _sign_in(self, person: Person) -> Reply:
        own = own_signatures(self.vault.store, person.name)
        sealed = self._session.sign_in(person)
        self._wait, self.own = None, own
        kept = f"The open task goes on: {self.task}. " if self.task else ""
        self._refresh()
        return "recorded", f"{person.full_name} is signed in. {own.sentence} {kept}{self.hint}", _sequence(sealed), None

    def _leave(self, *, keep: bool) -> Reply:
        keep = keep or any(task.unsaved for task in self._state.tasks)
        try:
            sealed = self._session.sign_out()
        finally:
            self._drop()
            self._state = self._state if keep else State()
        kept = f"The task {self.task!r} stays open. " if self.task else ""
        outcome: Outcome = "recorded" if sealed is not None else "info"
        return outcome, f"Signed out, the key is wiped. {kept}{self.hint}", _sequence(sealed), None

    # A PIN that is chosen

    def _choose_pin(self, step: Step, after: State, world: World) -> Reply:
        wait = NewPin(self._session, step, after)
        wait.judge(world)
        self._wait = wait
        return "question", f"{step.shown}. {wait.hint}", None, step.subject

    def _chosen(self, wait: NewPin, pin: str) -> Reply:
        if not wait.take(pin):
            return "question", wait.hint, None, None
        if wait.changes:
            sealed = wait.change()
            self._wait, self._state = None, wait.after
            self._refresh()
            return "recorded", f"{wait.step.message} {self.hint}", _sequence(sealed), None
        made = wait.make()
        with self.vault.store.reading() as reading:
            dialogue = SigningDialogue(self._session, wait.to_sign(made), wait.after, reading.facts, made)
        self._wait = dialogue
        return dialogue.begin()

    # Recording

    def _propose(self, step: Step, after: State, world: World) -> Reply | Callable[[], Reply]:
        facts = world.facts
        if step.act in FORMS and FORMS[step.act].asks_vault:
            return lambda: self._made(step, after)
        if step.act in ARRANGEMENTS:
            return lambda: self._arranged(step, after)
        if step.act:
            return self._choose_pin(step, after, world)
        dialogue = SigningDialogue(self._session, step, after, facts)
        if dialogue.complete:  # routine: recorded at once
            return lambda: self._timed(lambda: self._seal(dialogue))
        unfit = dialogue.opened(facts)
        if unfit is not None:
            return lambda: dialogue.unfit(*unfit)
        self._wait = dialogue
        return dialogue.begin()

    def _arranged(self, step: Step, after: State) -> Reply:
        """Do what no entry records: enter a printer, or ask for the PIN that an invitation takes."""
        if step.act == PRINTER:
            enter_printer(self.vault, step.answers)
            self._state = after
            return "info", f"{step.message} {self.hint}", None, None
        try:
            wait = Inviting(self._session, step)
        except (StationError, Refusal):  # no other name would do
            self._state = after
            raise
        self._wait, self._state = wait, after
        return "question", f"{step.shown}. {wait.hint}", None, None

    def _taken_over(self, text: str, wait: Inviting) -> Reply:
        """The code of an invitation stays on the screen until somebody says that it was written down."""
        if getattr(read(text), "command", None) not in (Command.CONFIRM, Command.CANCEL):
            return "refused", wait.hint, None, None
        self._drop()
        return "info", f"The code is no longer shown. {self.hint}", None, None

    def _made(self, step: Step, after: State) -> Reply:
        """Go on with the events that only the vault could make of the answers."""
        step = made(self.vault, step)
        with self.vault.store.reading() as reading:
            world = self._session.world(reading, step.late)
            event = step.events[0]
            refusal = world.foreseen(event) or world.lacks_role(event)
            step = step if refusal is None else refused_by(None, refusal, event)
            reply = self._stepped(after, step, world)
        return reply() if callable(reply) else reply

    def _seal(self, dialogue: SigningDialogue) -> Reply:
        """Record what all have signed; where a late act needs another person, ask for that one."""
        self._wait = dialogue
        try:
            sealed = dialogue.seal()
        except Refusal as refusal:
            if refusal.rule == "late.two":
                dialogue.countersign()
                return "question", f"{refusal} {self.hint}", None, dialogue.step.subject
            if refusal.rule != "time.ahead":
                self._drop()
            raise
        except CryoledgerError:
            self._drop()
            raise
        self._wait, self._state = None, dialogue.after
        self._refresh()
        return "recorded", f"{dialogue.step.message} {self.hint}", _sequence(sealed[-1]), dialogue.step.subject

    def _timed(self, act: Callable[[], Reply]) -> Reply:
        """Do it; where the clock leapt, ask a person to compare it first (LEDGER, "Time")."""
        try:
            return act()
        except Refusal as refusal:
            if refusal.rule != "time.ahead":
                raise
            with self.vault.store.reading() as reading:
                world = self._session.world(reading)
            waiting = self._wait.waiting if isinstance(self._wait, ClockLeap) else self._wait
            self._wait = ClockLeap(act, f"{world.local(world.now)} {world.zone}", waiting)
            return "question", f"{refusal.message} {self._wait.hint}", None, None

    def _clock(self, text: str, leap: ClockLeap) -> Reply:
        command = getattr(read(text), "command", None)
        if command is Command.CANCEL:
            self._wait = leap.waiting
            self._drop()
            return "info", f"Set the machine's clock first. {self.hint}", None, None
        if command is not Command.CONFIRM:
            return "refused", leap.hint, None, None
        self.vault.clock_confirmed = True
        try:
            return leap.again()
        finally:
            self.vault.clock_confirmed = False

    # The state

    def _refresh(self) -> None:
        with self.vault.store.reading() as reading:
            self._state = self._state.refreshed(self._session.world(reading, self._state.late))

    def _drop(self) -> None:
        """Forget a question of signatures or PIN; keys that were opened for it alone are locked again."""
        wait = self._wait.waiting if isinstance(self._wait, ClockLeap) else self._wait
        self._wait = None
        if isinstance(wait, SigningDialogue):
            wait.forget()
        if isinstance(wait, SignIn) and wait.person.name != self._session.name:
            self.vault.keyring.lock(wait.person.name)

    def _lapse(self) -> str:
        """Lock where nothing was scanned for too long; what to say of it, "" for nothing."""
        if self.person is None and self._wait is None:
            return ""
        idle = self._monotonic() - self._touched
        if idle < self.vault.site().idle_lock_seconds:
            return ""
        self._drop()
        self._session.lock()
        kept = f" The task {self.task!r} stays open." if self.task else ""
        return f"The station locked itself after {int(idle) // 60} min without a scan.{kept}"


def _sequence(sealed: Sealed | None) -> int | None:
    return sealed.entry.sequence if sealed is not None else None
