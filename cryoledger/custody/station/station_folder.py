"""Where a station keeps its own files: a folder per vault, apart from the vault and its backups.

    vault.secret     32 bytes in base64: without it no PIN opens a key
    station.key      the station's own name, then its Ed25519 seed in base64
    subjects.keys    one key per donor and patient (`subject_keys`)
    head             the last entry seen here (`remembered_head`)

The folders are those of the platform (configuration and state of the user), or `CRYOLEDGER_HOME` where that is set.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from cryoledger.custody.keys.secret_file import make_folder, read_private, write_new
from cryoledger.custody.station.remembered_head import HeadFile
from cryoledger.errors import LedgerFormatError, StationError
from cryoledger.ledger.lines import check_name, decode_base64, encode_base64

HOME_VARIABLE = "CRYOLEDGER_HOME"
SECRET_BYTES = 32
_APPLICATION = "cryoledger"
_SECRET, _STATION = "vault secret", "station key"


@dataclass(frozen=True, slots=True)
class StationFolder:
    """The files of one vault on this station: secrets in `path`, what was seen in `state`."""

    path: Path
    state: Path

    @classmethod
    def for_vault(cls, fingerprint: bytes) -> StationFolder:
        """The folder for the vault whose entry 0 has this leaf hash; nothing is made until something is written."""
        if len(fingerprint) != 32:
            raise RuntimeError(f"a fingerprint has 32 bytes, not {len(fingerprint)}")
        name, home = fingerprint.hex()[:16], _home()
        if home is not None:
            return cls(home / name, home / name)
        return cls(
            platformdirs.user_config_path(_APPLICATION, appauthor=False) / name,
            platformdirs.user_state_path(_APPLICATION, appauthor=False) / name,
        )

    @property
    def exists(self) -> bool:
        """Whether this station holds the vault's secret, so that keys can be unlocked here."""
        return os.path.lexists(self._secret)

    @property
    def head(self) -> HeadFile:
        """The remembered head."""
        return HeadFile(self.state)

    def read_secret(self) -> bytes:
        """The vault secret; StationError where its file is missing, damaged, or open to others."""
        lines = _lines(read_private(self._secret, _SECRET), 1, self._secret, _SECRET)
        return _secret_of(lines[0], self._secret, _SECRET)

    def write_secret(self, secret: bytes) -> None:
        """Keep the vault secret; StationError where another file is there. The same secret again is no error."""
        _check_size(secret)
        if self.exists and self.read_secret() == secret:
            return
        make_folder(self.path)
        write_new(self._secret, f"{encode_base64(secret)}\n".encode(), f"the {_SECRET}")

    def read_station(self) -> tuple[str, bytes]:
        """The station's name and the seed of its key; StationError as for the secret."""
        name, seed = _lines(read_private(self._station, _STATION), 2, self._station, _STATION)
        try:
            check_name(name)
        except LedgerFormatError:
            raise _damaged(self._station, _STATION) from None
        return name, _secret_of(seed, self._station, _STATION)

    def write_station(self, name: str, seed: bytes) -> None:
        """Keep the station's key; StationError where another file is there. The same key again is no error."""
        _check_size(seed)
        check_name(name, "station's name")
        if os.path.lexists(self._station) and self.read_station() == (name, seed):
            return
        make_folder(self.path)
        write_new(self._station, f"{name}\n{encode_base64(seed)}\n".encode(), f"the {_STATION}")

    @property
    def _secret(self) -> Path:
        return self.path / "vault.secret"

    @property
    def _station(self) -> Path:
        return self.path / "station.key"


def default_vault_path() -> Path:
    """Where the vault is, if nobody says otherwise."""
    return (_home() or platformdirs.user_data_path(_APPLICATION, appauthor=False)) / "vault.cryoledger"


def default_config_folder() -> Path:
    """Where this user's own settings are that hold for every vault."""
    return _home() or platformdirs.user_config_path(_APPLICATION, appauthor=False)


def default_state_folder() -> Path:
    """Where this user's programs remember what they saw, of any vault."""
    return _home() or platformdirs.user_state_path(_APPLICATION, appauthor=False)


def _home() -> Path | None:
    text = os.environ.get(HOME_VARIABLE, "")
    return Path(text).expanduser().absolute() if text else None


def _check_size(secret: bytes) -> None:
    if len(secret) != SECRET_BYTES:
        raise RuntimeError(f"a secret has {SECRET_BYTES} bytes, not {len(secret)}")


def _lines(content: bytes, count: int, path: Path, what: str) -> list[str]:
    try:
        lines = content.decode().split("\n")
    except UnicodeDecodeError:
        lines = []
    # The last newline shows that the file was written to its end.
    if len(lines) != count + 1 or lines[-1]:
        raise _damaged(path, what)
    return lines[:-1]


def _secret_of(text: str, path: Path, what: str) -> bytes:
    try:
        secret = decode_base64(text, what)
    except LedgerFormatError:  # its message would show the text
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise _damaged(path, what)
    return secret


def _damaged(path: Path, what: str) -> StationError:
    return StationError(
        f"The {what} in {path} is damaged: it is not what cryoledger writes.",
        "Move the file away and join the station to the vault again, or use the recovery sheet.",
    )
