"""Queues of a real CUPS scheduler: they print, run out of labels, give up, hang, are stopped; and one that hangs."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from cryoledger.labels import CupsPrinter, PrinterError
from cryoledger.labels.cups_jobs import job_state

LABEL = b"^XA^FO0,0^GFA,1,1,1,FF^FS^XZ\n"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
CUPSD = shutil.which("cupsd", path=PATH)
DAEMONS = Path("/usr/lib/cups/daemon")
needs_cups = pytest.mark.skipif(CUPSD is None or not DAEMONS.is_dir(), reason="needs CUPS (cups-daemon)")
# Each is a backend of CUPS, the program that talks to a printer: what it says on stderr is the printer's state.
BACKENDS = {
    "good": "cat $file >> {out}/good",
    "short": "ls {out}/short 2>/dev/null && {{ echo 'ERROR: no ribbon' >&2; exit 1; }}; cat $file > {out}/short",
    "empty": "echo 'STATE: +media-empty-error' >&2; echo 'ERROR: out of labels' >&2; exec sleep 60",
    "hanging": "echo 'INFO: connecting to the printer' >&2; exec sleep 60",
    "idle": "exit 0",
}


class Scheduler:
    """A CUPS of its own: its folder, its socket, a raw queue for each backend."""

    def __init__(self, folder: Path) -> None:
        self.out = folder / "out"
        self._folder = folder
        self._socket = folder / "sock"
        for name in ("etc", "bin/backend", "spool/tmp", "cache", "state", "log", "out"):
            (folder / name).mkdir(parents=True)
        (folder / "bin" / "daemon").symlink_to(DAEMONS)
        for name, body in BACKENDS.items():
            program = folder / "bin" / "backend" / name
            script = f"#!/bin/sh\n[ $# = 0 ] && exit 0\nfile=${{6:--}}\n{body.format(out=self.out)}\n"
            program.write_text(script, encoding="ascii")
            program.chmod(0o755)
        for rules in Path("/etc/cups").glob("*.[tc]*s"):  # raw.types, raw.convs
            if rules.suffix in (".types", ".convs"):
                shutil.copy(rules, folder / "etc")
        if os.geteuid() == 0:
            for path in (folder / "out", *(folder / "spool").rglob("*"), folder / "spool", folder / "cache"):
                shutil.chown(path, "lp", "lp")

    def __enter__(self) -> Scheduler:
        at = self._folder
        (at / "etc" / "files.conf").write_text(
            f"ServerRoot {at}/etc\nServerBin {at}/bin\nRequestRoot {at}/spool\nTempDir {at}/spool/tmp\n"
            f"CacheDir {at}/cache\nStateDir {at}/state\nAccessLog {at}/log/access\nErrorLog {at}/log/error\n"
            f"PageLog {at}/log/page\nUser lp\nGroup lp\nSystemGroup root\n"
        )
        everything = "Order allow,deny\nAllow all\n"
        (at / "etc" / "cupsd.conf").write_text(
            f"Listen {self._socket}\nBrowsing No\nDefaultAuthType None\nWebInterface No\n"
            f"<Location />\n{everything}</Location>\n<Location /admin>\n{everything}</Location>\n"
            f"<Policy default>\n<Limit All>\n{everything}</Limit>\n</Policy>\n"
        )
        command = [str(CUPSD), "-f", "-c", f"{at}/etc/cupsd.conf", "-s", f"{at}/etc/files.conf"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(300):
            if b"is running" in self.run("lpstat", "-r"):
                break
            time.sleep(0.1)
        for name in BACKENDS:
            # A queue that gives up a job that fails; Debian's own keep it for later.
            self.run(
                "lpadmin", "-p", name, "-E", "-v", f"{name}://x", "-m", "raw", "-o", "printer-error-policy=abort-job"
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(20)

    @property
    def environment(self) -> dict[str, str]:
        return {"CUPS_SERVER": str(self._socket), "PATH": PATH, "LC_ALL": "C"}

    def run(self, *command: str) -> bytes:
        done = subprocess.run(command, capture_output=True, check=False, timeout=60, env=self.environment)
        return done.stdout + done.stderr

    def waiting(self) -> bytes:
        return self.run("lpstat", "-W", "not-completed", "-o")


@pytest.fixture(scope="module")
def scheduler() -> Iterator[Scheduler]:
    folder = Path(tempfile.mkdtemp(prefix="cups-"))
    folder.chmod(0o755)  # the scheduler works as user lp
    try:
        with Scheduler(folder) as made:
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def cups(scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> Scheduler:
    monkeypatch.setenv("CUPS_SERVER", scheduler.environment["CUPS_SERVER"])
    return scheduler


@needs_cups
def test_a_queue_takes_zpl_raw_a_few_labels_a_job(cups: Scheduler) -> None:
    counts: list[int] = []
    sent = CupsPrinter("good").send([LABEL] * 30, counts.append)
    assert (sent.labels, sent.confirmed, sent.reference.partition("-")[0]) == (30, None, "good")
    assert counts == [12, 24, 30]
    assert (cups.out / "good").read_bytes() == LABEL * 30
    assert CupsPrinter("good").send_pdf(b"%PDF-1.4 ...", 85).labels == 85
    assert (cups.out / "good").read_bytes().endswith(b"%PDF-1.4 ...")


@needs_cups
def test_a_queue_that_gives_up_half_way_tells_what_was_printed(cups: Scheduler) -> None:
    with pytest.raises(PrinterError, match="no ribbon") as stopped:
        CupsPrinter("short").send([LABEL] * 30)
    assert stopped.value.sent == 12
    assert "12 labels were printed before" in stopped.value.advice
    assert (cups.out / "short").read_bytes() == LABEL * 12
    assert cups.waiting() == b""


@needs_cups
@pytest.mark.parametrize(
    ("queue", "patience", "words"),
    [("empty", 60.0, "did not print .*out of labels"), ("hanging", 0.5, "has not printed .*connecting to the printer")],
)
def test_a_job_that_does_not_end_is_cancelled_and_does_not_count(
    cups: Scheduler, queue: str, patience: float, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A queue takes jobs for a printer that is off or out of labels, and would print them days later."""
    monkeypatch.setattr("cryoledger.labels.cups.SECONDS_PER_LABEL", 1.0)
    with pytest.raises(PrinterError, match=words) as stopped:
        CupsPrinter(queue, patience=patience).send([LABEL])
    assert stopped.value.sent == 0
    assert cups.waiting() == b""


@needs_cups
def test_a_stopped_a_closed_and_an_unknown_queue_are_named(cups: Scheduler) -> None:
    cups.run("cupsdisable", "idle")
    with pytest.raises(PrinterError, match="idle is stopped"):
        CupsPrinter("idle").send([LABEL])
    cups.run("cupsenable", "idle")
    assert CupsPrinter("idle").send([LABEL]).labels == 1
    cups.run("cupsreject", "idle")
    with pytest.raises(PrinterError, match="not accepting jobs"):
        CupsPrinter("idle").send([LABEL])
    with pytest.raises(PrinterError, match="does not exist"):
        CupsPrinter("nowhere").send([LABEL])
    assert cups.waiting() == b""


class Odd(BaseHTTPRequestHandler):
    """A scheduler that answers what `body` says."""

    body = b""

    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


HEADER = b"\x01\x01\x00\x00\x00\x00\x00\x01"


@pytest.mark.parametrize(
    ("body", "number"),
    [
        (b"", None),
        (HEADER, None),
        (b"<html>", None),
        (HEADER + b"\x02\x23\x00\x09job-state\x00\x04\x00\x00\x00\x09\x03", 9),
        (HEADER + b"\x02\x23\x00\x09job-state\x00\x04\x00\x00", None),
        (HEADER + b"\x02\x44\x00\x09job-state\x00\x01\xff\x03", None),
        (HEADER + b"\x02\x23\xff", None),
    ],
)
def test_a_scheduler_s_answer_is_read_strictly(body: bytes, number: int | None) -> None:
    handler = type("Answering", (Odd,), {"body": body})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        state = job_state(f"127.0.0.1:{server.server_port}", 1, 5)
        server.shutdown()
    assert (state.number if state is not None else None) == number


def test_a_scheduler_that_is_not_there_is_no_error() -> None:
    assert job_state("/nowhere/cups.sock", 1, 1) is None


def programs(folder: Path, monkeypatch: pytest.MonkeyPatch, lp: str) -> None:
    """Stand-ins for lp and lpstat, for what a scheduler cannot be made to do."""
    for name, body in (("lp", lp), ("lpstat", "echo printer is idle")):
        path = folder / name
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="ascii")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.mark.parametrize(
    ("page", "media"),
    [((215.9, 279.4), " -o media=Letter"), ((100.0, 50.0), " -o media=Custom.100x50mm"), (None, "")],
)
def test_a_sheet_is_printed_as_it_is_on_one_side_of_its_own_paper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: tuple[float, float] | None, media: str
) -> None:
    """An office printer set to two sides, or to fit pages, would spoil a sheet of labels."""
    programs(tmp_path, monkeypatch, f'echo "$@" > {tmp_path}/asked; echo "request id is Labels-none"')
    CupsPrinter("Labels", timeout=5).send_pdf(b"%PDF-1.4", 3, page)
    expected = f"-d Labels -o print-scaling=none -o sides=one-sided -o number-up=1{media} -\n"
    assert (tmp_path / "asked").read_text() == expected


def test_hanging_queue_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs(tmp_path, monkeypatch, "exec sleep 5")
    with pytest.raises(PrinterError, match=r"did not answer within 0\.3 s"):
        CupsPrinter("Labels", timeout=0.3).send([LABEL])


def test_machine_without_cups_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PrinterError, match="not on this machine"):
        CupsPrinter("Labels").send([LABEL])
