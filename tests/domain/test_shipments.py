"""What may go between sites: whom this one trusts, what is sent, what another's manifest brings, what it confirms."""

from __future__ import annotations

from typing import Any

import pytest

from cryoledger.domain import catalogue
from cryoledger.domain.fields import Event
from cryoledger.domain.records import Donor, Lot, Product, ScanCode, Shipment, Vial
from cryoledger.domain.shipment_records import Consignment, OtherHead, OtherSite, Provenance
from cryoledger.ledger import tree
from cryoledger.ledger.lines import encode_base64
from tests.lab import ADMIN, ORIGIN, QUALITY, TECHNICIAN, Lab, hash_text
from tests.othersite import OtherLedger

LOT = {
    "lot": "THEIR-1", "disposition": "released", "product": "MSC-X", "version": 0, "donations": ["D9-WJ"], "passage": 3,
    "cells_per_vial": 10_000_000, "volume_microlitres": 1000, "cryoprotectant": "CryoStor CS10",
    "filled_on": "2026-06-10", "expiry_on": "2031-06-10", "expires_at": "2031-06-10T17:00:00.000Z",
}  # fmt: skip
DONOR = {"donor": "D9", "eligibility": "eligible", "consent": ["therapy"]}
DONATION = {"donation": "D9-WJ", "donor": "D9", "tissue": "wharton's jelly", "collected_on": "2026-05-01"}


def event(kind: str, **data: Any) -> Event:
    return catalogue.parse(kind, data)


@pytest.fixture
def other() -> OtherLedger:
    return OtherLedger()


@pytest.fixture
def lab(other: OtherLedger) -> Lab:
    """A laboratory that trusts another site."""
    lab = Lab()
    lab.furnish()
    lab.record(other.trusted(), QUALITY, ADMIN)
    return lab


def announced(other: OtherLedger, lab: Lab, **changed: Any) -> Event:
    """The other site's next shipment: two vials of a lot that is not known here."""
    sequence = other.add(f"shipped {len(other.leaves)}")
    held = lab.inventory.get(OtherHead, "HCM", other.origin)
    values: dict[str, Any] = {
        "shipment": "S-1", "site": "HCM", "manifest_sha256": hash_text("manifest"),
        "sent": other.proven(sequence), "head": other.head(held.size if held is not None else 0),
        "donors": [DONOR], "donations": [DONATION], "lots": [LOT],
        "vials": [{"vial": "TV1", "lot": "THEIR-1", "labels": ["=TUBE1"], "exposed_ms": 60_000},
                  {"vial": "TV2", "lot": "THEIR-1", "theirs": "V2", "cells": 9_000_000}],
    }  # fmt: skip
    return event("ShipmentAnnounced", **(values | changed))


def received(lab: Lab, other: OtherLedger, worst: int | None = -150_000, **changed: Any) -> None:
    """That shipment, announced and in BOX-1, after a cold way."""
    lab.record(announced(other, lab, **changed), TECHNICIAN)
    placed = [{"vial": "TV1", "position": 0}, {"vial": "TV2", "position": 1}]
    arrival = event("VialsReceived", shipment="S-1", unit="BOX-1", vials=placed, worst_millicelsius=worst)
    lab.record(arrival, TECHNICIAN)


def sent(lab: Lab, count: int = 2) -> tuple[str, ...]:
    lab.register_lot("LOT-1")
    vials = lab.vials("LOT-1", count)
    lab.release_lot("LOT-1")
    lab.record(shipped(vials), TECHNICIAN)
    return vials


def shipped(vials: tuple[str, ...], **more: Any) -> Event:
    given = {"site": "HCM", "manifest_sha256": hash_text("m"), **more}
    return event("VialsShipped", shipment="OUT-1", destination="Lotus Clinic", vials=vials, **given)


def confirmed(lab: Lab, other: OtherLedger, vials: tuple[str, ...], **changed: Any) -> Event:
    first, second = other.add(f"announced {len(other.leaves)}"), other.add(f"received {len(other.leaves)}")
    held = lab.inventory.get(OtherHead, "HCM", other.origin)
    leaves = [sealed.leaf_hash for sealed in lab.entries]
    own = {"origin": ORIGIN, "size": len(lab.entries), "root": encode_base64(tree.root(leaves))}
    values: dict[str, Any] = {
        "shipment": "OUT-1", "site": "HCM", "entries": [other.proven(first), other.proven(second)],
        "head": other.head(held.size if held is not None else 0), "own": own, "arrived": vials,
    }  # fmt: skip
    return event("ShipmentConfirmed", **(values | changed))


def test_trust_is_set_by_two_and_withdrawn(lab: Lab, other: OtherLedger) -> None:
    row = lab.get(OtherSite, "HCM")
    assert (row.origin, row.status, row.policy.count("\n")) == (other.origin, "trusted", 3)
    assert lab.get(ScanCode, "HCM").kind == "site"
    lab.record(event("SiteTrustWithdrawn", site="HCM", reason="suspected"), QUALITY)
    refusal = lab.refused("site.trust", announced(other, lab), TECHNICIAN)
    assert refusal.safety
    lab.refused("site.trust", event("SiteTrustWithdrawn", site="HCM", reason="ended"), QUALITY)
    lab.record(other.trusted(), QUALITY, ADMIN)
    lab.record(announced(other, lab), TECHNICIAN)


def test_a_site_has_one_ledger_and_a_ledger_one_site(lab: Lab, other: OtherLedger) -> None:
    lab.refused("site", other.trusted("HUE"), QUALITY, ADMIN)
    lab.refused("site", OtherLedger("third.example/x").trusted("HCM"), QUALITY, ADMIN)
    lab.refused("site", OtherLedger(ORIGIN).trusted("SELF"), QUALITY, ADMIN)
    lab.refused("one-meaning", OtherLedger("third.example/x").trusted("BOX-1"), QUALITY, ADMIN)
    lab.refused("I7", other.trusted(), QUALITY, QUALITY)
    lab.refused("I7", other.trusted(), TECHNICIAN, ADMIN)


def test_what_is_announced_is_on_its_way_and_quarantined(lab: Lab, other: OtherLedger) -> None:
    lab.record(announced(other, lab), TECHNICIAN)
    one, two, lot = lab.get(Vial, "TV1"), lab.get(Vial, "TV2"), lab.get(Lot, "THEIR-1")
    assert (one.custody, one.custodian_kind, one.custodian) == ("in_transit", "shipment", "S-1")
    assert (one.label, lab.get(ScanCode, "=TUBE1").code, one.exposed_ms, one.out_since) == (
        "=TUBE1",
        "TV1",
        60_000,
        None,
    )
    assert (two.cells, two.filled_microlitres) == (9_000_000, 1000)
    assert (lot.disposition, lot.vial_count, lot.version) == ("quarantined", 2, 0)
    assert lab.get(Donor, "D9").eligibility == "pending"
    assert lab.get(Provenance, "vial", "TV2").theirs == "V2"
    assert (lab.get(Provenance, "donor", "D9").stated, lab.get(Provenance, "lot", "THEIR-1").stated) == (
        "eligible therapy", "released",
    )  # fmt: skip
    head = lab.get(OtherHead, "HCM", other.origin)
    assert (head.size, head.number) == (6, lab.last.number)
    assert lab.get(Consignment, "S-1").leaf_hash == encode_base64(other.leaves[5])
    assert lab.get(Product, "MSC-X", 0).storage_millicelsius_max == -273_150


@pytest.mark.parametrize(
    ("rule", "changed"),
    [
        ("site.trust", {"site": "HUE"}),
        ("one-meaning", {"shipment": "BOX-1"}),
        ("one-meaning", {"vials": [{"vial": "BOX-1", "lot": "THEIR-1"}]}),
        ("one-meaning", {"vials": [{"vial": "TV1", "lot": "THEIR-1", "labels": ["BOX-1"]}]}),
        ("once", {"vials": [{"vial": "TV1", "lot": "THEIR-1"}, {"vial": "TV1", "lot": "THEIR-1"}]}),
        ("known", {"vials": [{"vial": "TV1", "lot": "OTHER"}]}),
        ("receive.held", {"held": ["TV9"]}),
        ("known", {"donors": []}),
        ("receive.product", {"lots": [{**LOT, "version": 4}]}),
        ("known", {"lots": [{**LOT, "parent": "NO-BANK"}]}),
        ("receive.lot", {"lots": [{**LOT, "donations": []}]}),
        ("lot.patient", {"lots": [{**LOT, "donor_kind": "directed"}]}),
        ("expiry", {"lots": [{**LOT, "expiry_on": "2020-06-10", "expires_at": "2020-06-10T17:00:00.000Z"}]}),
        ("date.future", {"lots": [{**LOT, "filled_on": "2027-06-10"}]}),
        ("date.order", {"donations": [{**DONATION, "collected_on": "2026-07-01"}]}),
    ],
)
def test_what_is_announced_is_judged_as_if_each_thing_came_alone(
    lab: Lab, other: OtherLedger, rule: str, changed: dict[str, Any]
) -> None:
    lab.refused(rule, announced(other, lab, **changed), TECHNICIAN)


def test_a_donor_lot_or_donation_of_ours_is_never_taken_for_theirs(lab: Lab, other: OtherLedger) -> None:
    lab.register_lot("LOT-1", filled=1)
    ours = lab.get(Lot, "LOT-1")
    refusal = lab.refused("receive.origin", announced(other, lab, vials=[{"vial": "TV1", "lot": "LOT-1"}]), TECHNICIAN)
    assert refusal.safety
    donor = next(iter(lab.inventory.rows(Donor))).code
    lab.refused(
        "receive.origin", announced(other, lab, donors=[], donations=[{**DONATION, "donor": donor}]), TECHNICIAN
    )
    lab.refused("receive.origin", announced(other, lab, lots=[{**LOT, "parent": ours.code}]), TECHNICIAN)


def test_a_shipment_is_announced_once(lab: Lab, other: OtherLedger) -> None:
    lab.record(announced(other, lab), TECHNICIAN)
    again = announced(other, lab, shipment="S-9", theirs="S-1", donors=[], donations=[], lots=[],
                      vials=[{"vial": "TV3", "lot": "THEIR-1"}])  # fmt: skip
    lab.refused("receive.once", again, TECHNICIAN)


def test_a_head_goes_on_from_the_one_that_is_held(lab: Lab, other: OtherLedger) -> None:
    lab.record(announced(other, lab), TECHNICIAN)
    more: dict[str, Any] = {
        "shipment": "S-2", "donors": [], "donations": [], "lots": [], "vials": [{"vial": "TV3", "lot": "THEIR-1"}],
    }  # fmt: skip
    lab.refused("site.extends", announced(other, lab, head=other.head(0), **more), TECHNICIAN)
    back = announced(other, lab, **more)
    small = {"head": {**other.head(size=3).model_dump(mode="json"), "extends": 6}, "sent": other.proven(2, size=3)}
    assert lab.refused("site.head", back.model_copy(update=_parsed(back, small)), TECHNICIAN).safety
    forked = {**other.head(size=6).model_dump(mode="json"), "extends": 6, "root": hash_text("another tree")}
    lab.refused(
        "site.head",
        back.model_copy(update=_parsed(back, {"head": forked, "sent": other.proven(5, size=6)})),
        TECHNICIAN,
    )
    lab.refused("site.head", announced(other, lab, head=OtherLedger("third.example/x").head(), **more), TECHNICIAN)
    beyond = {**other.proven(len(other.leaves) - 1).model_dump(mode="json"), "sequence": 99}
    lab.refused("site.head", announced(other, lab, sent=beyond, **more), TECHNICIAN)
    lab.record(announced(other, lab, **more), TECHNICIAN)
    assert lab.get(OtherHead, "HCM", other.origin).size == len(other.leaves)


def _parsed(like: Event, changed: dict[str, Any]) -> dict[str, Any]:
    made = event(type(like).__name__, **{**like.model_dump(mode="json", exclude_defaults=True), **changed})
    return {name: getattr(made, name) for name in changed}


def test_a_later_epoch_of_the_other_ledger_is_held_by_itself(lab: Lab, other: OtherLedger) -> None:
    lab.record(announced(other, lab), TECHNICIAN)
    second = OtherLedger(f"{other.origin}/e2")
    more: dict[str, Any] = {
        "shipment": "S-2", "donors": [], "donations": [], "lots": [], "vials": [{"vial": "TV3", "lot": "THEIR-1"}],
    }  # fmt: skip
    lab.record(announced(second, lab, **more), TECHNICIAN)
    assert {row.origin for row in lab.inventory.rows(OtherHead)} == {other.origin, second.origin}
    more["shipment"] = "S-3"
    for origin in (f"{other.origin}/e1", f"{other.origin}/ex", f"{other.origin}/e", f"{other.origin}x"):
        lab.refused(
            "site.head",
            announced(
                OtherLedger(origin),
                lab,
                **more,
            ),
            TECHNICIAN,
        )


def test_what_arrives_without_a_temperature_or_too_warm_is_held(lab: Lab, other: OtherLedger) -> None:
    lab.define_product("MSC-X")
    lab.refused("receive.product", announced(other, lab), TECHNICIAN)
    received(lab, other, lots=[{**LOT, "version": 1}])
    assert lab.holds("vial", "TV1") == []
    assert lab.get(Shipment, "S-1").status == "received"

    bare, sender = Lab(), OtherLedger()
    bare.furnish()
    bare.record(sender.trusted(), QUALITY, ADMIN)
    received(bare, sender, worst=None)
    assert [hold.reason for hold in bare.holds("vial", "TV1")] == ["temperature"]


def test_vials_that_come_later_to_a_judged_lot_are_held(lab: Lab, other: OtherLedger) -> None:
    received(lab, other)
    lab.define_product("MSC-X")
    lab.record(event("ReceivedLotsReleased", lots=["THEIR-1"], basis="sender-release"), QUALITY)
    more = announced(other, lab, shipment="S-2", donors=[], donations=[], lots=[],
                     vials=[{"vial": "TV3", "lot": "THEIR-1"}])  # fmt: skip
    lab.record(more, TECHNICIAN)
    assert [hold.reason for hold in lab.holds("vial", "TV3")] == ["import"]


def test_quality_releases_what_the_sender_released(lab: Lab, other: OtherLedger) -> None:
    received(lab, other)
    release = event("ReceivedLotsReleased", lots=["THEIR-1"], basis="sender-release")
    lab.refused("release.product", release, QUALITY)
    lab.refused("release.product", event("LotReleased", lot="THEIR-1"), QUALITY)
    lab.define_product("MSC-X")
    lab.refused("I7", release, TECHNICIAN)
    lab.hold("donor", "D9")
    lab.refused("I3.hold", release, QUALITY)
    lab.record(event("HoldLifted", number=lab.last.number, reason="cleared"), QUALITY)
    lab.record(release, QUALITY)
    assert (lab.get(Lot, "THEIR-1").disposition, lab.get(Lot, "THEIR-1").version) == ("released", 1)
    assert (lab.get(Donor, "D9").eligibility, lab.get(Donor, "D9").consent_scope) == ("eligible", "therapy")
    lab.refused("release", release, QUALITY)


@pytest.mark.parametrize(
    ("rule", "changed"),
    [
        ("release.received", {"lots": [{**LOT, "disposition": "quarantined"}]}),
        ("release.donor", {"donors": [{**DONOR, "eligibility": "ineligible"}]}),
        ("release.donor", {"donors": [{**DONOR, "eligibility": "pending"}]}),
        ("I3.consent", {"donors": [{**DONOR, "consent": ["research"]}]}),
    ],
)
def test_quality_does_not_release_what_the_sender_does_not_state(
    lab: Lab, other: OtherLedger, rule: str, changed: dict[str, Any]
) -> None:
    lab.record(announced(other, lab, **changed), TECHNICIAN)
    lab.define_product("MSC-X")
    lab.refused(rule, event("ReceivedLotsReleased", lots=["THEIR-1"], basis="sender-release"), QUALITY)


def test_a_lot_of_ours_is_not_released_as_received(lab: Lab) -> None:
    lab.register_lot("LOT-1", filled=1)
    lab.refused("release.received", event("ReceivedLotsReleased", lots=["LOT-1"], basis="sender-release"), QUALITY)


def test_what_is_sent_bears_its_manifest(lab: Lab) -> None:
    lab.register_lot("LOT-1")
    vials = lab.vials("LOT-1", 3)
    lab.refused("ship.manifest", shipped(vials, manifest_sha256=None), TECHNICIAN)
    lab.refused("ship.manifest", shipped(vials, site=None), TECHNICIAN)
    lab.refused("site.trust", shipped(vials, site="HUE"), TECHNICIAN)
    lab.record(shipped(vials[:2]), TECHNICIAN)
    assert lab.get(Consignment, "OUT-1").direction == "out"
    lab.refused("one-meaning", shipped(vials[2:]), TECHNICIAN)


def test_what_is_held_or_was_opened_is_not_sent(lab: Lab) -> None:
    lab.register_lot("LOT-1")
    vials = lab.vials("LOT-1", 3)
    lab.hold("vial", vials[0])
    lab.refused("I3.hold", shipped(vials[:1]), TECHNICIAN)
    less = lab.get(Vial, vials[1])
    assert less.remaining_microlitres == less.filled_microlitres
    lab.inventory.apply(_sampled(less))
    lab.refused("ship.opened", shipped(vials[1:2]), TECHNICIAN)


def _sampled(vial: Vial) -> tuple[Any, ...]:
    from dataclasses import replace

    from cryoledger.domain.facts import Put

    return (Put(replace(vial, sampled_microlitres=10)),)


def test_what_the_receiver_confirms_is_delivered(lab: Lab, other: OtherLedger) -> None:
    vials = sent(lab, 3)
    lab.record(confirmed(lab, other, vials[:1]), TECHNICIAN)
    first = lab.get(Vial, vials[0])
    assert (first.custody, first.custodian_kind, first.custodian, first.unit) == ("delivered", "site", "HCM", None)
    assert lab.get(Shipment, "OUT-1").status == "in transit"
    assert lab.get(OtherHead, "HCM", other.origin).size == len(other.leaves)
    other_word = lab.refused("confirm.other", confirmed(lab, other, vials[1:]), TECHNICIAN)
    assert other_word.safety
    later = other.add("received the rest")
    held = lab.get(OtherHead, "HCM", other.origin).size
    rest = confirmed(
        lab, other, vials[1:2], refused=vials[2:], entries=[other.proven(5), other.proven(later)], head=other.head(held)
    )
    lab.record(rest, TECHNICIAN)
    assert lab.get(Shipment, "OUT-1").status == "confirmed"
    assert lab.get(Vial, vials[2]).custody == "delivered"
    again = confirmed(lab, other, vials[:1])
    head = other.head(lab.get(OtherHead, "HCM", other.origin).size)
    lab.refused("I1", again.model_copy(update={"entries": (other.proven(5), other.proven(later)), "head": head}))


@pytest.mark.parametrize(
    ("rule", "changed"),
    [
        ("confirm.shipment", {"shipment": "OUT-9"}),
        ("confirm.shipment", {"arrived": []}),
        ("site.trust", {"site": "HUE"}),
    ],
)
def test_what_was_not_sent_is_not_confirmed(lab: Lab, other: OtherLedger, rule: str, changed: dict[str, Any]) -> None:
    vials = sent(lab)
    lab.refused(rule, confirmed(lab, other, vials, **changed), TECHNICIAN)


def test_delivered_vials_stay_in_the_story_and_out_of_the_stock(lab: Lab, other: OtherLedger) -> None:
    vials = sent(lab)
    lab.record(confirmed(lab, other, vials), TECHNICIAN)
    lab.refused("I1", event("VialsTakenOut", vials=[vials[0]]), TECHNICIAN)
    lab.refused("I1", event("VialsReportedMissing", vials=[vials[0]], reason="lost"), TECHNICIAN)
    lab.record(event("RecallIssued", scope="lot", code="LOT-1", reason="regulator"), QUALITY)


def returning(lab: Lab, other: OtherLedger, vial: str, **changed: Any) -> Event:
    """The other site's manifest by which a vial comes back."""
    item = {"vial": vial, "lot": "LOT-1", "theirs": "THERE-1", "labels": ["THERE-1"], "exposed_ms": 9_000_000}
    given = {"shipment": "BACK-1", "donors": [], "donations": [], "lots": [], "vials": [item | changed]}
    return announced(other, lab, **given)


def test_a_delivered_vial_comes_back_with_its_history_and_quality_judges_it(lab: Lab, other: OtherLedger) -> None:
    one, two = sent(lab)
    lab.record(confirmed(lab, other, (one, two)), TECHNICIAN)
    count = lab.get(Lot, "LOT-1").vial_count
    lab.record(returning(lab, other, one), TECHNICIAN)
    vial = lab.get(Vial, one)
    assert (vial.custody, vial.custodian_kind, vial.custodian) == ("in_transit", "shipment", "BACK-1")
    assert (vial.exposed_ms, vial.label, lab.get(ScanCode, "THERE-1").code) == (9_000_000, "THERE-1", one)
    assert lab.get(Lot, "LOT-1").vial_count == count
    placed = event("VialsReceived", shipment="BACK-1", unit="BOX-1", vials=[{"vial": one, "position": 70}],
                   worst_millicelsius=-150_000)  # fmt: skip
    lab.record(placed, TECHNICIAN)
    assert (lab.get(Vial, one).custody, lab.get(Vial, two).custody) == ("stored", "delivered")
    assert [hold.reason for hold in lab.holds("vial", one)] == ["import"]
    lab.place_order("ORDER-9", "PATIENT-9")
    lab.refused("I3.hold", event("VialsReserved", order="ORDER-9", line=1, vials=[one]))
    again = event("VialsShipped", shipment="OUT-2", destination="Lotus Clinic", vials=[one], site="HCM",
                  manifest_sha256=hash_text("m"))  # fmt: skip
    lab.refused("I3.hold", again, TECHNICIAN)


def test_a_vial_comes_back_only_once_only_from_where_it_went_and_as_what_it_was(lab: Lab, other: OtherLedger) -> None:
    lab.register_lot("LOT-1")
    one, two, here = lab.vials("LOT-1", 3)
    lab.release_lot("LOT-1")
    lab.record(shipped((one, two)), TECHNICIAN)
    assert lab.refused("receive.back", returning(lab, other, one), TECHNICIAN).safety
    lab.record(confirmed(lab, other, (one,)), TECHNICIAN)
    lab.refused("receive.back", returning(lab, other, two), TECHNICIAN)
    lab.refused("receive.back", returning(lab, other, here), TECHNICIAN)
    lab.refused("receive.back", returning(lab, other, one, lot="LOT-X"), TECHNICIAN)
    lab.refused("one-meaning", returning(lab, other, one, labels=["BOX-1"]), TECHNICIAN)
    third = OtherLedger("third.example/x")
    lab.record(third.trusted("HUE"), QUALITY, ADMIN)
    stolen = returning(lab, third, one).model_copy(update={"site": "HUE", "head": third.head()})
    lab.refused("receive.back", stolen, TECHNICIAN)
    lab.record(returning(lab, other, one), TECHNICIAN)
    lab.refused(
        "receive.back", returning(lab, other, one, theirs="X").model_copy(update={"shipment": "B-2"}), TECHNICIAN
    )
