"""Events of the vault itself: its creation, stations, log keys, rulebook, clock and restores."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cryoledger.domain.declare import declared
from cryoledger.domain.fields import (
    Amount,
    ByTwo,
    EntryNumber,
    Event,
    Instant,
    Named,
    PersonName,
    Positive,
    Sha256,
    StationName,
    Text,
    UnitCode,
    Value,
    VerifierKeyText,
)
from cryoledger.domain.roles import OBSERVED, Kind, Line, Role, Signing, critical, dual, line, possession

ISSUED = line("issued", Role.ADMINISTRATOR)
APPROVED = line("approved", Role.ADMINISTRATOR, Role.QUALITY)

CREATION = Signing(
    Kind.DUAL,
    (
        Line("created", frozenset(), key_of="administrator_key"),
        Line("accepted", frozenset(), key_of="station_key"),
        Line("accepted", frozenset(), key_of="log_key"),
        Line("accepted", frozenset(), key_of="recovery_key"),
    ),
)


class NewPerson(Value):
    """A person as enrolled: the name that signs, the printed name, the badge."""

    name: PersonName
    full_name: Text
    badge: Text


@declared(CREATION)
class VaultCreated(Event):
    """A vault was created. Its leaf hash is the vault's fingerprint."""

    origin: Text
    zone: Text
    code_prefix: Annotated[str, Field(pattern=r"^[0-9A-Z]{0,4}$")]
    training: bool
    administrator: NewPerson
    administrator_key: VerifierKeyText
    station_key: VerifierKeyText
    log_key: VerifierKeyText
    log_key_ml_dsa: VerifierKeyText
    recovery_key: VerifierKeyText
    screening_markers: tuple[Text, ...]
    idle_lock_seconds: Positive
    program: Text


@declared(dual(ISSUED, Line(APPROVED.meaning, APPROVED.roles, optional=True), possession("key")))
class StationEnrolled(Event):
    """A workstation received its key; it signs what no person did."""

    station: StationName
    key: VerifierKeyText


@declared(critical("retired", Role.ADMINISTRATOR))
class StationRetired(Event):
    """A workstation's key signs nothing more."""

    station: StationName
    reason: Literal["replaced", "lost", "stolen", "closed", "other"]


@declared(dual(ISSUED, APPROVED))
class LogKeyReplaced(Event):
    """The keys that sign checkpoints were replaced."""

    log_key: VerifierKeyText
    log_key_ml_dsa: VerifierKeyText
    reason: Literal["routine", "suspected", "lost", "other"]


@declared(critical("adopted", Role.QUALITY))
class RulebookAdopted(Event):
    """The site moves to a later rulebook; from here on entries are decided by it."""

    rulebook: Positive


@declared(critical("set", Role.ADMINISTRATOR))
class SettingChanged(Event):
    """A setting of the site that rules or screens read was changed.

    `vial_scheme` is `local`, or the scheme with the site's own registration: `isbt128:` and the five characters of its
    facility, or `gs1:` and its company prefix.
    """

    setting: Literal["zone", "idle_lock_seconds", "code_prefix", "screening_markers", "vial_scheme"]
    text: Text | None = None
    number: Amount | None = None
    texts: tuple[Text, ...] = ()


@declared(dual(line("corrected", Role.ADMINISTRATOR), line("witnessed")))
class ClockCorrected(ByTwo):
    """Two persons accept a clock that stands behind the ledger's last entry."""

    head_recorded_at: Instant
    reason: Literal["clock-was-ahead", "battery", "time-service", "other"]


@declared(OBSERVED)
class ClockStepped(Event):
    """More than 12 hours passed since the last entry; a person confirmed the clock."""

    head_recorded_at: Instant
    confirmed_by: PersonName | None = None


@declared(OBSERVED)
class RestoreFound(Event):
    """The station found a restored ledger that lacks entries, and nobody to declare it: work goes on, unreconciled.

    `origin`, `size`, `root` and `last_leaf_hash` say what was kept of the epoch before.
    """

    origin: Text
    size: Amount
    root: Sha256
    last_leaf_hash: Sha256
    lost_from: EntryNumber
    lost_to: EntryNumber | None = None


@declared(dual(line("restored", Role.ADMINISTRATOR), line("approved", Role.QUALITY)))
class LedgerRestored(ByTwo):
    """A backup was restored that lacks entries once made; two persons open a new epoch over it, or declare that one."""

    origin: Text
    size: Amount
    root: Sha256
    last_leaf_hash: Sha256
    lost_from: EntryNumber
    lost_to: EntryNumber | None = None


@declared(OBSERVED)
class AlarmRaised(Event):
    """A storage unit's alarm was seen by the station."""

    unit: UnitCode
    alarm: Literal["temperature", "level", "power", "door", "other"]


@declared(OBSERVED)
class RequestRefused(Event):
    """A request was refused for safety or access (I10): what was asked, by which rule it was refused."""

    act: Text
    rule: Text
    person: PersonName | None = None
    concerning: tuple[Named, ...] = Field(default=(), max_length=400)


@declared(OBSERVED)
class StationLocked(Event):
    """The station locked itself: nobody touched it, or a key was locked."""

    person: PersonName | None = None
    reason: Literal["idle", "lockout", "restart"]


@declared(OBSERVED)
class PinRefused(Event):
    """A wrong PIN was entered; `attempt` counts since the last right one."""

    person: PersonName
    attempt: Positive


@declared(OBSERVED)
class KeyLocked(Event):
    """Five wrong PINs: the key is locked until its PIN is replaced."""

    person: PersonName
