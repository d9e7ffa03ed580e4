"""The installed program as a process of its own, with everything as it is in use."""

from __future__ import annotations

import json
import subprocess

from tests.cli.conftest import ORIGIN, PROGRAM, Terminal

PIN = b"271828\n"


def test_a_vault_is_made_staffed_read_and_verified(terminal: Terminal) -> None:
    made = terminal.process(
        "init", terminal.vault, "--origin", ORIGIN, "--admin", "Ines Almeida", "--pin-stdin", "--json", stdin=PIN
    )
    assert made.code == 0, made.err
    told = json.loads(made.out)
    assert told["name"] == "ines.a"
    assert told["badge"].startswith("BDG-")
    assert [key.split("+")[0] for key in told["log_keys"]] == [ORIGIN, ORIGIN]
    sheet = terminal.folder / "lab.recovery-sheet.txt"
    assert told["recovery_sheet"] == str(sheet)
    assert sheet.exists()
    assert "271828" not in made.out + made.err
    added = terminal.process(
        "person", "add", "Quinn Osei", "--role", "quality officer", "--as", "ines.a", stdin=PIN + b"314159\n"
    )
    assert added.code == 0, added.err
    assert "Signing as issued: KeyIssued: Quinn Osei, quality officer" in added.err
    entries = [json.loads(line) for line in terminal.process("entries", "--json").out.splitlines()]
    assert [entry["sequence"] for entry in entries] == [0, 1]
    assert entries[0]["leaf_hash"] == told["fingerprint"]
    assert terminal.process("entries", "--from", "1").out == entries[1]["note"] + "\n"
    verified = terminal.process("verify", "--fingerprint", told["fingerprint"])
    assert verified.code == 0, verified.out
    assert verified.out.splitlines()[-1] == "VERIFIED: 2 entries"


def test_the_vault_option_stands_before_or_after_the_command(lab: Terminal) -> None:
    for words in (["--vault", str(lab.vault), "freezers"], ["freezers", "--vault", str(lab.vault)]):
        assert lab.process(*words, CRYOLEDGER_VAULT="/nowhere").code == 0
    assert lab.process("freezers", CRYOLEDGER_VAULT="/nowhere").code == 5


def test_whoever_stops_reading_causes_no_noise(lab: Terminal) -> None:
    script = f"yes BKV000001W | '{PROGRAM}' codes read | head -c 10; exit ${{PIPESTATUS[1]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 141


def test_names_survive_a_terminal_of_ascii(lab: Terminal) -> None:
    lab.does("unit", "add", "F1", "--name", "Tiefkühler", by="ines.a")
    done = lab.process("freezers", PYTHONIOENCODING="ascii")
    assert done.code == 0
    assert "Tiefk\\xfchler (F1)" in done.out
