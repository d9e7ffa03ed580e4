"""The tree over the entries of each epoch: full tiles in their table, what is not full yet read off the entries.

255 of 256 appends touch nothing here; the one that fills a tile of leaves writes it, and rarely a tile above it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cryoledger.database.driver import Driver
from cryoledger.ledger.tiles import WIDTH, Growth, Tile, Tree, split

__all__ = ["StoredTile", "complete", "grow", "stored", "tree"]

_INSERT = 'INSERT INTO "tile" ("epoch", "level", "number", "root", "hashes") VALUES (?, ?, ?, ?, ?)'
_LEAVES = 'SELECT "leaf_hash" FROM "entry" WHERE "epoch" = ? AND "sequence" >= ? ORDER BY "sequence" LIMIT ?'
_ROOTS = 'SELECT "root" FROM "tile" WHERE "epoch" = ? AND "level" = ? AND "number" >= ? ORDER BY "number" LIMIT ?'
_HASHES = 'SELECT "hashes" FROM "tile" WHERE "epoch" = ? AND "level" = ? AND "number" = ?'
_ALL = 'SELECT "epoch", "level", "number", "root", "hashes" FROM "tile" ORDER BY "epoch", "level", "number"'


@dataclass(frozen=True, slots=True)
class StoredTile:
    """A full tile as it lies in the vault; any of these may hold anything, if somebody tampered."""

    epoch: int
    level: int
    number: int
    root: bytes
    hashes: bytes


class _Tiles:
    """As `ledger.tiles.Tiles`, of one epoch."""

    def __init__(self, driver: Driver, epoch: int) -> None:
        self._driver = driver
        self._epoch = epoch

    def hashes(self, level: int, number: int, count: int) -> Sequence[bytes]:
        row = self._driver.one(_HASHES, (self._epoch, level, number)) if count == WIDTH else None
        if row is not None:
            return split(row[0])
        return _loose(self._driver, self._epoch, level, number, count)


def _loose(driver: Driver, epoch: int, level: int, number: int, count: int) -> list[bytes]:
    """The hashes of a tile that is not kept: leaf hashes of entries, or the roots of tiles below."""
    if level == 0:
        rows = driver.all(_LEAVES, (epoch, number * WIDTH, count))
    else:
        rows = driver.all(_ROOTS, (epoch, level - 1, number * WIDTH, count))
    return [bytes(row[0]) for row in rows]


def tree(driver: Driver, epoch: int, size: int) -> Tree:
    """The tree over the first `size` entries of an epoch."""
    return Tree(_Tiles(driver, epoch), size)


def grow(driver: Driver, epoch: int, sequence: int) -> None:
    """Keep the tiles that an entry just appended has filled."""
    number, level = sequence + 1, 0
    while number % WIDTH == 0:
        number //= WIDTH
        tile = Tile(level, number - 1, b"".join(_loose(driver, epoch, level, number - 1, WIDTH)))
        driver.execute(_INSERT, (epoch, level, tile.number, tile.root, tile.hashes))
        level += 1


def complete(driver: Driver) -> None:
    """Make every tile anew from the entries, as after rows came in by another way than appending."""
    driver.execute('DELETE FROM "tile"')
    epoch, growth = 0, Growth()
    for found, leaf in driver.each('SELECT "epoch", "leaf_hash" FROM "entry" ORDER BY "epoch", "sequence"'):
        if found != epoch:
            epoch, growth = found, Growth()
        for tile in growth.append(bytes(leaf)):
            driver.execute(_INSERT, (epoch, tile.level, tile.number, tile.root, tile.hashes))


def stored(driver: Driver) -> Iterator[StoredTile]:
    """Every kept tile, ordered by epoch, level and number."""
    for row in driver.each(_ALL):
        yield StoredTile(*row)
