"""The one place where what a database says becomes an error that tells a person what to do."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from cryoledger.errors import (
    CryoledgerError,
    RequestError,
    VaultBusyError,
    VaultDamagedError,
    VaultError,
    VaultMissingError,
    VaultMovedError,
    VaultUnreachableError,
)

__all__ = ["UniqueViolation", "busy", "moved", "of_commit", "of_connecting", "of_postgresql", "of_sqlite"]

RESTORE = "Stop working with it, copy it as it is, and restore the last good backup."
MOVED = "cryoledger: "  # starts what the trigger of `relocation` says
_UNIQUE = re.compile(r"UNIQUE constraint failed: (?P<columns>.+)")


class UniqueViolation(RuntimeError):
    """A row would repeat a unique combination: `table` and its `columns`."""

    def __init__(self, table: str, columns: tuple[str, ...]) -> None:
        super().__init__(f"a row of {table} repeats ({', '.join(columns)})")
        self.table = table
        self.columns = columns


def of_sqlite(error: sqlite3.Error, where: object) -> Exception:
    """What to raise for an error of SQLite at the vault `where`; misuse by code is a RuntimeError."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    if found := _UNIQUE.fullmatch(str(error)):
        names = [name.split(".") for name in found["columns"].split(", ")]
        return UniqueViolation(names[0][0], tuple(name[-1] for name in names))
    if code == sqlite3.SQLITE_ERROR and "no such" in str(error):
        return VaultDamagedError(f"The vault {where} lacks a part of its tables ({error}).", RESTORE)
    if str(error).startswith(MOVED):
        return moved(str(error))
    fault = _of_code(code & 0xFF, where)
    return fault if fault is not None else RuntimeError(f"SQLite refuses a statement: {error}")


def _of_code(code: int, where: object) -> CryoledgerError | None:
    match code:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return busy(where)
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return VaultDamagedError(f"The file of the vault {where} is torn: SQLite cannot read it.", RESTORE)
        case sqlite3.SQLITE_FULL:
            return VaultError(
                f"The disk of the vault {where} is full; nothing was recorded.", "Make room on it, then repeat."
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return VaultError(
                f"The vault {where} may not be written by this user.", "Let its owner or an administrator allow it."
            )
        case sqlite3.SQLITE_CANTOPEN:
            return VaultError(
                f"The vault {where} cannot be opened.",
                "Its file and its folder must be readable and writable by this user.",
            )
        case sqlite3.SQLITE_IOERR | sqlite3.SQLITE_NOLFS | sqlite3.SQLITE_PROTOCOL:
            return VaultError(
                f"The disk of the vault {where} fails to read or write; nothing was recorded.",
                "Check the disk and its connection before anything else is recorded.",
            )
        case _:
            return None


def busy(where: object) -> VaultBusyError:
    """Somebody else writes for longer than we wait."""
    return VaultBusyError(
        f"Another program has been writing to the vault {where} for too long; nothing was recorded.",
        "Repeat in a moment. If it stays so, look for a backup or another cryoledger that hangs.",
    )


def moved(text: str) -> VaultMovedError:
    """The vault was copied elsewhere, or its copying was not finished; `text` says which, to a person."""
    return VaultMovedError(text.removeprefix(MOVED), "Name the other place with --vault or in CRYOLEDGER_VAULT.")


def of_connecting(error: Any, where: object) -> CryoledgerError:
    """What to raise where no connection to PostgreSQL came about; only libpq's words say why."""
    words = " ".join(str(error).split())
    cause = re.split(r"FATAL: |failed: (?!FATAL)", words)[-1].strip()[:200]
    if re.search(r"FATAL: .*(database .* does not exist)", words):
        return VaultMissingError(
            f"There is no vault at {where}: {cause}.", "Let the server's administrator make the database."
        )
    let_in = not re.search(r"no password supplied|FATAL: (?!.*(starting up|shutting down|recovery mode))", words)
    if not let_in:
        return VaultError(
            f"The server of the vault {where} does not let this user in: {cause}.",
            "Check the user's name, and the password in ~/.pgpass (mode 0600) or in the file that PGPASSFILE names.",
        )
    return VaultUnreachableError(
        f"The server of the vault {where} does not answer: {cause}.",
        "Check the network and the server, then repeat.",
    )


def of_commit(error: Any, where: object) -> Exception:
    """What to raise for an error of psycopg in a COMMIT: where no answer came, nobody knows whether it was kept."""
    fault = of_postgresql(error, where)
    if isinstance(fault, VaultUnreachableError):
        fault.unknown = True
    return fault


def of_postgresql(error: Any, where: object) -> Exception:
    """What to raise for an error of psycopg (`error.sqlstate`, PostgreSQL appendix A) at the vault `where`."""
    state = str(getattr(error, "sqlstate", None) or "")
    if state == "23505":
        name = str(error.diag.constraint_name)
        table = str(error.diag.table_name)
        return UniqueViolation(table, tuple(_columns(name, table)))
    if str(error).startswith(MOVED):
        return moved(str(error).splitlines()[0])
    if not state and _is_of_data(error):
        return RequestError("A text holds the character U+0000, which PostgreSQL cannot keep.", "Leave it out.")
    fault = _of_state(state, where)
    return fault if fault is not None else RuntimeError(f"PostgreSQL refuses a statement: {error}")


def _is_of_data(error: Any) -> bool:
    """Whether psycopg itself, and not the server, refused a value."""
    return any(kind.__name__ == "DataError" for kind in type(error).__mro__)


def _of_state(state: str, where: object) -> CryoledgerError | None:
    if state in {"55P03", "40001", "40P01", "57014"}:  # lock not available, serialization, deadlock, cancelled
        return busy(where)
    if state[:2] == "53":
        return VaultError(f"The server of the vault {where} has no room left.", "Tell its administrator; then repeat.")
    if state in {"42501", "25006"}:
        return VaultError(
            f"The vault {where} may not be written by this user, or its server is a standby.",
            "Let its administrator allow it; several servers are named with ?target_session_attrs=read-write.",
        )
    if state in {"42P01", "42703"}:
        return VaultDamagedError(f"The vault {where} lacks a part of its tables.", RESTORE)
    if state[:2] in {"XX", "58"}:
        return VaultDamagedError(f"The server of the vault {where} reports damage.", RESTORE)
    if state[:2] in {"", "08", "57"} or state == "25P03":  # 57P: shut down; 25P03: rested too long
        return VaultUnreachableError(
            f"The connection to the vault {where} broke.", "Check the network and the server, then repeat."
        )
    return None


def _columns(constraint: str, table: str) -> list[str]:
    from cryoledger.domain.records import DERIVED

    for record in DERIVED:
        if record.table == table:
            for columns in record.unique:
                if constraint == f"uq_{table}_{'_'.join(columns)}":
                    return list(columns)
    return [constraint]
