"""The installed program in a real terminal (tmux): keys as a scanner sends them, and what stands on the screen."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cryoledger.cli.sample.people import MARIA
from cryoledger.custody.vault import Vault
from cryoledger.domain.records import Person, Vial
from tests.tui.bench import NEW

BOX = "TANK1-C3-B1"
PROGRAM = Path(sys.executable).with_name("cryoledger")

pytestmark = pytest.mark.skipif(
    shutil.which("tmux") is None or not PROGRAM.exists(), reason="needs tmux and the installed program"
)


class Terminal:
    """A tmux session of its own server, 80 x 24."""

    def __init__(self, socket: Path, command: str, home: Path) -> None:
        self._base = ["tmux", "-S", str(socket), "-f", "/dev/null"]
        shell = f"CRYOLEDGER_HOME={shlex.quote(str(home))} {command}; echo ENDED $?; sleep 60"
        self._tmux("new-session", "-d", "-x", "80", "-y", "24", shell)

    def _tmux(self, *words: str) -> str:
        return subprocess.run([*self._base, *words], capture_output=True, text=True, check=True).stdout

    def scan(self, text: str) -> None:
        """The bytes of a scan, all at once, with Enter."""
        codes = [f"{byte:02x}" for byte in f"{text}\r".encode()]
        self._tmux("send-keys", "-H", *codes)

    def press(self, *keys: str) -> None:
        for key in keys:
            self._tmux("send-keys", key)
            time.sleep(0.08)

    @property
    def screen(self) -> str:
        return self._tmux("capture-pane", "-p")

    def wait(self, text: str, seconds: float = 15) -> str:
        """The screen once a text stands on it."""
        until = time.monotonic() + seconds
        while text not in (screen := self.screen):
            assert time.monotonic() < until, f"no {text!r} on the screen:\n{screen}"
            time.sleep(0.03)
        return screen

    def close(self) -> None:
        subprocess.run([*self._base, "kill-server"], capture_output=True, check=False)


@pytest.fixture
def vault_path(home: Path) -> Path:
    return home / "s.cryoledger"


@pytest.fixture
def terminal(tmp_path: Path, home: Path, vault_path: Path) -> Iterator[Terminal]:
    command = f"{shlex.quote(str(PROGRAM))} --vault {shlex.quote(str(vault_path))} tui"
    terminal = Terminal(tmp_path / "tmux", command, home)
    try:
        yield terminal
    finally:
        terminal.close()


def badge_of(path: Path, name: str) -> str:
    with Vault.open(str(path), remembered=False) as vault, vault.store.reading() as reading:
        person = reading.facts.get(Person, name)
    assert person is not None
    return person.badge


def sign_in(terminal: Terminal, path: Path) -> str:
    """Badge by scanner, PIN by hand; returns the screen."""
    terminal.wait("Nobody is signed in")
    terminal.scan(badge_of(path, "maria.s"))
    terminal.wait("PIN ▸")
    terminal.press(*MARIA.pin)
    assert MARIA.pin not in terminal.screen
    terminal.press("Enter")
    return terminal.wait("Maria Santos · technician")


def test_real_program_signs_in_stores_and_leaves(terminal: Terminal, vault_path: Path) -> None:
    assert "TRAINING" in sign_in(terminal, vault_path)
    terminal.scan("CMD-STORE")
    terminal.wait("freezer-room-1 · store")
    terminal.scan(BOX)
    terminal.wait("81 free")
    for code in NEW[:3]:
        terminal.scan(f"]d1{code}")
    assert NEW[2] in terminal.wait("78 free")
    terminal.press("F10")
    terminal.wait("Leave this station?")
    terminal.press("F10")
    terminal.wait("ENDED 0")
    with Vault.open(str(vault_path)) as vault, vault.store.reading() as reading:
        rows = [reading.facts.get(Vial, code) for code in NEW[:3]]
    assert [row.position for row in rows if row is not None] == [0, 1, 2]


def test_real_program_takes_a_gs1_scan_whole_and_a_burst_in_order(terminal: Terminal, vault_path: Path) -> None:
    sign_in(terminal, vault_path)
    terminal.scan("]d20109506000134352\x1d10LOT7\x1d21SER9")
    terminal.wait("LOT7␝21SER9")
    terminal.scan("\r".join(f"CODE-{number:03d}" for number in range(20)))
    screen = terminal.wait("CODE-019")
    shown = [line.split()[2] for line in screen.splitlines() if "CODE-" in line and line.strip()[0] == "✗"]
    assert shown[:5] == [f"CODE-{number:03d}" for number in range(19, 14, -1)]


def test_vault_that_is_not_there_is_said_on_the_terminal(tmp_path: Path, home: Path) -> None:
    missing = tmp_path / "none.cryoledger"
    terminal = Terminal(tmp_path / "tmux", f"{PROGRAM} --vault {missing} tui", home)
    try:
        screen = terminal.wait("ENDED")
    finally:
        terminal.close()
    assert "none.cryoledger" in screen
    assert "Traceback" not in screen
    assert "ENDED 0" not in screen
