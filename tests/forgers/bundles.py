"""A forger's bundle of the forged vault, as that vault's own export would write it; and what `verify.py` says of it.

Nothing of the exporter runs that would notice a forgery: the forger has a program too.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from cryoledger.domain.records import PublicKey
from cryoledger.exchange.audit_bundle.tiles import entry_bundle, entry_bundle_path
from cryoledger.ledger.checkpoint import Checkpoint, SignedCheckpoint, sign_checkpoint
from cryoledger.ledger.keys import PrivateKey
from cryoledger.ledger.lines import encode_base64
from cryoledger.ledger.note import Algorithm, VerifierKey
from cryoledger.ledger.tiles import HASH_BYTES, WIDTH, Growth, tile_path
from cryoledger.ledger.tree import leaf_hash
from tests.audit.sources import Row
from tests.exchange.bundles import verifier_module
from tests.forgers.scene import WITNESS, Scene, Truth
from tests.lab import ORIGIN, private_key

Files = dict[str, bytes]
POLICY = f"log {private_key(ORIGIN).verifier.encode()}\nwitness it {WITNESS.verifier.encode()}\nquorum it\n"


def bundled(scene: Scene) -> Files:
    """The files of a bundle of the whole forged vault, by path."""
    files: Files = {}
    rows = sorted(scene.source.stored, key=lambda row: (row.epoch, row.sequence))
    for epoch, group in groupby(rows, key=lambda row: row.epoch):
        files |= {f"epoch-{epoch}/{path}": data for path, data in _epoch(scene, epoch, list(group))}
    keys = {row.verifier_key for row in scene.source.tables[PublicKey] if isinstance(row, PublicKey)}
    keys |= {
        VerifierKey(name, Algorithm.ED25519, VerifierKey.parse(key).public_key).encode()
        for name, key in _log_keys(scene)
    }
    files["keys.txt"] = "".join(f"{key}\n" for key in sorted(keys)).encode()
    return files


def _log_keys(scene: Scene) -> Iterator[tuple[str, str]]:
    epochs = {row.epoch for row in scene.source.stored}
    for row in scene.source.tables[PublicKey]:
        if isinstance(row, PublicKey) and row.kind == "log":
            yield from ((_origin(epoch), row.verifier_key) for epoch in epochs)


def _origin(epoch: int) -> str:
    return ORIGIN if epoch == 1 else f"{ORIGIN}/e{epoch}"


def _epoch(scene: Scene, epoch: int, rows: list[Row]) -> Iterator[tuple[str, bytes]]:
    growth, roots = Growth(), {}
    for row in rows:
        for tile in growth.append(leaf_hash(row.note)):
            yield tile_path(tile.level, tile.number), tile.hashes
        roots[growth.size] = growth.root
    for level, number, hashes in growth.partial():
        yield tile_path(level, number, len(hashes) // HASH_BYTES), hashes
    for first in range(0, len(rows), WIDTH):
        notes = [row.note for row in rows[first : first + WIDTH]]
        yield entry_bundle_path(first // WIDTH, len(notes)), entry_bundle(notes)
    kept = [each for each in scene.kept if each.checkpoint.origin == _origin(epoch)]
    fitting = {each.checkpoint.size: each for each in kept if roots.get(each.checkpoint.size) == each.checkpoint.root}
    for size, signed in fitting.items():
        if size < growth.size:
            yield f"checkpoints/{size}", signed.encode()
    yield "checkpoint", fitting.get(growth.size, _signed(scene, epoch, growth)).encode()


def _signed(scene: Scene, epoch: int, growth: Growth) -> SignedCheckpoint:
    """A head over what stands there; by a key of the forger's own where the log's is not held."""
    seed = private_key(ORIGIN).seed if ORIGIN in scene.held else bytes(31) + b"!"
    return sign_checkpoint(
        Checkpoint(_origin(epoch), growth.size, growth.root), [PrivateKey.from_seed(_origin(epoch), seed)]
    )


def written(files: Files, folder: Path) -> Path:
    """The files in a folder."""
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def held_by_the_auditor(truth: Truth) -> list[bytes]:
    """A receipt, a checkpoint on paper, the witness's head: what was given out before the forgery."""
    return [each.encode() for each in (truth.receipt.checkpoint, truth.paper, truth.witness)]


def judged(bundle: Path, truth: Truth, *, brings: bool = True) -> tuple[dict[str, list[str]], list[str]]:
    """What verify.py finds broken, by what catches it, under the auditor's fingerprint and policy; and what it remarks.

    `brings`: the auditor also has what was given out before.
    """
    module = verifier_module()
    held = held_by_the_auditor(truth) if brings else []
    run = module.Verification(bundle, encode_base64(truth.fingerprint), module.Policy(POLICY), held)
    run.run()
    found: dict[str, list[str]] = {}
    for line in run.broken:
        found.setdefault(_by(line), []).append(line)
    assert run.report() == bool(found)
    return found, run.ledger.remarks


def _by(line: str) -> str:
    if "THE FINGERPRINT IS ANOTHER" in line:
        return "fingerprint"
    if "THE POLICY IS NOT MET" in line:
        return "policy"
    return "held" if line.startswith("a checkpoint that you hold") else "verify.py"
