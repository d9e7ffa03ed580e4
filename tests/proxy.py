"""A proxy in front of a PostgreSQL server that cuts connections where a test says.

with Proxy.before(url) as proxy:
    store = Store.open(proxy.url)
    proxy.cut = "before commit"        # the next COMMIT never reaches the server
    proxy.cut = "after commit"         # it does, and is carried out; its answer never reaches the client
"""

from __future__ import annotations

import select
import socket
import threading
from contextlib import suppress
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

Cut = Literal["", "before commit", "after commit", "before commit for good", "after commit for good", "always"]
COMMIT = b"COMMIT\0"


class Proxy:
    """Listens on a port of its own; `cut` is taken back once it happened, unless it is `always`."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.database = parts.path
        self._query = dict(parse_qsl(parts.query))
        self._server = (parts.hostname or "", parts.port or 5432)
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        user = f"{parts.username}@" if parts.username else ""
        self.url = f"{parts.scheme}://{user}127.0.0.1:{port}{parts.path}?sslmode=disable&gssencmode=disable"
        self.cut: Cut = ""
        self._instead = (b"", b"")
        self.cuts = 0
        self._open: list[socket.socket] = []
        self._ended = False
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._listener.close()
        self.drop()

    def drop(self) -> None:
        """Cut every connection that is open now."""
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def server_of(self, url: str) -> None:
        """Lead later connections to another database, of a name as long, as if its server had taken over."""
        name = urlsplit(url).path
        assert len(name) == len(self.database)
        self._instead = (self.database[1:].encode() + b"\0", name[1:].encode() + b"\0")

    def _accept(self) -> None:
        while not self._ended:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.cut == "always":
                client.close()
                continue
            server = self._connect()
            self._open += [client, server]
            threading.Thread(target=self._carry, args=(client, server), daemon=True).start()

    def _connect(self) -> socket.socket:
        folder = self._query.get("host", "")
        if folder.startswith("/"):
            made = socket.socket(socket.AF_UNIX)
            made.connect(f"{folder}/.s.PGSQL.{self._query.get('port', 5432)}")
            return made
        return socket.create_connection(self._server)

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        with client, server, suppress(OSError):
            cutting = False
            while True:
                ready, _, _ = select.select([client, server], [], [])
                for side in ready:
                    data = side.recv(65536)
                    if not data or (cutting and side is server):
                        return
                    if side is client and COMMIT in data and "commit" in self.cut:
                        self.cuts += 1
                        cut, self.cut = self.cut, "always" if self.cut.endswith("for good") else ""
                        if cut.startswith("before"):
                            return
                        cutting = True
                    if side is client and self._instead[0]:
                        data = data.replace(*self._instead)
                    (server if side is client else client).sendall(data)
