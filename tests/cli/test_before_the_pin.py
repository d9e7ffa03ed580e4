"""What is refused anyway is refused before anybody types a PIN; and what used to be answered with silence."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from cryoledger.cli import exit_codes
from tests.cli.conftest import PROGRAM, Terminal

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


GRID = ("unit", "add", "FRZ-9", "--kind", "freezer", "--name", "Freezer 9", "--grid", "1x2x9x9")


@pytest.mark.parametrize(
    ("words", "signers", "said"),
    [
        (("person", "add", "Nia Roe", "--role", "witness"), "maria.s quinn.o", "is no administrator"),
        (("person", "add", "Nia Roe", "--role", "witness", "--name", "maria.s"), "ines.a quinn.o", "signed before"),
        (("person", "pin", "maria.s", "--replace"), "ines.a petra.v", "is no administrator or quality officer"),
        (GRID, "petra.v", "is no administrator or technician"),
        (("identity", "grant", "quinn.o"), "maria.s quinn.o", "is no "),
        (("identity", "record", "patient", "P1"), "quinn.o", "does not hold the identity key"),
        (("identity", "show", "patient", "P1", "--reason", "trace"), "quinn.o", "does not hold the identity key"),
        (("identity", "withdraw", "quinn.o", "--reason", "left"), "quinn.o", "There is no identity reader quinn.o"),
        (("identity", "forget", "donor", "D9", "--reason", "other"), "ines.a quinn.o", "There is no donor D9"),
        (("qualify",), "maria.s", "is neither quality officer nor administrator"),
    ],
)  # fmt: skip
def test_what_needs_keys_of_its_own_is_judged_before_the_pin_too(
    lab: Terminal, words: tuple[str, ...], signers: str, said: str
) -> None:
    options = [text for at, name in enumerate(signers.split()) for text in ("--with" if at else "--as", name)]
    refused = lab.run(*words, *options)  # no line of stdin: a question would end in another error
    assert said in refused.err
    assert "Signing as" not in refused.err
    assert refused.code != 0


def test_a_series_of_units_is_refused_whole_where_one_code_is_taken(lab: Terminal) -> None:
    lab.does("donor", "add", "FRZ-9-R1-B2", "--consent", "therapy", "--given-on", "2026-01-05", by="maria.s")
    before = notes(lab)
    refused = lab.run(*GRID, "--as", "ines.a")
    assert "FRZ-9-R1-B2 is already the code of donor FRZ-9-R1-B2" in refused.err
    assert notes(lab) == before


def test_more_lines_than_were_asked_for_record_nothing(lab: Terminal) -> None:
    before = notes(lab)
    refused = lab.run(*DONOR, "--as", "maria.s", stdin="161803\n314159\n")
    assert refused.code == exit_codes.USAGE
    assert "more lines than were asked for" in refused.err
    assert "314159" not in refused.err
    assert notes(lab) == before
    lab.run(*DONOR, "--as", "maria.s", stdin="161803\n\n")  # an empty line is none
    assert len(notes(lab)) == len(before) + 1


def test_more_lines_are_found_in_a_pipe_that_stays_open_without_waiting_for_its_end(lab: Terminal) -> None:
    before = notes(lab)
    for extra, recorded in ((b"314159\n", 0), (b"", 1)):
        program = [str(PROGRAM), *DONOR, "--as", "maria.s"]
        with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
            assert process.stdin is not None
            process.stdin.write(b"161803\n" + extra)
            process.stdin.flush()
            process.wait(60)  # its stdin is open all the while
        assert len(notes(lab)) == len(before) + recorded
