"""`verify`: its signatures against this machine's Ed25519 rate on all processors, the whole, replay, memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from cryoledger import audit
from cryoledger.audit.chain import Chain
from cryoledger.audit.derived import Comparison
from cryoledger.audit.journals import Journals
from cryoledger.audit.replay import Replay
from cryoledger.audit.signatures import SignaturePass
from cryoledger.custody.proof.auditing import DatabaseSource, verify_at
from cryoledger.custody.proof.verifying import Workers, processors
from cryoledger.database.driver import connect
from cryoledger.database.location import Location
from cryoledger.database.store import Store
from cryoledger.domain.facts import Inventory
from cryoledger.domain.records import PublicKey
from cryoledger.ledger.entry import parse_entry
from tests.benchmarks.figures import Stages, percentile, progress, row, say
from tests.benchmarks.growing import grown

ROUNDS = 3
SECONDS = 2.0


def run(folder: Path, *, quick: bool) -> None:
    sizes = (10_000,) if quick else (10_000, 100_000)
    memory = {entries: _one(folder, entries) for entries in sizes}
    if len(memory) > 1:
        first, last = memory[sizes[0]], memory[sizes[-1]]
        row("memory: whole process, most", f"{first:.0f} MB", f"{last:.0f} MB")
        each = (last - first) * 1e6 / (sizes[-1] - sizes[0])
        row("memory for each further entry", f"{each:.0f} bytes", "aim: 0")


def _one(folder: Path, entries: int) -> float:
    progress(f"a vault of {entries:,} entries")
    place = grown(folder, entries)
    os.environ["CRYOLEDGER_HOME"] = str(place.home)
    say(f"verify of {entries:,} entries (median of {ROUNDS} rounds, all measured in each)")
    rounds = []
    for _ in range(ROUNDS if entries <= 20_000 else 1):
        before = _machine_rate()
        signatures, count = _signature_pass(place.location)
        between = _machine_rate()
        began = time.perf_counter()
        report = verify_at(place.location)
        whole = report.entries / (time.perf_counter() - began)
        after = _machine_rate()
        assert report.ok, report.findings
        began = time.process_time()
        alone = _without_signatures(place.location)
        replay = alone / (time.process_time() - began)
        ratios = signatures * 2 / (before + between), whole * count / report.entries * 2 / (between + after)
        rounds.append((between, signatures, whole, replay, *ratios))
    machine, signatures, whole, replay, one, other = (percentile(each, 0.5) for each in zip(*rounds, strict=True))
    row(f"Ed25519 of this machine, {processors()} processors", f"{machine:,.0f}/s")
    row("signature pass", f"{signatures:,.0f}/s", f"{one:.2f}", "aim: 0.90")
    row("whole verify", f"{whole:,.0f} entries/s", f"{other:.2f}", "aim: 0.50")
    row("all but signatures, of processor time", f"{replay:,.0f} entries/s")
    _where(place.location)
    return memory_of(place.home, place.location)


def _machine_rate() -> float:
    """Signatures verified in a second, on every processor at once, by the library that verifies them here."""
    count = processors()
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        list(pool.map(_verify_for, [0.2] * count))  # started and warm
        return sum(pool.map(_verify_for, [SECONDS] * count))


def _verify_for(seconds: float) -> float:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key, text = Ed25519PrivateKey.from_private_bytes(bytes(32)), b"x" * 430
    signature, public = key.sign(text), key.public_key()
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        for _ in range(50):
            public.verify(signature, text)
        done += 50
    return done / (time.perf_counter() - began)


def _signature_pass(location: str) -> tuple[float, int]:
    """Every signature of the ledger verified by its key on all processors, and nothing else asked."""
    with Store.open(location) as store, store.reading() as reading:
        keys = {(row.name, bytes.fromhex(row.key_id)): row.verifier_key for row in reading.facts.where(PublicKey)}
        notes = [parse_entry(stored.note) for stored in reading.entries()]
        with Workers.of(processors()) as workers:
            warm = [workers.start([]) for _ in range(8)]
            for outcome in warm:
                outcome()
            began, bad, count = time.perf_counter(), [], 0
            signatures = SignaturePass(workers)
            for entry in notes:
                for signature in entry.signatures:
                    key = keys[signature.name, signature.key_id]
                    signatures.add(key, entry.note_text, signature, lambda: bad.append(1))
                    count += 1
            signatures.finish()
            seconds = time.perf_counter() - began
    assert not bad
    return count / seconds, count


class _NoWorkers:
    """Takes every signature as good: what is left is the rest of a verification."""

    waiting_most = 1

    def start(self, batch: object) -> Callable[[], tuple[int, list[int]]]:
        count = len(batch)  # type: ignore[arg-type]
        return lambda: (count, [])


def _without_signatures(location: str) -> int:
    driver = connect(Location.parse(location), writing=False)
    try:
        driver.begin(writing=False)
        return audit.verify(DatabaseSource(driver), workers=_NoWorkers()).entries
    finally:
        driver.close()


def _where(location: str) -> None:
    stages = Stages()
    began = time.process_time()
    with stages.of(
        (Chain, "step", "form, place, hash, chain"),
        (Replay, "_draft", "payload validated"),
        (Replay, "_signatures", "who signs"),
        (Replay, "_rules", "rules: check"),
        (Replay, "_changes", "rules: changes"),
        (Journals, "compare", "journals compared"),
        (Inventory, "apply", "rows applied"),
        (Comparison, "same", "rows compared"),
    ):
        entries = _without_signatures(location)
    whole = time.process_time() - began
    say("  where the time goes, without the signatures (processor time; of the stages the median of wall time)")
    row("    each entry", f"{whole / entries * 1e6:.0f} us", "100%")
    stages.show(whole / entries, entries)


def memory_of(home: Path, location: str) -> float:
    """The most that one verifying process took, in megabytes."""
    program = (
        "import re, pathlib\n"
        "from cryoledger.custody.proof.auditing import verify_at\n"
        "if __name__ == '__main__':\n"
        f"    assert verify_at({location!r}).ok\n"
        # Not ru_maxrss: a child begins with what its parent once took.
        "    told = pathlib.Path('/proc/self/status').read_text()\n"
        "    print(re.search('VmHWM:[^0-9]*([0-9]+)', told)[1])\n"
    )
    script = home / "memory.py"
    script.write_text(program)
    environment = {**os.environ, "CRYOLEDGER_HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True, env=environment)
    return int(done.stdout) / 1024
