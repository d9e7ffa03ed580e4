"""Entries and hashes in the layout of C2SP tlog-tiles, and the tree that they make.

A tile of hashes holds 256 subtrees of 256^level entries; a bundle of entries 256 notes, each after its length in two
bytes. The last of a row is partial: `003.p/17`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cryoledger.ledger.tree import node_hash

__all__ = ["WIDTH", "Tree", "entry_bundle", "tile_path"]

WIDTH = 256


def tile_path(level: int | str, index: int, width: int) -> str:
    """The path of a tile or entry bundle (`level` "entries") under its epoch's folder."""
    name = f"{index % 1000:03d}"
    while index := index // 1000:
        name = f"x{index % 1000:03d}/{name}"
    return f"tile/{level}/{name}" if width == WIDTH else f"tile/{level}/{name}.p/{width}"


def entry_bundle(notes: Iterable[bytes]) -> bytes:
    """Notes, each after its length."""
    return b"".join(len(note).to_bytes(2, "big") + note for note in notes)


class Tree:
    """The tree over the leaf hashes of one epoch, every complete subtree at hand: `levels[k]` has those of 2^k."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.size = len(leaves)
        self.levels: list[Sequence[bytes]] = [leaves]
        while len(self.levels[-1]) > 1:
            below = self.levels[-1]
            self.levels.append([node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])

    def tiles(self) -> Iterator[tuple[str, bytes]]:
        """Every tile of hashes: its path and its content."""
        for level, row in enumerate(self.levels[::8]):
            for first in range(0, len(row), WIDTH):
                hashes = row[first : first + WIDTH]
                yield tile_path(level, first // WIDTH, len(hashes)), b"".join(hashes)

    def inclusion(self, index: int) -> list[bytes]:
        """The path from a leaf's sibling up to the root (RFC 6962, 2.1.1)."""
        if not 0 <= index < self.size:
            raise RuntimeError(f"leaf {index} is not in a tree of {self.size}")
        path: list[bytes] = []
        low, high = 0, self.size
        while high - low > 1:
            middle = low + (1 << (high - low - 1).bit_length() - 1)
            if index < middle:
                path.append(self._root(middle, high))
                high = middle
            else:
                path.append(self._root(low, middle))
                low = middle
        return path[::-1]

    def _root(self, low: int, high: int) -> bytes:
        """The hash of the subtree over leaves `low` to `high`, which starts where RFC 6962 splits."""
        level = (high - low - 1).bit_length()
        if high - low == 1 << level:
            return self.levels[level][low >> level]
        middle = low + (1 << level - 1)
        return node_hash(self._root(low, middle), self._root(middle, high))
