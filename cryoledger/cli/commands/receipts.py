"""`cryoledger receipt`: one entry in a file of its own (C2SP tlog-proof), and its check where there is no vault."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cryoledger.cli import output
from cryoledger.cli.call import Call
from cryoledger.cli.declare import group, look
from cryoledger.cli.new_file import WRITES
from cryoledger.cli.outside import named_policy, need_policy, read_bytes, read_policy
from cryoledger.errors import RequestError

if TYPE_CHECKING:
    from cryoledger.database.store import Reading

__all__ = ["receipt"]

receipt = group()

WRITE = """\
cryoledger receipt write DOSE-1 --to dose.tlog-proof
cryoledger receipt write BKV000001W --event VialsShipped --to vial.tlog-proof --policy hospital.policy
cryoledger receipt write 4711 --to entry.tlog-proof"""
VERIFY = """\
cryoledger receipt verify dose.tlog-proof --policy my.policy
cryoledger receipt verify dose.tlog-proof --policy my.policy --signer maria.s+a624840a+AQlVkllXzFyNeVc9YjOxY+Kc6L7"""
EPOCHS = 2**13
_NUMBER = re.compile(r"(?:(\d{1,4})/)?(\d{1,12})", re.ASCII)
Policy = Annotated[
    Path | None, typer.Option("--policy", metavar="FILE", help="Your own policy, else that of CRYOLEDGER_POLICY.")
]


@look(receipt, "write", example=WRITE)
def write(
    call: Call,
    what: Annotated[
        str,
        typer.Argument(metavar="CODE|ENTRY", help="A vial, dose, shipment ...: its last entry. Or an entry's number."),
    ],
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="Write it there: NAME.tlog-proof."), WRITES],
    event: Annotated[
        str | None, typer.Option("--event", metavar="TYPE", help="The last entry of this type: VialsShipped.")
    ] = None,
    policy: Policy = None,
) -> None:
    """Write the receipt of an entry: it proves, without this vault, that the ledger holds it."""
    from cryoledger.custody.proof import checkpoints, receipts
    from cryoledger.documents.receipt import Judged

    path = named_policy(policy)
    asked = read_policy(path) if path is not None else None
    with call.reading() as reading:
        number = _number(reading, what if _NUMBER.fullmatch(what) else call.scanned(what), event or "")
    made = receipts.receipt_of(call.vault, number, asked)
    call.write(to, made.encode(), "receipt")
    entry, head = made.entry, made.checkpoint.checkpoint
    by = checkpoints.cosigners(made.checkpoint)
    if not by:
        output.narrate(
            f"Nobody outside has cosigned a checkpoint that holds entry {entry.sequence}: a policy that asks for "
            "witnesses refuses this receipt. Have the head cosigned (`cryoledger witness request`), then repeat."
        )
    told = Judged(made, entry, (), (), (), ())
    call.answer(
        {"file": str(to), "sequence": entry.sequence, "type": entry.envelope.type, "size": head.size, "by": list(by)},
        f"{to}: entry {entry.sequence}, {entry.envelope.type} ({told.sentence}) under the checkpoint of {head.origin} "
        f"at {head.size} entries, cosigned by {', '.join(by) or 'nobody'}",
    )


@look(receipt, "verify", example=VERIFY)
def verify(
    call: Call,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The receipt.")],
    policy: Policy = None,
    signer: Annotated[
        list[str] | None,
        typer.Option("--signer", metavar="VKEY", help="A person's key, from elsewhere: it must have signed the entry."),
    ] = None,
) -> None:
    """Check a receipt under your own policy, without any vault, and tell what it proves."""
    from cryoledger.documents.receipt import judge
    from cryoledger.ledger.note import VerifierKey
    from cryoledger.ledger.proof import parse_receipt

    rules = need_policy(policy)
    keys = [VerifierKey.parse(text) for text in signer or ()]
    judged = judge(parse_receipt(read_bytes(file, "receipt")), rules, keys)
    call.answer(judged.to_dict(), judged.text)


def _number(reading: Reading, text: str, event: str) -> int:
    """The entry that is meant: by its number, else the last one about the thing with that code."""
    from cryoledger.custody.proof.receipts import entry_of
    from cryoledger.documents.graph import KINDS, thing_of
    from cryoledger.domain import catalogue, numbers
    from cryoledger.domain.records import ScanCode

    match = _NUMBER.fullmatch(text)
    if match is not None:
        epoch = int(match[1] or 1)
        if match[1] is None and reading.facts.get(ScanCode, text) is not None:
            raise RequestError(
                f"{text} is the code of a thing here, and may be the number of an entry.",
                f"Write 1/{text} for the entry; of the thing, take an entry of `cryoledger history {text}`.",
            )
        if not 1 <= epoch < EPOCHS:
            raise RequestError(f"There is no entry {text}.", "It is EPOCH/NUMBER, and epochs count from 1.")
        return numbers.number_of(epoch, int(match[2]))
    if event:
        catalogue.of(event)
    thing = thing_of(reading, text, (*KINDS, "unit", "product", "person", "shipment"))
    return entry_of(reading, thing.kind, thing.code, event)
