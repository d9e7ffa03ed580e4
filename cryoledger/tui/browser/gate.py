"""Asked before any page, file or websocket: is it our name, our page, and somebody who has shown the token?

The token is compared as SHA-256 in constant time; neither it nor its digest leaves this object. Who has shown it gets
a cookie that is random and means something only to this process.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cryoledger.tui.browser.address import TOKEN_MAX, Address

PASS_SECONDS: Final = 12 * 3600
"""So long a browser need not show the token again: a shift."""
PASSES_MAX: Final = 256
_SAFE: Final = frozenset({"GET", "HEAD"})


@dataclass(slots=True)
class Gate:
    """Who may come in. `penalty` is how many seconds each wrong token costs everybody who tries one."""

    address: Address
    token: str | None = field(repr=False)
    penalty: float = 1.0
    _digest: bytes | None = field(init=False, repr=False)
    _passes: dict[bytes, float] = field(init=False, repr=False, default_factory=dict)
    _one_at_a_time: asyncio.Lock = field(init=False, repr=False, default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self._digest = None if self.token is None else _digest(self.token)
        self.token = None

    @property
    def cookie(self) -> str:
        """The cookie's name; cookies do not know ports, so it does."""
        return f"cryoledger-{self.address.port}"

    @property
    def needs_token(self) -> bool:
        """Whether a token is set."""
        return self._digest is not None

    def stranger(self, method: str, headers: Mapping[str, str], *, websocket: bool) -> str | None:
        """Why a request is not answered at all; None where its names are ours.

        RFC 6454: a browser tells the origin of a page that posts or opens a websocket, and no page can change it.
        """
        host = headers.get("Host", "").lower()
        if host not in self.address.hosts:
            return "This is not the name of this station."
        origin = headers.get("Origin")
        if origin is None:
            return "A browser says which page it asks for." if websocket or method not in _SAFE else None
        return None if origin.lower() in self.address.origins else "Another page asked for this."

    def is_known(self, cookie: str | None) -> bool:
        """Whether no token is needed, or this cookie was given for it."""
        if self._digest is None:
            return True
        until = self._passes.get(_digest(cookie)) if cookie else None
        return until is not None and time.monotonic() < until

    async def admit(self, token: str) -> str | None:
        """A new cookie for the right token; None, after a while, for a wrong one."""
        assert self._digest is not None
        if len(token) <= TOKEN_MAX and hmac.compare_digest(_digest(token), self._digest):
            return self._new_pass()
        async with self._one_at_a_time:
            await asyncio.sleep(self.penalty)
        return None

    def _new_pass(self) -> str:
        now = time.monotonic()
        self._passes = {known: until for known, until in self._passes.items() if now < until}
        while len(self._passes) >= PASSES_MAX:
            del self._passes[next(iter(self._passes))]
        cookie = secrets.token_urlsafe(32)
        self._passes[_digest(cookie)] = now + PASS_SECONDS
        return cookie


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
