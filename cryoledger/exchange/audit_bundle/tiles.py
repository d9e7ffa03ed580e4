"""Entries in the layout of C2SP tlog-tiles: 256 notes in a file, each after its length in two bytes."""

from __future__ import annotations

from collections.abc import Iterable

from cryoledger.ledger.tiles import tile_path

__all__ = ["entry_bundle", "entry_bundle_path"]


def entry_bundle(notes: Iterable[bytes]) -> bytes:
    """Notes, each after its length."""
    return b"".join(len(note).to_bytes(2, "big") + note for note in notes)


def entry_bundle_path(number: int, count: int) -> str:
    """The path of an entry bundle under its epoch's folder."""
    return tile_path(0, number, count).replace("tile/0/", "tile/entries/")
