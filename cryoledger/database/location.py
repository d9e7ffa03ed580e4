"""Where a vault is: a SQLite file by its path, or a PostgreSQL database by its URL."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from cryoledger.errors import RequestError

__all__ = ["POSTGRESQL", "Location"]

POSTGRESQL = "postgresql+psycopg"


@dataclass(frozen=True, slots=True)
class Location:
    """One vault's place: `path` is set for a file, `url` for a database. `str()` is what may be shown."""

    path: Path | None = None
    url: str = ""

    def __str__(self) -> str:
        return str(self.path) if self.path is not None else self.url

    @classmethod
    def parse(cls, text: str) -> Location:
        """The location that `--vault` or CRYOLEDGER_VAULT names; RequestError where it names none."""
        if not text or "\0" in text:
            raise RequestError("No vault is named.", "Name a file, or a URL postgresql+psycopg://user@host/name.")
        scheme, mark, _ = text.partition("://")
        if not mark:
            return cls(path=Path(text).expanduser().absolute())
        if scheme != POSTGRESQL:
            raise RequestError(
                f"A vault cannot be at a {scheme[:20]!r} URL.",
                f"Name a SQLite file by its path, or a PostgreSQL database as {POSTGRESQL}://user@host/name.",
            )
        _refuse_password(text)
        return cls(url=text)

    @property
    def conninfo(self) -> str:
        """The URL as libpq reads it."""
        return "postgresql" + self.url[len(POSTGRESQL) :]


def _refuse_password(url: str) -> None:
    """A URL stands in process lists, shell histories and logs; the message must not repeat it."""
    try:
        parts = urlsplit(url)
        secret = parts.password is not None or any(
            name.lower() in {"password", "sslpassword"} for name, _ in parse_qsl(parts.query, keep_blank_values=True)
        )
    except ValueError:
        raise RequestError("The vault's URL cannot be read.", f"Write {POSTGRESQL}://user@host/name.") from None
    if secret:
        raise RequestError(
            "The vault's URL has a password in it, where other people of this machine can read it.",
            "Take it out and keep it in ~/.pgpass (mode 0600), or in another such file that PGPASSFILE names.",
        )
