"""A site whose story is in a real vault: two donors, a bank and a lot from it, a dose given, one that waits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cryoledger.database.store import Reading, Store
from cryoledger.domain.events import lots, treatment
from tests.lab import Lab


@dataclass(frozen=True)
class Site:
    """The laboratory, the vials of its lot, and the one that was given."""

    lab: Lab
    store: Store
    vials: tuple[str, ...]


def told(store: Store) -> Site:
    lab = Lab(store)
    lab.furnish()
    lab.register_lot("BANK", bank="master", donor="DONOR-1")
    lab.register_lot("LOT-1", donation="DIN-BANK", parent="BANK")
    vials = lab.vials("LOT-1", 4)
    lab.test_lot("LOT-1")
    lab.record(lots.LotReleased(lot="LOT-1"))
    lab.register_lot("OTHER", donor="DONOR-2")
    lab.place_order("ORDER-1", "PATIENT-1")
    lab.give(lab.to_dose("DOSE-1", "ORDER-1", vials[:1]))
    lab.record(treatment.FollowUpRecorded(dose="DOSE-1", month=1, outcome="improved"))
    lab.place_order("ORDER-2", "PATIENT-2")
    lab.reserve("ORDER-2", vials[1])
    return Site(lab, store, vials)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Store.create(str(tmp_path / "vault.sqlite")) as store:
        yield told(store)


@pytest.fixture
def reading(site: Site) -> Iterator[Reading]:
    """One state of that vault, after the story; a test that records more opens its own."""
    with site.store.reading() as now:
        yield now
