"""Commands for many stations: to invite one, to join, and to move the vault between a file and a server."""

from __future__ import annotations

from typing import Annotated

import typer

from cryoledger.cli import asking, output
from cryoledger.cli.acts import Signers
from cryoledger.cli.call import Call
from cryoledger.cli.commands.administration import station
from cryoledger.cli.declare import group, look

__all__ = ["station", "vault"]

vault = group()

INVITE = "cryoledger station invite freezer-room-2 --as ines.a"
JOIN = """\
cryoledger station join postgresql+psycopg://station@db.lab.example/vault --as ines.a --with quinn.o
printf '%s\\n' "$CODE" "$PIN_1" "$PIN_2" | cryoledger station join "$URL" --as ines.a --with quinn.o"""
COPY = """\
cryoledger vault copy lab.cryoledger postgresql+psycopg://station@db.lab.example/vault
cryoledger vault copy postgresql+psycopg://station@db.lab.example/vault lab.cryoledger"""
ENROLLING = (("issued", "administrator"), ("approved", "administrator or quality officer"))


@look(station, "invite", example=INVITE)
def invite(
    call: Call, name: Annotated[str, typer.Argument(metavar="STATION", help="The new workstation's name.")], by: Signers
) -> None:
    """Make a one-time code with which a new workstation joins within the hour; the vault must be on PostgreSQL."""
    from cryoledger.cli.acts import ask_for
    from cryoledger.custody.station.joining import invite as make
    from cryoledger.custody.station.joining import may_invite

    if by.first is not None:
        may_invite(call.vault, name, by.first)
    (signer,) = ask_for(call, [("invited", "administrator")], f"an invitation of the station {name}", by)
    made = make(call.vault, name, signer)
    output.narrate(
        f"At the new machine: `cryoledger station join {call.location}`, with this code. It is shown once, works once, "
        f"and until {made.expires_at}. Whoever has it and the vault's password can take the vault secret: hand it over "
        "in person."
    )
    call.answer({"station": made.station, "code": made.code, "expires_at": made.expires_at}, made.code)


@look(station, "join", example=JOIN)
def join(
    call: Call,
    place: Annotated[str, typer.Argument(metavar="URL", help="Where the vault is: postgresql+psycopg://user@host/db.")],
    by: Signers,
) -> None:
    """Make this machine a station of a vault: the code of `station invite`, then the administrators' PINs."""
    from cryoledger.cli.acts import ask_for, names_of
    from cryoledger.custody.station.joining import Joining

    joining = Joining.begin(place, asking.join_code())
    call.adopt(joining.vault)
    output.narrate(
        f"The vault's fingerprint is {_fingerprint(joining.vault.fingerprint)}. Compare it with the checkpoint sheet."
    )
    told = f"StationEnrolled: {joining.station}"
    if len(by.names) == joining.persons:
        joining.judge(names_of(call, by))
    signers = ask_for(call, ENROLLING[: joining.persons], told, by)
    sealed = joining.finish(*signers)
    call.answer(
        {"station": joining.station, "number": sealed.number, "fingerprint": _fingerprint(joining.vault.fingerprint)},
        f"This machine is the station {joining.station}: entry {sealed.number}.",
    )
    output.narrate(f"Set CRYOLEDGER_VAULT={place} for who works here.")


def _fingerprint(leaf_hash: bytes) -> str:
    from cryoledger.ledger.lines import encode_base64

    return encode_base64(leaf_hash)


@look(vault, "copy", example=COPY)
def copy(
    call: Call,
    source: Annotated[str, typer.Argument(metavar="FROM", help="The vault as it is: a file or a URL.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="A new file, or the URL of an empty database.")],
) -> None:
    """Move the vault between a file and PostgreSQL: copied, verified and compared; the old place is closed for good."""
    from cryoledger.cli.progress_bar import Bar
    from cryoledger.custody.copying import copy as move

    with Bar() as bar:
        done = move(source, target, progress=bar.of("entries"))
    call.answer(
        {"from": done.source, "to": done.target, "entries": done.entries, "leaf_hash": _fingerprint(done.head)},
        f"{done.entries} entries are in {done.target}, verified and equal to the old vault's, byte for byte.",
    )
    output.narrate(
        f"Set CRYOLEDGER_VAULT={done.target} at this station. {done.source} opens no more, but can be verified; keep "
        "it until the new place has a backup. Nothing can stop older copies and backups of it from being used: put "
        "them away. A station that saw the ledger go on here raises the alarm at such a copy."
    )


@look(vault, "upgrade", example="cryoledger vault upgrade")
def upgrade(call: Call) -> int:
    """Bring a vault of an older version to this one: a file is copied first, and the vault verified after."""
    from cryoledger.cli import exit_codes
    from cryoledger.cli.progress_bar import Bar
    from cryoledger.custody.upgrading import upgrade as bring

    with Bar() as bar:
        done = bring(call.location, bar.of("entries"))
    kept = f" The file as it was is {done.copy}." if done.copy is not None else ""
    found = "verified" if done.report.ok else "NOT VERIFIED: run `cryoledger verify`"
    call.answer(
        {
            "before": done.before,
            "after": done.after,
            "copy": str(done.copy) if done.copy is not None else None,
            "ok": done.report.ok,
        },
        f"The vault went from schema {done.before} to {done.after}: {done.report.entries} entries, {found}.{kept}",
    )
    return exit_codes.OK if done.report.ok else exit_codes.FINDINGS
