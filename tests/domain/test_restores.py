"""Restores: how an epoch opens, what goes on unreconciled, what waits for two persons and for box checks (LEDGER)."""

from __future__ import annotations

import pytest

from cryoledger.domain import numbers
from cryoledger.domain.catalogue import TYPES
from cryoledger.domain.events import storage
from cryoledger.domain.restore_records import Restoration
from cryoledger.domain.roles import Kind
from cryoledger.domain.rulebook_1.restores import GOES_ON
from tests.lab import (
    ADMIN,
    CLINICIAN,
    ORIGIN,
    QUALITY,
    TECHNICIAN,
    TECHNICIAN_2,
    Lab,
    event,
    hash_text,
    replay,
    rows_of,
    stocked,
)


def found(lab: Lab, **changed: object) -> dict[str, object]:
    last = lab.last
    values = {
        "origin": lab.origin, "size": last.sequence + 1, "root": hash_text("root"),
        "last_leaf_hash": last.reference.leaf_hash, "lost_from": last.number + 1,
    }  # fmt: skip
    return {**values, **changed}


def go_on(lab: Lab) -> dict[str, object]:
    """The station opens the next epoch; what it said was kept."""
    said = found(lab)
    lab.epoch, lab.origin = lab.epoch + 1, f"{ORIGIN}/e{lab.epoch + 1}"
    lab.record(event("RestoreFound", **said))
    return said


def the_restore(lab: Lab) -> Restoration:
    return lab.get(Restoration, numbers.number_of(lab.epoch, 0))


def test_what_goes_on_is_in_the_catalogue() -> None:
    assert TYPES.keys() >= GOES_ON
    assert not {"VialsIssued", "LotReleased", "BedsideCheckPassed", "AdministrationCompleted", "DoseHandedOver",
                "KeyIssued", "RoleGranted", "ImportedLotsReleased", "HoldLifted"} & GOES_ON  # fmt: skip


def test_the_station_opens_the_epoch_and_two_declare_it_later() -> None:
    lab, vials = stocked()
    said = go_on(lab)
    assert lab.site().origin == lab.origin
    assert the_restore(lab).declared is None
    lab.take_out(vials[0])
    lab.record(event("LedgerRestored", **said), ADMIN, QUALITY)
    assert the_restore(lab).declared == lab.last.number
    assert lab.last.sequence > 0
    lab.refused("opening", event("LedgerRestored", **said), ADMIN, QUALITY)
    assert rows_of(replay(lab.entries)) == lab.rows()


def test_two_open_the_epoch_themselves() -> None:
    lab, _ = stocked()
    lab.restore()
    row = the_restore(lab)
    assert row.declared == row.number == lab.last.number


def test_nobody_opens_an_epoch_alone_or_in_the_middle() -> None:
    lab, _ = stocked()
    lab.refused("opening", event("RestoreFound", **found(lab)))
    said = found(lab)
    lab.epoch, lab.origin = 2, f"{ORIGIN}/e2"
    lab.refused("opening", event("AlarmRaised", unit="FRZ-1", alarm="door"))
    lab.refused("I7", event("LedgerRestored", **said), ADMIN)
    lab.refused("I7", event("LedgerRestored", **said), ADMIN, TECHNICIAN)
    lab.refused("restore", event("RestoreFound", **{**said, "origin": lab.origin}))
    lab.refused("restore", event("RestoreFound", **{**said, "size": 0}))
    lab.record(event("RestoreFound", **said))
    lab.refused("opening", event("RestoreFound", **said))


@pytest.mark.parametrize("field", ["origin", "size", "root", "last_leaf_hash"])
def test_a_declaration_is_of_the_epoch_that_is_open(field: str) -> None:
    lab, _ = stocked()
    said = go_on(lab)
    other = {"origin": "another", "size": 1, "root": hash_text("x"), "last_leaf_hash": hash_text("x")}[field]
    lab.refused("restore", event("LedgerRestored", **{**said, field: other}), ADMIN, QUALITY)


def test_vials_are_kept_cold_while_unreconciled() -> None:
    lab, vials = stocked()
    go_on(lab)
    lab.sign_in(TECHNICIAN)
    lab.take_out(*vials[:2])
    lab.record(storage.VialsReturned(unit="BOX-1", vials=lab.placed(vials[:1])), TECHNICIAN)
    lab.record(storage.VialsDiscarded(vials=vials[1:2], reason="broken"), TECHNICIAN, TECHNICIAN_2)
    lab.record(storage.VialsMoved(unit="BOX-2", vials=lab.placed(vials[2:3], "BOX-2")), TECHNICIAN)
    lab.record(storage.StorageUnitMoved(unit="BOX-1", parent="RACK-2", slot="9"), TECHNICIAN)
    lab.record(event("HoldPlaced", scope="lot", codes=["LOT-1"], reason="investigation"))
    lab.record(event("AlarmRaised", unit="FRZ-1", alarm="temperature"))


def test_nothing_reaches_a_patient_and_nothing_is_administered_while_unreconciled() -> None:
    lab, vials = stocked()
    lab.issue("ORDER-1", vials[0])
    lab.to_dose("DOSE-1", "ORDER-1", (vials[1],))
    lab.take_out(vials[2])
    go_on(lab)
    lab.refused("restore.unreconciled", event("VialsIssued", order="ORDER-1", line=1, vials=[vials[2]]))
    refusal = lab.refused("restore.unreconciled", event("VialsThawed", vials=[vials[0]], purpose="therapy"))
    assert refusal.safety
    assert "--declare" in refusal.advice
    lab.refused("restore.unreconciled", event("DoseHandedOver", dose="DOSE-1", receiver=CLINICIAN),
                lab.dose("DOSE-1").custodian, CLINICIAN)  # fmt: skip
    lab.refused("restore.unreconciled", lab.bedside_check("DOSE-1"))
    lab.refused("restore.unreconciled", event("RoleWithdrawn", person=TECHNICIAN, role="technician"))
    lab.refused(
        "restore.unreconciled", event("StorageUnitAdded", unit="F9", kind="freezer", name="F9", rows=0, columns=0)
    )
    lab.thaw(vials[3], purpose="testing")


def test_every_other_type_waits_while_unreconciled() -> None:
    lab, _ = stocked()
    go_on(lab)
    from cryoledger.domain.rulebook_1 import restores

    for name, declaration in TYPES.items():
        act = name.removesuffix("Proposed")
        if declaration.signing.kind is Kind.OBSERVED or act in GOES_ON or act == "VialsThawed":
            continue
        draft = lab.draft(event("AlarmRaised", unit="FRZ-1", alarm="door"))
        object.__setattr__(draft, "type", name)
        with pytest.raises(Exception, match="waits: this ledger was restored"):
            restores.check(draft, lab.inventory)


def test_after_the_declaration_a_vial_waits_for_the_check_of_its_box() -> None:
    lab, vials = stocked()
    lab.reserve("ORDER-1", *vials)
    lab.take_out(vials[1])
    lab.restore()
    lab.refused("restore.box", event("VialsIssued", order="ORDER-1", line=1, vials=[vials[0]]))
    refusal = lab.refused("restore.box", event("VialsIssued", order="ORDER-1", line=1, vials=[vials[1]]))
    assert "unit check BOX-1" in refusal.advice
    present = [vial for vial in vials if vial != vials[1]]
    check = event("BoxChecked", unit="BOX-1", present=present)
    lab.record(check, TECHNICIAN)
    lab.take_out(vials[0])
    lab.record(event("VialsIssued", order="ORDER-1", line=1, vials=[vials[0]]))
    lab.record(event("VialsIssued", order="ORDER-1", line=1, vials=[vials[1]]))
    lab.thaw(vials[0])


def test_an_issued_vial_is_thawed_for_its_patient_only_after_the_check_of_the_box_it_left() -> None:
    lab, vials = stocked()
    lab.issue("ORDER-1", vials[0])
    lab.restore()
    lab.refused("restore.box", event("VialsThawed", vials=[vials[0]], purpose="therapy"))
    lab.record(event("BoxChecked", unit="BOX-1", present=list(vials[1:])), TECHNICIAN)
    lab.thaw(vials[0])


def test_the_check_of_another_box_does_not_count_for_a_vial_that_was_put_into_it_since() -> None:
    lab, vials = stocked()
    lab.reserve("ORDER-1", vials[0])
    lab.restore()
    lab.record(event("BoxChecked", unit="BOX-2"), TECHNICIAN)
    lab.record(event("VialsMoved", unit="BOX-2", vials=lab.placed(vials[:1], "BOX-2")), TECHNICIAN)
    lab.take_out(vials[0])
    issue = event("VialsIssued", order="ORDER-1", line=1, vials=[vials[0]])
    assert "unit check BOX-1" in lab.refused("restore.box", issue).advice
    lab.record(event("BoxChecked", unit="BOX-1", present=list(vials[1:])), TECHNICIAN)
    lab.record(issue)


def test_a_check_before_the_restore_does_not_count() -> None:
    lab, vials = stocked()
    lab.record(event("BoxChecked", unit="BOX-1", present=list(vials)), TECHNICIAN)
    lab.reserve("ORDER-1", vials[0])
    lab.take_out(vials[0])
    lab.restore()
    lab.refused("restore.box", event("VialsIssued", order="ORDER-1", line=1, vials=[vials[0]]))


def test_log_keys_of_an_earlier_epoch_are_replaced_in_a_later_one() -> None:
    from cryoledger.domain.records import PublicKey
    from cryoledger.ledger.note import Algorithm

    lab, _ = stocked()
    lab.restore()
    made = {"log_key": lab.key(lab.origin), "log_key_ml_dsa": lab.key(lab.origin, algorithm=Algorithm.ML_DSA_44)}
    lab.record(event("LogKeyReplaced", **made, reason="routine"))
    valid = [row for row in lab.inventory.where(PublicKey) if row.kind.startswith("log") and row.revoked is None]
    assert {row.name for row in valid} == {lab.origin}
    assert len(valid) == 2
