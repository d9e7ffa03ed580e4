"""Step 4: tiles and checkpoints against the tree, and the verifier's policy."""

from __future__ import annotations

from dataclasses import replace

from cryoledger.audit import Outside, Report, verify
from cryoledger.database.trees import StoredTile
from cryoledger.ledger.checkpoint import Checkpoint, SignedCheckpoint, cosign, sign_checkpoint
from cryoledger.ledger.keys import PrivateKey
from cryoledger.ledger.note import Algorithm
from cryoledger.ledger.policy import parse_policy
from cryoledger.ledger.tiles import Growth
from cryoledger.ledger.tree import root
from tests.audit.sources import Listed
from tests.audit.tampering import entry_of, resigned, rewrite_from
from tests.lab import private_key

WITNESS = PrivateKey.from_seed("witness.example/w", bytes([7]) * 32, Algorithm.COSIGNATURE_V1)
OTHER = PrivateKey.from_seed("witness.example/other", bytes([8]) * 32, Algorithm.COSIGNATURE_V1)
POLICY = parse_policy(f"witness w {WITNESS.verifier.encode()}\nquorum w\n".encode())


def origin(source: Listed) -> str:
    return entry_of(source.stored[0]).origin


def head(source: Listed, size: int | None = None, *cosigners: PrivateKey) -> SignedCheckpoint:
    leaves = [row.leaf_hash for row in source.stored if row.epoch == 1][:size]
    checkpoint = Checkpoint(origin(source), len(leaves), root(leaves))
    signed = sign_checkpoint(checkpoint, [private_key(origin(source))])
    return signed.with_signatures(*(cosign(checkpoint, key, 1_700_000_000) for key in cosigners))


def judged(source: Listed, *kept: SignedCheckpoint, policy: object = None, brought: tuple[bytes, ...] = ()) -> Report:
    outside = Outside(None, [signed.encode() for signed in kept], brought, policy)  # type: ignore[arg-type]
    return verify(source, outside=outside)


def found(report: Report) -> list[str]:
    return [finding.message for finding in report.findings if finding.severity == "broken"]


def test_checkpoints_of_the_tree_are_covered(short: Listed) -> None:
    report = judged(short, head(short, 3), head(short))
    assert found(report) == []
    assert "checkpoints: 2, each of this tree and signed by the log" in report.covers


def test_a_rewrite_is_shown_by_a_checkpoint_signed_before_it(short: Listed) -> None:
    kept = head(short)
    rewrite_from(short, 5, resigned(short.stored[5], envelope={"station": "elsewhere"}))
    assert any("was signed over other entries" in message for message in found(judged(short, kept)))


def test_a_cut_tail_is_shown_by_a_checkpoint_that_the_verifier_holds(short: Listed) -> None:
    kept = head(short)
    del short.stored[-3:]
    report = judged(short, brought=(kept.encode(),))
    assert any("rolled back or cut" in message for message in found(report))


def test_a_checkpoint_of_another_ledger_is_named(short: Listed) -> None:
    other = sign_checkpoint(Checkpoint("elsewhere.example", 3, bytes(32)), [PrivateKey.generate("elsewhere.example")])
    assert any("of another ledger" in message for message in found(judged(short, other)))


def test_a_checkpoint_by_a_key_that_is_not_the_logs_is_broken(short: Listed) -> None:
    good = head(short).checkpoint
    forged = sign_checkpoint(good, [PrivateKey.generate(good.origin)])
    assert any("signature does not hold" in message for message in found(judged(short, forged)))


def test_bytes_that_are_no_checkpoint_are_broken(short: Listed) -> None:
    assert any("cannot be read" in message for message in found(judged(short, brought=(b"nonsense",))))


def test_a_policy_is_met_by_its_witness_alone(short: Listed) -> None:
    size = len([row for row in short.stored if row.epoch == 1])
    report = judged(short, head(short, size - 2, WITNESS), head(short), policy=POLICY)
    assert found(report) == []
    assert any(f"the last 2 of {size} entries" in line for line in report.covers)
    for kept in (head(short), head(short, None, OTHER)):
        assert any("The policy is not met" in message for message in found(judged(short, kept, policy=POLICY)))


def test_a_cosignature_that_was_altered_is_broken_under_the_policy(short: Listed) -> None:
    signed = head(short, None, WITNESS)
    line = signed.signatures[-1]
    torn = replace(line, signature=line.signature[:-1] + bytes([line.signature[-1] ^ 1]))
    bad = replace(signed, signatures=(*signed.signatures[:-1], torn))
    assert any("The policy is not met" in message for message in found(judged(short, bad, policy=POLICY)))


def test_a_tile_that_no_entries_fill_is_broken(short: Listed) -> None:
    """A ledger this short has no full tile; longer ones are tampered with in custody's tests."""
    growth = Growth()
    tiles = [tile for number in range(256) for tile in growth.append(bytes([number]) * 32)]
    stored = [StoredTile(1, tile.level, tile.number, tile.root, tile.hashes) for tile in tiles]
    assert found(verify(short, outside=Outside([]))) == []
    assert found(verify(short, outside=Outside(stored))) == ["A tile is kept that no entries fill."]
