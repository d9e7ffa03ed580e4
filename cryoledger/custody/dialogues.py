"""What a desk may be waiting for beside a scan: the signatures of a proposed step, or a yes to a clock that leapt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from cryoledger.custody.inviting import Inviting
from cryoledger.custody.new_pins import NewPin
from cryoledger.custody.people import NewKey
from cryoledger.custody.record import By, Sealed, note_refusal
from cryoledger.custody.session import Session
from cryoledger.custody.workflow import Scanned, State, Step
from cryoledger.custody.workflow.sign_in import No, SignIn, by_badge
from cryoledger.custody.workflow.signatures import Signatures
from cryoledger.domain import catalogue
from cryoledger.domain.facts import Facts
from cryoledger.domain.records import Person
from cryoledger.errors import Refusal

Outcome = Literal["recorded", "question", "refused", "info", "broken"]
Reply = tuple[Outcome, str, int | None, tuple[str, str] | None]
"""Outcome, message, sequence, and the thing whose card is to be shown."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one scan led to.

    `scan` is the text as scanned, "" for a PIN or a wristband; `message` says what happened and what to do next;
    `ask` is what is awaited now; `sequence` that of the entry recorded; `subject` whose card is to be shown.
    """

    scan: str
    outcome: Outcome
    message: str
    ask: str
    sequence: int | None
    subject: tuple[str, str] | None = None


class SigningDialogue:
    """One step on its way to the ledger; `after` is the workflow's state once it is recorded.

    What is signed is frozen here. PINs are tried as they are entered and kept until the step is recorded.
    A `new` key, which the step enrols, accepts it with its own signature.
    """

    def __init__(self, session: Session, step: Step, after: State, facts: Facts, new: NewKey | None = None) -> None:
        self.step = step
        self._new = new
        self.after = after
        self._session = session
        self._lines = Signatures.of(step, session.name, facts)
        self._signed: list[By] = []
        if not catalogue.of(type(step.events[0]).__name__).signing.pin:
            self._signed.append(By(session.name))  # routine: the sign-in's PIN holds
            self._lines = self._lines.signed()

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return self._lines.ask

    @property
    def hint(self) -> str:
        """What is to be done now."""
        return self._lines.hint

    @property
    def lines(self) -> Signatures:
        """What is signed, and who has signed it so far."""
        return self._lines

    @property
    def complete(self) -> bool:
        """True once everybody has signed."""
        return self._lines.complete

    @property
    def next(self) -> str:
        """Whose PIN is awaited; "" where it is a badge."""
        return self._lines.next

    def opened(self, facts: Facts) -> tuple[Refusal, str] | None:
        """Who of the persons known already cannot sign, and why; None where nobody stands in the way."""
        return self._lines.first_unfit(facts)

    def begin(self) -> Reply:
        """Show what is to be signed, and ask for the first PIN."""
        return "question", f"{self._lines.shown} {self.hint}", None, self.step.subject

    def badge(self, scan: Scanned, facts: Facts) -> Reply | Callable[[], Reply]:
        """The badge of the next person; a refusal for safety is recorded once the snapshot is let go of."""
        asked = by_badge(scan, facts) if scan.kind == "badge" else No(f"That is no badge. {self.hint}")
        if isinstance(asked, No):
            return "refused", asked.message, None, None
        name = asked.person.name
        refusal = self._lines.unfit(name, facts)
        if refusal is not None:
            return lambda: self.unfit(refusal, name)
        self._lines = self._lines.named(asked.person)
        return "question", self.hint, None, self.step.subject

    def unfit(self, refusal: Refusal, name: str) -> Reply:
        """Say, and record where it concerns access, that a person cannot sign."""
        if refusal.safety:
            event = self.step.events[0]
            note_refusal(self._session.vault, type(event).__name__, refusal, event, name)
        return "refused", str(refusal), None, None

    def pin(self, person: Person, pin: str) -> Reply:
        """The PIN of the next person; PinError where it is wrong."""
        self._session.open_key(person, pin)
        self._signed.append(By(person.name, pin))
        self._lines = self._lines.signed()
        return "question", f"{person.full_name} has signed. {self.hint}", None, self.step.subject

    def seal(self) -> list[Sealed]:
        """Record the step with all its signatures."""
        return self._session.record(self.step, self._signed, self._new)

    def countersign(self) -> None:
        """Ask for one person more: the late act would be refused now."""
        self._lines = self._lines.countersigned()

    def forget(self) -> None:
        """Lock the keys that were opened for this alone."""
        for by in self._signed:
            if by.name != self._session.name:
                self._session.vault.keyring.lock(by.name)
        if self._new is not None:
            self._session.vault.keyring.lock(self._new.name)
        self._signed = []


@dataclass(frozen=True, slots=True)
class ClockLeap:
    """The clock leapt: once a person has compared it, `again` does what it stopped."""

    again: Callable[[], Reply]
    shown: str
    waiting: SignIn | SigningDialogue | NewPin | Inviting | None
    ask: str = "confirm"

    @property
    def hint(self) -> str:
        """What to do now."""
        return f"Is it now {self.shown}? Compare another clock, then scan CMD-CONFIRM; if not, CMD-CANCEL."
