"""Commands from the thawed vial to the patient, and after."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cryoledger.cli import asking, output
from cryoledger.cli.acts import Signers
from cryoledger.cli.call import Call
from cryoledger.cli.commands.looking import show_card
from cryoledger.cli.commands.orders import signing_name
from cryoledger.cli.declare import Data, act, group, look
from cryoledger.cli.new_file import WRITES
from cryoledger.cli.teaching import CLINICIAN, PHARMACIST
from cryoledger.cli.words import Dose, Vials
from cryoledger.custody import amounts
from cryoledger.errors import RequestError

if TYPE_CHECKING:
    from cryoledger.domain.records import Dose as DoseRow

__all__ = ["dose", "register"]

dose = group()

Sources = Annotated[
    list[str],
    typer.Argument(metavar="VIAL[=VOLUME]", help="Thawed vials, all that is left of each unless a volume is given."),
]


@look(dose, "show", example="cryoledger dose show DOSE-1")
def show(call: Call, code: Dose) -> None:
    """Show a dose's card: its vials, patient, deadline, and what came of it."""
    show_card(call, "dose", code)


@look(dose, "list", example="cryoledger dose list")
def list_doses(call: Call) -> None:
    """List the doses with patient, order, holder and deadline."""
    from cryoledger.domain.records import Dose as Row

    with call.reading() as reading:
        rows = reading.facts.where(Row)
    call.rows(rows, "code", "patient", "order_code", "order_line", "custody", "custodian", "deadline")


@look(dose, "papers", example="cryoledger dose papers DOSE-1 --out dose.pdf")
def papers(
    call: Call,
    code: Dose,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="A .pdf, .html or .txt."), WRITES],
) -> None:
    """Write the document that accompanies a dose: content, donors' eligibility, warnings, deadline, signatures."""
    from cryoledger.cli.outside import drawn
    from cryoledger.documents.accompanying import accompanying
    from cryoledger.documents.pages_pdf import to_pdf
    from cryoledger.domain import times

    kind = out.suffix.lower()
    if kind not in (".pdf", ".html", ".txt"):
        raise RequestError(f"{out.name!r} does not end with .pdf, .html or .txt.", "Name such a file.")
    with call.reading() as reading:
        document = accompanying(reading, call.code(code), times.text_of(call.vault.clock.now()))
    forms = {".pdf": lambda: to_pdf(document), ".txt": lambda: document.text().encode()}
    content = drawn(forms.get(kind, lambda: document.html().encode()))
    call.write(out, content, "the accompanying document")
    call.answer({"file": str(out), **document.facts}, f"{out} written.")


@act(
    dose,
    "DoseDiscarded",
    "discard",
    example="cryoledger dose discard DOSE-1 --reason window-passed --as petra.v --with maria.s",
    proposable=True,
)
def discard(
    call: Call, code: Dose, reason: Annotated[str, typer.Option("--reason", help="{DoseDiscarded.reason}.")]
) -> Data:
    """Destroy a dose, by two; the vials it came from go with it."""
    return {"dose": call.code(code), "reason": reason}


def register(app: typer.Typer) -> None:
    """Enter the commands that stand alone."""
    act(app, "VialsThawed", "thaw", example="cryoledger thaw BKV000001W --as petra.v", panel=PHARMACIST)(thaw)
    act(app, "SampleTaken", "sample", example=SAMPLE, panel=PHARMACIST)(sample)
    act(app, "DosePrepared", "prepare", example=PREPARE, panel=PHARMACIST)(prepare)
    act(app, "RemaindersWasted", "waste", example=WASTE, panel=PHARMACIST, proposable=True)(waste)
    act(app, "DoseHandedOver", "hand-over", example=HAND_OVER, panel=PHARMACIST)(hand_over)
    look(app, "bedside-check", example=BEDSIDE, panel=CLINICIAN)(bedside_check)
    act(app, "AdministrationCompleted", "complete", example=COMPLETE, panel=CLINICIAN)(complete)
    act(app, "FollowUpRecorded", "follow-up", example=FOLLOW_UP, panel=CLINICIAN)(follow_up)
    act(app, "AdverseEventReported", "adverse-event", example=ADVERSE, panel=CLINICIAN)(adverse_event)


SAMPLE = "cryoledger sample BKV000001W --volume 50ul --purpose viability --as petra.v"
PREPARE = "cryoledger prepare DOSE-1 --order O1 BKV000001W --cells 9.1M --viability 91 --as petra.v"
WASTE = "cryoledger waste BKV000001W=200ul --as petra.v --with maria.s"
HAND_OVER = "cryoledger hand-over DOSE-1 --to carlos.m --as petra.v --with carlos.m"
BEDSIDE = "cryoledger bedside-check DOSE-1 --as carlos.m --with somchai.k    # the wristband first, then both PINs"
COMPLETE = "cryoledger complete DOSE-1 --started 10:05 --ended 10:20 --as carlos.m --with somchai.k"
FOLLOW_UP = "cryoledger follow-up DOSE-1 --month 3 --outcome improved --as carlos.m"
ADVERSE = "cryoledger adverse-event DOSE-1 --severity mild --kind allergy --onset-on 2026-11-24 --as carlos.m"


def thaw(
    call: Call,
    vials: Vials,
    purpose: Annotated[str, typer.Option("--purpose", help="{VialsThawed.purpose}.")] = "therapy",
    method: Annotated[str, typer.Option("--method", help="{VialsThawed.method}.")] = "dry thawer",
) -> Data:
    """Record that vials are thawed now; this starts their deadline."""
    return {"vials": [call.code(code) for code in vials], "purpose": purpose, "method": method}


def sample(
    call: Call,
    vial: Annotated[str, typer.Argument(metavar="VIAL", help="The thawed vial.")],
    volume: Annotated[str, typer.Option("--volume", help="How much: 50ul.")],
    purpose: Annotated[str, typer.Option("--purpose", help="{SampleTaken.purpose}.")],
) -> Data:
    """Record that a part of a thawed vial went to a test."""
    return {"vial": call.code(vial), "volume_microlitres": amounts.microlitres(volume), "purpose": purpose}


def prepare(
    call: Call,
    code: Annotated[
        str, typer.Argument(metavar="DOSE", help="The new dose's code; a vial's own where it is given as it is.")
    ],
    vials: Sources,
    order: Annotated[str, typer.Option("--order", help="For which order.")],
    cells: Annotated[str, typer.Option("--cells", help="Living cells in the dose, as counted: 9.1M.")],
    viability: Annotated[str, typer.Option("--viability", help="In percent, as counted: 91.")],
    line: Annotated[int, typer.Option("--line", help="The line of the order.")] = 1,
    container: Annotated[str, typer.Option("--container", help="{DosePrepared.container}.")] = "syringe",
    diluent: Annotated[str, typer.Option("--diluent", help="Volume added: 9ml.")] = "0",
    sampled: Annotated[str, typer.Option("--sampled", help="Volume taken from the pool for tests.")] = "0",
) -> Data:
    """Prepare a dose from thawed vials for a line of an order; the volumes must balance."""
    sources = [_source(call, text) for text in vials]
    added, taken = amounts.microlitres(diluent), amounts.microlitres(sampled)
    return {
        "dose": code,
        "order": call.code(order),
        "line": line,
        "container": container,
        "sources": sources,
        "diluent_microlitres": added,
        "sampled_microlitres": taken,
        "volume_microlitres": sum(each["volume_microlitres"] for each in sources) + added - taken,
        "cells": amounts.cells(cells),
        "viability_millipercent": amounts.milli(viability),
    }


def _source(call: Call, text: str) -> dict[str, Any]:
    """A vial and a volume of it; without one, all that is left."""
    from cryoledger.domain.records import Vial

    code, equals, volume = text.rpartition("=")
    if equals and code and volume[:1].isdecimal():
        return {"vial": call.code(code), "volume_microlitres": amounts.microlitres(volume)}
    name = call.code(text)
    with call.reading() as reading:
        vial = reading.facts.get(Vial, name)
    if vial is None:
        raise RequestError(f"There is no vial {name[:64]!r}.", "Scan it again.")
    if not vial.remaining_microlitres:
        raise RequestError(f"Vial {name} is empty: all of it was used.", "See `cryoledger vial`; name another.")
    return {"vial": name, "volume_microlitres": vial.remaining_microlitres}


def waste(call: Call, vials: Sources) -> Data:
    """Destroy what remains of opened vials, by two; it never serves a second patient."""
    return {"vials": [_source(call, text) for text in vials]}


def hand_over(
    call: Call,
    code: Dose,
    receiver: Annotated[str, typer.Option("--to", metavar="NAME", help="Who takes it, and signs too.")],
) -> Data:
    """Hand a dose over to another person; both sign."""
    return {"dose": call.code(code), "receiver": signing_name(call, receiver)}


def bedside_check(
    call: Call,
    code: Dose,
    by: Signers,
    order: Annotated[str | None, typer.Option("--order", help="The order as scanned; else the dose's own.")] = None,
    patient: Annotated[str | None, typer.Option("--patient", help="The patient's code; else the order's own.")] = None,
) -> None:
    """Check wristband, dose and order before the needle; the wristband is scanned at the prompt or first on stdin."""
    from cryoledger.cli.acts import perform
    from cryoledger.custody.identities.one_key import band
    from cryoledger.domain.records import Order

    scanned = asking.wristband()
    row = _dose(call, code)
    asked = call.code(order) if order else row.order_code
    with call.reading() as reading:
        found = reading.facts.get(Order, asked)
    who = call.code(patient) if patient else found.patient if found is not None else row.patient
    data = {"dose": row.code, "order": asked, "line": row.order_line, "patient": who}
    data["band"] = band(call.vault, who, scanned)
    typed = [field for field, text in (("dose", code), ("order", order), ("patient", patient)) if text]
    perform(call, "BedsideCheckPassed", {**data, "typed": typed}, by)


def _dose(call: Call, text: str) -> DoseRow:
    from cryoledger.domain.records import Dose as Row

    name = call.code(text)
    with call.reading() as reading:
        row = reading.facts.get(Row, name)
    if row is None:
        raise RequestError(f"There is no dose {name[:64]!r}.", "See `cryoledger dose list`.")
    return row


def complete(
    call: Call,
    code: Dose,
    started: Annotated[str, typer.Option("--started", metavar="TIME", help="When it began: 10:05.")],
    ended: Annotated[str, typer.Option("--ended", metavar="TIME", help="When it ended: 10:20.")],
    wasted: Annotated[str, typer.Option("--wasted", help="What was not given: 0.2ml.")] = "0",
    reaction: Annotated[str, typer.Option("--reaction", help="{AdministrationCompleted.reaction}.")] = "none",
) -> Data:
    """Record that the dose was given: start, end, volumes, reaction."""
    row, lost = _dose(call, code), amounts.microlitres(wasted)
    _tell_check(call, row)
    return {
        "dose": row.code,
        "order": row.order_code,
        "patient": row.patient,
        "started_at": call.instant(started),
        "ended_at": call.instant(ended),
        "given_microlitres": row.volume_microlitres - lost,
        "wasted_microlitres": lost,
        "reaction": reaction,
        "typed": ["dose"],
    }


def _tell_check(call: Call, row: DoseRow) -> None:
    """The bedside check that an administration completes: who signs must know which one that is."""
    from cryoledger.documents.signatures import local_time
    from cryoledger.domain import numbers

    with call.reading() as reading:
        checked = reading.recorded(row.checked) if row.checked is not None else None
    if checked is not None:
        at, by = local_time(checked.occurred_at, call.zone), " and ".join(signed.name for signed in checked.signers)
        output.narrate(
            f"Completes the bedside check of dose {row.code} at {at}, entry {numbers.shown(checked.number)}, by {by}."
        )


def follow_up(
    call: Call,
    code: Dose,
    month: Annotated[int, typer.Option("--month", help="So many months after the dose: 1, 3, 6.")],
    outcome: Annotated[str, typer.Option("--outcome", help="{FollowUpRecorded.outcome}.")],
) -> Data:
    """Record a patient's outcome so many months after a dose."""
    return {"dose": call.code(code), "month": month, "outcome": outcome}


def adverse_event(
    call: Call,
    code: Dose,
    severity: Annotated[str, typer.Option("--severity", help="{AdverseEventReported.severity}.")],
    kind: Annotated[str, typer.Option("--kind", help="{AdverseEventReported.kind}.")],
    onset_on: Annotated[str, typer.Option("--onset-on", metavar="DATE", help="When it began.")],
    relatedness: Annotated[str, typer.Option("--relatedness", help="{AdverseEventReported.relatedness}.")] = "possible",
) -> Data:
    """Report something harmful after a dose; `cryoledger trace` leads from it to vial, lot and donor."""
    values = {"severity": severity, "kind": kind, "onset_on": call.day(onset_on), "relatedness": relatedness}
    return {"dose": call.code(code), **values}
