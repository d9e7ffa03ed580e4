"""A series of acts that persons sign as a whole: each PIN opens its key once, for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from cryoledger.custody.record import By
from cryoledger.custody.vault import Vault

__all__ = ["one_pin", "signers_in_turn"]


@contextmanager
def one_pin(vault: Vault, by: Sequence[By]) -> Iterator[None]:
    """Within it a key that was opened with its PIN stays open; behind it those who are not signed in are locked."""
    before = vault.batch
    vault.batch = before | {each.name for each in by}
    try:
        yield
    finally:
        vault.batch = before
        for each in by:
            if each.name not in (vault.signed_in, vault.station, *before):
                vault.keyring.lock(each.name)


def signers_in_turn(by: Sequence[By]) -> Iterator[Sequence[By]]:
    """The signers for each act of a series: with their PINs for the first, without for those that follow."""
    yield by
    later = [replace(each, pin=None) for each in by]
    while True:
        yield later
