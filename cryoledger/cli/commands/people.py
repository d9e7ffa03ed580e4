"""Commands about people and keys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cryoledger.cli import asking, output
from cryoledger.cli.acts import Signers
from cryoledger.cli.call import Call
from cryoledger.cli.commands.orders import signing_name
from cryoledger.cli.declare import Data, act, group, look
from cryoledger.cli.key_words import short
from cryoledger.cli.teaching import AUDITOR
from cryoledger.cli.words import Person
from cryoledger.errors import RequestError

if TYPE_CHECKING:
    from cryoledger.custody.people import Enrolled
    from cryoledger.domain.records import PublicKey
    from cryoledger.domain.roles import Role

__all__ = ["person", "register"]

person = group()

ISSUED, APPROVED = ("issued", "administrator"), ("approved", "administrator or quality officer")
ADD = """\
cryoledger person add "Maria Silva" --role technician --as ines.a                   # the first after init
cryoledger person add "Petra Vogel" --role pharmacist --as ines.a --with omar.b     # three PINs, hers last"""


def register(app: typer.Typer) -> None:
    """Enter the command that stands alone."""
    look(app, "keys", example="cryoledger keys --json", panel=AUDITOR)(keys)


@look(person, "add", example=ADD)
def add(
    call: Call,
    full_name: Annotated[str, typer.Argument(metavar="FULL-NAME", help="As printed beside every signature.")],
    role: Annotated[list[str], typer.Option("--role", help="{KeyIssued.roles}.")],
    by: Signers,
    name: Annotated[str | None, typer.Option("--name", help="The signing name; else made from the full one.")] = None,
) -> None:
    """Enrol a person: administrators sign with their PINs first, then the new person chooses a PIN."""
    from cryoledger.cli.acts import ask_for
    from cryoledger.custody.people import enrol, trial_issue

    roles = [_role(text) for text in role]
    first = call.vault.site().enrolments == 0 and len(by.names) == 1
    told = f"KeyIssued: {full_name}, {', '.join(roles)}"
    trial = trial_issue(call.vault, full_name, roles, name)
    _tell_namesakes(call, full_name)
    meanings = [ISSUED] if first else [ISSUED, APPROVED]
    signers = ask_for(call, meanings, told, by, event=trial, fresh=[trial.person.name], more=True)
    output.narrate(f"Names of staff stay in the ledger for ever. {full_name} chooses a PIN that nobody else knows.")
    pin = asking.new_pin(full_name)
    asking.nothing_more()
    enrolled = enrol(call.vault, full_name, roles, pin, *signers, name=name)
    _answer(call, enrolled)


def _tell_namesakes(call: Call, full_name: str) -> None:
    """Two people may bear one name; one person enrolled twice would sign as two."""
    from cryoledger.domain.records import Person as Row

    with call.reading() as reading:
        same = [row.name for row in reading.facts.where(Row) if row.full_name.casefold() == full_name.casefold()]
    if same:
        output.narrate(f"{full_name} is enrolled already, as {', '.join(same)}: go on only for another person.")


def _role(text: str) -> Role:
    from cryoledger.domain.roles import Role

    try:
        return Role(text)
    except ValueError:
        known = ", ".join(Role)
        raise RequestError(f"There is no role {text[:40]!r}.", f"Give one of: {known}.") from None


def _answer(call: Call, enrolled: Enrolled) -> None:
    answer = {"name": enrolled.name, "badge": enrolled.badge, "number": enrolled.sealed.number}
    call.answer(answer, f"{enrolled.name}  badge {enrolled.badge}  entry {enrolled.sealed.number}")


@look(person, "list", example="cryoledger person list")
def list_people(call: Call) -> None:
    """List people with badges, roles and the state of their keys."""
    from cryoledger.domain.records import Person as Row

    with call.reading() as reading:
        rows = reading.facts.where(Row)
    call.rows(rows, "name", "full_name", "badge", "roles", "status")


@look(person, "show", example="cryoledger person show maria.s")
def show(
    call: Call, who: Person, limit: Annotated[int, typer.Option("--limit", help="How many signatures.", min=0)] = 20
) -> None:
    """Show a person and the last signatures made with the person's key."""
    from dataclasses import asdict

    from cryoledger.custody.vault import person_by
    from cryoledger.database import queries
    from cryoledger.documents.telling import tell

    with call.reading() as reading:
        row = person_by(reading, who)
        signed = queries.signatures_of(reading, row.name, limit)
        told = tell(reading, [each.recorded for each in signed])
    head = f"{row.full_name} ({row.name}), badge {row.badge}, {row.roles.replace(',', ', ')}, {row.status}"
    lines = [
        f"  {each.occurred_local}  entry {each.entry}  {each.type}, {signature.meaning}"
        for each, signature in zip(told, signed, strict=True)
    ]
    call.answer({**asdict(row), "signatures": [each.to_dict() for each in told]}, "\n".join([head, *lines]))


@look(person, "signatures", example="cryoledger person signatures maria.s --limit 50")
def signatures(
    call: Call,
    who: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Signing name or badge; else who is signed in at this station.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="How many, the latest first.", min=1, max=10_000)] = 20,
) -> None:
    """List what bears a person's signature: number, time, what it was, and what the signature meant."""
    from cryoledger.custody.own_signatures import own_signatures
    from cryoledger.custody.vault import person_by
    from cryoledger.documents.telling import tell

    name = who or _signed_in(call)
    with call.reading() as reading:
        row = person_by(reading, name)
    own = own_signatures(call.vault.store, row.name, limit)
    with call.reading() as reading:
        told = tell(reading, [each.recorded for each in own.entries])
    rows = [
        (each.entry, each.occurred_local, signed.meaning, f"{each.type}: {each.details}"[:80].removesuffix(": "))
        for each, signed in zip(told, own.entries, strict=True)
    ]
    text = output.table(("entry", "time", "meaning", "what"), rows)
    call.answer(
        {"name": row.name, "since": own.since, "fresh": own.fresh, "signatures": [each.to_dict() for each in told]},
        f"{row.full_name} ({row.name}). {own.sentence}\n{text}",
    )


def _signed_in(call: Call) -> str:
    from cryoledger.domain.records import Station

    with call.reading() as reading:
        station = reading.facts.get(Station, call.vault.station)
    if station is None or station.person is None:
        raise RequestError("Nobody is signed in at this station.", "Name the person: `person signatures maria.s`.")
    return station.person


@act(person, "KeyRevoked", "revoke", example="cryoledger person revoke maria.s --reason left --as ines.a")
def revoke(
    call: Call,
    who: Person,
    reason: Annotated[str, typer.Option("--reason", help="{KeyRevoked.reason}.")],
    suspect_from: Annotated[
        int | None, typer.Option("--suspect-from", metavar="ENTRY", help="What it signed from here on is open.", min=0)
    ] = None,
) -> Data:
    """Revoke a person's key: it signs nothing from here on."""
    from cryoledger.custody.vault import person_by

    with call.reading() as reading:
        row = person_by(reading, who)
    return {"name": row.name, "key_id": row.key_id, "suspect_from": suspect_from, "reason": reason}


@act(
    person, "EntriesReaffirmed", "reaffirm", example="cryoledger person reaffirm maria.s --from 40 --to 52 --as quinn.o"
)
def reaffirm(
    call: Call,
    who: Annotated[str, typer.Argument(metavar="NAME", help="Whose revoked key signed them.")],
    first: Annotated[int, typer.Option("--from", metavar="ENTRY", min=0, help="The first entry.")],
    last: Annotated[int, typer.Option("--to", metavar="ENTRY", min=0, help="The last entry.")],
) -> Data:
    """Stand in, as another person, for what a revoked key signed in a suspect range."""
    from cryoledger.domain.records import PublicKey
    from cryoledger.ledger.lines import encode_base64

    name = signing_name(call, who)
    with call.reading() as reading:
        keys = [row for row in reading.facts.where(PublicKey, name=name) if row.suspect_from is not None]
        signed = [
            encode_base64(stored.leaf_hash)
            for stored in reading.entries(first, last)
            if any(line.name == name for line in stored.parse().envelope.signers)
        ]
    if not keys or not signed:
        raise RequestError(f"No key of {name} is suspect, or it signed nothing there.", "See `cryoledger keys`.")
    return {"name": name, "key_id": keys[-1].key_id, "first": first, "last": last, "leaf_hashes": signed}


PIN = """\
cryoledger person pin maria.s                                                      # the old PIN, then the new
cryoledger person pin maria.s --replace --reason forgotten --as ines.a --with omar.b"""


@look(person, "pin", example=PIN)
def pin(
    call: Call,
    who: Person,
    by: Signers,
    replace: Annotated[
        bool, typer.Option("--replace", help="The PIN is forgotten or the key locked: make a new key.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="With --replace: {KeyReplaced.reason}.")] = "forgotten",
) -> None:
    """Change a PIN (the old one, then the new), or replace a forgotten one by two administrators."""
    from cryoledger.cli.acts import ask_for, check_clock
    from cryoledger.custody.people import change_pin, replace_key, trial_replacement
    from cryoledger.custody.vault import person_by

    with call.reading() as reading:
        row = person_by(reading, who)
    if by.names and not replace:
        raise RequestError(
            f"{row.full_name} changes the PIN alone, with the old one; nobody signs for that.",
            "Leave --as out; where it is forgotten, add --replace.",
        )
    if replace:
        told = f"KeyReplaced: {row.full_name}, {reason}"
        trial = trial_replacement(row.name, reason)
        signers = ask_for(call, [ISSUED, APPROVED], told, by, event=trial, fresh=[row.name], more=True)
        new = asking.new_pin(row.full_name)
        asking.nothing_more()
        _answer(call, replace_key(call.vault, row.name, new, reason, *signers))
        return
    check_clock(call, confirmed=by.confirm_clock)
    output.narrate(f"Signing as changed: PinChanged: {row.full_name}")
    old, new = asking.pin(row.full_name), asking.new_pin(row.full_name)
    asking.nothing_more()
    sealed = change_pin(call.vault, row.name, old, new)
    call.answer(
        {"name": row.name, "number": sealed.number}, f"The PIN of {row.full_name} is changed: entry {sealed.number}."
    )


@act(
    person,
    "RoleGranted",
    "grant",
    example="cryoledger person grant maria.s witness --as ines.a --with omar.b",
    proposable=True,
)
def grant(
    call: Call, who: Person, role: Annotated[str, typer.Argument(metavar="ROLE", help="{RoleGranted.role}.")]
) -> Data:
    """Give a person a further role, by two."""
    return {"person": signing_name(call, who), "role": role}


@act(person, "RoleWithdrawn", "withdraw", example="cryoledger person withdraw maria.s witness --as ines.a")
def withdraw(
    call: Call, who: Person, role: Annotated[str, typer.Argument(metavar="ROLE", help="{RoleGranted.role}.")]
) -> Data:
    """Take a role from a person."""
    return {"person": signing_name(call, who), "role": role}


@look(person, "recover", example='cryoledger person recover "Omar Bell" --sheet recovery-sheet.txt')
def recover(
    call: Call,
    full_name: Annotated[str, typer.Argument(metavar="FULL-NAME", help="The new administrator, as printed.")],
    sheet: Annotated[Path, typer.Option("--sheet", help="The recovery sheet's file, typed or scanned from the paper.")],
    name: Annotated[str | None, typer.Option("--name", help="The signing name; else made from the full one.")] = None,
) -> None:
    """Enrol an administrator with the recovery key of the sealed sheet; every report shows that it was used."""
    from cryoledger.custody.keys.recovery_sheet import read
    from cryoledger.custody.people import recover as with_sheet

    _, seed = read(sheet)
    _answer(call, with_sheet(call.vault, seed, full_name, asking.new_pin(full_name), name=name))


def keys(call: Call) -> None:
    """List every public key as a C2SP vkey (a long one whole with --json), and what enrolled and revoked it."""
    from cryoledger.domain.records import PublicKey

    with call.reading() as reading:
        rows = sorted(reading.facts.where(PublicKey), key=lambda row: (row.enrolled, row.name))
    told = [_key(row) for row in rows]
    heads = ("name", "kind", "enrolled", "revoked", "suspect_from", "vkey")
    shown = [{**each, "vkey": short(each["vkey"])} for each in told]
    call.answer(
        told,
        output.table([head.replace("_", " ") for head in heads], [[each[head] for head in heads] for each in shown]),
    )
    if shown != told and not call.as_json:
        output.narrate("Whole keys: `cryoledger keys --json`; the log's for a policy: `cryoledger checkpoint keys`.")


def _key(row: PublicKey) -> dict[str, Any]:
    return {
        "name": row.name,
        "kind": row.kind,
        "key_id": row.key_id,
        "vkey": row.verifier_key,
        "enrolled": row.enrolled,
        "revoked": row.revoked,
        "suspect_from": row.suspect_from,
        "reaffirmed_to": row.reaffirmed_to,
    }
