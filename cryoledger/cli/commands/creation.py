"""`cryoledger init`: a new vault."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated, Any

import typer

from cryoledger.cli import asking, output
from cryoledger.cli.call import Call
from cryoledger.cli.declare import look
from cryoledger.cli.teaching import ADMINISTRATOR

__all__ = ["register"]

EXAMPLE = """\
cryoledger init lab.cryoledger --origin velar.example/bangkok --admin "Ines Almeida" --zone Asia/Bangkok
echo "$PIN" | cryoledger init lab.cryoledger --origin velar.example/bangkok --admin "Ines Almeida" --pin-stdin"""

Zone = Annotated[str, typer.Option("--zone", help="The site's time zone: Asia/Bangkok.")]
Prefix = Annotated[str, typer.Option("--prefix", help="Two characters that start this site's own labels.")]


def register(app: typer.Typer) -> None:
    """Enter the command."""
    look(app, "init", example=EXAMPLE, panel=ADMINISTRATOR)(init)


def init(
    call: Call,
    place: Annotated[str, typer.Argument(metavar="PATH-or-URL", help="Where: a new file, or an empty database.")],
    origin: Annotated[str, typer.Option("--origin", help="The ledger's name in the world: velar.example/bangkok.")],
    admin: Annotated[str, typer.Option("--admin", metavar="FULL-NAME", help="The first administrator, as printed.")],
    pin_stdin: Annotated[
        bool, typer.Option("--pin-stdin", help="The PIN is the first line of stdin, not asked for.")
    ] = False,
    zone: Zone = "UTC",
    station: Annotated[
        str | None, typer.Option("--station", help="This workstation's name; else the machine's.")
    ] = None,
    prefix: Prefix = "CR",
    name: Annotated[
        str | None, typer.Option("--name", help="The administrator's signing name; else made from the full one.")
    ] = None,
    sheet: Annotated[Path | None, typer.Option("--sheet", help="Where the recovery sheet is written.")] = None,
) -> None:
    """Create a vault: its keys, its first entry, this station's files, and the recovery sheet."""
    from cryoledger.custody.create import Request, create

    del pin_stdin  # said for the reader of a script: without a terminal the PIN comes from stdin in any case
    request = Request(
        location=place,
        origin=origin,
        administrator=admin,
        zone=zone,
        name=name,
        station=station,
        code_prefix=prefix,
        sheet=sheet,
    )
    made = create(request, asking.new_pin(admin))
    call.adopt(made.vault)
    answer: dict[str, Any] = {
        "vault": place,
        "origin": origin,
        "fingerprint": base64.b64encode(made.vault.fingerprint).decode(),
        "log_keys": list(made.log_keys),
        "name": made.name,
        "badge": made.badge,
        "station": made.vault.station,
        "recovery_sheet": str(made.sheet),
    }
    call.answer(
        answer,
        output.table(("", ""), [(field.replace("_", " "), _text(value)) for field, value in answer.items()]).strip(),
    )
    output.narrate(
        f"Print {made.sheet}, seal the paper in an envelope, delete the file, and keep the fingerprint where auditors "
        "can see it. The log's whole keys are lines of a policy: `cryoledger checkpoint keys --out FILE`. Next: "
        "`cryoledger person add`."
    )


def _text(value: Any) -> str:
    from cryoledger.cli.key_words import short

    return "  ".join(map(short, value)) if isinstance(value, list) else str(value)
