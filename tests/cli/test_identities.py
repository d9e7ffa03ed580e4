"""Identities from the command line: what names a person is on stdin and stdout, and nowhere else (I9)."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import PINS, Terminal

WHO = "Planted, Namewell\n1961-02-03\nMRN-PLANTED-77\n12 Planted Road\n"


def keep(terminal: Terminal) -> None:
    terminal.does("patient", "add", "P7", by="carlos.m", first="BAND-OF-P7")
    terminal.does("identity", "grant", "quinn.o", by="ines.a quinn.o")
    done = terminal.run("identity", "record", "patient", "P7", "--as", "quinn.o", stdin=WHO + PINS["quinn.o"] + "\n")
    assert done.code == 0, done
    assert "Planted" not in done.out + done.err


def test_identity_is_kept_shown_and_listed_by_code_only(furnished: Terminal) -> None:
    keep(furnished)
    shown = furnished.does("identity", "show", "patient", "P7", "--reason", "trace", by="quinn.o")
    assert "Planted, Namewell" in shown.out
    listed = furnished.does("identity", "list").out
    assert "P7" in listed
    assert "Planted" not in listed
    told = furnished.does("history", "P7").out
    assert "IdentityShown" in told
    assert "Planted" not in told


def test_i9_identity_is_in_no_file_of_station_vault_or_backup(furnished: Terminal, tmp_path: Path) -> None:
    keep(furnished)
    furnished.does("backup", tmp_path / "copy.cryoledger", "--test")
    assert furnished.read("verify")["ok"]
    planted = (b"Planted", b"1961-02-03", b"MRN-PLANTED", b"BAND-OF-P7")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name == "copy.cryoledger" for path in files)
    assert [path for path in files if any(text in path.read_bytes() for text in planted)] == []


def test_person_without_the_key_is_refused_and_the_ledger_says_so(furnished: Terminal) -> None:
    keep(furnished)
    done = furnished.run(
        "identity", "show", "patient", "P7", "--reason", "trace", "--as", "carlos.m", stdin=PINS["carlos.m"] + "\n"
    )
    assert done.code == 3
    assert "does not hold the identity key" in done.err
    assert not done.out
    assert "RequestRefused" in furnished.does("history", "P7").out


def test_forgetting_destroys_the_key_and_everything_verifies(furnished: Terminal, tmp_path: Path) -> None:
    keep(furnished)
    safe = tmp_path / "safe"
    safe.mkdir()
    furnished.does("identity", "backup", safe)
    done = furnished.does("identity", "forget", "patient", "P7", "--reason", "subject-request", by="ines.a quinn.o")
    assert "no copy of the identity can be opened" in done.out
    (copy,) = safe.iterdir()
    furnished.does("identity", "restore", copy)
    gone = furnished.run(
        "identity", "show", "patient", "P7", "--reason", "trace", "--as", "quinn.o", stdin=PINS["quinn.o"] + "\n"
    )
    assert gone.code == 3
    assert "was forgotten" in gone.err
    assert "forgotten (" in furnished.does("identity", "list").out
    assert furnished.read("verify")["ok"]


def test_donor_of_a_lot_is_not_forgotten_before_its_retention(furnished: Terminal) -> None:
    furnished.does("identity", "grant", "quinn.o", by="ines.a quinn.o")
    done = furnished.run(
        "identity", "forget", "donor", "D1", "--reason", "subject-request", "--as", "ines.a", "--with", "quinn.o",
        stdin=f"{PINS['ines.a']}\n{PINS['quinn.o']}\n",
    )  # fmt: skip
    assert done.code == 3
    assert "must be kept until" in done.err
