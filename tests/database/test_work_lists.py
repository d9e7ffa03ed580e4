"""The lists that people work from, on SQLite and on PostgreSQL: the same rows in the same order from the same story."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cryoledger.database import work_lists
from cryoledger.database.store import Reading, Store
from cryoledger.domain import catalogue
from tests.lab import Lab

FAR = "2099-01-01T00:00:00.000Z"


class Scene:
    def __init__(self, store: Store) -> None:
        self.store, self.lab = store, Lab(store)
        lab = self.lab
        lab.furnish()
        lab.release_lot("LOT-1", filled=6)
        self.vials = lab.vials("LOT-1", 6)
        lab.release_lot(
            "LOT-2", donor="DONOR-2", expiry_on="2027-02-01", expires_at="2027-02-01T17:00:00.000Z", filled=2
        )
        lab.vials("LOT-2", 2, "BOX-2")
        lab.register_lot("LOT-3", filled=2)
        lab.place_order("ORDER-2", "PATIENT-2", lines=2)
        lab.place_order("ORDER-1", "PATIENT-1")
        lab.give(lab.to_dose("DOSE-1", "ORDER-1", self.vials[:1]))
        lab.hand_over(lab.to_dose("DOSE-2", "ORDER-2", self.vials[1:2]))
        lab.take_out(self.vials[3])
        self.hold = lab.hold("lot", "LOT-2")
        lab.deviation("test-limit", "lot", "LOT-3")
        lab.record(
            catalogue.parse("FollowUpRecorded", {"dose": "DOSE-1", "month": 1, "outcome": "improved"}), "carlos.m"
        )

    def ask(self, read: Callable[[Reading], object]) -> object:
        with self.store.reading() as now:
            return read(now)


@pytest.fixture
def scene(store: Store) -> Scene:
    return Scene(store)


def test_every_list_says_the_same_on_both_databases(scene: Scene) -> None:
    """One story on each database: it takes seconds to make, so all lists are read from it."""
    ask, vials = scene.ask, scene.vials
    pairs = ask(lambda now: [(o.code, line.line) for o, line in work_lists.order_lines(now, is_open=True)])
    assert pairs == [("ORDER-2", 1), ("ORDER-2", 2)]
    closed = ask(lambda now: [(o.code, o.status) for o, _ in work_lists.order_lines(now, is_open=False)])
    assert closed == [("ORDER-1", "completed")]
    product = ask(lambda now: work_lists.lots_to_judge(now)[0].product)
    by_expiry = ask(lambda now: [lot.code for lot in work_lists.lots_of_product(now, str(product), scene.lab.now)])
    assert by_expiry[0] == "LOT-2"  # type: ignore[index]
    assert ask(lambda now: [lot.code for lot in work_lists.expired_lots(now, str(product), FAR)][-1]) == "LOT-2"
    stock = ask(lambda now: [row.code for row in work_lists.vials_in_stock(now, "LOT-1")])
    assert stock == [vials[2], vials[4], vials[5], vials[3]]
    assert ask(lambda now: work_lists.count_in_stock(now, "LOT-1")) == 4
    assert ask(lambda now: work_lists.vials_leading_on(now, "LOT-1")) == sorted(vials[:2])
    counts = ask(lambda now: work_lists.counts_by_custody(now, "LOT-1"))
    assert counts == {"stored": 3, "out": 1, "prepared": 1, "administered": 1}
    assert ask(lambda now: [row.code for row in work_lists.vials_in_custody(now, "out", "issued")]) == [vials[3]]
    assert ask(lambda now: [dose.code for dose in work_lists.doses_waiting(now)]) == ["DOSE-2"]
    given = ask(lambda now: [dose.code for dose in work_lists.doses_given_since(now, "2000-01-01T00:00:00.000Z")])
    assert given == ["DOSE-1"]
    assert ask(lambda now: [row.month for row in work_lists.follow_ups_of(now, ["DOSE-1"])]) == [1]
    assert ask(lambda now: work_lists.follow_ups_of(now, [])) == []
    assert ask(work_lists.adverse_events) == []
    assert ask(lambda now: work_lists.lots_to_judge(now)[0].code) == "LOT-3"
    assert ask(lambda now: [(hold.number, count) for hold, count in work_lists.open_holds(now)]) == [(scene.hold, 1)]
    assert ask(lambda now: [row.code for row in work_lists.deviations(now)]) == ["LOT-3"]
    assert ask(lambda now: {row.code for row in work_lists.donors(now)}) == {"DONOR-1", "DONOR-2"}
    assert ask(lambda now: bool(work_lists.top_units(now)))


def test_pages_of_the_ledger_are_found_by_key_on_both_databases(scene: Scene) -> None:
    with scene.store.reading() as now:
        spans = work_lists.ledger_spans(now)
        total = sum(span.count for span in spans)
        assert total == len(scene.lab.entries)
        assert [stored.number for stored in work_lists.ledger_page(now, spans, total - 2, 5)] == [total - 2, total - 1]
        assert work_lists.ledger_page(now, spans, total, 5) == []
        assert [stored.number for stored in work_lists.recent_entries(now, 3)] == [total - 1, total - 2, total - 3]
        counts = work_lists.signature_counts(now)
        assert counts["maria.s"] > 1
