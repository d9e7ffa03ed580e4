"""What entries say of another site's ledger: every commitment is judged again, by the policy that was trusted then."""

from __future__ import annotations

from typing import Any

import pytest

from cryoledger.audit import Outside, Report, verify
from cryoledger.domain import catalogue
from cryoledger.domain.fields import Event
from cryoledger.ledger import tree
from cryoledger.ledger.checkpoint import Checkpoint, sign_checkpoint
from cryoledger.ledger.lines import encode_base64
from tests.audit.sources import Listed
from tests.lab import ADMIN, ORIGIN, QUALITY, TECHNICIAN, Lab, hash_text, private_key
from tests.othersite import OtherLedger, key

LOT = {
    "lot": "THEIRS", "disposition": "released", "product": "MSC-X", "version": 0, "donations": ["TD"], "passage": 3,
    "cells_per_vial": 10_000_000, "volume_microlitres": 1000, "cryoprotectant": "10 % DMSO",
    "filled_on": "2025-01-02", "expiry_on": "2030-01-02", "expires_at": "2030-01-02T17:00:00.000Z",
}  # fmt: skip


@pytest.fixture
def other() -> OtherLedger:
    return OtherLedger()


@pytest.fixture
def lab(other: OtherLedger) -> Lab:
    lab = Lab()
    lab.furnish()
    lab.record(other.trusted(), QUALITY, ADMIN)
    return lab


def announced(other: OtherLedger, **changed: Any) -> Event:
    shipped = other.add(f"they ship {len(other.leaves)}")
    values: dict[str, Any] = {
        "shipment": "S-1", "site": "HCM", "manifest_sha256": hash_text("m"), "sent": other.proven(shipped),
        "head": other.head(), "lots": [LOT], "vials": [{"vial": "TV1", "lot": "THEIRS"}],
        "donors": [{"donor": "TDONOR", "eligibility": "eligible"}],
        "donations": [{"donation": "TD", "donor": "TDONOR", "tissue": "adipose"}],
    }  # fmt: skip
    return catalogue.parse("ShipmentAnnounced", {**values, **changed})


def second(other: OtherLedger, extends: int, **changed: Any) -> Event:
    other.add("something else")
    only = {"lots": [], "donors": [], "donations": [], "vials": [{"vial": "TV2", "lot": "THEIRS"}], "shipment": "S-2"}
    made = announced(other, **only)
    return made.model_copy(update={"head": other.head(extends), **changed})


def judged(lab: Lab, outside: Outside | None = None) -> Report:
    return verify(Listed.of(lab), outside=outside)


def broken(lab: Lab) -> list[str]:
    return [each.message for each in judged(lab).findings if each.check == "commitments"]


def test_what_is_signed_and_proven_verifies(lab: Lab, other: OtherLedger) -> None:
    lab.record(announced(other), TECHNICIAN)
    held = len(other.leaves)
    lab.record(second(other, held), TECHNICIAN)
    assert judged(lab).ok


def test_a_head_that_lacks_the_witness_is_broken(lab: Lab, other: OtherLedger) -> None:
    made = announced(other)
    lab.record(made.model_copy(update={"head": other.head(cosigned=False)}), TECHNICIAN)
    assert "lacks witnesses" in broken(lab)[0]


def test_a_head_signed_by_nobody_trusted_is_broken(lab: Lab, other: OtherLedger) -> None:
    made = announced(other)
    other.log = key("somebody.else")
    forged = sign_checkpoint(other.signed().checkpoint, [key(other.origin + "x")])
    head = other.head().model_copy(update={"checkpoint": forged.encode().decode()})
    lab.record(made.model_copy(update={"head": head}), TECHNICIAN)
    assert "No known key signed" in broken(lab)[0]


def test_a_checkpoint_that_says_another_head_is_broken(lab: Lab, other: OtherLedger) -> None:
    made = announced(other)
    head = other.head().model_copy(update={"checkpoint": other.signed(3).encode().decode()})
    lab.record(made.model_copy(update={"head": head}), TECHNICIAN)
    assert "another head than the entry" in broken(lab)[0]


def test_an_entry_that_is_not_under_the_head_is_broken(lab: Lab, other: OtherLedger) -> None:
    made = announced(other)
    lab.record(made.model_copy(update={"sent": other.proven(2).model_copy(update={"sequence": 3})}), TECHNICIAN)
    assert "does not lead to the root" in broken(lab)[0]


def test_a_rewritten_ledger_is_broken_where_it_comes_next(lab: Lab, other: OtherLedger) -> None:
    lab.record(announced(other), TECHNICIAN)
    held = len(other.leaves)
    other.leaves[1] = tree.leaf_hash(b"another history")
    lab.record(second(other, held), TECHNICIAN)
    assert "does not extend the tree" in broken(lab)[0]


def test_a_policy_that_is_none_is_broken() -> None:
    lab, other = Lab(), OtherLedger()
    lab.record(other.trusted().model_copy(update={"policy": ("quorum none", "quorum none")}), QUALITY, ADMIN)
    lab.record(other.trusted().model_copy(update={"policy": OtherLedger("x.example/y").policy()}), QUALITY, ADMIN)
    first, last = broken(lab)
    assert "second quorum" in first
    assert "x.example/y" in last


def test_the_head_that_another_site_committed_to_must_be_ours(lab: Lab, other: OtherLedger) -> None:
    lab.register_lot("LOT-1")
    vials = lab.vials("LOT-1", 1)
    lab.release_lot("LOT-1")
    shipped = {
        "shipment": "OUT-1",
        "destination": "x",
        "vials": vials,
        "site": "HCM",
        "manifest_sha256": hash_text("m"),
    }
    lab.record(catalogue.parse("VialsShipped", shipped), TECHNICIAN)
    leaves = [sealed.leaf_hash for sealed in lab.entries]
    checkpoint = Checkpoint(ORIGIN, len(leaves), tree.root(leaves))
    kept = sign_checkpoint(checkpoint, [private_key(ORIGIN)]).encode()
    entries = [other.add("announced"), other.add("received")]
    own = {"origin": ORIGIN, "size": len(leaves), "root": hash_text("another tree")}
    confirmed = {
        "shipment": "OUT-1", "site": "HCM", "entries": [other.proven(each) for each in entries], "head": other.head(),
        "own": own, "arrived": vials,
    }  # fmt: skip
    lab.record(catalogue.parse("ShipmentConfirmed", confirmed), TECHNICIAN)
    found = [each for each in judged(lab, Outside(kept=[kept])).findings if each.check == "commitments"]
    assert "the tree there is another one" in found[0].message
    assert found[0].expected == hash_text("another tree")
    assert found[0].found == encode_base64(checkpoint.root)
