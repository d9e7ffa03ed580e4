"""Commands for those who check from outside: the bundle, and the verifiers' SHA-256."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cryoledger.cli.call import Call
from cryoledger.cli.commands.importing import export
from cryoledger.cli.declare import look
from cryoledger.cli.teaching import AUDITOR

__all__ = ["register"]

EXPORT = """\
cryoledger export audit bundle
cryoledger export audit bundle-of-dose --subject DOSE-1"""


def register(app: typer.Typer) -> None:
    """Enter the command that stands alone."""
    look(app, "verifiers", example="cryoledger verifiers", panel=AUDITOR)(verifiers)


@look(export, "audit", example=EXPORT)
def export_audit(
    call: Call,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new folder.")],
    subject: Annotated[
        str | None,
        typer.Option("--subject", metavar="CODE", help="Only this vial, dose, patient, lot ... and its chain."),
    ] = None,
) -> None:
    """Write a bundle that proves the ledger, or one subject of it, to an auditor: entries, tiles, verifiers."""
    from dataclasses import asdict

    from cryoledger.custody.proof import checkpoints
    from cryoledger.exchange.audit_bundle import export_audit as write
    from cryoledger.ledger.checkpoint import Checkpoint, SignedCheckpoint, sign_checkpoint

    def signed(head: Checkpoint) -> SignedCheckpoint:
        return sign_checkpoint(head, checkpoints.signers(call.vault, reading, head.origin))

    checkpoints.sign(call.vault, given=True)
    code = call.scanned(subject) if subject is not None else None
    now = call.now
    with call.reading() as reading:
        done = write(reading, signed, out, code, now)
    told = f"{done.entries} of {done.of} entries" if done.subject else f"{done.entries} entries"
    call.answer(
        {**asdict(done), "folder": str(done.folder)},
        f"{out}: {told}, {done.bytes / 1e6:.1f} MB. Fingerprint {done.fingerprint}\n"
        f"Give the auditor the fingerprint and the verifiers' SHA-256 on paper, apart from the bundle: see `cryoledger"
        " verifiers`. How to check it stands in VERIFY.md.",
    )


def verifiers(call: Call) -> None:
    """Show the SHA-256 that a bundle's verifiers must have, as `sha256sum` prints them."""
    from cryoledger.exchange.audit_bundle.verifiers import VERIFIERS, sha256_of

    hashes = {name: sha256_of(name) for name in VERIFIERS}
    call.answer(hashes, lambda: "\n".join(f"{digest}  {name}" for name, digest in hashes.items()))
