"""A laboratory in memory: people, keys, a clock, and real signed entries judged by the real rulebook.

    lab = Lab()
    lab.furnish()
    lab.release_lot("LOT-1")
    vials = lab.vials("LOT-1", 3)                      # of those filled, stored in BOX-1
    lab.place_order("ORDER-1", "PATIENT-1")
    dose = lab.to_dose("DOSE-1", "ORDER-1", vials[:1])
    lab.give(dose)

`record` seals an event as the program does: Draft, check, signatures, changes. Without signers it takes people whose
roles fit. `refused` is its opposite: it asserts the rule's ID and that nothing changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import pytest

from cryoledger.codes.badge import badge_code
from cryoledger.domain import catalogue, numbers, signing, times
from cryoledger.domain.events import lots, people, storage, treatment, vault
from cryoledger.domain.facts import Change, Draft, Inventory, Recorded, Signed
from cryoledger.domain.fields import Event, Placed, Reference
from cryoledger.domain.records import (
    DERIVED,
    Donation,
    Donor,
    Dose,
    DoseSource,
    Hold,
    Key,
    Lot,
    Order,
    OrderLine,
    Patient,
    Person,
    Product,
    Record,
    Site,
    StorageUnit,
    Vial,
)
from cryoledger.domain.roles import STAFF, Kind, Line, Role
from cryoledger.domain.rulebooks import CURRENT, rulebook
from cryoledger.errors import Refusal
from cryoledger.ledger.canonical import parse_time
from cryoledger.ledger.entry import ZERO_HASH, Entry, Envelope, SignerRole, entry_text, parse_entry, seal, uuid7
from cryoledger.ledger.keys import PrivateKey
from cryoledger.ledger.lines import encode_base64
from cryoledger.ledger.note import Algorithm, VerifierKey

if TYPE_CHECKING:
    from cryoledger.database.store import Store

R = TypeVar("R", bound=Record)
By = str | tuple[str, str]

ADMIN, ADMIN_2 = "ines.a", "omar.b"
QUALITY = "quinn.o"
TECHNICIAN, TECHNICIAN_2 = "maria.s", "tariq.h"
PHARMACIST = "petra.v"
CLINICIAN = "carlos.m"
WITNESS = "somchai.k"
AUDITOR = "aude.r"

PEOPLE: dict[str, tuple[str, Role]] = {
    ADMIN: ("Ines Almeida", Role.ADMINISTRATOR),
    ADMIN_2: ("Omar Bell", Role.ADMINISTRATOR),
    QUALITY: ("Quinn Osei", Role.QUALITY),
    TECHNICIAN: ("Maria Silva", Role.TECHNICIAN),
    TECHNICIAN_2: ("Tariq Haddad", Role.TECHNICIAN),
    PHARMACIST: ("Petra Vogel", Role.PHARMACIST),
    CLINICIAN: ("Carlos Mendes", Role.CLINICIAN),
    WITNESS: ("Somchai Kittisak", Role.WITNESS),
    AUDITOR: ("Aude Renard", Role.AUDITOR),
}
STATION, BEDSIDE = "freezer-room-1", "ward-3"
ORIGIN = "velar.example/lab"
RECOVERY = "recovery.velar.example"
START = "2026-11-22T08:00:00.000Z"
MARKERS = ("HIV-1/2", "HBV", "HCV", "syphilis")
PRODUCT = "MSC-1"

CELLS = 10_000_000
MICROLITRES = 1_000
POST_THAW_MINUTES = 120
OUT_OF_STORAGE_MINUTES = 30


@lru_cache(maxsize=4096)
def private_key(name: str, generation: int = 1, algorithm: Algorithm = Algorithm.ED25519) -> PrivateKey:
    """The key whose seed is SHA-256(name), or of name and generation where a key was replaced."""
    seed = name if generation == 1 else f"{name} {generation}"
    return PrivateKey.from_seed(name, hashlib.sha256(seed.encode()).digest(), algorithm)


def vkey(name: str, generation: int = 1, algorithm: Algorithm = Algorithm.ED25519) -> str:
    """The public half of `private_key`, as events carry it."""
    return private_key(name, generation, algorithm).verifier.encode()


def badge_of(verifier_key: str) -> str:
    """The badge code of a key."""
    return badge_code(VerifierKey.parse(verifier_key).key_id)


def hash_text(text: str) -> str:
    """A SHA-256 as events carry it, of any text: a file, a wristband."""
    return encode_base64(hashlib.sha256(text.encode()).digest())


@dataclass(frozen=True, slots=True)
class Sealed:
    """One recorded entry, with what it changed."""

    epoch: int
    entry: Entry
    changes: tuple[Change, ...]

    @property
    def sequence(self) -> int:
        """Its place in its epoch."""
        return self.entry.sequence

    @property
    def number(self) -> int:
        """Its number over all epochs."""
        return numbers.number_of(self.epoch, self.entry.sequence)

    @property
    def id(self) -> str:
        """The UUIDv7 of its envelope."""
        return self.entry.envelope.id

    @property
    def leaf_hash(self) -> bytes:
        """SHA-256 of the leaf."""
        return self.entry.leaf_hash

    @property
    def note(self) -> bytes:
        """The bytes that are stored."""
        return self.entry.encode()

    @property
    def reference(self) -> Reference:
        """How later events name it."""
        return Reference(number=self.number, leaf_hash=encode_base64(self.leaf_hash))


class Lab:
    """A whole site in memory, and, where a store is given, the same entries in a vault."""

    def __init__(self, store: Store | None = None, *, enrolled: bool = True, start: str = START) -> None:
        self.store = store
        self.now = start
        self.epoch = 1
        self.origin = ORIGIN
        self.inventory = Inventory()
        self.entries: list[Sealed] = []
        self.keys: dict[str, PrivateKey] = {}
        self.tick_ms = 1000
        self._handed: dict[str, int] = {}
        self._create()
        if enrolled:
            for name, (full_name, role) in list(PEOPLE.items())[1:]:
                self.enrol(name, full_name, role)
            self.enrol_station(BEDSIDE)

    # The clock

    def wait(self, *, minutes: int = 0, milliseconds: int = 0) -> str:
        """Let time pass, confirming the clock where the gap is long; the time it is then."""
        self.now = later(self.now, minutes * 60_000 + milliseconds)
        head = self.entries[-1].entry.envelope.recorded_at
        if parse_time(self.now).timestamp() - head.timestamp() > 12 * 3600:
            self.record(vault.ClockStepped(head_recorded_at=times.text_of(head)))
        return self.now

    def ago(self, *, minutes: int) -> str:
        """The instant so many minutes before now."""
        return later(self.now, -minutes * 60_000)

    # Recording

    def record(
        self,
        event: Event,
        *signers: By,
        at: str | None = None,
        station: str = STATION,
        countersigned: str | None = None,
        rules: int = CURRENT,
        schema: int | None = None,
    ) -> Entry:
        """Seal one event and apply what it changes, or raise the rulebook's Refusal and leave all as it was.

        `at` is when it occurred, if not now; the reason for lateness is the event's own field `late`.
        """
        draft = self.draft(event, *signers, at=at, station=station, countersigned=countersigned)
        draft = replace(draft, rules=rules, schema=schema or draft.schema)
        book = rulebook(CURRENT)
        book.check(draft, self.inventory)
        entry = self.seal(draft)
        changes = book.changes(draft, self.inventory)
        sealed = Sealed(draft.epoch, entry, changes)
        if self.store is not None:
            from cryoledger.database.store import Stored

            with self.store.writing() as tx:
                tx.append(Stored.of(draft.epoch, entry), changes)
        self.inventory.apply(changes)
        self.inventory.entries[sealed.number] = recorded_of(sealed)
        self.entries.append(sealed)
        self.now = later(self.now, self.tick_ms)
        return entry

    def refused(
        self,
        rule: str,
        event: Event,
        *signers: By,
        at: str | None = None,
        station: str = STATION,
        countersigned: str | None = None,
    ) -> Refusal:
        """Assert that an event is refused by a rule (by its ID, or a part of it up to a dot), and changes nothing."""
        before, count = self.rows(), len(self.entries)
        with pytest.raises(Refusal) as caught:
            self.record(event, *signers, at=at, station=station, countersigned=countersigned)
        refusal = caught.value
        assert refusal.rule == rule or refusal.rule.startswith(rule + "."), (refusal.rule, refusal.message)
        assert refusal.message
        assert (self.rows(), len(self.entries)) == (before, count)
        return refusal

    def draft(
        self,
        event: Event,
        *signers: By,
        at: str | None = None,
        station: str = STATION,
        countersigned: str | None = None,
    ) -> Draft:
        """The draft of an event as the next entry."""
        name = type(event).__name__
        sequence = sum(1 for sealed in self.entries if sealed.epoch == self.epoch)
        signed = self._signed(event, signers, station)
        if countersigned is not None:
            signed += (Signed(countersigned, signing.COUNTERSIGNED),)
        now = times.instant(self.now)
        salt = hashlib.sha256(f"{self.origin} {sequence}".encode()).digest()[:10]
        last = self.entries[-1].entry.envelope.recorded_at if self.entries else None
        return Draft(
            epoch=self.epoch,
            sequence=sequence,
            type=name,
            schema=catalogue.of(name).schema,
            event=event,
            rules=CURRENT,
            id=uuid7(int(now.timestamp() * 1000), salt),
            station=station,
            signers=signed,
            occurred_at=at or self.now,
            recorded_at=self.now,
            previous_recorded_at=times.text_of(last) if last is not None else None,
            origin=self.origin,
        )

    def seal(self, draft: Draft) -> Entry:
        """The signed entry of a draft, by the very keys that the ledger expects."""
        envelope = Envelope(
            type=draft.type,
            schema=draft.schema,
            rules=draft.rules,
            id=draft.id,
            occurred_at=times.instant(draft.occurred_at),
            recorded_at=times.instant(draft.recorded_at),
            station=draft.station,
            signers=tuple(SignerRole(signed.name, signed.meaning) for signed in draft.signers),
            data=catalogue.data_of(draft.event),
        )
        previous = self.entries[-1].leaf_hash if draft.sequence else ZERO_HASH
        text = entry_text(draft.origin, draft.sequence, previous, envelope)
        lines = signing.expected(draft, self.inventory)
        return seal(text, [self.keys[line.verifier_key].sign(text) for line in lines])

    def key(self, name: str, generation: int = 1, algorithm: Algorithm = Algorithm.ED25519) -> str:
        """The public text of a key that this laboratory can sign with from now on."""
        text = vkey(name, generation, algorithm)
        self.keys[text] = private_key(name, generation, algorithm)
        return text

    # What the ledger says

    def get(self, record: type[R], *key: str | int) -> R:
        """A row that must be there."""
        row = self.inventory.get(record, *key)
        assert row is not None, (record.__name__, key)
        return row

    def vial(self, code: str) -> Vial:
        """A vial's row."""
        return self.get(Vial, code)

    def unit(self, code: str) -> StorageUnit:
        """A storage unit's row."""
        return self.get(StorageUnit, code)

    def lot(self, code: str) -> Lot:
        """A lot's row."""
        return self.get(Lot, code)

    def dose(self, code: str) -> Dose:
        """A dose's row."""
        return self.get(Dose, code)

    def order(self, code: str) -> Order:
        """An order's row."""
        return self.get(Order, code)

    def line(self, order: str, line: int = 1) -> OrderLine:
        """An order line's row."""
        return self.get(OrderLine, order, line)

    def person(self, name: str) -> Person:
        """A person's row."""
        return self.get(Person, name)

    def site(self) -> Site:
        """The site's row."""
        return self.get(Site, "site")

    def holds(self, scope: str, code: str) -> list[Hold]:
        """The holds in force on one thing, expired proposals included."""
        return [row for row in self.inventory.where(Hold, scope=scope, code=code) if row.lifted is None]

    def rows(self) -> dict[type[Record], dict[Key, Record]]:
        """Every row of every table, for comparison."""
        return rows_of(self.inventory)

    @property
    def last(self) -> Sealed:
        """The last entry."""
        return self.entries[-1]

    def reference(self, entry: Entry) -> Reference:
        """How later events name an entry of this laboratory."""
        return next(each.reference for each in self.entries if each.leaf_hash == entry.leaf_hash)

    # Stories: the site

    def enrol(self, name: str, full_name: str, *roles: Role, by: Sequence[str] = ()) -> Entry:
        """Enrol a person; the first after the vault's creation needs one administrator only."""
        key = self.key(name)
        new = vault.NewPerson(name=name, full_name=full_name, badge=badge_of(key))
        issuers = by or ((ADMIN,) if self.site().enrolments == 0 else (ADMIN, ADMIN_2))
        return self.record(people.KeyIssued(person=new, roles=roles, key=key), *issuers, name)

    def enrol_station(self, name: str) -> Entry:
        """Enrol a further workstation."""
        return self.record(vault.StationEnrolled(station=name, key=self.key(name)), ADMIN, ADMIN_2, name)

    def sign_in(self, name: str, station: str = STATION) -> Entry:
        """A person signs in at a station."""
        return self.record(people.PersonSignedIn(person=name), name, station=station)

    def furnish(self) -> None:
        """FRZ-1 with RACK-1 (BOX-1, BOX-2) and RACK-2 (BOX-3), all boxes 9 x 9; FRZ-2, empty."""
        for freezer in ("FRZ-1", "FRZ-2"):
            self.add_unit(freezer, "freezer")
        for code, slot in (("RACK-1", "1"), ("RACK-2", "2")):
            self.add_unit(code, "rack", "FRZ-1", slot)
        for code, parent, slot in (("BOX-1", "RACK-1", "1"), ("BOX-2", "RACK-1", "2"), ("BOX-3", "RACK-2", "1")):
            self.add_unit(code, "box", parent, slot, rows=9, columns=9)

    def add_unit(
        self, code: str, kind: str, parent: str | None = None, slot: str | None = None, *, rows: int = 0,
        columns: int = 0,
    ) -> Entry:  # fmt: skip
        """Set up one storage unit."""
        values = {"unit": code, "kind": kind, "name": f"{kind} {code}", "parent": parent, "slot": slot}
        return self.record(catalogue.parse("StorageUnitAdded", {**values, "rows": rows, "columns": columns}))

    def define_product(self, product: str = PRODUCT, version: int = 1, **changed: Any) -> Entry:
        """A product with two required tests (viability, sterility) and one that is not required (potency)."""
        values: dict[str, Any] = {
            "product": product,
            "version": version,
            "name": "Wharton's jelly MSC",
            "storage_millicelsius_max": -150_000,
            "post_thaw_minutes": POST_THAW_MINUTES,
            "out_of_storage_minutes": OUT_OF_STORAGE_MINUTES,
            "label_layout": "vial-small",
            "specification": (
                lots.Requirement(test="viability", unit="%", minimum_milli=70_000),
                lots.Requirement(test="sterility", unit="word", expected="negative"),
                lots.Requirement(test="potency", unit="%", minimum_milli=20_000, maximum_milli=90_000, required=False),
            ),
        }
        return self.record(lots.ProductDefined(**(values | changed)))

    # Stories: lots and vials

    def register_donor(self, donor: str = "DONOR-1", *, eligible: bool = True) -> None:
        """A donor with consent to therapy, screened, and eligible unless told otherwise."""
        consent = lots.Consent(scope=("therapy", "research"), given_on="2026-10-01")
        self.record(lots.DonorRegistered(donor=donor, consent=consent))
        self.screen(donor)
        if eligible:
            self.record(lots.DonorEligibilityDecided(donor=donor, eligibility="eligible"))

    def screen(self, donor: str, result: str = "nonreactive", markers: Iterable[str] = MARKERS) -> Entry:
        """Results of a donor."""
        results = [
            {"marker": marker, "sampled_on": "2026-10-01", "method": "NAT", "result": result} for marker in markers
        ]
        return self.record(catalogue.parse("DonorScreened", {"donor": donor, "results": results}))

    def register_lot(
        self, lot: str = "LOT-1", donation: str = "", donor: str = "DONOR-1", *, filled: int = 0, **changed: Any
    ) -> str:
        """A quarantined lot from one donation, with product, donor and donation made where they are not known."""
        donation = donation or f"DIN-{lot}"
        product = changed.get("product", PRODUCT)
        if not self.inventory.where(Product, code=product):
            self.define_product(product)
        if self.inventory.get(Donation, donation) is None:
            if self.inventory.get(Donor, donor) is None:
                self.register_donor(donor)
            self.record(
                lots.DonationCollected(
                    donation=donation, donor=donor, tissue="wharton's jelly", collected_on="2026-10-02"
                )
            )
        if changed.get("patient") is not None and self.inventory.get(Patient, changed["patient"]) is None:
            self.register_patient(changed["patient"])
        values: dict[str, Any] = {
            "lot": lot,
            "product": product,
            "version": 1,
            "donations": (donation,),
            "passage": 3,
            "cells_per_vial": CELLS,
            "volume_microlitres": MICROLITRES,
            "cryoprotectant": "10 % DMSO",
            "filled_on": "2026-11-20",
            "expiry_on": "2027-11-20",
            "expires_at": "2027-11-20T17:00:00.000Z",
        }
        self.record(lots.LotRegistered(**(values | changed)))
        if filled:
            codes = tuple(f"{lot}-{number + 1:03d}" for number in range(filled))
            self.record(lots.LotFilled(lot=lot, vials=codes))
        return lot

    def test_lot(self, lot: str, viability: int = 92_000, sterility: str = "negative") -> Entry:
        """The two required results."""
        return self.record(
            lots.TestResultsRecorded(
                lot=lot,
                results=(
                    lots.Result(test="viability", value_milli=viability, tested_on="2026-11-21", method="7-AAD"),
                    lots.Result(test="sterility", outcome=sterility, tested_on="2026-11-21", method="Ph. Eur."),
                ),
            )
        )

    def release_lot(self, lot: str = "LOT-1", *, filled: int = 20, **changed: Any) -> str:
        """A lot registered and filled (where it is not yet), tested and released; `vials` stores what was filled."""
        if self.inventory.get(Lot, lot) is None:
            self.register_lot(lot, filled=filled, **changed)
        self.test_lot(lot)
        self.record(lots.LotReleased(lot=lot))
        return lot

    def vials(self, lot: str = "LOT-1", count: int = 1, unit: str | None = "BOX-1") -> tuple[str, ...]:
        """The next vials of a lot, stored in a box's first free positions unless `unit` is None.

        A lot is filled before it is judged: `register_lot(filled=...)` says how many vials there are to hand out.
        """
        first = self._handed.get(lot, 0)
        self._handed[lot] = first + count
        codes = tuple(f"{lot}-{number + 1:03d}" for number in range(first, first + count))
        missing = tuple(code for code in codes if self.inventory.get(Vial, code) is None)
        if missing:
            self.record(lots.LotFilled(lot=lot, vials=missing))
        if unit is not None:
            self.store_vials(codes, unit)
        return codes

    def store_vials(self, codes: Sequence[str], unit: str = "BOX-1") -> Entry:
        """Put expected vials into a box's first free positions."""
        return self.record(storage.VialsStored(unit=unit, vials=self.placed(codes, unit)))

    def placed(self, codes: Sequence[str], unit: str = "BOX-1", first: int = 0) -> tuple[Placed, ...]:
        """Vials with the first free positions of a box, from one on."""
        taken = {row.position for row in self.inventory.where(Vial, unit=unit)}
        box = self.unit(unit)
        free = [position for position in range(first, box.rows * box.columns) if position not in taken]
        return tuple(Placed(vial=code, position=position) for code, position in zip(codes, free, strict=False))

    def hold(self, scope: str, *codes: str, reason: str = "investigation") -> int:
        """Put a hold on things; its number."""
        self.record(catalogue.parse("HoldPlaced", {"scope": scope, "codes": codes, "reason": reason}))
        return self.last.number

    def deviation(self, limit: str, kind: str, *codes: str) -> Entry:
        """Two persons accept that things passed a limit."""
        concerning = [{"kind": kind, "code": code} for code in codes]
        values = {"limit": limit, "concerning": concerning, "reason": "clinical-need"}
        return self.record(catalogue.parse("DeviationRecorded", values))

    # Stories: to the patient

    def register_patient(self, patient: str = "PATIENT-1") -> Entry:
        """A patient whose one wristband is `band(patient)`."""
        return self.record(treatment.PatientRegistered(patient=patient, bands=(band(patient),)))

    def place_order(
        self, order: str = "ORDER-1", patient: str = "PATIENT-1", *, lines: int = 1, cells: int = CELLS,
        cells_max: int | None = None, product: str = PRODUCT,
    ) -> str:  # fmt: skip
        """An order of some equal lines, for a patient registered where there is none yet."""
        if self.inventory.get(Patient, patient) is None:
            self.register_patient(patient)
        asked = tuple(
            treatment.OrderLine(
                line=number + 1, cells=cells, cells_max=cells_max or cells, route="intravenous infusion",
                due_on="2026-11-23",
            )
            for number in range(lines)
        )  # fmt: skip
        self.record(treatment.OrderPlaced(order=order, patient=patient, product=product, lines=asked))
        return order

    def reserve(self, order: str, *vials: str, line: int = 1) -> Entry:
        """Reserve vials for an order line."""
        return self.record(treatment.VialsReserved(order=order, line=line, vials=vials))

    def take_out(self, *vials: str, by: str = TECHNICIAN) -> Entry:
        """Take stored vials out."""
        return self.record(storage.VialsTakenOut(vials=vials, purpose="order"), by)

    def issue(self, order: str, *vials: str, line: int = 1, receiver: str | None = None) -> Entry:
        """Reserve (where not reserved), take out (where stored) and issue vials."""
        fresh = tuple(code for code in vials if self.vial(code).order_code is None)
        if fresh:
            self.reserve(order, *fresh, line=line)
        stored = tuple(code for code in vials if self.vial(code).custody == "stored")
        if stored:
            self.take_out(*stored)
        return self.record(treatment.VialsIssued(order=order, line=line, vials=vials, receiver=receiver))

    def thaw(self, *vials: str, purpose: str = "therapy", by: str = PHARMACIST) -> Entry:
        """Thaw vials."""
        return self.record(catalogue.parse("VialsThawed", {"vials": vials, "purpose": purpose}), by)

    def to_thawed(self, order: str, *vials: str, line: int = 1) -> None:
        """Bring stored vials to thawed, for a patient."""
        self.issue(order, *vials, line=line)
        self.thaw(*vials)

    def to_dose(
        self, dose: str = "DOSE-1", order: str = "ORDER-1", vials: Sequence[str] = (), *, line: int = 1,
        container: Literal["syringe", "bag", "vial"] = "syringe", cells: int | None = None,
    ) -> str:  # fmt: skip
        """Bring vials, from wherever they are before it, to a dose that holds all of them."""
        cold = [code for code in vials if self.vial(code).custody in ("stored", "out")]
        if cold:
            self.issue(order, *cold, line=line)
        frozen = [code for code in vials if self.vial(code).custody == "issued"]
        if frozen:
            self.thaw(*frozen)
        sources = [(code, self.vial(code).remaining_microlitres) for code in vials]
        self.record(prepared(dose, order, sources, line=line, container=container, cells=cells), PHARMACIST)
        return dose

    def hand_over(self, dose: str, receiver: str = CLINICIAN) -> Entry:
        """The holder of a dose hands it to somebody."""
        return self.record(treatment.DoseHandedOver(dose=dose, receiver=receiver), self.dose(dose).custodian, receiver)

    def bedside(self, dose: str, *signers: By, scanned: str | None = None) -> Entry:
        """The bedside check of a dose, as it should be; `scanned` is another wristband."""
        return self.record(self.bedside_check(dose, scanned=scanned), *signers, station=BEDSIDE)

    def bedside_check(self, dose: str, *, scanned: str | None = None) -> treatment.BedsideCheckPassed:
        """The event of a dose's bedside check."""
        row = self.dose(dose)
        return treatment.BedsideCheckPassed(
            dose=dose, order=row.order_code, line=row.order_line, patient=row.patient, band=scanned or band(row.patient)
        )

    def administration(self, dose: str, given: int | None = None) -> treatment.AdministrationCompleted:
        """The event that a dose was given just now, all of it unless told otherwise."""
        row = self.dose(dose)
        amount = row.volume_microlitres if given is None else given
        return treatment.AdministrationCompleted(
            dose=dose, order=row.order_code, patient=row.patient, started_at=self.now, ended_at=self.now,
            given_microlitres=amount, wasted_microlitres=row.volume_microlitres - amount, reaction="none",
        )  # fmt: skip

    def to_checked(self, dose: str) -> str:
        """Hand a prepared dose over and pass its bedside check."""
        if self.dose(dose).custody == "prepared":
            self.hand_over(dose)
        self.bedside(dose)
        return dose

    def give(self, dose: str, given: int | None = None) -> Entry:
        """Hand over, check and give a dose."""
        if self.dose(dose).custody != "checked":
            self.to_checked(dose)
        return self.record(self.administration(dose, given), station=BEDSIDE)

    def sources(self, dose: str) -> list[DoseSource]:
        """What a dose was made of."""
        return self.inventory.where(DoseSource, dose=dose)

    # Proposals and epochs

    def propose(self, act: Event, by: str, *, minutes: int = 60) -> Reference:
        """The first person's proposal of an act."""
        declaration = catalogue.proposal_type(type(act).__name__)
        expires = later(self.now, minutes * 60_000)
        self.record(declaration.payload.model_validate({"act": act, "expires_at": expires}), by)
        return self.last.reference

    def restore(self, *, lost_from: int | None = None) -> Entry:
        """Open the next epoch over the present state, as after a restore that lost entries."""
        last = self.last
        event = vault.LedgerRestored(
            origin=self.origin, size=last.sequence + 1, root=hash_text("root"),
            last_leaf_hash=last.reference.leaf_hash, lost_from=lost_from or last.number + 1,
        )  # fmt: skip
        before = (self.epoch, self.origin)
        self.epoch, self.origin = self.epoch + 1, f"{ORIGIN}/e{self.epoch + 1}"
        try:
            return self.record(event)
        except Refusal:
            self.epoch, self.origin = before
            raise

    # Inside

    def _create(self) -> None:
        key = self.key(ADMIN)
        event = vault.VaultCreated(
            origin=self.origin,
            zone="Asia/Bangkok",
            code_prefix="BKU",
            training=False,
            administrator=vault.NewPerson(name=ADMIN, full_name=PEOPLE[ADMIN][0], badge=badge_of(key)),
            administrator_key=key,
            station_key=self.key(STATION),
            log_key=self.key(self.origin),
            log_key_ml_dsa=self.key(self.origin, algorithm=Algorithm.ML_DSA_44),
            recovery_key=self.key(RECOVERY),
            screening_markers=MARKERS,
            idle_lock_seconds=300,
            program="cryoledger 0.1.0",
        )
        self.record(event, ADMIN, STATION, self.origin, RECOVERY)

    def _signed(self, event: Event, signers: Sequence[By], station: str) -> tuple[Signed, ...]:
        declaration = catalogue.of(type(event).__name__)
        lines = list(declaration.signing.lines)
        if signing.proposal_of(event) is not None:
            lines = lines[1:]
        if not signers:
            if declaration.signing.kind is Kind.OBSERVED:
                return (Signed(station, "observed"),)
            return self._fitting(event, lines)
        if len(signers) < len(lines):
            lines = [line for line in lines if not line.optional]
        meanings = [line.meaning for line in lines] + [signing.COUNTERSIGNED] * len(signers)
        return tuple(
            Signed(by, meaning) if isinstance(by, str) else Signed(*by)
            for by, meaning in zip(signers, meanings, strict=False)
        )

    def _fitting(self, event: Event, lines: list[Line]) -> tuple[Signed, ...]:
        """People whose roles fit the lines, nobody twice."""
        found: list[Signed] = []
        for line in lines:
            if line.meaning == "received" and "receiver" in type(event).model_fields:
                if getattr(event, "receiver", None) is None:
                    continue
                name = str(event.receiver)  # type: ignore[attr-defined]
            elif line.roles == frozenset(Role):
                name = str(getattr(event, "person", TECHNICIAN))
            else:
                name = self._somebody(line, [signed.name for signed in found] + [getattr(event, "receiver", "")])
            found.append(Signed(name, line.meaning))
        return tuple(found)

    def _somebody(self, line: Line, busy: list[str]) -> str:
        prefer = [WITNESS, TECHNICIAN_2] if line.roles == STAFF or Role.WITNESS in line.roles else []
        for name in (*prefer, *[each for each in PEOPLE if each not in prefer]):
            person = self.inventory.get(Person, name)
            able = person is not None and person.status == "active" and signing.roles_of(person) & line.roles
            if able and name not in busy:
                return name
        raise AssertionError(f"nobody can sign as {line.meaning!r}")


def stocked(count: int = 4, *, store: Store | None = None) -> tuple[Lab, tuple[str, ...]]:
    """A furnished laboratory with LOT-1 released, some of its vials in BOX-1, and ORDER-1 of PATIENT-1 open."""
    lab = Lab(store)
    lab.furnish()
    lab.release_lot("LOT-1")
    vials = lab.vials("LOT-1", count)
    lab.place_order("ORDER-1", "PATIENT-1", lines=2)
    return lab, vials


def event(name: str, /, **data: Any) -> Event:
    """An event by name, of the plain values that stand in a ledger."""
    return catalogue.parse(name, {key: value for key, value in data.items() if value is not None})


def band(patient: str) -> str:
    """The HMAC of a patient's wristband."""
    return hash_text(f"band of {patient}")


def prepared(
    dose: str, order: str, sources: Sequence[tuple[str, int]], *, line: int = 1,
    container: Literal["syringe", "bag", "vial"] = "syringe", cells: int | None = None, diluent: int = 0,
    sampled: int = 0,
) -> treatment.DosePrepared:  # fmt: skip
    """The event of a dose whose volumes balance, with cells in proportion unless given."""
    volume = sum(amount for _, amount in sources)
    return treatment.DosePrepared(
        dose=dose, order=order, line=line, container=container,
        sources=tuple(treatment.Source(vial=code, volume_microlitres=amount) for code, amount in sources),
        diluent_microlitres=diluent, sampled_microlitres=sampled, volume_microlitres=volume + diluent - sampled,
        cells=cells if cells is not None else max(1, CELLS * volume // MICROLITRES), viability_millipercent=91_000,
    )  # fmt: skip


def later(start: str, milliseconds: int) -> str:
    """The instant some milliseconds after another, or before it."""
    return times.text_of(times.instant(start) + timedelta(milliseconds=milliseconds))


def recorded_of(sealed: Sealed) -> Recorded:
    """A sealed entry as rules see it, read back from its bytes."""
    return recorded_from(sealed.epoch, sealed.note)


def recorded_from(epoch: int, note: bytes) -> Recorded:
    """An entry's bytes as rules see them."""
    entry = parse_entry(note)
    envelope = entry.envelope
    return Recorded(
        number=numbers.number_of(epoch, entry.sequence),
        leaf_hash=encode_base64(entry.leaf_hash),
        type=envelope.type,
        event=catalogue.parse(envelope.type, envelope.data),
        station=envelope.station,
        signers=tuple(Signed(signer.name, signer.meaning) for signer in envelope.signers),
        occurred_at=times.text_of(envelope.occurred_at),
        recorded_at=times.text_of(envelope.recorded_at),
    )


def replay(entries: Iterable[Sealed]) -> Inventory:
    """The inventory of a ledger from its bytes alone: parsed, signatures verified, judged, and carried out."""
    inventory = Inventory()
    previous: Entry | None = None
    for sealed in entries:
        entry = parse_entry(sealed.note)
        fresh = previous is None or entry.sequence == 0
        assert entry.previous == (ZERO_HASH if fresh else cast("Entry", previous).leaf_hash)
        recorded = recorded_from(sealed.epoch, sealed.note)
        envelope = entry.envelope
        draft = Draft(
            epoch=sealed.epoch,
            sequence=entry.sequence,
            type=envelope.type,
            schema=envelope.schema,
            event=recorded.event,
            rules=envelope.rules,
            id=envelope.id,
            station=envelope.station,
            signers=recorded.signers,
            occurred_at=recorded.occurred_at,
            recorded_at=recorded.recorded_at,
            previous_recorded_at=times.text_of(previous.envelope.recorded_at) if previous is not None else None,
            origin=entry.origin,
        )
        book = rulebook(envelope.rules)
        book.check(draft, inventory)
        for line, signature in zip(signing.expected(draft, inventory), entry.signatures, strict=True):
            VerifierKey.parse(line.verifier_key).verify(entry.note_text, signature)
        inventory.apply(book.changes(draft, inventory))
        inventory.entries[recorded.number] = recorded
        previous = entry
    return inventory


def rows_of(inventory: Inventory) -> dict[type[Record], dict[Key, Record]]:
    """Every row of every table of an inventory."""
    return {record: {row.identity: row for row in inventory.rows(record)} for record in DERIVED}
