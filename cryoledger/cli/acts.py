"""Recording from the command line: who signs with which meaning, PINs in that order, one entry at the end.

Everything is told before a PIN is asked for: what is signed, and what the signature means.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryoledger.cli import asking, output
from cryoledger.cli.call import Call
from cryoledger.errors import Refusal, RequestError

if TYPE_CHECKING:
    from cryoledger.custody.identities.narrative import Kept
    from cryoledger.custody.record import By, Sealed
    from cryoledger.domain.fields import Event
    from cryoledger.domain.roles import Line

__all__ = ["Signers", "answer_sealed", "ask", "ask_for", "perform", "seal", "seal_kept"]

# Fields in which a scan stands; typed here, they are marked as typed.
_SCANNED = ("vial", "vials", "unit", "source", "sources", "dose", "order", "patient")
_NEW_CODES = ("PatientRegistered", "OrderPlaced", "StorageUnitAdded")


@dataclass(frozen=True, slots=True)
class Signers:
    """Who signs, and what the options of the command say beside the act."""

    first: str | None
    others: Sequence[str] = ()
    confirm_clock: bool = False
    occurred_at: str | None = None
    late: str | None = None
    scanned: bool = False
    event_id: str | None = None
    note: Path | None = None
    propose: int | None = None

    @property
    def names(self) -> list[str]:
        """Everybody, in order."""
        return [*([self.first] if self.first else []), *self.others]


def perform(call: Call, name: str, data: Mapping[str, Any], by: Signers) -> Sealed:
    """Record one event and say so."""
    from cryoledger.domain import catalogue

    values = {field: value for field, value in data.items() if value not in (None, ())}
    values |= {"late": by.late} if by.late else {}
    typed = values.pop("typed", None) or _typed(name, values)
    event = catalogue.parse(name, {**values, "typed": typed} if typed and not by.scanned else values)
    if by.propose is not None:
        event = _proposal(call, name, event, by.propose)
    sealed = seal(call, event, by)
    call.answer(_as_data(sealed), lambda: _as_text(call, sealed))
    return sealed


def seal(call: Call, event: Event, by: Signers) -> Sealed:
    """Ask the signers for their PINs and record an event, without saying so."""
    from cryoledger.custody.record import record

    occurred_at = call.instant(by.occurred_at) if by.occurred_at else None
    signers = ask(call, event, by)
    if by.note is None:
        return record(call.vault, event, *signers, occurred_at=occurred_at, id=by.event_id)
    from cryoledger.custody.identities import narrative

    kept = narrative.keep(call.vault, _read(by.note), _subject(event))
    noted = narrative.with_document(event, kept)
    return record(call.vault, noted, *signers, occurred_at=occurred_at, id=by.event_id, also=kept.write)


def seal_kept(call: Call, event: Event, kept: Kept, by: Signers) -> Sealed:
    """Ask the signers and record an event that names a document, which is kept in the same transaction."""
    from cryoledger.custody.record import record

    return record(call.vault, event, *ask(call, event, by), also=kept.write)


def answer_sealed(call: Call, sealed: Sealed, more: Mapping[str, Any], told: str) -> None:
    """Say what was recorded, and what else came of it."""
    call.answer({**_as_data(sealed), **more}, lambda: f"{_as_text(call, sealed)}\n{told}")


def _read(path: Path) -> bytes:
    from cryoledger.cli.typed import read_bytes
    from cryoledger.custody.identities.narrative import LONGEST_BYTES

    return read_bytes(path, LONGEST_BYTES)


def _subject(event: Event) -> tuple[str, str]:
    """Under whose key a note lies: the donor's or patient's that the event names, else the site's own."""
    from cryoledger.custody.identities.narrative import OWN_KEY, SITE
    from cryoledger.domain import catalogue

    named = [(item.kind, item.code) for item in catalogue.subjects(event) if item.kind in OWN_KEY]
    return named[0] if named else SITE


def _typed(name: str, values: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields of an event at the freezer or to the patient in which a scan would stand."""
    from cryoledger.domain import catalogue

    scanned_here = catalogue.of(name).payload.__module__.endswith((".storage", ".treatment"))
    return tuple(field for field in values if field in _SCANNED) if scanned_here and name not in _NEW_CODES else ()


def ask(call: Call, event: Event, by: Signers) -> list[By]:
    """The signers of an event with their PINs; RequestError where the number of persons does not fit."""
    lines = lines_of(event, len(by.names))
    return ask_for(call, [(line.meaning, _roles(line)) for line in lines], _told(call, event), by, event=event)


def ask_for(
    call: Call,
    meanings: Sequence[tuple[str, str]],
    told: str,
    by: Signers,
    *,
    clock: bool = True,
    event: Event | None = None,
    fresh: Sequence[str] = (),
    more: bool = False,
) -> list[By]:
    """Signers with these meanings and their PINs, after telling each what is signed.

    What the rules would refuse of `event` anyway is refused before anybody is asked; `fresh` are the further signers
    whose keys it enrols. With `more`, something else is asked after the PINs.
    """
    from cryoledger.custody.record import By
    from cryoledger.custody.vault import person_by

    if len(by.names) != len(meanings):
        wanted = ", ".join(f"{meaning} ({roles})" for meaning, roles in meanings)
        raise RequestError(
            f"This is signed by {len(meanings)}: {wanted}; {len(by.names)} named.",
            "Name the first with --as and each other with --with, in that order.",
        )
    with call.reading() as reading:
        people = [person_by(reading, name) for name in by.names]
    if clock:
        check_clock(call, confirmed=by.confirm_clock)
    if event is not None and by.event_id is None:  # an id may be that of an entry, which is then found
        _preview(call, event, [person.name for person in people], by, fresh)
    asked = []
    for person, (meaning, _) in zip(people, meanings, strict=True):
        output.narrate(f"Signing as {meaning}: {told}")
        asked.append(By(person.name, asking.pin(person.full_name)))
    if not more:
        asking.nothing_more()
    return asked


def names_of(call: Call, by: Signers) -> list[str]:
    """The signing names of the signers, who may be named by their badges."""
    from cryoledger.custody.vault import person_by

    with call.reading() as reading:
        return [person_by(reading, name).name for name in by.names]


def judge(call: Call, event: Event, by: Signers) -> None:
    """Raise what the rules would refuse of an event, before anything else is asked for it."""
    _preview(call, event, names_of(call, by), by, ())


def _preview(call: Call, event: Event, names: list[str], by: Signers, fresh: Sequence[str]) -> None:
    from cryoledger.custody.preview import preview

    preview(call.vault, event, names, call.instant(by.occurred_at) if by.occurred_at else None, fresh=fresh)


def lines_of(event: Event, persons: int) -> list[Line]:
    """The signature lines of an event for so many persons: optional ones stay away, a late entry may have one more."""
    from cryoledger.domain import catalogue, signing
    from cryoledger.domain.roles import STAFF, Line

    declaration = catalogue.of(type(event).__name__)
    lines = list(declaration.signing.lines)
    if signing.proposal_of(event) is not None:
        lines = lines[1:]
    for line in reversed(lines):
        if line.optional and len(lines) > persons:
            lines.remove(line)
    if persons == len(lines) + 1 and event.late is not None:
        lines.append(Line(signing.COUNTERSIGNED, STAFF))
    return lines


def check_clock(call: Call, *, confirmed: bool) -> None:
    """Ask about a clock that stands more than 12 hours after the last entry; Refusal where nobody confirms it."""
    from cryoledger.custody.clock import stamp
    from cryoledger.custody.vault import head_of

    with call.reading() as reading:
        head = head_of(reading)
    try:
        stamp(head.recorded_at, call.vault.clock.now())
    except Refusal as refusal:
        if refusal.rule != "time.ahead":
            return  # behind: only a clock correction can be recorded, and the rule says so
        if not (confirmed or asking.yes(f"{refusal.message} Is the clock right?")):
            refusal.advice = "Compare it with another clock; if it is right, repeat with --confirm-clock."
            raise
        call.vault.clock_confirmed = True


def _proposal(call: Call, name: str, event: Event, hours: int) -> Event:
    from cryoledger.domain import catalogue, times

    act = catalogue.of(name)
    if not act.proposable:
        raise RequestError(f"{name} cannot be proposed.", "Let both persons sign now.")
    if not 1 <= hours <= 7 * 24:
        raise RequestError("A proposal waits for 1 to 168 hours.", "Give another number of hours.")
    values = {"act": catalogue.data_of(event), "expires_at": times.later(call.now, minutes=60 * hours)}
    return catalogue.parse(catalogue.proposal_type(name).name, values)


def _roles(line: Line) -> str:
    from cryoledger.domain.roles import EVERYBODY, STAFF

    if line.roles in (EVERYBODY, STAFF):
        return "anybody of the staff" if line.roles == STAFF else "anybody"
    return " or ".join(sorted(line.roles)) or "its own key"


def _told(call: Call, event: Event) -> str:
    """What is signed, in the words in which its entry will be told."""
    from functools import partial

    from cryoledger.documents.telling import act
    from cryoledger.documents.whereabouts import place_label

    with call.reading() as reading:
        name, said = act(event, partial(place_label, reading), call.zone)
    return f"{name}: {said}" if said else name


def _as_data(sealed: Sealed) -> dict[str, Any]:
    envelope = sealed.entry.envelope
    return {
        "epoch": sealed.epoch,
        "sequence": sealed.entry.sequence,
        "number": sealed.number,
        "id": envelope.id,
        "type": envelope.type,
        "leaf_hash": base64.b64encode(sealed.entry.leaf_hash).decode(),
    }


def _as_text(call: Call, sealed: Sealed) -> str:
    from cryoledger.documents.telling import tell

    with call.reading() as reading:
        recorded = reading.recorded(sealed.number)
        told = tell(reading, [recorded] if recorded is not None else [])
    return "\n".join(line for each in told for line in each.lines())
