"""What may come in with an import, what of it may be touched before it completes, and how quality releases it."""

from __future__ import annotations

from typing import Any

import pytest

from cryoledger.domain import catalogue
from cryoledger.domain.events import lots, storage
from cryoledger.domain.fields import Event
from cryoledger.domain.import_records import Import, ImportLot, ImportPart
from cryoledger.domain.records import Donation, Donor, Lot, LotDonation, Mention, Product, ScanCode, StorageUnit, Vial
from tests.lab import QUALITY, TECHNICIAN, Lab, hash_text

SHA = hash_text("a file")
UNITS: list[dict[str, Any]] = [
    {"unit": "F1", "kind": "freezer", "name": "F1"},
    {"unit": "F1-B1", "kind": "box", "name": "B1", "parent": "F1", "slot": "B1", "rows": 9, "columns": 9},
]
LOT = {
    "lot": "OLD-1",
    "product": "MSC-X",
    "version": 0,
    "donations": ["D9-WJ"],
    "passage": 3,
    "cells_per_vial": 10_000_000,
    "volume_microlitres": 1000,
    "cryoprotectant": "CryoStor CS10",
    "filled_on": "2024-06-10",
    "expiry_on": "2029-06-10",
    "expires_at": "2029-06-10T17:00:00.000Z",
    "viability_millipercent": 96_000,
}
DONATION = {"donation": "D9-WJ", "donor": "D9", "tissue": "wharton's jelly"}


def event(kind: str, **data: Any) -> Event:
    return catalogue.parse(kind, data)


def begun(lab: Lab, parts: int = 1, text: str = "a file") -> int:
    lab.record(
        event("ImportBegun", sha256=hash_text(text), plan_sha256=hash_text("plan"), rows=3, vial_count=3, parts=parts),
        TECHNICIAN,
    )
    return lab.last.number


def part(number: int, **changed: Any) -> Event:
    vials = {"unit": "F1-B1", "lot": "OLD-1", "vials": ["V1", "V2"], "positions": [0, 80]}
    values: dict[str, Any] = {
        "number": number, "part": 1, "units": UNITS, "donors": ["D9"], "donations": [DONATION], "lots": [LOT],
        "vials": [vials],
    }  # fmt: skip
    return event("ImportPartRecorded", **(values | changed))


def completed(lab: Lab, **changed: Any) -> int:
    number = begun(lab)
    lab.record(part(number, **changed), TECHNICIAN)
    lab.record(event("ImportCompleted", number=number), TECHNICIAN)
    return number


@pytest.fixture
def lab() -> Lab:
    lab = Lab()
    lab.furnish()
    lab.define_product("MSC-1")
    return lab


def test_a_part_brings_vials_into_their_positions_with_all_that_they_need(lab: Lab) -> None:
    number = begun(lab)
    lab.record(part(number, held=["V2"]), TECHNICIAN)
    vial, lot, box = lab.get(Vial, "V2"), lab.get(Lot, "OLD-1"), lab.get(StorageUnit, "F1-B1")
    assert (vial.custody, vial.custodian, vial.unit, vial.position) == ("stored", "F1-B1", "F1-B1", 80)
    assert (vial.cells, vial.filled_microlitres, vial.last_entry) == (10_000_000, 1000, lab.last.number)
    assert (lot.disposition, lot.vial_count, lot.version) == ("quarantined", 2, 0)
    assert (box.rows, box.parent) == (9, "F1")
    assert (lab.get(Donor, "D9").eligibility, lab.get(Donor, "D9").consent_scope) == ("pending", "")
    assert lab.get(Donation, "D9-WJ").collected_on == ""
    assert lab.get(ScanCode, "V1").kind == "vial"
    assert [hold.reason for hold in lab.holds("vial", "V2")] == ["import"]
    assert {row.code for row in lab.inventory.where(Mention, entry=lab.last.number) if row.kind == "vial"} == {
        "V1",
        "V2",
    }


@pytest.mark.parametrize(
    ("rule", "changed"),
    [
        ("import.part", {"part": 2}),
        ("one-meaning", {"donors": ["FRZ-1"]}),
        ("once", {"vials": [{"unit": "F1-B1", "lot": "OLD-1", "vials": ["V1", "V1"], "positions": [0, 1]}]}),
        ("once", {"vials": [{"unit": "F1-B1", "lot": "OLD-1", "vials": ["V1", "V2"], "positions": [3, 3]}]}),
        ("I2.position", {"vials": [{"unit": "F1-B1", "lot": "OLD-1", "vials": ["V1"], "positions": [81]}]}),
        ("I2.position", {"vials": [{"unit": "F1", "lot": "OLD-1", "vials": ["V1"], "positions": [0]}]}),
        ("import.part", {"vials": [{"unit": "F1-B1", "lot": "OLD-1", "vials": ["V1"], "positions": [0, 1]}]}),
        ("known", {"vials": [{"unit": "F1-B1", "lot": "OTHER", "vials": ["V1"], "positions": [0]}]}),
        ("known", {"vials": [{"unit": "F9", "lot": "OLD-1", "vials": ["V1"], "positions": [0]}]}),
        ("known", {"lots": [{**LOT, "version": 3}]}),
        ("known", {"donors": []}),
        ("expiry", {"lots": [{**LOT, "expiry_on": "2020-06-10", "expires_at": "2020-06-10T17:00:00.000Z"}]}),
        ("lot.patient", {"lots": [{**LOT, "donor_kind": "autologous"}]}),
        ("unit", {"units": [{**UNITS[1], "parent": "BOX-1"}]}),
        ("import.part", {"held": ["V9"]}),
    ],
)
def test_a_part_is_judged_as_if_each_thing_came_alone(lab: Lab, rule: str, changed: dict[str, Any]) -> None:
    number = begun(lab)
    lab.refused(rule, part(number, **changed), TECHNICIAN)


def test_a_position_that_is_taken_is_refused(lab: Lab) -> None:
    lab.register_lot("LOT-1", filled=1)
    lab.vials("LOT-1", 1)
    number = begun(lab)
    vials = [{"unit": "BOX-1", "lot": "OLD-1", "vials": ["V1"], "positions": [0]}]
    lab.refused("I2", part(number, vials=vials), TECHNICIAN)


def test_a_judged_lot_is_not_added_to(lab: Lab) -> None:
    lab.release_lot("LOT-1", filled=1)
    number = begun(lab)
    vials = [{"unit": "BOX-2", "lot": "LOT-1", "vials": ["V1"], "positions": [0]}]
    lab.refused("lot.filled", part(number, lots=[], donations=[], donors=[], vials=vials), TECHNICIAN)


def test_a_donor_who_withdrew_consent_gives_no_new_lot(lab: Lab) -> None:
    lab.register_donor("D8")
    lab.record(lots.ConsentWithdrawn(donor="D8", withdrawn_on="2026-11-01"), QUALITY)
    number = begun(lab)
    lab.refused("I3.consent", part(number, donors=[], donations=[{**DONATION, "donor": "D8"}]), TECHNICIAN)


def test_one_import_at_a_time_and_one_file_once(lab: Lab) -> None:
    number = begun(lab)
    again = event("ImportBegun", sha256=SHA, plan_sha256=SHA, rows=1, vial_count=1, parts=1)
    lab.refused("import", again, TECHNICIAN)
    lab.record(part(number), TECHNICIAN)
    lab.record(event("ImportCompleted", number=number), TECHNICIAN)
    lab.refused("import.once", again, TECHNICIAN)


def test_an_import_is_complete_only_with_its_last_part(lab: Lab) -> None:
    number = begun(lab, parts=2)
    lab.record(part(number), TECHNICIAN)
    lab.refused("import", event("ImportCompleted", number=number), TECHNICIAN)
    lab.refused("import", event("ImportCompleted", number=number + 1), TECHNICIAN)


def test_nothing_of_an_open_import_can_be_used_or_moved(lab: Lab) -> None:
    number = begun(lab, parts=2)
    lab.record(part(number), TECHNICIAN)
    held = [
        (event("VialsTakenOut", vials=["V1"]), TECHNICIAN),
        (event("VialsMoved", unit="BOX-1", vials=[{"vial": "V1", "position": 0}]), TECHNICIAN),
        (event("StorageUnitMoved", unit="F1-B1", parent="RACK-1", slot="9"), TECHNICIAN),
        (event("LotRejected", lot="OLD-1", reason="other"), QUALITY),
        (event("LotFilled", lot="OLD-1", vials=["V9"]), TECHNICIAN),
        (event("DonationCollected", donation="X", donor="D9", tissue="adipose", collected_on="2024-01-01"), TECHNICIAN),
        (event("HoldPlaced", scope="vial", codes=["V1"], reason="other"), QUALITY),
    ]
    for each, who in held:
        assert lab.refused("import.open", each, who).safety
    lab.refused("import", event("ImportedLotsReleased", number=number, lots=["OLD-1"], basis="validated-former-system"))


def test_scans_of_other_things_pass_and_warnings_are_never_refused(lab: Lab) -> None:
    lab.register_lot("LOT-1", filled=2)
    vials = lab.vials("LOT-1", 2)
    number = begun(lab, parts=2)
    lab.record(part(number), TECHNICIAN)
    lab.record(storage.VialsTakenOut(vials=vials[:1]), TECHNICIAN)
    lab.record(event("AlarmRaised", unit="F1", alarm="temperature"))
    lab.record(
        event(
            "ExcursionRecorded", unit="F1", started_at=lab.ago(minutes=9), ended_at=lab.ago(minutes=1),
            worst_millicelsius=-90_000,
        ),
        TECHNICIAN,
    )  # fmt: skip
    lab.record(event("RequestRefused", act="VialsIssued", rule="I3", concerning=[{"kind": "vial", "code": "V1"}]))


def test_after_completion_vials_move_and_are_still_quarantined(lab: Lab) -> None:
    completed(lab)
    lab.record(event("VialsMoved", unit="BOX-1", vials=[{"vial": "V1", "position": 0}]), TECHNICIAN)
    assert lab.get(Lot, "OLD-1").disposition == "quarantined"


def test_an_abandoned_import_leaves_the_inventory_as_it_was(lab: Lab) -> None:
    lab.register_lot("LOT-1")
    before = lab.rows()
    number = begun(lab, parts=3)
    lab.record(part(number, held=["V1"]), TECHNICIAN)
    more = [{"unit": "F1-B1", "lot": "OLD-1", "vials": ["V3"], "positions": [5]},
            {"unit": "BOX-1", "lot": "LOT-1", "vials": ["V4"], "positions": [5]}]  # fmt: skip
    lab.record(part(number, part=2, units=[], donors=[], donations=[], lots=[], vials=more), TECHNICIAN)
    lab.refused("import", event("ImportPartWithdrawn", number=number, part=2), TECHNICIAN)
    lab.record(event("ImportAbandoned", number=number, reason="wrong-file"), TECHNICIAN)
    lab.refused("import", part(number, part=3), TECHNICIAN)
    lab.refused("import", event("ImportCompleted", number=number), TECHNICIAN)
    lab.refused("import.part", event("ImportPartWithdrawn", number=number, part=1), TECHNICIAN)
    lab.refused("import.open", event("VialsTakenOut", vials=["V1"]), TECHNICIAN)
    for index in (2, 1):
        lab.record(event("ImportPartWithdrawn", number=number, part=index), TECHNICIAN)
    after = lab.rows()
    for record in (Vial, StorageUnit, Donor, Donation, LotDonation, ImportLot, ImportPart, Product, ScanCode):
        assert after[record] == before[record], record
    assert {code: row.vial_count for code, row in _lots(after).items()} == {  # its last entry is a part's
        code: row.vial_count for code, row in _lots(before).items()
    }
    assert lab.get(Import, number).status == "abandoned"
    assert completed(lab) > number  # the same file again, from the beginning


def _lots(rows: Any) -> dict[Any, Lot]:
    return dict(rows[Lot])


def released(number: int, *codes: str) -> Event:
    return event("ImportedLotsReleased", number=number, lots=codes, basis="former-release-records")


def test_quality_releases_imported_lots_by_a_statement_once_the_product_is_defined(lab: Lab) -> None:
    number = completed(lab)
    lab.refused("release.product", released(number, "OLD-1"), QUALITY)
    lab.refused("release.product", lots.LotReleased(lot="OLD-1"), QUALITY)
    lab.define_product("MSC-X")
    lab.refused("release.product", lots.LotReleased(lot="OLD-1"), QUALITY)
    lab.refused("I7", released(number, "OLD-1"), TECHNICIAN)
    lab.record(released(number, "OLD-1"), QUALITY)
    lot, donor = lab.get(Lot, "OLD-1"), lab.get(Donor, "D9")
    assert (lot.disposition, lot.version) == ("released", 1)
    assert (donor.eligibility, donor.consent_scope) == ("eligible", "therapy")
    lab.refused("release", released(number, "OLD-1"), QUALITY)


def test_every_product_that_is_not_defined_is_named_at_once(lab: Lab) -> None:
    groups = [{"unit": "F1-B1", "lot": f"OLD-{at}", "vials": [f"V{at}"], "positions": [at]} for at in (1, 2, 3)]
    products = ("MSC-X", "MSC-Y", "MSC-X")
    lots_ = [{**LOT, "lot": f"OLD-{at}", "product": product} for at, product in enumerate(products, start=1)]
    number = completed(lab, lots=lots_, vials=groups)
    refusal = lab.refused("release.product", released(number, "OLD-1", "OLD-2", "OLD-3"), QUALITY)
    assert refusal.message == "These 2 products are not defined here: MSC-X (lot OLD-1), MSC-Y (lot OLD-2)."
    lab.define_product("MSC-X")
    refusal = lab.refused("release.product", released(number, "OLD-1", "OLD-2", "OLD-3"), QUALITY)
    assert refusal.message == "This product is not defined here: MSC-Y (lot OLD-2)."


def test_what_is_filled_here_joins_no_lot_from_outside_which_a_statement_would_release(lab: Lab) -> None:
    number = completed(lab)
    lab.refused("lot.filled", event("LotFilled", lot="OLD-1", vials=["V9"]), TECHNICIAN)
    lab.define_product("MSC-X")
    lab.record(released(number, "OLD-1"), QUALITY)
    lab.refused("lot.filled", event("LotFilled", lot="OLD-1", vials=["V9"]), TECHNICIAN)


def test_a_statement_covers_only_the_lots_of_its_import(lab: Lab) -> None:
    lab.register_lot("LOT-1")
    number = completed(lab)
    lab.refused("release.import", released(number, "LOT-1"), QUALITY)
    lab.refused("import", released(number + 1, "OLD-1"), QUALITY)


def test_what_the_vault_knows_speaks_against_the_statement(lab: Lab) -> None:
    number = completed(lab)
    lab.define_product("MSC-X")
    lab.screen("D9", "reactive")
    lab.refused("release.donor", released(number, "OLD-1"), QUALITY)
    other = Lab()
    other.define_product("MSC-X")
    number = completed(other)
    other.hold("lot", "OLD-1")
    other.refused("I3.hold", released(number, "OLD-1"), QUALITY)


def test_an_expired_lot_is_not_released(lab: Lab) -> None:
    lab.define_product("MSC-X")
    old = {**LOT, "filled_on": "2014-06-10", "expiry_on": "2019-06-10", "expires_at": "2019-06-10T17:00:00.000Z"}
    number = completed(lab, lots=[old])
    lab.refused("I3.expired", released(number, "OLD-1"), QUALITY)


def test_a_twin_stays_on_hold_until_its_box_was_checked(lab: Lab) -> None:
    number = begun(lab)
    lab.record(part(number, held=["V2"]), TECHNICIAN)
    placed = lab.last.number
    lab.record(event("ImportCompleted", number=number), TECHNICIAN)
    lift = event("HoldLifted", number=placed, reason="box-checked")
    lab.refused("import.twin", lift, QUALITY)
    lab.record(event("BoxChecked", unit="F1-B1", present=["V1", "V2"]), TECHNICIAN)
    lab.record(event("VialsMoved", unit="BOX-1", vials=[{"vial": "V2", "position": 0}]), TECHNICIAN)
    lab.refused("import.twin", lift, QUALITY)
    lab.record(event("BoxChecked", unit="BOX-1", present=["V2"]), TECHNICIAN)
    lab.record(lift, QUALITY)
    assert not lab.holds("vial", "V2")
