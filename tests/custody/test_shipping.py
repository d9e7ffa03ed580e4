"""Nothing unproven about another site's ledger comes in by any way, and files between sites have one form."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cryoledger.cli.sample import stock
from cryoledger.cli.sample.people import ADA, MARIA, QUINN
from cryoledger.cli.sample.stock import make_event
from cryoledger.custody.proof.auditing import verify_vault
from cryoledger.custody.record import record
from cryoledger.custody.shipping import receiving, sending
from cryoledger.custody.shipping.files import parse_acknowledgement, parse_manifest
from cryoledger.custody.vault import Vault
from cryoledger.domain.fields import Event
from cryoledger.domain.shipment_records import OtherHead
from cryoledger.errors import CryoledgerError, LedgerFormatError, Refusal, RequestError, SignatureError
from cryoledger.ledger import tree
from cryoledger.ledger.canonical import write
from tests.custody.conftest import START
from tests.lab import hash_text
from tests.othersite import OtherLedger
from tests.station import _fill as fill

LOT = {
    "lot": "THEIRS", "disposition": "released", "product": "MSC-X", "version": 0, "donations": ["TD"], "passage": 3,
    "cells_per_vial": 10_000_000, "volume_microlitres": 1000, "cryoprotectant": "10 % DMSO",
    "filled_on": "2025-01-02", "expiry_on": "2030-01-02", "expires_at": "2030-01-02T17:00:00.000Z",
}  # fmt: skip


@pytest.fixture
def other(vault: Vault) -> OtherLedger:
    """Another site, trusted in the vault, under a policy that asks for a witness."""
    made = OtherLedger()
    record(vault, made.trusted(), QUINN.by, ADA.by)
    return made


def announced(other: OtherLedger, shipment: str = "S-1", extends: int = 0, **changed: Any) -> Event:
    sequence = other.add(f"they ship {shipment}")
    first = shipment == "S-1"
    values: dict[str, Any] = {
        "shipment": shipment, "site": "HCM", "manifest_sha256": hash_text("m"), "sent": other.proven(sequence),
        "head": other.head(extends), "vials": [{"vial": f"TV-{shipment}", "lot": "THEIRS"}],
        "lots": [LOT] if first else [], "donors": [{"donor": "TDONOR", "eligibility": "eligible"}] if first else [],
        "donations": [{"donation": "TD", "donor": "TDONOR", "tissue": "adipose"}] if first else [],
    }  # fmt: skip
    return make_event("ShipmentAnnounced", **{**values, **changed})


def held(vault: Vault) -> int:
    with vault.store.reading() as reading:
        row = reading.facts.get(OtherHead, "HCM", "lotus.example/saigon")
    return row.size if row is not None else 0


def test_what_is_proven_is_recorded_and_verifies(vault: Vault, other: OtherLedger) -> None:
    record(vault, announced(other), MARIA.by)
    record(vault, announced(other, "S-2", extends=held(vault)), MARIA.by)
    assert held(vault) == len(other.leaves)
    report = verify_vault(vault)
    assert report.ok, report.first_bad


def test_a_head_without_its_witness_or_with_another_root_is_not_recorded(vault: Vault, other: OtherLedger) -> None:
    event = announced(other)
    for changed, why in (
        ({"head": other.head(cosigned=False)}, "lacks witnesses"),
        ({"head": other.head().model_copy(update={"root": hash_text("x")})}, "another head"),
        ({"sent": other.proven(1).model_copy(update={"sequence": 2})}, "does not lead"),
    ):
        with pytest.raises(SignatureError, match=why):
            record(vault, event.model_copy(update=changed), MARIA.by)
    assert held(vault) == 0


def test_a_rewrite_a_rollback_and_a_fork_are_refused(vault: Vault, other: OtherLedger) -> None:
    record(vault, announced(other), MARIA.by)
    size = held(vault)
    honest = list(other.leaves)
    other.leaves[2] = tree.leaf_hash(b"another history")
    with pytest.raises(SignatureError, match="does not extend"):
        record(vault, announced(other, "S-2", extends=size), MARIA.by)
    fork = announced(other, "S-2", extends=size)
    same = other.head(size=size).model_copy(update={"extends": size})
    with pytest.raises(Refusal, match="other entries"):
        record(vault, fork.model_copy(update={"head": same, "sent": other.proven(1, size=size)}), MARIA.by)
    less = other.head(size=3).model_copy(update={"extends": size})
    with pytest.raises(Refusal, match="fewer entries"):
        record(vault, fork.model_copy(update={"head": less, "sent": other.proven(1, size=3)}), MARIA.by)
    other.leaves = honest
    record(vault, announced(other, "S-2", extends=size), MARIA.by)


def test_a_policy_that_does_not_name_the_site_s_log_is_not_recorded(vault: Vault) -> None:
    bad = OtherLedger().trusted().model_copy(update={"policy": OtherLedger("x.example/y").policy()})
    with pytest.raises(LedgerFormatError, match="and the site"):
        record(vault, bad, QUINN.by, ADA.by)


def stored(vault: Vault) -> list[str]:
    """Two vials of a lot, in a box."""
    stock.define_product(vault)
    stock.receive_donations(vault, START.date())
    codes = tuple(stock.vial_code(number) for number in range(2))
    fill(vault, "WJ-1", codes, START + timedelta(days=400))
    placed = [{"vial": code, "position": at} for at, code in enumerate(codes)]
    record(vault, make_event("VialsStored", unit="CF2-R1-B1", vials=placed), MARIA.by)
    return list(codes)


def test_a_manifest_reads_as_it_was_written_and_no_other_form_is_read(vault: Vault, other: OtherLedger) -> None:
    codes = stored(vault)
    with pytest.raises(RequestError, match="lots: Tuple should have at least 1"):
        sending.sent(vault, "OUT-1", "HCM", [])
    event, kept = sending.sent(vault, "OUT-1", "HCM", codes)
    record(vault, event, MARIA.by, also=kept.write)
    manifest = sending.manifest_of(vault, "OUT-1")
    data = manifest.encode()
    assert parse_manifest(data) == manifest
    assert manifest.contents.to == other.origin
    with pytest.raises(RequestError, match="a site that is not known here"):
        receiving.announced(vault, data, receiving.Choices())  # of this very site
    for bad in (b"", b"\n", b"{}\n", data[:-1], data + b"\n", b" " + data, data.replace(b'"from":', b'"form":', 1),
                data.replace(b"cryoledger/manifest/v1", b"cryoledger/manifest/v9"), b"[" * 9000 + b"\n",
                data.replace(b'"receipt":"c2sp', b'"receipt":"c3sp'), b"\xff\n", b"x" * 5_000_000):  # fmt: skip
        if bad != data:
            with pytest.raises(LedgerFormatError):
                parse_manifest(bad)


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        {"consistency": [], "format": "cryoledger/acknowledgement/v1", "receipts": [], "shipment": "S"},
        {"consistency": [], "format": "cryoledger/acknowledgement/v1", "receipts": ["x", "y"], "shipment": "S"},
        {"consistency": [], "format": "cryoledger/acknowledgement/v2", "receipts": ["x", "y"], "shipment": "S"},
        {"consistency": {}, "format": "cryoledger/acknowledgement/v1", "receipts": [1, 2], "shipment": 7},
    ],
)
def test_bytes_that_are_no_acknowledgement_are_refused(vault: Vault, value: Any) -> None:
    data = write(value) + b"\n"
    with pytest.raises(LedgerFormatError):
        parse_acknowledgement(data)
    with pytest.raises(CryoledgerError):
        sending.confirmed(vault, data)
