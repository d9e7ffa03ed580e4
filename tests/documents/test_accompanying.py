"""The document that goes to the bedside with a dose."""

from __future__ import annotations

import subprocess
import unicodedata
from pathlib import Path

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


def test_hostile_names_are_printed_as_they_are_and_control_nothing(site: Site, tmp_path: Path) -> None:
    short = "[red]<b>x</b>"
    hostile = f"{short} \x1b[31m \u202egnp \x1d a\nb " + "W" * 10_000
    with site.store.writing() as tx:
        for table, column in (("person", "full_name"), ("dose", "patient"), ("lot", "product")):
            tx.driver.execute(f"UPDATE {table} SET {column} = ?", (hostile,))
    with site.store.reading() as now:
        document = accompanying(now, "DOSE-1", site.lab.now)
    for text in (document.text(), document.html()):
        assert not {letter for letter in text if letter != "\n" and unicodedata.category(letter) in ("Cc", "Cf")}
    assert short in document.text()
    assert "<b>x</b>" not in document.html()
    pdf = tmp_path / "papers.pdf"
    pdf.write_bytes(to_pdf(document))
    printed = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout
    assert "[red]<b>" in printed
    assert "\u202e" not in printed
    assert "\x1b" not in printed
