"""A headless Chromium, driven over its own debugging protocol with nothing but the standard library."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import socket
import struct
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--remote-debugging-port=0", "--window-size=1280,1000",
)  # fmt: skip


class Chromium:
    """One browser with one page."""

    def __init__(self, folder: Path) -> None:
        assert CHROMIUM is not None
        self._process = subprocess.Popen(
            [CHROMIUM, *FLAGS, f"--user-data-dir={folder}", "about:blank"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        port_file = folder / "DevToolsActivePort"
        try:
            port = _wait(lambda: port_file.exists() and port_file.read_text().split("\n")[0], 60)
            self._socket = _Socket(_page_url(int(port)))
        except BaseException:
            self.close()
            raise
        self._number = 0
        self.requests: list[str] = []
        for domain in ("Page", "Runtime", "DOM", "Network"):
            self.call(f"{domain}.enable")

    def __enter__(self) -> Chromium:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, 9)

    def call(self, method: str, **params: Any) -> Any:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            answer = json.loads(self._socket.receive())
            if answer.get("method") == "Network.requestWillBeSent":
                self.requests.append(answer["params"]["request"]["url"])
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def open(self, page: Path) -> None:
        self.call("Page.navigate", url=page.as_uri())
        _wait(lambda: self.js("document.readyState") == "complete", 60)

    def js(self, expression: str) -> Any:
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def choose(self, selector: str, folder: Path) -> None:
        """What a person does in the directory picker."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(folder)])

    def text(self, selector: str) -> str:
        return str(self.js(f"document.querySelector({json.dumps(selector)}).innerText"))

    def wait_for_verdict(self, seconds: float = 60) -> str:
        """Wait until checking is over; the verdict's word."""
        done = "!['waiting','working'].some((word) => document.getElementById('verdict').classList.contains(word))"
        _wait(lambda: self.js(done), seconds)
        return self.text("#verdict-word")

    def screenshot(self, path: Path, *, whole: bool = True) -> None:
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def pdf(self, path: Path) -> None:
        printed = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
        path.write_bytes(base64.b64decode(printed["data"]))


def _wait(ready: Any, seconds: float) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := ready():
            return found
        time.sleep(0.05)
    raise AssertionError("the browser did not get there in time")


def _page_url(port: int) -> str:
    with socket.create_connection(("127.0.0.1", port), 30) as http:
        http.sendall(f"GET /json HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        _, _, body = _read_all(http).partition(b"\r\n\r\n")
    pages = [target for target in json.loads(body) if target["type"] == "page"]
    return str(pages[0]["webSocketDebuggerUrl"])


def _read_all(http: socket.socket) -> bytes:
    """An HTTP answer; Chromium keeps the connection open, so its length says where it ends."""
    data = b""
    while True:
        head, _, body = data.partition(b"\r\n\r\n")
        if body:
            length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            if len(body) >= length:
                return data
        part = http.recv(65536)
        if not part:
            return data
        data += part


class _Socket:
    """A client of RFC 6455, as far as the debugging protocol needs one."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname, parts.port), 600)
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        lines = (
            f"GET {parts.path} HTTP/1.1", f"Host: {parts.netloc}", "Upgrade: websocket", "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "", "",
        )  # fmt: skip
        self._socket.sendall("\r\n".join(lines).encode())
        self._data = b""
        while b"\r\n\r\n" not in self._data:
            self._data += self._socket.recv(4096)
        self._data = self._data.partition(b"\r\n\r\n")[2]

    def send(self, text: str) -> None:
        data, mask = text.encode(), secrets.token_bytes(4)
        size = len(data)
        if size < 126:
            head = struct.pack("!BB", 0x81, 0x80 | size)
        elif size < 65536:
            head = struct.pack("!BBH", 0x81, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", 0x81, 0x80 | 127, size)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))
        self._socket.sendall(head + mask + masked)

    def receive(self) -> str:
        whole = b""
        while True:
            first, second = self._take(2)
            size = second & 0x7F
            if size == 126:
                (size,) = struct.unpack("!H", self._take(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", self._take(8))
            content = self._take(size)
            if first & 0x0F in (0, 1):
                whole += content
            if first & 0x80 and first & 0x0F in (0, 1):
                return whole.decode()

    def _take(self, size: int) -> bytes:
        while len(self._data) < size:
            part = self._socket.recv(1 << 20)
            assert part, "the browser closed the connection"
            self._data += part
        found, self._data = self._data[:size], self._data[size:]
        return found
