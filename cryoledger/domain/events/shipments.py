"""Events between sites: whose ledger is trusted, what another site sent, what it confirmed to have received.

Each site keeps a ledger of its own. The sender's `VialsShipped` bears the SHA-256 of a manifest, which describes the
vials and all that they come from. The receiver's `ShipmentAnnounced` names that entry of the sender's ledger, the proof
that it is under a head of it, and the head itself with its signatures: from here on the receiver's own chain, signed
by its own people, commits to the sender's whole ledger up to there. `ShipmentConfirmed` does the same the other way.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from cryoledger.domain.declare import declared
from cryoledger.domain.events.lots import ConsentScope
from cryoledger.domain.fields import (
    Amount,
    Code,
    Date,
    DonationCode,
    DonationReference,
    DonorCode,
    DonorReference,
    Event,
    Instant,
    LotCode,
    LotReference,
    PatientReference,
    Positive,
    ProductCode,
    Sha256,
    ShipmentCode,
    SiteCode,
    Text,
    Value,
    VialCode,
)
from cryoledger.domain.roles import Role, critical, dual, line

VIALS_MOST = 400
THINGS_MOST = 100

# One line of a C2SP tlog-policy, without space at either end.
PolicyLine = Annotated[str, StringConstraints(pattern=r"^[!-~]([ -~]{0,3998}[!-~])?$")]
SignedNote = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
Hashes = Annotated[tuple[Sha256, ...], Field(max_length=63)]
AT_THE_DOOR = (Role.TECHNICIAN, Role.PHARMACIST, Role.QUALITY)


class ProvenEntry(Value):
    """An entry of another site's ledger, and the hashes by which its leaf leads to the head named beside it."""

    sequence: Amount
    leaf_hash: Sha256
    proof: Hashes = ()


class ForeignHead(Value):
    """A head of another site's ledger, to which the entry commits.

    `checkpoint` is its signed note, with the lines that the policy trusted here counted. `extends` is the size of the
    head of that origin to which this ledger committed last (0 where there is none), `proof` the hashes that show that
    nothing before it was changed since (RFC 6962, 2.1.2).
    """

    origin: Text
    size: Positive
    root: Sha256
    checkpoint: SignedNote
    extends: Amount = 0
    proof: Hashes = ()


class OwnHead(Value):
    """A head of this ledger, to which another site's entry commits."""

    origin: Text
    size: Positive
    root: Sha256


@declared(dual(line("accepted", Role.QUALITY), line("approved", Role.ADMINISTRATOR)))
class SiteTrusted(Event):
    """Another site's ledger was accepted as sender and receiver: by its log keys, witnesses and quorum.

    `policy` is a C2SP tlog-policy, line by line. A later one for the same site replaces it.
    """

    site: SiteCode
    name: Text
    origin: Text
    policy: Annotated[tuple[PolicyLine, ...], Field(min_length=2, max_length=100)]


@declared(critical("withdrawn", Role.QUALITY, Role.ADMINISTRATOR))
class SiteTrustWithdrawn(Event):
    """Nothing more is sent to another site or taken from it."""

    site: SiteCode
    reason: Literal["ended", "suspected", "replaced", "other"]


# `theirs` is the sender's own code of a thing, where the one here is another.
class ArrivingDonor(Value):
    """A donor of the sender, with eligibility and consent as the sender states them."""

    donor: DonorCode
    theirs: Code | None = None
    eligibility: Literal["pending", "eligible", "ineligible"]
    consent: Annotated[tuple[ConsentScope, ...], Field(max_length=3)] = ()


class ArrivingDonation(Value):
    """A collection at the sender."""

    donation: DonationCode
    theirs: Code | None = None
    donor: DonorReference
    tissue: Literal["wharton's jelly", "bone marrow", "adipose"]
    collected_on: Date | None = None


class ArrivingLot(Value):
    """A lot of the sender. `version` 0: the product is not defined in this vault yet."""

    lot: LotCode
    theirs: Code | None = None
    disposition: Literal["quarantined", "released", "conditionally released", "rejected"]
    product: ProductCode
    version: Amount
    donations: Annotated[tuple[DonationReference, ...], Field(max_length=50)] = ()
    parent: LotReference | None = None
    bank: Literal["master", "working", "clinical"] = "clinical"
    donor_kind: Literal["allogeneic", "autologous", "directed"] = "allogeneic"
    patient: PatientReference | None = None
    passage: Amount
    cells_per_vial: Positive
    volume_microlitres: Positive
    cryoprotectant: Text
    filled_on: Date
    expiry_on: Date
    expires_at: Instant
    reagents: Annotated[tuple[Text, ...], Field(max_length=50)] = ()
    freezing_record_sha256: Sha256 | None = None


class ArrivingVial(Value):
    """A vial on its way. `labels` are further codes on its tube, `cells` what is in it where not as filled.

    `exposed_ms` is its time out of storage at the sender.
    """

    vial: VialCode
    lot: LotReference
    theirs: Code | None = None
    labels: Annotated[tuple[Code, ...], Field(max_length=8)] = ()
    cells: Positive | None = None
    exposed_ms: Amount = 0


@declared(critical("verified", *AT_THE_DOOR), moves=" -> in_transit")
class ShipmentAnnounced(Event):
    """Another site's manifest was verified: its vials are on their way here, with all that they come from.

    `manifest_sha256` is what the sender's entry `sent` bears. What this vault does not know comes with `donors`,
    `donations` and `lots`; lots are quarantined here. `held` are vials to be held until quality has cleared them.
    """

    shipment: ShipmentCode
    theirs: Code | None = None
    site: SiteCode
    manifest_sha256: Sha256
    sent: ProvenEntry
    head: ForeignHead
    donors: Annotated[tuple[ArrivingDonor, ...], Field(max_length=THINGS_MOST)] = ()
    donations: Annotated[tuple[ArrivingDonation, ...], Field(max_length=THINGS_MOST)] = ()
    lots: Annotated[tuple[ArrivingLot, ...], Field(max_length=THINGS_MOST)] = ()
    vials: Annotated[tuple[ArrivingVial, ...], Field(min_length=1, max_length=VIALS_MOST)]
    held: Annotated[tuple[Code, ...], Field(max_length=VIALS_MOST)] = ()


@declared(critical("confirmed", *AT_THE_DOOR), moves="in_transit -> delivered")
class ShipmentConfirmed(Event):
    """The receiving site's own entries show what arrived of a shipment, and that it committed to this ledger.

    `entries` are those of the receiver: the announcement first, then what was received or refused. `own` is the head
    of this ledger that the announcement names.
    """

    shipment: ShipmentCode
    site: SiteCode
    entries: Annotated[tuple[ProvenEntry, ...], Field(min_length=2, max_length=50)]
    head: ForeignHead
    own: OwnHead
    arrived: Annotated[tuple[VialCode, ...], Field(max_length=VIALS_MOST)] = ()
    refused: Annotated[tuple[VialCode, ...], Field(max_length=VIALS_MOST)] = ()


@declared(critical("released", Role.QUALITY), safety=True)
class ReceivedLotsReleased(Event):
    """Quality releases lots that another site had released: by the proven manifest, whose statements it has judged.

    The statement covers their tests, and the eligibility and consent to therapy of donors whom the sender stated
    eligible.
    """

    lots: Annotated[tuple[LotCode, ...], Field(min_length=1, max_length=THINGS_MOST)]
    basis: Literal["sender-release", "sender-release-and-own-tests"]
