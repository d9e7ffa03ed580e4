"""The hash of a file that an event names and the vault does not keep: a logger's curve, a certificate, a record."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cryoledger.errors import RequestError
from cryoledger.ledger.lines import encode_base64

__all__ = ["file_hash", "unreadable"]


def file_hash(path: Path) -> str:
    """SHA-256 of a file, as events carry it; RequestError where it cannot be read, or is no file at all."""
    try:
        if not path.is_file():
            why = "it is no file" if path.exists() else "there is none of that name"
            raise RequestError(f"The file {path} cannot be read: {why}.", "Name a file that is there.")
        with path.open("rb") as file:
            return encode_base64(hashlib.file_digest(file, "sha256").digest())
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: Exception) -> RequestError:
    """What to say of a file that the system does not hand out."""
    reason = getattr(error, "strerror", None) or "its name is no path"
    return RequestError(f"The file {path} cannot be read: {reason}.", "Name a file that is there.")
