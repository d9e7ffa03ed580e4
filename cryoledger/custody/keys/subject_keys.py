"""One key for every donor and patient, in a file of the station that no backup of the vault contains.

Each line of `subjects.keys` is a JSON object: kind and code of the subject, nonce, and the subject's 32-byte key
under AES-256-GCM with the file's key, which is HKDF-SHA256 of the vault secret. Origin, kind and code are
authenticated, so that a line cannot be given to another subject. To forget a person is to remove the line here and
in the backups of this file: what was encrypted under the key, and what was compared by it, then says nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cryoledger.custody.keys.secret_file import make_folder, open_private, sync_folder, write_all, write_new
from cryoledger.errors import LedgerFormatError, StationError, VaultDamagedError
from cryoledger.ledger import canonical
from cryoledger.ledger.lines import decode_base64, encode_base64

KEY_BYTES = 32
PATIENT = "patient"
_NONCE_BYTES = 12
_FORMAT = "cryoledger/subject-key/v1"
_DOCUMENT = "cryoledger/document/v1"
_MARK = "cryoledger/subject-key-mark/v1"
_WHAT = "file of subjects' keys"

Subject = tuple[str, str]
Line = tuple[bytes, bytes]  # nonce, wrapped key


def file_key(vault_secret: bytes, origin: str) -> bytes:
    """The key under which subjects' keys lie in the file. It opens no identity: see `identity_key`."""
    return HKDF(SHA256(), 32, salt=origin.encode(), info=b"cryoledger/identity-key/v1").derive(vault_secret)


class SubjectKeys:
    """The subjects' keys of one vault at this station; other processes may add to the file meanwhile."""

    def __init__(self, folder: Path, secret: bytes, origin: str) -> None:
        self._path = folder / "subjects.keys"
        self._identity = AESGCM(file_key(secret, origin))
        self._origin = origin
        self._lines: dict[Subject, Line] = {}
        self._file = 0  # the inode that was read,
        self._end = 0  # and up to where

    def create(self, kind: str, code: str) -> bytes:
        """The subject's key, made now unless there is one, and on the disk when this returns."""
        make_folder(self._path.parent)
        with self._locked(os.O_RDWR | os.O_CREAT) as descriptor:
            os.fchmod(descriptor, 0o600)  # a umask may have taken more than it should
            if (kind, code) in self._lines:
                return self._unwrap(kind, code)
            key, nonce = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(_NONCE_BYTES)
            wrapped = self._identity.encrypt(nonce, key, self._associated(_FORMAT, kind, code))
            self._append(descriptor, kind, code, (nonce, wrapped))
            return key

    def get(self, kind: str, code: str) -> bytes | None:
        """The subject's key; None where it was never made here, or was destroyed.

        StationError where the file is open to others or damaged, or belongs to another vault.
        """
        try:
            with self._open(os.O_RDONLY) as descriptor:
                self._read(descriptor)
        except FileNotFoundError:
            self._lines, self._file, self._end = {}, 0, 0
        return self._unwrap(kind, code) if (kind, code) in self._lines else None

    def destroy(self, subjects: Collection[Subject]) -> int:
        """Take the keys of these subjects out of the file, which is written anew; how many there were.

        The old file is emptied. Its blocks may stay readable on the disk: the keys in them open with the vault secret
        only, so a disk that leaves the house is wiped.
        """
        try:
            with self._locked(os.O_RDWR) as descriptor:
                kept = {subject: line for subject, line in self._lines.items() if subject not in subjects}
                if (gone := len(self._lines) - len(kept)) == 0:
                    return 0
                temporary = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
                write_new(temporary, b"".join(_line(*each, line) for each, line in kept.items()), f"the {_WHAT}")
                temporary.replace(self._path)
                sync_folder(self._path.parent)
                os.ftruncate(descriptor, 0)
                os.fsync(descriptor)
        except FileNotFoundError:
            return 0
        self._lines, self._file, self._end = {}, 0, 0
        return gone

    def merge(self, content: bytes, without: Collection[Subject], marks: Mapping[Subject, str]) -> int:
        """Add the keys of a backup of this file that are missing here, but for those of subjects forgotten since.

        Where `marks` says which key is in use, no other is added, and another that lies here gives way to it.
        """
        parsed = [self._parse(line, number) for number, line in enumerate(content.splitlines(), start=1)]
        added = 0
        make_folder(self._path.parent)
        with self._locked(os.O_RDWR | os.O_CREAT) as descriptor:
            for subject, line in parsed:
                if subject not in without and self._is_wanted(subject, line, marks.get(subject)):
                    self._append(descriptor, *subject, line)
                    added += 1
        return added

    def _is_wanted(self, subject: Subject, line: Line, mark: str | None) -> bool:
        here = self._lines.get(subject)
        if mark is None:
            return here is None
        if self._mark(subject, line) != mark:
            return False
        return here is None or self._mark(subject, here) != mark

    def content(self) -> bytes:
        """The whole lines of the file, wrapped as they are; empty where no key was made yet."""
        self.get("", "")
        return b"".join(_line(*subject, line) for subject, line in self._lines.items())

    def known(self) -> list[Subject]:
        """Whose keys are here."""
        self.get("", "")
        return sorted(self._lines)

    def mark(self, kind: str, code: str) -> str | None:
        """What tells the subject's key from any other and says nothing of it (base64); None where it is not here."""
        self.get("", "")
        line = self._lines.get((kind, code))
        return self._mark((kind, code), line) if line is not None else None

    def _mark(self, subject: Subject, line: Line) -> str:
        key = self._opened(subject, line)
        return encode_base64(HKDF(SHA256(), 32, salt=None, info=_MARK.encode()).derive(key))

    def band(self, patient_code: str, band_text: str) -> str:
        """Base64 of HMAC-SHA-256, under the patient's key, of what a wristband says; StationError without key."""
        key = self._need(PATIENT, patient_code)
        return encode_base64(hmac.digest(key, band_text.encode("utf-8", "surrogatepass"), hashlib.sha256))

    def seal(self, kind: str, code: str, content: bytes) -> bytes:
        """`content` encrypted for the subject: nonce, then AES-256-GCM; StationError where there is no key."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        cipher = _document_cipher(self._need(kind, code))
        return nonce + cipher.encrypt(nonce, content, self._associated(_DOCUMENT, kind, code))

    def open(self, kind: str, code: str, sealed: bytes) -> bytes:
        """What `seal` encrypted; StationError where there is no key, VaultDamagedError where `sealed` was altered."""
        cipher = _document_cipher(self._need(kind, code))
        nonce, encrypted = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, encrypted, self._associated(_DOCUMENT, kind, code))
        except (InvalidTag, ValueError):
            raise VaultDamagedError(
                f"A document of {kind} {code} does not open with that {kind}'s key: one of the two was changed.",
                "Keep the vault as it is, and run verify.",
            ) from None

    def _need(self, kind: str, code: str) -> bytes:
        key = self.get(kind, code)
        if key is None:
            raise StationError(
                f"This station has no key of {kind} {code}: it was destroyed, or lies at another station.",
                "If the person was not forgotten, bring it: `cryoledger identity backup FOLDER` where it was made, "
                "`cryoledger identity restore FILE` here.",
            )
        return key

    def _unwrap(self, kind: str, code: str) -> bytes:
        return self._opened((kind, code), self._lines[kind, code])

    def _opened(self, subject: Subject, line: Line) -> bytes:
        (kind, code), (nonce, wrapped) = subject, line
        try:
            return self._identity.decrypt(nonce, wrapped, self._associated(_FORMAT, kind, code))
        except InvalidTag:
            raise StationError(
                f"The key of {kind} {code} does not open: {self._path} was changed, or is of another vault.",
                "Bring the file of subjects' keys from its backup.",
            ) from None

    def _associated(self, purpose: str, kind: str, code: str) -> bytes:
        return canonical.encode({"code": code, "format": purpose, "kind": kind, "origin": self._origin})

    @contextmanager
    def _open(self, flags: int) -> Iterator[int]:
        descriptor = open_private(self._path, flags, _WHAT)
        try:
            yield descriptor
        except OSError as error:
            raise StationError(
                f"The {_WHAT} {self._path} cannot be used: {error.strerror}.", "See that the disk has room."
            ) from None
        finally:
            os.close(descriptor)

    @contextmanager
    def _locked(self, flags: int) -> Iterator[int]:
        """The file that stands at the path while this process holds its lock, read to its end."""
        while True:
            with self._open(flags) as descriptor:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                # Whoever waited may hold the lock of a file that `destroy` has replaced meanwhile.
                if self._path.exists() and os.fstat(descriptor).st_ino == self._path.stat().st_ino:
                    self._read(descriptor)
                    yield descriptor
                    return

    def _read(self, descriptor: int) -> None:
        """Take in the whole lines that were added since the last look, or all where the file was replaced."""
        found = os.fstat(descriptor)
        if found.st_ino != self._file or found.st_size < self._end:
            self._lines, self._file, self._end = {}, found.st_ino, 0
        if found.st_size == self._end:
            return
        data = b""
        while part := os.pread(descriptor, 1 << 20, self._end + len(data)):
            data += part
        # What stands behind the last newline was being written when the power went, and was never used.
        whole = data[: data.rfind(b"\n") + 1]
        for number, line in enumerate(whole.splitlines(), start=1):
            subject, content = self._parse(line, number)
            self._lines[subject] = content
        self._end += len(whole)

    def _parse(self, line: bytes, number: int) -> tuple[Subject, Line]:
        try:
            value = canonical.decode(line)
            if isinstance(value, dict) and set(value) == {"code", "key", "kind", "nonce"}:
                texts = {field: text for field, text in value.items() if isinstance(text, str)}
                nonce, wrapped = decode_base64(texts["nonce"], "nonce"), decode_base64(texts["key"], "key")
                if len(nonce) == _NONCE_BYTES:
                    return (texts["kind"], texts["code"]), (nonce, wrapped)
        except (LedgerFormatError, KeyError):
            pass
        place = f"line {number}" if not self._end else f"line {number} after byte {self._end}"
        raise StationError(
            f"The {_WHAT} {self._path} is damaged in {place}.", "Bring the file from its backup; keep this one."
        )

    def _append(self, descriptor: int, kind: str, code: str, content: Line) -> None:
        line = _line(kind, code, content)
        new = self._end == 0
        os.ftruncate(descriptor, self._end)  # a torn line goes
        os.lseek(descriptor, self._end, os.SEEK_SET)
        write_all(descriptor, line)
        os.fsync(descriptor)
        if new:
            sync_folder(self._path.parent)
        self._lines[kind, code] = content
        self._end += len(line)


def _line(kind: str, code: str, content: Line) -> bytes:
    nonce, wrapped = content
    fields = {"code": code, "key": encode_base64(wrapped), "kind": kind, "nonce": encode_base64(nonce)}
    return canonical.encode(fields) + b"\n"


def _document_cipher(key: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=_DOCUMENT.encode()).derive(key))
