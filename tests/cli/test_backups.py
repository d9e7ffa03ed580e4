"""The commands that copy a vault and bring it back, as a person types them."""

from __future__ import annotations

import os

from cryoledger.cli import exit_codes
from tests.cli.conftest import PINS, Terminal


def lose_something(lab: Terminal) -> None:
    """Back up, record more, then lose the vault's file."""
    lab.does("backup", lab.folder / "b.cryoledger")
    lab.does("unit", "add", "FRZ-9", "--kind", "freezer", "--name", "Freezer 9", by="ines.a")
    lab.vault.rename(lab.folder / "lost")


def test_backup_test_and_age(lab: Terminal) -> None:
    late = lab.run("backups", "--json")
    assert late.code == exit_codes.FINDINGS
    assert late.json == {"backup": None, "test_restore": None, "late": True, "by_server": False}
    made = lab.does("backup", lab.folder, "--test", "--json")
    assert made.json["sound"]
    assert made.json["backup"].endswith(".cryoledger")
    assert "recovery sheet" in made.err
    again = lab.does("backup", made.json["backup"], "--test", "--json")
    assert again.json == {"tested": made.json["backup"], "sound": True}
    assert not lab.read("backups")["late"]


def test_restore_declare_and_work(lab: Terminal) -> None:
    lose_something(lab)
    done = lab.does("restore", lab.folder / "b.cryoledger", lab.vault)
    assert "--declare" in done.err
    alarmed = lab.run("unit", "list")
    assert alarmed.code == exit_codes.VAULT
    assert "ALARM" in alarmed.err
    assert "restore --declare" in alarmed.err
    declared = lab.does("restore", "--declare", "--json", by="ines.a quinn.o")
    assert declared.json == {"epoch": 2, "sequence": 0, "type": "LedgerRestored"}
    assert "Signing as restored" in declared.err
    lab.does("unit", "add", "FRZ-9", "--kind", "freezer", "--name", "Freezer 9", by="ines.a")
    assert lab.run("verify").code == exit_codes.OK


def test_at_night(lab: Terminal) -> None:
    lose_something(lab)
    lab.does("restore", lab.folder / "b.cryoledger", lab.vault)
    gone_on = lab.does("restore", "--go-on")
    assert "UNRECONCILED" in gone_on.err
    refused = lab.run("unit", "add", "F1", "--kind", "freezer", "--name", "F1", "--as", "ines.a",
                      stdin=PINS["ines.a"] + "\n")  # fmt: skip
    assert refused.code == exit_codes.REFUSED
    assert "UNRECONCILED since entry 2/0" in refused.err
    assert "restore --declare" in refused.err
    lab.does("restore", "--declare", by="ines.a quinn.o")
    lab.does("unit", "add", "F1", "--kind", "freezer", "--name", "F1", by="ines.a")


def test_a_burnt_machine_is_replaced_with_the_recovery_sheet(lab: Terminal) -> None:
    lose_something(lab)
    sheet = next(lab.folder.glob("*.recovery-sheet.txt"))
    os.environ["CRYOLEDGER_HOME"] = str(lab.folder / "new")  # the fixture's monkeypatch puts it back
    lab.does("restore", lab.folder / "b.cryoledger", lab.vault, "--sheet", sheet)
    lab.does("restore", "--declare", by="ines.a quinn.o")
    lab.does("unit", "add", "FRZ-9", "--kind", "freezer", "--name", "Freezer 9", by="ines.a")
    assert lab.run("verify").code == exit_codes.OK


def test_words_that_do_not_fit(lab: Terminal) -> None:
    for words in ((), ("b",), ("b", "t", "--declare"), ("--declare", "--go-on")):
        done = lab.run("restore", *words)
        assert done.code == exit_codes.USAGE, words
    assert lab.run("restore", "--go-on").code == exit_codes.USAGE  # nothing is lost
    assert lab.run("restore", lab.folder / "none", lab.folder / "t").code == exit_codes.VAULT
    assert lab.run("backup", "/nowhere/at/all").code == exit_codes.VAULT
    assert lab.run("backup", lab.vault).code == exit_codes.VAULT
