"""`qualify`: what it checks, what it finds wrong, and the record that the station and a person sign."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from pathlib import Path

import pytest

from cryoledger.custody import qualification
from cryoledger.custody.qualification import Check, checked, must, verdict
from cryoledger.ledger.note import VerifierKey, parse_note
from tests.cli.conftest import PINS, Terminal


def test_installation_and_operation_pass_without_a_vault(terminal: Terminal, home: Path) -> None:
    before = sorted(home.rglob("*"))
    done = terminal.read("qualify")
    outcomes = {number: outcome for number, outcome, _, _ in (row[:4] for row in _rows(done["checks"]))}
    assert outcomes.pop("PQ-1") == "not run"
    assert outcomes.pop("IQ-2") in ("passed", "not run")
    assert len(outcomes) == 18
    assert set(outcomes.values()) == {"passed"}, done["checks"]
    assert sorted(home.rglob("*")) == before  # the scratch vault is gone


def _rows(checks: list[list[str]]) -> list[tuple[str, str, str, str]]:
    return [(number, outcome, expected, found) for number, outcome, expected, found in checks]


def test_record_is_a_note_that_station_and_quality_signed(furnished: Terminal, tmp_path: Path) -> None:
    entries = furnished.read("verify")["entries"]
    out = tmp_path / "record.note"
    done = furnished.run("qualify", "--out", out, "--as", "quinn.o", stdin=PINS["quinn.o"] + "\n")
    assert done.code == 1  # never backed up
    assert "PQ-1 passed" in done.out
    assert "PQ-2 failed" in done.out
    note = parse_note(out.read_bytes())
    assert note.text.startswith(b"cryoledger/qualification/v1\n")
    assert [line.name for line in note.signatures] == ["freezer-room-1", "quinn.o"]
    keys = {key["name"]: key["vkey"] for key in furnished.read("keys")}
    for line in note.signatures:
        VerifierKey.parse(keys[line.name]).verify(note.text, line)
    assert furnished.read("verify")["entries"] == entries


def test_record_as_pdf_holds_the_verdict_every_check_and_the_rules(furnished: Terminal, tmp_path: Path) -> None:
    furnished.does("backup", tmp_path / "copy.cryoledger", "--test")
    out = tmp_path / "record.pdf"
    furnished.does("qualify", "--out", out, by="quinn.o")
    text = subprocess.run(["pdftotext", "-layout", out, "-"], capture_output=True, text=True, check=True).stdout
    assert "21 checks passed, none failed." in text or "20 checks passed, 1 not run (IQ-2), none failed." in text
    assert "OQ-10" in text
    assert "tests/domain/test_storage.py" in text
    assert "quinn.o" in text
    assert text.index("I1 ") < text.index("I10 ")


def test_tampered_vault_and_wrong_role_are_said(furnished: Terminal, tmp_path: Path) -> None:
    refused = furnished.run("qualify", "--as", "maria.s", stdin=PINS["maria.s"] + "\n")
    assert refused.code == 2
    assert "neither quality officer nor administrator" in refused.err
    with sqlite3.connect(furnished.vault) as database:
        database.execute("UPDATE lot SET vial_count = vial_count + 1")
    done = furnished.run("qualify", "--json")
    assert done.code == 1
    assert next(row for row in json.loads(done.out)["checks"] if row[0] == "PQ-1")[1] == "failed"


def test_check_that_finds_another_thing_fails_and_says_what() -> None:
    def look() -> str:
        return must(False, "another signature")

    check = checked("IQ-7", "The signature of the RFC.", look)
    assert (check.outcome, check.found) == ("failed", "RuntimeError: another signature")
    assert verdict([check, Check("IQ-1", "", "", "passed")]) == "1 checks passed; 1 failed (IQ-7)."


def test_changed_file_of_the_program_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    known = qualification._digest

    def altered(path: Path) -> str:
        return "0" * 43 if path.name == "events" or path.suffix == ".json" else known(path)

    monkeypatch.setattr(qualification, "_digest", altered)
    check = next(check for check in qualification.installation(Path("/")) if check.number == "IQ-2")
    assert check.outcome in ("failed", "not run")
