"""The workplaces of a station, in the order of a vial's way, and which of them is whose."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from cryoledger.tui.desks.ask import Ask


@dataclass(frozen=True, slots=True)
class Workplace:
    """A place where somebody works: `name` of its desk, "" for the freezer, whose screen is scans and the map."""

    name: str
    title: str
    roles: frozenset[str]


WORKPLACES: Final = (
    Workplace("", "Freezer", frozenset({"technician"})),
    Workplace("pharmacy", "Pharmacy", frozenset({"pharmacist"})),
    Workplace("preparation", "Preparation", frozenset()),
    Workplace("bedside", "Bedside", frozenset({"clinician", "witness"})),
    Workplace("quality", "Quality", frozenset({"quality officer"})),
    Workplace("audit", "Audit", frozenset({"auditor"})),
    Workplace("administration", "Administration", frozenset({"administrator"})),
)


def home_of(roles: str) -> str:
    """The workplace that people with these roles (separated by commas) see first."""
    held = {role.strip() for role in roles.split(",")}
    return next((place.name for place in WORKPLACES if place.roles & held), "")


def title_of(name: str) -> str:
    """A workplace's title."""
    return next((place.title for place in WORKPLACES if place.name == name), "")


def beside(name: str, step: int) -> str:
    """The workplace so many steps further, round and round."""
    names = [place.name for place in WORKPLACES]
    return names[(names.index(name) + step) % len(names)]


@dataclass(slots=True)
class Whereabouts:
    """Where somebody works now, what was chosen at each desk, and what was recorded last and is not yet looked for."""

    name: str = ""
    person: str = ""
    stop: str = ""
    subject: tuple[str, str] | None = None
    made: str = ""
    chosen: dict[str, str] = field(default_factory=dict)

    def ask(self, tab: int, key: str, at: int) -> Ask:
        """What the desk is to be read for; a row of its first list is what is chosen at it."""
        if tab == 0 and key:
            self.chosen[self.name] = key
        return replace(Ask(tab, key, at, self.chosen.get(self.name, "")), stop=self.stop, subject=self.subject)

    def answered(self, outcome: str, message: str, subject: tuple[str, str] | None) -> None:
        """Keep what an answer means for the desks: a mismatch at the bedside stands until the next scan."""
        self.stop = message if self.name == "bedside" and outcome == "refused" and message.startswith("STOP") else ""
        self.subject = subject or self.subject
        self.made = subject[1] if outcome == "recorded" and subject is not None else self.made

    def signed_in(self, person: str, roles: str) -> bool:
        """Go to the workplace of who has just signed in; False where nobody new has."""
        if person == self.person:
            return False
        self.person = person
        if person:
            self.name, self.stop = home_of(roles), ""
        return bool(person)
