"""One key for each donor and patient, however many stations there are.

Keys lie in files of the stations (`subject_keys`), so two stations that record something of the same new person in the
same moment may each make one. Which of them is the person's is settled in the vault: the first entry that rests on a
key writes the key's mark in its own transaction, and what rests on another key is refused. A mark is derived from the
key and says nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cryoledger.custody.keys.subject_keys import PATIENT, Subject
from cryoledger.custody.vault import Vault
from cryoledger.database.local import SubjectMark
from cryoledger.database.store import Transaction
from cryoledger.domain.events.treatment import PatientBandAdded, PatientRegistered
from cryoledger.domain.fields import Event
from cryoledger.errors import StationError


def mark_of(vault: Vault, subject: Subject) -> SubjectMark | None:
    """What this station would write of its own key of a subject; None where it has none."""
    mark = vault.subjects().mark(*subject)
    return SubjectMark(*subject, mark, vault.station) if mark is not None else None


def claim(transaction: Transaction, own: SubjectMark) -> None:
    """In an entry's transaction: this key is the subject's, from the first entry on; StationError where another is."""
    must_agree(transaction.claim_subject(own), own)


def claim_bands(vault: Vault, transaction: Transaction, event: Event) -> None:
    """As `claim`, for what an event says of a wristband."""
    if isinstance(event, PatientRegistered | PatientBandAdded):
        own = mark_of(vault, (PATIENT, event.patient))
        if own is not None:
            claim(transaction, own)


def check(vault: Vault, subject: Subject) -> None:
    """StationError where this station holds another key of a subject than the vault says."""
    own = mark_of(vault, subject)
    with vault.store.reading() as reading:
        held = reading.subject_mark(*subject)
    if own is not None and held is not None:
        must_agree(held, own)


def band(vault: Vault, patient: str, text: str) -> str:
    """What a wristband says, under the patient's one key; StationError without it."""
    check(vault, (PATIENT, patient))
    return vault.subjects().band(patient, text)


def known_here(vault: Vault, patients: Iterable[str]) -> Iterator[str]:
    """Of these patients each once, in order, whose one key lies at this station."""
    in_use, keys = marks(vault), vault.subjects()
    for patient in dict.fromkeys(patients):
        mark = keys.mark(PATIENT, patient)
        if mark is not None and in_use.get((PATIENT, patient), mark) == mark:
            yield patient


def must_agree(held: SubjectMark, own: SubjectMark) -> None:
    """StationError where a station's own key of a subject is not the one that the vault knows."""
    if held.mark != own.mark:
        who = f"{own.kind} {own.code}"
        raise StationError(
            f"This station's key of {who} is not the one in use: {held.station} recorded {own.code} first.",
            "There: `cryoledger identity backup FOLDER`. Here: `cryoledger identity restore FILE`, which puts the "
            "right key in its place; then repeat.",
        )


def marks(vault: Vault) -> dict[Subject, str]:
    """The mark of every subject's key that is in use."""
    with vault.store.reading() as reading:
        return {(row.kind, row.code): row.mark for row in reading.subject_marks()}
