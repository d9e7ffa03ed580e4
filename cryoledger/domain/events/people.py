"""Events of people: enrolment, roles, PINs, revocation, sign-in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cryoledger.domain.declare import declared
from cryoledger.domain.events.vault import APPROVED, ISSUED, NewPerson
from cryoledger.domain.fields import (
    ByTwo,
    EntryNumber,
    Event,
    KeyId,
    PersonName,
    RoleName,
    Sha256,
    SignerName,
    Text,
    VerifierKeyText,
)
from cryoledger.domain.roles import EVERYBODY, Kind, Line, Role, Signing, critical, dual, possession, routine


@declared(dual(ISSUED, Line(APPROVED.meaning, APPROVED.roles, optional=True), possession("key")))
class KeyIssued(Event):
    """A person was enrolled, with roles and a signing key, and told that names of staff are kept for ever.

    Two administrators (or one and a quality officer) sign, and the new key itself. The first enrolment after the
    vault's creation needs one, there being no second.
    """

    person: NewPerson
    roles: Annotated[tuple[RoleName, ...], Field(min_length=1)]
    key: VerifierKeyText


@declared(dual(ISSUED, APPROVED, possession("key")))
class KeyReplaced(Event):
    """A person's forgotten or locked PIN was replaced: a new key under the same name; the old one is revoked."""

    person: PersonName
    badge: Text
    key: VerifierKeyText
    reason: Literal["forgotten", "locked", "suspected", "other"]


@declared(critical("changed", *EVERYBODY))
class PinChanged(Event):
    """A person changed the PIN that wraps the key; the key stays."""

    person: PersonName


@declared(dual(ISSUED, APPROVED), proposable=True)
class RoleGranted(ByTwo):
    """A person received a further role."""

    person: PersonName
    role: RoleName


@declared(critical("withdrawn", Role.ADMINISTRATOR, Role.QUALITY))
class RoleWithdrawn(Event):
    """A person lost a role."""

    person: PersonName
    role: RoleName


@declared(critical("revoked", Role.ADMINISTRATOR, Role.QUALITY))
class KeyRevoked(Event):
    """A key signs nothing from here on; what it signed from `suspect_from` on is open until reaffirmed."""

    name: SignerName
    key_id: KeyId
    suspect_from: EntryNumber | None = None
    reason: Literal["left", "lost", "stolen", "suspected", "other"]


@declared(critical("reaffirmed", Role.QUALITY, Role.ADMINISTRATOR))
class EntriesReaffirmed(Event):
    """Another person stands in for entries of a suspect range, naming each by its leaf hash."""

    name: SignerName
    key_id: KeyId
    first: EntryNumber
    last: EntryNumber
    leaf_hashes: Annotated[tuple[Sha256, ...], Field(min_length=1, max_length=1000)]


RECOVERY = Signing(
    Kind.DUAL,
    (Line("recovered", frozenset(), key_of="recovery"), Line("accepted", frozenset(), key_of="key")),
)


@declared(RECOVERY)
class AdministratorRecovered(Event):
    """The recovery key from the sealed sheet enrolled an administrator. Every report shows this."""

    person: NewPerson
    key: VerifierKeyText


@declared(routine(*EVERYBODY))
class PersonSignedIn(Event):
    """A person signed in at the station, with badge and PIN."""

    person: PersonName


@declared(routine(*EVERYBODY))
class PersonSignedOut(Event):
    """The signed-in person signed out."""

    person: PersonName
