"""How long the program takes to say something: `--help`, and the first frame of the screen on a real terminal.

Its modules are compiled before, as they are wherever it was installed; without that each start takes twice as long.
"""

from __future__ import annotations

import compileall
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import cryoledger
from tests.benchmarks.figures import percentile, row, say, timed
from tests.benchmarks.growing import base

ROUNDS = 15
MARK = "█".encode()


def run(folder: Path, *, quick: bool) -> None:
    rounds = 5 if quick else ROUNDS
    compileall.compile_dir(Path(cryoledger.__file__).parent, quiet=2)
    python = [timed(lambda: _run([sys.executable, "-c", "pass"])) for _ in range(rounds)]
    helps = [timed(lambda: _run([*PROGRAM, "--help"])) for _ in range(rounds)]
    place = base(folder / "first")
    environment = {**os.environ, "CRYOLEDGER_HOME": str(place.home), "TERM": "xterm-256color"}
    frames = [_first_frame([*PROGRAM, "--vault", place.location, "tui"], environment) for _ in range(rounds)]
    say(f"start, {rounds} rounds (Python itself: {percentile(python, 0.5):.2f} s)")
    row("--help", f"{percentile(helps, 0.5):.2f} s", f"most {max(helps):.2f} s", "aim: 0.30 s")
    row("first frame", f"{percentile(frames, 0.5):.2f} s", f"most {max(frames):.2f} s", "aim: 0.70 s")


PROGRAM = [sys.executable, "-c", "from cryoledger.cli import main; main()"]


def _run(command: list[str]) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def _first_frame(command: list[str], environment: dict[str, str]) -> float:
    """Seconds until the screen shows the scan line, on a terminal of 100 x 30."""
    import fcntl
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    began = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    )
    os.close(theirs)
    shown = b""
    try:
        while MARK not in shown and time.perf_counter() - began < 20:
            if select.select([ours], [], [], 0.1)[0]:
                shown += os.read(ours, 65_536)
        seconds = time.perf_counter() - began
        assert MARK in shown, shown[-500:]
        return seconds
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(ours)
