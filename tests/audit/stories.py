"""Histories that the audit is shown: one that leaves a row in every derived table, and shorter ones."""

from __future__ import annotations

from cryoledger.domain import catalogue
from cryoledger.domain.events import people, storage, treatment, vault
from cryoledger.domain.fields import Event
from cryoledger.domain.roles import Role
from cryoledger.errors import Refusal
from cryoledger.ledger.lines import encode_base64
from cryoledger.ledger.tree import root
from tests.lab import (
    ADMIN,
    CLINICIAN,
    ORIGIN,
    PHARMACIST,
    QUALITY,
    TECHNICIAN,
    TECHNICIAN_2,
    Lab,
    hash_text,
    private_key,
)
from tests.othersite import OtherLedger


def event(kind: str, /, **data: object) -> Event:
    """An event from its JSON."""
    return catalogue.parse(kind, data)


def short_story(lab: Lab) -> None:
    """Freezers, a sign-in, and a few moves: under thirty entries."""
    lab.furnish()
    lab.sign_in(TECHNICIAN)
    lab.record(event("AlarmRaised", unit="FRZ-1", alarm="door"))
    lab.record(storage.StorageUnitMoved(unit="BOX-2", parent="RACK-2", slot="2"), TECHNICIAN)
    lab.record(event("RequestRefused", act="VialsIssued", rule="I3", person=PHARMACIST))


def whole_story(lab: Lab) -> None:
    """From donor to follow-up, with undo, proposal, hold, excursion, shipment, deviation, a key revoked, a restore."""
    lab.furnish()
    lab.register_lot("LOT-1")
    vials = lab.vials("LOT-1", 12)
    lab.release_lot("LOT-1")
    _at_the_freezer(lab, vials)
    _to_the_patient(lab, vials)
    _beside(lab, vials)
    _between_sites(lab, vials[6:8])
    _identities(lab)
    _import(lab)
    _people(lab)
    restore(lab)
    lab.take_out(vials[11])
    lab.record(storage.VialsReturned(unit="BOX-1", vials=lab.placed(vials[11:12])), TECHNICIAN)


def _at_the_freezer(lab: Lab, vials: tuple[str, ...]) -> None:
    lab.sign_in(TECHNICIAN)
    lab.record(storage.VialsMoved(unit="BOX-3", vials=lab.placed(vials[:1], "BOX-3")), TECHNICIAN)
    moved = lab.last.reference
    back = event("VialsMoved", unit="BOX-1", vials=[{"vial": vials[0], "position": 0}], undoes=[moved.model_dump()])
    lab.record(back, TECHNICIAN)
    lab.record(storage.StorageUnitTakenOut(unit="BOX-3"), TECHNICIAN)
    lab.record(storage.StorageUnitReturned(unit="BOX-3", parent="RACK-2", slot="2"), TECHNICIAN)
    started = lab.now
    lab.record(storage.StorageUnitMoved(unit="BOX-2", parent="RACK-2", slot="3"), TECHNICIAN)
    lab.record(event("VialLabelReplaced", vial=vials[1], label="NEW-LABEL-1", reason="fallen"), TECHNICIAN)
    lab.record(event("ExcursionRecorded", unit="RACK-2", started_at=started, ended_at=lab.now, worst_millicelsius=-9))


def _to_the_patient(lab: Lab, vials: tuple[str, ...]) -> None:
    lab.place_order("ORDER-1", "PATIENT-1", lines=2)
    dose = lab.to_dose("DOSE-1", "ORDER-1", vials[:1])
    lab.give(dose)
    lab.record(event("FollowUpRecorded", dose=dose, month=1, outcome="improved"))
    lab.record(
        event(
            "AdverseEventReported", dose=dose, severity="mild", kind="allergy", onset_on="2026-11-22",
            relatedness="probable",
        )
    )  # fmt: skip


def _beside(lab: Lab, vials: tuple[str, ...]) -> None:
    lab.hold("vial", vials[2])
    lab.deviation("test-limit", "lot", "LOT-1")
    discard = storage.VialsDiscarded(vials=(vials[4],), reason="broken")
    proposal = lab.propose(discard, TECHNICIAN)
    lab.record(discard.model_copy(update={"proposal": proposal}), TECHNICIAN_2)
    lab.take_out(vials[5])
    lab.record(event("VialsShipped", shipment="SHIP-1", destination="Chiang Mai", vials=[vials[5]]), TECHNICIAN)
    lab.record(event("PinRefused", person=CLINICIAN, attempt=1))
    lab.record(treatment.PatientBandAdded(patient="PATIENT-1", bands=(hash_text("second band"),)))


def _identities(lab: Lab) -> None:
    lab.record(event("IdentityReaderGranted", person=QUALITY, key_id="0a1b2c3d"), ADMIN, QUALITY)
    lab.record(event("IdentityReaderGranted", person=CLINICIAN, key_id="0a1b2c3d"), QUALITY, CLINICIAN)
    document = {"sha256": hash_text("who"), "size_bytes": 90, "salt_id": "5a17"}
    lab.record(event("IdentityRecorded", scope="patient", code="PATIENT-1", document=document), QUALITY)
    lab.record(event("IdentityShown", scope="patient", code="PATIENT-1", reason="trace"), QUALITY)
    lab.record(event("PatientRegistered", patient="PATIENT-9", bands=[hash_text("a band of another")]), CLINICIAN)
    forgotten = event(
        "IdentityForgotten", scope="patient", code="PATIENT-9", reason="subject-request", copies_until="2199-01-01"
    )
    lab.record(forgotten, ADMIN, QUALITY)


def _import(lab: Lab) -> None:
    sha = hash_text("a spreadsheet")
    lab.record(event("ImportBegun", sha256=sha, plan_sha256=sha, rows=2, vial_count=1, parts=1), TECHNICIAN)
    number = lab.last.number
    lot = {
        "lot": "OLD-1", "product": "MSC-OLD", "version": 0, "donations": ["OLD-D"], "passage": 3,
        "cells_per_vial": 1_000_000, "volume_microlitres": 1000, "cryoprotectant": "10 % DMSO",
        "filled_on": "2025-01-02", "expiry_on": "2030-01-02", "expires_at": "2030-01-02T17:00:00.000Z",
    }  # fmt: skip
    part = event(
        "ImportPartRecorded", number=number, part=1, donors=["OLD-DONOR"], lots=[lot], held=["OLD-1-1"],
        donations=[{"donation": "OLD-D", "donor": "OLD-DONOR", "tissue": "adipose"}],
        vials=[{"unit": "BOX-3", "lot": "OLD-1", "vials": ["OLD-1-1"], "positions": [80]}],
    )  # fmt: skip
    lab.record(part, TECHNICIAN)
    lab.record(event("ImportCompleted", number=number), TECHNICIAN)


def _between_sites(lab: Lab, vials: tuple[str, ...]) -> None:
    """Another site is trusted; its shipment arrives; ours arrives there."""
    other = OtherLedger()
    lab.record(other.trusted("HCM"), QUALITY, ADMIN)
    lot = {
        "lot": "THEIRS", "disposition": "released", "product": "MSC-THEIRS", "version": 0, "donations": ["THEIR-D"],
        "passage": 3, "cells_per_vial": 1_000_000, "volume_microlitres": 1000, "cryoprotectant": "10 % DMSO",
        "filled_on": "2025-01-02", "expiry_on": "2030-01-02", "expires_at": "2030-01-02T17:00:00.000Z",
    }  # fmt: skip
    shipped = other.add("they ship")
    arriving = event(
        "ShipmentAnnounced", shipment="THEIR-S", site="HCM", manifest_sha256=hash_text("manifest"),
        sent=other.proven(shipped), head=other.head(), lots=[lot], vials=[{"vial": "THEIR-V", "lot": "THEIRS"}],
        donors=[{"donor": "THEIR-DONOR", "eligibility": "eligible", "consent": ["therapy"]}],
        donations=[{"donation": "THEIR-D", "donor": "THEIR-DONOR", "tissue": "adipose"}],
    )  # fmt: skip
    lab.record(arriving, TECHNICIAN)
    held = len(other.leaves)
    placed = [{"vial": "THEIR-V", "position": 79}]
    lab.record(event("VialsReceived", shipment="THEIR-S", unit="BOX-3", vials=placed), TECHNICIAN)
    manifest = {"site": "HCM", "manifest_sha256": hash_text("ours")}
    lab.record(event("VialsShipped", shipment="OUR-S", destination="Lotus", vials=vials, **manifest), TECHNICIAN)
    leaves = [sealed.leaf_hash for sealed in lab.entries]
    own = {"origin": ORIGIN, "size": len(leaves), "root": encode_base64(root(leaves))}
    entries = [other.add("they announce"), other.add("they receive")]
    confirmed = event(
        "ShipmentConfirmed", shipment="OUR-S", site="HCM", entries=[other.proven(each) for each in entries],
        head=other.head(held), own=own, arrived=vials,
    )  # fmt: skip
    lab.record(confirmed, TECHNICIAN)


def _people(lab: Lab) -> None:
    lab.enrol("lena.k", "Lena Krause", Role.TECHNICIAN)
    first = lab.last.number + 1
    lab.record(storage.StorageUnitMoved(unit="BOX-2", parent="RACK-2", slot="4"), "lena.k")
    lab.record(event("AlarmRaised", unit="FRZ-1", alarm="door"))
    key = private_key("lena.k").verifier.key_id_hex
    lab.record(people.KeyRevoked(name="lena.k", key_id=key, suspect_from=first, reason="lost"), QUALITY)


def restore(lab: Lab) -> None:
    """Open the next epoch, naming what stands before it."""
    kept = [sealed.leaf_hash for sealed in lab.entries if sealed.epoch == lab.epoch]
    made = vault.LedgerRestored(
        origin=lab.origin, size=len(kept), root=encode_base64(root(kept)), last_leaf_hash=encode_base64(kept[-1]),
        lost_from=lab.last.number + 1,
    )  # fmt: skip
    before = (lab.epoch, lab.origin)
    lab.epoch, lab.origin = lab.epoch + 1, f"{ORIGIN}/e{lab.epoch + 1}"
    try:
        lab.record(made)
    except Refusal:
        lab.epoch, lab.origin = before
        raise
