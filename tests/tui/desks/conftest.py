"""A site whose story is in a real vault: lots of every kind, orders at every stage, a dose that waits and one given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cryoledger.database.store import Store
from tests.lab import Lab


@dataclass(frozen=True)
class Site:
    """The laboratory, its store, and the vials of its released lot."""

    lab: Lab
    store: Store
    vials: tuple[str, ...]


def told(store: Store) -> Site:
    lab = Lab(store)
    lab.furnish()
    lab.release_lot("LOT-1", filled=8)
    vials = lab.vials("LOT-1", 8)
    lab.release_lot("LOT-2", donor="DONOR-2", expiry_on="2027-02-01", expires_at="2027-02-01T17:00:00.000Z", filled=3)
    lab.vials("LOT-2", 3, "BOX-2")
    lab.register_lot("LOT-3", filled=2)
    lab.vials("LOT-3", 2, "BOX-2")
    lab.test_lot("LOT-3", viability=61_500)
    lab.release_lot("OTHER-1", product="OTHER", filled=1)
    lab.place_order("ORDER-1", "PATIENT-1")
    lab.place_order("ORDER-2", "PATIENT-2", lines=2)
    lab.place_order("ORDER-3", "PATIENT-3")
    lab.give(lab.to_dose("DOSE-1", "ORDER-1", vials[:1]))
    lab.hand_over(lab.to_dose("DOSE-2", "ORDER-2", vials[1:2]))
    return Site(lab, store, vials)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Store.create(str(tmp_path / "vault.sqlite")) as store:
        yield told(store)
