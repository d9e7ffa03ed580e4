"""Many threads, processes and stations at one vault: no lost entry, no gap, no fork."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import pairwise
from multiprocessing import get_context
from typing import Any

import pytest

from cryoledger.database import rebuild
from cryoledger.database.store import Store, Stored
from cryoledger.domain.facts import Put
from cryoledger.domain.records import Mention, Vial
from cryoledger.errors import Refusal, VaultBusyError
from cryoledger.ledger.entry import ZERO_HASH

Following = Callable[..., Stored]
Rows = Callable[..., Any]
FORK = get_context("fork")


def check_chain(location: str, count: int) -> None:
    """Every entry follows the one before, and each has what it changed, once."""
    with Store.open(location) as store, store.reading() as now:
        entries = list(now.entries())
        assert [each.sequence for each in entries] == list(range(count))
        assert entries[0].previous == ZERO_HASH
        assert all(after.previous == before.leaf_hash for before, after in pairwise(entries))
        assert all(Stored.of(1, each.parse()) == each for each in entries)
        assert [row.entry for row in now.facts.where(Mention, kind="unit", code="F1")] == list(range(count))


def append(store: Store, entry_after: Following) -> None:
    with store.writing() as tx:
        head = tx.head()
        number = 0 if head is None else head.sequence + 1
        tx.append(entry_after(head), [Put(Mention(number, "unit", "F1"))])


def work(location: str, entry_after: Following, threads: int, count: int) -> None:
    with Store.open(location, busy_seconds=60) as store:

        def thread() -> None:
            for _ in range(count):
                append(store, entry_after)
                with store.reading() as now:
                    head = now.head()
                    assert head is not None
                    # What a snapshot shows is whole: the entry and its rows.
                    assert len(now.facts.where(Mention, kind="unit", code="F1")) == head.sequence + 1

        running = [threading.Thread(target=thread) for _ in range(threads)]
        for each in running:
            each.start()
        for each in running:
            each.join()


@pytest.mark.parametrize(("processes", "threads", "count"), [(1, 8, 10), (2, 1, 60), (4, 3, 10)])
def test_all_append_at_once_and_the_chain_is_whole(
    store_location: str, entry_after: Following, processes: int, threads: int, count: int
) -> None:
    stations = [FORK.Process(target=work, args=(store_location, entry_after, threads, count)) for _ in range(processes)]
    for each in stations:
        each.start()
    for each in stations:
        each.join()
        assert each.exitcode == 0
    check_chain(store_location, processes * threads * count)


def place(location: str, entry_after: Following, vial: Vial, answers: Any) -> None:
    with Store.open(location, busy_seconds=60) as store:
        try:
            with store.writing() as tx:
                tx.append(entry_after(tx.head()), [Put(vial)])
        except Refusal as refusal:
            answers.put(refusal.rule)
        else:
            answers.put("stored")


def test_i2_of_stations_that_fill_one_position_at_once_one_succeeds(
    store_location: str, entry_after: Following, vial: Rows
) -> None:
    answers = FORK.Queue()
    stations = [
        FORK.Process(target=place, args=(store_location, entry_after, vial(f"V{n}", "B1", 0), answers))
        for n in range(4)
    ]
    for each in stations:
        each.start()
    assert sorted(answers.get(timeout=30) for _ in stations) == ["I2", "I2", "I2", "stored"]
    for each in stations:
        each.join()
    with Store.open(store_location) as store, store.reading() as now:
        assert len(list(now.entries())) == 1
        assert len(now.facts.where(Vial, unit="B1")) == 1


def test_a_station_that_waits_too_long_for_another_is_told(store: Store) -> None:
    with (
        Store.open(store.location, busy_seconds=0.05) as other,
        store.writing(),
        pytest.raises(VaultBusyError, match="too long") as caught,
        other.writing(),
    ):
        pass
    assert "Repeat" in caught.value.advice
    with Store.open(store.location, busy_seconds=0.05) as other, other.writing():
        pass


def test_a_station_that_waits_gets_its_turn(store: Store, entry_after: Following) -> None:
    def later() -> None:
        with Store.open(store.location) as other:
            append(other, entry_after)

    with store.writing() as tx:
        thread = threading.Thread(target=later)
        thread.start()
        time.sleep(0.1)
        tx.append(entry_after(None), [Put(Mention(0, "unit", "F1"))])
    thread.join()
    with store.reading() as now:
        assert [each.sequence for each in now.entries()] == [0, 1]


def test_readers_neither_wait_nor_see_half_while_another_writes(store: Store, record: Rows, vial: Rows) -> None:
    record(vial("V1", "B1", 0))
    with Store.open(store.location) as other, store.writing() as tx:
        tx.driver.execute("UPDATE vial SET cells = 7")
        with other.reading() as now:
            assert [row.cells for row in now.facts.where(Vial)] == [1_000_000]
    with store.reading() as now:
        assert [row.cells for row in now.facts.where(Vial)] == [7]


def test_a_rebuild_waits_for_no_reader_and_is_seen_whole(store: Store, record: Rows, vial: Rows) -> None:
    record(vial("V1", "B1", 0), Mention(0, "vial", "V1"))
    with Store.open(store.location) as other, other.reading() as before:
        assert len(list(rebuild.dump(before))) == 2
        rebuild.rebuild(store, {Vial: [vial("V2", None, None)]})
        assert len(list(rebuild.dump(before))) == 2
        with other.reading() as after:
            assert [row.identity for row in rebuild.dump(after)] == [("V2",)]
