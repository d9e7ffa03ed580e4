"""The station's screen in a browser: the real server, a real Chromium, and pages that have no business here."""

from __future__ import annotations

import base64
import contextlib
import http.client
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cryoledger import cli
from cryoledger.cli.sample.people import MARIA
from cryoledger.custody.vault import Vault
from cryoledger.domain.records import Person
from cryoledger.errors import CryoledgerError, RequestError
from cryoledger.tui.browser import Address, Certificate
from cryoledger.tui.browser.gate import PASSES_MAX, Gate
from cryoledger.tui.themes import DARK
from tests.exchange.chromium import CHROMIUM, Chromium

PROGRAM = Path(sys.executable).with_name("cryoledger")
TOKEN = "correct-horse-battery-staple"
RECORDED, QUESTION = "#009E73", "#F0E442"
UPGRADE = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
}  # fmt: skip

pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason="needs the installed program")


class Served:
    """`cryoledger serve` as a process, at the port that it told."""

    def __init__(self, vault: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [str(PROGRAM), "--vault", str(vault), "serve", "--port", "0", *options], stderr=subprocess.PIPE, text=True,
            stdout=subprocess.DEVNULL, env=os.environ | {"CRYOLEDGER_HOME": str(vault.parent)},
        )  # fmt: skip
        assert self.process.stderr is not None
        while "http" not in (line := self.process.stderr.readline()):
            assert line, "the server ended before it served"
        self.url = line.split(" at ")[1].split("/ ")[0]
        self.host = self.url.partition("://")[2]

    def ask(self, path: str, method: str = "GET", body: str = "", **headers: str) -> tuple[int, str, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", int(self.host.rpartition(":")[2]), timeout=60)
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body.encode())
        answer = connection.getresponse()
        text = "" if answer.status == 101 else answer.read().decode("utf-8", "replace")
        connection.close()
        return answer.status, text, dict(answer.getheaders())

    def websocket(self, **headers: str) -> int:
        return self.ask("/ws?width=80&height=24", **{**UPGRADE, **headers})[0]

    def sessions(self) -> list[int]:
        """The processes that it has started and that run."""
        found = []
        for task in Path("/proc").glob("[0-9]*"):
            try:
                stat = (task / "stat").read_text().rpartition(") ")[2].split()
            except OSError:
                continue
            if int(stat[1]) == self.process.pid and stat[0] != "Z":
                found.append(int(task.name))
        return found

    def close(self, end: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(end)
        self.process.wait(60)
        if self.process.stderr is not None:
            self.process.stderr.close()


def wait(ready: Callable[[], Any], what: str, seconds: float = 120) -> Any:
    until = time.monotonic() + seconds
    while not (found := ready()):
        assert time.monotonic() < until, what
        time.sleep(0.2)
    return found


@pytest.fixture(scope="module")
def vault_path(_made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served") / "home"
    shutil.copytree(_made, folder)
    return folder / "s.cryoledger"


@pytest.fixture(scope="module")
def served(vault_path: Path) -> Iterator[Served]:
    served = Served(vault_path)
    yield served
    served.close()


@pytest.fixture(scope="module")
def guarded(vault_path: Path) -> Iterator[Served]:
    file = vault_path.with_name("token")
    file.write_text(f"{TOKEN}\n")
    file.chmod(0o600)
    served = Served(vault_path, "--token-file", str(file))
    yield served
    served.close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium")
    with Chromium(tmp_path_factory.mktemp("browser") / "profile") as browser:
        yield browser


class Screen:
    """What stands in the browser's window, and the keys of whoever sits before it."""

    def __init__(self, browser: Chromium, url: str) -> None:
        self._browser = browser
        browser.call("Emulation.setDeviceMetricsOverride", width=760, height=480, deviceScaleFactor=1, mobile=False)
        browser.call("Page.navigate", url=url)
        arrived = f"location.href === {json.dumps(url)} && document.readyState === 'complete'"
        wait(lambda: browser.js(arrived), "the page does not come")

    def shows(self, colour: str, share: float = 0.02) -> bool:
        """Whether a colour covers so much of the window."""
        shot = self._browser.call("Page.captureScreenshot")["data"]
        image = Image.open(io.BytesIO(base64.b64decode(shot))).convert("RGB")
        wanted = tuple(bytes.fromhex(colour[1:]))
        counted = image.getcolors(image.width * image.height) or []
        return sum(count for count, pixel in counted if pixel == wanted) > share * image.width * image.height

    def wait(self, colour: str) -> None:
        wait(lambda: self.shows(colour), f"no {colour} in the window")

    def type(self, text: str) -> None:
        """Keys as a scanner sends them."""
        for character in text:
            key = {"\r": "Enter", "\x1d": "]"}.get(character, character)
            code = {"\r": 13, "-": 189, "]": 221, "\x1d": 221}.get(character, ord(character.upper()))
            held = 2 if character == "\x1d" else 0
            event = {"key": key, "windowsVirtualKeyCode": code, "modifiers": held}
            self._browser.call(
                "Input.dispatchKeyEvent", type="keyDown", **event, **({} if held else {"text": character})
            )
            self._browser.call("Input.dispatchKeyEvent", type="keyUp", **event)


def read_person(path: Path, name: str) -> Person:
    with Vault.open(str(path), remembered=False) as vault, vault.store.reading() as reading:
        person = reading.facts.get(Person, name)
    assert person is not None
    return person


def types_recorded(path: Path) -> list[str]:
    with Vault.open(str(path), remembered=False) as vault, vault.store.reading() as reading:
        return [stored.parse().envelope.type for stored in reading.entries()]


def test_chromium_shows_the_station_and_takes_badge_and_pin(
    served: Served, vault_path: Path, browser: Chromium
) -> None:
    before = len(types_recorded(vault_path))
    screen = Screen(browser, f"{served.url}/")
    screen.wait(str(DARK.panel))
    screen.type(f"]d1{read_person(vault_path, 'maria.s').badge}\r")
    screen.wait(QUESTION)
    screen.type(f"{MARIA.pin}\r")
    screen.wait(RECORDED)
    assert types_recorded(vault_path)[before:] == ["PersonSignedIn"]
    elsewhere = [url for url in browser.requests if not url.startswith((served.url, "data:"))]
    assert {url.partition(":")[0] for url in elsewhere} <= {"about"}


def test_each_browser_is_a_session_of_its_own_and_none_outlives_its_window(served: Served, browser: Chromium) -> None:
    Screen(browser, f"{served.url}/").wait(str(DARK.panel))
    with contextlib.closing(socket.create_connection(("127.0.0.1", int(served.host.rpartition(":")[2])), 60)) as other:
        lines = [f"{name}: {value}" for name, value in {**UPGRADE, "Host": served.host, "Origin": served.url}.items()]
        other.sendall("\r\n".join(["GET /ws?width=80&height=24 HTTP/1.1", *lines, "", ""]).encode())
        assert b"101 Switching Protocols" in other.recv(4096)
        wait(lambda: len(served.sessions()) == 2, "no session of its own")
    wait(lambda: len(served.sessions()) == 1, "a session outlived its browser")
    browser.call("Page.navigate", url="about:blank")
    wait(lambda: not served.sessions(), "a session outlived its browser")


def test_a_page_of_another_site_reaches_nothing(served: Served, browser: Chromium, tmp_path: Path) -> None:
    page = tmp_path / "evil.html"
    page.write_text("<p>elsewhere</p>")
    wait(lambda: not served.sessions(), "a session outlived its browser")
    browser.open(page)
    opened = browser.js(
        "new Promise(done => {const s = new WebSocket("
        + json.dumps(f"ws://{served.host}/ws?width=80&height=24")
        + "); s.onopen = () => done('open'); s.onerror = () => done('refused')})"
    )
    assert opened == "refused"
    assert served.sessions() == []


def test_names_and_origins_that_are_not_ours_are_refused(served: Served) -> None:
    assert served.ask("/")[0] == 200
    assert served.ask("/", Host=served.host.replace("127.0.0.1", "localhost"))[0] == 200
    for host in ("evil.example", "127.0.0.1", served.host + ".evil.example", "127.0.0.1:1"):
        for path in ("/", "/static/js/textual.js", "/page.css", "/nothing"):
            assert served.ask(path, Host=host)[0] == 403, (host, path)
        assert served.websocket(Host=host, Origin=f"http://{host}") == 403
    for origin in ("http://evil.example", "null", "https://" + served.host, "http://127.0.0.1:1", ""):
        assert served.websocket(Origin=origin) == 403, origin
        assert served.ask("/", Origin=origin)[0] == 403, origin
    assert served.websocket() == 403
    assert served.websocket(Origin=served.url) == 101


def test_every_answer_forbids_frames_and_scripts_of_others(served: Served) -> None:
    for path in ("/", "/page.css", "/nothing", "/static/js/textual.js", "/sign-in"):
        headers = served.ask(path)[2]
        assert headers["X-Frame-Options"] == "DENY", path
        assert "script-src 'self';" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
    assert "googleapis" not in served.ask("/")[1]


def test_size_that_is_none_starts_nothing(served: Served) -> None:
    for size in ("width=0&height=24", "width=80&height=-1", "width=9999999999&height=24", "width=x&height=1"):
        assert served.ask(f"/ws?{size}", **UPGRADE, Origin=served.url)[0] == 400


def test_token_is_asked_first_and_gives_a_cookie_that_is_not_the_token(guarded: Served) -> None:
    assert guarded.websocket(Origin=guarded.url) == 403
    assert guarded.ask("/static/js/textual.js")[0] == 403
    status, _, headers = guarded.ask("/")
    assert (status, headers["Location"]) == (303, "/sign-in")
    form = {"Content_Type": "application/x-www-form-urlencoded", "Origin": guarded.url}
    status, text, headers = guarded.ask("/sign-in", "POST", "token=wrong-horse-battery-staple", **form)
    assert status == 403
    assert "not the token" in text
    assert "Set-Cookie" not in headers
    assert guarded.ask("/sign-in", "POST", f"token={TOKEN}", **{**form, "Origin": "http://evil.example"})[0] == 403
    status, _, headers = guarded.ask("/sign-in", "POST", f"token={TOKEN}", **form)
    assert (status, headers["Location"]) == (303, "/")
    cookie = headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict"} <= {part.strip() for part in cookie.split(";")}
    assert TOKEN not in cookie
    known = cookie.split(";")[0]
    assert guarded.ask("/", Cookie=known)[0] == 200
    assert guarded.websocket(Origin=guarded.url, Cookie=known) == 101
    assert guarded.websocket(Origin=guarded.url, Cookie=known[:-1]) == 403


def test_token_stands_in_no_argument_and_no_environment(guarded: Served) -> None:
    for name in ("cmdline", "environ"):
        assert TOKEN.encode() not in Path(f"/proc/{guarded.process.pid}/{name}").read_bytes()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_the_end_of_the_server_ends_its_sessions(vault_path: Path, browser: Chromium, end: signal.Signals) -> None:
    served = Served(vault_path)
    Screen(browser, f"{served.url}/").wait(str(DARK.panel))
    (session,) = served.sessions()
    served.close(end)
    assert served.process.returncode == (0 if end is signal.SIGTERM else -end)
    wait(lambda: not Path(f"/proc/{session}").exists(), "a session outlived its server")
    wait(lambda: browser.js("document.body.classList.contains('-closed')"), "the page does not say that it ended")


Run = Callable[..., str]


@pytest.fixture
def refused(vault_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `cryoledger serve`, which is refused; returns what it says."""
    monkeypatch.setenv("CRYOLEDGER_HOME", str(vault_path.parent))

    def serve(*options: str, vault: Path = vault_path, stdin: str = "") -> str:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        assert cli.run(["--vault", str(vault), "serve", "--port", "0", *options]) != 0
        return capsys.readouterr().err

    return serve


def test_another_address_without_a_token_is_refused_with_what_to_do(refused: Run) -> None:
    for options in (("--host", "0.0.0.0"), ("--public-url", "https://station.example"), ("--host", "192.0.2.7")):
        assert "--token-file" in refused(*options)
    assert "go together" in refused("--certificate", "x.pem")


def test_token_that_others_can_read_or_guess_is_refused(refused: Run, tmp_path: Path) -> None:
    file = tmp_path / "token"
    assert "openssl rand" in refused("--token-file", str(file))
    file.write_text(TOKEN)
    file.chmod(0o644)
    said = refused("--token-file", str(file))
    assert "0600" in said
    assert TOKEN not in said
    assert "5 characters" in refused("--ask-token", stdin="short\n")
    assert "No token" in refused("--ask-token")


def test_vault_certificate_and_port_that_are_not_there_are_said_before_serving(refused: Run, tmp_path: Path) -> None:
    assert "none.cryoledger" in refused(vault=tmp_path / "none.cryoledger")
    files = [tmp_path / "chain.pem", tmp_path / "key.pem"]
    options = ("--certificate", str(files[0]), "--key", str(files[1]))
    assert "no key" in refused(*options)
    for file in files:
        file.write_text("none")
        file.chmod(0o600)
    assert "certificate cannot be used" in refused(*options)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "--port" in refused("--port", str(taken.getsockname()[1]))


def test_without_the_web_server_it_says_what_to_install(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['textual_serve'] = None\n"
        "from cryoledger.cli import run\n"
        "sys.exit(run(['--vault', 'x.cryoledger', 'serve']))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode != 0
    assert "pip install 'cryoledger[serve]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_names_of_an_address() -> None:
    assert Address().hosts == {"127.0.0.1:8023", "localhost:8023"}
    assert Address("::1", 80).hosts == {"[::1]", "localhost"}
    far = Address("192.0.2.7", 443, None, Certificate(Path("a"), Path("b")))
    assert far.origins == {"https://192.0.2.7"}
    assert not far.is_readable_on_the_way
    assert Address("192.0.2.7").is_readable_on_the_way
    proxied = Address(public_url="https://Station.example/")
    assert "https://station.example" in proxied.origins
    assert proxied.websocket("127.0.0.1:8023") == "wss://Station.example/ws"
    assert Address(public_url="http://station.example").is_readable_on_the_way


@pytest.mark.parametrize(
    ("host", "port", "url"),
    [
        ("evil.example", 1, None), ("127.0.0.1", -1, None), ("127.0.0.1", 65536, None), ("", 1, None),
        ("localhost", 1, "ftp://x"), ("localhost", 1, "https://u:p@x"), ("localhost", 1, "https://x/path"),
        ("localhost", 1, "https://[x"), ("localhost", 1, "https://x:99999"), ("localhost", 1, "https://"),
    ],
)  # fmt: skip
def test_address_that_is_none_is_refused(host: str, port: int, url: str | None) -> None:
    with pytest.raises(RequestError):
        Address(host, port, url)


@pytest.mark.parametrize(
    ("address", "token"),
    [
        (Address("192.0.2.7"), None), (Address("0.0.0.0"), None), (Address("::"), None), (Address("0.0.0.0"), TOKEN),
        (Address(public_url="https://x.example"), None), (Address(), "short"), (Address(), "with space" * 3),
        (Address(), "é" * 20), (Address(), "x" * 2000),
    ],
)  # fmt: skip
def test_what_would_let_others_in_is_refused(address: Address, token: str | None) -> None:
    with pytest.raises(CryoledgerError) as refused:
        address.check(token)
    assert token is None or token not in str(refused.value)


async def test_gate_gives_passes_that_differ_and_forgets_the_oldest() -> None:
    gate = Gate(Address(), TOKEN, penalty=0)
    assert TOKEN not in repr(gate)
    passes = [await gate.admit(TOKEN) for _ in range(PASSES_MAX + 1)]
    assert len(set(passes)) == PASSES_MAX + 1
    assert not gate.is_known(passes[0])
    assert gate.is_known(passes[-1])
    assert await gate.admit(TOKEN + "x") is None
    assert await gate.admit("x" * 5000) is None
    assert await gate.admit("\ud800") is None
    assert not gate.is_known(None)
    assert Gate(Address(), None).is_known(None)
