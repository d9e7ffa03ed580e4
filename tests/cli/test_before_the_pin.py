"""What is refused anyway is refused before anybody types a PIN; and what used to be answered with silence."""

from __future__ import annotations

import json
from typing import Any

from cryoledger.cli import exit_codes
from tests.cli.conftest import Terminal

DONOR = ("donor", "add", "D1", "--consent", "therapy", "--given-on", "2026-01-05")


def notes(lab: Terminal) -> list[str]:
    return [json.loads(line)["note"] for line in lab.does("entries", "--json").out.splitlines()]


def refusals(lab: Terminal) -> list[dict[str, Any]]:
    events = [json.loads(note.split("\n")[4]) for note in notes(lab)]
    return [event["data"] for event in events if event["type"] == "RequestRefused"]


def test_a_code_that_is_taken_is_told_before_the_pin_and_records_nothing(lab: Terminal) -> None:
    lab.does(*DONOR, by="maria.s")
    before = notes(lab)
    again = lab.run(*DONOR, "--as", "maria.s")
    assert again.code == exit_codes.REFUSED
    assert "D1 is already the code of donor D1" in again.err
    assert "Signing as" not in again.err
    assert notes(lab) == before


def test_a_missing_role_is_told_before_the_pin_and_recorded_once_without_a_name(lab: Terminal) -> None:
    refused = lab.run("product", "add", "MSC-1", "--name", "WJ", "--test", "viability:%:80:", "--as", "maria.s")
    assert refused.code == exit_codes.REFUSED
    assert "Signing as" not in refused.err
    (recorded,) = refusals(lab)
    assert (recorded["act"], recorded["rule"], recorded.get("person")) == ("ProductDefined", "I7", None)


def test_a_refusal_for_safety_names_whoever_showed_the_pin_and_is_recorded_once(lab: Terminal) -> None:
    lab.does(*DONOR, by="maria.s")
    lab.does("donor", "withdraw", "D1", "--on", "2026-02-01", by="quinn.o")
    words = ("donation", "add", "DIN1", "--donor", "D1", "--tissue", "wharton's jelly", "--collected-on", "2026-02-02")
    refused = lab.run(*words, "--as", "maria.s", stdin="161803\n")
    assert refused.code == exit_codes.REFUSED
    assert "Signing as" in refused.err
    (recorded,) = refusals(lab)
    assert (recorded["rule"], recorded["person"]) == ("I3.consent", "maria.s")


def test_an_id_that_was_recorded_is_found_and_not_previewed(lab: Terminal) -> None:
    first = lab.does(*DONOR, "--json", by="maria.s").json
    again = lab.does(*DONOR, "--id", first["id"], "--json", by="maria.s").json
    assert again["number"] == first["number"]


def test_an_import_is_refused_before_the_pin(lab: Terminal) -> None:
    file = lab.folder / "in.csv"
    file.write_text(
        "Freezer,Box,Position,Barcode,Product,Lot,Donor,Tissue,Passage,Cells (million),Volume (mL),Date frozen,Expiry\n"
        "F1,B1,A1,V1,MSC-1,L1,D1,Wharton's jelly,3,10,1,2024-06-10,2049-06-10\n"
    )
    refused = lab.run("import", "inventory", file, "--as", "petra.v")
    assert refused.code == exit_codes.REFUSED
    assert "Signing as" not in refused.err


def test_entries_the_wrong_way_round_or_beyond_the_last_are_told(lab: Terminal) -> None:
    wrong = lab.run("entries", "--from", "5", "--to", "2")
    assert (wrong.code, "--to 2 lies before --from 5" in wrong.err) == (exit_codes.USAGE, True)
    beyond = lab.run("entries", "--from", "5000")
    assert (beyond.code, "There is no entry from 5000 on: the last is" in beyond.err) == (exit_codes.FINDINGS, True)


def test_the_story_of_a_person_begins_with_their_enrolment(lab: Terminal) -> None:
    (first, *_) = lab.read("history", "ines.a")
    assert first["type"] == "VaultCreated"
    (enrolled, *_) = lab.read("history", "maria.s")
    assert enrolled["type"] == "KeyIssued"
    assert lab.run("history", "nobody.x").code == exit_codes.USAGE
