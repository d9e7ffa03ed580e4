"""The roles of people, and the four ways in which an event is signed (DOMAIN, "Roles and signatures")."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person may do; one person may hold several."""

    TECHNICIAN = "technician"
    QUALITY = "quality officer"
    PHARMACIST = "pharmacist"
    CLINICIAN = "clinician"
    WITNESS = "witness"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Kind(StrEnum):
    """How an event is signed."""

    ROUTINE = "routine"
    CRITICAL = "critical by one"
    DUAL = "critical by two"
    OBSERVED = "observed"


@dataclass(frozen=True, slots=True)
class Line:
    """One signature line: its meaning and the roles of which its person holds one.

    `optional` lines may be absent (a receiver, where the issuer keeps the vials); `key_of` names the payload
    field whose freshly enrolled key signs here (proof of possession) instead of an enrolled person.
    """

    meaning: str
    roles: frozenset[Role]
    optional: bool = False
    key_of: str = ""


@dataclass(frozen=True, slots=True)
class Signing:
    """How one event type is signed: the kind and its lines in order."""

    kind: Kind
    lines: tuple[Line, ...]

    @property
    def pin(self) -> bool:
        """True where every signer's PIN is asked for this very act (21 CFR 11.200(a)(1))."""
        return self.kind in (Kind.CRITICAL, Kind.DUAL)


EVERYBODY = frozenset(Role)
STAFF = EVERYBODY - {Role.AUDITOR, Role.ADMINISTRATOR}


def routine(*roles: Role) -> Signing:
    """The signed-in person, badge only."""
    return Signing(Kind.ROUTINE, (Line("performed", frozenset(roles)),))


def critical(meaning: str, *roles: Role) -> Signing:
    """One person with one of the roles, PIN each time."""
    return Signing(Kind.CRITICAL, (Line(meaning, frozenset(roles)),))


def dual(first: Line, second: Line, *others: Line) -> Signing:
    """Two different persons, both PINs; further lines for a receiver or a new key."""
    return Signing(Kind.DUAL, (first, second, *others))


def line(meaning: str, *roles: Role, optional: bool = False) -> Line:
    """A signature line for a person who holds one of the roles (any of the staff where none is given)."""
    return Line(meaning, frozenset(roles) or STAFF, optional)


def possession(field: str) -> Line:
    """The line with which a new key proves that its holder has it."""
    return Line("accepted", frozenset(), key_of=field)


OBSERVED = Signing(Kind.OBSERVED, (Line("observed", frozenset()),))
