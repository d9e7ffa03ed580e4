"""Work without the station: what to print beforehand, and how the paper comes back into the ledger."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cryoledger.cli import exit_codes, output
from cryoledger.cli.acts import Signers
from cryoledger.cli.call import Call
from cryoledger.cli.declare import group, look
from cryoledger.cli.new_file import WRITES
from cryoledger.errors import RequestError

if TYPE_CHECKING:
    from cryoledger.custody.downtime import Entered, Judged, Plan
    from cryoledger.custody.record import By

__all__ = ["downtime"]

downtime = group()

PRINT = """\
cryoledger downtime print                                # as plain text
cryoledger downtime print --out downtime.pdf --forms 6
cryoledger downtime print --out FRZ-1.html --unit FRZ-1"""
ENTER = """\
cryoledger downtime enter forms.csv --dry-run --as maria.s --with quinn.o
cryoledger downtime enter forms.csv --as maria.s --with quinn.o"""
FILE_MAX = 10 * 1024 * 1024
TWO = "Signed by two: who enters it (--as) and who compared it with the paper (--with)."


@look(downtime, "print", example=PRINT)
def print_pages(
    call: Call,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="A file: .pdf, .html or .txt; else stdout, as text."),
        WRITES,
    ] = None,
    unit: Annotated[str | None, typer.Option("--unit", help="Only the boxes inside this freezer, rack ...")] = None,
    forms: Annotated[int, typer.Option("--forms", min=0, max=100, help="How many pages of blank forms.")] = 4,
) -> None:
    """Print what a lab needs to work on paper: box maps, what is out, open pick lists, blank custody forms."""
    from cryoledger.documents.card_words import counted
    from cryoledger.documents.downtime import pages_of

    kind = out.suffix.lower() if out is not None else ".txt"
    if kind not in (".pdf", ".html", ".htm", ".txt"):
        raise RequestError(f"{out} is neither .pdf nor .html nor .txt.", "Name the file so.")
    code, now = call.code(unit) if unit else None, call.now
    with call.reading() as reading:
        document = pages_of(reading, now, unit=code, forms=forms)
    if call.as_json or out is None:
        call.answer(document.to_dict(), document.text)
        return
    if kind == ".pdf":
        from cryoledger.cli.outside import drawn
        from cryoledger.documents.pages_pdf import to_pdf

        content = drawn(lambda: to_pdf(document))
    else:
        content = (document.text() if kind == ".txt" else document.html()).encode()
    call.write(out, content, "pages")
    output.narrate(f"Print {out} now ({counted(len(document.pages), 'page')}): paper works when nothing else does.")


@look(downtime, "template", example="cryoledger downtime template")
def template(call: Call) -> None:
    """Write an empty table for `downtime enter`, with the acts and reasons that it takes."""
    from cryoledger.custody.paper_acts import ACTS
    from cryoledger.exchange import downtime_forms

    rows = [{"act": word, "event": kind.event, "help": kind.help} for word, kind in ACTS.items()]
    call.answer(rows, lambda: downtime_forms.template().rstrip("\n"))


@look(downtime, "enter", example=ENTER)
def enter(
    call: Call,
    file: Annotated[str, typer.Argument(metavar="FILE", help="The forms as a table; - reads stdin, then PINs.")],
    by: Signers,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be recorded.")] = False,
    skip_refused: Annotated[
        bool, typer.Option("--skip-refused", help="Record the rest though some lines are refused.")
    ] = False,
    day: Annotated[str | None, typer.Option("--day", metavar="DATE", help="The day of times without one.")] = None,
    scanned: Annotated[bool, typer.Option("--scanned", help="The codes were scanned; else they are typed.")] = False,
) -> int:
    """Enter the paper of a downtime as late entries: all lines are checked before the first is recorded."""
    from cryoledger.custody.downtime import check
    from cryoledger.exchange.downtime_forms import read_forms

    if len(by.names) != 2:
        raise RequestError(f"The paper is signed by two; {len(by.names)} named.", TWO)
    _check_clock(call, by, dry_run=dry_run)
    content, on = _content(file), call.day(day) if day else None
    now = round(call.vault.clock.now().timestamp() * 1000)
    forms = read_forms(content, call.zone, now, on)
    plan = check(call.vault, forms.acts, _names(call, by), scanned=scanned)
    refused = sorted([*forms.unread, *((each.act.line, str(each.refusal)) for each in plan.refused)])
    stopped = bool(refused) and not skip_refused
    for line, reason in refused:
        output.narrate(f"line {line}: {reason}")
    if dry_run or stopped or not plan.fresh:
        _answer(call, plan, refused, None, dry_run=dry_run)
        return exit_codes.REFUSED if refused else exit_codes.OK
    entered = _enter(call, plan, _signers(call, by, plan), content)
    if entered.stopped is not None:
        refused.append((entered.stopped.act.line, f"{entered.stopped.refusal} It and all after it is not recorded."))
        output.narrate(f"line {refused[-1][0]}: {refused[-1][1]}")
    _answer(call, plan, refused, entered, dry_run=False)
    return exit_codes.REFUSED if refused else exit_codes.OK


def _names(call: Call, by: Signers) -> list[str]:
    from cryoledger.custody.vault import person_by

    with call.reading() as reading:
        return [person_by(reading, name).name for name in by.names]


def _check_clock(call: Call, by: Signers, *, dry_run: bool) -> None:
    """A downtime may well have lasted longer than the clock may leap without being asked about."""
    from cryoledger.cli.acts import check_clock

    if dry_run:
        call.vault.clock_confirmed = True  # nothing is recorded
    else:
        check_clock(call, confirmed=by.confirm_clock)


def _content(file: str) -> bytes:
    from cryoledger.cli.typed import read_bytes

    if file != "-":
        return read_bytes(Path(file), FILE_MAX)
    lines = list(_lines_to_empty())
    if not lines:
        raise RequestError("The standard input has no lines.", "Give the table, an empty line, then the PINs.")
    return b"".join(lines)


def _lines_to_empty() -> Iterator[bytes]:
    """The table from stdin, up to an empty line or its end: PINs follow."""
    while (line := sys.stdin.buffer.readline(FILE_MAX)).strip():
        yield line


def _signers(call: Call, by: Signers, plan: Plan) -> list[By]:
    """Both PINs, after the whole batch is told."""
    from cryoledger.cli.acts import ask_for

    output.narrate("\n".join(_line(each) for each in plan.fresh))
    told = f"{len(plan.fresh)} late entries, reason downtime"
    return ask_for(call, [("entered", "technician, pharmacist"), ("countersigned", "another person")], told, by)


def _enter(call: Call, plan: Plan, signers: list[By], content: bytes) -> Entered:
    from cryoledger.custody.downtime import enter as enter_all

    def show(done: int, total: int) -> None:
        if done % 50 == 0:
            output.narrate(f"{done} of {total} recorded")

    return enter_all(call.vault, plan, *signers, paper=content, progress=show)


def _line(judged: Judged) -> str:
    act = judged.act
    place = "/".join(part for part in (act.unit, act.position) if part)
    words = (act.act, act.vial, f"to {place}" if place else "", act.reason)
    return f"  line {act.line}: {act.occurred_at}  {' '.join(word for word in words if word)}"


def _answer(call: Call, plan: Plan, refused: list[tuple[int, str]], entered: Entered | None, *, dry_run: bool) -> None:
    sealed = entered.sealed if entered is not None else ()
    value: dict[str, Any] = {
        "lines": len(plan.acts),
        "recorded": [each.number for each in sealed],
        "would_record": len(plan.fresh) if entered is None else 0,
        "recorded_before": [each.number for each in plan.known],
        "refused": [{"line": line, "reason": reason} for line, reason in refused],
        "boxes_to_check": list(plan.boxes),
        "dry_run": dry_run,
    }
    call.answer(value, lambda: _as_text(call, plan, value, sealed_any=entered is not None))


def _as_text(call: Call, plan: Plan, value: dict[str, Any], *, sealed_any: bool) -> str:
    from cryoledger.documents.whereabouts import of_unit
    from cryoledger.domain import numbers

    done, known = value["recorded"], value["recorded_before"]
    lines = [f"{len(known)} acts were recorded before, and are left as they are."] if known else []
    if sealed_any:
        span = f", entries {numbers.shown(done[0])} to {numbers.shown(done[-1])}" if done else ""
        lines.append(f"{len(done)} of {len(plan.fresh)} acts are recorded{span}.")
    elif value["refused"]:
        right = f"{len(plan.fresh)} are right"
        lines.append(f"Nothing is recorded: {len(value['refused'])} lines are refused (above), {right}.")
        lines.append("Correct them, or record the rest with --skip-refused.")
    else:
        lines.append(f"{len(plan.fresh)} acts would be recorded." if plan.fresh else "There is nothing to record.")
    if plan.boxes and (done or known):
        lines.append("Now check these boxes by scanning them (CMD-BOX-CHECK, or `cryoledger unit check`):")
        with call.reading() as reading:
            lines += [f"  {of_unit(reading, box)}" for box in plan.boxes]
    return "\n".join(lines)
