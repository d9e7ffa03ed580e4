"""`cryoledger qualify`: shows, on this machine, that the installation does what its release was tested to do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cryoledger.cli import exit_codes, output
from cryoledger.cli.acts import Signers
from cryoledger.cli.call import Call
from cryoledger.cli.declare import look
from cryoledger.cli.new_file import WRITES
from cryoledger.cli.teaching import ADMINISTRATOR
from cryoledger.errors import RequestError

if TYPE_CHECKING:
    from cryoledger.custody.qualification import Check
    from cryoledger.custody.record import By
    from cryoledger.documents.pages import Document, Stamp
    from cryoledger.ledger.note import Note

__all__ = ["register"]

EXAMPLE = """\
cryoledger qualify --out qualification.pdf --as quinn.o
cryoledger qualify --json"""
KINDS = (".pdf", ".html", ".txt", ".note")


def register(app: typer.Typer) -> None:
    """Enter the command."""
    look(app, "qualify", example=EXAMPLE, panel=ADMINISTRATOR)(qualify)


def qualify(
    call: Call,
    by: Signers,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="The record: .pdf, .html, .txt, or the signed .note."),
        WRITES,
    ] = None,
) -> int:
    """Check installation and operation here, and the vault (only read): a signed record, exit 1 if a check fails."""
    from cryoledger.custody import qualification
    from cryoledger.documents.qualification import pages_of

    if out is not None and out.suffix.lower() not in KINDS:
        raise RequestError(f"{out} is none of {', '.join(KINDS)}.", "Name the file so.")
    there = "://" in call.location or Path(call.location).exists()
    if by.first is not None and not there:
        raise RequestError(f"There is no vault at {call.location} to sign with.", "Name it with --vault.")
    signer = _ask(call, by) if by.first is not None else None
    checks = _checks(call.location if there else None)
    stamp = _stamp(call) if there else _no_stamp()
    head = _head(stamp, call.location if there else "none")
    text = qualification.record_text(head, checks)
    note = qualification.signed(call.vault, text, signer) if there else None
    document = pages_of(stamp, head, checks, note)
    if out is not None:
        _write(call, out, document, note)
    failed = any(check.outcome == "failed" for check in checks)
    lines = [*(check.line for check in checks), qualification.verdict(checks), *([f"Written: {out}"] if out else [])]
    call.answer(document.to_dict(), "\n".join(lines))
    return exit_codes.FINDINGS if failed else exit_codes.OK


def _ask(call: Call, by: Signers) -> By:
    from cryoledger.cli.acts import ask_for, names_of
    from cryoledger.custody import qualification

    for name in names_of(call, by):
        qualification.may_sign(call.vault, name)
    meanings = [("qualified", "quality officer or administrator")]
    (signer,) = ask_for(call, meanings, "the record of this qualification", by, clock=False)
    qualification.prove(call.vault, signer)
    return signer


def _checks(location: str | None) -> list[Check]:
    from cryoledger.cli.commands.demo import scratch
    from cryoledger.cli.sample.operation import operation
    from cryoledger.custody import qualification

    place = Path(location) if location is not None and "://" not in location else Path.cwd()
    output.narrate("Checking the installation ...")
    checks = qualification.installation(place.absolute())
    output.narrate("Checking the operation on a scratch vault: some ten seconds ...")
    with scratch() as folder:
        checks += operation(folder)
    if location is None:
        why = "there is no vault of the site here"
        return [*checks, qualification.Check("PQ-1", "The vault verifies.", why, "not run")]
    output.narrate(f"Verifying {location} ...")
    return [*checks, *qualification.look_at_vault(location)]


def _stamp(call: Call) -> Stamp:
    from cryoledger.documents.pages import stamp_of

    with call.reading() as reading:
        return stamp_of(reading, call.now)


def _no_stamp() -> Stamp:
    from datetime import UTC, datetime

    from cryoledger.documents.pages import Stamp

    printed = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return Stamp("no vault", "none", "none", "none", printed, "")


def _head(stamp: Stamp, location: str) -> list[str]:
    import platform

    from cryoledger import __version__

    return [
        f"cryoledger {__version__}, on {platform.system()} {platform.machine()}, Python {platform.python_version()}",
        f"Vault: {stamp.origin}, fingerprint {stamp.fingerprint}, as of entry {stamp.head}, at {location}",
        f"Made: {stamp.printed}",
    ]


def _write(call: Call, out: Path, document: Document, note: Note | None) -> None:
    from cryoledger.cli.outside import drawn
    from cryoledger.documents.pages_pdf import to_pdf

    kind = out.suffix.lower()
    if kind == ".note" and note is None:
        raise RequestError("Without a vault there is nobody to sign the note.", "Name the vault, or another file.")
    made = {
        ".pdf": lambda: drawn(lambda: to_pdf(document)),
        ".html": lambda: document.html().encode(),
        ".txt": lambda: document.text().encode(),
        ".note": lambda: note.encode() if note is not None else b"",
    }[kind]()
    call.write(out, made, "record")
