"""What stands beside a backup, in `NAME.manifest.json`: of which ledger and entry it is, and the hash of its bytes."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryoledger import __version__
from cryoledger.database import files, snapshot_copy
from cryoledger.database.snapshot_copy import Content
from cryoledger.errors import VaultDamagedError, VaultError
from cryoledger.ledger.lines import encode_base64

__all__ = ["Manifest", "check", "of", "read", "write"]

FORMAT = "cryoledger/backup/v1"
BYTES_MAX = 64 * 1024


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is of; hashes in base64, `sha256` that of the file."""

    format: str
    program: str
    origin: str
    fingerprint: str
    epoch: int
    sequence: int
    leaf_hash: str
    root: str
    entries: int
    recorded_at: str
    made_at: str
    size_bytes: int
    sha256: str


def of(path: Path, content: Content, made_at: str) -> Manifest:
    """The manifest of a file with this content."""
    return Manifest(
        FORMAT, f"cryoledger {__version__}", content.origin, encode_base64(content.fingerprint), content.epoch,
        content.sequence, encode_base64(content.leaf_hash), encode_base64(content.root), content.entries,
        content.recorded_at, made_at, path.stat().st_size, _hash(path),
    )  # fmt: skip


def write(path: Path, manifest: Manifest) -> None:
    """Put the manifest beside a backup, on the disk."""
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as file:
        file.write((json.dumps(asdict(manifest), indent=2) + "\n").encode())
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(_beside(path))


def read(path: Path) -> Manifest | None:
    """What stands beside a backup; None where there is nothing, VaultDamagedError where it cannot be read."""
    try:
        with _beside(path).open("rb") as file:
            value: Any = json.loads(file.read(BYTES_MAX))
        if value["format"] != FORMAT:
            raise ValueError
        return Manifest(**value)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError):
        raise VaultDamagedError(
            f"The manifest of {path} cannot be read.", "Move it away to go without it, or use another backup."
        ) from None


def check(path: Path) -> Manifest | None:
    """That a file is a whole backup, byte for byte as its manifest says, if that is there; VaultError if not."""
    if snapshot_copy.in_use(path):
        raise VaultError(
            f"{path} is a vault in use, not a backup: its log lies beside it.",
            "Make a backup of it with `cryoledger backup`.",
        )
    files.check(path)
    manifest = read(path)
    if manifest is None:
        return None
    if _hash(path) != manifest.sha256:
        raise VaultDamagedError(
            f"The backup {path} is not what its manifest says: bytes of it were changed or lost.",
            "Use another backup.",
        )
    content = snapshot_copy.read(path)
    if encode_base64(content.leaf_hash) != manifest.leaf_hash or content.entries != manifest.entries:
        raise VaultDamagedError(f"The manifest beside {path} is of another backup.", "Put the right two together.")
    return manifest


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".manifest.json")


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return encode_base64(hashlib.file_digest(file, "sha256").digest())
