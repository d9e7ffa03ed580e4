"""The audit bundle: how fast it is written, and checked by its own `verify.py` and by its page in Chromium."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from cryoledger.exchange.audit_bundle.verifiers import FILES
from tests.benchmarks.figures import progress, row, say, timed
from tests.benchmarks.growing import grown
from tests.exchange.chromium import CHROMIUM, Chromium

CONSISTENT = "Consistent with itself"
LONGEST = 3600


def run(folder: Path, *, quick: bool) -> None:
    for entries in (1_000,) if quick else (10_000, 100_000):
        _one(folder, entries)


def _one(folder: Path, entries: int) -> None:
    progress(f"a vault of {entries:,} entries")
    place = grown(folder, entries)
    bundle = folder / "work" / "bundle"
    program = [sys.executable, "-c", "from cryoledger.cli import main; main()"]
    say(f"the bundle of {entries:,} entries")
    environment = os.environ | {"CRYOLEDGER_HOME": str(place.home)}
    written = timed(
        lambda: subprocess.run(
            [*program, "export", "audit", str(bundle), "--vault", place.location], env=environment, check=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
    )  # fmt: skip
    size = sum(path.stat().st_size for path in bundle.rglob("*") if path.is_file())
    row("written", f"{written:.1f} s", f"{entries / written:,.0f}/s")
    row("on disk", f"{size / 1e6:.1f} MB", f"{size / entries:,.0f} B/entry")
    checked = timed(lambda: _verify(bundle))
    row("verify.py, one process", f"{checked:.1f} s", f"{entries / checked:,.0f}/s")
    if CHROMIUM is None:
        say("  the page was not opened: no Chromium on this machine")
        return
    profile = Path(tempfile.mkdtemp(prefix="chromium-"))
    try:
        with Chromium(profile) as browser:
            browser.open(bundle / "index.html")
            seen = timed(lambda: _check(browser, bundle))
            heap = browser.call("Runtime.getHeapUsage")["usedSize"]
    finally:
        shutil.rmtree(profile, ignore_errors=True)
    row("index.html in Chromium, from folder to verdict", f"{seen:.1f} s", f"{entries / seen:,.0f}/s")
    row("its heap afterwards", f"{heap / 1e6:.0f} MB")


def _verify(bundle: Path) -> None:
    command = [sys.executable, "-I", str(FILES / "verify.py"), str(bundle)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "consistent with itself" in done.stdout.lower(), done.stdout[-500:] + done.stderr[-500:]


def _check(browser: Chromium, bundle: Path) -> None:
    browser.choose("#folder", bundle)
    verdict = browser.wait_for_verdict(LONGEST)
    assert verdict == CONSISTENT, verdict
