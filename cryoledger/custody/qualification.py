"""Qualification of this installation (21 CFR 11.10(a)): what is checked, what was found, and the signed record of it.

    checks = installation(place)                      # this machine: the program, its libraries, known answers
    note = signed(vault, record_text(...), By(...))   # a signed note, by the station and whoever answers for it

A check never raises: what goes wrong is its result. The operation checks, which play a sample clinic's day, are with
the sample; the pages are made by `documents.qualification`.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
import re
import shutil
import sqlite3
import sys
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryoledger.custody.keys.unlock import unlock
from cryoledger.custody.record import By
from cryoledger.custody.vault import Vault, person_by
from cryoledger.domain import schemas
from cryoledger.domain.records import Person
from cryoledger.domain.roles import Role
from cryoledger.errors import RequestError
from cryoledger.ledger.note import Note
from cryoledger.resources import schema_folder

Outcome = Literal["passed", "failed", "not run"]
TAG = "cryoledger/qualification/v1"
ROOM_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its number, what is expected, what was found."""

    number: str
    expected: str
    found: str
    outcome: Outcome

    @property
    def line(self) -> str:
        """The check as one line of the record."""
        return f"{self.number} {self.outcome}: {self.expected} Found: {self.found}"


class NotRun(Exception):
    """What a check raises that has nothing to look at."""


def checked(number: str, expected: str, look: Callable[[], str]) -> Check:
    """The check whose `look` returns what it found, or raises."""
    try:
        return Check(number, expected, look(), "passed")
    except NotRun as reason:
        return Check(number, expected, str(reason), "not run")
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is the result
        return Check(number, expected, f"{type(error).__name__}: {error}"[:300], "failed")


def must(holds: bool, found: str) -> str:
    """What was found, where it is as expected; RuntimeError otherwise."""
    if not holds:
        raise RuntimeError(found)
    return found


def installation(place: Path) -> list[Check]:
    """What is installed on this machine, and whether it gives known answers; `place` is where a vault lies."""
    return [
        checked("IQ-1", "Python 3.11 or later.", _python),
        checked("IQ-2", "Every file of the program is the one that was installed.", _files),
        checked("IQ-3", "Every library that the program asks for is installed.", _libraries),
        checked("IQ-4", "The schema of every event is the catalogue's.", _schemas),
        checked("IQ-5", "Every label stock and layout can be read.", _labels),
        checked("IQ-6", "SQLite 3.37 or later, in which a full disk or a lost power loses nothing.", _sqlite),
        checked("IQ-7", "Ed25519 gives the signature of RFC 8032, 7.1, test 1.", _ed25519),
        checked("IQ-8", "SHA-256 gives the digest of FIPS 180-4's example.", _sha256),
        checked("IQ-9", "At least 1 GiB is free where vaults lie.", lambda: _room(place)),
    ]


def _python() -> str:
    return must(
        sys.version_info >= (3, 11), f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    )


def _files() -> str:
    distribution = importlib.metadata.distribution("cryoledger")
    listed = [file for file in distribution.files or () if file.hash is not None]
    ours = [file for file in listed if file.parts[0] == "cryoledger"]
    if not ours:
        raise NotRun(f"cryoledger {distribution.version} runs from a checkout, which lists no files")
    changed = [str(file) for file in ours if file.hash and _digest(Path(str(file.locate()))) != file.hash.value]
    found = f"cryoledger {distribution.version}, {len(ours)} files; changed: {len(changed)} {changed[:3]}"
    return must(not changed, found)


def _digest(path: Path) -> str:
    digest = hashlib.sha256(path.read_bytes()).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _libraries() -> str:
    asked = [text for text in importlib.metadata.requires("cryoledger") or () if "extra ==" not in text]
    names = [re.split(r"[^A-Za-z0-9._-]", text, maxsplit=1)[0] for text in asked]
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in sorted(names))


def _schemas() -> str:
    found = schemas.differences(schema_folder() / "events")
    return must(not found, " ".join(found[:3]) or "every file agrees")


def _labels() -> str:
    from cryoledger.labels import load_layout, load_stock, names

    for stock in (stocks := names("stock")):
        load_stock(stock)
    for layout in (layouts := names("layouts")):
        load_layout(layout)
    return must(bool(stocks and layouts), f"{len(stocks)} stocks, {len(layouts)} layouts")


def _sqlite() -> str:
    return must(sqlite3.sqlite_version_info >= (3, 37), f"SQLite {sqlite3.sqlite_version}")


def _ed25519() -> str:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    )
    signature = key.sign(b"").hex()
    expected = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
    expected += "d25bf5f0595bbe24655141438e7a100b"
    return must(signature == expected, f"{signature[:16]}...")


def _sha256() -> str:
    digest = hashlib.sha256(b"abc").hexdigest()
    return must(digest.startswith("ba7816bf8f01cfea") and digest.endswith("b410ff61f20015ad"), f"{digest[:16]}...")


def _room(place: Path) -> str:
    folder = next(each for each in (place, *place.parents) if each.is_dir())
    free = shutil.disk_usage(folder).free
    return must(free >= ROOM_BYTES, f"{free / (1 << 30):.1f} GiB free")


def record_text(head: Sequence[str], checks: Sequence[Check]) -> bytes:
    """The text that is signed: tag, what was qualified, then every check as a line."""
    lines = [TAG, *head, *(check.line for check in checks)]
    return ("\n".join(" ".join(line.split()) for line in lines) + "\n").encode()


def may_sign(vault: Vault, name: str) -> Person:
    """The person who is to sign a record; RequestError for one without the role."""
    with vault.store.reading() as reading:
        person = person_by(reading, name)
    if not {Role.QUALITY, Role.ADMINISTRATOR} & set(person.roles.split(",")):
        raise RequestError(f"{person.full_name} is neither quality officer nor administrator.", "Let one of them sign.")
    return person


def prove(vault: Vault, by: By) -> None:
    """Try a signer's PIN before the checks begin, so that a wrong one is not told after them. PinError."""
    try:
        unlock(vault, by.name, by.pin or "")
    finally:
        vault.keyring.lock(by.name)


def signed(vault: Vault, text: bytes, by: By | None) -> Note:
    """The record as a signed note: by the station, and by a person of quality or administration who answers for it.

    The vault is only read. PinError; RequestError for a person without the role.
    """
    if not text.startswith(f"{TAG}\n".encode()):
        raise RuntimeError("that is no record of a qualification")
    names = [vault.station]
    if by is not None:
        person = may_sign(vault, by.name)
        unlock(vault, person.name, by.pin or "")
        names.append(person.name)
    try:
        return Note(text, tuple(vault.keyring.sign(name, text) for name in names))
    finally:
        if by is not None:
            vault.keyring.lock(by.name)


def verdict(checks: Sequence[Check]) -> str:
    """One sentence over all checks."""
    failed = [check.number for check in checks if check.outcome == "failed"]
    skipped = [check.number for check in checks if check.outcome == "not run"]
    said = f"{len(checks) - len(failed) - len(skipped)} checks passed"
    said += f", {len(skipped)} not run ({', '.join(skipped)})" if skipped else ""
    return f"{said}; {len(failed)} failed ({', '.join(failed)})." if failed else f"{said}, none failed."


def look_at_vault(place: str) -> list[Check]:
    """The user's own vault, only read: its verification and the age of its backup."""
    from cryoledger.custody.proof.auditing import verify_at

    def verified() -> str:
        report = verify_at(place)
        broken = [finding.message for finding in report.findings if finding.severity == "broken"]
        return must(report.ok, f"{report.entries} entries, {len(broken)} broken {broken[:2]}")

    def backed_up() -> str:
        from cryoledger.custody.backups import backup

        with Vault.open(place) as vault:
            care = backup.care_of(vault)
        if care.by_server:
            raise NotRun("the database server keeps the backups of this vault")
        made = care.backup.at if care.backup is not None else "never"
        tested = care.tested.at if care.tested is not None else "never"
        return must(not care.late, f"last backup {made}, last test restore {tested}")

    return [
        checked("PQ-1", "The vault verifies without a finding that breaks it.", verified),
        checked("PQ-2", "The vault was backed up within a day, and a restore was tested.", backed_up),
    ]
