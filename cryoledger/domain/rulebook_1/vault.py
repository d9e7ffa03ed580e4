"""Rules of the vault itself: creation, stations, log keys, settings, clock, what a station observes."""

from __future__ import annotations

import re
from dataclasses import replace
from zoneinfo import available_timezones

from cryoledger.domain.events import vault
from cryoledger.domain.facts import Draft, Facts, State
from cryoledger.domain.records import Person, PublicKey, ScanCode, Site, Station
from cryoledger.domain.rulebook_1.common import changes, checks, need
from cryoledger.domain.signing import key_name
from cryoledger.errors import Refusal

KNOWN_RULEBOOKS = frozenset({1})
PREFIX = re.compile(r"[0-9A-Z]{1,4}")
SETTING_FIELDS = {
    "zone": "text", "code_prefix": "text", "idle_lock_seconds": "number", "screening_markers": "texts",
    "vial_scheme": "text",
}  # fmt: skip
VIAL_SCHEME = re.compile(r"local|isbt128:[1-9A-NP-Z][0-9A-NP-Z]{2}[0-9]{2}|gs1:[0-9]{4,12}")


def key_id(verifier_key: str) -> str:
    """The key ID, 8 hex digits, in a vkey text."""
    return verifier_key.split("+", 2)[1]


def new_key(facts: Facts, name: str, verifier_key: str) -> None:
    """Refuse a key whose text does not bear the signer's name, or that stands enrolled already."""
    if verifier_key.count("+") < 2 or key_name(verifier_key) != name:
        raise Refusal("key.name", f"The key does not bear the name {name!r}.", "Make the key for its signer.")
    if facts.get(PublicKey, name, key_id(verifier_key)) is not None:
        raise Refusal("key.twice", f"That key of {name!r} is enrolled already.", "Make a new key.")
    if any(key_bytes(row.verifier_key) == key_bytes(verifier_key) for row in facts.where(PublicKey)):
        raise Refusal("key.twice", "That key is enrolled under another name: one holder, one name.", "Make a new key.")


def key_bytes(verifier_key: str) -> str:
    """The algorithm and public key, base64, in a vkey text."""
    return verifier_key.split("+", 2)[2]


def enrol(draft: Draft, state: State, name: str, kind: str, verifier_key: str) -> None:
    """Enrol a key from this entry on."""
    state.put(PublicKey(name, key_id(verifier_key), kind, verifier_key, draft.number, None, None, None))


def name_unused(facts: Facts, name: str) -> None:
    """Refuse the name of a signer that was ever used: names are never reused."""
    if facts.where(PublicKey, name=name) or facts.get(Person, name) or facts.get(Station, name):
        raise Refusal("name.reused", f"The name {name!r} has signed before.", "Choose another; names are never reused.")


def known_zone(zone: str) -> None:
    """Refuse a time zone that is not in the IANA list."""
    if zone not in available_timezones():
        raise Refusal("zone", f"{zone!r} is no time zone.", "Give one such as Asia/Bangkok or Europe/Berlin.")


@checks(vault.VaultCreated)
def _vault_created(draft: Draft, event: vault.VaultCreated, facts: Facts) -> None:
    names = {event.administrator.name, draft.station, event.origin, key_name(event.recovery_key)}
    if len(names) != 4:
        raise Refusal("name.reused", "Administrator, station, log and recovery key need four names.", "Change one.")
    if event.origin != draft.origin:
        raise Refusal("origin", f"The entry is of {draft.origin}, not of {event.origin}.", "Name the ledger's origin.")
    new_key(facts, event.administrator.name, event.administrator_key)
    new_key(facts, draft.station, event.station_key)
    new_key(facts, event.origin, event.log_key)
    new_key(facts, event.origin, event.log_key_ml_dsa)
    new_key(facts, key_name(event.recovery_key), event.recovery_key)
    keys = (event.administrator_key, event.station_key, event.log_key, event.log_key_ml_dsa, event.recovery_key)
    if len({key_bytes(key) for key in keys}) != len(keys):
        raise Refusal("key.twice", "Administrator, station, log and recovery need keys of their own.", "Make new ones.")
    badge_bears_key(event.administrator.badge, event.administrator_key)


@changes(vault.VaultCreated)
def _create(draft: Draft, event: vault.VaultCreated, state: State) -> None:
    markers = "\n".join(event.screening_markers)
    state.put(
        Site(
            id="site",
            origin=event.origin,
            zone=event.zone,
            code_prefix=event.code_prefix,
            training=int(event.training),
            rulebook=draft.rules,
            screening_markers=markers,
            idle_lock_seconds=event.idle_lock_seconds,
            enrolments=0,
            vial_scheme=None,
        )
    )
    put_person(draft, state, event.administrator, "administrator", event.administrator_key)
    enrol(draft, state, draft.station, "station", event.station_key)
    enrol(draft, state, event.origin, "log", event.log_key)
    enrol(draft, state, event.origin, "log-ml-dsa", event.log_key_ml_dsa)
    enrol(draft, state, key_name(event.recovery_key), "recovery", event.recovery_key)
    state.put(Station(draft.station, key_id(event.station_key), "active", None, None))


def badge_bears_key(badge: str, verifier_key: str) -> None:
    """A badge bears its holder's key ID, so that a re-issued key shows on the person's chest."""
    if key_id(verifier_key).upper() not in badge:
        raise Refusal("badge", f"The badge {badge} does not bear the key ID {key_id(verifier_key)}.", "Print it anew.")


def put_person(draft: Draft, state: State, new: vault.NewPerson, roles: str, verifier_key: str) -> None:
    """Enrol a person with roles and a key."""
    state.put(
        Person(
            name=new.name,
            full_name=new.full_name,
            badge=new.badge,
            roles=roles,
            key_id=key_id(verifier_key),
            status="active",
            wrong_pins=0,
            last_at=draft.occurred_at,
            last_entry=draft.number,
        )
    )
    state.put(ScanCode(new.badge, "person", new.name, 0))
    enrol(draft, state, new.name, "person", verifier_key)


def count_enrolment(state: State) -> None:
    """Count an enrolment: only the first after creation may have one administrator's signature."""
    site = state.need(Site, "site")
    state.put(replace(site, enrolments=site.enrolments + 1))


@checks(vault.StationEnrolled)
def _station_enrolled(_draft: Draft, event: vault.StationEnrolled, facts: Facts) -> None:
    name_unused(facts, event.station)
    new_key(facts, event.station, event.key)


@changes(vault.StationEnrolled)
def _enrol_station(draft: Draft, event: vault.StationEnrolled, state: State) -> None:
    enrol(draft, state, event.station, "station", event.key)
    state.put(Station(event.station, key_id(event.key), "active", None, None))
    count_enrolment(state)


@checks(vault.StationRetired)
def _station_retired(draft: Draft, event: vault.StationRetired, facts: Facts) -> None:
    if need(facts, Station, event.station).status != "active":
        raise Refusal("station", f"The station {event.station} is retired already.", "")
    if event.station == draft.station:
        raise Refusal("station", "A station cannot retire itself.", "Do it from another station.")


@changes(vault.StationRetired)
def _retire_station(draft: Draft, event: vault.StationRetired, state: State) -> None:
    station = state.need(Station, event.station)
    state.put(replace(station, status="retired", person=None, session=None))
    key = state.need(PublicKey, station.name, station.key_id)
    state.put(replace(key, revoked=draft.number))


@checks(vault.LogKeyReplaced)
def _log_key_replaced(draft: Draft, event: vault.LogKeyReplaced, facts: Facts) -> None:
    new_key(facts, draft.origin, event.log_key)
    new_key(facts, draft.origin, event.log_key_ml_dsa)


@changes(vault.LogKeyReplaced)
def _replace_log_key(draft: Draft, event: vault.LogKeyReplaced, state: State) -> None:
    for key in state.where(PublicKey):  # in a later epoch the last keys bear the origin of an earlier one
        if key.revoked is None and key.kind in ("log", "log-ml-dsa"):
            state.put(replace(key, revoked=draft.number))
    enrol(draft, state, draft.origin, "log", event.log_key)
    enrol(draft, state, draft.origin, "log-ml-dsa", event.log_key_ml_dsa)


@checks(vault.RulebookAdopted)
def _rulebook_adopted(draft: Draft, event: vault.RulebookAdopted, _facts: Facts) -> None:
    if event.rulebook not in KNOWN_RULEBOOKS or event.rulebook <= draft.rules:
        raise Refusal(
            "rules", f"There is no rulebook {event.rulebook} to move to from {draft.rules}.", "Install a later release."
        )


@changes(vault.RulebookAdopted)
def _adopt(_draft: Draft, event: vault.RulebookAdopted, state: State) -> None:
    state.put(replace(state.need(Site, "site"), rulebook=event.rulebook))


@checks(vault.SettingChanged)
def _setting_changed(_draft: Draft, event: vault.SettingChanged, _facts: Facts) -> None:
    wanted = SETTING_FIELDS[event.setting]
    given = [field for field in ("text", "number", "texts") if getattr(event, field)]
    if given != [wanted]:
        raise Refusal("setting", f"{event.setting} needs a {wanted}, and nothing else.", "Give the value.")
    if event.setting == "code_prefix" and not PREFIX.fullmatch(event.text or ""):
        raise Refusal("setting", "A code prefix has at most 4 digits and capital letters.", "Choose another.")
    if event.setting == "vial_scheme" and not VIAL_SCHEME.fullmatch(event.text or ""):
        raise Refusal(
            "setting",
            f"{event.text!r} is no scheme of vials.",
            "Give local, isbt128:A9999 with your facility's number, or gs1:9506000 with your company prefix.",
        )
    if event.setting == "zone":
        known_zone(event.text or "")


@changes(vault.SettingChanged)
def _set(_draft: Draft, event: vault.SettingChanged, state: State) -> None:
    site = state.need(Site, "site")
    value: str | int = event.text or event.number or "\n".join(event.texts)
    state.put(replace(site, **{event.setting: value}))  # type: ignore[arg-type]


@checks(vault.ClockCorrected)
def _clock_corrected(draft: Draft, event: vault.ClockCorrected, _facts: Facts) -> None:
    _names_head(draft, event.head_recorded_at)
    if draft.previous_recorded_at is not None and draft.recorded_at >= draft.previous_recorded_at:
        raise Refusal("clock", "The clock does not stand behind the ledger.", "Nothing needs correcting.")


@checks(vault.ClockStepped)
def _clock_stepped(draft: Draft, event: vault.ClockStepped, facts: Facts) -> None:
    _names_head(draft, event.head_recorded_at)
    if draft.previous_recorded_at is not None and draft.recorded_at < draft.previous_recorded_at:
        raise Refusal("time.behind", "The clock stands behind the last entry.", "Let two persons accept it.")
    if event.confirmed_by is not None:
        need(facts, Person, event.confirmed_by)


def _names_head(draft: Draft, head: str) -> None:
    if head != draft.previous_recorded_at:
        raise Refusal("clock", f"The last entry was recorded at {draft.previous_recorded_at}.", "Name that time.")


@checks(vault.PinRefused)
def _pin_refused(_draft: Draft, event: vault.PinRefused, facts: Facts) -> None:
    if event.attempt != need(facts, Person, event.person).wrong_pins + 1:
        raise Refusal("pin.count", "Wrong PINs are counted one by one.", "")


@changes(vault.PinRefused)
def _count_pin(_draft: Draft, event: vault.PinRefused, state: State) -> None:
    state.put(replace(state.need(Person, event.person), wrong_pins=event.attempt))


@checks(vault.KeyLocked)
def _key_locked(_draft: Draft, event: vault.KeyLocked, facts: Facts) -> None:
    person = need(facts, Person, event.person)
    if person.status != "active" or person.wrong_pins < 5:
        raise Refusal("pin.lock", f"{person.full_name} has not entered five wrong PINs.", "")


@changes(vault.KeyLocked)
def _lock_key(_draft: Draft, event: vault.KeyLocked, state: State) -> None:
    state.put(replace(state.need(Person, event.person), status="locked"))


@changes(vault.StationLocked)
def _lock_station(draft: Draft, _event: vault.StationLocked, state: State) -> None:
    state.put(replace(state.need(Station, draft.station), person=None, session=None))


@checks(vault.RequestRefused)
@checks(vault.AlarmRaised)
@checks(vault.StationLocked)
def _observed(_draft: Draft, _event: object, _facts: Facts) -> None:
    """What the station alone saw needs no more than its signature."""


@changes(vault.RequestRefused)
@changes(vault.AlarmRaised)
@changes(vault.ClockCorrected)
@changes(vault.ClockStepped)
def _nothing(_draft: Draft, _event: object, _state: State) -> None:
    """Leaves only its mentions."""
