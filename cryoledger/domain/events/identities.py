"""Events of the identity vault: who may read, what was kept, shown, forgotten. Never the identity itself."""

from __future__ import annotations

from typing import Literal

from cryoledger.domain.declare import declared
from cryoledger.domain.fields import Code, Date, Event, KeyId, PersonName
from cryoledger.domain.roles import Role, critical, dual, line

READERS = (Role.QUALITY, Role.CLINICIAN)
"""Those whom tracing a dose to a person may be asked of (2006/86/EC art. 9; 21 CFR 1271.290)."""

IdentityKind = Literal["donor", "patient"]


@declared(dual(line("granted", Role.ADMINISTRATOR, *READERS), line("accepted", *READERS)))
class IdentityReaderGranted(Event):
    """A person received the identity key, wrapped by the person's own PIN.

    Whoever holds the key passes it on. While nobody does, an administrator grants the first; `from_sheet` says that
    it was taken from the sealed recovery sheet, because those who held it cannot.
    """

    person: PersonName
    key_id: KeyId
    from_sheet: bool = False


@declared(critical("withdrawn", Role.ADMINISTRATOR, Role.QUALITY))
class IdentityReaderWithdrawn(Event):
    """A person no longer reads identities."""

    person: PersonName
    reason: Literal["left", "changed-duties", "suspected", "other"]


class AboutIdentity(Event):
    """An event about the person behind a pseudonymous code."""

    scope: IdentityKind
    code: Code


@declared(critical("recorded", *READERS), safety=True)
class IdentityRecorded(AboutIdentity):
    """Who a donor or patient is was kept, encrypted, outside the ledger: `document` holds the salted hash."""


@declared(critical("read", *READERS), safety=True)
class IdentityShown(AboutIdentity):
    """A person looked at who a donor or patient is."""

    reason: Literal["treatment", "trace", "adverse-event", "recall", "subject-request", "court-order", "other"]


@declared(dual(line("forgotten", Role.ADMINISTRATOR), line("approved", Role.QUALITY)), safety=True)
class IdentityForgotten(AboutIdentity):
    """The key of a donor or patient was destroyed: identity, narrative and wristbands say nothing any more.

    `copies_until`: from the day after, no backup of the key is left that could open a copy (GDPR art. 17, 4(5)).
    """

    reason: Literal["subject-request", "retention-over", "entered-by-mistake", "other"]
    copies_until: Date
