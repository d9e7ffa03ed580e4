"""Every error that a user can meet; each says what happened, why, and what to do next.

    CryoledgerError
    ├── Refusal                 a rule of custody says no; the inventory is untouched
    ├── CodeError               a scan or a typed code cannot be read
    ├── LedgerFormatError       bytes that are not a note, entry, checkpoint or key of LEDGER form
    ├── SignatureError          a signature or a key that does not verify
    ├── PinError                a wrong PIN, or a key that is locked
    ├── TextError               text that may not be recorded (control, bidi, unassigned characters)
    ├── VaultError              a vault that cannot be opened, read or written
    │   ├── VaultMissingError
    │   ├── VaultNewerError     made by a newer version of the program
    │   ├── VaultOlderError     made by an older version, and not upgraded yet
    │   ├── VaultDamagedError   truncated, torn, not ours, or with its guards removed
    │   │   └── VaultSetBackError   whole, but it lacks entries that were once made: a restored backup, a rollback
    │   ├── VaultBusyError      another process holds it for longer than we wait
    │   ├── VaultMovedError     it was copied to another place, and is used on there
    │   └── VaultUnreachableError   its server does not answer, or the connection to it broke
    ├── StationError            this machine lacks what the vault's station needs
    ├── ConflictError           an id that was already recorded with another content
    ├── LabelError (labels)     a stock, layout or label that cannot be printed as it is
    │   └── PrinterError        a printer that is off, out of paper or silent
    └── RequestError            a command whose words do not fit together
        └── FieldError          a value that a field of an event cannot hold

Misuse by code (a wrong call order, a broken assertion) is a RuntimeError, not one of these.
"""

from __future__ import annotations

__all__ = [
    "CodeError",
    "ConflictError",
    "CryoledgerError",
    "FieldError",
    "LedgerFormatError",
    "PinError",
    "Refusal",
    "RequestError",
    "SignatureError",
    "StationError",
    "TextError",
    "VaultBusyError",
    "VaultDamagedError",
    "VaultError",
    "VaultMissingError",
    "VaultMovedError",
    "VaultNewerError",
    "VaultOlderError",
    "VaultSetBackError",
    "VaultUnreachableError",
]


class CryoledgerError(Exception):
    """What happened and why (`message`), and what to do next (`advice`)."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message} {self.advice}".strip()


class Refusal(CryoledgerError):
    """A rule says no.

    `rule` is the ID of the rule (an invariant such as "I3", or "I6.undo"); `safety` is true where the
    refusal itself must be recorded (DOMAIN, I10); `subject` is the code that was refused, if one was.
    """

    def __init__(self, rule: str, message: str, advice: str = "", *, safety: bool = False, subject: str = "") -> None:
        super().__init__(message, advice)
        self.rule = rule
        self.safety = safety
        self.subject = subject


class CodeError(CryoledgerError):
    """A scan that cannot be read; `at` is the index of the first wrong character, where one is known."""

    def __init__(self, message: str, advice: str = "", *, at: int | None = None) -> None:
        super().__init__(message, advice)
        self.at = at


class LedgerFormatError(CryoledgerError):
    """Bytes that are not what the ledger's specification says."""


class SignatureError(CryoledgerError):
    """A signature that does not verify, or a key that may not be used."""


class PinError(CryoledgerError):
    """A wrong PIN, or a key locked after too many of them."""


class TextError(CryoledgerError):
    """Text that may not be recorded."""


class VaultError(CryoledgerError):
    """A vault that cannot be opened, read or written."""


class VaultMissingError(VaultError):
    """There is no vault where one was named."""


class VaultNewerError(VaultError):
    """The vault was written by a newer version of the program."""


class VaultOlderError(VaultError):
    """The vault was written by an older version of the program, and waits for its upgrade."""


class VaultDamagedError(VaultError):
    """The vault's file is truncated, torn, not ours, or its guards are gone."""


class VaultSetBackError(VaultDamagedError):
    """The vault lacks entries that were once made."""


class VaultBusyError(VaultError):
    """Another process holds the vault for longer than we wait."""


class VaultMovedError(VaultError):
    """The vault was copied to another place, and only one of the two may be used on."""


class VaultUnreachableError(VaultError):
    """The vault's server does not answer, or the connection broke.

    `unknown` is true where it broke in a commit: only another look at the ledger tells whether that was kept.
    """

    unknown = False


class StationError(CryoledgerError):
    """This machine lacks what the vault's station needs: its key, the vault secret, a folder to write."""


class ConflictError(CryoledgerError):
    """An event id that was already recorded with another content."""


class RequestError(CryoledgerError):
    """A command whose words do not fit together."""


class FieldError(RequestError):
    """A value that a field of an event cannot hold: the event, the path to the field, and what is wrong with it."""

    def __init__(self, event: str, path: tuple[str | int, ...], told: str) -> None:
        where = ".".join(str(part) for part in path) or "payload"
        super().__init__(f"{event}: {where} {told}.", "Correct it and repeat.")
        self.event = event
        self.path = path
        self.told = told
