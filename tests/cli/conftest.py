"""The program as a user runs it: in this process where it must be fast, as a process of its own where that matters."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cryoledger import cli
from cryoledger.custody.keys import keyring

PROGRAM = Path(sys.executable).with_name("cryoledger")
PINS = {
    "ines.a": "271828",
    "quinn.o": "314159",
    "maria.s": "161803",
    "petra.v": "141421",
    "carlos.m": "173205",
    "somchai.k": "223606",
}
STAFF = {
    "quinn.o": ("Quinn Osei", "quality officer"),
    "maria.s": ("Maria Silva", "technician"),
    "petra.v": ("Petra Vogel", "pharmacist"),
    "carlos.m": ("Carlos Mendes", "clinician"),
    "somchai.k": ("Somchai Kittisak", "witness"),
}
ORIGIN = "velar.example/lab"
WITNESS = "hospital.example/it"
WEAK_COSTS = [8 * 1024, 1, 1]  # of Argon2id: what protects a PIN is tested elsewhere


@dataclass(frozen=True)
class Done:
    """One finished command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Terminal:
    """A person's terminal: commands in, what they answer out. Lines of stdin are PINs and scans."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.vault = folder / "lab.cryoledger"
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def run(self, *words: str | Path | int, stdin: str | bytes = "") -> Done:
        content = stdin.encode() if isinstance(stdin, str) else stdin
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))
        self._capsys.readouterr()
        code = cli.run([str(word) for word in words])
        captured = self._capsys.readouterr()
        return Done(code, captured.out, captured.err)

    def does(self, *words: str | Path | int, by: str = "", first: str = "") -> Done:
        """Run a command that must succeed, signed by these people, `first` being a line before their PINs."""
        names = by.split()
        options = [text for at, name in enumerate(names) for text in ("--with" if at else "--as", name)]
        lines = [first, *(PINS[name] for name in names)] if first else [PINS[name] for name in names]
        done = self.run(*words, *options, stdin="".join(f"{line}\n" for line in lines))
        assert done.code == 0, (words, done)
        assert "Traceback" not in done.err
        return done

    def read(self, *words: str | Path | int) -> Any:
        """The JSON of a command that must succeed."""
        return self.does(*words, "--json").json

    def process(self, *words: str | Path | int, stdin: bytes = b"", **environment: str) -> Done:
        """The installed program as a process of its own."""
        done = subprocess.run(
            [str(PROGRAM), *map(str, words)],
            input=stdin,
            capture_output=True,
            check=False,
            env=os.environ | environment,
            timeout=60,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def init(self) -> Done:
        return self.does(
            "init", self.vault, "--origin", ORIGIN, "--admin", "Ines Almeida", "--zone", "Asia/Bangkok",
            "--station", "freezer-room-1", "--prefix", "BK", "--pin-stdin", first=PINS["ines.a"],
        )  # fmt: skip

    def enrol(self) -> None:
        for at, (name, (full_name, role)) in enumerate(STAFF.items()):
            signers = ("--as", "ines.a") if at == 0 else ("--as", "ines.a", "--with", "quinn.o")
            pins = [PINS["ines.a"], *([PINS["quinn.o"]] if at else []), PINS[name]]
            done = self.run("person", "add", full_name, "--role", role, *signers, stdin="\n".join(pins) + "\n")
            assert done.code == 0, done


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRYOLEDGER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CRYOLEDGER_VAULT", str(tmp_path / "lab.cryoledger"))
    monkeypatch.setattr(keyring, "_costs", lambda _: WEAK_COSTS)
    return tmp_path


@pytest.fixture
def terminal(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal in a folder without a vault."""
    return Terminal(home, capsys, monkeypatch)


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test that needs a laboratory leaves it for the others."""
    return tmp_path_factory.mktemp("laboratories")


def _copied(terminal: Terminal, template: Path, make: Callable[[], None]) -> Terminal:
    if template.exists():
        shutil.copytree(template, terminal.folder, dirs_exist_ok=True)
    else:
        make()
        shutil.copytree(terminal.folder, template)
    return terminal


@pytest.fixture
def lab(terminal: Terminal, templates: Path) -> Terminal:
    """A terminal at a laboratory with people in every role, and nothing in it yet."""

    def make() -> None:
        terminal.init()
        terminal.enrol()

    return _copied(terminal, templates / "staffed", make)


@pytest.fixture
def furnished(lab: Terminal, templates: Path) -> Terminal:
    """That laboratory with a freezer, a product, an eligible donor and a quarantined lot without vials."""
    return _copied(lab, templates / "furnished", lambda: furnish(lab))


def furnish(lab: Terminal) -> None:
    """A freezer with one rack of two boxes, a product, an eligible donor, a donation, a registered and tested lot."""
    lab.does("unit", "add", "FRZ-1", "--kind", "freezer", "--name", "Freezer 1", "--grid", "1x2x9x9", by="ines.a")
    lab.does(
        "product", "add", "MSC-1", "--name", "WJ MSC", "--test", "viability:%:70:", "--test", "sterility=negative",
        by="quinn.o",
    )  # fmt: skip
    lab.does("donor", "add", "D1", "--consent", "therapy", "--given-on", "2025-01-01", by="maria.s")
    markers = [f"{marker}=nonreactive" for marker in ("HIV-1/2", "HBV", "HCV", "syphilis", "CMV")]
    lab.does("donor", "screen", "D1", *markers, "--sampled-on", "2025-01-01", "--method", "NAT", by="maria.s")
    lab.does("donor", "eligibility", "D1", "eligible", by="quinn.o")
    lab.does(
        "donation", "add", "DIN1", "--donor", "D1", "--tissue", "wharton's jelly", "--collected-on", "2025-01-02",
        by="maria.s",
    )  # fmt: skip
    lab.does(
        "lot", "add", "L1", "--product", "MSC-1", "--donation", "DIN1", "--passage", 3, "--cells", "10M",
        "--volume", "1ml", "--filled-on", "2025-02-01", "--expiry-on", "2045-02-01", by="maria.s",
    )  # fmt: skip


def release(lab: Terminal) -> None:
    """Three vials filled, both results of the lot within limits, and quality's release."""
    lab.does("lot", "fill", "L1", "--count", 3, by="maria.s")
    tested = ("--tested-on", "2025-02-03", "--method", "in house")
    lab.does("lot", "test", "L1", "viability=92.5", "sterility=negative", *tested, by="maria.s")
    lab.does("lot", "release", "L1", by="quinn.o")


def to_dose(lab: Terminal) -> str:
    """The three vials stored, one of them on its way into a prepared dose for an order; that vial's code."""
    codes = [row["code"] for row in lab.read("vial", "list", "--of", "L1")]
    lab.does("vial", "store", "FRZ-1-R1-B1", codes[0], f"{codes[1]}@B3", codes[2], by="maria.s")
    lab.does("patient", "add", "P1", by="carlos.m", first="BAND-OF-P1")
    lab.does(
        "order", "add", "O1", "--patient", "P1", "--product", "MSC-1", "--cells", "10M", "--due", "2026-01-01",
        "--route", "intravenous infusion", by="carlos.m",
    )  # fmt: skip
    lab.does("reserve", "O1", codes[0], by="petra.v")
    lab.does("vial", "take-out", codes[0], "--purpose", "order", "--order", "O1", by="maria.s")
    lab.does("issue", "O1", codes[0], by="petra.v maria.s")
    lab.does("thaw", codes[0], by="petra.v")
    lab.does("prepare", "DOSE-1", "--order", "O1", codes[0], "--cells", "9.1M", "--viability", "91", by="petra.v")
    return str(codes[0])


@dataclass
class Two:
    """The laboratory's machine and the witness's, with a stick between them."""

    lab: Terminal
    patch: pytest.MonkeyPatch
    stick: Path
    policy: Path

    def at_witness(self, *words: str | Path | int) -> Done:
        home = self.lab.folder / "home"
        self.patch.setenv("CRYOLEDGER_HOME", str(self.lab.folder / "witness-home"))
        self.patch.setenv("CRYOLEDGER_VAULT", "/nowhere")
        try:
            return self.lab.run(*words)
        finally:
            self.patch.setenv("CRYOLEDGER_HOME", str(home))
            self.patch.setenv("CRYOLEDGER_VAULT", str(self.lab.vault))

    def work(self, name: str) -> None:
        self.lab.does("unit", "add", name, "--kind", "freezer", "--name", name, by="ines.a")

    def seen(self, suffix: str = ".request") -> Done:
        """A whole round over the stick."""
        asked, answer = self.stick / f"a{suffix}", self.stick / "a.cosigned"
        self.lab.does("witness", "request", "--out", asked, "--replace")
        done = self.at_witness("witness", "cosign", asked, "--out", answer, "--replace")
        if done.code == 0:
            self.lab.does("witness", "accept", answer, "--policy", self.policy)
        return done

    def save(self) -> Path:
        """A copy of vault and station, as whoever owns the machine can make one."""
        kept = self.lab.folder / "kept"
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir()
        for path in (self.lab.vault, self.lab.folder / "home"):
            (shutil.copytree if path.is_dir() else shutil.copy)(path, kept / path.name)
        return kept

    def go_back(self, kept: Path) -> None:
        """Put that copy in place of the vault, the station's memory with it: nothing here can notice."""
        for path in (self.lab.vault, self.lab.folder / "home"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            (shutil.copytree if (kept / path.name).is_dir() else shutil.copy)(kept / path.name, path)
        for suffix in ("-wal", "-shm"):
            self.lab.vault.with_name(self.lab.vault.name + suffix).unlink(missing_ok=True)


@pytest.fixture
def two(lab: Terminal, monkeypatch: pytest.MonkeyPatch) -> Two:
    stick = lab.folder / "stick"
    stick.mkdir()
    made = Two(lab, monkeypatch, stick, lab.folder / "auditor.policy")
    logs = lab.read("checkpoint", "keys")
    done = made.at_witness("witness", "init", WITNESS, "--log", logs[0], "--log", logs[1])
    assert done.code == 0, done.err
    line = done.out.replace(f"witness {WITNESS}", "witness it")
    made.policy.write_text("".join(f"log {key}\n" for key in logs) + line + "quorum it\n")
    return made
