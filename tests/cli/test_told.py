"""What a person is told before signing, and at the end of long or large things: words, not field names or key bytes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cryoledger.cli import exit_codes
from cryoledger.cli.key_words import short
from cryoledger.cli.progress_bar import Bar
from cryoledger.documents.telling import act
from cryoledger.domain import catalogue
from tests.cli.conftest import Terminal, release, to_dose
from tests.test_architecture import PACKAGE


def test_init_and_keys_show_long_keys_by_their_key_id(terminal: Terminal) -> None:
    told = terminal.init()
    (long,) = [key for key in terminal.read("checkpoint", "keys") if len(key) > 1000]
    listed = terminal.does("keys")
    for shown in (told.out, listed.out):
        assert max(map(len, shown.splitlines())) < 300
        assert short(long) in shown
        assert long.split("+")[1] in shown
    assert "checkpoint keys --out" in told.err
    assert "keys --json" in listed.err
    assert long in {row["vkey"] for row in terminal.read("keys")}


def test_a_policy_starts_with_the_whole_keys_in_a_file_or_a_pipe(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal.init()
    path, keys = terminal.folder / "my.policy", terminal.read("checkpoint", "keys")
    lines = "".join(f"log {key}\n" for key in keys)
    terminal.does("checkpoint", "keys", "--out", path)
    assert path.read_text() == terminal.does("checkpoint", "keys").out == lines
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    at_terminal = terminal.run("checkpoint", "keys")
    assert max(map(len, at_terminal.out.splitlines())) < 300
    assert "--out my.policy" in at_terminal.err


def test_who_signs_reads_the_act_in_words_with_positions_as_labelled(furnished: Terminal) -> None:
    release(furnished)
    code = furnished.read("vial", "list", "--of", "L1")[0]["code"]
    stored = furnished.does("vial", "store", "FRZ-1-R1-B1", f"{code}@B3", by="maria.s")
    assert f"Signing as performed: VialsStored: unit FRZ-1-R1-B1, vials {code} at B3\n" in stored.err
    held = furnished.does("hold", "place", code, "--scope", "vial", "--reason", "label", by="quinn.o")
    assert "_" not in held.err
    assert "Signing as held: HoldPlaced: scope vial, codes " in held.err


def test_the_screen_and_the_command_line_tell_an_act_in_the_same_words() -> None:
    event = catalogue.parse("VialsTakenOut", {"vials": ["V1"], "purpose": "order", "order": "O1"})
    assert act(event) == ("VialsTakenOut", "vials V1, purpose order, order O1")
    for room in ("cli/acts.py", "tui/signing_reading.py"):
        assert "documents.telling import act" in (PACKAGE / room).read_text()


def test_complete_names_the_bedside_check_that_it_completes(furnished: Terminal) -> None:
    release(furnished)
    to_dose(furnished)
    furnished.does("hand-over", "DOSE-1", "--to", "carlos.m", by="petra.v carlos.m")
    furnished.does("bedside-check", "DOSE-1", by="carlos.m somchai.k", first="BAND-OF-P1")
    entry = furnished.read("verify")["entries"] - 1
    words = ("complete", "DOSE-1", "--started", "2026-01-01 10:00", "--ended", "2026-01-01 10:01")
    refused = furnished.run(*words, "--as", "carlos.m", "--with", "somchai.k")
    assert "Completes the bedside check of dose DOSE-1 at " in refused.err
    assert f"(Asia/Bangkok), entry {entry}, by carlos.m and somchai.k." in refused.err
    assert "The dose was checked at 20" in refused.err


def test_a_missing_recovery_sheet_is_told_as_such(lab: Terminal) -> None:
    missing = lab.folder / "nowhere.txt"
    for words in (("person", "recover", "Omar Bell"), ("restore", "--go-on")):
        told = lab.run(*words, "--sheet", missing, stdin="908172\n908172\n")
        assert f"There is no recovery sheet at {missing}. Open the sealed envelope" in told.err
        assert "Join the station" not in told.err


class Screen:
    """A stderr at which somebody looks."""

    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass


@pytest.mark.parametrize("end", ["done", "stopped"])
def test_every_bar_is_the_one_bar_and_gives_the_cursor_back(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with Bar() as bar:
        told = bar.of("entries")
        told(1, 4)
        if end == "done":
            told(4, 4)
    assert "entries" in screen.text
    assert screen.text.count("\x1b[?25l") == screen.text.count("\x1b[?25h") == 1
    for path in sorted((PACKAGE / "cli").rglob("*.py")):
        assert r"\r" not in _code(path) or path.name in {"progress_bar.py", "asking.py"}, path


def _code(path: Path) -> str:
    return "".join(line for line in path.read_text().splitlines(keepends=True) if "stderr.write" in line)


def test_a_translation_is_begun_gone_on_with_and_checked(terminal: Terminal) -> None:
    begun = terminal.does("manual", "texts-file")
    place = Path(begun.err.split("It belongs to ")[1].split(";")[0])
    place.parent.mkdir(parents=True, exist_ok=True)
    why, unsaid = '# "Why?" = "Why?"', '"Said no more." = "x"\n'
    place.write_text(begun.out.replace(why, '"Why?" = "Warum?"').replace("[messages]\n", f"[messages]\n{unsaid}"))
    assert '\n"Why?" = "Warum?"\n' in terminal.does("manual", "texts-file").out
    checked = terminal.does("manual", "texts-check")
    assert "1 of 2" in checked.err
    assert "Said no more." in checked.err
    assert "Why?" not in next(
        each for each in terminal.read("manual", "texts-check")["parts"] if "scans" in each["part"]
    )
    place.write_text('[messages]\n"Why?" = "{1}"\n"Which key?" = "a\\nb"\n')
    wrong = terminal.run("manual", "texts-check", place)
    assert wrong.code == exit_codes.FINDINGS
    assert "in line 2" in wrong.err
    assert "in line 3" in wrong.err
    assert terminal.run("manual", "texts-check", place.with_name("none.toml")).code == exit_codes.STATION
