"""Commands that take an inventory over from a file, and hand one out."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cryoledger.cli import asking, exit_codes, new_file, output
from cryoledger.cli.acts import Signers, ask_for, judge
from cryoledger.cli.call import Call
from cryoledger.cli.declare import group, look
from cryoledger.cli.new_file import WRITES
from cryoledger.cli.progress_bar import Bar
from cryoledger.errors import CryoledgerError, RequestError

if TYPE_CHECKING:
    from cryoledger.domain.import_records import Import
    from cryoledger.exchange.import_inventory import Job
    from cryoledger.exchange.survey import Ask, Question

__all__ = ["export", "import_"]

import_ = group()
export = group()

IMPORT = """\
cryoledger import inventory freezers.csv --dry-run
cryoledger import inventory freezers.csv --as maria.s
cryoledger import inventory freezers.xlsx --columns map.toml --strict --json --as maria.s
cryoledger import inventory freezers.csv --abandon --as maria.s"""
RELEASE = """\
cryoledger import release 57 --basis former-release-records --as quinn.o
cryoledger import release 57 WJ240610A WJ240611A --basis certificates-of-analysis --as quinn.o"""
IMPORTER = "technician or quality officer"
AT_ONCE = 400

File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV or XLSX: a header, then one vial a row.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would come in, what not and why; record nothing.")]
Columns = Annotated[
    Path | None,
    typer.Option("--columns", metavar="MAP.toml", help="What the file leaves open; each question names its line."),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Record nothing if one row is rejected or one column is not known for sure.")
]
Abandon = Annotated[bool, typer.Option("--abandon", help="Withdraw what an import that did not complete has brought.")]
Reason = Annotated[str, typer.Option("--reason", help="Why it is abandoned: {ImportAbandoned.reason}.")]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="The import's number, as `import list` shows it.", min=0)]


@look(import_, "inventory", example=IMPORT)
def inventory(
    call: Call,
    by: Signers,
    file: File,
    dry_run: DryRun = False,
    columns: Columns = None,
    strict: Strict = False,
    abandon: Abandon = False,
    reason: Reason = "interrupted",
) -> int:
    """Take an inventory over from a file; repeated, it resumes where it stopped, and adds nothing twice."""
    from cryoledger.exchange.column_map import ColumnMap, read_map
    from cryoledger.exchange.import_inventory import prepare
    from cryoledger.exchange.tables import file_sha256

    again = _command(call, by, file, columns, strict=strict)
    if abandon:
        own = _open_import(call, sha256=file_sha256(file))
        return _abandon(call, by, own, reason, f"{again} --abandon --reason {shlex.quote(reason)}")
    given = read_map(columns) if columns is not None else ColumnMap()
    with Bar() as bar, prepare(call.vault, file, given, _asking(bar), bar.show) as job:
        bar.stop()
        if job.before is not None:
            output.narrate(f"This very file is import {job.before}: nothing is added twice.")
            return _report(call, job, 0, dry_run=dry_run)
        refused = strict and (job.plan.scratch.count("rejected") > 0 or not job.known.certain)
        if dry_run or refused or not job.plan.vials:
            _report(call, job, job.plan.vials if dry_run and not refused else 0, dry_run=dry_run)
            if refused:
                output.narrate(_why_refused(job))
            return exit_codes.FINDINGS if refused or not job.plan.vials else exit_codes.OK
        _carry_out(call, job, by, again)
        return _report(call, job, job.plan.vials, dry_run=False)


def _command(call: Call, by: Signers, file: Path, columns: Path | None, *, strict: bool) -> str:
    """The command as it must be given again, whatever it was given with."""
    words = ["cryoledger", *(["--vault", call.named] if call.named else []), "import", "inventory", str(file)]
    words += ["--columns", str(columns)] if columns is not None else []
    words += ["--strict"] if strict else []
    words += ["--json"] if call.as_json else []
    for option, name in (("--as", by.first), *(("--with", other) for other in by.others)):
        words += [option, name] if name else []
    return shlex.join(words)


def _why_refused(job: Job) -> str:
    rejected, columns = job.plan.scratch.count("rejected"), job.known.columns
    reasons = [f"{rejected} rows are rejected"] if rejected else []
    reasons += [f"these columns are not understood: {', '.join(columns.ignored[:20])}"] if columns.ignored else []
    reasons += [f"these were guessed by a close header: {', '.join(columns.close)}"] if columns.close else []
    return f"Nothing is recorded under --strict: {'; '.join(reasons)}. Correct the file or the map, or leave it out."


def _carry_out(call: Call, job: Job, by: Signers, again: str) -> None:
    from cryoledger.custody.imports.importing import carry_out

    plan = job.plan
    rejected = plan.scratch.count("rejected")
    told = f"the import of {plan.vials} vials from {job.rows} rows, {rejected} of them rejected"
    if plan.own is not None:
        output.narrate(f"Import {plan.own.number} of this file stopped after part {plan.own.done}: it is resumed.")
    begun = plan.begun() if plan.own is None else None
    (signer,) = ask_for(call, [("imported", IMPORTER)], told, by, event=begun)
    with _told_when_interrupted(call, plan.sha256, again), Bar() as bar:
        carry_out(call.vault, plan, signer, lambda done, total: bar.show("Recording", done, total))


@contextmanager
def _told_when_interrupted(call: Call, sha256: str, again: str) -> Iterator[None]:
    """Whatever stops an import, or its withdrawal: how far it got, and what goes on with it."""
    try:
        yield
    except KeyboardInterrupt:
        output.narrate(_how_far(call, sha256, again) or "Nothing of this file is on record.")
        raise
    except CryoledgerError as error:
        try:
            told = _how_far(call, sha256, again)
        except CryoledgerError:  # the error itself says that the vault cannot be read
            told = f"How far it got cannot be read now. What came in is safe; go on later with:\n    {again}"
        if told:
            error.add_note(told)
        raise


def _how_far(call: Call, sha256: str, again: str) -> str:
    own = next((row for row in _open_imports(call) if row.sha256 == sha256), None)
    if own is None:
        return ""
    if own.abandoned is not None:
        return f"Import {own.number}: {own.done} parts are still to be withdrawn. Go on with:\n    {again}"
    return (
        f"Import {own.number} stopped after part {own.done} of {own.parts}. What came in is safe, and nothing of it "
        f"can be used before the rest is in. Go on with:\n    {again}\n"
        f"or take back what came in with:\n    {again} --abandon"
    )


def _report(call: Call, job: Job, imported: int, *, dry_run: bool) -> int:
    """Write what came of it, row after row: a file of a million rows may have as many defects."""
    if not call.as_json:
        for row, reason in job.plan.rejected():
            output.data(f"row {row}: {reason}")
        for name, value in job.guessed.items():
            output.narrate(f"guessed {name.replace('_', ' ')}: {_shown(value)}")
        verb = "would come in" if dry_run else "came in"
        output.data(f"{job.rows} rows, {imported} vials {verb}, {job.plan.scratch.count('rejected')} rows rejected")
        if imported:
            _tell_what_next(call, job, dry_run=dry_run)
        return exit_codes.OK
    output.data(f'{{\n  "rows": {job.rows},\n  "imported": {imported},\n  "dry_run": {json.dumps(dry_run)},')
    output.data(f'  "import": {json.dumps(_number(call, job))},\n  "held": {job.plan.held()},\n  "rejected": [')
    before = ""
    for row, reason in job.plan.rejected():
        if before:
            output.data(f"{before},")
        before = f"    {output.json_text({'row': row, 'reason': reason}, indent=None)}"
    output.data(f'{before}\n  ],\n  "guessed": {output.json_text(job.guessed)}\n}}')
    return exit_codes.OK


def _tell_what_next(call: Call, job: Job, *, dry_run: bool) -> None:
    """What stands between the vials that come in and their use."""
    held, come = job.plan.held(), "come in" if dry_run else "are"
    if held:
        output.narrate(f"{held} of them {come} on hold until a box check: another row gave their barcode or position.")
    if not dry_run:
        number = _number(call, job)
        output.narrate(
            f"Their lots are in quarantine. Quality: `cryoledger import release {number} --basis ... --as NAME`."
        )


def _number(call: Call, job: Job) -> int | None:
    from cryoledger.custody.imports.importing import find_import

    with call.reading() as reading:
        row = find_import(reading.facts, job.plan.sha256)
    return row.number if row is not None else None


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} = {each}" for name, each in value.items())
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def _asking(bar: Bar) -> Ask:
    """Puts a question to a person at the terminal, one answer after the other; nobody answers where there is none."""

    def ask(question: Question) -> str | None:
        if not asking.at_terminal():
            return None
        bar.stop()
        return next((choice for choice in question.choices if asking.yes(f"{question.text} {choice}?")), None)

    return ask


def _open_imports(call: Call) -> list[Import]:
    from cryoledger.domain.import_records import Import

    with call.reading() as reading:
        return reading.facts.where(Import, status="open")


def _open_import(call: Call, *, sha256: str = "", number: int | None = None) -> Import:
    for row in _open_imports(call):
        if row.sha256 == sha256 or row.number == number:
            return row
    raise RequestError("There is no such import that could be abandoned.", "See `cryoledger import list`.")


def _abandon(call: Call, by: Signers, own: Import, reason: str, again: str) -> int:
    from cryoledger.custody.imports.importing import abandon
    from cryoledger.domain import catalogue

    event = catalogue.parse("ImportAbandoned", {"number": own.number, "reason": reason})
    told = f"that import {own.number} is given up: all {own.done} recorded parts leave the inventory"
    (signer,) = ask_for(call, [("abandoned", IMPORTER)], told, by, event=event if own.abandoned is None else None)
    with _told_when_interrupted(call, own.sha256, again), Bar() as bar:
        abandon(call.vault, own, reason, signer, lambda done, total: bar.show("Withdrawing", done, total))  # type: ignore[arg-type]
    call.answer({"import": own.number, "withdrawn": own.done}, f"Import {own.number} is withdrawn.")
    return exit_codes.OK


@look(import_, "abandon", example="cryoledger import abandon 57 --reason wrong-file --as maria.s")
def abandon_import(call: Call, by: Signers, number: Number, reason: Reason = "interrupted") -> int:
    """Withdraw what an import that did not complete has brought, where its file is no longer at hand."""
    words = ["cryoledger", *(["--vault", call.named] if call.named else []), "import", "abandon", str(number)]
    words += ["--reason", reason, *(["--as", by.first] if by.first else [])]
    return _abandon(call, by, _open_import(call, number=number), reason, shlex.join(words))


@look(import_, "list", example="cryoledger import list")
def list_imports(call: Call) -> None:
    """List the imports, and how far each came."""
    from cryoledger.domain.import_records import Import

    with call.reading() as reading:
        rows = reading.facts.where(Import)
    call.rows(rows, "number", "status", "vial_count", "parts", "done", "sha256")


@look(import_, "release", example=RELEASE)
def release(
    call: Call,
    by: Signers,
    number: Number,
    basis: Annotated[str, typer.Option("--basis", help="On what it rests: {ImportedLotsReleased.basis}.")],
    lots: Annotated[
        list[str] | None, typer.Argument(metavar="LOT...", help="Its lots; else every one that has not expired.")
    ] = None,
) -> None:
    """State, as quality, that imported lots were released before: their tests lie outside this vault."""
    from cryoledger.custody.record import record
    from cryoledger.documents.card_words import counted
    from cryoledger.domain import catalogue
    from cryoledger.domain.import_records import ImportLot
    from cryoledger.domain.records import Lot

    with call.reading() as reading:
        came = [reading.facts.get(Lot, row.lot) for row in reading.facts.where(ImportLot, number=number)]
    waiting = [row.code for row in came if row and row.disposition == "quarantined" and row.expires_at > call.now]
    named = [call.code(text) for text in lots] if lots else waiting
    if not named:
        raise RequestError(
            f"Import {number} has no quarantined lot that has not expired.", "See `cryoledger lot list`."
        )
    events = [
        catalogue.parse("ImportedLotsReleased", {"number": number, "basis": basis, "lots": named[at : at + AT_ONCE]})
        for at in range(0, len(named), AT_ONCE)
    ]
    told = f"{len(named)} lots of import {number}, released before by {basis}"
    for event in events[1:]:
        judge(call, event, by)
    signers = ask_for(call, [("released", "quality officer")], told, by, event=events[0])
    numbers = [record(call.vault, event, *signers).number for event in events]
    call.answer({"import": number, "lots": named, "entries": numbers}, f"Released: {counted(len(named), 'lot')}.")


@look(export, "inventory", example="cryoledger export inventory --out freezers.csv")
def export_inventory(
    call: Call,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="A file; else stdout."), WRITES] = None,
) -> int:
    """Write every stored vial as CSV: it imports elsewhere, and no spreadsheet calculates anything in it."""
    from cryoledger.documents.card_words import counted
    from cryoledger.exchange import export_inventory as exchange

    with call.reading() as reading, _opened(call, out) as write:
        done = exchange.export_inventory(reading, write)
    output.narrate(f"Written: {counted(done.vials, 'vial')}.")
    if done.not_stored:
        output.narrate(
            f"Not written: {counted(done.not_stored, 'vial')} in no position (expected, out, missing, on the way)."
        )
    if done.not_drawn:
        output.narrate(
            f"Not written: {counted(done.not_drawn, 'vial')} in units nested in another way than a table shows."
        )
    return exit_codes.FINDINGS if done.not_drawn else exit_codes.OK


@contextmanager
def _opened(call: Call, out: Path | None) -> Iterator[Any]:
    """A new file, or stdout in UTF-8 whatever the terminal speaks."""
    if out is None:
        yield _Encoded(output.raw)
        return
    with new_file.writing(out, "table", replace=call.replace) as file:
        yield _Encoded(file.write)


class _Encoded:
    """Text handed on as UTF-8 bytes."""

    def __init__(self, raw: Callable[[bytes], object]) -> None:
        self._raw = raw

    def write(self, text: str) -> int:
        """Write a text."""
        self._raw(text.encode())
        return len(text)
