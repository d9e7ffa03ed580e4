"""An auditor asks for less than everything, and is told that it is less."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.cli.conftest import Terminal


def tampered(path: Path, sql: str) -> None:
    """Whoever holds the file takes the guards away, does something, and puts them back."""
    with sqlite3.connect(path) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(sql)
        for _, text in triggers:
            connection.execute(text)
    connection.close()


def test_hashes_alone_are_told_as_what_they_are(lab: Terminal) -> None:
    done = lab.run("verify", "--hash-only")
    assert done.code == 0
    assert done.out.splitlines()[-1].startswith("HASHES HOLD, NOT VERIFIED: ")
    assert "not run: signatures: nobody's" in done.out
    report = lab.read("verify", "--hash-only")
    assert (report["ok"], report["scope"]) == (True, "hashes")
    assert lab.read("verify")["scope"] == "whole"


def test_hashes_alone_find_an_altered_entry_and_a_cut_tail(lab: Terminal) -> None:
    copy = lab.folder / "copy.cryoledger"
    lab.does("backup", copy)
    change = "UPDATE entry SET note = CAST(replace(CAST(note AS TEXT), 'Maria', 'Marta') AS BLOB)"
    tampered(lab.vault, change)
    found = lab.run("verify", "--hash-only", "--json")
    assert (found.code, found.json["ok"]) == (1, False)
    assert found.json["findings"][0]["sequence"] is not None
    assert lab.run("verify", copy, "--hash-only").code == 0
    tampered(copy, "DELETE FROM entry WHERE sequence = (SELECT max(sequence) FROM entry)")
    cut = lab.run("verify", copy, "--hash-only")
    assert cut.code == 1
    assert "shorter than the one this station remembers" in cut.out


def test_hashes_alone_find_a_guard_that_is_gone(lab: Terminal) -> None:
    with sqlite3.connect(lab.vault) as connection:
        connection.execute("DROP TRIGGER entry_no_update")
    assert "guard entry_no_update is gone" in lab.run("verify", "--hash-only").out


def test_without_a_vault_there_is_nothing_to_hash(terminal: Terminal) -> None:
    done = terminal.run("verify", "--hash-only")
    assert done.code == 2
    assert "Could not verify" in done.err


def noted(lab: Terminal) -> str:
    """A donor with a note under her own key, and the hash that its entry commits to."""
    note = lab.folder / "note.txt"
    note.write_text("She called on Tuesday.")
    lab.does("donor", "add", "D8", "--consent", "therapy", "--given-on", "2025-01-01", "--note", note, by="maria.s")
    with sqlite3.connect(lab.vault) as connection:
        return str(connection.execute("SELECT sha256 FROM document").fetchone()[0])


def test_notes_are_compared_with_what_their_entries_commit_to(lab: Terminal) -> None:
    sha256 = noted(lab)
    report = lab.read("verify")
    assert "documents: 1 compared with the hashes that their entries commit to" in report["covers"]
    assert not any(line.startswith("documents") for line in report["not_run"])
    copy = lab.folder / "copy.cryoledger"
    lab.does("backup", copy)
    tampered(lab.vault, "UPDATE document SET content = zeroblob(length(content))")
    found = lab.run("verify", "--json")
    assert found.code == 1
    assert found.json["findings"][0]["row"] == sha256
    assert found.json["findings"][0]["sequence"] == found.json["entries"] - 1
    tampered(copy, "DELETE FROM document")
    assert "The document that this entry names is missing." in lab.run("verify", copy).out


def test_an_auditor_without_the_stations_keys_is_told_what_was_not_compared(lab: Terminal) -> None:
    noted(lab)
    for path in lab.folder.rglob("subjects.keys"):
        path.unlink()
    done = lab.does("verify")
    assert "not run: documents: 1 are there, but cannot be opened: this machine lacks their keys" in done.out
