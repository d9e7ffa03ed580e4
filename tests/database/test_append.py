"""The one write path: in order, all or nothing, one writer at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cryoledger.database.store import Store, Stored, StoredDocument, Transaction, WrappedKey
from cryoledger.domain.facts import Put, Remove
from cryoledger.domain.records import Mention, PatientBand, StorageUnit, Vial
from cryoledger.errors import Refusal, VaultBusyError, VaultError
from cryoledger.ledger.lines import encode_base64

Following = Callable[..., Stored]
Rows = Callable[..., Any]


def test_entries_follow_each_other(store: Store, entry_after: Following) -> None:
    with store.writing() as tx:
        assert tx.head() is None
        first = entry_after(None)
        tx.append(first, [])
        head = tx.head()
        assert head is not None
        assert (head.epoch, head.sequence, head.leaf_hash) == (1, 0, first.leaf_hash)
        assert (head.recorded_at, head.origin) == ("2026-11-22T03:00:00.000Z", "example/test")
        second = entry_after(head)
        tx.append(second, [])
    with store.reading() as now:
        assert list(now.entries()) == [first, second]
        assert list(now.entries(1, 1)) == [second]
        assert now.find(second.id) == second
        assert now.find("0194f1c0-0000-7000-8000-000000000000") is None
        assert now.entry(0) == first
        assert now.entry(7) is None


def test_an_entry_out_of_order_is_a_programming_error(tx: Transaction, entry_after: Following) -> None:
    first = entry_after(None)
    tx.append(first, [])
    head = tx.head()
    assert head is not None
    for wrong in (
        first,
        entry_after(replace(head, sequence=1)),
        entry_after(replace(head, leaf_hash=b"x" * 32)),
        entry_after(replace(head, epoch=2)),
        entry_after(replace(head, epoch=2), opens_epoch=True),
    ):
        with pytest.raises(RuntimeError, match=r"follow|leaf hash"):
            tx.append(wrong, [])


def test_the_first_entry_is_number_0_of_epoch_1(tx: Transaction, entry_after: Following) -> None:
    with pytest.raises(RuntimeError, match="does not follow"):
        tx.append(replace(entry_after(None), epoch=2), [])


@pytest.mark.parametrize(
    "wrong", [{"id": "x"}, {"previous": b"x" * 32}, {"leaf_hash": b"x" * 32}, {"sequence": 1}], ids=str
)
def test_columns_that_differ_from_the_note_are_a_programming_error(
    tx: Transaction, entry_after: Following, wrong: dict[str, Any]
) -> None:
    with pytest.raises(RuntimeError, match="do not say what its note says"):
        tx.append(replace(entry_after(None), **wrong), [])


def test_a_new_epoch_starts_from_0(store: Store, entry_after: Following) -> None:
    with store.writing() as tx:
        for _ in range(3):
            tx.append(entry_after(tx.head()), [])
        tx.append(entry_after(tx.head(), opens_epoch=True), [])
        tx.append(entry_after(tx.head()), [])
    with store.reading() as now:
        assert [(each.epoch, each.sequence) for each in now.entries()] == [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1)]
        assert [each.epoch for each in now.entries(2**40)] == [2, 2]
        assert [each.epoch for each in now.entries(2, 2**40)] == [1, 2]
        head = now.head()
        assert head is not None
        assert head.number == 2**40 + 1


class Interrupted(BaseException):
    """What may come at any moment, such as Ctrl+C."""


@pytest.mark.parametrize("kind", [ValueError, Interrupted])
def test_an_exception_leaves_nothing(
    store: Store, entry_after: Following, vial: Rows, kind: type[BaseException]
) -> None:
    def interrupted() -> None:
        with store.writing() as tx:
            tx.append(entry_after(None), [Put(vial("V1", None, None)), Put(Mention(0, "vial", "V1"))])
            tx.put_wrapped_key(WrappedKey("maria.s", "a624840a", "{}"))
            raise kind

    with pytest.raises(kind):
        interrupted()
    with store.reading() as now:
        assert now.head() is None
        assert now.facts.where(Vial) == []
        assert now.facts.where(Mention) == []
        assert now.wrapped_keys() == []
    with store.writing() as tx:
        tx.append(entry_after(None), [])


def test_rows_are_put_replaced_and_removed(store: Store, record: Rows, entry_after: Following, vial: Rows) -> None:
    first = vial("V1", "B1", 0)
    record(first, PatientBand("P1", "hmac"))
    record(replace(first, cells=7), PatientBand("P1", "hmac"))
    with store.writing() as tx:
        assert tx.facts.get(Vial, "V1") == replace(first, cells=7)
        assert tx.facts.get(PatientBand, "P1", "hmac") is not None
        tx.append(entry_after(tx.head()), [Remove(Vial, ("V1",)), Put(vial("V2", "B1", 0))])
        assert tx.facts.get(Vial, "V1") is None
        assert [row.code for row in tx.facts.where(Vial, unit="B1")] == ["V2"]


def test_facts_are_asked_again_after_an_append(tx: Transaction, entry_after: Following, vial: Rows) -> None:
    assert tx.facts.get(Vial, "V1") is None
    assert tx.facts.where(Vial, unit="B1") == []
    assert tx.facts.recorded(0) is None
    stored = entry_after(None)
    tx.append(stored, [Put(vial("V1", "B1", 3))])
    assert tx.facts.get(Vial, "V1") == vial("V1", "B1", 3)
    assert tx.facts.where(Vial, unit="B1") == [vial("V1", "B1", 3)]
    recorded = tx.facts.recorded(0)
    assert recorded is not None
    assert recorded.leaf_hash == encode_base64(stored.leaf_hash)
    assert (recorded.type, recorded.station, recorded.signers[0].meaning) == (
        "AlarmRaised",
        "freezer-room-1",
        "observed",
    )
    assert recorded.occurred_at == recorded.recorded_at == "2026-11-22T03:00:00.000Z"
    assert tx.facts.recorded(-1) is None


def test_an_answer_of_facts_can_be_changed_by_who_asked(tx: Transaction, entry_after: Following, vial: Rows) -> None:
    tx.append(entry_after(None), [Put(vial("V1", "B1", 3))])
    tx.facts.where(Vial, unit="B1").clear()
    assert len(tx.facts.where(Vial, unit="B1")) == 1


def test_none_is_found_and_an_unknown_column_is_an_error(store: Store, record: Rows, unit: Rows) -> None:
    record(unit("F1"), unit("R1", "F1", "1"))
    with store.reading() as now:
        assert [row.code for row in now.facts.where(StorageUnit, parent=None)] == ["F1"]
        assert [row.code for row in now.facts.where(StorageUnit, parent="F1", custodian=None)] == ["R1"]
        with pytest.raises(RuntimeError, match="no column colour"):
            now.facts.where(StorageUnit, colour="F1")
        with pytest.raises(RuntimeError, match="not 2 values"):
            now.facts.get(StorageUnit, "F1", "F2")


def test_vials_swap_positions_in_one_event(store: Store, record: Rows, vial: Rows) -> None:
    record(vial("V1", "B1", 0), vial("V2", "B1", 1), vial("V3", "B1", 2))
    record(vial("V1", "B1", 1), vial("V2", "B1", 2), vial("V3", "B1", 0))
    with store.reading() as now:
        assert [row.position for row in now.facts.where(Vial, unit="B1")] == [1, 2, 0]


def test_units_swap_slots_in_one_event(store: Store, record: Rows, unit: Rows) -> None:
    record(unit("R1", "F1", "1"), unit("R2", "F1", "2"))
    record(unit("R1", "F1", "2"), unit("R2", "F1", "1"))
    with store.reading() as now:
        assert [row.slot for row in now.facts.where(StorageUnit, parent="F1")] == ["2", "1"]


@pytest.mark.parametrize("more", [0, 1])
def test_i2_a_second_vial_in_a_position_is_refused(store: Store, record: Rows, vial: Rows, more: int) -> None:
    record(vial("V1", "B1", 0))
    others = [vial("V2", "B1", 0), vial("V3", "B1", 1)][: 1 + more]
    with pytest.raises(Refusal, match="box B1") as caught:
        record(*others)
    assert caught.value.rule == "I2"
    assert caught.value.subject == ("" if more else "V2")
    with store.reading() as now:
        assert [row.code for row in now.facts.where(Vial)] == ["V1"]
        assert len(list(now.entries())) == 1


def test_another_unique_combination_is_a_programming_error(record: Rows, unit: Rows) -> None:
    record(unit("R1", "F1", "1"))
    with pytest.raises(RuntimeError, match="storage_unit repeats"):
        record(unit("R2", "F1", "1"))


def test_an_event_puts_a_row_once_and_leaves_journals(store: Store, entry_after: Following, vial: Rows) -> None:
    with pytest.raises(RuntimeError, match="twice"), store.writing() as tx:
        tx.append(entry_after(None), [Put(vial("V1", "B1", 0)), Put(vial("V1", "B1", 1))])


def test_a_journal_row_is_neither_replaced_nor_removed(store: Store, record: Rows, entry_after: Following) -> None:
    record(Mention(0, "vial", "V1"))
    with pytest.raises(RuntimeError, match=r"append-only|mention repeats"):
        record(Mention(0, "vial", "V1"))
    with pytest.raises(RuntimeError, match="journal"), store.writing() as tx:
        tx.append(entry_after(tx.head()), [Remove(Mention, (0, "vial", "V1"))])


def test_a_finished_transaction_writes_nothing_more(store: Store, entry_after: Following) -> None:
    with store.writing() as tx:
        pass
    with pytest.raises(RuntimeError, match="over"):
        tx.append(entry_after(None), [])
    with pytest.raises(RuntimeError, match="over"):
        tx.put_wrapped_key(WrappedKey("maria.s", "a624840a", "{}"))


def test_a_reading_sees_one_state(store: Store, record: Rows, vial: Rows) -> None:
    record(vial("V1", "B1", 0))
    with store.reading() as before:
        record(vial("V2", "B1", 1))
        assert [row.code for row in before.facts.where(Vial)] == ["V1"]
        head = before.head()
        assert head is not None
        assert head.sequence == 0
    with store.reading() as after:
        assert len(after.facts.where(Vial)) == 2


def test_a_reading_cannot_write(store: Store) -> None:
    with store.reading() as now, pytest.raises(VaultError, match="may not be written"):
        now.driver.execute("DELETE FROM vial")


def test_writing_inside_writing_is_a_programming_error(store: Store) -> None:
    with store.writing(), pytest.raises(RuntimeError, match="writing already"), store.writing():
        pass


def test_a_closed_store_is_a_programming_error(store: Store) -> None:
    store.close()
    with pytest.raises(RuntimeError, match="closed"), store.writing():
        pass
    with pytest.raises(RuntimeError, match="closed"), store.reading():
        pass


def test_threads_append_one_after_the_other(store: Store, entry_after: Following) -> None:
    def work() -> None:
        for _ in range(25):
            with store.writing() as tx:
                tx.append(entry_after(tx.head()), [])
            with store.reading() as now:
                assert now.head() is not None

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading() as now:
        assert [each.sequence for each in now.entries()] == list(range(100))


def test_a_thread_that_waits_too_long_is_told(store_location: str) -> None:
    told: list[Exception] = []

    def wait() -> None:
        try:
            with store.writing():
                pass
        except VaultBusyError as error:
            told.append(error)

    with Store.open(store_location, busy_seconds=0.05) as store:
        with store.writing():
            thread = threading.Thread(target=wait)
            thread.start()
            thread.join()
        assert len(told) == 1


def test_wrapped_keys_are_replaced_by_name_and_id(store: Store) -> None:
    with store.writing() as tx:
        tx.put_wrapped_key(WrappedKey("maria.s", "a624840a", "{}"))
        tx.put_wrapped_key(WrappedKey("maria.s", "a624840a", '{"kdf":1}'))
        tx.put_wrapped_key(WrappedKey("somchai.k", "7ad7d1d3", "{}"))
        tx.remove_wrapped_key("somchai.k", "7ad7d1d3")
    with store.reading() as now:
        assert now.wrapped_key("maria.s", "a624840a") == WrappedKey("maria.s", "a624840a", '{"kdf":1}')
        assert now.wrapped_keys() == [WrappedKey("maria.s", "a624840a", '{"kdf":1}')]
        assert now.wrapped_key("somchai.k", "7ad7d1d3") is None


def test_an_erased_document_says_when(store: Store) -> None:
    kept = StoredDocument("hash1", "salt1", "patient", "P1", 5, b"\0secret")
    other = StoredDocument("hash2", "salt2", None, None, 5, b"other")
    with store.writing() as tx:
        tx.put_document(kept)
        tx.put_document(replace(kept, content=b"overwritten"))
        tx.put_document(other)
        assert tx.document("hash1") == kept
        assert tx.erase_documents("patient", "P1", "2026-11-22T03:00:00.000Z") == 1
        assert tx.erase_documents("patient", "P1", "2027-11-22T03:00:00.000Z") == 0
    with store.reading() as now:
        assert now.documents_of("patient", "P1") == [replace(kept, content=None, erased_at="2026-11-22T03:00:00.000Z")]
        assert now.document("hash2") == other


def test_rows_without_their_entry_are_not_kept(store: Store, vial: Rows) -> None:
    with pytest.raises(RuntimeError, match="did not follow"), store.writing() as tx:
        tx.change([Put(vial("V1", "B1", 0))])
    with store.reading() as now:
        assert now.facts.get(Vial, "V1") is None


def test_rows_may_go_before_their_entry(store: Store, vial: Rows, entry_after: Following) -> None:
    with store.writing() as tx:
        tx.change([Put(vial("V1", "B1", 0))])
        tx.append(entry_after(tx.head()))
    with store.reading() as now:
        assert now.facts.get(Vial, "V1") == vial("V1", "B1", 0)


def test_what_another_program_wrote_is_seen_by_the_next_transaction(
    store: Store, store_location: str, vial: Rows, entry_after: Following
) -> None:
    def move(where: Store, position: int) -> Vial | None:
        with where.writing() as tx:
            found = tx.facts.get(Vial, "V1"), tx.facts.where(Vial, unit="B1")
            tx.append(entry_after(tx.head()), [Put(vial("V1", "B1", position))])
        assert found[1] == ([] if found[0] is None else [found[0]])
        return found[0]

    with Store.open(store_location) as second:
        assert move(store, 0) is None
        assert move(store, 1) == vial("V1", "B1", 0)
        assert move(second, 2) == vial("V1", "B1", 1)
        assert move(store, 3) == vial("V1", "B1", 2)
        assert move(second, 3) == vial("V1", "B1", 3)


def test_what_a_transaction_that_failed_knew_is_forgotten(store: Store, vial: Rows, entry_after: Following) -> None:
    def fail(tx: Transaction) -> None:
        tx.append(entry_after(tx.head()), [Put(vial("V1", "B1", 0))])
        assert tx.facts.get(Vial, "V1") is not None
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), store.writing() as tx:
        fail(tx)
    with store.writing() as tx:
        assert tx.facts.get(Vial, "V1") is None
