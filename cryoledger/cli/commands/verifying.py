"""`cryoledger verify`: the whole verification of a vault, which needs neither its secrets nor that it is sound."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cryoledger.cli import exit_codes, output
from cryoledger.cli.call import TRAINING, Call
from cryoledger.cli.declare import look
from cryoledger.cli.progress_bar import Bar
from cryoledger.cli.screen import named_vault
from cryoledger.cli.teaching import AUDITOR
from cryoledger.errors import CryoledgerError, RequestError

if TYPE_CHECKING:
    from cryoledger.audit import Finding, Report

__all__ = ["given_fingerprint", "register"]

EXAMPLE = """\
cryoledger verify
cryoledger verify /media/copy.cryoledger --fingerprint Gti3Sj396yGDoqbF/bi4d5zGkR0A2c9nJtC8kfarLjg= --json
cryoledger verify --policy hospital.policy --checkpoint /media/usb/march.checkpoint
cryoledger verify --hash-only --policy hospital.policy
cryoledger verify --since /media/usb/march.checkpoint --policy hospital.policy"""


def register(app: typer.Typer) -> None:
    """Enter the command."""
    look(app, "verify", example=EXAMPLE, panel=AUDITOR)(verify)


def verify(
    call: Call,
    place: Annotated[str | None, typer.Argument(metavar="PATH-or-URL", help="The vault, else --vault.")] = None,
    fingerprint: Annotated[
        str | None, typer.Option("--fingerprint", help="The vault's fingerprint from paper, in base64.")
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option("--policy", metavar="FILE", help="Your own policy: which witnesses must have seen it."),
    ] = None,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option("--checkpoint", metavar="FILE", help="A checkpoint that you kept; may be given more than once."),
    ] = None,
    hash_only: Annotated[
        bool,
        typer.Option("--hash-only", help="Compare hashes alone, fast: no signature, no rule. Exit 0: the hashes hold."),
    ] = False,
    since: Annotated[
        Path | None,
        typer.Option(
            "--since",
            metavar="FILE",
            help="Check signatures only after this checkpoint, which witnesses of your --policy cosigned.",
        ),
    ] = None,
) -> int:
    """Verify the ledger and all that is derived from it: exit 0 if sound, 1 with findings, 2 if it could not run."""
    from cryoledger.custody.proof import auditing

    try:
        if since is not None and (policy is None or hash_only):
            raise RequestError(
                "--since takes the past on the word of witnesses, so your own --policy must name them; "
                "it does not go with --hash-only.",
                "Add --policy FILE, or verify the whole ledger.",
            )
        given: dict[str, Any] = {
            "fingerprint": given_fingerprint(fingerprint) if fingerprint else None,
            **_outside(policy, checkpoint or ()),
        }
        location = place or named_vault(call.named)
        with Bar() as bar:
            given["progress"] = bar.of("entries")
            if since is not None:
                report = auditing.since_at(location, since=_outside(None, [since])["brought"][0], **given)
            elif hash_only:
                report = auditing.hashes_at(location, **given)
            else:
                report = auditing.verify_at(location, **given)
    except CryoledgerError as error:
        output.narrate(f"Could not verify: {error}")
        return exit_codes.USAGE
    _tell_training(place or named_vault(call.named))
    call.answer(report.to_dict(), lambda: _text(report, sure=fingerprint is not None))
    return exit_codes.OK if report.ok else exit_codes.FINDINGS


def _outside(policy: Path | None, checkpoints: Sequence[Path]) -> dict[str, Any]:
    """The verifier's own policy and checkpoints, which are never taken from the vault."""
    from cryoledger.cli.outside import read_bytes, read_policy

    return {
        "policy": read_policy(policy) if policy is not None else None,
        "brought": [read_bytes(path, "checkpoint") for path in checkpoints],
    }


def _tell_training(location: str) -> None:
    """Say that a vault is for training, where that can be read at all."""
    from cryoledger.database.store import Store
    from cryoledger.domain.records import Site

    with suppress(CryoledgerError), Store.open(location) as store, store.reading() as reading:
        site = reading.facts.get(Site, "site")
        if site is not None and site.training:
            output.narrate(TRAINING)


def given_fingerprint(text: str) -> bytes:
    """A fingerprint as typed from paper; RequestError where it is none."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if len(content) != 32:
        raise RequestError("That is no fingerprint: it has 32 bytes in base64.", "Copy it from the checkpoint sheet.")
    return content


def _text(report: Report, *, sure: bool) -> str:
    lines = [_line(finding) for finding in report.findings]
    lines += [f"covers: {name}" for name in report.covers]
    lines += [f"not run: {name}" for name in report.not_run]
    broken = sum(finding.severity == "broken" for finding in report.findings)
    if not report.ok:
        bad = report.first_bad
        where = f"; the first: {_line(bad)}" if bad is not None else ""
        return "\n".join([*lines, f"NOT VERIFIED: {broken} broken in {report.entries} entries{where}"])
    return "\n".join([*lines, _verdict(report, sure=sure)])


def _verdict(report: Report, *, sure: bool) -> str:
    """The last line: what the absence of findings means."""
    if report.scope == "hashes":
        return (
            f"HASHES HOLD, NOT VERIFIED: {report.entries} entries are chained and stand in the tree as they were "
            "written; who signed them, and whether they were allowed, was not asked."
        )
    if report.scope == "since":
        return (
            f"VERIFIED SINCE THE CHECKPOINT: {report.entries} entries; what precedes it is taken on the word named "
            "above, and whether newer entries were legal was not asked."
        )
    if not sure:
        return f"{report.entries} entries, consistent with themselves; name the --fingerprint to be sure."
    return f"VERIFIED: {report.entries} entries"


def _line(finding: Finding) -> str:
    place = ""
    if finding.epoch is not None:
        place = f" entry {finding.epoch}/{finding.sequence}"
    if finding.table is not None:
        place += f" table {finding.table}" + (f" row {finding.row}" if finding.row is not None else "")
    differs = f" (expected {finding.expected}, found {finding.found})" if finding.expected or finding.found else ""
    return f"{finding.severity} {finding.check}{place}: {finding.message}{differs}"
