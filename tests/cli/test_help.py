"""Help teaches: every command has a sentence, an example that fits its own options, and a place under a role."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from cryoledger.cli import exit_codes, teaching
from cryoledger.cli.app import program
from cryoledger.domain import catalogue
from cryoledger.domain.roles import Kind
from tests.cli.conftest import PROGRAM, Terminal

ROOT = Path(__file__).resolve().parents[2]


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name in command.list_commands(None):
        each = command.get_command(None, name)
        if hasattr(each, "list_commands"):
            yield from leaves(each, (*path, name))
        else:
            yield " ".join((*path, name)), each


COMMANDS = dict(leaves(program()))
# Every command there is. A new one is added here, and to the manual.
LISTED = re.findall(
    r"\S+",
    """
    label-badge label-calibration label-commands label-dose label-list label-lot label-order
    label-patient label-scanner-check label-unit label-vial codes-import
    checkpoint-keys checkpoint-list checkpoint-sheet checkpoint-sign
    witness-accept witness-cosign witness-init witness-request witness-serve witness-status witness-submit
    witness-trust receipt-verify receipt-write
    site-head site-list site-trust site-withdraw ship-confirm ship-list ship-manifest ship-send
    receive-list receive-manifest receive-receipt receive-release
    accept-clock adopt-rulebook adverse-event backup backups bedside-check box codes-read commands complete
    complete-proposal correct-administration correct-attribution correct-expiry correct-final-state
    correct-position correct-quantity correct-screening correct-test demo deviation donation-add donation-list
    donation-show donor-add donor-consent donor-eligibility donor-list donor-screen donor-show donor-withdraw
    dose-discard dose-list dose-papers dose-show downtime-enter downtime-print downtime-template entries excursion
    export-audit export-inventory find verifiers
    follow-up freezers hand-over history hold-lift hold-list hold-place identity-backup identity-forget
    identity-grant identity-list identity-record identity-restore identity-show identity-withdraw import-abandon
    import-inventory import-list import-release init issue keys lot-add lot-fill
    lot-list lot-reject lot-release lot-release-conditionally lot-show lot-test manual-events manual-exit-codes
    manual-keys-file manual-list manual-show manual-texts-check manual-texts-file
    note order-add order-cancel order-list order-show patient-add patient-band patient-list patient-show
    person-add person-grant person-list person-pin person-reaffirm person-recover person-revoke person-show
    person-signatures person-withdraw prepare printer-add printer-list printer-remove printer-test
    product-add product-list
    product-show proposals qualify recall record
    reserve restore return-issued sample scan serve setting show station-invite station-join station-list
    station-retire thaw trace tui unit-add unit-back unit-check unit-excursion unit-list unit-move unit-out
    unit-retire unit-show unreserve vault-copy vault-upgrade verify vial-bind-tube vial-consume vial-discard vial-found
    vial-list vial-missing vial-move vial-receive vial-refuse-shipment vial-relabel vial-return vial-ship
    vial-show vial-store vial-take-out vial-transfer vial-unbind-tube waste
    report-audit report-custody
    """,
)


def test_every_command_is_listed() -> None:
    assert sorted(name.replace(" ", "-") for name in COMMANDS) == sorted(LISTED)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_sentence_and_an_example_of_itself(name: str) -> None:
    command = COMMANDS[name]
    first = command.help.split("\n")[0]
    assert first.endswith("."), first
    assert len(command.help) > 20
    lines = command.epilog.replace("\\\n", " ").splitlines()
    assert any(f"cryoledger {name}" in line for line in lines)
    for line in lines:
        if line.strip().startswith("cryoledger "):
            words = shlex.split(line, comments=True)[1:]
            words = words[: words.index("<")] if "<" in words else words
            assert words[: len(name.split())] == name.split()
            command.make_context(name, words[len(name.split()) :], resilient_parsing=False)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_help_whose_words_are_the_catalogue_s(name: str) -> None:
    command = COMMANDS[name]
    for param in command.params:
        assert param.help, (name, param.name)
        for event, field in re.findall(r"\{(\w+)\.([\w.]+)\}", param.help):
            assert teaching.words(event, field), (name, event, field)
    shown = command.get_help(typer.Context(command, info_name=name))
    assert "Example:" in shown
    assert not re.search(r"\{\w+\.\w", shown)


def test_every_role_has_its_section_and_every_group_its_place() -> None:
    top: Any = program()
    assert {command.rich_help_panel for command in top.commands.values()} == set(teaching.ROLES)


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    script = (
        "import json, sys\nfrom cryoledger import cli\ncli.run(['--help'])\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = {name.split(".")[0] for name in json.loads(done.stderr)}
    assert not loaded & {"sqlmodel", "sqlalchemy", "textual", "cryptography", "pydantic", "sqlite3", "rich", "alembic"}
    for heading in teaching.ROLES:
        assert heading in done.stdout


def test_the_installed_program_shows_its_version() -> None:
    done = subprocess.run([str(PROGRAM), "--version"], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"cryoledger \d+\.\d+\.\d+\n", done.stdout)


def test_every_act_of_a_person_can_be_recorded_by_a_command() -> None:
    """By a command of its own or, for what is rare, by `record`."""
    source = "\n".join(path.read_text() for path in (ROOT / "cryoledger" / "cli").rglob("*.py"))
    rare = {
        "AdministratorRecovered", "KeyIssued", "KeyReplaced", "LedgerRestored", "LogKeyReplaced", "PersonSignedIn",
        "PersonSignedOut", "PinChanged", "StationEnrolled", "VaultCreated", "VialsLabelled",
    }  # fmt: skip
    for name, declaration in catalogue.TYPES.items():
        if name.startswith(("Import", "Identity", "ShipmentA", "ShipmentC")):
            continue  # recorded by acts of their own, which do more than record
        if declaration.signing.kind is Kind.OBSERVED or name.endswith(catalogue.PROPOSED) or name in rare:
            continue
        assert f'"{name}"' in source, name


def test_manual_tells_every_event_and_every_exit_code(terminal: Terminal) -> None:
    told = terminal.does("manual", "events").out
    assert all(f"{name}\n" in told for name in catalogue.TYPES)
    assert "  released: quality officer" in terminal.does("manual", "events", "LotReleased").out
    codes = terminal.read("manual", "exit-codes")
    assert {row["code"] for row in codes} == set(exit_codes.MEANINGS)


def test_commands_lists_the_command_sheet(terminal: Terminal) -> None:
    rows = terminal.read("commands")
    assert {"code": "CMD-STORE", "command": "store"}.items() <= rows[0].items()
    assert all(row["help"].endswith(".") for row in rows)


def test_without_arguments_and_terminal_help_is_shown(terminal: Terminal) -> None:
    done = terminal.run()
    assert done.code == exit_codes.OK
    assert "Usage: cryoledger" in done.out
