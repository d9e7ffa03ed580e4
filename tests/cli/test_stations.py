"""Many stations by commands alone: a vault on PostgreSQL, a second machine that joins, and the way back to a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cryoledger.cli import exit_codes
from tests import postgresql
from tests.cli.conftest import PINS, Terminal

CREATE = ("--origin", "velar.example/lab", "--admin", "Ines Almeida", "--station", "freezer-room-1", "--pin-stdin")


@pytest.fixture
def url(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.chdir(home)
    with postgresql.database() as made:
        monkeypatch.setenv("CRYOLEDGER_VAULT", made)
        yield made


def at(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("CRYOLEDGER_HOME", str(folder))


def test_a_second_station_joins_and_both_record(terminal: Terminal, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal.does("init", url, *CREATE, first=PINS["ines.a"])
    terminal.enrol()
    invited = terminal.does("station", "invite", "freezer-room-2", "--json", by="ines.a")
    code = invited.json["code"]
    assert "shown once" in invited.err
    at(monkeypatch, terminal.folder / "second")
    lost = terminal.run("station", "list")
    assert lost.code == 0
    refused = terminal.run(
        "unit", "add", "F1", "--kind", "freezer", "--name", "One", "--as", "ines.a", stdin="271828\n"
    )
    assert refused.code == exit_codes.STATION
    slip = terminal.run("station", "join", url, "--as", "ines.a", "--with", "quinn.o", stdin=f"{code[:-2]}\n")
    assert (slip.code, "eight groups" in slip.err) == (exit_codes.USAGE, True)
    wrong = terminal.run(
        "station", "join", url, "--as", "ines.a", "--with", "quinn.o", stdin=f"{code}\n918273\n314159\n"
    )
    assert wrong.code == exit_codes.PIN
    joined = terminal.does("station", "join", url, "--json", by="ines.a quinn.o", first=code)
    assert joined.json["station"] == "freezer-room-2"
    assert joined.json["fingerprint"] in joined.err
    again = terminal.run("station", "join", url, "--as", "ines.a", "--with", "quinn.o", stdin=f"{code}\n")
    assert (again.code, "already" in again.err) == (exit_codes.STATION, True)
    terminal.does("unit", "add", "F1", "--kind", "freezer", "--name", "One", by="ines.a")
    at(monkeypatch, terminal.folder / "home")
    terminal.does("unit", "add", "F2", "--kind", "freezer", "--name", "Two", by="ines.a")
    last = [json.loads(line) for line in terminal.does("entries", "--json").out.splitlines()[-2:]]
    assert ["freezer-room-2" in json.dumps(entry) for entry in last] == [True, False]
    assert terminal.read("verify")["ok"]


def test_a_vault_in_a_file_moves_to_a_server_and_back(lab: Terminal, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = lab.run("station", "invite", "room-2", "--as", "ines.a", "--vault", lab.vault, stdin="271828\n")
    assert (refused.code, "vault copy" in refused.err) == (exit_codes.STATION, True)
    moved = lab.does("vault", "copy", lab.vault, url, "--json")
    assert moved.json["to"] == url
    old = lab.run("unit", "list", "--vault", lab.vault)
    assert (old.code, "was moved to" in old.err) == (exit_codes.VAULT, True)
    lab.does("unit", "add", "F1", "--kind", "freezer", "--name", "One", by="ines.a")
    back = lab.folder / "back.cryoledger"
    lab.does("vault", "copy", url, back)
    assert lab.run("unit", "list").code == exit_codes.VAULT
    assert lab.read("verify", back)["ok"]
    assert lab.does("unit", "list", "--vault", back, "--json").json


def test_init_into_a_database_that_is_not_empty_is_refused(terminal: Terminal, url: str) -> None:
    terminal.does("init", url, *CREATE, first=PINS["ines.a"])
    again = terminal.run("init", url, *CREATE, "--sheet", terminal.folder / "other", stdin=f"{PINS['ines.a']}\n")
    assert (again.code, "not empty" in again.err) == (exit_codes.VAULT, True)


def test_a_failed_init_leaves_an_empty_database(terminal: Terminal, url: str) -> None:
    folder = terminal.folder / "nowhere" / "sheet"
    failed = terminal.run("init", url, *CREATE, "--sheet", folder, stdin=f"{PINS['ines.a']}\n")
    assert failed.code == exit_codes.STATION
    terminal.does("init", url, *CREATE, first=PINS["ines.a"])


def test_a_password_in_a_url_is_refused_and_not_repeated(terminal: Terminal) -> None:
    done = terminal.run("unit", "list", "--vault", "postgresql+psycopg://maria:sesame@server/vault")
    assert (done.code, "sesame" in done.out + done.err) == (exit_codes.USAGE, False)


def test_a_server_s_vault_is_backed_up_and_restored_to_another_database(
    terminal: Terminal, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal.does("init", url, *CREATE, first=PINS["ines.a"])
    terminal.enrol()
    made = terminal.does("backup", terminal.folder / "b.cryoledger", "--test", "--json")
    assert made.json["sound"]
    told = terminal.run("backups")
    assert "last good backup" in told.out
    assert "pg_basebackup" in told.out
    terminal.does("unit", "add", "F1", "--kind", "freezer", "--name", "One", by="ines.a")
    taken = terminal.run("restore", terminal.folder / "b.cryoledger", url)
    assert (taken.code, "not empty" in taken.err) == (exit_codes.VAULT, True)
    with postgresql.database() as other:
        monkeypatch.setenv("CRYOLEDGER_VAULT", other)
        done = terminal.does("restore", terminal.folder / "b.cryoledger", other, "--json")
        assert (done.json["vault"], done.json["complete"]) == (other, False)
        terminal.does("restore", "--declare", by="ines.a quinn.o")
        terminal.does("unit", "add", "F1", "--kind", "freezer", "--name", "One", by="ines.a")
        assert terminal.read("verify")["ok"]
