"""Typed corrections (I6): each names the entry it corrects, and acts on the present state."""

from __future__ import annotations

import pytest

from cryoledger.domain.fields import Event
from cryoledger.domain.records import Screening
from cryoledger.domain.records import TestResult as LotResult
from tests.lab import CELLS, CLINICIAN, QUALITY, TECHNICIAN, WITNESS, Lab, Sealed, event, later, prepared, stocked


def entry_of(lab: Lab, kind: str) -> Sealed:
    return [each for each in lab.entries if each.entry.envelope.type == kind][-1]


def corrected(name: str, corrects: Sealed, **data: object) -> Event:
    return event(name, corrects=corrects.reference.model_dump(), reason="typed-wrong", **data)


def test_i6_position() -> None:
    lab, vials = stocked(2)
    stored = entry_of(lab, "VialsStored")
    lab.record(corrected("PositionCorrected", stored, vial=vials[0], unit="BOX-1", position=10))
    assert lab.vial(vials[0]).position == 10
    lab.refused("I6", corrected("PositionCorrected", stored, vial=vials[0], unit="BOX-1", position=10))
    lab.refused("I2", corrected("PositionCorrected", stored, vial=vials[0], unit="BOX-1", position=1))
    lab.refused("I7", corrected("PositionCorrected", stored, vial=vials[0], unit="BOX-1", position=3), WITNESS)
    lab.take_out(vials[0])
    lab.refused("I1", corrected("PositionCorrected", stored, vial=vials[0], unit="BOX-1", position=3))


def test_i6_a_correction_names_an_entry_of_its_thing_by_number_and_hash() -> None:
    lab, vials = stocked(1)
    stored, product = entry_of(lab, "VialsStored"), entry_of(lab, "ProductDefined")
    data = {"vial": vials[0], "unit": "BOX-1", "position": 10}
    lab.refused("I6", corrected("PositionCorrected", product, **data))
    forged = {"number": stored.number, "leaf_hash": product.reference.leaf_hash}
    lab.refused("I6", event("PositionCorrected", corrects=forged, reason="other", **data))
    beyond = {"number": lab.last.number + 1, "leaf_hash": stored.reference.leaf_hash}
    lab.refused("I6", event("PositionCorrected", corrects=beyond, reason="other", **data))


def test_i6_quantity_of_a_full_vial_only() -> None:
    lab, vials = stocked(3)
    filled = entry_of(lab, "LotFilled")
    data = {"volume_microlitres": 900, "cells": 9_000_000}
    lab.record(corrected("QuantityCorrected", filled, vial=vials[0], **data))
    assert (lab.vial(vials[0]).filled_microlitres, lab.vial(vials[0]).cells) == (900, 9_000_000)
    lab.to_thawed("ORDER-1", vials[1])
    lab.record(prepared("DOSE-1", "ORDER-1", [(vials[1], 500)]), "petra.v")
    lab.refused("I5", corrected("QuantityCorrected", filled, vial=vials[1], **data))
    lab.record(event("VialsDiscarded", vials=[vials[2]], reason="broken"))
    lab.refused("I5", corrected("QuantityCorrected", filled, vial=vials[2], **data))
    lab.refused("I7", corrected("QuantityCorrected", filled, vial=vials[0], **data), TECHNICIAN)


def test_i6_test_result_keeps_the_old_one_and_holds_a_released_lot() -> None:
    lab, _ = stocked(1)
    tested = entry_of(lab, "TestResultsRecorded")
    wrong = {"test": "viability", "value_milli": 60_000, "tested_on": "2026-11-21", "method": "7-AAD"}
    lab.record(corrected("TestResultCorrected", tested, lot="LOT-1", number=tested.number, result=wrong))
    old = lab.get(LotResult, "LOT-1", "viability", tested.number)
    assert (old.value_milli, old.corrected) == (92_000, lab.last.number)
    assert lab.holds("lot", "LOT-1")
    again = corrected("TestResultCorrected", tested, lot="LOT-1", number=tested.number, result=wrong)
    lab.refused("I6", again)
    odd = corrected("TestResultCorrected", lab.last, lot="LOT-1", number=tested.number, result=wrong)
    lab.refused("I6", odd)
    unknown = {**wrong, "test": "karyotype"}
    lab.refused("known", corrected("TestResultCorrected", tested, lot="LOT-1", number=tested.number, result=unknown))


def test_i6_screening_result() -> None:
    lab, _ = stocked(1)
    screened = entry_of(lab, "DonorScreened")
    result = {"marker": "HBV", "sampled_on": "2026-10-01", "method": "NAT", "result": "reactive"}
    data = {"donor": "DONOR-1", "number": screened.number, "result": result}
    lab.record(corrected("ScreeningCorrected", screened, **data))
    assert lab.get(Screening, "DONOR-1", "HBV", screened.number).corrected == lab.last.number
    assert lab.holds("donor", "DONOR-1")
    lab.refused("I6", corrected("ScreeningCorrected", screened, **data))


def test_i6_lot_expiry() -> None:
    lab, _ = stocked(1)
    lot = entry_of(lab, "LotRegistered")
    data = {"lot": "LOT-1", "expiry_on": "2028-01-01", "expires_at": "2028-01-01T17:00:00.000Z"}
    lab.record(corrected("LotExpiryCorrected", lot, **data))
    assert lab.lot("LOT-1").expiry_on == "2028-01-01"
    lab.refused("expiry", corrected("LotExpiryCorrected", lot, **{**data, "expiry_on": "2026-11-20"}))
    lab.refused("expiry", corrected("LotExpiryCorrected", lot, **{**data, "expires_at": "2028-02-01T17:00:00.000Z"}))


def test_i6_attribution_leaves_the_signature_as_it_is() -> None:
    lab, vials = stocked(1)
    lab.take_out(vials[0])
    taken = lab.last
    lab.record(corrected("AttributionCorrected", taken, person=WITNESS))
    assert lab.vial(vials[0]).custodian == TECHNICIAN
    lab.refused("I6", corrected("AttributionCorrected", taken, person=TECHNICIAN))
    lab.refused("known", corrected("AttributionCorrected", taken, person="nobody"))


@pytest.mark.parametrize("how", ["discarded", "consumed"])
def test_i6_final_state_is_corrected_by_two_and_leads_to_missing_and_held(how: str) -> None:
    lab, (vial,) = stocked(1)
    if how == "discarded":
        lab.record(event("VialsDiscarded", vials=[vial], reason="broken"))
    else:
        lab.record(event("VialsConsumed", vials=[vial], purpose="testing"))
    final = corrected("FinalStateCorrected", lab.last, vial=vial)
    lab.refused("I7", final, QUALITY)
    lab.refused("I7", final, QUALITY, QUALITY)
    lab.refused("I7", final, TECHNICIAN, WITNESS)
    lab.record(final, QUALITY, WITNESS)
    row = lab.vial(vial)
    assert (row.custody, row.remaining_microlitres) == ("missing", 1000)
    assert lab.holds("vial", vial)
    lab.refused("I6", final, QUALITY, WITNESS)
    lab.record(event("VialsFound", unit="BOX-1", vials=[{"vial": vial, "position": 0}]))


def test_i5_final_state_of_an_opened_vial_keeps_what_was_sampled() -> None:
    """I5: a correction of a discard does not pour a sample back, nor refreeze the vial."""
    lab, (vial,) = stocked(1)
    lab.to_thawed("ORDER-1", vial)
    lab.record(event("SampleTaken", vial=vial, volume_microlitres=300, purpose="count"))
    lab.record(event("VialsDiscarded", vials=[vial], reason="thawed-unused"))
    lab.record(corrected("FinalStateCorrected", lab.last, vial=vial))
    row = lab.vial(vial)
    assert (row.sampled_microlitres, row.wasted_microlitres) == (300, 700)
    lab.refused("I1.thawed", event("VialsFound", unit="BOX-1", vials=[{"vial": vial, "position": 0}]))
    lab.record(event("VialsDiscarded", vials=[vial], reason="thawed-unused"))


def test_i6_a_given_vial_is_not_brought_back() -> None:
    lab, vials = stocked(1)
    lab.to_dose("DOSE-1", "ORDER-1", vials)
    lab.give("DOSE-1")
    made = entry_of(lab, "DosePrepared")
    lab.refused("I6", corrected("FinalStateCorrected", made, vial=vials[0]))


def test_i6_administration_is_corrected_by_quality_and_clinician() -> None:
    lab, vials = stocked(1)
    lab.to_dose("DOSE-1", "ORDER-1", vials)
    prepared_entry = lab.last
    lab.give("DOSE-1")
    given = lab.last
    data = {
        "dose": "DOSE-1", "started_at": lab.dose("DOSE-1").started_at, "ended_at": lab.now,
        "given_microlitres": 400, "wasted_microlitres": 600, "reaction": "mild",
    }  # fmt: skip
    lab.refused("I6", corrected("AdministrationCorrected", prepared_entry, **data))
    lab.refused("I5", corrected("AdministrationCorrected", given, **{**data, "wasted_microlitres": 601}))
    lab.refused("I4.times", corrected("AdministrationCorrected", given, **{**data, "ended_at": later(lab.now, 1)}))
    lab.refused("I7", corrected("AdministrationCorrected", given, **data), QUALITY, WITNESS)
    lab.record(corrected("AdministrationCorrected", given, **data), QUALITY, CLINICIAN)
    assert lab.line("ORDER-1").cells_given == CELLS * 400 // 1000
    lab.record(corrected("AdministrationCorrected", lab.last, **{**data, "given_microlitres": 1000,
               "wasted_microlitres": 0}))  # fmt: skip
    assert lab.line("ORDER-1").cells_given == CELLS
