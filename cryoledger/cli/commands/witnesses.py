"""`cryoledger witness`: the witness's machine (init, trust, cosign, status, serve) and the vault's side of it.

Three ways, the same bytes: a file on a USB stick, a QR code on paper, HTTP on the local network.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cryoledger.cli import exit_codes, output
from cryoledger.cli.call import Call
from cryoledger.cli.declare import group, look
from cryoledger.cli.new_file import WRITES
from cryoledger.cli.outside import need_policy, read_bytes

if TYPE_CHECKING:
    from cryoledger.custody.proof.witness import Witness
    from cryoledger.ledger.checkpoint import SignedCheckpoint

__all__ = ["witness"]

witness = group()

INIT = """\
cryoledger witness init hospital.example/it --log velar.example/bangkok+5a1b2c3d+AQlVkllXzFyNeVc9YjOxY"""
REQUEST = """\
cryoledger witness request --out /media/usb/monday.request
cryoledger witness request --out monday.png --from-size 4711"""
COSIGN = """\
cryoledger witness cosign /media/usb/monday.request --out /media/usb/monday.cosigned
cryoledger witness cosign photograph.png --out answer.png"""
ACCEPT = """\
cryoledger witness accept /media/usb/monday.cosigned --policy hospital.policy
cryoledger witness accept photograph.png --policy hospital.policy"""
SERVE = "cryoledger witness serve --listen 192.168.1.20:8440"
SUBMIT = "cryoledger witness submit http://192.168.1.20:8440 --policy hospital.policy"
Policy = Annotated[
    Path | None, typer.Option("--policy", metavar="FILE", help="Your own policy, else that of CRYOLEDGER_POLICY.")
]
Log = Annotated[
    list[str] | None,
    typer.Option("--log", metavar="VKEY", help="A log's key (`cryoledger checkpoint keys`); more than once."),
]


@look(witness, "init", example=INIT)
def init(
    call: Call,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The witness's name, unique: hospital.example/it.")],
    log: Log = None,
) -> None:
    """Make this machine a witness with a key of its own; tell its line for policies."""
    from cryoledger.custody.proof.witness import Witness

    made = Witness.init(name, list(log or ()))
    vkey = made.key.verifier.encode()
    output.narrate(
        f"Its key is in {made.folder / 'key'} (0600): no vault needs it, and no vault's keeper should have it. "
        f"A policy that trusts it has the log's keys (`cryoledger checkpoint keys`), this line, and `quorum {name}`."
    )
    call.answer({"name": name, "vkey": vkey, "folder": str(made.folder)}, f"witness {name} {vkey}")


@look(witness, "trust", example="cryoledger witness trust velar.example/bangkok+5a1b2c3d+AQlVkllXzFyNeVc9YjOxY")
def trust(
    call: Call,
    vkey: Annotated[list[str], typer.Argument(metavar="VKEY...", help="Keys of `cryoledger checkpoint keys`.")],
) -> None:
    """Let this witness know another ledger, by the keys on its printed sheet."""
    made = _witness()
    for each in vkey:
        made.trust(each)
    call.answer({"trusted": list(vkey)}, f"{len(vkey)} keys are known here")


@look(witness, "cosign", example=COSIGN)
def cosign(
    call: Call,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A request or a checkpoint, or a picture of its code.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Answer there; .png or .pdf: a code."), WRITES
    ] = None,
) -> None:
    """Cosign a ledger's head if it extends the last that this witness saw; refuse a rewrite, a rollback, a fork."""
    from cryoledger.ledger.witnessing import parse_request

    request = parse_request(read_bytes(file, "request"))
    made = _witness()
    line = made.cosign(request, int(time.time()))
    signed = request.checkpoint.with_signatures(line)
    if out is not None:
        _write(call, out, signed, f"Cosigned by {made.key.name}")
    head = signed.checkpoint
    call.answer(
        {"origin": head.origin, "size": head.size, "line": line.line().rstrip("\n")},
        f"cosigned {head.origin} at {head.size} entries" if out is not None else signed.encode().decode().rstrip("\n"),
    )


@look(witness, "status", example="cryoledger witness status")
def status(call: Call) -> None:
    """Tell what this witness saw last of each ledger, and what it refused as a rewrite, a rollback or a fork."""
    from datetime import UTC, datetime

    from cryoledger.ledger.checkpoint import cosignature_time
    from cryoledger.ledger.lines import encode_base64

    made = _witness()
    rows: list[dict[str, Any]] = []
    for signed in made.heads():
        own = [cosignature_time(line) for line in signed.signatures if made.key.verifier.matches(line)]
        at = datetime.fromtimestamp(max(own), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        head = signed.checkpoint
        rows.append({"origin": head.origin, "size": head.size, "root": encode_base64(head.root), "at": at})
    evidence = [str(path) for path in made.evidence()]
    table = output.table(("origin", "size", "root", "at"), [tuple(row.values()) for row in rows])
    refused = "".join(f"\nREFUSED, kept as proof: {path}" for path in evidence)
    call.answer(
        {"name": made.key.name, "vkey": made.key.verifier.encode(), "heads": rows, "evidence": evidence},
        f"witness {made.key.name} {made.key.verifier.encode()}\n{table}{refused}",
    )


@look(witness, "serve", example=SERVE)
def serve(
    call: Call,
    listen: Annotated[
        str, typer.Option("--listen", metavar="ADDRESS:PORT", help="On this machine or the local network.")
    ] = "127.0.0.1:8440",
) -> int:
    """Answer ledgers over HTTP (C2SP tlog-witness, POST /add-checkpoint) until stopped with Ctrl-C."""
    from cryoledger.custody.proof.witness_http import Server
    from cryoledger.errors import RequestError

    address, _, port = listen.rpartition(":")
    if not address or not port.isdigit() or int(port) > 65535:
        raise RequestError(f"{listen!r} is no address and port.", "Write it such as 192.168.1.20:8440.")
    with Server(_witness(), address.strip("[]"), int(port), output.narrate) as server:
        call.answer({"listening": f"{address}:{server.server_port}"}, f"http://{address}:{server.server_port}")
        output.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            output.narrate("The witness stops.")
    return exit_codes.OK


@look(witness, "request", example=REQUEST)
def request(
    call: Call,
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="Write it there; .png or .pdf: a code on paper."), WRITES
    ],
    from_size: Annotated[
        int | None, typer.Option("--from-size", metavar="N", help="What the witness saw last, if it says so.", min=0)
    ] = None,
) -> None:
    """At the vault: ask a witness to cosign the present head, with the proof that it extends what was seen before."""
    from cryoledger.custody.proof import checkpoints
    from cryoledger.documents.checkpoint_sheet import paper
    from cryoledger.documents.pictures import picture_page
    from cryoledger.ledger.witnessing import Request

    made = checkpoints.request(call.vault, from_size)
    head = made.checkpoint.checkpoint
    content = made.encode()
    if out.suffix.lower() in (".png", ".pdf"):
        with call.reading() as reading:
            small = Request(made.old_size, made.proof, paper(made.checkpoint, checkpoints.log_keys(reading)))
        lines = (f"{head.origin}: {head.size} entries, from {made.old_size}", "Read it at the witness's machine.")
        content = picture_page(small.encode(), out.suffix, "Request to a witness", lines)
    call.write(out, content, "request")
    value = {"origin": head.origin, "size": head.size, "from": made.old_size, "file": str(out)}
    call.answer(value, f"{out}: {head.origin}, {head.size} entries, from {made.old_size}")


@look(witness, "accept", example=ACCEPT)
def accept(
    call: Call,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The cosigned checkpoint, or a picture of its code.")],
    policy: Policy = None,
) -> None:
    """At the vault: keep the lines of witnesses that your policy names."""
    from cryoledger.ledger.checkpoint import parse_checkpoint

    _accept(call, parse_checkpoint(read_bytes(file, "cosigned checkpoint")), policy)


@look(witness, "submit", example=SUBMIT)
def submit(
    call: Call,
    url: Annotated[str, typer.Argument(metavar="URL", help="The witness's address: http://192.168.1.20:8440.")],
    policy: Policy = None,
) -> None:
    """At the vault: have the present head cosigned over the local network, and keep the line."""
    from cryoledger.custody.proof import checkpoints
    from cryoledger.custody.proof.witness_http import submit as send

    need_policy(policy)
    signed = send(url, lambda size: checkpoints.request(call.vault, size))
    _accept(call, signed, policy)


def _accept(call: Call, signed: SignedCheckpoint, policy: Path | None) -> None:
    from cryoledger.custody.proof import checkpoints

    names = checkpoints.accept(call.vault, signed, need_policy(policy))
    with call.reading() as reading:
        seen = checkpoints.window(reading)
    value = {"size": signed.checkpoint.size, "witnesses": list(names), "exposed": seen.exposed}
    call.answer(value, f"{', '.join(names)} cosigned {signed.checkpoint.size} entries\n{seen.text()}")


def _write(call: Call, out: Path, signed: SignedCheckpoint, title: str) -> None:
    from cryoledger.documents.checkpoint_sheet import paper
    from cryoledger.documents.pictures import picture_page

    content = signed.encode()
    if out.suffix.lower() in (".png", ".pdf"):
        head = signed.checkpoint
        lines = (f"{head.origin}: {head.size} entries", "Read it at the vault's machine: cryoledger witness accept")
        content = picture_page(paper(signed, ()).encode(), out.suffix, title, lines)
    call.write(out, content, "cosigned checkpoint")


def _witness() -> Witness:
    from cryoledger.custody.proof.witness import Witness

    return Witness.open()
