"""Commands about lots: registering, filling, testing, and quality's decision."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cryoledger.cli import output
from cryoledger.cli.call import Call
from cryoledger.cli.commands.looking import show_card
from cryoledger.cli.declare import Data, act, group, look
from cryoledger.cli.words import Lot, NewCode
from cryoledger.custody import amounts
from cryoledger.custody.file_hash import file_hash

__all__ = ["lot"]

lot = group()

ADD = """\
cryoledger lot add L1 --product MSC-1 --donation DIN1 --passage 3 --cells 10M --volume 1ml \\
    --filled-on 2026-11-20 --expiry-on 2028-11-20 --as maria.s"""


@act(lot, "LotRegistered", "add", example=ADD)
def add(
    call: Call,
    code: NewCode,
    product: Annotated[str, typer.Option("--product", help="The product.")],
    donation: Annotated[list[str], typer.Option("--donation", help="A donation that it comes from.")],
    passage: Annotated[int, typer.Option("--passage", help="The passage of the cells.")],
    cells: Annotated[str, typer.Option("--cells", help="Cells in each vial: 10M.")],
    volume: Annotated[str, typer.Option("--volume", help="Volume of each vial: 1ml.")],
    filled_on: Annotated[str, typer.Option("--filled-on", metavar="DATE", help="The day of filling.")],
    expiry_on: Annotated[
        str, typer.Option("--expiry-on", metavar="DATE", help="The last day on which it may be used.")
    ],
    version: Annotated[int | None, typer.Option("--version", help="The product's version; else the newest.")] = None,
    parent: Annotated[
        str | None, typer.Option("--parent", metavar="LOT", help="The bank that it was expanded from.")
    ] = None,
    bank: Annotated[str, typer.Option("--bank", help="{LotRegistered.bank}.")] = "clinical",
    donor_kind: Annotated[str, typer.Option("--donor-kind", help="{LotRegistered.donor_kind}.")] = "allogeneic",
    patient: Annotated[str | None, typer.Option("--patient", help="For whom, unless allogeneic.")] = None,
    cryoprotectant: Annotated[str, typer.Option("--cryoprotectant", help="In which it is frozen.")] = "10 % DMSO",
    reagent: Annotated[list[str] | None, typer.Option("--reagent", help="A reagent and its batch.")] = None,
    freezing_record: Annotated[
        Path | None, typer.Option("--freezing-record", help="The freezer's file, of which the hash is kept.")
    ] = None,
) -> Data:
    """Register a lot: cells from one or more donations, and what each vial will hold."""
    from cryoledger.custody.registering import lot as lot_data

    given = {
        "lot": code,
        "product": product,
        "version": version,
        "donations": [call.code(each) for each in donation],
        "parent": call.code(parent) if parent else None,
        "bank": bank,
        "donor_kind": donor_kind,
        "patient": call.code(patient) if patient else None,
        "passage": passage,
        "cells_per_vial": amounts.cells(cells),
        "volume_microlitres": amounts.microlitres(volume),
        "cryoprotectant": cryoprotectant,
        "filled_on": call.day(filled_on),
        "expiry_on": call.day(expiry_on),
        "reagents": reagent or (),
        "freezing_record_sha256": file_hash(freezing_record) if freezing_record is not None else None,
    }
    with call.reading() as reading:
        return lot_data(reading, given)


@look(lot, "list", example="cryoledger lot list")
def list_lots(call: Call) -> None:
    """List the lots and their disposition."""
    from cryoledger.domain.records import Lot as Row

    with call.reading() as reading:
        rows = reading.facts.where(Row)
    call.rows(rows, "code", "product", "version", "disposition", "vial_count", "expiry_on", "bank", "parent")


@look(lot, "show", example="cryoledger lot show L1")
def show(call: Call, code: Lot) -> None:
    """Show a lot's card: origin, results against limits, disposition, holds."""
    show_card(call, "lot", code)


@act(lot, "LotFilled", "fill", example="cryoledger lot fill L1 --count 20 --as maria.s")
def fill(
    call: Call,
    code: Lot,
    vials: Annotated[list[str] | None, typer.Argument(metavar="VIAL", help="Codes of the vials, else --count.")] = None,
    count: Annotated[
        int, typer.Option("--count", help="So many vials, with the next free codes of this site.", min=0, max=800)
    ] = 0,
) -> Data:
    """Record that vials of a lot were filled and labelled; they are expected at the freezer."""
    from cryoledger.custody.registering import fill as fill_data

    lot = call.code(code)
    with call.reading() as reading:
        return fill_data(reading, lot, vials or (), count)


@act(
    lot,
    "TestResultsRecorded",
    "test",
    example="cryoledger lot test L1 viability=92.5 sterility=negative --tested-on 2026-11-21"
    " --method 7-AAD --as maria.s",
)
def test(
    call: Call,
    code: Lot,
    results: Annotated[
        list[str], typer.Argument(metavar="TEST=VALUE", help="Numbers in the specification's unit, or words.")
    ],
    tested_on: Annotated[str, typer.Option("--tested-on", metavar="DATE", help="When it was tested.")],
    method: Annotated[str, typer.Option("--method", help="How it was tested.")],
) -> Data:
    """Record results on a lot; each is judged against its product's specification."""
    from cryoledger.cli.typed import pairs

    tested, name = call.day(tested_on), call.code(code)
    found = [
        {"test": each, **result_of(call, name, each, value), "tested_on": tested, "method": method}
        for each, value in pairs(results, "TEST=VALUE")
    ]
    _tell_failed(call, name, found)
    return {"lot": name, "results": found}


def _tell_failed(call: Call, lot: str, found: list[dict[str, Any]]) -> None:
    """Say before it is signed which results are out of limits: a slip of a digit is seen here, or never."""
    from cryoledger.domain.events.lots import Result
    from cryoledger.domain.records import Lot as Row
    from cryoledger.domain.rulebook_1.lots import judge_result

    with call.reading() as reading:
        row = reading.facts.get(Row, lot)
        if row is not None:
            results = [Result.model_validate(each) for each in found]
            failed = [each.test for each in results if not judge_result(reading.facts, row, each)]
            if failed:
                output.narrate(f"OUT OF LIMITS: {', '.join(failed)}.")


def result_of(call: Call, lot: str, test: str, value: str) -> Data:
    """A result as the specification of the lot's product wants it: a word where it names one, else a number."""
    from cryoledger.domain.records import Lot as Row
    from cryoledger.domain.records import Specification

    with call.reading() as reading:
        row = reading.facts.get(Row, lot)
        wanted = reading.facts.get(Specification, row.product, row.version, test) if row is not None else None
    if wanted is None or wanted.expected is not None:
        return {"outcome": value}
    return {"value_milli": amounts.milli(value)}


@act(lot, "LotReleased", "release", example="cryoledger lot release L1 --as quinn.o")
def release(
    call: Call,
    code: Lot,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", help="The certificate's file, of which the hash is kept.")
    ] = None,
) -> Data:
    """Release a lot, as quality: every required test within limits, every donor eligible."""
    return {"lot": call.code(code), "certificate_sha256": file_hash(certificate) if certificate is not None else None}


@act(
    lot,
    "LotConditionallyReleased",
    "release-conditionally",
    example="cryoledger lot release-conditionally L1 --order O1 --reason urgent-need --as quinn.o --with carlos.m",
    proposable=True,
)
def release_conditionally(
    call: Call,
    code: Lot,
    order: Annotated[str, typer.Option("--order", help="The one order that it is released for.")],
    reason: Annotated[str, typer.Option("--reason", help="{LotConditionallyReleased.reason}.")],
) -> Data:
    """Release a lot for one order before all results are in, at a clinician's or pharmacist's request."""
    return {"lot": call.code(code), "order": call.code(order), "reason": reason}


@act(lot, "LotRejected", "reject", example="cryoledger lot reject L1 --reason test-failed --as quinn.o")
def reject(
    call: Call, code: Lot, reason: Annotated[str, typer.Option("--reason", help="{LotRejected.reason}.")]
) -> Data:
    """Reject a lot, as quality: none of it reaches a patient."""
    return {"lot": call.code(code), "reason": reason}
