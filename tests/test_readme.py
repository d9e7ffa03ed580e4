"""Everything in the README is run: its laboratory, command by command, in a vault of this test's own."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Terminal

README = Path(__file__).resolve().parent.parent / "README.md"
PINS = {
    "ines.a": "271828",
    "quinn.o": "314159",
    "maria.s": "161803",
    "petra.v": "141421",
    "carlos.m": "173205",
    "somchai.k": "223606",
}
BAND = "WB-0042-Q"
WHO = ["Planted, Namewell", "1961-02-03", "MRN-PLANTED-77", "12 Planted Road"]
INVENTORY = README.parent / "tests" / "vectors" / "inventory" / "inventory.csv"


def commands() -> list[list[str]]:
    blocks = re.findall(r"```console\n(.*?)```", README.read_text(), re.DOTALL)
    return [shlex.split(line[2:]) for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def stdin_of(words: list[str]) -> str:
    """What the people named in a command enter: a wristband's scan first, then PINs in order."""
    lines = [BAND] if words[1] == "bedside-check" or words[1:3] == ["patient", "add"] else []
    lines += WHO if words[1:3] == ["identity", "record"] else []
    lines += [PINS[words[at + 1]] for at, word in enumerate(words) if word in ("--as", "--with")]
    if words[1] == "init":
        lines.append(PINS["ines.a"])
    if words[1:3] == ["person", "add"]:
        first, last = words[3].lower().split()
        lines.append(PINS[f"{first}.{last[0]}"])
    return "".join(f"{line}\n" for line in lines)


def test_every_command_of_the_readme_does_what_it_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process, which spares sixty starts; the installed program is run by CI's demo and `tests/cli`."""
    monkeypatch.setenv("CRYOLEDGER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CRYOLEDGER_VAULT", str(tmp_path / "lab.cryoledger"))
    monkeypatch.chdir(tmp_path)
    terminal = Terminal(tmp_path, capsys, monkeypatch)
    shutil.copy(INVENTORY, tmp_path / "inventory.csv")

    def run(words: list[str]) -> str:
        done = terminal.run(*words[1:], stdin=stdin_of(words))
        assert done.code == 0, (words, done)
        assert BAND not in done.out + done.err
        return done.out

    for words in commands():
        if words[1] == "complete":  # the README's clock times are an example's: here it starts after the check
            checked = json.loads(run(["cryoledger", "dose", "show", "DOSE-1", "--json"]))["row"]["last_at"]
            words = [checked if re.fullmatch(r"\d\d:\d\d", word) else word for word in words]
        out = run(words)
        if words[1:3] == ["checkpoint", "keys"]:
            (tmp_path / "my.policy").write_text(f"{out}quorum none\n")
        if words[1:3] == ["receipt", "verify"]:
            assert "PROVEN" in out
            assert "AdministrationCompleted" in out
        if words[1] == "trace":
            assert "donor D1" in out
            assert "Somchai Kittisak (somchai.k), witnessed" in out
        if words[1:3] == ["identity", "show"]:
            assert all(text in out for text in WHO)
    personal = [text.encode() for text in (BAND, *WHO)]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in files if any(text in path.read_bytes() for text in personal)] == []


def test_the_two_commands_for_a_fresh_machine_are_there_for_ci() -> None:
    found = re.findall(r"<!-- run: (\w+) -->\n```sh\n(.+?)\n```", README.read_text(), re.DOTALL)
    assert [name for name, _ in found] == ["demo", "tests"]
    assert all(text.startswith("python3 -m venv .venv") for _, text in found)


def test_commands_that_are_taught_exist() -> None:
    assert len(commands()) > 30
