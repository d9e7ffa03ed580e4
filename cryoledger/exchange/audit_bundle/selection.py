"""Which entries a bundle about one subject holds: its chain's, and all by which their signatures are judged."""

from __future__ import annotations

import re

from cryoledger.database import queries
from cryoledger.database.store import Reading
from cryoledger.documents.graph import KINDS, Thing, all_after, all_before, thing_of
from cryoledger.documents.telling import attributions, tell
from cryoledger.documents.trace import trace
from cryoledger.domain.facts import Recorded

__all__ = ["KEY_EVENTS", "entries_of", "is_key_event", "key_story", "story", "subject_of"]

KEY_EVENTS = (
    "VaultCreated", "LedgerRestored", "RestoreFound", "StationEnrolled", "StationRetired", "LogKeyReplaced",
    "KeyIssued", "KeyReplaced", "KeyLocked", "KeyRevoked", "EntriesReaffirmed", "PinChanged", "RoleGranted",
    "RoleGrantedProposed", "RoleWithdrawn", "AdministratorRecovered",
)  # fmt: skip
_KEY_EVENT = re.compile(rb'"type":"(?:%b)"\}\n\n' % "|".join(KEY_EVENTS).encode())


def is_key_event(note: bytes) -> bool:
    """Whether an entry changes who may sign; `type` is the last field of its signed line."""
    return _KEY_EVENT.search(note) is not None


def subject_of(reading: Reading, code: str) -> Thing:
    """What a code names; RequestError where it names nothing that has a story."""
    return thing_of(reading, code, (*KINDS, "unit", "product", "person", "shipment"))


def entries_of(reading: Reading, subject: Thing) -> set[int]:
    """The numbers of the entries about a subject: its whole chain, from donors to patients, where it is in one."""
    chain = {subject}
    if subject.kind in KINDS:
        chain |= {*all_before(reading, subject), *all_after(reading, subject)}
    found: set[int] = set()
    for thing in chain:
        for entry in queries.history(reading, thing.kind, thing.code):
            found |= {entry.number, *_named(entry)}
    return found


def _named(entry: Recorded) -> set[int]:
    """Earlier entries that an entry names and without which it cannot be judged: its proposal, what it corrects."""
    event = vars(entry.event)
    named = [event.get("proposal"), event.get("corrects"), *event.get("undoes", ())]
    return {reference.number for reference in named if reference is not None}


def story(reading: Reading, subject: Thing) -> str:
    """The subject's story in plain words."""
    if subject.kind in KINDS:
        return trace(reading, subject.code).text()
    told = tell(reading, queries.history(reading, subject.kind, subject.code), attributions(reading), subject.code)
    return "\n".join([str(subject), *(line for each in told for line in each.lines())])


def key_story(reading: Reading, numbers: list[int]) -> str:
    """Key events in plain words."""
    entries = [entry for number in numbers if (entry := reading.recorded(number)) is not None]
    return "\n".join(line for each in tell(reading, entries) for line in each.lines())
