"""Whoever holds the database, without a key: every change of the entries is found, and the first bad one named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import pytest

from cryoledger.audit import Finding, Head, verify
from cryoledger.ledger.entry import ZERO_HASH
from cryoledger.ledger.lines import encode_base64
from cryoledger.ledger.tree import leaf_hash
from tests.audit.sources import Listed, Row
from tests.audit.stories import event
from tests.audit.tampering import entry_of
from tests.lab import ORIGIN, STATION, Lab


def first_bad(source: Listed, remembered: Head | None = None) -> Finding:
    """The first broken finding, which there must be."""
    report = verify(source, remembered=remembered)
    assert not report.ok
    assert report.first_bad is not None
    return report.first_bad


def assert_named(source: Listed, epoch: int, sequence: int, check: str | None = None) -> Finding:
    """Assert that this place is the first bad one."""
    finding = first_bad(source)
    assert (finding.epoch, finding.sequence) == (epoch, sequence), finding
    assert check is None or finding.check == check, finding
    return finding


def refit(row: Row) -> None:
    """Make the leaf hash fit the note again, as an attacker would."""
    row.leaf_hash = leaf_hash(row.note)


def tiny() -> Listed:
    lab = Lab(enrolled=False)
    lab.record(event("StationLocked", reason="idle"))
    lab.record(event("StationLocked", reason="restart"))
    return Listed.of(lab)


@pytest.mark.parametrize("fitting", [False, True])
def test_every_byte_of_an_entry_counts(fitting: bool) -> None:
    source = tiny()
    row = source.stored[1]
    note = row.note
    for at in range(len(note)):
        row.note = note[:at] + bytes((note[at] ^ 1,)) + note[at + 1 :]
        if fitting:
            refit(row)
        assert_named(source, 1, 1)


def test_every_byte_that_is_missing_counts() -> None:
    source = tiny()
    row = source.stored[1]
    note = row.note
    for at in range(0, len(note), 7):
        row.note = note[:at] + note[at + 1 :]
        refit(row)
        assert_named(source, 1, 1)


@pytest.mark.parametrize("index", [0, 1, 17, -1])
@pytest.mark.parametrize("column", [each.name for each in fields(Row)])
def test_every_column_of_an_entry_counts(short: Listed, column: str, index: int) -> None:
    row = short.stored[index]
    place = (row.epoch, row.sequence)
    value = getattr(row, column)
    if isinstance(value, int):
        setattr(row, column, value + 1_000_003)
    elif isinstance(value, str):
        setattr(row, column, ("1" if value[0] == "0" else "0") + value[1:])
    else:
        setattr(row, column, bytes((value[0] ^ 128,)) + value[1:])
    short.stored.sort(key=lambda each: (each.epoch, each.sequence))
    assert_named(short, *place)


def test_value_of_another_type_in_a_column_is_found(short: Listed) -> None:
    for column, value in (("id", None), ("previous", "text"), ("leaf_hash", None), ("note", "text"), ("note", None)):
        bent = short.copy()
        setattr(bent.stored[4], column, value)
        assert_named(bent, 1, 4)


@pytest.mark.parametrize("index", [0, 1, 12])
def test_deleted_entry_is_named(short: Listed, index: int) -> None:
    del short.stored[index]
    assert_named(short, 1, index, "sequence")


def test_deleted_entry_closed_by_renumbering_is_named(short: Listed) -> None:
    del short.stored[9]
    for row in short.stored[9:]:
        row.sequence -= 1
    assert_named(short, 1, 9, "sequence")


def test_swapped_entries_are_named(short: Listed) -> None:
    one, other = short.stored[6], short.stored[13]
    one.sequence, other.sequence = other.sequence, one.sequence
    short.stored[6], short.stored[13] = other, one
    assert_named(short, 1, 6, "sequence")


def test_duplicated_entry_is_named(short: Listed) -> None:
    twin = short.copy().stored[8]
    short.stored.insert(9, twin)
    assert_named(short, 1, 8, "sequence")


def test_entry_copied_over_another_is_named(short: Listed) -> None:
    twin = short.copy().stored[8]
    twin.sequence = 9
    short.stored[9] = twin
    assert_named(short, 1, 9, "sequence")


def test_entry_copied_to_the_end_is_named(short: Listed) -> None:
    twin = short.copy().stored[8]
    twin.sequence = len(short.stored)
    short.stored.append(twin)
    assert_named(short, 1, twin.sequence)


def test_entry_of_another_origin_is_named(short: Listed) -> None:
    other = Lab()
    other.origin = "elsewhere.example/lab"
    entry = other.record(event("StationLocked", reason="idle"))
    assert entry.previous == short.stored[entry.sequence].previous
    short.stored[entry.sequence] = Listed.of(other).stored[entry.sequence]
    assert_named(short, 1, entry.sequence, "origin")


def test_later_epoch_without_a_restore_is_named(short: Listed) -> None:
    row = short.copy().stored[0]
    row.epoch = 2
    short.stored.append(row)
    assert_named(short, 2, 0)


def test_cut_tail_is_found_by_the_remembered_head_only(short: Listed) -> None:
    last = short.stored[-1]
    head = Head(ORIGIN, last.epoch, last.sequence, last.leaf_hash)
    lab = Lab()
    cut = Listed.of(lab)
    assert verify(cut).ok
    finding = first_bad(cut, head)
    assert (finding.check, finding.epoch, finding.sequence) == ("remembered head", 1, len(cut.stored))
    assert f"1/{last.sequence}" in (finding.expected or "")


def test_cut_tail_leaves_rows_that_no_entry_made(short: Listed) -> None:
    del short.stored[-1]
    finding = first_bad(short)
    assert finding.table is not None


def test_empty_ledger_is_broken() -> None:
    source = Listed.of(Lab(enrolled=False))
    source.stored.clear()
    assert_named(source, 1, 0, "sequence")


def _strip(lines: list[bytes]) -> list[bytes]:
    return lines[:-1]


def _swap(lines: list[bytes]) -> list[bytes]:
    return [*lines[:-2], lines[-1], lines[-2]]


def _twice(lines: list[bytes]) -> list[bytes]:
    return [*lines, lines[-1]]


def _names_swapped(lines: list[bytes]) -> list[bytes]:
    one, other = (line.split(b" ") for line in lines[-2:])
    one[2], other[2] = other[2], one[2]
    return [*lines[:-2], b" ".join(one), b" ".join(other)]


@pytest.mark.parametrize("bend", [_strip, _swap, _twice, _names_swapped])
def test_signature_lines_are_exactly_the_signers(short: Listed, bend: Callable[[list[bytes]], list[bytes]]) -> None:
    row = short.stored[3]
    assert len(entry_of(row).signatures) == 3
    text, lines = row.note.rsplit(b"\n\n", 1)
    row.note = text + b"\n\n" + b"\n".join(bend(lines[:-1].split(b"\n"))) + b"\n"
    refit(row)
    assert_named(short, 1, 3)


def test_signature_from_another_entry_is_named(short: Listed) -> None:
    own = [at for at, row in enumerate(short.stored) if [s.name for s in entry_of(row).signatures] == [STATION]]
    donor, row = short.stored[own[0]], short.stored[own[1]]
    line = donor.note.rsplit(b"\n\n", 1)[1]
    row.note = row.note.rsplit(b"\n\n", 1)[0] + b"\n\n" + line
    refit(row)
    finding = assert_named(short, 1, own[1], "signatures")
    assert STATION in finding.message


def test_finding_says_what_was_expected_and_found(short: Listed) -> None:
    row = short.stored[5]
    true = row.previous
    row.previous = ZERO_HASH
    finding = assert_named(short, 1, 5, "columns")
    assert (finding.table, finding.row) == ("entry", "5")
    assert (finding.expected, finding.found) == (encode_base64(true), encode_base64(ZERO_HASH))


def test_several_findings_are_reported(short: Listed) -> None:
    for index in (4, 9, 20):
        short.stored[index].leaf_hash = bytes(32)
    found = [finding.sequence for finding in verify(short).findings if finding.check == "columns"]
    assert found == [4, 9, 20]
