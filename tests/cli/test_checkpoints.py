"""An administrator takes the ledger's head out on paper and in files; an auditor verifies against what was taken."""

from __future__ import annotations

import sqlite3
import subprocess
from pathlib import Path

import pytest

from cryoledger.documents.pictures import read_symbol
from cryoledger.ledger.checkpoint import parse_checkpoint
from tests.cli.conftest import ORIGIN, Terminal


def test_work_ends_in_a_checkpoint_that_verify_compares(lab: Terminal) -> None:
    told = lab.read("checkpoint", "list")
    assert told["checkpoints"][-1]["size"] == told["entries"]
    assert told["exposed"] == told["entries"]
    report = lab.read("verify")
    assert report["ok"]
    assert any(line.startswith("checkpoints: ") for line in report["covers"])
    assert any("no head of it is known to be held outside" in line for line in report["covers"])
    assert not any("checkpoints" in line for line in report["not_run"])


def test_uncosigned_checkpoints_that_nobody_was_given_do_not_pile_up(lab: Terminal) -> None:
    first = len(lab.read("checkpoint", "list")["checkpoints"])
    lab.does("checkpoint", "sign")
    for number in range(3):
        lab.does("unit", "add", f"F{number}", "--kind", "freezer", "--name", f"F{number}", by="ines.a")
    kept = lab.read("checkpoint", "list")["checkpoints"]
    assert first == 1
    assert len(kept) == 2


def test_a_checkpoint_bears_both_lines_of_the_log(lab: Terminal) -> None:
    out = lab.folder / "monday.checkpoint"
    lab.does("checkpoint", "sign", "--out", out)
    signed = parse_checkpoint(out.read_bytes())
    assert [len(line.signature) for line in signed.signatures] == [64, 8 + 2420]
    assert signed.checkpoint.origin == ORIGIN
    assert lab.does("verify", "--checkpoint", out).code == 0


@pytest.mark.parametrize("suffix", ["png", "pdf"])
def test_the_sheets_code_reads_back_as_the_checkpoint(lab: Terminal, suffix: str) -> None:
    out = lab.folder / f"sheet.{suffix}"
    lab.does("checkpoint", "sheet", "--out", out)
    picture = out
    if suffix == "pdf":
        subprocess.run(["pdftoppm", "-r", "150", "-png", "-singlefile", out, lab.folder / "page"], check=True)
        picture = lab.folder / "page.png"
    signed = parse_checkpoint(read_symbol(picture.read_bytes(), picture.name))
    assert len(signed.encode()) < 300
    assert lab.does("verify", "--checkpoint", picture).code == 0


def test_the_sheet_says_what_an_auditor_compares(lab: Terminal) -> None:
    out = lab.folder / "sheet.txt"
    lab.does("checkpoint", "sheet", "--out", out)
    text = out.read_text()
    assert ORIGIN in text
    assert "Fingerprint" in text
    assert "exposed window" in text
    vkey = lab.read("checkpoint", "keys")[0]
    assert vkey in "".join(text.split())


def _delete_last(path: Path) -> None:
    """Cut the last entry as whoever holds the file can, with the checkpoints that would tell."""
    with sqlite3.connect(path) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("DELETE FROM entry WHERE sequence = (SELECT max(sequence) FROM entry)")
        connection.execute("DELETE FROM checkpoint")


def test_a_head_that_an_auditor_kept_shows_that_the_tail_was_cut(lab: Terminal) -> None:
    out = lab.folder / "kept.checkpoint"
    lab.does("checkpoint", "sign", "--out", out)
    _delete_last(lab.vault)
    found = lab.run("verify", "--checkpoint", out)
    assert found.code == 1
    assert "rolled back or cut" in found.out


def test_a_vault_that_was_changed_underneath_signs_no_checkpoint(lab: Terminal) -> None:
    lab.does("checkpoint", "sign")
    with sqlite3.connect(lab.vault) as connection:
        (trigger,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'entry_no_update'").fetchone()
        connection.execute("DROP TRIGGER entry_no_update")
        connection.execute("UPDATE entry SET leaf_hash = zeroblob(32) WHERE sequence = 2")
        connection.execute(trigger)
    refused = lab.run("checkpoint", "sign")
    assert refused.code == 5
    done = lab.run("unit", "add", "F1", "--kind", "freezer", "--name", "F1", "--as", "ines.a", stdin="271828\n")
    assert done.code == 0
    refused = lab.run("checkpoint", "sign")
    assert refused.code != 0
    assert "does not extend the checkpoint" in refused.err
