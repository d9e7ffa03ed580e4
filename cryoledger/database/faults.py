"""The one place where what a database says becomes an error that tells a person what to do."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from cryoledger.errors import CryoledgerError, VaultBusyError, VaultDamagedError, VaultError

__all__ = ["UniqueViolation", "of_postgresql", "of_sqlite"]

RESTORE = "Stop working with it, copy it as it is, and restore the last good backup."
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


def of_postgresql(error: Any, where: object) -> Exception:
    """What to raise for an error of psycopg (`error.sqlstate`, PostgreSQL appendix A) at the vault `where`."""
    state = str(getattr(error, "sqlstate", None) or "")
    if state == "23505":
        name = str(error.diag.constraint_name)
        table = str(error.diag.table_name)
        return UniqueViolation(table, tuple(_columns(name, table)))
    if state in {"55P03", "40001", "40P01", "57014"}:  # lock not available, serialization, deadlock, cancelled
        return busy(where)
    if state[:2] == "53":
        return VaultError(f"The server of the vault {where} has no room left.", "Tell its administrator; then repeat.")
    if state in {"42501", "25006"}:
        return VaultError(f"The vault {where} may not be written by this user.", "Let its administrator allow it.")
    if state in {"42P01", "42703"}:
        return VaultDamagedError(f"The vault {where} lacks a part of its tables.", RESTORE)
    if state[:2] in {"XX", "58"}:
        return VaultDamagedError(f"The server of the vault {where} reports damage.", RESTORE)
    if state[:2] in {"", "08", "28", "3D", "57"}:
        return VaultError(
            f"The vault {where} does not answer, or does not let this user in.",
            "Check network, server and the password file, then repeat.",
        )
    return RuntimeError(f"PostgreSQL refuses a statement: {error}")


def _columns(constraint: str, table: str) -> list[str]:
    from cryoledger.domain.records import DERIVED

    for record in DERIVED:
        if record.table == table:
            for columns in record.unique:
                if constraint == f"uq_{table}_{'_'.join(columns)}":
                    return list(columns)
    return [constraint]
