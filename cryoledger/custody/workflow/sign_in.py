"""Signing in, by badge and PIN: who is asked for a PIN, and what is said to whoever is not signed in."""

from __future__ import annotations

from dataclasses import dataclass

from cryoledger.custody.workflow.steps import Scanned
from cryoledger.domain.facts import Facts
from cryoledger.domain.records import Person

PIN_DIGITS = range(6, 13)


@dataclass(frozen=True, slots=True)
class SignIn:
    """A badge was scanned, and its holder's PIN is the next line; `clock` once a person compared a clock that leapt."""

    person: Person
    clock: bool = False

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return "pin"

    @property
    def hint(self) -> str:
        """What is to be entered now."""
        return f"{self.person.full_name}, enter your PIN."


@dataclass(frozen=True, slots=True)
class No:
    """What was scanned is not taken, and why."""

    message: str


def by_badge(scan: Scanned, facts: Facts) -> SignIn | No:
    """Whose PIN to ask for after a badge."""
    person = facts.get(Person, scan.code) if scan.code else None
    if person is None:
        return No("This badge is of nobody enrolled here. Scan another, or let an administrator print it anew.")
    if person.badge != scan.text.strip():
        return No(f"This badge of {person.full_name} was replaced. Scan the new one.")
    return SignIn(person)


def looks_like_pin(text: str) -> bool:
    """True for what may be a PIN at all: what is not is a scan, and is not counted as a wrong PIN."""
    return text.isascii() and text.isdigit() and len(text) in PIN_DIGITS
