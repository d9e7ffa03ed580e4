"""The rows of the inventory: what the ledger says is so now, and the journals of what was so before.

Each class is one derived table. A *state* row is keyed by its thing and replaced as events change it; a *journal* row
is keyed by the entry that wrote it and never changes again. Both are written only by `changes` of a rulebook and can
be made anew by replaying the ledger (I8). Values are text, whole numbers or None; instants are the ledger's text.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryoledger.domain.identity_records import Identity, IdentityReader
from cryoledger.domain.import_records import Import, ImportLot, ImportPart
from cryoledger.domain.restore_records import Restoration
from cryoledger.domain.row import Key as Key
from cryoledger.domain.row import R as R
from cryoledger.domain.row import Record as Record
from cryoledger.domain.shipment_records import Consignment, OtherHead, OtherSite, Provenance


@dataclass(frozen=True, slots=True)
class Site(Record):
    """The one row of what the ledger says of the site as a whole."""

    table = "site"
    key = ("id",)
    id: str
    origin: str
    zone: str
    code_prefix: str
    training: int
    rulebook: int
    screening_markers: str
    idle_lock_seconds: int
    enrolments: int
    vial_scheme: str | None  # isbt128 or gs1, and the site's registration after a colon; local, or None, without


@dataclass(frozen=True, slots=True)
class Person(Record):
    """A user: roles are kept as one text, separated by commas, in order."""

    table = "person"
    key = ("name",)
    unique = (("badge",),)
    name: str
    full_name: str
    badge: str
    roles: str
    key_id: str
    status: str  # active | locked | revoked
    wrong_pins: int
    last_at: str
    last_entry: int


@dataclass(frozen=True, slots=True)
class PublicKey(Record):
    """A key that signs or once signed. `kind`: person, station, log, log-ml-dsa or recovery."""

    table = "public_key"
    key = ("name", "key_id")
    name: str
    key_id: str
    kind: str
    verifier_key: str
    enrolled: int
    revoked: int | None
    suspect_from: int | None
    reaffirmed_to: int | None


@dataclass(frozen=True, slots=True)
class Station(Record):
    """A workstation, and who is signed in at it since which entry."""

    table = "station"
    key = ("name",)
    name: str
    key_id: str
    status: str  # active | retired
    person: str | None
    session: int | None


@dataclass(frozen=True, slots=True)
class Donor(Record):
    """A donor by code; `consent_scope` is separated by commas."""

    table = "donor"
    key = ("code",)
    code: str
    consent_scope: str
    consent_given_on: str
    consent_withdrawn_on: str | None
    eligibility: str  # pending | eligible | ineligible
    last_at: str
    last_entry: int


@dataclass(frozen=True, slots=True)
class Screening(Record):
    """One result of a donor; `number` is the entry that recorded it, `corrected` the entry that set it right."""

    table = "screening"
    key = ("donor", "marker", "number")
    donor: str
    marker: str
    number: int
    sampled_on: str
    method: str
    result: str
    corrected: int | None


@dataclass(frozen=True, slots=True)
class Donation(Record):
    """One collection."""

    table = "donation"
    key = ("code",)
    indexes = (("donor",),)
    code: str
    donor: str
    tissue: str
    collected_on: str
    last_at: str
    last_entry: int


@dataclass(frozen=True, slots=True)
class Product(Record):
    """A version of a product."""

    table = "product"
    key = ("code", "version")
    code: str
    version: int
    name: str
    storage_millicelsius_max: int
    post_thaw_minutes: int
    out_of_storage_minutes: int
    label_layout: str
    item_code: str | None


@dataclass(frozen=True, slots=True)
class Specification(Record):
    """One test that a product's version asks for."""

    table = "specification"
    key = ("product", "version", "test")
    product: str
    version: int
    test: str
    unit: str
    minimum_milli: int | None
    maximum_milli: int | None
    expected: str | None
    required: int


@dataclass(frozen=True, slots=True)
class Lot(Record):
    """A lot and its disposition."""

    table = "lot"
    key = ("code",)
    indexes = (("product",), ("parent",))
    code: str
    product: str
    version: int
    parent: str | None
    bank: str
    donor_kind: str
    patient: str | None
    passage: int
    cells_per_vial: int
    volume_microlitres: int
    cryoprotectant: str
    filled_on: str
    expiry_on: str
    expires_at: str
    reagents: str
    freezing_record_sha256: str | None
    disposition: str  # quarantined | released | conditionally released | rejected
    conditional_order: str | None
    vial_count: int
    last_at: str
    last_entry: int


@dataclass(frozen=True, slots=True)
class LotDonation(Record):
    """A lot's origin in a donation."""

    table = "lot_donation"
    key = ("lot", "donation")
    indexes = (("donation",),)
    lot: str
    donation: str


@dataclass(frozen=True, slots=True)
class TestResult(Record):
    """One result on a lot; `passed` was judged against the specification when it was recorded."""

    table = "test_result"
    key = ("lot", "test", "number")
    lot: str
    test: str
    number: int
    value_milli: int | None
    outcome: str | None
    passed: int
    tested_on: str
    method: str
    corrected: int | None


@dataclass(frozen=True, slots=True)
class Hold(Record):
    """A hold or recall on one thing; `number` is the entry that placed it, `lifted` the one that lifted it."""

    table = "hold"
    key = ("number", "scope", "code")
    indexes = (("scope", "code"),)
    number: int
    scope: str
    code: str
    kind: str  # hold | recall
    reason: str
    lifted: int | None


@dataclass(frozen=True, slots=True)
class StorageUnit(Record):
    """A storage unit and where it is.

    `exposed_ms` is the time out of storage settled at `since`, its parents' included; `parent_mark_ms` is the
    parent's total when it was put there; `out_since` is set while it is carried.
    """

    table = "storage_unit"
    key = ("code",)
    unique = (("parent", "slot"),)
    indexes = (("parent",),)
    code: str
    kind: str
    name: str
    parent: str | None
    slot: str | None
    rows: int
    columns: int
    scheme: str
    temperature_millicelsius_max: int | None
    status: str  # in place | out | retired
    custodian: str | None
    since: str
    out_since: str | None
    exposed_ms: int
    parent_mark_ms: int
    checked_at: str | None
    last_at: str
    last_entry: int


@dataclass(frozen=True, slots=True)
class Vial(Record):
    """A vial: who holds it (`custodian` of `custodian_kind`), where, how much of it is where, for which order.

    `custody`: expected, stored, out, issued, thawed, prepared, in_transit, missing, delivered (another site's ledger
    goes on with it); finally administered, consumed or discarded. Exposure fields are as in StorageUnit.
    `label` is the code on its present label.
    """

    table = "vial"
    key = ("code",)
    unique = (("unit", "position"),)
    indexes = (("lot",), ("order_code",), ("custody",))
    code: str
    label: str
    lot: str
    custody: str
    custodian_kind: str  # process | position | person | shipment | site | patient | waste | nobody
    custodian: str
    unit: str | None
    position: int | None
    since: str
    out_since: str | None
    exposed_ms: int
    unit_mark_ms: int
    cells: int
    filled_microlitres: int
    dosed_microlitres: int
    sampled_microlitres: int
    wasted_microlitres: int
    order_code: str | None
    order_line: int | None
    purpose: str | None
    thawed_at: str | None
    deadline: str | None
    last_at: str
    last_entry: int

    @property
    def remaining_microlitres(self) -> int:
        """What is still in the vial: filled - dosed - sampled - wasted (I5)."""
        return self.filled_microlitres - self.dosed_microlitres - self.sampled_microlitres - self.wasted_microlitres


@dataclass(frozen=True, slots=True)
class ScanCode(Record):
    """What a scanned text means: one row for every text on any label, so that none can mean two things.

    `text` is the thing's own code, a badge, a new label of a vial, or the maker's code on a tube; a label that was
    replaced stays, with `retired` 1, and says which thing it was.
    """

    table = "scan_code"
    key = ("text",)
    indexes = (("kind", "code"),)
    text: str
    kind: str
    code: str
    retired: int


@dataclass(frozen=True, slots=True)
class VialPlacement(Record):
    """A past stay of a vial in a position, written by the entry that ended it."""

    table = "vial_placement"
    key = ("ended", "vial")
    indexes = (("vial",), ("unit",))
    journal = True
    ended: int
    vial: str
    unit: str
    position: int
    started_at: str
    ended_at: str


@dataclass(frozen=True, slots=True)
class UnitPlacement(Record):
    """A past stay of a unit in a place, written by the entry that ended it."""

    table = "unit_placement"
    key = ("ended", "unit")
    indexes = (("unit",), ("parent",))
    journal = True
    ended: int
    unit: str
    parent: str | None
    slot: str | None
    started_at: str
    ended_at: str


@dataclass(frozen=True, slots=True)
class Mention(Record):
    """An entry names a thing (or, with kind "signer", was signed by a person)."""

    table = "mention"
    key = ("entry", "kind", "code")
    indexes = (("kind", "code", "entry"),)
    journal = True
    entry: int
    kind: str
    code: str


@dataclass(frozen=True, slots=True)
class Patient(Record):
    """A patient by code."""

    table = "patient"
    key = ("code",)
    code: str
    last_at: str
    last_entry: int


@dataclass(frozen=True, slots=True)
class PatientBand(Record):
    """The HMAC of one wristband of a patient."""

    table = "patient_band"
    key = ("patient", "band")
    patient: str
    band: str


@dataclass(frozen=True, slots=True)
class Order(Record):
    """A physician's request."""

    table = "treatment_order"
    key = ("code",)
    indexes = (("patient",), ("status",))
    code: str
    patient: str
    product: str
    prescriber: str
    status: str  # open | completed | cancelled
    last_at: str
    last_entry: int


@dataclass(frozen=True, slots=True)
class OrderLine(Record):
    """One dose that was asked for; `cells_given` counts what was given under it."""

    table = "order_line"
    key = ("order_code", "line")
    order_code: str
    line: int
    cells: int
    cells_max: int
    cells_given: int
    route: str
    due_on: str
    status: str  # open | given


@dataclass(frozen=True, slots=True)
class Dose(Record):
    """What reaches the patient. `custody`: prepared, handed over, checked, administered, discarded."""

    table = "dose"
    key = ("code",)
    indexes = (("order_code",), ("patient",))
    code: str
    order_code: str
    order_line: int
    patient: str
    product: str
    container: str
    custody: str
    custodian_kind: str
    custodian: str
    volume_microlitres: int
    cells: int
    viability_millipercent: int
    deadline: str
    given_microlitres: int
    wasted_microlitres: int
    checked: int | None
    started_at: str | None
    ended_at: str | None
    reaction: str | None
    last_at: str
    last_entry: int


@dataclass(frozen=True, slots=True)
class DoseSource(Record):
    """What one vial gave to a dose."""

    table = "dose_source"
    key = ("dose", "vial")
    indexes = (("vial",),)
    dose: str
    vial: str
    volume_microlitres: int


@dataclass(frozen=True, slots=True)
class FollowUp(Record):
    """An outcome some months after a dose; a later record for the same month does not replace it."""

    table = "follow_up"
    key = ("dose", "month", "number")
    dose: str
    month: int
    number: int
    outcome: str


@dataclass(frozen=True, slots=True)
class AdverseEvent(Record):
    """Something harmful after a dose; `number` is the entry that reported it."""

    table = "adverse_event"
    key = ("number",)
    indexes = (("dose",),)
    number: int
    dose: str
    severity: str
    kind: str
    onset_on: str
    relatedness: str


@dataclass(frozen=True, slots=True)
class Deviation(Record):
    """A passed limit that two persons accepted for one thing, and how far that goes (`rulebook_1/acceptance.py`).

    `reach` is in the limit's own unit: milliseconds out of storage, milliseconds after the deadline, cells on `line`
    of the order; None for results of tests, and of an order until a dose used it.
    """

    table = "deviation"
    key = ("number", "kind", "code")
    indexes = (("kind", "code"),)
    number: int
    kind: str
    code: str
    limit_name: str
    reason: str
    reach: int | None
    line: int | None


@dataclass(frozen=True, slots=True)
class Proposal(Record):
    """An act that its first person signed and that waits for the second; the things it names are held meanwhile."""

    table = "proposal"
    key = ("number",)
    indexes = (("status",),)
    number: int
    act: str
    proposer: str
    expires_at: str
    status: str  # open | completed


@dataclass(frozen=True, slots=True)
class Excursion(Record):
    """A unit was too warm for a time."""

    table = "excursion"
    key = ("number",)
    indexes = (("unit",),)
    number: int
    unit: str
    started_at: str
    ended_at: str
    worst_millicelsius: int


@dataclass(frozen=True, slots=True)
class Shipment(Record):
    """A shipment that left or arrived."""

    table = "shipment"
    key = ("code",)
    code: str
    destination: str
    status: str  # in transit | received | refused | confirmed
    last_at: str
    last_entry: int


STATE: tuple[type[Record], ...] = (
    Site, Person, PublicKey, Station, Donor, Screening, Donation, Product, Specification, Lot, LotDonation,
    TestResult, Hold, StorageUnit, Vial, ScanCode, Patient, PatientBand, Order, OrderLine, Dose, DoseSource, FollowUp,
    AdverseEvent, Deviation, Proposal, Excursion, Shipment, Import, ImportPart, ImportLot, Restoration,
    IdentityReader, Identity, OtherSite, OtherHead, Provenance, Consignment,
)  # fmt: skip
JOURNAL: tuple[type[Record], ...] = (VialPlacement, UnitPlacement, Mention)
DERIVED: tuple[type[Record], ...] = STATE + JOURNAL

SUBJECT_RECORD: dict[str, type[Record]] = {
    "vial": Vial,
    "unit": StorageUnit,
    "lot": Lot,
    "donation": Donation,
    "donor": Donor,
    "patient": Patient,
    "order": Order,
    "dose": Dose,
    "shipment": Shipment,
}
