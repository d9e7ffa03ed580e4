"""What a new user stumbled over: advice that led nowhere, times of another zone, an act that said more than meant."""

from __future__ import annotations

import pytest

from cryoledger.cli import exit_codes
from tests.cli.conftest import Terminal, release, to_dose


@pytest.fixture
def stocked(furnished: Terminal) -> Terminal:
    release(furnished)
    return furnished


def test_who_issues_a_stored_vial_is_told_to_take_it_out_first(stocked: Terminal) -> None:
    one, other, _ = (row["code"] for row in stocked.read("vial", "list", "--of", "L1"))
    stocked.does("vial", "store", "FRZ-1-R1-B1", one, by="maria.s")
    for words, said in (
        (("vial", "return", "FRZ-1-R1-B1", one), "this needs it out. Take it out first."),
        (("vial", "move", "FRZ-1-R1-B1", other), "this needs it stored. Store or return it first."),
    ):
        assert said in stocked.run(*words, "--as", "maria.s").err


def test_a_box_check_that_names_no_vial_makes_nothing_missing_by_itself(stocked: Terminal) -> None:
    code = stocked.read("vial", "list", "--of", "L1")[0]["code"]
    stocked.does("vial", "store", "FRZ-1-R1-B1", code, by="maria.s")
    refused = stocked.run("unit", "check", "FRZ-1-R1-B1", "--as", "maria.s", stdin="161803\n")
    assert refused.code == exit_codes.USAGE
    assert "No vial was named, and 1 are recorded in FRZ-1-R1-B1" in refused.err
    stocked.does("unit", "check", "FRZ-1-R1-B2", by="maria.s")  # nothing is recorded in it
    stocked.does("unit", "check", "FRZ-1-R1-B1", "--empty", by="maria.s")
    assert stocked.read("vial", "list", "--of", "L1")[0]["custody"] == "missing"


def test_an_empty_vial_is_told_as_empty_and_times_are_those_of_the_site(stocked: Terminal) -> None:
    code = to_dose(stocked)
    again = stocked.run(
        "prepare", "DOSE-2", "--order", "O1", code, "--cells", "1M", "--viability", "91", "--as", "petra.v"
    )
    assert f"Vial {code} is empty: all of it was used." in again.err
    (dose,) = stocked.read("dose", "list")
    listed = stocked.does("dose", "list").out
    assert dose["deadline"].endswith("Z")
    assert dose["deadline"] not in listed
    assert stocked.does("dose", "DOSE-1").out.split("deadline")[1].split("+07:00")[0].strip() in listed


def test_an_empty_list_says_so(lab: Terminal) -> None:
    listed = lab.does("hold", "list")
    assert "There is none." in listed.err
    assert lab.read("hold", "list") == []


def test_a_product_without_tests_is_not_defined_unasked(lab: Terminal) -> None:
    refused = lab.run("product", "add", "X", "--name", "Y", "--as", "quinn.o", stdin="314159\n")
    assert refused.code == exit_codes.USAGE
    assert "No test of X was named" in refused.err
    lab.does("product", "add", "X", "--name", "Y", "--without-tests", by="quinn.o")


def test_release_names_every_missing_test_and_a_bad_result_is_told_before_it_is_signed(furnished: Terminal) -> None:
    refused = furnished.run("lot", "release", "L1", "--as", "quinn.o", stdin="314159\n")
    assert "Lot L1 has no result for sterility, viability. Record it first." in refused.err
    words = ("lot", "test", "L1", "viability=9.25", "sterility=negative", "--tested-on", "2025-02-03", "--method", "x")
    told = furnished.does(*words, by="maria.s").err
    assert told.index("OUT OF LIMITS: viability.") < told.index("Signing as")
    refused = furnished.run("lot", "release", "L1", "--as", "quinn.o", stdin="314159\n")
    assert "`correct test`" in refused.err


def test_a_person_enrolled_twice_is_told_before_the_pins(lab: Terminal) -> None:
    told = lab.run("person", "add", "maria SILVA", "--role", "witness", "--as", "ines.a", "--with", "quinn.o").err
    assert told.index("is enrolled already, as maria.s: go on only for another person.") < told.index("Signing as")


def test_who_signs_for_another_persons_pin_is_told_what_is_meant(lab: Terminal) -> None:
    refused = lab.run("person", "pin", "maria.s", "--as", "ines.a", stdin="271828\n")
    assert refused.code == exit_codes.USAGE
    assert "add --replace" in refused.err


def test_backups_are_told_at_the_site_and_a_test_restore_that_never_was_is_no_old_one(lab: Terminal) -> None:
    lab.does("backup", lab.folder / "one.cryoledger")
    told = lab.run("backups")
    assert (told.code, "LATE: there was no test restore yet." in told.out) == (exit_codes.FINDINGS, True)
    assert "(Asia/Bangkok)  one.cryoledger" in told.out


def test_a_checkpoint_sheet_is_a_page_of_a_kind_that_it_knows(lab: Terminal) -> None:
    refused = lab.run("checkpoint", "sheet", "--out", lab.folder / "monday.doc")
    assert (refused.code, "neither .pdf nor .png nor .txt" in refused.err) == (exit_codes.USAGE, True)
    assert not (lab.folder / "monday.doc").exists()


def test_a_missing_role_names_the_signature_that_it_is_missing_for(lab: Terminal) -> None:
    assert "To sign as 'approved' needs that role." in lab.run("product", "add", "X", "--without-tests", "--name", "Y",
                                                              "--as", "maria.s").err  # fmt: skip
