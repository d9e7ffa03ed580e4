"""The program: every command, put together. Importing this imports Typer and little else."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

import typer

from cryoledger import __version__
from cryoledger.cli import output
from cryoledger.cli.commands import (
    administration,
    auditing,
    backups,
    creation,
    doses,
    excursions,
    holds,
    looking,
    orders,
    people,
    qualifying,
    reading,
    screens,
    verifying,
)
from cryoledger.cli.screen import at_terminal, named_vault, open_screen
from cryoledger.cli.teaching import ADMINISTRATOR, AUDITOR, CLINICIAN, PHARMACIST, QUALITY, TECHNICIAN, ByCode, ByRole

__all__ = ["program"]

HELP = """\
Keeps cryopreserved cell-therapy vials and the proof of what happened to each one.

Every act is an entry of a signed ledger: name who signs with --as (and --with), and the PIN is asked for. Data goes
to stdout, narration to stderr; --json is for machines. `cryoledger COMMAND --help` shows an example of each.

At a terminal, `cryoledger` alone opens the station's screen.
"""
# Name, module, role, help.
GROUPS: tuple[tuple[str, str, str, str], ...] = (
    ("vial", "vials", TECHNICIAN, "Vials: their cards and their moves. `cryoledger vial BKV000001W` shows one."),
    ("unit", "units", TECHNICIAN, "Storage units: freezer, rack, box ... `cryoledger unit BOX-1` shows one."),
    ("dose", "doses", PHARMACIST, "Doses: what reaches the patient. `cryoledger dose DOSE-1` shows one."),
    ("patient", "orders", CLINICIAN, "Patients, by pseudonymous codes. `cryoledger patient P1` shows one."),
    ("order", "orders", CLINICIAN, "Orders: what a physician asks for. `cryoledger order O1` shows one."),
    ("donor", "donors", QUALITY, "Donors: consent, screening, eligibility. `cryoledger donor D1` shows one."),
    ("donation", "donors", QUALITY, "Donations: one collection from one donor. `cryoledger donation DIN1` shows one."),
    (
        "product",
        "products",
        QUALITY,
        "Products: versioned, with their tests. `cryoledger product MSC-1` shows one.",
    ),
    (
        "lot",
        "lots",
        QUALITY,
        "Lots: their tests and disposition. `cryoledger lot L1` shows one.",
    ),
    ("hold", "holds", QUALITY, "Holds on vials, units, lots, donations or donors, each with the number of its entry."),
    (
        "correct",
        "corrections",
        QUALITY,
        "Corrections: new entries that set an earlier one right, which stays in sight.",
    ),
    ("import", "importing", QUALITY, "Imports: a laboratory's own list of its freezers, from CSV or XLSX."),
    ("export", "importing", QUALITY, "Exports: the inventory as a table, the ledger as a bundle for auditors."),
    ("downtime", "downtime", TECHNICIAN, "Downtime: work on paper, and the paper back into the ledger."),
    ("person", "people", ADMINISTRATOR, "People: roles, badges, PINs. `cryoledger person maria.s` shows one."),
    ("identity", "identities", CLINICIAN, "Identities: who a donor or patient is, encrypted beside the ledger."),
    ("station", "stations", ADMINISTRATOR, "Stations: workstations with a key of their own."),
    ("vault", "stations", ADMINISTRATOR, "The vault as a whole: moving it between a file and PostgreSQL."),
    ("report", "reports", AUDITOR, "Reports: custody with every signature, the audit of a period; PDF and JSON."),
    ("checkpoint", "checkpoints", AUDITOR, "Checkpoints: the ledger's signed head, on a stick or on paper."),
    ("witness", "witnesses", AUDITOR, "Witnesses: other machines that remember the ledger's head and cosign it."),
    (
        "receipt",
        "receipts",
        AUDITOR,
        "Receipts: one entry, proven where there is no vault. `receipt DOSE-1 --to FILE`.",
    ),
    ("site", "shipping", QUALITY, "Other sites: whose ledgers are trusted, as senders and receivers of shipments."),
    ("ship", "shipping", PHARMACIST, "Shipments to other sites: the manifest that goes along, the receipt back."),
    ("receive", "shipping", PHARMACIST, "Shipments from other sites: their manifest, verified; our receipt to them."),
    ("label", "labels", TECHNICIAN, "Labels: of vials, doses, units, badges, patients, orders; sheets to scan from."),
    ("printer", "printers", TECHNICIAN, "Printers of this station: entered once, tested with a label."),
    ("codes", "reading", AUDITOR, "Codes: what a scan says."),
    (
        "manual",
        "reading",
        AUDITOR,
        "The manual: a page for each screen and each role. `cryoledger manual freezer` prints one.",
    ),
)
ALONE = (
    creation, people, administration, backups, holds, orders, doses,
    excursions, looking, reading, verifying, auditing, screens, qualifying,
)  # fmt: skip


@cache
def program() -> Callable[..., Any]:
    """The whole command line."""
    app = typer.Typer(
        cls=ByRole,
        help=HELP,
        invoke_without_command=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 110},
    )
    app.callback()(_start)
    for module in ALONE:
        module.register(app)
    whole = typer.main.get_group(app)
    for group in GROUPS:
        whole.add_command(ByCode.of(*group))
    return whole


def _start(
    context: typer.Context,
    vault: Annotated[
        str | None, typer.Option("--vault", metavar="PATH-or-URL", help="The vault for any command.")
    ] = None,
    version: Annotated[bool, typer.Option("--version", help="Show the program's version.")] = False,
) -> Any:
    context.obj = vault
    if version:
        output.data(f"cryoledger {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        if at_terminal():
            return open_screen(named_vault(vault))
        output.data(context.get_help())
    return None
