"""`cryoledger site`, `ship` and `receive`: vials between two vaults, each of which holds the other to its ledger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cryoledger.cli import output
from cryoledger.cli.acts import Signers
from cryoledger.cli.call import Call
from cryoledger.cli.declare import Data, act, group, look
from cryoledger.cli.new_file import WRITES
from cryoledger.cli.outside import named_policy, read_bytes, read_policy
from cryoledger.cli.words import Vials
from cryoledger.errors import RequestError

if TYPE_CHECKING:
    from cryoledger.ledger.policy import Policy

__all__ = ["receive", "ship", "site"]

site = group()
ship = group()
receive = group()

TRUST = 'cryoledger site trust HCM --name "Lotus Clinic" --policy lotus.policy --as quinn.o --with ines.a'
SEND = "cryoledger ship send SHIP-1 BKV000001W BKV000002U --to HCM --out /media/usb/SHIP-1.manifest --as maria.s"
MANIFEST = "cryoledger ship manifest SHIP-1 --out /media/usb/SHIP-1.manifest --policy hospital.policy"
CONFIRM = "cryoledger ship confirm /media/usb/SHIP-1.receipt --as maria.s"
RECEIVE = """\
cryoledger receive manifest /media/usb/SHIP-1.manifest --as maria.s
cryoledger receive manifest /media/usb/SHIP-1.manifest --rename V1=HCM-V1 --product MSC=MSC-1 --as maria.s"""
RECEIPT = "cryoledger receive receipt SHIP-1 --out /media/usb/SHIP-1.receipt"

SiteArgument = Annotated[str, typer.Argument(metavar="SITE", help="The other site's code here.")]
Shipment = Annotated[str, typer.Argument(metavar="SHIPMENT", help="The shipment's code here.")]
Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="Write it there."), WRITES]
PolicyOption = Annotated[
    Path | None,
    typer.Option("--policy", metavar="FILE", help="What the other site asks for, so that it is not refused there."),
]


PAIR = "THEIRS=OURS"
Rename = Annotated[
    list[str] | None,
    typer.Option("--rename", metavar=PAIR, help="Another code here: of a vial, lot, donation, donor, the shipment."),
]
Product = Annotated[
    list[str] | None, typer.Option("--product", metavar=PAIR, help="The product here that a product of theirs is.")
]
Patient = Annotated[
    list[str] | None, typer.Option("--patient", metavar=PAIR, help="The patient here for whom a lot of theirs is.")
]


# Sites


@act(site, "SiteTrusted", "trust", example=TRUST)
def trust(
    call: Call,
    code: Annotated[str, typer.Argument(metavar="SITE", help="A code for the other site, new or known here.")],
    name: Annotated[str, typer.Option("--name", help="Its name.")],
    policy: Annotated[
        Path, typer.Option("--policy", metavar="FILE", help="Its log keys, witnesses and quorum (C2SP tlog-policy).")
    ],
) -> Data:
    """Accept another site's ledger by its keys, which you have from its printed sheet, and by its witnesses."""
    del call
    asked = read_policy(policy)
    if not asked.logs:
        raise RequestError(
            "The policy names no log.", "Add the `log` lines that `cryoledger checkpoint keys` prints at that site."
        )
    lines = [" ".join(line.split()) for line in read_bytes(policy, "policy").decode().splitlines()]
    kept = [line for line in lines if line and not line.startswith("#")]
    return {"site": code, "name": name, "origin": asked.logs[0].name, "policy": kept}


@act(
    site,
    "SiteTrustWithdrawn",
    "withdraw",
    example="cryoledger site withdraw HCM --reason suspected --as quinn.o",
)
def withdraw(
    call: Call,
    code: SiteArgument,
    reason: Annotated[str, typer.Option("--reason", help="{SiteTrustWithdrawn.reason}.")],
) -> Data:
    """Send nothing more to another site, and take nothing more from it."""
    del call
    return {"site": code, "reason": reason}


@look(site, "list", example="cryoledger site list")
def site_list(call: Call) -> None:
    """List the other sites, and how far each is held to its ledger here."""
    from cryoledger.domain.shipment_records import OtherHead, OtherSite

    with call.reading() as reading:
        rows = reading.facts.where(OtherSite)
        heads = {row.code: max((head.size for head in reading.facts.where(OtherHead, site=row.code)), default=0)
                 for row in rows}  # fmt: skip
    told = [(row.code, row.name, row.origin, row.status, heads[row.code]) for row in rows]
    names = ("site", "name", "ledger", "status", "held at")
    call.answer([dict(zip(names, each, strict=True)) for each in told], output.table(names, told))


@look(site, "head", example="cryoledger site head HCM --out hcm.checkpoint")
def head(call: Call, code: SiteArgument, out: Out) -> None:
    """Write the signed head of another site's ledger that this one commits to: its auditor compares it there."""
    from cryoledger.domain.shipment_records import OtherHead

    with call.reading() as reading:
        held = sorted(reading.facts.where(OtherHead, site=code), key=lambda row: row.number)
        recorded = reading.recorded(held[-1].number) if held else None
    if recorded is None:
        raise RequestError(f"This ledger holds no head of {code}.", "See `cryoledger site list`.")
    note = vars(recorded.event)["head"].checkpoint
    call.write(out, note.encode(), "checkpoint")
    told = f"{out}: {held[-1].origin} at {held[-1].size} entries. There: `cryoledger verify --checkpoint {out.name}`"
    call.answer({"origin": held[-1].origin, "size": held[-1].size, "file": str(out)}, told)


# Sending


@look(ship, "send", example=SEND)
def send(
    call: Call,
    shipment: Annotated[str, typer.Argument(metavar="SHIPMENT", help="Its new code, which nothing else has.")],
    vials: Vials,
    to: Annotated[str, typer.Option("--to", metavar="SITE", help="The site that it goes to.")],
    out: Out,
    by: Signers,
    policy: PolicyOption = None,
) -> None:
    """Record that vials left for another site, and write the manifest that goes with them."""
    from cryoledger.cli.acts import answer_sealed, seal_kept
    from cryoledger.custody.shipping import sending

    event, kept = sending.sent(call.vault, shipment, to, [call.code(code) for code in vials])
    sealed = seal_kept(call, event, kept, by)
    told = _write_manifest(call, shipment, out, _policy(policy))
    answer_sealed(call, sealed, {"file": str(out)}, told)


@look(ship, "manifest", example=MANIFEST)
def manifest(call: Call, shipment: Shipment, out: Out, policy: PolicyOption = None) -> None:
    """Write a shipment's manifest again, under a newer checkpoint: after a witness cosigned it, or for a lost file."""
    told = _write_manifest(call, call.code(shipment), out, _policy(policy))
    call.answer({"file": str(out)}, told)


def _write_manifest(call: Call, shipment: str, out: Path, policy: Policy | None) -> str:
    from cryoledger.custody.proof.checkpoints import cosigners
    from cryoledger.custody.shipping import sending

    made = sending.manifest_of(call.vault, shipment, policy)
    call.write(out, made.encode(), "manifest")
    signed = made.receipt.checkpoint
    return (
        f"{out}: {len(made.contents.vials)} vials, under the checkpoint of {signed.checkpoint.size} entries, cosigned "
        f"by {', '.join(cosigners(signed)) or 'nobody'}"
    )


@look(ship, "confirm", example=CONFIRM)
def confirm(
    call: Call,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The receipt that the other site gave back.")],
    by: Signers,
) -> None:
    """Take back the receiver's receipt: what arrived, and that it holds this ledger to its history."""
    from cryoledger.cli.acts import answer_sealed, seal_kept
    from cryoledger.custody.shipping import sending

    event, kept = sending.confirmed(call.vault, read_bytes(file, "receipt"))
    sealed = seal_kept(call, event, kept, by)
    told = (
        f"{len(event.arrived)} vials arrived at {event.site}, {len(event.refused)} were refused; "
        f"{event.site} holds this ledger to its first {event.own.size} entries"
    )
    answer_sealed(call, sealed, {"arrived": list(event.arrived), "refused": list(event.refused)}, told)


@look(ship, "list", example="cryoledger ship list")
def ship_list(call: Call) -> None:
    """List what was sent to other sites."""
    _list(call, "out")


# Receiving


@look(receive, "manifest", example=RECEIVE)
def receive_manifest(
    call: Call,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The sender's manifest.")],
    by: Signers,
    rename: Rename = None,
    product: Product = None,
    patient: Patient = None,
) -> None:
    """Verify another site's manifest by the keys trusted for it, and take its vials in: on their way, quarantined."""
    from cryoledger.cli.acts import answer_sealed, seal_kept
    from cryoledger.custody.shipping import receiving

    choices = receiving.Choices(_mapping(rename), _mapping(product), _mapping(patient))
    event, kept = receiving.announced(call.vault, read_bytes(file, "manifest"), choices)
    sealed = seal_kept(call, event, kept, by)
    new = [f"{vial.theirs} is {vial.vial} here" for vial in event.vials if vial.theirs]
    told = (
        f"{len(event.vials)} vials of {event.site} are on their way here; this ledger holds {event.head.origin} to its "
        f"first {event.head.size} entries"
    )
    then = f"When they are here: cryoledger vial receive BOX VIAL@POSITION ... --shipment {event.shipment} --worst -150"
    value = {"shipment": event.shipment, "vials": [vial.vial for vial in event.vials]}
    answer_sealed(call, sealed, value, "\n".join([told, *new, then]))


@look(receive, "receipt", example=RECEIPT)
def receive_receipt(call: Call, shipment: Shipment, out: Out, policy: PolicyOption = None) -> None:
    """Write what the sender takes back: the proof of what this ledger holds of its shipment."""
    from cryoledger.custody.proof.checkpoints import cosigners
    from cryoledger.custody.shipping import receiving

    made = receiving.acknowledgement_of(call.vault, call.code(shipment), _policy(policy))
    call.write(out, made.encode(), "receipt")
    signed = made.checkpoint
    told = (
        f"{out}: {len(made.receipts)} entries, under the checkpoint of {signed.checkpoint.size} entries, cosigned by "
        f"{', '.join(cosigners(signed)) or 'nobody'}. At the sender: `cryoledger ship confirm {out.name}`"
    )
    call.answer({"file": str(out), "entries": [receipt.index for receipt in made.receipts]}, told)


@act(
    receive,
    "ReceivedLotsReleased",
    "release",
    example="cryoledger receive release L1 --basis sender-release --as quinn.o",
)
def release(
    call: Call,
    lots: Annotated[list[str], typer.Argument(metavar="LOT", help="Lots that came from another site.")],
    basis: Annotated[str, typer.Option("--basis", help="{ReceivedLotsReleased.basis}.")] = "sender-release",
) -> Data:
    """Release lots that the sender states as released, of donors whom it states as eligible."""
    return {"lots": [call.code(lot) for lot in lots], "basis": basis}


@look(receive, "list", example="cryoledger receive list")
def receive_list(call: Call) -> None:
    """List what came from other sites."""
    _list(call, "in")


def _list(call: Call, direction: str) -> None:
    from cryoledger.domain.records import Shipment as Row
    from cryoledger.domain.shipment_records import Consignment, OtherSite

    with call.reading() as reading:
        sites = [row.code for row in reading.facts.where(OtherSite)]
        rows = [row for code in sites for row in reading.facts.where(Consignment, site=code)]
        states = {row.shipment: reading.facts.get(Row, row.shipment) for row in rows}
    told = [
        (row.shipment, row.site, row.theirs, state.status if (state := states[row.shipment]) is not None else "")
        for row in rows
        if row.direction == direction
    ]
    names = ("shipment", "site", "code at the sender", "status")
    call.answer([dict(zip(names, each, strict=True)) for each in told], output.table(names, told))


def _policy(option: Path | None) -> Policy | None:
    path = named_policy(option)
    return read_policy(path) if path is not None else None


def _mapping(texts: list[str] | None) -> dict[str, str]:
    found = {}
    for text in texts or ():
        theirs, sign, ours = text.partition("=")
        if not (theirs and sign and ours):
            raise RequestError(f"{text!r} is not THEIRS=OURS.", "Write the sender's code, =, and the code here.")
        found[theirs] = ours
    return found
