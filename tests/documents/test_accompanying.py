"""The document that goes to the bedside with a dose."""

from __future__ import annotations

import pytest

from cryoledger.documents.accompanying import accompanying
from cryoledger.documents.pages_pdf import to_pdf
from cryoledger.errors import RequestError
from tests.documents.conftest import Site


def test_document_of_a_dose_says_for_whom_of_what_until_when_and_who_signed(site: Site) -> None:
    with site.store.reading() as now:
        document = accompanying(now, "DOSE-1", site.lab.now)
    text = document.text()
    for said in (
        "PATIENT-1",
        "ORDER-1 line 1",
        site.vials[0],
        "LOT-1",
        "DONOR-1",
        "eligible",
        "Give until",
        "viability",
    ):
        assert said.lower() in text.lower(), said
    signed = [line for line in text.splitlines() if line.lstrip("| ").startswith(("DosePrepared", "DoseHandedOver"))]
    assert any("Petra Vogel" in line and "prepared" in line for line in signed)
    assert any("Carlos Mendes" in line and "received" in line for line in signed)
    assert document.stamp.fingerprint in text
    assert to_pdf(document).startswith(b"%PDF")


def test_reactive_donor_is_warned_of_on_paper(site: Site) -> None:
    site.lab.screen("DONOR-1", "reactive", ["HBV"])
    with site.store.reading() as now:
        document = accompanying(now, "DOSE-1", site.lab.now)
    assert "WARNING: Reactive test results for HBV" in document.text()


def test_document_of_no_dose_is_refused(site: Site) -> None:
    with site.store.reading() as now, pytest.raises(RequestError, match="There is no dose"):
        accompanying(now, "DOSE-X", site.lab.now)
