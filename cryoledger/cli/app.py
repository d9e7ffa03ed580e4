"""The program: every command, put together. Importing this imports Typer and little else."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

import typer

from cryoledger import __version__
from cryoledger.cli import (
    administration,
    corrections,
    creation,
    donors,
    doses,
    holds,
    looking,
    lots,
    orders,
    output,
    people,
    products,
    reading,
    screens,
    units,
    verifying,
    vials,
)
from cryoledger.cli.call import named_vault
from cryoledger.cli.teaching import ADMINISTRATOR, AUDITOR, CLINICIAN, PHARMACIST, QUALITY, TECHNICIAN, ByRole

__all__ = ["program"]

HELP = """\
Keeps cryopreserved cell-therapy vials and the proof of what happened to each one.

Every act is an entry of a signed ledger: name who signs with --as (and --with), and the PIN is asked for. Data goes
to stdout, narration to stderr; --json is for machines. `cryoledger COMMAND --help` shows an example of each.

At a terminal, `cryoledger` alone opens the station's screen.
"""
GROUPS: tuple[tuple[str, typer.Typer, str], ...] = (
    ("vial", vials.vial, TECHNICIAN),
    ("unit", units.unit, TECHNICIAN),
    ("dose", doses.dose, PHARMACIST),
    ("patient", orders.patient, CLINICIAN),
    ("order", orders.order, CLINICIAN),
    ("donor", donors.donor, QUALITY),
    ("donation", donors.donation, QUALITY),
    ("product", products.product, QUALITY),
    ("lot", lots.lot, QUALITY),
    ("hold", holds.hold, QUALITY),
    ("correct", corrections.correct, QUALITY),
    ("person", people.person, ADMINISTRATOR),
    ("station", administration.station, ADMINISTRATOR),
    ("codes", reading.codes, AUDITOR),
    ("manual", reading.manual, AUDITOR),
)
ALONE = (creation, people, administration, holds, orders, doses, looking, reading, verifying, screens)


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
    for name, commands, role in GROUPS:
        app.add_typer(commands, name=name, rich_help_panel=role)
    for module in ALONE:
        module.register(app)
    return typer.main.get_command(app)


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
        if sys.stdin.isatty() and sys.stdout.isatty():
            return screens.open_screen(named_vault(vault))
        output.data(context.get_help())
    return None
