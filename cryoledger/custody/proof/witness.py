"""A witness: another machine that remembers the last head of each ledger it knows, and cosigns only what extends it.

    witness = Witness.init("hospital.example/it", [log_vkey])
    signature = witness.cosign(request, seconds)        # WitnessError: rewrite, rollback, fork ...

Its folder needs no vault: `key` (0600) is its own, `logs` are the keys of the ledgers it knows, `heads` the
checkpoint of each that it cosigned last, `evidence` what it refused as a rewrite, a rollback or a fork.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryoledger.custody.keys.secret_file import make_folder, read_private, sync_folder, write_all, write_new
from cryoledger.custody.station.station_folder import default_state_folder
from cryoledger.errors import CryoledgerError, LedgerFormatError, RequestError, SignatureError, StationError
from cryoledger.ledger.checkpoint import Checkpoint, SignedCheckpoint, cosign, parse_checkpoint
from cryoledger.ledger.keys import PrivateKey
from cryoledger.ledger.lines import check_name, decode_base64, encode_base64
from cryoledger.ledger.note import Algorithm, Signature, VerifierKey
from cryoledger.ledger.policy import epoch_key
from cryoledger.ledger.witnessing import Request, Trouble, WitnessError, judge

__all__ = ["Witness"]

_KEY = "witness key"
_LOG_TYPES = (Algorithm.ED25519, Algorithm.ML_DSA_44)
_EVIDENCE = (Trouble.REWRITE, Trouble.ROLLBACK, Trouble.FORK)
_EVIDENCE_MOST = 200
_LOGS_MOST = 256
_HEAD_BYTES_MOST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Witness:
    """The witness whose folder this is."""

    folder: Path
    key: PrivateKey

    @classmethod
    def init(cls, name: str, logs: list[str]) -> Witness:
        """A new witness on this machine, under a name of its own; StationError where there is one already."""
        try:
            check_name(name, "witness's name")
        except LedgerFormatError as error:
            raise RequestError(error.message, "Write it such as hospital.example/it.") from None
        folder = _folder()
        known = [_log(text) for text in logs]
        made = cls(folder, PrivateKey.generate(name, Algorithm.COSIGNATURE_V1))
        make_folder(folder)
        content = f"{name}\n{encode_base64(made.key.seed)}\n".encode()
        write_new(folder / "key", content, f"the {_KEY}")
        for key in known:
            made.trust(key.encode())
        return made

    @classmethod
    def open(cls) -> Witness:
        """The witness of this machine; StationError where it is none."""
        folder = _folder()
        if not os.path.lexists(folder / "key"):
            raise StationError(
                f"This machine is no witness: {folder / 'key'} is missing.",
                "Make it one with `cryoledger witness init`.",
            )
        try:
            name, seed, end = read_private(folder / "key", _KEY).decode().split("\n")
            if end:
                raise ValueError
            return cls(folder, PrivateKey.from_seed(name, decode_base64(seed, _KEY), Algorithm.COSIGNATURE_V1))
        except (ValueError, RuntimeError, LedgerFormatError):
            raise StationError(
                f"The {_KEY} in {folder / 'key'} is damaged.", "Put a copy back, or make a new witness elsewhere."
            ) from None

    def trust(self, vkey: str) -> None:
        """Know one more log, by its key; the same again is no error."""
        key = _log(vkey)
        with self._turn():
            known = self._logs()
            if key in known:
                return
            if len(known) >= _LOGS_MOST:
                raise RequestError(f"This witness knows {_LOGS_MOST} keys; it takes no more.", "Use another witness.")
            _replace(self.folder / "logs", "".join(f"{each.encode()}\n" for each in (*known, key)).encode())

    def keys(self, origin: str) -> tuple[VerifierKey, ...]:
        """The keys by which a ledger's checkpoints are known here; those of its first epoch hold for later ones."""
        return tuple(key for key in (epoch_key(log, origin) for log in self._logs()) if key is not None)

    def last(self, origin: str) -> Checkpoint | None:
        """The checkpoint of a ledger that this witness cosigned last."""
        found = self._head(origin)
        return None if found is None else found.checkpoint

    def heads(self) -> list[SignedCheckpoint]:
        """The last cosigned checkpoint of every ledger, by origin."""
        folder = self.folder / "heads"
        paths = sorted(folder.iterdir()) if folder.is_dir() else []
        found = [self._read(path) for path in paths if not path.name.startswith(".")]
        return sorted(found, key=lambda signed: signed.checkpoint.origin)

    def evidence(self) -> list[Path]:
        """Requests that were refused as a rewrite, a rollback or a fork."""
        folder = self.folder / "evidence"
        return sorted(folder.iterdir()) if folder.is_dir() else []

    def cosign(self, request: Request, seconds: int, *, strict: bool = False) -> Signature:
        """This witness's line, once its head is on the disk; WitnessError where it may not cosign.

        `strict` is the HTTP protocol's way: the old size must be the last that was cosigned, whatever is shown.
        """
        head = request.checkpoint.checkpoint
        with self._turn():
            last = self.last(head.origin)
            try:
                judge(request, last, self.keys(head.origin))
                if strict and last is not None and request.old_size != last.size:
                    raise WitnessError(Trouble.STALE, f"This witness cosigned {last.size} entries last.", "", last.size)
            except WitnessError as error:
                if error.trouble in _EVIDENCE:
                    self._keep(request, error.trouble)
                raise
            signature = cosign(head, self.key, seconds)
            folder = self.folder / "heads"
            make_folder(folder)
            _replace(folder / _name(head.origin), request.checkpoint.with_signatures(signature).encode())
        return signature

    def _logs(self) -> tuple[VerifierKey, ...]:
        path = self.folder / "logs"
        try:
            lines = path.read_text("utf-8").splitlines() if path.exists() else []
            return tuple(VerifierKey.parse(line) for line in lines if line)
        except (OSError, ValueError, CryoledgerError) as error:
            raise StationError(
                f"The list of logs, {path}, cannot be read: {error}", "Put it right, or trust again."
            ) from None

    def _head(self, origin: str) -> SignedCheckpoint | None:
        path = self.folder / "heads" / _name(origin)
        return self._read(path) if path.exists() else None

    def _read(self, path: Path) -> SignedCheckpoint:
        """A head, which bears this witness's own line; one that does not is not believed, and stops all cosigning."""
        try:
            with path.open("rb") as file:
                signed = parse_checkpoint(file.read(_HEAD_BYTES_MOST))
            signed.verify([self.key.verifier])
        except (OSError, LedgerFormatError, SignatureError) as error:
            raise StationError(
                f"The head that this witness remembers in {path} cannot be relied on: {error}",
                "Somebody changed it, or the disk is bad. Compare with the cosigned checkpoints on paper or on sticks.",
            ) from None
        return signed

    def _keep(self, request: Request, trouble: Trouble) -> None:
        folder = self.folder / "evidence"
        make_folder(folder)
        content = request.encode()
        path = folder / f"{trouble.value}-{hashlib.sha256(content).hexdigest()[:16]}"
        if not path.exists() and len(self.evidence()) < _EVIDENCE_MOST:
            _replace(path, content)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One at a time, over all programs of this machine: to look and to remember is one act."""
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _folder() -> Path:
    return default_state_folder() / "witness"


def _name(origin: str) -> str:
    return hashlib.sha256(origin.encode()).hexdigest()[:32]


def _log(text: str) -> VerifierKey:
    text = text.removeprefix("log ").strip()
    try:
        key = VerifierKey.parse(text)
    except (LedgerFormatError, SignatureError) as error:
        raise RequestError(
            f"That is no log's key: {error.message}", "Copy it from `cryoledger checkpoint keys`."
        ) from None
    if key.algorithm not in _LOG_TYPES:
        raise RequestError("That key is a witness's, not a log's.", "Copy it from `cryoledger checkpoint keys`.")
    return key


def _replace(path: Path, content: bytes) -> None:
    """Write a file whole, on the disk when this returns."""
    temporary = path.with_name(f".{path.name}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(temporary, flags, 0o600)
        try:
            write_all(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise StationError(
            f"The witness's file {path} cannot be written: {error.strerror}.", "See that the disk has room."
        ) from None
