"""textual-serve behind our gate: its terminal and its pipe to a program, with our page, headers, limits and end."""

from __future__ import annotations

import html
import logging
import shlex
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable
from importlib import resources
from string import Template
from typing import Any, Final

from aiohttp import web
from textual_serve.server import Server

from cryoledger.custody.keys.secret_file import read_private
from cryoledger.errors import RequestError, StationError
from cryoledger.tui.browser.address import TOKEN_MAX, Address
from cryoledger.tui.browser.gate import Gate

SESSIONS_MAX: Final = 24
"""So many browsers at once: each is a process of some 100 MB."""
CELLS_MAX: Final = 1000
GOODBYE_SECONDS: Final = 3.0
_FONT: Final = range(8, 65)
_OPEN: Final = frozenset({"/sign-in", "/page.css"})
_HEADERS: Final = {
    # xterm.js writes its colours as inline styles; scripts come from our own files alone.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src "
    "'self'; img-src 'self' data:; connect-src 'self' {websocket}; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class StationServer(Server):
    """Serves one vault's station."""

    def __init__(self, location: str, address: Address, token: str | None, say: Callable[[str], None]) -> None:
        self._socket = _listen(address)
        self.address = address.at_port(self._socket.getsockname()[1])
        program = [sys.executable, "-P", "-m", "cryoledger.tui.browser.session", location]
        super().__init__(
            f"exec {shlex.join(program)}", self.address.numeric, self.address.port, "cryoledger", self.address.url
        )
        self.gate = Gate(self.address, token)
        self._say = say
        self._sessions = 0

    def run(self) -> None:
        """Serve until SIGINT or SIGTERM."""
        self.initialize_logging()
        context = _tls(self.address)
        try:
            web.run_app(
                self._make_app(), sock=self._socket, ssl_context=context, access_log=None, print=None,
                shutdown_timeout=GOODBYE_SECONDS,
            )  # fmt: skip
        finally:
            self._socket.close()

    def initialize_logging(self) -> None:
        """Warnings in one line each, on stderr; no request is logged, for its address may hold a code."""
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_OneLine("%(message)s"))
        logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)

    async def on_startup(self, app: web.Application) -> None:  # noqa: ARG002 - the base class's form
        """Say where to look."""
        self._say(f"The station is at {self.address.url}/ - each browser is a session of its own. Ctrl+C ends it.")
        if self.address.is_readable_on_the_way:
            self._say(
                "WARNING: without a certificate, token and PINs can be read on the network. Give --certificate and "
                "--key, or let a proxy with https stand before an address of this machine alone."
            )

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.router.add_get("/sign-in", self.handle_sign_in_page)
        app.router.add_post("/sign-in", self.handle_sign_in)
        app.router.add_get("/page.css", _file("page.css", "text/css"))
        app.router.add_get("/page.js", _file("page.js", "text/javascript"))

        @web.middleware
        async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._guarded(request, handler)

        app.middlewares.append(guarded)
        app.on_response_prepare.append(self._harden)
        return app

    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Nothing is answered to another name or page; nothing but the sign-in page to who has not shown the token."""
        path = request.path
        reason = self.gate.stranger(request.method, request.headers, websocket=path == "/ws")
        if reason is not None:
            raise web.HTTPForbidden(text=reason)
        if path not in _OPEN and not self.gate.is_known(request.cookies.get(self.gate.cookie)):
            if path == "/":
                raise web.HTTPSeeOther("/sign-in")
            raise web.HTTPForbidden(text="The token was not shown.")
        return await handler(request)

    async def _harden(self, request: web.Request, response: web.StreamResponse) -> None:
        known = request.host.lower() in self.address.hosts
        websocket = self.address.websocket(request.host).removesuffix("/ws") if known else ""
        for name, value in _HEADERS.items():
            response.headers[name] = value.replace("{websocket}", websocket)

    async def handle_index(self, request: web.Request) -> web.Response:
        """The page with the terminal; nothing on it comes from elsewhere."""
        size = request.query.get("fontsize", "16")
        return _page(
            "terminal.html",
            websocket=self.address.websocket(request.host),
            font=size if size.isdecimal() and int(size) in _FONT else "16",
        )

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """One session of the program, while there is room for one more."""
        for name in ("width", "height"):
            value = request.query.get(name, "80")
            if not value.isascii() or not value.isdecimal() or not 1 <= int(value[:9]) <= CELLS_MAX:
                raise web.HTTPBadRequest(text="The size of the terminal is not one.")
        if self._sessions >= SESSIONS_MAX:
            raise web.HTTPServiceUnavailable(text="Too many browsers are open at this station.")
        self._sessions += 1
        try:
            return await super().handle_websocket(request)
        finally:
            self._sessions -= 1

    async def handle_sign_in_page(self, request: web.Request) -> web.Response:  # noqa: ARG002
        """Ask for the token."""
        return _page("sign_in.html", said="")

    async def handle_sign_in(self, request: web.Request) -> web.Response:
        """Take the token, and give a cookie for it."""
        if not self.gate.needs_token:
            raise web.HTTPSeeOther("/")
        if (request.content_length or 0) > 4 * TOKEN_MAX:
            raise web.HTTPRequestEntityTooLarge(4 * TOKEN_MAX, request.content_length or 0)
        given = (await request.post()).get("token", "")
        cookie = await self.gate.admit(given) if isinstance(given, str) else None
        if cookie is None:
            return _page("sign_in.html", status=403, said="That is not the token.")
        answer = web.HTTPSeeOther("/")
        answer.set_cookie(
            self.gate.cookie, cookie, httponly=True, samesite="Strict", secure=self.address.is_secure, path="/"
        )
        raise answer


class _OneLine(logging.Formatter):
    """What failed in one line, without a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        failed = record.exc_info[0] if record.exc_info else None
        return f"{record.getMessage()}{f' ({failed.__name__})' if failed else ''}".replace("\n", " ")


def _page(name: str, status: int = 200, **words: str) -> web.Response:
    text = Template(_read(name)).substitute({key: html.escape(value, quote=True) for key, value in words.items()})
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")


def _file(name: str, kind: str) -> Any:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=_read(name), content_type=kind, charset="utf-8")

    return answer


def _read(name: str) -> str:
    return (resources.files(__package__) / "pages" / name).read_text("utf-8")


def _listen(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.numeric else socket.AF_INET
    try:
        return socket.create_server((address.numeric, address.port), family=family)
    except OSError as error:
        raise RequestError(
            f"Nothing can listen on {address.numeric}, port {address.port}: {error.strerror}.",
            "Another program may have it: choose another with --port.",
        ) from None


def _tls(address: Address) -> ssl.SSLContext | None:
    if address.certificate is None:
        return None
    if not address.certificate.key.is_file():
        raise StationError(f"There is no key at {address.certificate.key}.", "Give the certificate's key in PEM form.")
    read_private(address.certificate.key, "key of the certificate")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        # An empty password, so that OpenSSL asks nobody at the terminal: an encrypted key is refused.
        context.load_cert_chain(address.certificate.chain, address.certificate.key, password="")
    except (OSError, ssl.SSLError) as error:
        raise StationError(
            f"The certificate cannot be used: {error.strerror or type(error).__name__}.",
            "Give PEM files: the certificate with its chain, and its key without a passphrase.",
        ) from None
    return context
