"""Bundles of the audit's whole story, and what a forger or an auditor does with them."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

from cryoledger.exchange.audit_bundle import export_audit
from cryoledger.exchange.audit_bundle.verifiers import FILES
from cryoledger.ledger.checkpoint import Checkpoint, SignedCheckpoint, cosign, parse_checkpoint, sign_checkpoint
from cryoledger.ledger.keys import PrivateKey
from cryoledger.ledger.note import Algorithm
from tests.lab import ORIGIN, Lab, private_key

LOG_KEYS = (private_key(ORIGIN), private_key(ORIGIN, 1, Algorithm.ML_DSA_44))
WITNESS = PrivateKey.from_seed("witness.example/ward", bytes(31) + b"\7", Algorithm.COSIGNATURE_V1)
OTHER_WITNESS = PrivateKey.from_seed("witness.example/else", bytes(31) + b"\x08", Algorithm.COSIGNATURE_V1)


def signed(head: Checkpoint) -> SignedCheckpoint:
    """A head signed by the log, whose name is the epoch's origin."""
    keys = [PrivateKey.from_seed(head.origin, key.seed, key.algorithm) for key in LOG_KEYS]
    return sign_checkpoint(head, keys)


def written(lab: Lab, folder: Path, subject: str | None = None) -> Path:
    """The bundle of a laboratory that lies in a store."""
    assert lab.store is not None
    with lab.store.reading() as reading:
        export_audit(reading, signed, folder, subject)
    return folder


@cache
def verifier_module() -> ModuleType:
    """verify.py, as the auditor's Python has it."""
    spec = importlib.util.spec_from_file_location("verify_of_the_bundle", FILES / "verify.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def run_verifier(bundle: Path, *options: str) -> tuple[int, str]:
    """What the auditor's verify.py, taken from the release, says of a bundle: exit code and text."""
    done = subprocess.run(
        [sys.executable, "-I", str(FILES / "verify.py"), str(bundle), *options], capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def copy_of(bundle: Path, to: Path) -> Path:
    shutil.copytree(bundle, to)
    return to


def fingerprint_of(bundle: Path) -> str:
    _, told = run_verifier(bundle)
    return told.partition("Fingerprint of entry 0: ")[2].split("\n")[0]


def cosign_bundle(bundle: Path, witness: PrivateKey = WITNESS) -> None:
    """A witness's line on every checkpoint, added where the bundle lies."""
    for path in sorted(bundle.glob("epoch-*/checkpoint")):
        head = parse_checkpoint(path.read_bytes())
        path.write_bytes(head.with_signatures(cosign(head.checkpoint, witness, 1_790_000_000)).encode())


def policy_text(quorum: str = "outside") -> str:
    return "\n".join(
        (
            "# of the auditor",
            f"log {LOG_KEYS[0].verifier.encode()}",
            f"witness ward {WITNESS.verifier.encode()}",
            f"witness else {OTHER_WITNESS.verifier.encode()} https://witness.example/",
            "group outside any ward else",
            "group both all ward else",
            f"quorum {quorum}",
            "",
        )
    )


def notes_of(path: Path) -> list[bytes]:
    """The entries of a bundle file."""
    data, found = path.read_bytes(), []
    while data:
        size = int.from_bytes(data[:2], "big")
        found.append(data[2 : 2 + size])
        data = data[2 + size :]
    return found
