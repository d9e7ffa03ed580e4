"""`cryoledger checkpoint`: the ledger's signed head, in a file, on paper, and the keys that verify it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cryoledger.cli import output
from cryoledger.cli.call import Call
from cryoledger.cli.declare import group, look
from cryoledger.cli.key_words import short
from cryoledger.cli.new_file import WRITES
from cryoledger.errors import RequestError

__all__ = ["checkpoint"]

checkpoint = group()

SIGN = """\
cryoledger checkpoint sign
cryoledger checkpoint sign --out /media/usb/monday.checkpoint"""


@look(checkpoint, "sign", example=SIGN)
def sign(
    call: Call,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it there, all lines."), WRITES
    ] = None,
) -> None:
    """Sign the ledger's head as it is now, with both log keys; tell it, or write it to a file."""
    from cryoledger.custody.proof import checkpoints

    kept = checkpoints.sign(call.vault, given=True)
    if out is not None:
        call.write(out, kept.note, "checkpoint")
    _tell(call, kept.note, kept.at, out)


@look(checkpoint, "sheet", example="cryoledger checkpoint sheet --out monday.pdf")
def sheet(
    call: Call,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="A .pdf, a .png, or a .txt."), WRITES],
) -> None:
    """Print the head on paper for the bound log: a QR code of its Ed25519 lines, the fingerprint, the log's key."""
    from cryoledger.custody.proof import checkpoints
    from cryoledger.documents.checkpoint_sheet import sheet as page
    from cryoledger.exchange.audit_bundle.verifiers import VERIFIERS, sha256_of

    if out.suffix.lower() not in (".pdf", ".png", ".txt"):
        raise RequestError(f"{out} is neither .pdf nor .png nor .txt.", "Name the file so.")
    kept = checkpoints.sign(call.vault, given=True)
    with call.reading() as reading:
        keys, seen = checkpoints.log_keys(reading), checkpoints.window(reading)
    content = page(
        checkpoints.signed_of(kept), keys, call.vault.fingerprint, signed_at=kept.at, suffix=out.suffix,
        window=seen.text(), verifiers=[(name, sha256_of(name)) for name in VERIFIERS],
    )  # fmt: skip
    call.write(out, content, "checkpoint sheet")
    _tell(call, kept.note, kept.at, out)


@look(checkpoint, "list", example="cryoledger checkpoint list")
def list_(call: Call) -> None:
    """List the kept checkpoints with who cosigned each, and how much nobody outside has seen."""
    from cryoledger.custody.proof import checkpoints

    with call.reading() as reading:
        kept, seen = reading.checkpoints(), checkpoints.window(reading)
    rows: list[dict[str, Any]] = [
        {
            "epoch": each.epoch,
            "size": each.size,
            "at": each.at,
            "cosigned by": ", ".join(checkpoints.cosigners(checkpoints.signed_of(each))),
        }
        for each in kept
    ]
    table = output.table(("epoch", "size", "at", "cosigned by"), [tuple(row.values()) for row in rows])
    call.answer(
        {"checkpoints": rows, "exposed": seen.exposed, "entries": seen.entries, "seen": seen.size},
        f"{table}\n{seen.text()}",
    )


@look(checkpoint, "keys", example="cryoledger checkpoint keys")
def keys(
    call: Call,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write the lines there."), WRITES] = None,
) -> None:
    """Tell the log's keys as lines of a policy, to which an auditor adds witnesses and a quorum.

    At a terminal the long one is shown short: --out, or a pipe, has it whole.
    """
    from cryoledger.custody.proof import checkpoints

    with call.reading() as reading:
        found = checkpoints.base_log_keys(reading)
    vkeys = [key.encode() for key in found]
    lines = "".join(f"log {vkey}\n" for vkey in vkeys)
    if out is not None:
        call.write(out, lines.encode(), "keys")
        call.answer({"file": str(out), "keys": vkeys}, f"{out}: {len(vkeys)} keys of the log")
    elif call.as_json or not sys.stdout.isatty():
        call.answer(vkeys, lines.rstrip("\n"))
    else:
        output.data("\n".join(f"log {short(vkey)}" for vkey in vkeys))
        output.narrate("Write the whole lines into a file: `cryoledger checkpoint keys --out my.policy`.")


def _tell(call: Call, note: bytes, at: str, out: Path | None) -> None:
    from cryoledger.custody.proof import checkpoints
    from cryoledger.ledger.checkpoint import parse_checkpoint
    from cryoledger.ledger.lines import encode_base64

    head = parse_checkpoint(note).checkpoint
    with call.reading() as reading:
        seen = checkpoints.window(reading)
    value = {
        "origin": head.origin,
        "size": head.size,
        "root": encode_base64(head.root),
        "at": at,
        "exposed": seen.exposed,
        "file": str(out) if out is not None else None,
    }
    call.answer(value, f"{out}: {head.origin}, {head.size} entries" if out is not None else note.decode().rstrip("\n"))
    output.narrate(seen.text())
