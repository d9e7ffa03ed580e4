"""The one table of exit codes, and which error ends with which."""

from __future__ import annotations

from cryoledger import errors

OK = 0
FINDINGS = 1
USAGE = 2
REFUSED = 3
PIN = 4
VAULT = 5
STATION = 6
CONFLICT = 7
FORMAT = 8
FAULT = 70
INTERRUPTED = 130
PIPE_CLOSED = 141

MEANINGS: dict[int, str] = {
    OK: "done",
    FINDINGS: "done, and the answer is no: findings of a verification, a code that cannot be read, nothing found",
    USAGE: "could not run: the words of the command do not fit",
    REFUSED: "refused by a rule of custody; nothing was changed",
    PIN: "a wrong or missing PIN, or a locked key",
    VAULT: "the vault is missing, damaged, busy, newer than the program, or cannot be written",
    STATION: "this machine lacks what the vault's station needs",
    CONFLICT: "the id was recorded before, with another content",
    FORMAT: "bytes or a signature that do not verify",
    FAULT: "a fault of the program",
    INTERRUPTED: "interrupted from the keyboard",
    PIPE_CLOSED: "whoever read the output stopped reading",
}

_BY_ERROR: tuple[tuple[type[errors.CryoledgerError], int], ...] = (
    (errors.Refusal, REFUSED),
    (errors.PinError, PIN),
    (errors.VaultError, VAULT),
    (errors.StationError, STATION),
    (errors.ConflictError, CONFLICT),
    (errors.LedgerFormatError, FORMAT),
    (errors.SignatureError, FORMAT),
    (errors.CryoledgerError, USAGE),
)


def of(error: errors.CryoledgerError) -> int:
    """The exit code of an error that a user can meet."""
    return next(code for kind, code in _BY_ERROR if isinstance(error, kind))
