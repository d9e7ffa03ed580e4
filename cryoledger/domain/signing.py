"""Which signature lines an entry must bear, and which key must have made each (I7)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from cryoledger.domain import catalogue
from cryoledger.domain.facts import Draft, Facts, Signed
from cryoledger.domain.fields import Event, Reference
from cryoledger.domain.records import Person, PublicKey, Site, Station
from cryoledger.domain.roles import Kind, Line, Role
from cryoledger.errors import Refusal

COUNTERSIGNED = "countersigned"
FIRST_ENROLMENTS = ("KeyIssued", "StationEnrolled")


@dataclass(frozen=True, slots=True)
class Expected:
    """One signature line as a draft must have it: the signer and the verifier key (C2SP vkey text)."""

    name: str
    meaning: str
    verifier_key: str


def key_in(event: Event, field: str) -> str:
    """The verifier key that a payload carries in a field."""
    return str(getattr(event, field))


def key_name(verifier_key: str) -> str:
    """The name in a vkey text: everything before the first plus sign."""
    return verifier_key.split("+", 1)[0]


def proposal_of(event: Event) -> Reference | None:
    """The proposal that an act completes, where it completes one."""
    reference = vars(event).get("proposal")  # getattr is slow where a model lacks the field
    return reference if isinstance(reference, Reference) else None


def roles_of(person: Person) -> frozenset[Role]:
    """The roles that a person holds."""
    return _roles(person.roles)


@lru_cache(maxsize=256)
def _roles(texts: str) -> frozenset[Role]:
    return frozenset(Role(text) for text in texts.split(",") if text)


def expected(draft: Draft, facts: Facts) -> tuple[Expected, ...]:
    """The lines that the draft's signers must sign, in order, each checked for role and standing.

    Raises Refusal (I7) where a signer is unknown, revoked, locked, lacks the role, signs twice, or is missing.
    """
    declaration = catalogue.of(draft.type)
    lines = _present_lines(draft, facts)
    found: list[Expected] = []
    for signed, line in zip(draft.signers, lines, strict=True):
        if signed.meaning != line.meaning:
            raise _refuse(draft, f"{draft.type} is signed as {line.meaning!r} here, not {signed.meaning!r}.")
        found.append(_expect(draft, facts, signed, line, declaration.signing.kind))
    names = [signed.name for signed in draft.signers]
    if len(set(names)) != len(names):
        raise _refuse(draft, "One person cannot sign an entry twice.")
    _check_proposer(draft, facts, names)
    return tuple(found)


def _expect(draft: Draft, facts: Facts, signed: Signed, line: Line, kind: Kind) -> Expected:
    if line.key_of and line.key_of != "recovery":
        key = key_in(draft.event, line.key_of)
        if key_name(key) != signed.name:
            raise _refuse(draft, f"The new key bears the name {key_name(key)!r}, not {signed.name!r}.")
        return Expected(signed.name, signed.meaning, key)
    if line.key_of == "recovery":
        return Expected(signed.name, signed.meaning, _machine_key(draft, facts, signed.name, "recovery"))
    if kind is Kind.OBSERVED:
        return Expected(signed.name, signed.meaning, _station_key(draft, facts, signed.name))
    return Expected(signed.name, signed.meaning, _person_key(draft, facts, signed, line))


def _person_key(draft: Draft, facts: Facts, signed: Signed, line: Line) -> str:
    person = facts.get(Person, signed.name)
    if person is None:
        raise _refuse(draft, f"Nobody is enrolled as {signed.name!r}.", "Sign with an enrolled badge.")
    if person.status != "active":
        raise _refuse(draft, f"The key of {person.full_name} is {person.status}.", "An administrator can replace it.")
    if not roles_of(person) & line.roles:
        wanted = " or ".join(sorted(line.roles))
        raise _refuse(draft, f"{person.full_name} is no {wanted}.", f"To sign as {line.meaning!r} needs that role.")
    key = facts.get(PublicKey, person.name, person.key_id)
    if key is None or key.revoked is not None:
        raise _refuse(draft, f"{person.full_name} has no valid key.", "An administrator can issue one.")
    return key.verifier_key


def _station_key(draft: Draft, facts: Facts, name: str) -> str:
    station = facts.get(Station, name)
    if name != draft.station or station is None:
        raise _refuse(draft, f"Only the station {draft.station!r} itself signs what it observed.")
    if station.status != "active":
        raise _refuse(draft, f"The station {name!r} is retired.", "Enrol it again under another name.")
    return _key_text(draft, facts, name, station.key_id)


def _machine_key(draft: Draft, facts: Facts, name: str, kind: str) -> str:
    for key in facts.where(PublicKey, name=name):
        if key.kind == kind and key.revoked is None:
            return key.verifier_key
    raise _refuse(draft, f"{name!r} is no {kind} key of this vault.")


def _key_text(draft: Draft, facts: Facts, name: str, key_id: str) -> str:
    key = facts.get(PublicKey, name, key_id)
    if key is None or key.revoked is not None:
        raise _refuse(draft, f"The key of {name!r} is revoked.")
    return key.verifier_key


def _present_lines(draft: Draft, facts: Facts) -> tuple[Line, ...]:
    """The declared lines less the optional ones that are absent, plus the countersignature of a late entry."""
    declared = catalogue.of(draft.type).signing.lines
    if proposal_of(draft.event) is not None:
        declared = declared[1:]
    meanings = [signed.meaning for signed in draft.signers]
    lines: list[Line] = []
    for line in declared:
        absent = line.optional and line.meaning not in meanings
        if absent and _may_be_absent(draft, facts, line):
            continue
        lines.append(line)
    if meanings[-1:] == [COUNTERSIGNED] and draft.event.late is not None:
        lines.append(Line(COUNTERSIGNED, frozenset(Role) - {Role.AUDITOR, Role.ADMINISTRATOR}))
    if len(lines) != len(draft.signers):
        wanted = ", ".join(line.meaning for line in lines)
        raise _refuse(draft, f"{draft.type} is signed by: {wanted}.", "Let every person sign.")
    return tuple(lines)


def _may_be_absent(draft: Draft, facts: Facts, line: Line) -> bool:
    if draft.type in FIRST_ENROLMENTS and line.meaning == "approved":
        site = facts.get(Site, "site")
        return site is not None and site.enrolments == 0
    return vars(draft.event).get("receiver") is None


def _check_proposer(draft: Draft, facts: Facts, names: list[str]) -> None:
    reference = proposal_of(draft.event)
    if reference is not None:
        proposed = facts.recorded(reference.number)
        if proposed is not None and proposed.signers[0].name in names:
            raise _refuse(draft, "Whoever proposed an act cannot be its second person.", "Ask somebody else.")


def _refuse(draft: Draft, message: str, advice: str = "") -> Refusal:
    return Refusal("I7", message, advice, safety=draft.type != "RequestRefused", subject=draft.type)
