"""Who is signed in at a station, what the person did since, and what each step of the workflow puts on record."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext, suppress
from functools import partial
from typing import Literal

from cryoledger.codes import Code
from cryoledger.custody.clock import AHEAD_MILLISECONDS_MAX
from cryoledger.custody.identities import one_key
from cryoledger.custody.keys.unlock import unlock
from cryoledger.custody.labels import vial_scheme
from cryoledger.custody.one_pin import one_pin, signers_in_turn
from cryoledger.custody.people import NewKey
from cryoledger.custody.record import By, Sealed, late, note_refusal, observe, record
from cryoledger.custody.vault import Vault, head_of, site_of
from cryoledger.custody.workflow import Act, Lateness, Scanned, Step, World
from cryoledger.custody.workflow.undo import can_undo
from cryoledger.database.store import Reading
from cryoledger.domain import catalogue, times
from cryoledger.domain.events.people import PersonSignedIn, PersonSignedOut
from cryoledger.domain.events.vault import StationLocked
from cryoledger.domain.facts import Facts
from cryoledger.domain.fields import Event
from cryoledger.domain.records import Order, Patient, PatientBand, Person
from cryoledger.errors import CryoledgerError
from cryoledger.ledger.lines import encode_base64


class Session:
    """One station's signed-in person, over one vault."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self.person: Person | None = None
        self.acts: tuple[Act, ...] = ()
        self.box_scans = 0

    @property
    def name(self) -> str:
        """Who is signed in; "" for nobody."""
        return self.person.name if self.person is not None else ""

    def world(self, reading: Reading, lateness: Lateness | None = None) -> World:
        """What scans are judged in, from one snapshot of the vault."""
        site = site_of(reading)
        return World(
            facts=reading.facts,
            now=times.text_of(self.vault.clock.now()),
            zone=site.zone,
            prefix=site.code_prefix,
            person=self.name,
            station=self.vault.station,
            rules=site.rulebook,
            acts=self.acts,
            box_scans=self.box_scans,
            late=lateness,
            next_label=partial(vial_scheme.next_label, reading),
        )

    def clock_leapt(self, world: World) -> bool:
        """True where so long has passed since the last entry that a person must compare the clock first."""
        with self.vault.store.reading() as reading:
            last = head_of(reading).recorded_at
        return times.milliseconds(last, world.now) > AHEAD_MILLISECONDS_MAX

    # Signing in and out

    def open_key(self, person: Person, pin: str) -> None:
        """Try a PIN; PinError where it is wrong, and counted."""
        unlock(self.vault, person.name, pin)

    def sign_in(self, person: Person) -> Sealed:
        """Record the sign-in of a person whose key is open; whoever was signed in before is locked."""
        before = self.vault.signed_in
        self.vault.signed_in = person.name
        try:
            sealed = record(self.vault, PersonSignedIn(person=person.name), By(person.name))
        except CryoledgerError:
            self.vault.signed_in = before
            raise
        if before is not None and before != person.name:
            self.vault.keyring.lock(before)
        self.person, self.acts, self.box_scans = person, (), 0
        return sealed

    def sign_out(self) -> Sealed | None:
        """Record that the person leaves, and wipe the keys, which happens even where nothing can be recorded."""
        name, sealed = self.name, None
        try:
            if name:
                sealed = record(self.vault, PersonSignedOut(person=name), By(name))
        finally:
            self._wipe()
        return sealed

    def lock(self, reason: Literal["idle", "lockout"] = "idle") -> Sealed | None:
        """The station locks itself: keys are wiped first, then that is recorded where it can be."""
        name = self.name or None
        self._wipe()
        with suppress(CryoledgerError):
            return observe(self.vault, StationLocked(person=name, reason=reason))
        return None

    def _wipe(self) -> None:
        self.person, self.acts, self.box_scans = None, (), 0
        self.vault.lock()

    # What goes on record

    def note(self, step: Step) -> None:
        """Record a refusal that concerns safety (I10)."""
        refusal = step.refusal
        if refusal is not None and refusal.safety:
            event = step.events[0] if step.events else None
            act = type(event).__name__ if event is not None else step.act or "BedsideCheckPassed"
            note_refusal(self.vault, act, refusal, event, self.name or None)

    def record(self, step: Step, by: Sequence[By], new: NewKey | None = None) -> list[Sealed]:
        """Record a step's events in order; CryoledgerError with how many came through where one does not.

        A `new` key accepts the event that enrols it, and is put into the vault with it.
        """
        done: list[Sealed] = []
        signers, also = ([*by, new.by], new.keep) if new is not None else (by, None)
        with one_pin(self.vault, signers) if len(step.events) > 1 else nullcontext():
            for event, by_each in zip(step.events, signers_in_turn(signers), strict=False):
                try:
                    sealed = record(self.vault, _marked(event, step), *by_each, occurred_at=_when(step), also=also)
                except CryoledgerError as error:
                    if done:
                        error.message = f"{len(done)} of {len(step.events)} are recorded; then: {error.message}"
                    raise
                done.append(sealed)
                self._remember(sealed, event)
        if step.undoes:
            self.acts = self.acts[: -step.undoes]
        return done

    def _remember(self, sealed: Sealed, event: Event) -> None:
        if can_undo(event):
            leaf_hash = encode_base64(sealed.entry.leaf_hash)
            self.acts = (*self.acts, Act(sealed.number, leaf_hash, event, self.box_scans))

    # Wristbands

    def wristband(self, code: Code, facts: Facts) -> Scanned | None:
        """The patient whose wristband says this, without its text; None where it is nobody's.

        Patients with open orders are tried first: each has a key of its own.
        """
        texts = {code.text, code.raw.strip(), getattr(code.detail, "text", code.text)}
        waiting = [order.patient for order in facts.where(Order, status="open")]
        keys = self.vault.subjects()
        # Whose key is not here, or not the one in use, was forgotten, or is known at another station only.
        for patient in one_key.known_here(self.vault, [*waiting, *(row.code for row in facts.where(Patient))]):
            bands = {keys.band(patient, text) for text in texts}
            for band in sorted(bands):
                if facts.get(PatientBand, patient, band) is not None:
                    return Scanned("wristband", patient, band=band)
        return None


def _marked(event: Event, step: Step) -> Event:
    """The event with what was typed, and why it is late."""
    if step.typed:
        event = type(event).model_validate({**catalogue.data_of(event), "typed": step.typed})
    return late(event, step.late.reason) if step.late is not None else event


def _when(step: Step) -> str | None:
    return step.late.occurred_at if step.late is not None else None
