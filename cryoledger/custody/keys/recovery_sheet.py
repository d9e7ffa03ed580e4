"""The recovery sheet: the two secrets that a site keeps on paper, in a sealed envelope.

The text fits one A4 page.

    >>> sheet = RecoverySheet("velar.example/bangkok", bytes(32), secret=bytes(32), seed=bytes(32))
    >>> read(sheet.text()) == (sheet.secret, sheet.seed)
    True
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from cryoledger.custody.keys.secret_file import read_private, write_new
from cryoledger.errors import LedgerFormatError, RequestError, StationError
from cryoledger.ledger.keys import SEED_BYTES, parse_recovery_text, recovery_text
from cryoledger.ledger.lines import check_name, encode_base64
from cryoledger.ledger.wrapping import VAULT_SECRET_BYTES

_SECRET, _SEED = "VAULT SECRET", "RECOVERY KEY"
_LINES = 4  # of each secret: 32 bytes, eight in a line
_PAGE = """\
CRYOLEDGER RECOVERY SHEET

Vault         {origin}
Fingerprint   {fingerprint}

This page was written once. Whoever holds it can make themselves an administrator of
this vault, and can try the PINs of a stolen copy of it. Print it, delete the file, put
the paper in an envelope, seal it, sign over the seal with a second person, and lock
the envelope away from the vault and its backups.


VAULT SECRET
{secret}

    Opens nothing alone. With it, and with their own PINs, people can sign at a machine
    that takes the place of a lost one. Without it no PIN opens any key.


RECOVERY KEY
{seed}

    Signs one thing: the enrolment of a new administrator, when no administrator can
    sign any more. The identity key is made from it: with both secrets, an administrator
    lets somebody read again who donors and patients are, when nobody can any more.
    Every report of this vault shows from then on that it was used.


To use it

  1. Open the envelope with a witness. Write down when, who, and why.
  2. Install cryoledger and restore the vault from its last good backup.
  3. Compare the vault's fingerprint with the one above. If they differ, stop: it is
     another vault, or not what it was.
  4. Ask for recovery at that machine and type the groups of each secret. Capitals,
     spaces and hyphens do not matter; I and L count as 1, O as 0. A slip is found in
     the line where it was made.
  5. The new administrator gives everybody who needs one a new key.
  6. Make a new sheet where the program says so, seal it again, and destroy this one.

Opened on ____________________   by ____________________   and ____________________

Why     ________________________________________________________________________
"""


@dataclass(frozen=True, slots=True)
class RecoverySheet:
    """What the sheet says; the secrets are in no repr."""

    origin: str
    fingerprint: bytes
    secret: bytes = field(repr=False)
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        check_name(self.origin, "origin")
        if (len(self.fingerprint), len(self.secret), len(self.seed)) != (32, VAULT_SECRET_BYTES, SEED_BYTES):
            raise RuntimeError("fingerprint, vault secret and recovery seed have 32 bytes each")

    def text(self) -> str:
        """The page: under 60 lines of at most 88 characters, unless the origin is long."""
        return _PAGE.format(
            origin=self.origin,
            fingerprint=encode_base64(self.fingerprint),
            secret=_indented(self.secret),
            seed=_indented(self.seed),
        )

    def write(self, path: Path) -> Path:
        """Write the page into a new file, 0600; StationError where there is a file already."""
        write_new(path, self.text().encode(), "the recovery sheet")
        return path


def read(source: Path | str) -> tuple[bytes, bytes]:
    """Vault secret and recovery seed of a sheet: a path to its file, or its text, or the typed groups alone.

    RequestError says which secret is wrong, and in which line; StationError, why a file cannot be read.
    """
    text = _file_text(source) if isinstance(source, Path) else source
    if _SECRET in text.upper() or _SEED in text.upper():
        blocks = [_block(text, label) for label in (_SECRET, _SEED)]
    else:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) != 2 * _LINES:
            raise RequestError(
                f"There are {len(lines)} lines of groups; the sheet has {2 * _LINES}.",
                "Type the four lines of the vault secret, then the four of the recovery key.",
            )
        blocks = ["\n".join(lines[:_LINES]), "\n".join(lines[_LINES:])]
    return _secret(blocks[0], _SECRET), _secret(blocks[1], _SEED)


def _file_text(path: Path) -> str:
    if not path.exists():
        raise StationError(
            f"There is no recovery sheet at {path}.",
            "Open the sealed envelope and scan or type its page into a file of yours (chmod 600), or pass it on stdin "
            "where `-` is taken.",
        )
    try:
        return read_private(path, "recovery sheet").decode()
    except UnicodeDecodeError:
        raise StationError(f"{path} is no recovery sheet: it is not text.", "Name the sheet's file.") from None


def _block(text: str, label: str) -> str:
    """The lines under a label, up to the next empty one."""
    found = re.search(rf"^[ \t]*{label}[ \t]*\r?\n((?:[ \t]*\S[^\n]*(?:\n|\Z))+)", text, re.MULTILINE | re.IGNORECASE)
    if found is None:
        raise RequestError(
            f"The sheet's text has no {label.lower()}.", f"Copy the four lines under {label} too, with that heading."
        )
    return found[1]


def _secret(block: str, label: str) -> bytes:
    try:
        secret = parse_recovery_text(block)
    except LedgerFormatError as error:
        raise RequestError(f"{label.capitalize()}: {error.message}", error.advice) from None
    if len(secret) != VAULT_SECRET_BYTES:
        raise RequestError(f"{label.capitalize()}: {_LINES} lines are expected.", "Copy all of them from the sheet.")
    return secret


def _indented(secret: bytes) -> str:
    return "\n".join(f"    {line}" for line in recovery_text(secret).splitlines())
