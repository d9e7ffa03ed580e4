"""`cryoledger demo`: the sample clinic, opened on the screen, or its story told line by line without a terminal."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryoledger.errors import RequestError

VAULT_NAME = "sample.cryoledger"
SCAN_THE_BADGE = "Sign in: press F2, type a badge and Enter, then the PIN and Enter."


def demo(keep: Path | None, *, story: bool) -> int:
    """Make the clinic in a scratch folder, or at `keep`; tell its story, or open the screen. Returns the exit code."""
    with _place(keep) as path:
        if story:
            return _tell(path, kept=keep is not None)
        return _open(path)


@contextmanager
def _place(keep: Path | None) -> Iterator[Path]:
    """Where the sample vault is made; a scratch one takes its station's files with it when it goes."""
    if keep is not None:
        if keep.exists():
            raise RequestError(f"{keep} exists already.", "Name a file that does not exist yet.")
        yield keep
        return
    with scratch() as folder:
        yield folder / VAULT_NAME


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is a station's home meanwhile, and goes with all that is in it."""
    with tempfile.TemporaryDirectory(prefix="cryoledger-demo-") as folder:
        before = os.environ.get("CRYOLEDGER_HOME")
        os.environ["CRYOLEDGER_HOME"] = folder
        try:
            yield Path(folder)
        finally:
            if before is None:
                del os.environ["CRYOLEDGER_HOME"]
            else:
                os.environ["CRYOLEDGER_HOME"] = before


def _narrate(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _tell(path: Path, *, kept: bool) -> int:
    """The story, its trace and the verification, on stdout."""
    from cryoledger.cli.sample.clinic import bring_to_today, make_clinic, tell_story
    from cryoledger.cli.sample.story import DOSE
    from cryoledger.documents.trace import trace

    _narrate("Making a sample clinic ...")
    clinic = make_clinic(str(path), _narrate)
    with clinic.vault as vault:
        _say("One dose, from donor to patient. Two wrong things are tried on the way, and refused.")
        tell_story(clinic, _say)
        _say("\n== The trace ==")
        with vault.store.reading() as reading:
            _say(trace(reading, DOSE).text())
        bring_to_today(clinic)
        _say("\n== The verification ==")
        code = _verify(vault)
    if kept:
        _say(f"\nKept: {path}. Open it with `cryoledger --vault {path} tui`; it is a training vault.")
        _say(_staff(clinic.badges))
    return code


def _verify(vault: object) -> int:
    from cryoledger.custody.proof.auditing import verify_vault
    from cryoledger.custody.vault import Vault
    from cryoledger.ledger.lines import encode_base64

    assert isinstance(vault, Vault)
    report = verify_vault(vault, fingerprint=vault.fingerprint)
    for finding in report.findings:
        _say(f"{finding.severity}: {finding.message}")
    _say(f"covers: {'; '.join(report.covers)}")
    _say(f"not run: {'; '.join(report.not_run)}")
    outcome = "every check passed" if report.ok else "NOT VERIFIED"
    _say(f"{report.entries} entries: {outcome}. Fingerprint: {encode_base64(vault.fingerprint)}")
    return 0 if report.ok else 1


def _open(path: Path) -> int:
    """The screen on the clinic as it stands today, the story behind it."""
    from cryoledger.cli.sample.clinic import bring_to_today, make_clinic, tell_story
    from cryoledger.tui import run

    _narrate("Making a sample clinic: half a year of it takes a few seconds ...")
    clinic = make_clinic(str(path), _narrate)
    with clinic.vault:
        tell_story(clinic, lambda _: None)
        bring_to_today(clinic)
    return run(str(path), banner=_staff(clinic.badges))


def _staff(badges: dict[str, str]) -> str:
    """How to sign in: everybody's badge and PIN, and what to scan first."""
    from cryoledger.cli.sample.people import STAFF
    from cryoledger.cli.sample.story import ORDERS

    width = max(len(member.full_name) for member in STAFF)
    lines = [
        f"{member.full_name:<{width}}  {badges[member.name]}  PIN {member.pin}  {', '.join(member.roles)}"
        for member in STAFF
    ]
    first = f"Order {ORDERS[1]} waits with two vials reserved: sign in as Maria Santos and scan CMD-PICK, then it."
    return "\n".join([SCAN_THE_BADGE, "", *lines, "", first])
