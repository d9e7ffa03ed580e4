"""Whatever comes in, a person reads what is wrong and what to do, and nothing is lost."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from cryoledger import cli
from cryoledger.cli import asking, exit_codes
from tests.cli.conftest import PINS, Terminal

HOSTILE = [
    "\x1b[31mred",
    "[/lot 7]",
    "[bold]L1[/bold]",
    "a\u202eb",
    "\x00",
    "x" * 10_000,
    "';--",
    "%",
    "\u2028",
    "é" * 65,
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("command", ["vial", "trace", "find", "box", "show", "lot", "history", "recall"])
def test_hostile_codes_end_in_one_sentence(lab: Terminal, command: str, text: str) -> None:
    done = lab.run(command, text, *(["--dry-run"] if command == "recall" else []))
    assert done.code in (exit_codes.FINDINGS, exit_codes.USAGE), done
    assert not done.out
    assert len(done.err) < 600
    assert not set(done.err) & set("\x1b\u202e\x00\u2028")
    assert "fault of the program" not in done.err


@pytest.mark.parametrize("text", [*HOSTILE, "\x1b]0;title\x07"])
def test_hostile_new_codes_are_refused_and_nothing_is_recorded(lab: Terminal, text: str) -> None:
    done = lab.run(
        "donor", "add", text, "--consent", "therapy", "--given-on", "today", "--as", "maria.s",
        stdin=f"{PINS['maria.s']}\n",
    )  # fmt: skip
    if text in ("[/lot 7]", "[bold]L1[/bold]", "';--", "%") and done.code == 0:
        assert text in lab.does("donor", text).out  # plain text to us: nothing interprets it
        return
    assert done.code in (exit_codes.USAGE, exit_codes.REFUSED)
    assert lab.read("donor", "list") == []
    assert not set(done.err) & set("\x1b\x07\u202e\x00\u2028")


def test_markup_in_a_name_is_shown_as_it_is(lab: Terminal) -> None:
    name = "Freezer [red]7[/red] [/lot 7]"
    lab.does("unit", "add", "F7", "--name", name, "--grid", "1x1x2x2", by="ines.a")
    assert name in lab.does("box", "F7-R1-B1").out
    assert name in lab.does("freezers").out


@pytest.mark.parametrize("stdin", [b"\xff\xfe\n", b"1" * 5000 + b"\n", b"", b"\n"])
def test_pins_that_are_none(lab: Terminal, stdin: bytes) -> None:
    done = lab.run("donor", "add", "D1", "--consent", "therapy", "--given-on", "today", "--as", "maria.s", stdin=stdin)
    assert done.code in (exit_codes.USAGE, exit_codes.PIN)
    assert "fault" not in done.err


def test_a_wrong_pin_is_counted_and_never_shown(lab: Terminal) -> None:
    words = ("donor", "add", "D1", "--consent", "therapy", "--given-on", "today", "--as", "maria.s")
    for left in (4, 3, 2, 1):
        done = lab.run(*words, stdin="987654\n")
        assert (done.code, f"{left} more" in done.err) == (exit_codes.PIN, True)
        assert "987654" not in done.err + done.out
    locked = lab.run(*words, stdin="987654\n")
    assert (locked.code, "locked" in locked.err) == (exit_codes.PIN, True)
    assert lab.run(*words, stdin=f"{PINS['maria.s']}\n").code == exit_codes.PIN


def test_whoever_lacks_the_role_is_refused(lab: Terminal) -> None:
    done = lab.run("donor", "withdraw", "D1", "--as", "carlos.m", stdin=f"{PINS['carlos.m']}\n")
    assert done.code == exit_codes.REFUSED


def test_the_wrong_number_of_signers_is_told_before_any_pin(lab: Terminal) -> None:
    done = lab.run("vial", "discard", "V1", "--reason", "broken", "--as", "maria.s")
    assert done.code == exit_codes.USAGE
    assert "discarded (pharmacist or quality officer or technician), witnessed" in done.err


@pytest.mark.parametrize(
    "words",
    [
        ("lot", "reject", "L1", "--reason", "nonsense"),
        ("lot", "test", "L1", "viability"),
        ("donor", "add", "D1", "--consent", "therapy", "--given-on", "31.12.2026"),
        (
            "order",
            "add",
            "O1",
            "--patient",
            "P1",
            "--product",
            "X",
            "--cells",
            "many",
            "--route",
            "x",
            "--due",
            "today",
        ),
        ("unit", "add", "F", "--grid", "0x0"),
        ("record", "VialsThawed", "{"),
        ("record", "NoSuchEvent", "{}"),
        ("record", "RoleGranted", "[" * 100_000),
        ("complete-proposal", "0"),
        ("person", "add", "Nobody", "--role", "king"),
        ("product", "add", "X", "--file", "/no/such/file"),
        ("product", "add", "X", "--test", "a:b"),
        ("verify", "--fingerprint", "abc"),
        ("no-such-command",),
        ("lot", "--no-such-option"),
        ("tui",),
    ],
)
def test_words_that_do_not_fit(lab: Terminal, words: tuple[str, ...]) -> None:
    signs = [] if words[0] in ("verify", "no-such-command", "tui") or "--no" in words[-1] else ["--as", "ines.a"]
    done = lab.run(*words, *signs, stdin=f"{PINS['ines.a']}\n")
    assert done.code == exit_codes.USAGE, done
    assert done.err.strip()
    assert "fault" not in done.err


def test_no_vault(terminal: Terminal) -> None:
    done = terminal.run("freezers")
    assert done.code == exit_codes.VAULT
    assert "cryoledger init" in done.err


def test_a_truncated_vault(lab: Terminal) -> None:
    with lab.vault.open("r+b") as file:
        file.truncate(5000)
    done = lab.run("freezers")
    assert done.code == exit_codes.VAULT
    assert "cut off" in done.err
    assert lab.run("verify").code == exit_codes.USAGE


def test_a_vault_of_a_newer_version(lab: Terminal) -> None:
    with sqlite3.connect(lab.vault) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for words in (("freezers",), ("verify",)):
        done = lab.run(*words)
        assert "newer version" in done.err
    assert lab.run("freezers").code == exit_codes.VAULT


def test_a_file_that_is_no_vault(terminal: Terminal) -> None:
    terminal.vault.write_bytes(b"hello" * 1000)
    assert terminal.run("freezers").code == exit_codes.VAULT
    assert terminal.run("init", terminal.vault, "--origin", "a/b", "--admin", "A B", stdin="271828\n").code == 5
    assert terminal.vault.read_bytes() == b"hello" * 1000


def test_a_folder_that_cannot_be_written(terminal: Terminal) -> None:
    for place in ("/proc/nowhere/vault", "/dev/null/vault", terminal.folder / "missing" / "vault"):
        done = terminal.run("init", place, "--origin", "a/b", "--admin", "A B", stdin="271828\n")
        assert done.code in (exit_codes.VAULT, exit_codes.STATION), done
        assert not Path(place).exists()


def test_init_twice_leaves_the_first(lab: Terminal) -> None:
    before = lab.vault.read_bytes()
    done = lab.run(
        "init", lab.vault, "--origin", "a/b", "--admin", "A B", "--sheet", lab.folder / "s", stdin="271828\n"
    )
    assert done.code == exit_codes.VAULT
    assert lab.vault.read_bytes() == before


def test_a_rolled_back_vault_is_an_alarm_and_a_finding(lab: Terminal) -> None:
    before = lab.vault.read_bytes()
    lab.does("donor", "add", "D1", "--consent", "therapy", "--given-on", "today", by="maria.s")
    for name in ("lab.cryoledger-wal", "lab.cryoledger-shm"):
        (lab.folder / name).unlink(missing_ok=True)
    lab.vault.write_bytes(before)
    alarm = lab.run("freezers")
    assert (alarm.code, "ALARM" in alarm.err) == (exit_codes.VAULT, True)
    found = lab.run("verify", "--json")
    assert found.code == exit_codes.FINDINGS
    assert [finding["check"] for finding in found.json["findings"]] == ["remembered head"]


def test_the_recovery_sheet_and_secrets_are_for_their_owner_only(lab: Terminal) -> None:
    for path in [lab.vault, *lab.folder.rglob("*.secret"), *lab.folder.rglob("*sheet*"), *lab.folder.rglob("*.key")]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_a_fault_shows_no_traceback(lab: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(cli, "_command", broken)
    done = lab.run("freezers")
    assert done.code == exit_codes.FAULT
    assert done.err.startswith("ZeroDivisionError: this is a fault of the program")
    assert "secret" not in done.err


def test_an_interrupt_is_quiet(lab: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(asking, "pin", interrupted)
    done = lab.run("unit", "add", "F1", "--as", "ines.a")
    assert done.code == exit_codes.INTERRUPTED
    assert "Traceback" not in done.err


def test_the_installed_program_meets_closed_pipes_and_broken_bytes(lab: Terminal) -> None:
    piped = lab.process("find", b"\xff".decode("utf-8", "surrogateescape"))
    assert (piped.code, "not UTF-8" in piped.err) == (exit_codes.USAGE, True)
    read = lab.process("codes", "read", "--json", stdin=b"\xff\xfe\nBKV000001W\n")
    assert read.code == exit_codes.FINDINGS
    assert len(read.out.splitlines()) == 2
