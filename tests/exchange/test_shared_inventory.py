"""A lab's real-looking spreadsheet of 2,400 rows goes in, 14 of them with a defect, each told by row and reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cryoledger.cli.sample import people
from cryoledger.custody.imports.importing import comments_of, find_import
from cryoledger.custody.proof.auditing import verify_vault
from cryoledger.custody.record import record
from cryoledger.custody.vault import Vault
from cryoledger.database import queries
from cryoledger.documents.telling import tell
from cryoledger.domain import catalogue
from cryoledger.domain.records import Donor, Hold, Lot, StorageUnit, Vial
from cryoledger.errors import Refusal
from tests.exchange.laboratory import VECTORS, Outcome, imported, judged, open_copy, prepared

CSV = VECTORS / "inventory.csv"
DEFECTS = {
    each["row"]: each["what"] for each in json.loads((VECTORS / "inventory.defects.json").read_text())["defects"]
}


@pytest.fixture(scope="module")
def filled(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Vault, Outcome]]:
    """A vault with the whole file in it; its tests only look."""
    home = tmp_path_factory.mktemp("filled") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRYOLEDGER_HOME", str(home))
        with open_copy(made, home) as vault:
            yield vault, imported(vault, CSV)


def test_the_good_rows_come_in_and_every_defect_is_told(filled: tuple[Vault, Outcome]) -> None:
    vault, outcome = filled
    assert (outcome.rows, outcome.vials) == (2400, 2386)
    assert outcome.rejected.keys() == DEFECTS.keys()
    for row, what in DEFECTS.items():
        assert outcome.rejected[row].startswith(what), (row, what, outcome.rejected[row])
    with vault.store.reading() as reading:
        vials = reading.facts.where(Vial)
        assert len(vials) == 2386
        assert {vial.custody for vial in vials} == {"stored"}
        units = reading.facts.where(StorageUnit)
        assert sorted({unit.kind for unit in units}) == ["box", "freezer", "rack"]
        assert {lot.disposition for lot in reading.facts.where(Lot)} == {"quarantined"}
        assert len(reading.facts.where(Lot)) == 61
        assert sum(lot.vial_count for lot in reading.facts.where(Lot)) == 2386
        assert {donor.eligibility for donor in reading.facts.where(Donor)} == {"pending"}


def test_harmless_spaces_are_understood(filled: tuple[Vault, Outcome]) -> None:
    with filled[0].store.reading() as reading:
        one, other = reading.facts.get(Vial, "CL7000439"), reading.facts.get(Vial, "CL7001996")
    assert one is not None
    assert (one.unit, one.position) == ("F1-R2-B1", 3 * 9 + 7)  # " d8 "
    assert other is not None  # "CL7001996  "


def test_the_twin_of_a_doubled_barcode_or_position_is_on_hold(filled: tuple[Vault, Outcome]) -> None:
    with filled[0].store.reading() as reading:
        holds = reading.facts.where(Hold)
    assert {(hold.scope, hold.reason) for hold in holds} == {("vial", "import")}
    twins = {"CL7000490", "CL7001499", "CL7001637", "CL7001850", "CL7002176"}
    assert {hold.code for hold in holds} == twins


def test_comments_lie_in_documents_and_never_in_the_ledger(filled: tuple[Vault, Outcome]) -> None:
    vault = filled[0]
    notes = b"".join(stored.note for stored in queries.entries(vault.store))
    for comment in ("cap blue", "label replaced", "[/lot 7]", "=1+1", "Überprüft", "ตรวจแล้ว"):
        assert comment.encode() not in notes
    assert comments_of(vault, "CL7000000") == ["[/lot 7]"]
    assert comments_of(vault, "CL7000002") == ["ตรวจแล้ว"]
    assert comments_of(vault, "CL7000001") == []


def test_the_vault_verifies(filled: tuple[Vault, Outcome]) -> None:
    report = verify_vault(filled[0])
    assert report.ok, report.findings[:5]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("CL7000003", "import 9, part 1, lot WJ240610A, unit F1-R1-B1, position A4"),
        ("CL7000490", "import 9, part 1, lot WJ241118A, unit F1-R2-B2, position A5, on hold until a box check"),
        ("D504", "import 9, part 1, donor D504"),
        ("D504-WJ", "import 9, part 1, donation D504-WJ, donor D504, tissue wharton's jelly"),
        ("F1-R1", "import 9, part 1, unit F1-R1, kind rack, name R1, parent F1, slot R1"),
        ("", "import 9, part 1, units 13, donations 20, lots 20, donors 20, held 1, vials 800"),
    ],
)
def test_the_story_of_a_thing_says_only_what_is_its_own(filled: tuple[Vault, Outcome], code: str, told: str) -> None:
    with filled[0].store.reading() as reading:
        entries = queries.history(reading, "vial", "CL7000003")
        (entry,) = tell(reading, entries, about=code)
    assert entry.details == told


def test_what_was_guessed_is_said(filled: tuple[Vault, Outcome]) -> None:
    guessed = filled[1].guessed
    assert (guessed["encoding"], guessed["delimiter"], guessed["header"]) == ("utf-8", "comma", 1)
    assert guessed["columns"]["barcode"] == "Vial barcode"
    assert guessed["box"] == {"rows": 9, "columns": 9, "scheme": "letters"}
    assert "ignored_columns" not in guessed


def test_the_same_file_twice_adds_nothing(filled: tuple[Vault, Outcome]) -> None:
    vault = filled[0]
    with vault.store.reading() as reading:
        head = reading.head()
    with prepared(vault, CSV) as job:
        assert job.before is not None
        assert (job.rows, job.plan.vials) == (2400, 0)
    with vault.store.reading() as reading:
        assert reading.head() == head


def test_another_file_with_the_same_vials_adds_none_of_them(filled: tuple[Vault, Outcome], tmp_path: Path) -> None:
    again = tmp_path / "again.csv"
    again.write_bytes(
        CSV.read_bytes() + b"F1,R6,B9,A1,CL9,MSC-BO,NEW,D425,Bone marrow,4,10,1,CS10,2024-04-28,2029-04-28,9,\n"
    )
    outcome = judged(filled[0], again)
    assert outcome.vials == 1
    assert outcome.rejected[2] == "barcode already in the vault: vial CL7000000"


def test_from_quarantine_to_release_and_from_twin_to_checked(vault: Vault) -> None:
    imported(vault, CSV)
    with vault.store.reading() as reading:
        own = find_import(reading.facts, prepared_sha(vault))
        lots = [lot.code for lot in reading.facts.where(Lot) if lot.product == "MSC-WJ"]
        twin = next(hold for hold in reading.facts.where(Hold) if hold.code == "CL7001499")
    assert own is not None
    statement = catalogue.parse(
        "ImportedLotsReleased", {"number": own.number, "lots": lots, "basis": "former-release-records"}
    )
    with pytest.raises(Refusal, match="not defined"):
        record(vault, statement, people.QUINN.by)
    define(vault, "MSC-WJ")
    with pytest.raises(Refusal, match="no quality officer"):
        record(vault, statement, people.MARIA.by)
    record(vault, statement, people.QUINN.by)
    with vault.store.reading() as reading:
        assert {lot.disposition for lot in reading.facts.where(Lot, product="MSC-WJ")} == {"released"}
        assert {lot.disposition for lot in reading.facts.where(Lot, product="MSC-BO")} == {"quarantined"}
    lift = catalogue.parse("HoldLifted", {"number": twin.number, "reason": "box-checked"})
    with pytest.raises(Refusal, match="not checked"):
        record(vault, lift, people.QUINN.by)
    check_boxes(vault, twin.number)
    record(vault, lift, people.QUINN.by)
    assert verify_vault(vault).ok


def prepared_sha(vault: Vault) -> str:
    with prepared(vault, CSV) as job:
        return job.plan.sha256


def define(vault: Vault, product: str) -> None:
    values = {
        "product": product, "version": 1, "name": product, "storage_millicelsius_max": -130_000,
        "post_thaw_minutes": 120, "out_of_storage_minutes": 30, "label_layout": "vial", "specification": [],
    }  # fmt: skip
    record(vault, catalogue.parse("ProductDefined", values), people.QUINN.by)


def check_boxes(vault: Vault, number: int) -> None:
    """Scan through every box that holds a vial of a hold."""
    with vault.store.reading() as reading:
        vials = [reading.facts.get(Vial, hold.code) for hold in reading.facts.where(Hold, number=number)]
        contents = {vial.unit: reading.facts.where(Vial, unit=vial.unit) for vial in vials if vial is not None}
    for unit, present in contents.items():
        values = {"unit": unit, "present": [vial.code for vial in present]}
        vault.signed_in = people.MARIA.name
        record(vault, catalogue.parse("BoxChecked", values), people.MARIA.by)
