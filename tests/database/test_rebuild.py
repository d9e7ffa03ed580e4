"""The inventory read as a whole, and made anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cryoledger.database import rebuild
from cryoledger.database.store import Store
from cryoledger.domain.records import DERIVED, LotDonation, Mention, Record, Vial, VialPlacement

Rows = Callable[..., Any]
BEGAN, ENDED = "2026-11-22T03:00:00.000Z", "2026-11-22T04:00:00.000Z"


@pytest.fixture
def filled(store: Store, record: Rows, vial: Rows, unit: Rows) -> Store:
    record(unit("F1"), unit("B1", "F1", "1", 9, 9), Mention(0, "unit", "F1"), Mention(0, "unit", "B1"))
    record(*(vial(f"V{n}", "B1", n) for n in range(12)), LotDonation("L1", "D1"), Mention(1, "vial", "V3"))
    record(VialPlacement(2, "V3", "B1", 40, BEGAN, ENDED))
    return store


def tables(store: Store) -> dict[type[Record], list[Record]]:
    found: dict[type[Record], list[Record]] = defaultdict(list)
    for row in rebuild.dump(store):
        found[type(row)].append(row)
    return dict(found)


def test_rows_come_ordered_by_key(filled: Store) -> None:
    codes = [row.code for row in rebuild.rows(filled, Vial)]
    assert codes == sorted(codes)
    assert len(codes) == 12


def test_a_dump_has_every_table_in_order(filled: Store) -> None:
    kinds = [type(row) for row in rebuild.dump(filled)]
    assert kinds == sorted(kinds, key=DERIVED.index)
    assert {kind.__name__ for kind in kinds} == {"StorageUnit", "Vial", "LotDonation", "VialPlacement", "Mention"}


def test_a_rebuild_from_a_dump_changes_nothing(filled: Store) -> None:
    before = tables(filled)
    assert rebuild.rebuild(filled, before) == sum(map(len, before.values()))
    assert tables(filled) == before


def test_a_rebuild_empties_what_is_not_named(filled: Store, vial: Rows) -> None:
    assert rebuild.rebuild(filled, {Vial: iter([vial("V9", "B1", 9)])}) == 1
    assert list(rebuild.dump(filled)) == [vial("V9", "B1", 9)]
    with filled.reading() as now:
        assert len(list(now.entries())) == 3


def test_after_a_rebuild_the_guards_are_back(filled: Store) -> None:
    rebuild.rebuild(filled, tables(filled))
    Store.open(filled.location).close()
    with pytest.raises(RuntimeError, match="append-only"), filled.writing() as tx:
        tx.driver.execute("DELETE FROM mention")


def test_a_rebuild_that_fails_leaves_rows_and_guards(filled: Store, vial: Rows) -> None:
    def breaking() -> Iterator[Record]:
        yield vial("V1", "B1", 0)
        raise ValueError("the replay stopped")

    before = tables(filled)
    with pytest.raises(ValueError, match="replay stopped"):
        rebuild.rebuild(filled, {Vial: breaking()})
    assert tables(filled) == before
    Store.open(filled.location).close()


def test_a_rebuild_inside_a_transaction_is_seen_by_its_facts(filled: Store, vial: Rows) -> None:
    with filled.writing() as tx:
        assert tx.facts.get(Vial, "V1") is not None
        rebuild.rebuild(tx, {Vial: [vial("V77", None, None)]})
        assert tx.facts.get(Vial, "V1") is None
        assert tx.facts.get(Vial, "V77") is not None


def test_the_same_row_twice_is_an_error(filled: Store, vial: Rows) -> None:
    with pytest.raises(RuntimeError, match="repeats"):
        rebuild.rebuild(filled, {Vial: [vial("V1", None, None), vial("V1", None, None)]})


def test_only_derived_tables_are_rebuilt(filled: Store) -> None:
    with pytest.raises(RuntimeError, match="not derived"):
        rebuild.rebuild(filled, {Record: []})
