"""One dose's story, from the release of its lot to the follow-up six months later, told as it is recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cryoledger.cli.sample import stock
from cryoledger.cli.sample.people import CARL, MARIA, PIA, TOMAS, WANDA
from cryoledger.cli.sample.stock import make_event
from cryoledger.codes import Kind, make
from cryoledger.custody.clock import SteppingClock
from cryoledger.custody.record import By, record
from cryoledger.custody.vault import Vault
from cryoledger.domain import times
from cryoledger.domain.fields import Event
from cryoledger.domain.records import Person
from cryoledger.errors import Refusal

Tell = Callable[[str], None]
PATIENTS = ("PT-3107", "PT-3108")
ORDERS = tuple(make(stock.PREFIX, Kind.ORDER, 7_000 + number) for number in range(2))
DOSE = make(stock.PREFIX, Kind.DOSE, 9_000)


@dataclass(slots=True)
class Teller:
    """Records the story's events and tells each: when, what, who signed with which meaning."""

    vault: Vault
    clock: SteppingClock
    zone: str
    tell: Tell

    def record(self, what: str, event: Event, *by: By) -> None:
        """Record one event and tell it."""
        sealed = record(self.vault, event, *by)
        envelope = sealed.entry.envelope
        signed = "; ".join(f"{self._printed(line.name)}, {line.meaning}" for line in envelope.signers)
        self.tell(f"{self._now()}  #{sealed.number:<4} {envelope.type}\n    {what}\n    signed: {signed}")

    def refused(self, what: str, event: Event, *by: By) -> None:
        """Try what must be refused; RuntimeError where it is not."""
        try:
            record(self.vault, event, *by)
        except Refusal as refusal:
            self.tell(f"{self._now()}  REFUSED  {what}\n    {refusal.message} {refusal.advice}")
            return
        raise RuntimeError(f"this should have been refused: {what}")

    def chapter(self, title: str) -> None:
        """A heading."""
        self.tell(f"\n== {title} ==")

    def _now(self) -> str:
        return f"{self.clock.now().astimezone(ZoneInfo(self.zone)):%Y-%m-%d %H:%M %Z}"

    def _printed(self, name: str) -> str:
        with self.vault.store.reading() as reading:
            person = reading.facts.get(Person, name)
        return person.full_name if person is not None else name


def orders(vault: Vault, due: datetime) -> None:
    """Two patients, each with a wristband, and an order for each."""
    for patient, order in zip(PATIENTS, ORDERS, strict=True):
        vault.subjects().create("patient", patient)
        band = vault.subjects().band(patient, wristband(patient))
        record(vault, make_event("PatientRegistered", patient=patient, bands=[band]), CARL.by)
        line = {
            "line": 1,
            "cells": 18_000_000,
            "cells_max": 21_000_000,
            "route": "intravenous infusion",
            "due_on": due.date().isoformat(),
        }
        record(
            vault, make_event("OrderPlaced", order=order, patient=patient, product=stock.PRODUCT, lines=[line]), CARL.by
        )


def wristband(patient: str) -> str:
    """What the sample patient's wristband says; the ledger never learns it."""
    return f"WB{patient.removeprefix('PT-')}770"


def treat(teller: Teller, vials: dict[str, tuple[str, ...]]) -> None:
    """From the reservation to the handover, with an unreleased lot refused on the way."""
    order, two = ORDERS[0], list(vials[stock.RELEASED][:2])
    teller.chapter("At the pharmacy hatch")
    teller.refused(
        f"Pia Nair scans a vial of lot {stock.QUARANTINED}",
        make_event("VialsReserved", order=order, line=1, vials=[vials[stock.QUARANTINED][0]]),
        PIA.by,
    )
    teller.record(
        f"Vials {', '.join(two)} reserved for order {order}",
        make_event("VialsReserved", order=order, line=1, vials=two),
        PIA.by,
    )
    teller.chapter("At the freezer")
    teller.clock.advance(minutes=20)
    teller.record(
        "Both vials picked from TANK1-C1-B1, positions A1 and A2",
        make_event("VialsTakenOut", vials=two, purpose="order", order=order),
        MARIA.by,
    )
    teller.clock.advance(minutes=4)
    teller.record(
        "Checked out by the pharmacist, witnessed by a second person",
        make_event("VialsIssued", order=order, line=1, vials=two),
        PIA.by,
        MARIA.by,
    )
    teller.chapter("In the preparation room")
    teller.clock.advance(minutes=6)
    teller.record(
        "Thawed; the post-thaw window of 120 minutes starts",
        make_event("VialsThawed", vials=two, purpose="therapy", method="dry thawer"),
        PIA.by,
    )
    teller.clock.advance(minutes=12)
    teller.record(
        f"Dose {DOSE}: 0.95 mL of each vial, diluted to 20 mL, 18.4 million cells, viability 93.1 %",
        make_event(
            "DosePrepared", dose=DOSE, order=order, line=1, container="syringe",
            sources=[{"vial": vial, "volume_microlitres": 950} for vial in two], diluent_microlitres=18_200,
            sampled_microlitres=100, volume_microlitres=20_000, cells=18_400_000, viability_millipercent=93_100,
        ),
        PIA.by,
    )  # fmt: skip
    teller.clock.advance(minutes=3)
    teller.record(
        "What remained in the vials was wasted, by two",
        make_event("RemaindersWasted", vials=[{"vial": vial, "volume_microlitres": 50} for vial in two]),
        PIA.by,
        TOMAS.by,
    )
    teller.record(
        "The dose is handed over; the receiver signs too",
        make_event("DoseHandedOver", dose=DOSE, receiver=CARL.name),
        PIA.by,
        CARL.by,
    )


def give(teller: Teller) -> None:
    """At the bedside: the wrong patient is refused, the right one gets the dose."""
    teller.chapter("At the bedside")
    teller.clock.advance(minutes=15)
    subjects, right, wrong = teller.vault.subjects(), PATIENTS[0], PATIENTS[1]

    def check(patient: str) -> Event:
        band = subjects.band(right, wristband(patient))
        return make_event("BedsideCheckPassed", dose=DOSE, order=ORDERS[0], line=1, patient=right, band=band)

    teller.refused("Carl Winter scans the wristband of the patient in the next bed", check(wrong), CARL.by, WANDA.by)
    teller.clock.advance(minutes=3)
    teller.record("Wristband, dose and order match", check(right), CARL.by, WANDA.by)
    teller.clock.advance(minutes=31)
    now = teller.clock.now()
    teller.record(
        "20 mL given, nothing wasted, no reaction",
        make_event(
            "AdministrationCompleted", dose=DOSE, order=ORDERS[0], patient=right,
            started_at=times.text_of(now - timedelta(minutes=30)), ended_at=times.text_of(now),
            given_microlitres=20_000, wasted_microlitres=0, reaction="none",
        ),
        CARL.by,
        WANDA.by,
    )  # fmt: skip


def follow_up(teller: Teller, given: datetime) -> None:
    """One, three and six months later."""
    teller.chapter("Follow-up")
    for month, outcome in ((1, "unchanged"), (3, "improved"), (6, "improved")):
        teller.clock.set(given + timedelta(days=round(month * 30.4)))
        teller.record(
            f"{month} month{'s' if month > 1 else ''} after the dose: {outcome}",
            make_event("FollowUpRecorded", dose=DOSE, month=month, outcome=outcome),
            CARL.by,
        )


def reserve_second(vault: Vault, vials: dict[str, tuple[str, ...]]) -> None:
    """Two vials wait for the second patient."""
    two = list(vials[stock.RELEASED][2:4])
    record(vault, make_event("VialsReserved", order=ORDERS[1], line=1, vials=two), PIA.by)
