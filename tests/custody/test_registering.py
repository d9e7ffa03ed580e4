"""New units, lots, vials and patients filled in at the desk; and what they say is what the commands say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cryoledger.cli.sample import stock, story
from cryoledger.codes import Kind, make
from cryoledger.custody.file_hash import file_hash
from cryoledger.custody.proof.auditing import verify_vault
from cryoledger.custody.registering import fill, lot, units
from cryoledger.custody.workflow.entering import Entering
from cryoledger.domain import catalogue
from cryoledger.domain.records import PatientBand
from cryoledger.errors import RequestError
from tests.station import FRESH, FRESH_VIALS, Station

BAND = "WB-NEW-4711"


def data(station: Station, kind: str) -> dict[str, Any]:
    return catalogue.data_of(station.entries(kind)[-1].event)


def test_a_box_gets_its_place_size_and_scheme_and_the_next_code_of_the_site(station: Station) -> None:
    station.sign_in("ada.k")
    station.desk.begin(Entering("StorageUnitAdded", (("parent", "CF2-R1"),)))
    station.play("CMD-CONFIRM", "CMD-QTY-9")
    assert "its kind and code" in station.desk.hint
    station.play("CMD-CONFIRM", "99")
    assert "is not a size" in station.last("9by9").message
    shown = station.last("9x9", "CMD-QTY-2", "CMD-CONFIRM")
    own = make(stock.PREFIX, Kind.UNIT, 1)
    assert f"in CF2-R1, kind box, slot 99, size 9x9, scheme running; its code is {own}" in shown.message
    assert station.last("@pin ada.k").subject == ("unit", own)
    assert data(station, "StorageUnitAdded") == {
        "unit": own, "kind": "box", "name": f"box {own}", "parent": "CF2-R1", "slot": "99", "rows": 9, "columns": 9,
        "scheme": "running",
    }  # fmt: skip


def test_what_the_rules_refuse_of_a_unit_asks_for_no_pin(station: Station) -> None:
    station.sign_in("ada.k")
    station.desk.begin(Entering("StorageUnitAdded"))
    refused = station.last("R-9", "CMD-QTY-6", *["CMD-CONFIRM"] * 5)
    assert (refused.outcome, station.desk.to_sign, station.desk.open_task) == ("refused", None, None)
    assert "A rack stands in another unit" in refused.message
    station.sign_in("pia.n")
    assert "is no administrator or technician" in station.desk.begin(Entering("StorageUnitAdded")).message


def test_a_grid_with_a_code_that_is_taken_leaves_nothing_half_set_up(station: Station) -> None:
    station.sign_in("ada.k")
    before = len(station.entries("StorageUnitAdded"))
    station.desk.begin(Entering("StorageUnitAdded"))
    station.play("CF9", "CMD-QTY-1", *["CMD-CONFIRM"] * 3, "1x1x9x9", *["CMD-CONFIRM"] * 2, "@pin ada.k")
    assert len(station.entries("StorageUnitAdded")) == before + 3
    station.desk.begin(Entering("StorageUnitAdded"))
    station.play("CF8-R2", "CMD-QTY-1", *["CMD-CONFIRM"] * 5, "@pin ada.k")
    station.desk.begin(Entering("StorageUnitAdded"))
    refused = station.last("CF8", "CMD-QTY-1", *["CMD-CONFIRM"] * 3, "2x1x9x9", *["CMD-CONFIRM"] * 2)
    assert (refused.outcome, station.desk.to_sign) == ("refused", None)
    assert "CF8-R2 is already the code of unit CF8-R2" in refused.message
    assert len(station.entries("StorageUnitAdded")) == before + 4
    with station.vault.store.reading() as reading, pytest.raises(RequestError, match="420 units"):
        units(reading, {"unit": "CF7", "kind": "freezer", "grid": "20x20x9x9"})


def test_an_autologous_lot_names_its_patient_by_the_wristband_and_keeps_its_record_s_hash(
    station: Station, tmp_path: Path
) -> None:
    record = tmp_path / "run 7.csv"
    record.write_text("t,c\n")
    patient = story.PATIENTS[0]
    station.sign_in("maria.s")
    station.desk.begin(Entering("LotRegistered", (("lot", "LOT-9"), ("product", stock.PRODUCT))))
    station.play("CMD-QTY-1", stock.donation_codes()[0], "CMD-DONE", FRESH, "CMD-QTY-2", "CMD-QTY-2")
    station.play(story.wristband(patient), "4", "5.5", "0.8", "DMSO 5 %", "CMD-CONFIRM", "2030-06-30")
    station.play("trypsin 12", "CMD-DONE")
    assert station.last(str(tmp_path / "none.csv")).outcome == "refused"
    shown = station.last(str(record))
    assert "in each vial 5.5 million cells, volume 0.8 mL" in shown.message, shown.message
    assert station.last("@pin maria.s").outcome == "recorded"
    said = data(station, "LotRegistered")
    assert (said["donor_kind"], said["patient"], said["bank"], said["parent"]) == (
        "autologous", patient, "working", FRESH,
    )  # fmt: skip
    assert (said["version"], said["cells_per_vial"], said["volume_microlitres"]) == (1, 5_500_000, 800)
    assert (said["reagents"], said["freezing_record_sha256"]) == (["trypsin 12"], file_hash(record))
    with station.vault.store.reading() as reading:
        given = {key: value for key, value in said.items() if key not in ("version", "expires_at", "typed")}
        assert lot(reading, given) == {key: value for key, value in said.items() if key != "typed"}


def test_vials_are_filled_with_codes_of_their_own_and_none_twice(station: Station) -> None:
    station.sign_in("maria.s")
    station.desk.begin(Entering("LotFilled", (("lot", FRESH),)))
    station.play("CMD-QTY-2", "TUBE-1")
    assert "given already" in station.last("TUBE-1").message
    assert "does not fit" in station.last(FRESH_VIALS[0]).message
    station.play("TUBE-2", "CMD-DONE", "@pin maria.s")
    assert data(station, "LotFilled")["vials"] == ["TUBE-1", "TUBE-2"]
    station.desk.begin(Entering("LotFilled", (("lot", FRESH),)))
    assert "at most 800" in station.last("CMD-QTY-1", "99999999").message
    with station.vault.store.reading() as reading, pytest.raises(RequestError, match="Either"):
        fill(reading, FRESH, ())


def test_a_patient_is_registered_with_a_wristband_that_nothing_keeps(station: Station) -> None:
    station.sign_in("carl.w")
    station.desk.begin(Entering("PatientRegistered"))
    asked = station.last("PT-900")
    assert (asked.ask, "not kept" in asked.message) == ("wristband", True)
    other = station.last(story.wristband(story.PATIENTS[0]))
    assert (other.outcome, other.scan) == ("refused", "")
    assert f"the wristband of patient {story.PATIENTS[0]} already" in other.message
    shown = station.last(BAND)
    assert (shown.ask, shown.scan, BAND in shown.message) == ("pin", "", False)
    assert station.last("@pin carl.w").outcome == "recorded"
    with station.vault.store.reading() as reading:
        assert len(reading.facts.where(PatientBand, patient="PT-900")) == 1
        assert all(BAND.encode() not in stored.note for stored in reading.entries())
    station.desk.begin(Entering("PatientBandAdded", (("patient", "PT-900"),)))
    assert "already" in station.last(BAND).message
    station.play("WB-SECOND", "@pin carl.w")
    assert data(station, "PatientBandAdded")["patient"] == "PT-900"
    station.desk.begin(Entering("OrderPlaced", (("order", "O-900"),)))
    station.play("WB-SECOND")
    assert dict(station.desk.open_task.answers)["patient"] == "PT-900"  # type: ignore[union-attr]
    assert verify_vault(station.vault).ok


def test_an_excursion_s_times_are_typed_and_told_as_the_site_s_clock_shows_them(station: Station) -> None:
    station.sign_in("maria.s")
    station.desk.begin(Entering("ExcursionRecorded", (("unit", "TANK1"),)))
    shown = station.last("2026-02-01 09:00", "2026-02-01 09:45", "-128.5", "CMD-CONFIRM")
    assert "from 2026-02-01 09:00, to 2026-02-01 09:45, at the warmest °C -128.5" in shown.message, shown.message
    station.play("@pin maria.s")
    assert {key: value for key, value in data(station, "ExcursionRecorded").items() if key != "typed"} == {
        "unit": "TANK1", "started_at": "2026-02-01T02:00:00.000Z", "ended_at": "2026-02-01T02:45:00.000Z",
        "worst_millicelsius": -128_500,
    }  # fmt: skip
