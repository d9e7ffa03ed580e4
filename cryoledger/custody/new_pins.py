"""A person at the desk chooses a PIN, twice: for a key that is made now, or in place of the one known so far."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from cryoledger.custody.people import NewKey, change_pin, new_key, new_person, trial_issue, trial_replacement
from cryoledger.custody.record import Sealed
from cryoledger.custody.session import Session
from cryoledger.custody.vault import person_by
from cryoledger.custody.workflow import State, Step, World
from cryoledger.domain.fields import Event
from cryoledger.domain.records import Site
from cryoledger.domain.roles import Role
from cryoledger.errors import PinError, RequestError

__all__ = ["NewPin"]

_CHANGE: Final = "PinChanged"
_ADVICE: Final = "Choose 6 to 12 digits that nobody else knows."


class NewPin:
    """What an act that makes a key asks of the person concerned, before anybody signs.

    `after` is the workflow's state once it is recorded. The PIN itself is in no answer and in no entry. What is signed
    then bears the key that it opens.
    """

    ask = "pin"

    def __init__(self, session: Session, step: Step, after: State) -> None:
        self.step, self.after = step, after
        self._session = session
        self._given = dict(step.answers)
        self._old = self._first = ""
        with session.vault.store.reading() as reading:
            who = str(self._given.get("person", ""))
            self.full_name = person_by(reading, who).full_name if who else str(self._given["full_name"])

    @property
    def changes(self) -> bool:
        """Whether the key stays and only its PIN changes."""
        return self.step.act == _CHANGE

    @property
    def hint(self) -> str:
        """What is to be entered now."""
        if self.changes and not self._old:
            return f"{self.full_name}, enter your present PIN."
        if self._first:
            return f"{self.full_name}, enter the same new PIN again."
        return f"{self.full_name}, choose a PIN of 6 to 12 digits that nobody else knows, and enter it."

    def judge(self, world: World) -> None:
        """Raise what the rules would refuse, before a PIN is chosen for it."""
        event = self._trial()
        refusal = world.foreseen(event) if event is not None else None
        if refusal is not None:
            raise refusal

    def _trial(self) -> Event | None:
        if self.changes:
            return None
        if self.step.act == "KeyReplaced":
            person = str(self._given["person"])
            if person == self._session.name:
                raise RequestError("Nobody replaces their own key.", "Two others do it.")
            return trial_replacement(person, str(self._given["reason"]))
        return trial_issue(self._session.vault, self.full_name, self._roles)

    @property
    def _roles(self) -> list[Role]:
        given = self._given["roles"]
        return [Role(text) for text in given] if isinstance(given, tuple) else []

    def take(self, pin: str) -> bool:
        """One PIN more; True once it was chosen. PinError where it is wrong, weak or not the same."""
        vault = self._session.vault
        if self.changes and not self._old:
            with vault.store.reading() as reading:
                person = person_by(reading, str(self._given["person"]))
            self._session.open_key(person, pin)
            self._old = pin
            return False
        if not self._first:
            self._first = pin
            return False
        first, self._first = self._first, ""
        if first != pin:
            raise PinError("The two PINs differ.", _ADVICE)
        self._first = pin
        return True

    def make(self) -> NewKey:
        """The key under the chosen PIN; PinError for a weak one, which is then chosen anew."""
        vault, pin, self._first = self._session.vault, self._first, ""
        if self.step.act == "KeyReplaced":
            return new_key(vault, str(self._given["person"]), pin, str(self._given["reason"]))
        return new_person(vault, self.full_name, self._roles, pin)

    def change(self) -> Sealed:
        """Record that the PIN is another one; PinError for a weak one, which is then chosen anew."""
        pin, self._first = self._first, ""
        return change_pin(self._session.vault, str(self._given["person"]), self._old, pin)

    def to_sign(self, made: NewKey) -> Step:
        """The step with the event that enrols the new key, as it will be signed."""
        with self._session.vault.store.reading() as reading:
            site = reading.facts.get(Site, "site")
        alone = self.step.act == "KeyIssued" and site is not None and site.enrolments == 0
        done = f"{made.full_name} signs as {made.name} with the badge {made.badge}: print it."
        return replace(
            self.step,
            events=(made.event,),
            message=f"{self.step.message} {done}",
            shown=f"{self.step.shown}; signs as {made.name}, badge {made.badge}, accepted by the new key",
            signers=() if alone else (("approved", ""),),
        )
