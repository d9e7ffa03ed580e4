"""The tree of RFC 6962: known roots, and every proof of every small tree."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryoledger.errors import LedgerFormatError, SignatureError
from cryoledger.ledger import tree

VECTORS = Path(__file__).parents[1] / "vectors" / "ledger"
# The leaves and roots that Certificate Transparency's reference implementations share.
RFC_6962 = json.loads((VECTORS / "rfc6962.json").read_text())
LEAVES = [tree.leaf_hash(bytes.fromhex(leaf)) for leaf in RFC_6962["leaves"]]
SIZES = range(21)
MANY = [tree.leaf_hash(b"%d" % number) for number in SIZES]


def mth(leaves: Sequence[bytes]) -> bytes:
    """MTH as RFC 6962, 2.1 writes it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def test_known_roots() -> None:
    for size, expected in enumerate(RFC_6962["roots"]):
        assert tree.root(LEAVES[:size]).hex() == expected


def test_known_proofs() -> None:
    for case in RFC_6962["inclusion"]:
        proof = tree.inclusion_proof(LEAVES[: case["size"]], case["index"])
        assert [item.hex() for item in proof] == case["proof"]
    for case in RFC_6962["consistency"]:
        proof = tree.consistency_proof(LEAVES[: case["size"]], case["old_size"])
        assert [item.hex() for item in proof] == case["proof"]


def test_the_root_of_the_shared_examples() -> None:
    example = json.loads((VECTORS / "example.json").read_text())
    leaves = [tree.leaf_hash((VECTORS / f"example-{number}.note").read_bytes()) for number in (0, 1)]
    assert leaves == [b64decode(leaf) for leaf in example["leaf_hashes"]]
    assert tree.root(leaves) == b64decode(example["root_of_two"])


def test_frontier_agrees_with_the_recursive_definition_and_survives_storage() -> None:
    frontier = tree.Frontier()
    for size in range(200):
        assert frontier.size == size
        assert frontier.root == mth([tree.leaf_hash(b"%d" % n) for n in range(size)])
        assert tree.Frontier.decode(frontier.encode()) == frontier
        frontier = frontier.append(tree.leaf_hash(b"%d" % size))
    assert tree.Frontier().extend(tree.leaf_hash(b"%d" % n) for n in range(200)) == frontier


@pytest.mark.parametrize("data", [b"", bytes(7), bytes(9), bytes(7) + b"\1", bytes(7) + b"\1" + bytes(64)])
def test_other_bytes_are_no_frontier(data: bytes) -> None:
    with pytest.raises(LedgerFormatError):
        tree.Frontier.decode(data)


@pytest.mark.parametrize("size", SIZES)
def test_every_inclusion_proof_holds_for_its_leaf_only(size: int) -> None:
    root = tree.root(MANY[:size])
    for index in range(size):
        proof = tree.inclusion_proof(MANY[:size], index)
        for claimed in range(size + 1):
            for leaf in range(size):
                if (claimed, leaf) == (index, index):
                    tree.verify_inclusion(MANY[leaf], claimed, size, proof, root)
                else:
                    with pytest.raises(SignatureError):
                        tree.verify_inclusion(MANY[leaf], claimed, size, proof, root)


@pytest.mark.parametrize("size", SIZES)
def test_every_consistency_proof_holds_for_its_sizes_only(size: int) -> None:
    root = tree.root(MANY[:size])
    for old in range(size + 1):
        proof = tree.consistency_proof(MANY[:size], old)
        old_root = tree.root(MANY[:old])
        tree.verify_consistency(old, old_root, size, root, proof)
        with pytest.raises(SignatureError):
            tree.verify_consistency(old, tree.leaf_hash(b"other"), size, root, proof)
        if old > 0:
            with pytest.raises(SignatureError):
                tree.verify_consistency(old, old_root, size, tree.leaf_hash(b"other"), proof)
        for claimed in set(range(size + 2)) - {old}:
            with pytest.raises(SignatureError):
                tree.verify_consistency(claimed, old_root, size, root, proof)


@pytest.mark.parametrize("size", range(1, 21))
def test_a_proof_with_any_part_changed_left_out_or_added_is_refused(size: int) -> None:
    root = tree.root(MANY[:size])
    for index in range(size):
        proof = tree.inclusion_proof(MANY[:size], index)
        for wrong in mutations(proof):
            with pytest.raises(SignatureError):
                tree.verify_inclusion(MANY[index], index, size, wrong, root)
        old_root = tree.root(MANY[: index + 1])
        for wrong in mutations(tree.consistency_proof(MANY[:size], index + 1)):
            with pytest.raises(SignatureError):
                tree.verify_consistency(index + 1, old_root, size, root, wrong)


def mutations(proof: list[bytes]) -> list[list[bytes]]:
    other = tree.leaf_hash(b"other")
    wrong = [[*proof, other], [other, *proof]]
    for at in range(len(proof)):
        wrong += [proof[:at] + proof[at + 1 :], [*proof[:at], other, *proof[at + 1 :]]]
    return wrong


def test_a_hash_of_another_length_is_refused() -> None:
    with pytest.raises(LedgerFormatError):
        tree.verify_inclusion(MANY[0], 0, 2, [b"short"], bytes(32))
    with pytest.raises(LedgerFormatError):
        tree.verify_consistency(1, MANY[0], 2, bytes(32), [bytes(33)])


@given(st.integers(0, 30), st.integers(0, 30), st.lists(st.binary(min_size=32, max_size=32), max_size=6))
def test_invented_proofs_are_refused(low: int, high: int, proof: list[bytes]) -> None:
    with pytest.raises(SignatureError):
        tree.verify_inclusion(MANY[0], low, high, proof, bytes(32))
    with pytest.raises(SignatureError):
        tree.verify_consistency(low, bytes(32), high, bytes([1]) * 32, proof)


def test_asking_for_a_proof_outside_the_tree_is_misuse() -> None:
    for index in (-1, 3):
        with pytest.raises(RuntimeError):
            tree.inclusion_proof(MANY[:3], index)
    for size in (-1, 4):
        with pytest.raises(RuntimeError):
            tree.consistency_proof(MANY[:3], size)
