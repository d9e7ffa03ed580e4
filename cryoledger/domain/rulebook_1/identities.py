"""Rules of the identity vault: who may hold its key, who may read, and when a person may be forgotten."""

from __future__ import annotations

from dataclasses import replace

from cryoledger.domain import times
from cryoledger.domain.events import identities
from cryoledger.domain.facts import Draft, Facts, State
from cryoledger.domain.identity_records import Identity, IdentityReader
from cryoledger.domain.records import Donation, Donor, Dose, DoseSource, Lot, LotDonation, Patient, Person, Vial
from cryoledger.domain.roles import Role
from cryoledger.domain.rulebook_1.common import changes, checks, need, unsafe
from cryoledger.errors import Refusal

RETENTION_YEARS = 30
"""After the expiry of the last product concerned (1394/2007 art. 15, 2006/86/EC art. 9)."""
KEY_COPIES_DAYS = 35
"""So long, at most, are backups of the subjects' keys kept."""


@checks(identities.IdentityReaderGranted)
def _granted(draft: Draft, event: identities.IdentityReaderGranted, facts: Facts) -> None:
    giver, taker = draft.signers[0].name, draft.signers[1].name
    if taker != event.person:
        raise unsafe("I7", "The key is accepted by the person who will hold it.", "Let that person sign.", event.person)
    if facts.get(IdentityReader, event.person) is not None:
        raise Refusal("identity.reader", f"{event.person} reads identities already.", "", subject=event.person)
    holders = facts.where(IdentityReader)
    if event.from_sheet:
        if Role.ADMINISTRATOR not in need(facts, Person, giver).roles.split(","):
            raise unsafe("I7", "An administrator opens the recovery sheet.", "Let one sign first.", giver)
    elif holders and facts.get(IdentityReader, giver) is None:
        names = ", ".join(row.person for row in holders[:5])
        raise unsafe("I7", f"{giver} does not hold the identity key.", f"One of its holders grants it: {names}.", giver)
    if holders and holders[0].key_id != event.key_id:
        raise Refusal("identity.key", "That is another identity key.", "Grant the one that is held.")


@changes(identities.IdentityReaderGranted)
def _grant(draft: Draft, event: identities.IdentityReaderGranted, state: State) -> None:
    state.put(IdentityReader(event.person, event.key_id, draft.number))


@checks(identities.IdentityReaderWithdrawn)
def _withdrawn(_draft: Draft, event: identities.IdentityReaderWithdrawn, facts: Facts) -> None:
    need(facts, IdentityReader, event.person)
    kept = [row for row in facts.where(Identity) if row.forgotten is None and row.sha256 is not None]
    if kept and len(facts.where(IdentityReader)) == 1:
        raise Refusal(
            "identity.last",
            f"{event.person} is the last who can read {len(kept)} identities.",
            "Grant it to another person first.",
            subject=event.person,
        )


@changes(identities.IdentityReaderWithdrawn)
def _withdraw(_draft: Draft, event: identities.IdentityReaderWithdrawn, state: State) -> None:
    state.remove(IdentityReader, event.person)


@checks(identities.IdentityRecorded)
def _recorded(draft: Draft, event: identities.IdentityRecorded, facts: Facts) -> None:
    _reader(draft, facts)
    _known(facts, event)
    if event.document is None:
        raise Refusal("identity", "No identity was given.", "Give it, encrypted, beside the entry.")
    _not_forgotten(facts, event)


@changes(identities.IdentityRecorded)
def _record(draft: Draft, event: identities.IdentityRecorded, state: State) -> None:
    assert event.document is not None
    state.put(Identity(event.scope, event.code, event.document.sha256, draft.number, None, None))


@checks(identities.IdentityShown)
def _shown(draft: Draft, event: identities.IdentityShown, facts: Facts) -> None:
    _reader(draft, facts)
    _not_forgotten(facts, event)
    need(facts, Identity, event.scope, event.code)


@changes(identities.IdentityShown)
def _show(_draft: Draft, _event: identities.IdentityShown, _state: State) -> None:
    """That it was read is the entry itself."""


@checks(identities.IdentityForgotten)
def _forgotten(draft: Draft, event: identities.IdentityForgotten, facts: Facts) -> None:
    _known(facts, event)
    _not_forgotten(facts, event)
    until = retained_until(facts, event.scope, event.code)
    if until is not None and draft.at < until and event.reason != "entered-by-mistake":
        raise unsafe(
            "retention",
            f"What is known of {event.scope} {event.code} must be kept until {until[:10]}: "
            f"{RETENTION_YEARS} years after the expiry of the last product concerned.",
            "Forget it then; until that day the law asks for the trace.",
            event.code,
        )
    if until is not None and event.reason == "entered-by-mistake":
        raise unsafe(
            "retention",
            f"{event.scope.capitalize()} {event.code} has products or doses already: it was no mistake.",
            "Keep it until its retention is over.",
            event.code,
        )
    earliest = times.later(draft.recorded_at, minutes=KEY_COPIES_DAYS * 24 * 60)[:10]
    if event.copies_until < earliest:
        raise Refusal("identity.copies", f"Backups of keys may live until {earliest}.", "State that day, or a later.")


@changes(identities.IdentityForgotten)
def _forget(draft: Draft, event: identities.IdentityForgotten, state: State) -> None:
    row = state.get(Identity, event.scope, event.code)
    row = row or Identity(event.scope, event.code, None, None, None, None)
    state.put(replace(row, forgotten=draft.number, copies_until=event.copies_until))


def retained_until(facts: Facts, kind: str, code: str) -> str | None:
    """The instant until which a donor's or patient's trace must be kept; None where no product concerns them."""
    lots = _lots_of_donor(facts, code) if kind == "donor" else _lots_of_patient(facts, code)
    latest = max((lot.expires_at for lot in lots), default=None)
    return None if latest is None else f"{int(latest[:4]) + RETENTION_YEARS:04d}{latest[4:]}"


def _lots_of_donor(facts: Facts, donor: str) -> list[Lot]:
    """Every lot that comes from a donor, through banks too."""
    donations = [row.code for row in facts.where(Donation, donor=donor)]
    rows = [row for code in donations for row in facts.where(LotDonation, donation=code)]
    waiting = [need(facts, Lot, row.lot) for row in rows]
    found: dict[str, Lot] = {}
    while waiting:
        lot = waiting.pop()
        if lot.code not in found:
            found[lot.code] = lot
            waiting += facts.where(Lot, parent=lot.code)
    return list(found.values())


def _lots_of_patient(facts: Facts, patient: str) -> list[Lot]:
    """The lots of every dose that was made for a patient."""
    vials = {row.vial for dose in facts.where(Dose, patient=patient) for row in facts.where(DoseSource, dose=dose.code)}
    return [need(facts, Lot, code) for code in {need(facts, Vial, vial).lot for vial in vials}]


def _reader(draft: Draft, facts: Facts) -> None:
    if facts.get(IdentityReader, draft.first) is None:
        raise unsafe(
            "I7",
            f"{need(facts, Person, draft.first).full_name} does not hold the identity key.",
            "A holder grants it: `cryoledger identity grant`.",
            draft.first,
        )


def _known(facts: Facts, event: identities.AboutIdentity) -> None:
    need(facts, Donor if event.scope == "donor" else Patient, event.code)


def _not_forgotten(facts: Facts, event: identities.AboutIdentity) -> None:
    row = facts.get(Identity, event.scope, event.code)
    if row is not None and row.forgotten is not None:
        raise Refusal(
            "identity.forgotten",
            f"{event.scope.capitalize()} {event.code} was forgotten.",
            "The key is destroyed; nothing more is kept about the person.",
            subject=event.code,
        )
