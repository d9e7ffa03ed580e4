"""Collecting signatures: what is signed is frozen and shown, then each person's badge and PIN, in order."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cryoledger.custody.workflow.steps import Step, lacking_role
from cryoledger.domain import catalogue
from cryoledger.domain.facts import Facts
from cryoledger.domain.records import Person
from cryoledger.domain.roles import STAFF, Line
from cryoledger.domain.signing import COUNTERSIGNED
from cryoledger.errors import Refusal

COUNTERSIGNER = Line(COUNTERSIGNED, STAFF)


@dataclass(frozen=True, slots=True)
class Signatures:
    """The lines of an act with the persons known so far; `done` of them have given their PIN."""

    step: Step
    lines: tuple[Line, ...]
    persons: tuple[Person | None, ...]
    done: int = 0

    @classmethod
    def of(cls, step: Step, person: str, facts: Facts) -> Signatures:
        """The lines that a proposed act needs, the signed-in person's first."""
        known = dict(step.signers)
        declared = catalogue.of(type(step.events[0]).__name__).signing.lines
        lines = tuple(
            line for line in declared if not line.key_of and (not line.optional or line.meaning in known)
        )  # a new key accepts its own enrolment, and nobody's badge is asked for that
        others = [facts.get(Person, known[line.meaning]) if line.meaning in known else None for line in lines[1:]]
        return cls(step, lines, (facts.get(Person, person), *others))

    @property
    def complete(self) -> bool:
        """True once everybody has given the PIN."""
        return self.done == len(self.lines)

    @property
    def person(self) -> Person | None:
        """Whose PIN is next; None where a badge is awaited."""
        return None if self.complete else self.persons[self.done]

    @property
    def next(self) -> str:
        """The name whose PIN is next; "" where a badge is awaited."""
        return self.person.name if self.person is not None else ""

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return "pin" if self.person is not None else "badge"

    @property
    def hint(self) -> str:
        """What is to be done now."""
        if self.complete:
            return "Everybody has signed."
        line = self.lines[self.done]
        if self.person is not None:
            return f"{self.person.full_name}, enter your PIN to sign as {line.meaning!r}."
        roles = "any of the staff" if line.roles == STAFF else " or ".join(sorted(line.roles))
        return f"Second person ({roles}), scan your badge to sign as {line.meaning!r}; CMD-CANCEL leaves it unsigned."

    @property
    def what(self) -> str:
        """What is signed."""
        late = f" late ({self.step.late.reason})" if self.step.late is not None else ""
        return f"{self.step.shown or type(self.step.events[0]).__name__}{late}"

    @property
    def each(self) -> tuple[tuple[str, str, bool], ...]:
        """Every line: its meaning, the printed name of its person ("" where the badge is to come), whether signed."""
        return tuple(
            (line.meaning, person.full_name if person is not None else "", at < self.done)
            for at, (line, person) in enumerate(zip(self.lines, self.persons, strict=True))
        )

    @property
    def shown(self) -> str:
        """What is signed, by whom and with which meanings."""
        lines = zip(self.lines, self.persons, strict=True)
        who = [f"{line.meaning} by {each.full_name if each else '(badge to come)'}" for line, each in lines]
        late = f" late ({self.step.late.reason})" if self.step.late is not None else ""
        what = self.step.shown or type(self.step.events[0]).__name__
        return f"To sign{late}: {what}. Signatures: {', '.join(who)}."

    def named(self, person: Person) -> Signatures:
        """With the person whose badge was scanned for the next line."""
        return replace(self, persons=(*self.persons[: self.done], person, *self.persons[self.done + 1 :]))

    def signed(self) -> Signatures:
        """With one PIN more."""
        return replace(self, done=self.done + 1)

    def countersigned(self) -> Signatures:
        """With a second person's line after the others, as a late entry may need it."""
        return replace(self, lines=(*self.lines, COUNTERSIGNER), persons=(*self.persons, None))

    def first_unfit(self, facts: Facts) -> tuple[Refusal, str] | None:
        """The first of the known persons who cannot sign the line, and why."""
        for done, person in enumerate(self.persons):
            refusal = replace(self, done=done).unfit(person.name, facts) if person is not None else None
            if person is not None and refusal is not None:
                return refusal, person.name
        return None

    def unfit(self, name: str, facts: Facts) -> Refusal | None:
        """Why a person cannot sign the next line (I7); None where nothing stands against it yet."""
        others = (*self.persons[: self.done], *self.persons[self.done + 1 :])
        if any(other is not None and other.name == name for other in others):
            return Refusal("I7", "One person cannot sign twice.", "Another person scans the badge.", safety=True)
        return lacking_role(facts, name, self.lines[self.done])
