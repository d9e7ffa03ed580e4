"""The C2SP tlog-witness protocol on a local network: a small server for a witness, and the log's side of it.

    serve(witness, "192.168.1.20", 8440)        # POST /add-checkpoint, until it is stopped
    submit("http://192.168.1.20:8440", ask)     # the witness's signature lines

Requests are bounded in size and time, and nobody is asked who they are: a checkpoint's signature is enough.
"""

from __future__ import annotations

import http.client
import ipaddress
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from typing import Any, Final
from urllib.parse import urlsplit

from cryoledger.custody.proof.witness import Witness
from cryoledger.errors import CryoledgerError, LedgerFormatError, RequestError, SignatureError
from cryoledger.ledger.checkpoint import SignedCheckpoint, parse_checkpoint
from cryoledger.ledger.witnessing import MAX_REQUEST_BYTES, Request, Trouble, WitnessError, parse_request

__all__ = ["Server", "submit"]

SECONDS: Final = 10
AT_ONCE: Final = 16
ANSWER_BYTES_MOST: Final = 64 * 1024
SIZE_TYPE: Final = "text/x.tlog.size"
_STATUS: Final = {
    Trouble.UNKNOWN_LOG: HTTPStatus.NOT_FOUND,
    Trouble.UNSIGNED: HTTPStatus.FORBIDDEN,
    Trouble.REWRITE: HTTPStatus.UNPROCESSABLE_ENTITY,
    Trouble.ROLLBACK: HTTPStatus.CONFLICT,
    Trouble.FORK: HTTPStatus.CONFLICT,
    Trouble.STALE: HTTPStatus.CONFLICT,
}


class Server(ThreadingHTTPServer):
    """A witness that answers on an address of this machine or its local network."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, witness: Witness, address: str, port: int, tell: Callable[[str], None]) -> None:
        if not _is_local(address):
            raise RequestError(
                f"{address} is no address of a local network.",
                "Name 127.0.0.1, or this machine's address in the house.",
            )
        self.witness = witness
        self.tell = tell
        self._places = threading.BoundedSemaphore(AT_ONCE)
        try:
            super().__init__((address, port), _Handler)
        except OSError as error:
            raise RequestError(
                f"{address}:{port} cannot be used: {error.strerror}.", "Name another --listen."
            ) from None

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own, so many at once and no more."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and make room for the next."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up is no event."""


class _Handler(BaseHTTPRequestHandler):
    server: Server
    connection: socket
    timeout = SECONDS
    protocol_version = "HTTP/1.1"
    server_version = "cryoledger-witness"
    sys_version = ""

    def do_POST(self) -> None:
        if not self.path.endswith("/add-checkpoint"):
            self._answer(HTTPStatus.NOT_FOUND, "This witness answers POST /add-checkpoint.\n")
            return
        body = self._body()
        if body is None:
            return
        try:
            request = parse_request(body) if body.startswith(b"old ") else None
        except CryoledgerError as error:
            self._answer(HTTPStatus.BAD_REQUEST, f"{error.message}\n")
            return
        if request is None:
            self._answer(HTTPStatus.BAD_REQUEST, "The body does not begin with the old size.\n")
            return
        self._cosign(request)

    def _cosign(self, request: Request) -> None:
        head = request.checkpoint.checkpoint
        try:
            signature = self.server.witness.cosign(request, int(time.time()), strict=True)
        except WitnessError as error:
            if error.trouble is not Trouble.STALE:
                self.server.tell(str(error))
            status = _STATUS[error.trouble]
            if status is HTTPStatus.CONFLICT:
                self._answer(status, f"{error.size}\n", SIZE_TYPE)
            else:
                self._answer(status, f"{error.message}\n")
        except CryoledgerError as error:
            self.server.tell(str(error))
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, "The witness cannot cosign now.\n")
        else:
            self.server.tell(f"cosigned {head.origin} at {head.size}")
            self._answer(HTTPStatus.OK, signature.line())

    def do_GET(self) -> None:
        self._answer(HTTPStatus.NOT_FOUND, "This witness answers POST /add-checkpoint.\n")

    def _body(self) -> bytes | None:
        """The body, read within the time; None once it is answered that there is none."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and len(length) < 10):
            self._answer(HTTPStatus.LENGTH_REQUIRED, "Say the Content-Length.\n")
            return None
        if int(length) > MAX_REQUEST_BYTES:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {MAX_REQUEST_BYTES} bytes.\n")
            return None
        wanted, parts, until = int(length), list[bytes](), time.monotonic() + SECONDS
        while wanted:
            part = self.rfile.read1(min(wanted, 8192))
            if not part or time.monotonic() > until:
                self.close_connection = True
                return None
            parts.append(part)
            wanted -= len(part)
        return b"".join(parts)

    def _answer(self, status: HTTPStatus, text: str, kind: str = "text/plain; charset=utf-8") -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if status >= HTTPStatus.BAD_REQUEST:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's word
        """Callers' words go into no log."""


def submit(url: str, ask: Callable[[int | None], Request]) -> SignedCheckpoint:
    """The checkpoint with the lines that a witness answered; WitnessError where it refuses, and why.

    `ask` makes the request from a size (None: from where anybody saw the ledger last). Whether the lines are by a
    witness that counts is for the caller's policy.
    """
    request = ask(None)
    status, kind, body = _post(url, request)
    if status == HTTPStatus.CONFLICT and kind == SIZE_TYPE:
        size = _size(body)
        head = request.checkpoint.checkpoint
        if size > head.size:
            raise WitnessError(
                Trouble.ROLLBACK,
                f"ROLLBACK: the witness saw {head.origin} with {size} entries; this vault has {head.size}.",
                "This vault was set back. Record nothing more; run `cryoledger verify` and find the newest copy.",
                size,
            )
        if size != request.old_size:
            request = ask(size)
            status, kind, body = _post(url, request)
    head = request.checkpoint.checkpoint
    if status == HTTPStatus.OK:
        try:
            lines = parse_checkpoint(head.text + b"\n" + body).signatures
        except LedgerFormatError as error:
            raise SignatureError(
                f"The witness's answer is no signature line: {error.message}", "Is it a witness?"
            ) from None
        return SignedCheckpoint(head, lines)
    raise _refused(status, head.origin, request, body)


def _refused(status: int, origin: str, request: Request, body: bytes) -> WitnessError:
    size, said = request.checkpoint.checkpoint.size, body[:300].decode("utf-8", "replace").strip()
    keep = "Keep a copy of the vault as it is, and call the auditor: the witness's head and this one are proof."
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        text = f"REWRITE: this ledger of {size} entries does not extend the {request.old_size} that the witness saw."
        return WitnessError(Trouble.REWRITE, text, keep, request.old_size)
    if status == HTTPStatus.CONFLICT:
        text = f"FORK: the witness saw another tree of {size} entries than this vault's."
        return WitnessError(Trouble.FORK, text, keep, size)
    if status == HTTPStatus.NOT_FOUND:
        text = f"The witness knows no log {origin}: {said}"
        return WitnessError(Trouble.UNKNOWN_LOG, text, "There: `cryoledger witness trust` with this log's key.")
    if status == HTTPStatus.FORBIDDEN:
        text = f"The witness does not accept the log's signature: {said}"
        return WitnessError(Trouble.UNSIGNED, text, "Compare `cryoledger checkpoint keys` with what it trusts.")
    return WitnessError(Trouble.STALE, f"The witness answered {status}: {said}", "See the witness's own screen.")


def _post(url: str, request: Request) -> tuple[int, str, bytes]:
    parts = urlsplit(url)
    kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
    if parts.scheme not in kinds or not parts.hostname or parts.username is not None:
        raise RequestError(f"{url!r} is no witness's address.", "Write it such as http://192.168.1.20:8440.")
    try:
        connection = kinds[parts.scheme](parts.hostname, parts.port, timeout=SECONDS)
        try:
            path = parts.path.rstrip("/") + "/add-checkpoint"
            connection.request("POST", path, request.encode(), {"Content-Type": "text/plain"})
            answer = connection.getresponse()
            body = answer.read(ANSWER_BYTES_MOST)
            return answer.status, answer.headers.get_content_type(), body
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise RequestError(
            f"The witness at {url} does not answer: {error or type(error).__name__}.",
            "See that it runs there and is reached from here; or carry the request on a stick.",
        ) from None


def _size(body: bytes) -> int:
    text = body[:32].decode("ascii", "replace").strip()
    if not (text.isdigit() and len(text) <= 19):
        raise SignatureError("The witness's answer names no size.", "Is it a witness?")
    return int(text)


def _is_local(address: str) -> bool:
    try:
        found = ipaddress.ip_address("127.0.0.1" if address == "localhost" else address)
    except ValueError:
        return False
    return not found.is_unspecified and (found.is_loopback or found.is_private or found.is_link_local)
