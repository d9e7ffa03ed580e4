"""The tree kept in tiles (C2SP tlog-tiles): 256 hashes of one level side by side, so that a proof reads a few of them.

Hash `i` of level `l` is the root of the complete subtree over the leaves `i * 256^l` to `(i + 1) * 256^l - 1`; a full
tile holds 256 of them, and its root is one hash of the level above.

    for tile in growth.append(leaf): keep(tile)         # the tiles that this leaf completes: mostly none
    Tree(kept, size).inclusion_proof(17)

Proofs are those of `tree`, for every size that the ledger ever had.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cryoledger.errors import LedgerFormatError
from cryoledger.ledger.tree import EMPTY_ROOT, node_hash

__all__ = ["HASH_BYTES", "TILE_BYTES", "WIDTH", "Growth", "Tile", "Tiles", "Tree", "tile_path"]

WIDTH = 256
HEIGHT = 8  # WIDTH = 2^HEIGHT
HASH_BYTES = 32
TILE_BYTES = WIDTH * HASH_BYTES


@dataclass(frozen=True, slots=True)
class Tile:
    """A full tile: its level (0 over the leaves), its number in that level, and its 256 hashes in one text."""

    level: int
    number: int
    hashes: bytes

    def __post_init__(self) -> None:
        if len(self.hashes) != TILE_BYTES:
            raise LedgerFormatError(f"A full tile has {TILE_BYTES} bytes, not {len(self.hashes)}.")

    @property
    def root(self) -> bytes:
        """The hash that stands for this tile in the level above."""
        return _perfect(split(self.hashes))


class Tiles(Protocol):
    """What a proof is made from: the hashes of a tile, full or not."""

    def hashes(self, level: int, number: int, count: int) -> Sequence[bytes]:
        """The first `count` (at most 256) hashes of a tile; CryoledgerError where they are not there."""
        ...


class Growth:
    """A tree growing leaf by leaf, which hands out every tile that becomes full. Holds at most 255 hashes a level."""

    def __init__(self) -> None:
        self.size = 0
        self._open: list[list[bytes]] = [[]]

    def append(self, leaf: bytes) -> tuple[Tile, ...]:
        """Take the next leaf hash; the tiles that it completes, lowest first."""
        self.size += 1
        self._open[0].append(leaf)
        if len(self._open[0]) < WIDTH:
            return ()
        done: list[Tile] = []
        level = 0
        while len(self._open[level]) == WIDTH:
            tile = Tile(level, (self.size >> HEIGHT * (level + 1)) - 1, b"".join(self._open[level]))
            done.append(tile)
            self._open[level] = []
            level += 1
            if level == len(self._open):
                self._open.append([])
            self._open[level].append(tile.root)
        return tuple(done)

    def partial(self) -> tuple[tuple[int, int, bytes], ...]:
        """The tiles that are not full yet: level, number, and the hashes that they have, at least one."""
        return tuple(
            (level, self.size >> HEIGHT * (level + 1), b"".join(hashes))
            for level, hashes in enumerate(self._open)
            if hashes
        )

    @property
    def root(self) -> bytes:
        """The Merkle tree hash over the leaves taken so far."""
        # Largest subtrees last in this list: the right edge is folded from the leaves up.
        result: bytes | None = None
        for hashes in self._open:
            for left in reversed(_maximal(hashes)):
                result = left if result is None else node_hash(left, result)
        return EMPTY_ROOT if result is None else result


class Tree:
    """The tree of the first `size` leaves, read from tiles; every tile is asked for once."""

    def __init__(self, tiles: Tiles, size: int) -> None:
        self.size = size
        self._tiles = tiles
        self._read: dict[tuple[int, int], Sequence[bytes]] = {}

    @property
    def root(self) -> bytes:
        """The Merkle tree hash."""
        return self._range(0, self.size)

    def root_at(self, size: int) -> bytes:
        """The Merkle tree hash that the first `size` leaves have."""
        if not 0 <= size <= self.size:
            raise RuntimeError(f"a tree of {self.size} has no earlier size {size}")
        return self._range(0, size)

    def inclusion_proof(self, index: int) -> list[bytes]:
        """The audit path of a leaf (RFC 6962, 2.1.1), as `tree.inclusion_proof`."""
        if not 0 <= index < self.size:
            raise RuntimeError(f"leaf {index} is not in a tree of {self.size}")
        path: list[bytes] = []
        low, high = 0, self.size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low = middle
        return path[::-1]

    def consistency_proof(self, old_size: int) -> list[bytes]:
        """That the first `old_size` leaves are still the same (RFC 6962, 2.1.2), as `tree.consistency_proof`."""
        if not 0 <= old_size <= self.size:
            raise RuntimeError(f"a tree of {self.size} has no earlier size {old_size}")
        path: list[bytes] = []
        if old_size == 0:
            return path
        low, high, whole = 0, self.size, True
        while old_size != high:
            middle = low + _split(high - low)
            if old_size <= middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low, whole = middle, False
        if not whole:
            path.append(self._range(low, high))
        return path[::-1]

    def _range(self, low: int, high: int) -> bytes:
        """MTH of leaves low to high; `low` is a multiple of a power of two that is at least high - low."""
        result: bytes | None = None
        at, rest = high, high - low
        for height in range(rest.bit_length()):  # from the right edge: the smallest complete subtree first
            if rest >> height & 1:
                at -= 1 << height
                left = self._node(height, at >> height)
                result = left if result is None else node_hash(left, result)
        return EMPTY_ROOT if result is None else result

    def _node(self, height: int, index: int) -> bytes:
        """The root of the complete subtree over 2^height leaves."""
        level, above = divmod(height, HEIGHT)
        first = index << above
        number, offset = divmod(first, WIDTH)
        return _perfect(self._tile(level, number)[offset : offset + (1 << above)])

    def _tile(self, level: int, number: int) -> Sequence[bytes]:
        found = self._read.get((level, number))
        if found is None:
            count = min((self.size >> HEIGHT * level) - number * WIDTH, WIDTH)
            found = self._tiles.hashes(level, number, count)
            if len(found) != count:
                raise LedgerFormatError(
                    f"Tile {number} of level {level} of the tree holds {len(found)} hashes; {count} are needed."
                )
            self._read[level, number] = found
        return found


def split(hashes: bytes) -> list[bytes]:
    """The hashes of a tile, one by one."""
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]


def tile_path(level: int, number: int, count: int = WIDTH) -> str:
    """The path of a tile in the tlog-tiles layout, such as `tile/0/x001/234.p/17` for 17 hashes of tile 1234."""
    groups = [f"{number % 1000:03d}"]
    while number >= 1000:
        number //= 1000
        groups.insert(0, f"x{number % 1000:03d}")
    return "/".join(("tile", str(level), *groups)) + (f".p/{count}" if count < WIDTH else "")


def _perfect(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of hashes."""
    level = hashes
    while len(level) > 1:
        level = [node_hash(level[at], level[at + 1]) for at in range(0, len(level), 2)]
    return level[0]


def _maximal(hashes: Sequence[bytes]) -> list[bytes]:
    """The roots of the complete subtrees that a row of hashes makes up, largest first."""
    found, low = [], 0
    for height in range(len(hashes).bit_length() - 1, -1, -1):
        if len(hashes) >> height & 1:
            found.append(_perfect(hashes[low : low + (1 << height)]))
            low += 1 << height
    return found


def _split(size: int) -> int:
    """The largest power of two below `size` (RFC 6962, 2.1: k < n <= 2k)."""
    return 1 << (size - 1).bit_length() - 1
