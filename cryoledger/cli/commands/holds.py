"""Commands about holds, recalls, deviations, and acts that wait for their second person."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cryoledger.cli import output
from cryoledger.cli.acts import Signers
from cryoledger.cli.call import Call
from cryoledger.cli.declare import Data, act, group, look
from cryoledger.cli.teaching import AUDITOR, QUALITY
from cryoledger.errors import RequestError

__all__ = ["hold", "register"]

hold = group()

Codes = Annotated[list[str], typer.Argument(metavar="CODE", help="What is held.")]
Scope = Annotated[str, typer.Option("--scope", help="What kind of thing that is: {HoldPlaced.scope}.")]


@act(hold, "HoldPlaced", "place", example="cryoledger hold place L1 --scope lot --reason investigation --as quinn.o")
def place(
    call: Call,
    codes: Codes,
    scope: Scope,
    reason: Annotated[str, typer.Option("--reason", help="{HoldPlaced.reason}.")],
) -> Data:
    """Put a hold on things: nothing held is issued, thawed for a patient or given."""
    return {"scope": scope, "codes": [call.code(code) for code in codes], "reason": reason}


@act(hold, "HoldLifted", "lift", example="cryoledger hold lift 42 --reason cleared --as quinn.o")
def lift(
    call: Call,  # noqa: ARG001
    number: Annotated[int, typer.Argument(metavar="ENTRY", help="The number of the hold or recall.", min=0)],
    reason: Annotated[str, typer.Option("--reason", help="{HoldLifted.reason}.")],
) -> Data:
    """Lift a hold, or a recall that proved unfounded, from everything it lies on."""
    return {"number": number, "reason": reason}


@look(hold, "list", example="cryoledger hold list --all")
def list_holds(
    call: Call, everything: Annotated[bool, typer.Option("--all", help="Those lifted too.")] = False
) -> None:
    """List holds, recalls and waiting proposals, with what they lie on."""
    from cryoledger.domain.records import Hold

    with call.reading() as reading:
        rows = [row for row in reading.facts.where(Hold) if everything or row.lifted is None]
    call.rows(rows, "number", "kind", "scope", "code", "reason", "lifted")


def register(app: typer.Typer) -> None:
    """Enter the commands that stand alone."""
    look(app, "recall", example=RECALL, panel=QUALITY)(recall)
    act(app, "DeviationRecorded", "deviation", example=DEVIATION, panel=QUALITY, proposable=True)(deviation)
    look(app, "proposals", example="cryoledger proposals", panel=AUDITOR)(proposals)
    look(app, "complete-proposal", example="cryoledger complete-proposal 88 --as tariq.h", panel=QUALITY)(complete)


RECALL = """\
cryoledger recall L1 --dry-run
cryoledger recall D1 --reason donor-result --as quinn.o"""
DEVIATION = """\
cryoledger deviation vial:BKV000001W --limit out-of-storage --reason assessed-no-impact --as quinn.o --with maria.s"""


def recall(
    call: Call,
    code: Annotated[str, typer.Argument(metavar="LOT-or-DONOR", help="A lot, donation or donor.")],
    by: Signers,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Record nothing; only list whom it would concern.")
    ] = False,
    reason: Annotated[str | None, typer.Option("--reason", help="{RecallIssued.reason}.")] = None,
) -> None:
    """List every vial, dose and patient that comes from a lot, donation or donor; without --dry-run, recall it."""
    from cryoledger.cli.acts import seal
    from cryoledger.documents.recall import recall as concerned_by
    from cryoledger.domain import catalogue

    text = call.scanned(code)
    with call.reading() as reading:
        found = concerned_by(reading, text)
    answer: dict[str, Any] = {**found.to_dict(), "recorded": None}
    if not dry_run:
        if reason is None:
            raise RequestError("A recall states its reason.", "Add --reason, or --dry-run to see whom it concerns.")
        event = catalogue.parse("RecallIssued", {"scope": found.scope, "code": found.code, "reason": reason})
        answer["recorded"] = seal(call, event, by).number
        output.narrate(f"Recalled: entry {answer['recorded']}.")
    else:
        output.narrate("Nothing was recorded.")
    call.answer(answer, found.text)


def deviation(
    call: Call,
    things: Annotated[
        list[str], typer.Argument(metavar="KIND:CODE", help="What it concerns, such as vial:BKV000001W.")
    ],
    limit: Annotated[str, typer.Option("--limit", help="The limit that was passed: {DeviationRecorded.limit}.")],
    reason: Annotated[str, typer.Option("--reason", help="{DeviationRecorded.reason}.")],
) -> Data:
    """Accept, as quality and a second person, that things passed a limit."""
    concerning = []
    for text in things:
        kind, colon, code = text.partition(":")
        if not (colon and kind and code):
            raise RequestError(f"{text[:80]!r} is not KIND:CODE.", "Write it as vial:BKV000001W or order:O1.")
        concerning.append({"kind": kind, "code": call.code(code)})
    return {"limit": limit, "concerning": concerning, "reason": reason}


def proposals(
    call: Call, everything: Annotated[bool, typer.Option("--all", help="Those completed or expired too.")] = False
) -> None:
    """List acts that their first person signed and that wait for the second."""
    from cryoledger.domain.records import Proposal

    now = call.now
    with call.reading() as reading:
        rows = reading.facts.where(Proposal)
    waiting = [row for row in rows if everything or (row.status == "open" and row.expires_at > now)]
    call.rows(waiting, "number", "act", "proposer", "expires_at", "status")


def complete(
    call: Call,
    number: Annotated[int, typer.Argument(metavar="ENTRY", help="The number of the proposal.", min=0)],
    by: Signers,
) -> None:
    """Complete, as its second person, an act that somebody else proposed; it is judged again."""
    from cryoledger.cli.acts import perform
    from cryoledger.cli.typed import reference
    from cryoledger.domain import catalogue
    from cryoledger.domain.catalogue import PROPOSED

    named = reference(call, number)
    with call.reading() as reading:
        entry = reading.recorded(number)
    act_proposed = getattr(entry.event, "act", None) if entry is not None else None
    if entry is None or act_proposed is None or not entry.type.endswith(PROPOSED):
        raise RequestError(f"Entry {number} is no proposal.", "See `cryoledger proposals`.")
    data = catalogue.data_of(act_proposed)
    scanned = type(by)(by.first, by.others, by.confirm_clock, scanned=True)
    perform(call, entry.type.removesuffix(PROPOSED), {**data, "proposal": named}, scanned)
