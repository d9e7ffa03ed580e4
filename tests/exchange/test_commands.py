"""`cryoledger import` and `cryoledger export` as they are typed."""

from __future__ import annotations

import io
import json
import os
import shlex
import signal
import sqlite3
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cryoledger import cli
from cryoledger.cli.sample import people
from cryoledger.custody.imports import import_parts
from cryoledger.custody.vault import Vault
from tests.exchange.laboratory import VECTORS, row, table


class Typed:
    """Commands, with the PINs of whoever signs."""

    def __init__(self, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._patch = patch
        self.code, self.out, self.err = 0, "", ""

    def __call__(self, *words: object, by: people.Member | None = None) -> Any:
        options = ["--as", by.name] if by is not None else []
        stdin = io.TextIOWrapper(io.BytesIO(f"{by.pin}\n".encode() if by is not None else b""), encoding="utf-8")
        self._patch.setattr(sys, "stdin", stdin)
        self._capsys.readouterr()
        self.code = cli.run([*map(str, words), *options])
        self.out, self.err = self._capsys.readouterr()
        return json.loads(self.out) if "--json" in words and self.out else None


@pytest.fixture
def typed(vault: Vault, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Typed:
    vault.close()
    monkeypatch.setenv("CRYOLEDGER_VAULT", str(home / "lab.cryoledger"))
    return Typed(capsys, monkeypatch)


def test_the_shared_inventory_from_dry_run_to_export(typed: Typed, tmp_path: Path) -> None:
    file = VECTORS / "inventory.csv"
    dry = typed("import", "inventory", file, "--dry-run", "--json")
    assert (dry["rows"], dry["imported"], len(dry["rejected"]), dry["import"]) == (2400, 2386, 14, None)
    assert typed("import", "list", "--json") == []
    strict = typed("import", "inventory", file, "--strict", "--json", by=people.MARIA)
    assert (typed.code, strict["imported"], len(strict["rejected"])) == (1, 0, 14)
    done = typed("import", "inventory", file, "--json", by=people.MARIA)
    assert (typed.code, done["rows"], done["imported"], done["held"]) == (0, 2400, 2386, 5)
    assert done["rejected"] == dry["rejected"]
    assert done["rejected"][0] == {"row": 499, "reason": "barcode twice: CL7000490 stands in row 492 too"}
    assert done["guessed"] == dry["guessed"]
    again = typed("import", "inventory", file, "--json")
    assert (typed.code, again["imported"], again["import"]) == (0, 0, done["import"])
    assert again["rejected"] == done["rejected"]
    (listed,) = typed("import", "list", "--json")
    assert (listed["status"], listed["vial_count"]) == ("completed", 2386)
    assert typed("verify", "--json")["ok"]
    typed("export", "inventory", "--out", tmp_path / "out.csv")
    assert "Written: 2 386 vials." in typed.err
    typed("export", "inventory", "--out", tmp_path / "out.csv")
    assert typed.code == 2
    typed("export", "inventory")
    assert typed.out.count("\n") == 2387


def test_a_person_reads_what_was_rejected_and_guessed(typed: Typed) -> None:
    typed("import", "inventory", VECTORS / "inventory.csv", "--dry-run")
    assert "row 1432: no lot" in typed.out
    assert "2386 vials would come in, 14 rows rejected" in typed.out
    assert "guessed box: rows = 9, columns = 9" in typed.err


def test_release_by_statement(typed: Typed, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text(table([row(expiry="2049-06-10"), row(vial="CL2", position="A2", lot="L2", expiry="2049-06-10")]))
    number = typed("import", "inventory", file, "--json", by=people.MARIA)["import"]
    release = ("import", "release", number, "--basis", "former-release-records", "--json")
    typed(*release, by=people.QUINN)
    assert typed.code == 3
    assert "not defined" in typed.err
    typed("product", "add", "MSC-WJ", "--name", "WJ", "--test", "viability:%:70:", by=people.QUINN)
    done = typed(*release, "L1", by=people.QUINN)
    assert done["lots"] == ["L1"]
    assert typed(*release, by=people.QUINN)["lots"] == ["L2"]
    typed(*release, by=people.QUINN)
    assert typed.code == 2


def test_what_is_ambiguous_ends_with_what_to_put_into_a_map(typed: Typed, tmp_path: Path) -> None:
    file, said = tmp_path / "in.csv", tmp_path / "map.toml"
    file.write_text(table([row(frozen="03/02/2024", expiry="03/02/2029")]))
    typed("import", "inventory", file, by=people.MARIA)
    assert typed.code == 2
    assert 'dates = "day-first"' in typed.err
    said.write_text('dates = "day-first"\n')
    assert typed("import", "inventory", file, "--columns", said, "--json", by=people.MARIA)["imported"] == 1


def test_nothing_to_import_and_nothing_to_abandon(typed: Typed, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text(table([row(lot="")]))
    assert typed("import", "inventory", file, "--json", by=people.MARIA)["imported"] == 0
    assert typed.code == 1
    for words in (("import", "inventory", file, "--abandon"), ("import", "abandon", 3)):
        typed(*words, by=people.MARIA)
        assert typed.code == 2
        assert "no such import" in typed.err


def test_who_may_not_import_is_refused(typed: Typed, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text(table([row()]))
    typed("import", "inventory", file, by=people.PIA)
    assert typed.code == 3
    assert typed("import", "list", "--json") == []


def ctrl_c(location: Path, when: str) -> threading.Thread:
    """Presses Ctrl-C once the vault's import is as a condition says."""

    def press() -> None:
        until = time.monotonic() + 60
        with closing(sqlite3.connect(f"file:{location}?mode=ro", uri=True)) as database:
            while time.monotonic() < until:
                if database.execute(f"SELECT 1 FROM inventory_import WHERE status = 'open' AND {when}").fetchone():
                    os.kill(os.getpid(), signal.SIGINT)
                    return
                time.sleep(0.001)

    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job begins with it ignored
    thread = threading.Thread(target=press)
    thread.start()
    return thread


def proposed(typed: Typed) -> list[list[str]]:
    """The commands that the program told a person to type, without who signs them."""
    commands = [shlex.split(line) for line in typed.err.splitlines() if line.startswith("    cryoledger ")]
    for words in commands:
        at = words.index("--as")
        assert words[at : at + 2] == ["--as", people.MARIA.name]
        del words[at : at + 2]
    return [words[1:] for words in commands]


def test_ctrl_c_says_how_far_it_got_and_what_to_type(
    typed: Typed, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_parts, "PART_VIALS", 2)
    file = tmp_path / "two words.csv"
    places = [(f"B{at // 81}", f"{'ABCDEFGHI'[at % 81 // 9]}{at % 9 + 1}") for at in range(160)]
    file.write_text(table([row(box=box, position=at, vial=f"V{n}") for n, (box, at) in enumerate(places)]))
    location = home / "lab.cryoledger"

    thread = ctrl_c(location, "done >= 1")
    typed("--vault", location, "import", "inventory", file, "--strict", "--json", by=people.MARIA)
    thread.join()
    told, (forth, back) = typed.err, proposed(typed)
    assert (typed.code, typed.out) == (130, "")
    assert forth == ["--vault", str(location), "import", "inventory", str(file), "--strict", "--json"]
    assert back == [*forth, "--abandon"]
    (half,) = typed("import", "list", "--json")
    assert f"stopped after part {half['done']} of 80" in told
    assert "nothing of it can be used before the rest is in" in told
    answer = typed(*forth, by=people.MARIA)
    assert (typed.code, answer["imported"], answer["rejected"]) == (0, 160, [])
    assert f"stopped after part {half['done']}: it is resumed" in typed.err
    (listed,) = typed("import", "list", "--json")
    assert (listed["status"], listed["done"]) == ("completed", 80)


def test_ctrl_c_in_a_withdrawal_says_what_goes_on_with_it(
    typed: Typed, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_parts, "PART_VIALS", 1)
    file = tmp_path / "in.csv"
    file.write_text(table([row(vial=f"V{at}", position=f"{'ABCDEFGHI'[at // 9]}{at % 9 + 1}") for at in range(81)]))
    location = home / "lab.cryoledger"
    thread = ctrl_c(location, "done >= 30")
    typed("import", "inventory", file, by=people.MARIA)
    thread.join()
    _, back = proposed(typed)
    thread = ctrl_c(location, "abandoned IS NOT NULL AND done < 30")
    typed(*back, by=people.MARIA)
    thread.join()
    assert typed.code == 130
    assert "are still to be withdrawn" in typed.err
    (again,) = proposed(typed)
    typed(*again, by=people.MARIA)
    assert typed.code == 0
    (listed,) = typed("import", "list", "--json")
    assert (listed["status"], listed["done"]) == ("abandoned", 0)
