"""`cryoledger backup`, `backups` and `restore`: copies of the vault, how old they are, and the way back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cryoledger.cli import acts, asking, exit_codes, output
from cryoledger.cli.acts import Signers
from cryoledger.cli.call import Call
from cryoledger.cli.declare import look
from cryoledger.cli.progress_bar import Bar
from cryoledger.cli.teaching import ADMINISTRATOR
from cryoledger.errors import RequestError

if TYPE_CHECKING:
    from cryoledger.custody.vault import Vault
    from cryoledger.database.local import Upkeep

__all__ = ["register"]

BACKUP = """\
cryoledger backup /media/backups
cryoledger backup /media/backups/monday.cryoledger --test"""
RESTORE = """\
cryoledger restore /media/backups/monday.cryoledger lab.cryoledger
cryoledger restore /media/backups/monday.cryoledger postgresql+psycopg://station@db/lab
cryoledger restore --declare --as ines.a --with quinn.o
cryoledger restore --go-on"""


def register(app: typer.Typer) -> None:
    """Enter the commands."""
    look(app, "backup", example=BACKUP, panel=ADMINISTRATOR)(backup)
    look(app, "backups", example="cryoledger backups", panel=ADMINISTRATOR)(backups)
    look(app, "restore", example=RESTORE, panel=ADMINISTRATOR)(restore)


def backup(
    call: Call,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new file, or a folder in which one is made.")],
    test: Annotated[
        bool, typer.Option("--test", help="Restore it too, to a file that is thrown away, and verify all of it.")
    ] = False,
) -> int:
    """Back the vault up while people work; with --test and an existing OUT, only test that one.

    The backup holds neither the vault secret (recovery sheet) nor the keys of donors and patients.
    """
    from cryoledger.custody.backups import backup as made_by

    answer: dict[str, Any] = {}
    if test and out.is_file():
        path = out
    else:
        with Bar() as bar:
            made = made_by.back_up(call.vault, out, bar.of("pages" if call.vault.store.location.path else "entries"))
        path, answer = made.path, {"backup": str(made.path), **asdict(made.manifest)}
    if test:
        with Bar() as bar:
            report = made_by.restore_as_test(call.vault, path, bar.of("entries"))
        answer |= {"tested": str(path), "sound": report.ok}
    call.answer(answer, output.table(("", ""), list(answer.items())).strip())
    output.narrate(
        "It holds neither the vault secret, which is on the recovery sheet, nor the keys of donors and patients "
        f"({call.vault.folder.path / 'subjects.keys'}): keep copies of those apart from it."
    )
    return exit_codes.OK if answer.get("sound", True) else exit_codes.FINDINGS


def backups(call: Call) -> int:
    """Tell when the last good backup and the last test restore were: exit 1 where one is older than a day."""
    from cryoledger.custody.backups.backup import care_of

    care = care_of(call.vault)
    value = {
        "backup": asdict(care.backup) if care.backup else None,
        "test_restore": asdict(care.tested) if care.tested else None,
        "late": care.late,
        "by_server": care.by_server,
    }
    done, zone = {"backup": care.backup, "test restore": care.tested}, call.zone
    lines = [f"last good backup   {_told(care.backup, zone)}", f"last test restore  {_told(care.tested, zone)}"]
    if care.by_server:
        said = "The server has backups of its own (pg_basebackup, WAL archiving): ask its administrator."
        lines = [*(lines if care.backup else []), said]
    never = [f"there was no {what} yet" for what, upkeep in done.items() if upkeep is None]
    late = [f"LATE: {'; '.join(never) or 'one of them is older than 24 hours'}."] if care.late else []
    call.answer(value, "\n".join([*lines, *late]))
    return exit_codes.FINDINGS if care.late else exit_codes.OK


def restore(
    call: Call,
    by: Signers,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="The backup.")] = None,
    to: Annotated[
        str | None, typer.Argument(metavar="TO", help="Where the vault shall be: a new file, or an empty database.")
    ] = None,
    declare: Annotated[
        bool, typer.Option("--declare", help="An administrator and quality declare what the vault lacks.")
    ] = False,
    go_on: Annotated[
        bool, typer.Option("--go-on", help="Nobody can sign: keep vials cold, unreconciled, until two declare it.")
    ] = False,
    lost_to: Annotated[
        int | None, typer.Option("--lost-to", help="With --declare: the last entry that is known to be lost.")
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", help="On a new machine: the file of the recovery sheet, for its secret.")
    ] = None,
) -> None:
    """Put a backup in the vault's place, then open the next epoch over what it lacks."""
    if declare + go_on + (file is not None) != 1 or (file is None) != (to is None):
        raise RequestError(
            "One of three is done: FILE TO, --declare, or --go-on.", "First restore, then declare what is lost."
        )
    if file is not None and to is not None:
        _restore(call, file, to, sheet)
    else:
        _open_epoch(call, by, declare=declare, lost_to=lost_to, sheet=sheet)


def _restore(call: Call, file: Path, to: str, sheet: Path | None) -> None:
    from cryoledger.custody.backups.restore import restore as put_back
    from cryoledger.custody.clock import SystemClock
    from cryoledger.domain import times

    with Bar() as bar:
        done = put_back(file, to, now=times.text_of(SystemClock().now()), progress=bar.of("entries"))
    _take_secret(to, sheet)
    value = {
        "vault": str(done.place), "last_entry": done.entry, "recorded_at": done.recorded_at, "complete": done.complete
    }  # fmt: skip
    call.answer(value, output.table(("", ""), list(value.items())).strip())
    if not done.complete:
        output.narrate(
            "Entries made after this backup may be lost. Before anything is recorded in it, an administrator and "
            f"quality declare that: `cryoledger restore --declare --vault {to}`. If nobody can sign now: --go-on."
        )


def _open_epoch(call: Call, by: Signers, *, declare: bool, lost_to: int | None, sheet: Path | None) -> None:
    from cryoledger.custody.backups import restore as restoring
    from cryoledger.custody.vault import Vault

    _take_secret(call.location, sheet)
    vault = Vault.open(call.location, remembered=False)
    call.adopt(vault)
    if declare:
        told = f"LedgerRestored: {_state(vault)}"
        meanings = [("restored", "administrator"), ("approved", "quality officer")]
        signers = acts.ask_for(call, meanings, told, by, clock=False)
        sealed = restoring.declare(vault, *signers, lost_to=lost_to)
        said = "Before a vial is issued or thawed for a patient, its box is checked: `cryoledger unit check BOX`."
    else:
        sealed = restoring.go_on(vault)
        said = (
            "UNRECONCILED: store, take out, move, return and discard go on. Issue, release, the bedside and "
            "administration wait until an administrator and quality declare it."
        )
    call.answer(
        {"epoch": sealed.epoch, "sequence": sealed.entry.sequence, "type": sealed.entry.envelope.type},
        f"{sealed.entry.envelope.type}: entry {sealed.epoch}/{sealed.entry.sequence}, of {sealed.entry.origin}",
    )
    output.narrate(said)


def _state(vault: Vault) -> str:
    from cryoledger.custody.vault import head_of
    from cryoledger.domain import numbers

    with vault.store.reading() as reading:
        head = head_of(reading)
    return f"the vault ends with entry {numbers.shown(head.number)} of {head.recorded_at}; what followed is lost"


def _take_secret(location: str, sheet: Path | None) -> None:
    """The vault secret, from the recovery sheet, into this machine's own folder."""
    if sheet is None:
        return
    from cryoledger.custody.keys import recovery_sheet
    from cryoledger.custody.vault import Vault

    secret, _ = recovery_sheet.read(asking.sheet_text() if str(sheet) == "-" else sheet)
    with Vault.open(location, remembered=False) as vault:
        vault.folder.write_secret(secret)


def _told(done: Upkeep | None, zone: str) -> str:
    from cryoledger.documents.signatures import local_time

    return f"{local_time(done.at, zone)}  {done.detail}" if done is not None else "never"
