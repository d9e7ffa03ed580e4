"""What the next act will ask of a server is asked with the lock: the right rows, and never an old answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from cryoledger.database.foresight import Foresight, Question
from cryoledger.database.store import Store, Stored
from cryoledger.domain.facts import Put
from cryoledger.domain.records import Hold, Mention, ScanCode
from tests import postgresql

Following = Callable[..., Stored]


@pytest.fixture
def stations() -> Iterator[tuple[Store, Store]]:
    """One vault, open at two stations."""
    with postgresql.database(postgresql.template()) as url, Store.open(url) as first, Store.open(url) as second:
        yield first, second


def scan(store: Store, entry_after: Following, code: str, kind: str) -> ScanCode | None:
    """An act that reads a row, then puts it; what it read."""
    with store.writing("Scanned", (code,)) as tx:
        read = tx.facts.get(ScanCode, code)
        tx.append(entry_after(tx.head()), [Put(ScanCode(code, kind, code, 0))])
    return read


def test_names_of_the_next_event_stand_where_those_of_the_last_stood() -> None:
    foresight = Foresight()
    asked = [
        Question(ScanCode, ("text",), ("V1",), by_key=True),
        Question(Hold, ("scope", "code"), ("vial", "V1"), by_key=False),
        Question(ScanCode, ("text",), ("B9",), by_key=True),
    ]
    foresight.learn("VialsStored", ("V1", "B1"), asked)
    found = foresight.questions("VialsStored", ("V2", "B1"))
    assert [each.values for each in found] == [("V2",), ("vial", "V2"), ("B9",)]
    assert foresight.questions("VialsStored", ()) == [asked[2]]
    assert foresight.questions("VialsStored", ("V\0", "B1")) == [asked[2]]
    assert foresight.questions("LotReleased", ("V2",)) == []


def test_an_act_that_asked_very_much_foretells_nothing() -> None:
    foresight = Foresight()
    many = [Question(ScanCode, ("text",), (f"V{number}",), by_key=True) for number in range(65)]
    foresight.learn("VialsStored", (), many[:1])
    foresight.learn("VialsStored", (), many)
    assert foresight.questions("VialsStored", ()) == []


def test_what_another_station_wrote_meanwhile_is_seen(stations: tuple[Store, Store], entry_after: Following) -> None:
    here, there = stations
    assert scan(here, entry_after, "V1", "vial") is None
    assert scan(there, entry_after, "V1", "unit") == ScanCode("V1", "vial", "V1", 0)
    assert scan(here, entry_after, "V1", "lot") == ScanCode("V1", "unit", "V1", 0)
    assert scan(there, entry_after, "V1", "order") == ScanCode("V1", "lot", "V1", 0)


def test_a_row_put_in_this_transaction_is_not_answered_from_before(
    stations: tuple[Store, Store], entry_after: Following
) -> None:
    here, _ = stations
    for code in ("V1", "V2"):
        scan(here, entry_after, code, "vial")
    with here.writing("Scanned", ("V1",)) as tx:
        tx.append(entry_after(tx.head()), [Put(ScanCode("V1", "unit", "V1", 0))])  # before anybody asked for it
        assert tx.facts.get(ScanCode, "V1") == ScanCode("V1", "unit", "V1", 0)
        tx.append(entry_after(tx.head()), [Put(ScanCode("V1", "lot", "V1", 0))])
        assert tx.facts.get(ScanCode, "V1") == ScanCode("V1", "lot", "V1", 0)


def test_questions_that_are_asked_no_more_are_dropped(stations: tuple[Store, Store], entry_after: Following) -> None:
    here, _ = stations
    with here.writing("Scanned") as tx:
        tx.facts.get(ScanCode, "B1")
        tx.append(entry_after(tx.head()), [Put(Mention(0, "vial", "V1"))])
    assert here._foresight.questions("Scanned", ())
    with here.writing("Scanned") as tx:
        tx.append(entry_after(tx.head()), [Put(Mention(1, "vial", "V1"))])
    assert not here._foresight.questions("Scanned", ())
