"""Commands that correct what was recorded wrongly: typed, each naming the entry that it corrects; nothing is edited."""

from __future__ import annotations

from typing import Annotated

import typer

from cryoledger.cli.call import Call
from cryoledger.cli.commands.lots import result_of
from cryoledger.cli.commands.orders import signing_name
from cryoledger.cli.declare import Data, act, group
from cryoledger.cli.typed import pairs, placements, reference
from cryoledger.cli.words import Box, Corrects, Dose, Lot, Vial, Why
from cryoledger.custody import amounts

__all__ = ["correct"]

correct = group()

Method = Annotated[str, typer.Option("--method", help="How it was tested.")]


@act(
    correct,
    "PositionCorrected",
    "position",
    example="cryoledger correct position BOX-1 BKV000001W@B2 --entry 12 --reason scanned-wrong --as maria.s",
)
def position(
    call: Call,
    box: Box,
    vial: Annotated[str, typer.Argument(metavar="VIAL@POSITION", help="Where it really lies.")],
    entry: Corrects,
    reason: Why,
) -> Data:
    """Correct the position of a stored vial."""
    unit = call.code(box)
    (placed,) = placements(call, unit, [vial])
    return {"corrects": reference(call, entry), "reason": reason, "unit": unit, **placed}


@act(
    correct,
    "QuantityCorrected",
    "quantity",
    example="cryoledger correct quantity BKV000001W --volume 1.1ml --cells 11M --entry 9"
    " --reason typed-wrong --as quinn.o",
)
def quantity(
    call: Call,
    vial: Vial,
    volume: Annotated[str, typer.Option("--volume", help="What it really holds: 1.1ml.")],
    cells: Annotated[str, typer.Option("--cells", help="How many cells: 11M.")],
    entry: Corrects,
    reason: Why,
) -> Data:
    """Correct volume and cells of a vial that was not opened."""
    values = {"volume_microlitres": amounts.microlitres(volume), "cells": amounts.cells(cells)}
    return {"corrects": reference(call, entry), "reason": reason, "vial": call.code(vial), **values}


@act(
    correct,
    "TestResultCorrected",
    "test",
    example="cryoledger correct test L1 viability=91.0 --tested-on 2026-11-21 --method 7-AAD"
    " --entry 21 --reason typed-wrong --as quinn.o",
)
def test(
    call: Call,
    lot: Lot,
    result: Annotated[str, typer.Argument(metavar="TEST=VALUE", help="The right result.")],
    tested_on: Annotated[str, typer.Option("--tested-on", metavar="DATE", help="When it was tested.")],
    method: Method,
    entry: Corrects,
    reason: Why,
) -> Data:
    """Correct a recorded result of a lot."""
    ((name, value),) = pairs([result], "TEST=VALUE")
    code = call.code(lot)
    right = {"test": name, **result_of(call, code, name, value), "tested_on": call.day(tested_on), "method": method}
    return {"corrects": reference(call, entry), "reason": reason, "lot": code, "number": entry, "result": right}


@act(
    correct,
    "ScreeningCorrected",
    "screening",
    example="cryoledger correct screening D1 HBV=nonreactive --sampled-on 2026-10-01"
    " --method NAT --entry 8 --reason wrong-result --as quinn.o",
)
def screening(
    call: Call,
    donor: Annotated[str, typer.Argument(metavar="DONOR", help="The donor's code.")],
    result: Annotated[str, typer.Argument(metavar="MARKER=RESULT", help="The right result.")],
    sampled_on: Annotated[str, typer.Option("--sampled-on", metavar="DATE", help="When the sample was taken.")],
    method: Method,
    entry: Corrects,
    reason: Why,
) -> Data:
    """Correct a recorded infectious-disease result of a donor."""
    ((marker, value),) = pairs([result], "MARKER=RESULT")
    right = {"marker": marker, "sampled_on": call.day(sampled_on), "method": method, "result": value}
    values = {"donor": call.code(donor), "number": entry, "result": right}
    return {"corrects": reference(call, entry), "reason": reason, **values}


@act(
    correct,
    "LotExpiryCorrected",
    "expiry",
    example="cryoledger correct expiry L1 2028-11-30 --entry 15 --reason typed-wrong --as quinn.o",
)
def expiry(
    call: Call,
    lot: Lot,
    day: Annotated[str, typer.Argument(metavar="DATE", help="The right expiry.")],
    entry: Corrects,
    reason: Why,
) -> Data:
    """Correct the expiry of a lot."""
    from cryoledger.custody.create import end_of_day
    from cryoledger.domain import times

    right = call.day(day)
    values = {"lot": call.code(lot), "expiry_on": right, "expires_at": end_of_day(times.day(right), call.zone)}
    return {"corrects": reference(call, entry), "reason": reason, **values}


@act(
    correct,
    "AttributionCorrected",
    "attribution",
    example="cryoledger correct attribution tariq.h --entry 30 --reason wrong-person --as quinn.o",
)
def attribution(
    call: Call,
    person: Annotated[str, typer.Argument(metavar="NAME", help="Who really did it.")],
    entry: Corrects,
    reason: Why,
) -> Data:
    """Record that somebody other than the signer did what an entry says; the signature stays."""
    return {"corrects": reference(call, entry), "reason": reason, "person": signing_name(call, person)}


@act(
    correct,
    "FinalStateCorrected",
    "final-state",
    example="cryoledger correct final-state BKV000001W --entry 40 --reason found-in-check --as quinn.o --with maria.s",
    proposable=True,
)
def final_state(call: Call, vial: Vial, entry: Corrects, reason: Why) -> Data:
    """Record, by two, that a vial was not given, used up or destroyed: it is missing until found."""
    return {"corrects": reference(call, entry), "reason": reason, "vial": call.code(vial)}


@act(
    correct,
    "AdministrationCorrected",
    "administration",
    example="cryoledger correct administration DOSE-1 --started 10:05 --ended 10:25 --given 9.8ml --wasted 0.2ml "
    "--entry 51 --reason typed-wrong --as quinn.o --with carlos.m",
)
def administration(
    call: Call,
    dose: Dose,
    started: Annotated[str, typer.Option("--started", metavar="TIME", help="When it really began.")],
    ended: Annotated[str, typer.Option("--ended", metavar="TIME", help="When it really ended.")],
    given: Annotated[str, typer.Option("--given", help="What was given: 9.8ml.")],
    wasted: Annotated[str, typer.Option("--wasted", help="What was not: 0.2ml.")],
    entry: Corrects,
    reason: Why,
    reaction: Annotated[str, typer.Option("--reaction", help="{AdministrationCorrected.reaction}.")] = "none",
) -> Data:
    """Correct what was recorded of giving a dose, by quality and a clinician."""
    return {
        "corrects": reference(call, entry),
        "reason": reason,
        "dose": call.code(dose),
        "started_at": call.instant(started),
        "ended_at": call.instant(ended),
        "given_microlitres": amounts.microlitres(given),
        "wasted_microlitres": amounts.microlitres(wasted),
        "reaction": reaction,
    }
