"""Where the screen is served, and the only names by which a browser may ask for it.

A page of another site can make a browser connect to this machine, and by DNS rebinding even under a name of its own.
So a request counts only if its `Host` is one of our names, and what it changes only if its `Origin` is.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryoledger.errors import RequestError

LOCALHOST: Final = "localhost"
TOKEN_MIN: Final = 16
TOKEN_MAX: Final = 1024
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files: the certificate with its chain, and its private key."""

    chain: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Address:
    """An IP address (or "localhost") and a port; `public_url` is how browsers call it behind a proxy.

    RequestError where the host is no address, the port no port, or the URL more than scheme, host and port.
    """

    host: str = LOCALHOST
    port: int = 8023
    public_url: str | None = None
    certificate: Certificate | None = None

    def __post_init__(self) -> None:
        if self.host != LOCALHOST and _address(self.host) is None:
            raise RequestError(
                f"{self.host!r} is no address of this machine.", "Give an IP address, as 192.0.2.7, or leave it out."
            )
        if not 0 <= self.port <= 65535:
            raise RequestError(f"{self.port} is no port.", "Give a number up to 65535.")
        if self.public_url is not None:
            _check_url(self.public_url)

    @property
    def numeric(self) -> str:
        """The IP address to listen on."""
        return "127.0.0.1" if self.host == LOCALHOST else self.host

    @property
    def is_local(self) -> bool:
        """Whether nobody outside this machine can reach it: loopback, and no proxy in front."""
        address = _address(self.numeric)
        return address is not None and address.is_loopback and self.public_url is None

    @property
    def is_readable_on_the_way(self) -> bool:
        """Whether PINs cross a network unencrypted: no certificate, here or before us."""
        address = _address(self.numeric)
        open_here = address is not None and not address.is_loopback and self.certificate is None
        return open_here or (self.public_url is not None and not self.is_secure)

    def websocket(self, host: str) -> str:
        """Where the page that was asked for under a name of ours opens its websocket."""
        own = self.url if self.public_url else f"{self._scheme}://{host}"
        return f"ws{own.removeprefix('http')}/ws"

    @property
    def url(self) -> str:
        """What is typed into the browser."""
        return self.public_url.rstrip("/") if self.public_url else f"{self._scheme}://{self._names()[0]}"

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach it by https."""
        return self.url.startswith("https:")

    @property
    def origins(self) -> frozenset[str]:
        """Every origin that is ours, as browsers write it: "http://127.0.0.1:8023"."""
        own = {f"{self._scheme}://{name}" for name in self._names()}
        return frozenset(own | ({_origin(self.public_url)} if self.public_url else set()))

    @property
    def hosts(self) -> frozenset[str]:
        """The `Host` headers that are ours."""
        return frozenset(origin.partition("://")[2] for origin in self.origins)

    def check(self, token: str | None) -> None:
        """Refuse what would let anybody on the network in; RequestError says which way is open."""
        if token is None and not self.is_local:
            where = self.public_url or self.host
            raise RequestError(
                f"Others could open {where}, so a token is needed.",
                "Give --token-file FILE or --ask-token, or serve on this machine alone (leave out --host and "
                "--public-url).",
            )
        address = _address(self.numeric)
        if address is not None and address.is_unspecified and self.public_url is None:
            raise RequestError(
                f"{self.host} is every address of this machine, so no name can be checked.",
                "Give one address, or --public-url with the name that browsers use.",
            )
        if token is not None:
            check_token(token)

    def at_port(self, port: int) -> Address:
        """The same at the port that the system chose."""
        return Address(self.host, port, self.public_url, self.certificate)

    @property
    def _scheme(self) -> str:
        return "http" if self.certificate is None else "https"

    def _names(self) -> list[str]:
        address = _address(self.numeric)
        assert address is not None
        if address.is_unspecified:
            return [self._with_port(LOCALHOST)]
        own = f"[{address}]" if address.version == 6 else str(address)
        names = [own, LOCALHOST] if address.is_loopback else [own]
        return [self._with_port(name) for name in names]

    def _with_port(self, name: str) -> str:
        return name if self.port == _DEFAULT_PORTS[self._scheme] else f"{name}:{self.port}"


def check_token(token: str) -> None:
    """Refuse a token that could be guessed, or that no browser's form can send."""
    if not token.isascii() or not token.isprintable() or " " in token:
        raise RequestError("The token has characters that are not plain ASCII, or a space.", "Use letters and digits.")
    if not TOKEN_MIN <= len(token) <= TOKEN_MAX:
        raise RequestError(
            f"The token has {len(token)} characters; {TOKEN_MIN} to {TOKEN_MAX} are taken.",
            "Make one: (umask 077; openssl rand -hex 24 > FILE).",
        )


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    extra = parts.path.rstrip("/") or parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or extra:
        raise RequestError(
            "The public URL is not a scheme, a name and perhaps a port.", "Write it as https://station.example."
        )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    name = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{name}{port}"
