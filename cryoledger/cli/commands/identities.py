"""Commands of the identity vault. What names a person is asked for, never an argument: other users see those."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cryoledger.cli import asking, output
from cryoledger.cli.acts import Signers
from cryoledger.cli.call import Call
from cryoledger.cli.declare import group, look
from cryoledger.cli.words import Person

if TYPE_CHECKING:
    from cryoledger.custody.record import Sealed

__all__ = ["identity"]

identity = group()

Kind = Annotated[str, typer.Argument(metavar="KIND", help="{IdentityRecorded.scope}.")]
Code = Annotated[str, typer.Argument(metavar="CODE", help="The pseudonymous code.")]
READER = "quality officer or clinician"
RECORD = (
    "cryoledger identity record patient P1 --as quinn.o    # name, birth date, number, contact are asked; then the PIN"
)


@look(identity, "grant", example="cryoledger identity grant quinn.o --as ines.a --with quinn.o")
def grant(
    call: Call,
    person: Person,
    by: Signers,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", metavar="FILE", help="The recovery sheet, where nobody can pass it on.")
    ] = None,
) -> None:
    """Let a person read identities, under the person's own PIN: whoever reads already signs first, then the person."""
    from cryoledger.cli.acts import ask_for
    from cryoledger.custody.identities import identity as vault_of
    from cryoledger.custody.keys.recovery_sheet import read
    from cryoledger.custody.vault import person_by

    with call.reading() as reading:
        name = person_by(reading, person).name
    meanings = [("granted", f"administrator or {READER}"), ("accepted", READER)]
    trial = vault_of.trial_grant(call.vault, name, from_sheet=sheet is not None)
    signers = ask_for(call, meanings, f"IdentityReaderGranted {name}", by, event=trial)
    giver, taker = signers
    seed = read(sheet)[1] if sheet is not None else None
    _answer(call, vault_of.grant(call.vault, name, giver, taker, seed), f"{name} reads identities from now on.")


@look(identity, "withdraw", example="cryoledger identity withdraw carlos.m --reason left --as quinn.o")
def withdraw(
    call: Call,
    person: Person,
    reason: Annotated[str, typer.Option("--reason", help="Why: {IdentityReaderWithdrawn.reason}.")],
    by: Signers,
) -> None:
    """Let a person read identities no more."""
    from cryoledger.cli.acts import ask_for
    from cryoledger.custody.identities import identity as vault_of
    from cryoledger.custody.vault import person_by

    with call.reading() as reading:
        name = person_by(reading, person).name
    told, trial = f"IdentityReaderWithdrawn {name} {reason}", vault_of.withdrawal(name, reason)
    (signer,) = ask_for(call, [("withdrawn", "administrator or quality officer")], told, by, event=trial)
    _answer(call, vault_of.withdraw(call.vault, name, reason, signer), f"{name} reads identities no more.")


@look(identity, "record", example=RECORD)
def record(call: Call, kind: Kind, code: Code, by: Signers) -> None:
    """Keep who a donor or patient is, encrypted, outside the ledger: asked at the prompt, else four lines of stdin."""
    from cryoledger.cli.acts import ask_for, judge
    from cryoledger.custody.identities import identity as vault_of

    subject = kind, call.code(code)
    trial = vault_of.trial_record(subject)
    judge(call, trial, by)
    told = [asking.line(what) for what in ("Full name", "Birth date", "Record number", "Contact")]
    (signer,) = ask_for(call, [("recorded", READER)], f"IdentityRecorded {kind} {subject[1]}", by)
    sealed = vault_of.keep_identity(call.vault, subject, vault_of.Identity(*told), signer)
    _answer(call, sealed, f"The identity of {kind} {subject[1]} is kept, encrypted.")


@look(identity, "show", example="cryoledger identity show patient P1 --reason trace --as quinn.o")
def show(
    call: Call,
    kind: Kind,
    code: Code,
    reason: Annotated[str, typer.Option("--reason", help="Why it is read: {IdentityShown.reason}.")],
    by: Signers,
) -> None:
    """Show who a donor or patient is; that it was shown, to whom and why, is an entry of the ledger."""
    from dataclasses import asdict

    from cryoledger.cli.acts import ask_for
    from cryoledger.custody.identities import identity as vault_of

    subject = kind, call.code(code)
    told = f"IdentityShown: {kind} {subject[1]} {reason}"
    (signer,) = ask_for(call, [("read", READER)], told, by, event=vault_of.look(subject, reason))
    shown = asdict(vault_of.show(call.vault, subject, reason, signer))
    lines = [f"{name.replace('_', ' '):<14} {value or '-'}" for name, value in shown.items()]
    call.answer({"kind": kind, "code": subject[1], **shown}, "\n".join(lines))


@look(
    identity, "forget", example="cryoledger identity forget donor D1 --reason retention-over --as ines.a --with quinn.o"
)
def forget(
    call: Call,
    kind: Kind,
    code: Code,
    reason: Annotated[str, typer.Option("--reason", help="Why: {IdentityForgotten.reason}.")],
    by: Signers,
) -> None:
    """Destroy the key of a donor or patient, after the retention date only; the chain still verifies."""
    from cryoledger.cli.acts import ask_for
    from cryoledger.custody.identities import identity as vault_of

    subject = kind, call.code(code)
    meanings = [("forgotten", "administrator"), ("approved", "quality officer")]
    trial = vault_of.forgetting(call.vault, subject, reason)
    signers = ask_for(call, meanings, f"IdentityForgotten {kind} {subject[1]} {reason}", by, event=trial)
    sealed, until = vault_of.forget(call.vault, subject, reason, *signers)
    told = (
        f"The key of {kind} {subject[1]} is destroyed here. Backups of keys are kept at most 35 days: after {until} "
        "no copy of the identity can be opened. Other stations destroy theirs when they next open the vault."
    )
    _answer(call, sealed, told, copies_until=until)


@look(identity, "list", example="cryoledger identity list --json")
def list_identities(call: Call) -> None:
    """List of whom an identity is kept or was forgotten, and who may read them; no name of a donor or patient."""
    from dataclasses import asdict

    from cryoledger.domain.identity_records import Identity, IdentityReader

    with call.reading() as reading:
        kept, readers = reading.facts.where(Identity), reading.facts.where(IdentityReader)
    names = ", ".join(row.person for row in readers) or "nobody yet: `cryoledger identity grant`"
    rows = [
        (row.kind, row.code, "kept" if row.forgotten is None else f"forgotten ({row.copies_until})") for row in kept
    ]
    value = {"readers": [asdict(row) for row in readers], "identities": [asdict(row) for row in kept]}
    call.answer(value, lambda: "\n".join([f"readers: {names}", output.table(["kind", "code", "identity"], rows)]))


@look(identity, "backup", example="cryoledger identity backup /media/safe")
def backup(
    call: Call, folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where, apart from the vault's backups.")]
) -> None:
    """Copy this station's file of donors' and patients' keys, and remove its copies there of over 35 days."""
    from cryoledger.custody.identities.identity_backup import back_up

    done = back_up(call.vault, folder)
    text = f"{done.path}: keys of {done.subjects} subjects; {done.removed} old copies removed."
    call.answer({"path": str(done.path), "subjects": done.subjects, "removed": done.removed}, text)


@look(identity, "restore", example="cryoledger identity restore /media/safe/subjects-2026-11-25T081500Z.keys")
def restore(
    call: Call, file: Annotated[Path, typer.Argument(metavar="FILE", help="A copy made by `identity backup`.")]
) -> None:
    """Bring back keys from a copy of the file; those of people forgotten since stay destroyed."""
    from cryoledger.custody.identities.identity_backup import bring_back

    added = bring_back(call.vault, file)
    call.answer({"added": added}, f"{added} keys were brought back.")


def _answer(call: Call, sealed: Sealed, text: str, **more: str) -> None:
    call.answer({"number": sealed.number, **more}, f"{text} Entry {sealed.number}.")
