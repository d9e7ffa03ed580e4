"""Rules of people: enrolment, roles, PINs, revocation and reaffirmation, sign-in."""

from __future__ import annotations

from dataclasses import replace

from cryoledger.domain import catalogue
from cryoledger.domain.events import people
from cryoledger.domain.events.lots import HoldLifted
from cryoledger.domain.facts import Draft, Facts, Recorded, State
from cryoledger.domain.identity_records import IdentityReader
from cryoledger.domain.records import DoseSource, Hold, Mention, Person, PublicKey, ScanCode, Station, Vial
from cryoledger.domain.roles import Role
from cryoledger.domain.rulebook_1.common import FINAL, changes, checks, free_code, hold, need, unsafe
from cryoledger.domain.rulebook_1.vault import (
    badge_bears_key,
    count_enrolment,
    enrol,
    key_id,
    name_unused,
    new_key,
    put_person,
)
from cryoledger.errors import Refusal


def roles_text(roles: tuple[Role, ...] | set[Role]) -> str:
    """Roles as a person's row keeps them: sorted, separated by commas."""
    return ",".join(sorted(set(roles)))


@checks(people.KeyIssued)
def _key_issued(_draft: Draft, event: people.KeyIssued, facts: Facts) -> None:
    name_unused(facts, event.person.name)
    new_key(facts, event.person.name, event.key)
    badge_bears_key(event.person.badge, event.key)
    free_code(facts, event.person.badge, "badge")


@changes(people.KeyIssued)
def _issue_key(draft: Draft, event: people.KeyIssued, state: State) -> None:
    put_person(draft, state, event.person, roles_text(event.roles), event.key)
    count_enrolment(state)


@checks(people.AdministratorRecovered)
def _administrator_recovered(_draft: Draft, event: people.AdministratorRecovered, facts: Facts) -> None:
    name_unused(facts, event.person.name)
    new_key(facts, event.person.name, event.key)
    badge_bears_key(event.person.badge, event.key)
    free_code(facts, event.person.badge, "badge")


@changes(people.AdministratorRecovered)
def _recover(draft: Draft, event: people.AdministratorRecovered, state: State) -> None:
    put_person(draft, state, event.person, Role.ADMINISTRATOR.value, event.key)
    count_enrolment(state)


@checks(people.KeyReplaced)
def _key_replaced(draft: Draft, event: people.KeyReplaced, facts: Facts) -> None:
    person = need(facts, Person, event.person)
    if person.status == "revoked":
        raise Refusal("I7", f"{person.full_name} has left.", "Enrol the person under a new name.")
    new_key(facts, event.person, event.key)
    badge_bears_key(event.badge, event.key)
    free_code(facts, event.badge, "badge")
    issuers = [signed.name for signed in draft.signers if signed.meaning != "accepted"]
    if event.person in issuers:
        raise unsafe("I7", "Nobody replaces their own key.", "Two others do it.", event.person)


@changes(people.KeyReplaced)
def _replace_key(draft: Draft, event: people.KeyReplaced, state: State) -> None:
    person = state.need(Person, event.person)
    old = state.need(PublicKey, person.name, person.key_id)
    state.put(replace(old, revoked=draft.number))
    state.put(replace(state.need(ScanCode, person.badge), retired=1))
    state.put(ScanCode(event.badge, "person", person.name, 0))
    enrol(draft, state, person.name, "person", event.key)
    state.put(replace(person, badge=event.badge, key_id=key_id(event.key), status="active", wrong_pins=0))
    _reads_no_more(state, person.name)


@checks(people.PinChanged)
def _pin_changed(draft: Draft, event: people.PinChanged, _facts: Facts) -> None:
    if event.person != draft.first:
        raise unsafe(
            "I7", "Everybody changes their own PIN only.", "Two administrators can replace a key.", event.person
        )


@changes(people.PinChanged)
def _change_pin(_draft: Draft, _event: people.PinChanged, _state: State) -> None:
    """The same key under a new PIN: nothing that the ledger knows changes."""


@checks(people.RoleGranted)
def _role_granted(draft: Draft, event: people.RoleGranted, facts: Facts) -> None:
    person = need(facts, Person, event.person)
    if person.status == "revoked" or event.role in person.roles.split(","):
        raise Refusal("role", f"{person.full_name} is {event.role} already, or has left.", "")
    if event.person in [signed.name for signed in draft.signers]:
        raise unsafe("I7", "Nobody grants a role to themselves.", "Two others do it.", event.person)


@changes(people.RoleGranted)
def _grant(_draft: Draft, event: people.RoleGranted, state: State) -> None:
    person = state.need(Person, event.person)
    held = {Role(text) for text in person.roles.split(",") if text}
    state.put(replace(person, roles=roles_text(held | {event.role})))


@checks(people.RoleWithdrawn)
def _role_withdrawn(_draft: Draft, event: people.RoleWithdrawn, facts: Facts) -> None:
    person = need(facts, Person, event.person)
    if event.role not in person.roles.split(","):
        raise Refusal("role", f"{person.full_name} is no {event.role}.", "")
    if event.role == Role.ADMINISTRATOR:
        _not_the_last(facts, person.name)


@changes(people.RoleWithdrawn)
def _withdraw(_draft: Draft, event: people.RoleWithdrawn, state: State) -> None:
    person = state.need(Person, event.person)
    held = {Role(text) for text in person.roles.split(",") if text}
    state.put(replace(person, roles=roles_text(held - {event.role})))


def _not_the_last(facts: Facts, name: str) -> None:
    others = [
        row
        for row in facts.where(Person, status="active")
        if row.name != name and Role.ADMINISTRATOR in row.roles.split(",")
    ]
    if not others:
        raise Refusal("I7.last", "That is the last administrator.", "Enrol another one first.")


@checks(people.KeyRevoked)
def _key_revoked(draft: Draft, event: people.KeyRevoked, facts: Facts) -> None:
    key = need(facts, PublicKey, event.name, event.key_id)
    if key.kind not in ("person", "recovery") or key.revoked is not None:
        raise Refusal(
            "key.revoked", f"{event.name} {event.key_id} is no valid key of a person.", "See `cryoledger keys`."
        )
    if event.suspect_from is not None and not key.enrolled <= event.suspect_from < draft.number:
        raise Refusal("key.suspect", "The suspect range starts after the key's enrolment and before now.", "")
    person = facts.get(Person, event.name)
    if person is not None and Role.ADMINISTRATOR in person.roles.split(","):
        _not_the_last(facts, person.name)


@changes(people.KeyRevoked)
def _revoke(draft: Draft, event: people.KeyRevoked, state: State) -> None:
    key = state.need(PublicKey, event.name, event.key_id)
    state.put(replace(key, revoked=draft.number, suspect_from=event.suspect_from))
    person = state.get(Person, event.name)
    if person is not None and person.key_id == event.key_id:
        state.put(replace(person, status="revoked"))
        _reads_no_more(state, person.name)
        for station in state.where(Station, person=person.name):
            state.put(replace(station, person=None, session=None))
    if event.suspect_from is not None:
        for entry in signed_by(state, event.name, event.suspect_from, draft.number - 1):
            _hold_things(draft, state, entry)


def _reads_no_more(state: State, name: str) -> None:
    """The identity key lies under the PIN of the key that goes; whoever holds it grants it again."""
    if state.get(IdentityReader, name) is not None:
        state.remove(IdentityReader, name)


def signed_by(facts: Facts, name: str, first: int, last: int) -> list[Recorded]:
    """The entries in a range of numbers that a name signed, in order."""
    numbers = sorted(row.entry for row in facts.where(Mention, kind="signer", code=name) if first <= row.entry <= last)
    return [entry for number in numbers if (entry := facts.recorded(number)) is not None]


def _hold_things(draft: Draft, state: State, entry: Recorded) -> None:
    """Hold what a suspect entry touched: vials, what a lot or donor was judged to be, and what it set free."""
    things = [(item.kind, item.code) for item in catalogue.subjects(entry.event) if item.touched]
    for kind, code in tuple(things):
        if kind == "dose":
            things += [("vial", row.vial) for row in state.where(DoseSource, dose=code)]
    if isinstance(entry.event, HoldLifted):
        things += [(row.scope, row.code) for row in state.where(Hold, number=entry.event.number)]
    for kind, code in things:
        vial = state.get(Vial, code) if kind == "vial" else None
        if kind in ("unit", "lot", "donation", "donor") or (vial is not None and vial.custody not in FINAL):
            hold(draft, state, kind, code, "key-suspect")


@checks(people.EntriesReaffirmed)
def _reaffirmed(draft: Draft, event: people.EntriesReaffirmed, facts: Facts) -> None:
    key = need(facts, PublicKey, event.name, event.key_id)
    if key.revoked is None or key.suspect_from is None:
        raise Refusal("key.suspect", f"No entry of {event.name} is under suspicion.", "")
    if event.name == draft.first:
        raise unsafe("I7", "Another person reaffirms.", "Ask a colleague.", event.name)
    start = key.reaffirmed_to + 1 if key.reaffirmed_to is not None else key.suspect_from
    if event.first != start or not event.first <= event.last < key.revoked:
        raise Refusal("key.suspect", f"Reaffirm from entry {start} on, up to {key.revoked - 1}.", "")
    hashes = tuple(entry.leaf_hash for entry in signed_by(facts, event.name, event.first, event.last))
    if hashes != event.leaf_hashes:
        raise Refusal("key.suspect", "The leaf hashes are not those of the entries in the range.", "List them again.")


@changes(people.EntriesReaffirmed)
def _reaffirm(_draft: Draft, event: people.EntriesReaffirmed, state: State) -> None:
    key = state.need(PublicKey, event.name, event.key_id)
    state.put(replace(key, reaffirmed_to=event.last))


@checks(people.PersonSignedIn)
def _signed_in(draft: Draft, event: people.PersonSignedIn, facts: Facts) -> None:
    if event.person != draft.first:
        raise unsafe("I7", "Nobody signs in as somebody else.", "Scan your own badge.", event.person)
    need(facts, Station, draft.station)


@changes(people.PersonSignedIn)
def _sign_in(draft: Draft, event: people.PersonSignedIn, state: State) -> None:
    station = state.need(Station, draft.station)
    state.put(replace(station, person=event.person, session=draft.number))


@checks(people.PersonSignedOut)
def _signed_out(draft: Draft, event: people.PersonSignedOut, facts: Facts) -> None:
    if need(facts, Station, draft.station).person != event.person or event.person != draft.first:
        raise Refusal("I7", f"{event.person} is not signed in here.", "Scan a badge to sign in.")


@changes(people.PersonSignedOut)
def _sign_out(draft: Draft, _event: people.PersonSignedOut, state: State) -> None:
    state.put(replace(state.need(Station, draft.station), person=None, session=None))
