"""Commands about patients, orders, reservations and the issue of vials."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cryoledger.cli import asking
from cryoledger.cli.acts import Signers
from cryoledger.cli.call import Call
from cryoledger.cli.commands.looking import show_card
from cryoledger.cli.declare import Data, act, group, look
from cryoledger.cli.teaching import PHARMACIST
from cryoledger.cli.typed import placements
from cryoledger.cli.words import Box, Line, NewCode, Order, Patient, Placements, Vials
from cryoledger.custody import amounts
from cryoledger.custody.file_hash import file_hash

__all__ = ["order", "patient", "register"]

patient = group()
order = group()

PLACE = """\
cryoledger order add O1 --patient P1 --product MSC-1 --cells 10M --route "intravenous infusion" \\
    --due 2026-11-23 --as carlos.m"""


@look(patient, "add", example="cryoledger patient add P1 --as carlos.m    # the wristband first, then the PIN")
def add_patient(call: Call, code: NewCode, by: Signers) -> None:
    """Register a patient: the wristband is scanned at the prompt (or the first line of stdin), and never kept."""
    _with_band(call, "PatientRegistered", code, by)


@look(patient, "band", example="cryoledger patient band P1 --as carlos.m    # the wristband first, then the PIN")
def add_band(call: Call, code: Patient, by: Signers) -> None:
    """Add a further wristband of a patient, scanned at the prompt or the first line of stdin."""
    _with_band(call, "PatientBandAdded", call.code(code), by)


def _with_band(call: Call, event: str, code: str, by: Signers) -> None:
    """Only the HMAC of the band under the patient's own key reaches the event (DOMAIN, I9)."""
    from cryoledger.cli.acts import perform
    from cryoledger.custody.identities.new_band import new_band

    perform(call, event, {"patient": code, "bands": [new_band(call.vault, code, asking.wristband())]}, by)


@look(patient, "list", example="cryoledger patient list")
def list_patients(call: Call) -> None:
    """List the patients' codes."""
    from cryoledger.domain.records import Patient as Row

    with call.reading() as reading:
        rows = reading.facts.where(Row)
    call.rows(rows, "code", "last_at")


@look(patient, "show", example="cryoledger patient show P1")
def show_patient(call: Call, code: Patient) -> None:
    """Show a patient's card: orders and doses."""
    show_card(call, "patient", code)


@act(order, "OrderPlaced", "add", example=PLACE)
def add(
    call: Call,
    code: NewCode,
    for_patient: Annotated[str, typer.Option("--patient", help="For whom.")],
    product: Annotated[str, typer.Option("--product", help="Of which product.")],
    cells: Annotated[str, typer.Option("--cells", help="Cells of one dose: 10M.")],
    route: Annotated[str, typer.Option("--route", help="{OrderPlaced.lines.route}.")],
    due: Annotated[list[str], typer.Option("--due", metavar="DATE", help="When; once for each dose.")],
    cells_max: Annotated[
        str | None, typer.Option("--cells-max", help="The most that may be given; else a tenth more.")
    ] = None,
    per_kilogram: Annotated[str | None, typer.Option("--per-kg", help="Cells per kg, with --weight.")] = None,
    weight: Annotated[str | None, typer.Option("--weight", help="The patient's weight in kg: 62.5.")] = None,
) -> Data:
    """Order one or more doses of a product for a patient."""
    from cryoledger.custody.definitions import order_data

    return order_data(
        code, call.code(for_patient), product, route, [call.day(day) for day in due], amounts.cells(cells),
        cells_max=amounts.cells(cells_max) if cells_max else None,
        cells_per_kilogram=amounts.cells(per_kilogram) if per_kilogram else None,
        weight_grams=amounts.milli(weight) if weight else None,
    )  # fmt: skip


@look(order, "list", example="cryoledger order list")
def list_orders(call: Call) -> None:
    """List the orders with patient, product and status."""
    from cryoledger.domain.records import Order as Row

    with call.reading() as reading:
        rows = reading.facts.where(Row)
    call.rows(rows, "code", "patient", "product", "prescriber", "status")


@look(order, "show", example="cryoledger order show O1")
def show(call: Call, code: Order) -> None:
    """Show an order's card: lines, reserved vials, doses."""
    show_card(call, "order", code)


@act(order, "OrderCancelled", "cancel", example="cryoledger order cancel O1 --reason patient-condition --as carlos.m")
def cancel(
    call: Call, code: Order, reason: Annotated[str, typer.Option("--reason", help="{OrderCancelled.reason}.")]
) -> Data:
    """Cancel an order: what was reserved for it is free again."""
    return {"order": call.code(code), "reason": reason}


def register(app: typer.Typer) -> None:
    """Enter the commands that stand alone."""
    act(app, "VialsReserved", "reserve", example="cryoledger reserve O1 BKV000001W --as petra.v", panel=PHARMACIST)(
        reserve
    )
    act(
        app,
        "ReservationReleased",
        "unreserve",
        example="cryoledger unreserve BKV000001W --as petra.v",
        panel=PHARMACIST,
    )(unreserve)
    act(app, "VialsIssued", "issue", example=ISSUE, panel=PHARMACIST)(issue)
    act(app, "IssuedVialsReturned", "return-issued", example=RETURN, panel=PHARMACIST, proposable=True)(return_issued)


ISSUE = """\
cryoledger issue O1 BKV000001W --as petra.v --with maria.s
cryoledger issue O1 BKV000001W --receiver carlos.m --as petra.v --with maria.s --with carlos.m"""
RETURN = "cryoledger return-issued BOX-1 BKV000001W@A1 --cold-chain logger.csv --as petra.v --with quinn.o"


def reserve(call: Call, code: Order, vials: Vials, line: Line = 1) -> Data:
    """Reserve vials for a line of an order."""
    return {"order": call.code(code), "line": line, "vials": [call.code(each) for each in vials]}


def unreserve(call: Call, vials: Vials) -> Data:
    """Release the reservation of vials."""
    return {"vials": [call.code(each) for each in vials]}


def issue(
    call: Call,
    code: Order,
    vials: Vials,
    line: Line = 1,
    receiver: Annotated[str | None, typer.Option("--receiver", help="Who takes them over, and signs as third.")] = None,
) -> Data:
    """Check vials out for a line of an order, with a second person, and with the receiver where there is one."""
    return {
        "order": call.code(code),
        "line": line,
        "vials": [call.code(each) for each in vials],
        "receiver": signing_name(call, receiver) if receiver else None,
    }


def signing_name(call: Call, who: str) -> str:
    """The signing name of a person named by it, or by a badge."""
    from cryoledger.custody.vault import person_by

    with call.reading() as reading:
        return person_by(reading, who).name


def return_issued(
    call: Call,
    box: Box,
    vials: Placements,
    cold_chain: Annotated[Path, typer.Option("--cold-chain", help="The file that documents it; its hash is kept.")],
) -> Data:
    """Put issued vials back into stock, unopened, with quality's signature."""
    unit = call.code(box)
    return {"unit": unit, "vials": placements(call, unit, vials), "cold_chain_sha256": file_hash(cold_chain)}
