"""The tree over the entries grows in the append's own transaction, and gives the roots and proofs of RFC 6962."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from cryoledger.database import trees
from cryoledger.database.store import Store
from cryoledger.ledger import tree
from cryoledger.resources import schema_folder
from tests.database.conftest import Following
from tests.older import back_to_0003

ENTRIES = 600


def _append(store: Store, entry_after: Following, count: int, *, opens_epoch: bool = False) -> list[bytes]:
    leaves = []
    with store.writing() as tx:
        for number in range(count):
            stored = entry_after(tx.head(), minutes=0, opens_epoch=opens_epoch and number == 0)
            tx.append(stored, [])
            leaves.append(stored.leaf_hash)
    return leaves


def test_an_append_keeps_full_tiles_only(store: Store, entry_after: Following) -> None:
    leaves = _append(store, entry_after, ENTRIES)
    with store.reading() as reading:
        kept = list(trees.stored(reading.driver))
        assert [(tile.epoch, tile.level, tile.number) for tile in kept] == [(1, 0, 0), (1, 0, 1)]
        assert kept[1].hashes == b"".join(leaves[256:512])
        assert kept[1].root == tree.root(leaves[256:512])
        whole = reading.tree(1, ENTRIES)
        assert whole.root == tree.root(leaves)
        assert whole.inclusion_proof(300) == tree.inclusion_proof(leaves, 300)
        assert whole.consistency_proof(257) == tree.consistency_proof(leaves, 257)


def test_each_epoch_has_a_tree_of_its_own(store: Store, entry_after: Following) -> None:
    _append(store, entry_after, 260)
    second = _append(store, entry_after, 300, opens_epoch=True)
    with store.reading() as reading:
        assert reading.tree(2, 300).root == tree.root(second)
        assert [(tile.epoch, tile.number) for tile in trees.stored(reading.driver)] == [(1, 0), (2, 0)]


def test_a_transaction_that_fails_leaves_no_tile(store: Store, entry_after: Following) -> None:
    _append(store, entry_after, 255)
    with suppress(ZeroDivisionError), store.writing() as tx:
        tx.append(entry_after(tx.head(), minutes=0), [])
        assert list(trees.stored(tx.driver))
        raise ZeroDivisionError
    with store.reading() as reading:
        assert list(trees.stored(reading.driver)) == []


def test_tiles_made_anew_are_those_that_grew(store: Store, entry_after: Following) -> None:
    _append(store, entry_after, ENTRIES)
    with store.writing() as tx:
        grown = list(trees.stored(tx.driver))
        trees.complete(tx.driver)
        assert list(trees.stored(tx.driver)) == grown


def test_the_migration_makes_the_tiles_of_entries_that_are_there(path: Path, entry_after: Following) -> None:
    with Store.create(str(path)) as store:
        leaves = _append(store, entry_after, ENTRIES)
        with store.reading() as reading:
            grown = list(trees.stored(reading.driver))
    with closing(sqlite3.connect(path)) as connection, connection:
        back_to_0003(connection)
    config = Config()
    config.set_main_option("script_location", str(schema_folder() / "migrations"))
    with create_engine(f"sqlite:///{path}").begin() as bind:
        config.attributes["connection"] = bind
        command.upgrade(config, "head")
    with Store.open(str(path)) as store, store.reading() as reading:
        assert list(trees.stored(reading.driver)) == grown
        assert reading.tree(1, ENTRIES).root == tree.root(leaves)
