"""`cryoledger report`: documents for people and machines that say what they rest on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cryoledger.cli import exit_codes, output
from cryoledger.cli.call import Call
from cryoledger.cli.declare import group, look
from cryoledger.cli.new_file import WRITES
from cryoledger.cli.progress_bar import Bar
from cryoledger.cli.words import Anything
from cryoledger.errors import RequestError

if TYPE_CHECKING:
    from cryoledger.custody.proof.attesting import Attested
    from cryoledger.documents.report import Report

__all__ = ["report"]

report = group()

KINDS = (".pdf", ".json", ".txt")
CUSTODY = """\
cryoledger report custody BKV000001W --to vial.pdf
cryoledger report custody BKV000001W --with /media/usb/dose-7 --to vial.pdf
cryoledger report custody P1 --to patient.json --fingerprint Gti3Sj396yGDoqbF/bi4d5zGkR0A2c9nJtC8kfarLjg="""
AUDIT = """\
cryoledger report audit --from 2026-03-01 --to 2026-03-31 --out march.pdf
cryoledger report audit --from today --to today"""

Fingerprint = Annotated[
    str | None, typer.Option("--fingerprint", help="The vault's fingerprint from paper, in base64.")
]
Policy = Annotated[
    Path | None, typer.Option("--policy", metavar="FILE", help="Your own policy: which witnesses must have seen it.")
]


@look(report, "custody", example=CUSTODY)
def custody(
    call: Call,
    code: Anything,
    to: Annotated[
        Path | None,
        typer.Option("--to", "--out", metavar="FILE", help="A .pdf for people, a .json for machines, or a .txt."),
        WRITES,
    ] = None,
    fingerprint: Fingerprint = None,
    policy: Policy = None,
    files: Annotated[
        list[Path] | None,
        typer.Option("--with", metavar="PATH", help="Another site's receipt, manifest, or bundle about one subject."),
    ] = None,
) -> int:
    """Report all that happened to a vial, patient, lot or dose, with every signature; exit 1 if it does not verify.

    Where vials came from another site or went there, that site's part is told as far as its receipts prove it: those
    that are kept with the shipments, and those in the files named by --with.
    """
    from cryoledger.cli.outside import read_bytes
    from cryoledger.documents.across import receipts_in
    from cryoledger.documents.custody_report import custody_report
    from cryoledger.documents.other_sites import at_hand_of, kept_files

    _must_be_a_kind(to)
    text = call.scanned(code)
    _must_be_known(call, text)
    given = [each for path in files or () for each in receipts_in(path, lambda one: read_bytes(one, "file"))]
    attested, now = _attested(call, fingerprint, policy), call.now
    with call.reading() as reading:
        kept = kept_files(reading, text)
    at_hand = at_hand_of(call.vault, kept, given)
    with call.reading() as reading:
        made = custody_report(reading, attested, text, now, at_hand)
    return _answer(call, made, to)


@look(report, "audit", example=AUDIT)
def audit(
    call: Call,
    first: Annotated[str, typer.Option("--from", metavar="DAY", help="The first day, as YYYY-MM-DD, or today.")],
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="The last day, as YYYY-MM-DD, or today.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="A .pdf for people, a .json for machines, or a .txt."),
        WRITES,
    ] = None,
    fingerprint: Fingerprint = None,
    policy: Policy = None,
) -> int:
    """Report what was typed, late, corrected, overridden or refused in a period, wrong PINs, and who did what."""
    from cryoledger.documents.audit_report import audit_report

    _must_be_a_kind(out)
    days = call.day(first), call.day(last)
    if days[1] < days[0]:
        raise RequestError(f"--to {days[1]} lies before --from {days[0]}.", "Give the earlier day first.")
    attested, now = _attested(call, fingerprint, policy), call.now
    with call.reading() as reading:
        made = audit_report(reading, attested, *days, now)
    return _answer(call, made, out)


def _must_be_a_kind(file: Path | None) -> None:
    """Say so before the verification, which may take minutes."""
    if file is not None and file.suffix.lower() not in KINDS:
        raise RequestError(f"{file} is none of {', '.join(KINDS)}.", "Name the file so.")


def _must_be_known(call: Call, text: str) -> None:
    from cryoledger.documents.graph import thing_of

    with call.reading() as reading:
        thing_of(reading, text)


def _attested(call: Call, fingerprint: str | None, policy: Path | None) -> Attested:
    from cryoledger.cli.commands.verifying import given_fingerprint
    from cryoledger.cli.outside import read_policy
    from cryoledger.custody.proof.attesting import attest

    with Bar() as bar:
        return attest(
            call.vault,
            fingerprint=given_fingerprint(fingerprint) if fingerprint else None,
            policy=read_policy(policy) if policy is not None else None,
            progress=bar.of("entries"),
        )


def _answer(call: Call, made: Report, file: Path | None) -> int:
    from cryoledger.cli.outside import drawn

    if file is None:
        call.answer(made.to_dict(), made.text)
    else:
        call.write(file, drawn(_content(made, file.suffix.lower())), "report")
        verification = made.data["verification"]
        call.answer(
            {"file": str(file), **verification}, f"{file}: {made.title}, {made.subject}. {verification['verdict']}"
        )
    return exit_codes.OK if made.data["verification"]["ok"] else exit_codes.FINDINGS


def _content(made: Report, kind: str) -> Callable[[], bytes]:
    from cryoledger.documents.report_pdf import report_pdf

    return {
        ".pdf": lambda: report_pdf(made),
        ".json": lambda: (output.json_text(made.to_dict()) + "\n").encode(),
        ".txt": lambda: (output.visible(made.text()) + "\n").encode(),
    }[kind]
