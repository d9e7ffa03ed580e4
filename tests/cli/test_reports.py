"""Reports: what an inspector holds in hand, what a machine can prove again, and that neither says who a patient is."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from cryoledger.documents.pictures import read_symbol
from cryoledger.ledger.checkpoint import parse_checkpoint
from cryoledger.ledger.note import VerifierKey, parse_note
from cryoledger.ledger.tree import leaf_hash, verify_inclusion
from tests.cli.conftest import PINS, Terminal, _copied, release, to_dose

WHO = ("Planted, Namewell", "1961-02-03", "MRN-PLANTED-77", "12 Planted Road")
ZONED = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+07:00")


@pytest.fixture
def reported(furnished: Terminal, templates: Path) -> Terminal:
    """A dose prepared; a late and a typed entry, corrections, a deviation, a refusal, a locked key, an identity."""
    return _copied(furnished, templates / "reported", lambda: _tell(furnished))


def _tell(lab: Terminal) -> None:
    release(lab)
    lab.does("checkpoint", "sign")
    to_dose(lab)
    second, third = (row["code"] for row in lab.read("vial", "list", "--of", "L1")[1:])
    lab.does("vial", "move", "FRZ-1-R1-B1", f"{second}@C1", "--late", "downtime", "--scanned", by="maria.s")
    moved = _last(lab)
    lab.does(
        "correct",
        "position",
        "FRZ-1-R1-B1",
        f"{second}@C2",
        "--entry",
        moved,
        "--reason",
        "scanned-wrong",
        by="quinn.o",
    )
    lab.does("correct", "attribution", "petra.v", "--entry", moved, "--reason", "wrong-person", by="quinn.o")
    lab.does(
        "deviation", "order:O1", "--limit", "dose-amount", "--reason", "assessed-no-impact",
        by="quinn.o somchai.k",
    )  # fmt: skip
    lab.run("lot", "release", "L1", "--as", "maria.s", stdin=PINS["maria.s"] + "\n")  # no quality officer
    lab.does("identity", "grant", "quinn.o", by="ines.a quinn.o")
    words = "".join(f"{line}\n" for line in (*WHO, PINS["quinn.o"]))
    assert lab.run("identity", "record", "patient", "P1", "--as", "quinn.o", stdin=words).code == 0
    lab.does("identity", "show", "patient", "P1", "--reason", "trace", by="quinn.o")
    for _ in range(5):
        lab.run("vial", "move", "FRZ-1-R1-B1", f"{third}@D1", "--as", "maria.s", stdin="999999\n")


def _last(lab: Terminal) -> int:
    return int(lab.read("verify")["entries"]) - 1


def _text(pdf: Path) -> str:
    return subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout


def _keys(lab: Terminal) -> dict[str, VerifierKey]:
    return {key["key_id"]: VerifierKey.parse(key["vkey"]) for key in lab.read("keys")}


def test_json_of_a_custody_report_proves_itself(reported: Terminal, tmp_path: Path) -> None:
    """21 CFR 11.50 and 11.70: who, when, with which meaning, bound to the very bytes that were signed."""
    out = tmp_path / "dose.json"
    reported.does("report", "custody", "DOSE-1", "--to", out)
    told = json.loads(out.read_text())
    keys, head = _keys(reported), parse_checkpoint(told["checkpoint"]["note"].encode()).checkpoint
    assert told["verification"]["ok"]
    assert told["of"] == {"kind": "dose", "code": "DOSE-1"}
    assert [step["sequence"] for step in told["steps"]] == sorted({step["sequence"] for step in told["steps"]})
    for step in told["steps"]:
        note = parse_note(step["note"].encode())
        for line, signed in zip(note.signatures, step["signatures"], strict=True):
            keys[line.key_id.hex()].verify(note.text, line)
            assert line.name == signed["name"]
            assert f'"meaning":"{signed["meaning"]}","name":"{signed["name"]}"'.encode() in note.text
            assert ZONED.match(signed["local"])
        path = [b64decode(node) for node in step["inclusion"]["path"]]
        assert step["inclusion"]["size"] == head.size
        verify_inclusion(leaf_hash(step["note"].encode()), step["sequence"], head.size, path, head.root)
    issued = next(step for step in told["steps"] if step["type"] == "VialsIssued")
    assert [(line["full_name"], line["meaning"]) for line in issued["signatures"]] == [
        ("Petra Vogel", "issued"),
        ("Maria Silva", "witnessed"),
    ]
    assert {"kind": "dose", "code": "DOSE-1"} in next(
        step["concerns"] for step in told["steps"] if step["type"] == "DosePrepared"
    )


def test_pdf_of_a_custody_report_is_whole_on_every_page(reported: Terminal, tmp_path: Path) -> None:
    out = tmp_path / "patient.pdf"
    reported.does("report", "custody", "P1", "--to", out)
    pages = _text(out).rstrip("\f").split("\f")
    fingerprint = reported.read("report", "custody", "P1")["fingerprint"]
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
        assert fingerprint in page
        assert "patient P1" in page
    text = "\n".join(pages)
    for words in (
        "CONSISTENT WITH ITSELF",
        "Petra Vogel (petra.v)",
        "issued · 2",
        "+07:00",
        "Bedside",
        "station freez",
    ):
        assert (words in text) is (words != "Bedside"), words


def test_the_code_on_the_last_page_is_the_checkpoint(reported: Terminal, tmp_path: Path) -> None:
    out, page = tmp_path / "lot.pdf", tmp_path / "page"
    told = reported.read("report", "custody", "L1", "--to", out)
    assert told["file"] == str(out)
    last = len(_text(out).rstrip("\f").split("\f"))
    command = ["pdftoppm", "-r", "150", "-png", "-f", str(last), "-l", str(last), "-singlefile", str(out), str(page)]
    subprocess.run(command, check=True)
    picture = page.with_suffix(".png")
    signed = parse_checkpoint(read_symbol(picture.read_bytes(), picture.name))
    assert signed.checkpoint.size == told["entries"]
    assert reported.does("verify", "--checkpoint", picture).code == 0


def test_late_typed_and_corrected_steps_are_marked(reported: Terminal) -> None:
    vial = reported.read("vial", "list", "--of", "L1")[1]["code"]
    steps = reported.read("report", "custody", vial)["steps"]
    moved = next(step for step in steps if step["type"] == "VialsMoved")
    assert [mark.split(",")[0].split(" entry")[0] for mark in moved["marks"]] == [
        "late: downtime", "corrected by", "done by petra.v",
    ]  # fmt: skip
    text = reported.does("report", "custody", vial).out
    looked = text[text.index("WHAT TO LOOK AT TWICE") : text.index("THE CHAIN")]
    assert re.search(rf"late +1: entries {moved['sequence']}\n", looked)
    assert re.search(rf"corrected later +1: entries {moved['sequence']}\n", looked)
    assert re.search(r"typed, not scanned +\d+: entries \d+", looked)


def test_audit_report_counts_what_an_auditor_asks_for(reported: Terminal) -> None:
    told = reported.read("report", "audit", "--from", "today", "--to", "today")
    counts = {topic["topic"]: topic["count"] for topic in told["topics"]}
    assert told["entries"] == told["verification"]["entries"]
    assert counts["Late"] == 1
    assert counts["Corrected"] == 2
    assert counts["Overridden"] == 1
    assert counts["Refused"] >= 1
    assert (counts["Wrong PINs"], counts["Locked keys"]) == (5, 1)
    assert counts["Recovery key"] == counts["Undone"] == counts["Holds lifted"] == 0
    assert told["first_enrolments"] == ["1"]
    people: dict[str, dict[str, Any]] = {row["name"]: row for row in told["people"]}
    assert people["maria.s"]["wrong_pins"] == 5
    assert people["maria.s"]["late"] == 1
    assert people["quinn.o"]["corrections"] == 2
    assert sum(row["signed_first"] for row in people.values()) == told["entries"]
    assert sum(row["typed"] for row in people.values()) == counts["Typed instead of scanned"] > 5
    corrected = next(topic for topic in told["topics"] if topic["topic"] == "Corrected")["entries"]
    assert [entry["type"] for entry in corrected] == ["VialsMoved", "PositionCorrected", "AttributionCorrected"]
    assert people["somchai.k"]["signed_also"] >= 1


def test_audit_report_as_pdf_and_on_the_terminal(reported: Terminal, tmp_path: Path) -> None:
    out = tmp_path / "audit.pdf"
    reported.does("report", "audit", "--from", "today", "--to", "today", "--out", out)
    text = _text(out)
    for words in (
        "Locked keys: 1",
        "Wrong PINs: 5",
        "Overridden: 1",
        "Who did what",
        "None in this period",
        "Page 1 of",
    ):
        assert words in text
    shown = reported.does("report", "audit", "--from", "today", "--to", "today").out
    assert "Key locked" not in shown
    assert "KeyLocked: person maria.s" in shown


def test_days_without_entries_and_days_that_do_not_fit(reported: Terminal) -> None:
    told = reported.read("report", "audit", "--from", "2020-01-01", "--to", "2020-12-31")
    assert (told["entries"], told["people"]) == (0, [])
    assert "No entry was recorded" in reported.does("report", "audit", "--from", "2020-01-01", "--to", "2020-01-01").out
    for words, said in (
        (("--from", "2026-02-02", "--to", "2026-02-01"), "lies before"),
        (("--from", "never", "--to", "today"), "is not a date"),
        (("--from", "today", "--to", "9999-12-31", "--out", "x.doc"), "none of .pdf, .json, .txt"),
    ):
        done = reported.run("report", "audit", *words)
        assert done.code == 2
        assert said in done.err, done
    assert reported.run("report", "audit", "--from", "9999-12-31", "--to", "9999-12-31").code == 2


def test_tampering_makes_the_report_red_and_its_exit_code_1(reported: Terminal, tmp_path: Path) -> None:
    with sqlite3.connect(reported.vault) as database:
        database.execute("UPDATE dose SET cells = cells + 1")
    out = tmp_path / "dose.pdf"
    done = reported.run("report", "custody", "DOSE-1", "--to", out)
    assert done.code == 1
    assert "NOT VERIFIED: 1 broken" in done.out
    assert "NOT VERIFIED" in _text(out)


def test_verified_only_against_what_the_reader_brought(reported: Terminal) -> None:
    fingerprint = reported.read("report", "custody", "P1")["fingerprint"]
    told = reported.read("report", "custody", "P1", "--fingerprint", fingerprint)
    assert told["verification"]["verdict"].startswith("VERIFIED: ")
    other = fingerprint.swapcase()
    done = reported.run("report", "custody", "P1", "--fingerprint", other)
    assert done.code == 1
    assert "NOT VERIFIED" in done.out


def test_machine_without_the_secret_reports_under_the_last_checkpoint(reported: Terminal) -> None:
    *_, before, newest = (each["size"] for each in reported.read("checkpoint", "list")["checkpoints"])
    with sqlite3.connect(reported.vault) as database:
        database.execute("DELETE FROM checkpoint WHERE size = ?", (newest,))
    for secret in (reported.folder / "home").rglob("vault.secret"):
        secret.unlink()
    told = reported.read("report", "custody", "P1")
    assert told["checkpoint"]["size"] == before
    assert told["verification"]["ok"]
    later = told["verification"]["after_checkpoint"]
    assert later
    assert [step["sequence"] for step in told["steps"] if step["inclusion"] is None] == [
        place["sequence"] for place in later
    ]
    assert "why not newer" in reported.does("report", "custody", "P1").out


def test_i9_reports_hold_no_identity(reported: Terminal, tmp_path: Path) -> None:
    """I9: patients appear by code; what stands in the identity vault stays there."""
    texts = [reported.does("report", "custody", "P1").out]
    for name, words in (
        ("custody.json", ("custody", "P1")),
        ("custody.pdf", ("custody", "P1")),
        ("audit.json", ("audit", "--from", "today", "--to", "today")),
        ("audit.pdf", ("audit", "--from", "today", "--to", "today")),
    ):
        out = tmp_path / name
        reported.does("report", *words, "--out", out)
        texts.append(_text(out) if name.endswith(".pdf") else out.read_text())
    assert all("P1" in text for text in texts)
    assert [text for text in texts for secret in (*WHO, "BAND-OF-P1") if secret in text] == []


def test_unknown_things_and_places_are_refused_in_words(reported: Terminal, tmp_path: Path) -> None:
    done = reported.run("report", "custody", "NOTHING")
    assert done.code == 2
    assert "Nothing here has the code" in done.err
    done = reported.run("report", "custody", "P1", "--to", tmp_path / "no" / "where.pdf")
    assert done.code == 2
    assert "cannot be written" in done.err
