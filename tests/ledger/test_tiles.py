"""Trees kept in tiles give the roots and proofs that the plain tree gives, at every size."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryoledger.errors import LedgerFormatError
from cryoledger.ledger import tree
from cryoledger.ledger.tiles import Growth, Tile, Tree, split, tile_path

LEAVES = [hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(1_400)]


class Kept:
    """Full tiles as they were handed out, and what is left over of each level."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.growth = Growth()
        self.tiles: dict[tuple[int, int], Tile] = {}
        self.leaves = leaves
        for leaf in leaves:
            for tile in self.growth.append(leaf):
                self.tiles[tile.level, tile.number] = tile

    def hashes(self, level: int, number: int, count: int) -> Sequence[bytes]:
        full = self.tiles.get((level, number))
        if full is not None:
            return split(full.hashes)[:count]
        if level == 0:
            return self.leaves[number * 256 : number * 256 + count]
        below = [self.tiles.get((level - 1, number * 256 + at)) for at in range(count)]
        return [tile.root for tile in below if tile is not None]


KEPT = Kept(LEAVES)


def test_the_root_while_growing_is_that_of_the_plain_tree() -> None:
    growth = Growth()
    assert growth.root == tree.EMPTY_ROOT
    for size, leaf in enumerate(LEAVES[:600], 1):
        growth.append(leaf)
        assert growth.root == tree.root(LEAVES[:size]), size


@settings(max_examples=60, deadline=None)
@given(st.integers(1, len(LEAVES)), st.data())
def test_proofs_of_any_pair_of_sizes_are_those_of_the_plain_tree(size: int, data: st.DataObject) -> None:
    kept = Tree(KEPT, size)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    assert kept.root == tree.root(LEAVES[:size])
    assert kept.root_at(old) == tree.root(LEAVES[:old])
    assert kept.inclusion_proof(index) == tree.inclusion_proof(LEAVES[:size], index)
    assert kept.consistency_proof(old) == tree.consistency_proof(LEAVES[:size], old)
    tree.verify_inclusion(LEAVES[index], index, size, kept.inclusion_proof(index), kept.root)
    tree.verify_consistency(old, kept.root_at(old), size, kept.root, kept.consistency_proof(old))


def test_sizes_around_full_tiles() -> None:
    for size in (1, 255, 256, 257, 511, 512, 513, 1_024, 1_280):
        kept = Tree(KEPT, size)
        assert kept.root == tree.root(LEAVES[:size])
        for old in (1, 255, 256, 257, size):
            if old <= size:
                assert kept.consistency_proof(old) == tree.consistency_proof(LEAVES[:size], old)


def test_what_is_asked_beyond_the_tree_is_a_misuse() -> None:
    for ask in (Tree(KEPT, 10).inclusion_proof, Tree(KEPT, 10).consistency_proof, Tree(KEPT, 10).root_at):
        with pytest.raises(RuntimeError):
            ask(11)


def test_a_tile_that_lacks_hashes_is_named() -> None:
    with pytest.raises(LedgerFormatError, match="Tile 5 of level 0"):
        _ = Tree(KEPT, len(LEAVES) + 1).root


def test_a_tile_of_another_size_is_none() -> None:
    with pytest.raises(LedgerFormatError, match="8192"):
        Tile(0, 0, bytes(8_191))


def test_paths_are_those_of_the_layout() -> None:
    assert tile_path(0, 0) == "tile/0/000"
    assert tile_path(1, 1_234_067) == "tile/1/x001/x234/067"
    assert tile_path(0, 273, 112) == "tile/0/273.p/112"


def test_a_tree_of_two_levels_of_tiles() -> None:
    """65,536 leaves fill a tile of level 1; hashing them all is the slow part."""
    leaves = [hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(66_000)]
    kept = Kept(leaves)
    assert (1, 0) in kept.tiles
    whole = Tree(kept, len(leaves))
    assert whole.root == kept.growth.root == tree.root(leaves)
    started = time.perf_counter()
    proof = Tree(kept, len(leaves)).inclusion_proof(40_000)
    assert time.perf_counter() - started < 0.5
    tree.verify_inclusion(leaves[40_000], 40_000, len(leaves), proof, whole.root)
