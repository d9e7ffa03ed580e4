"""Whatever a source yields or raises, verify ends in a report that is not ok."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from cryoledger.audit import verify
from cryoledger.domain.records import DERIVED, Mention, Person, Record, Vial
from cryoledger.errors import VaultDamagedError
from tests.audit.sources import Listed, Row
from tests.audit.tampering import entry_of, resigned, rewrite_from

VALUES: tuple[Any, ...] = (
    None, -1, 0, 1, 2**63, 2**80, 1.5, float("nan"), "", "x", "\ud800", "0" * 36, b"", b"\0" * 32, b"\xff" * 9,
    True, [], {}, object(),
)  # fmt: skip


class Hostile(Listed):
    """Rows and entries of anything."""

    def rows(self, record: type[Record]) -> Iterator[Any]:
        chance = random.Random(len(record.table))
        yield from super().rows(record)
        yield chance.choice(VALUES)
        count = len(record.__annotations__)
        yield record(*(chance.choice(VALUES) for _ in range(count)))
        yield (record if record is not Vial else Person)(
            *[chance.choice(VALUES)] * (count if record is not Vial else 9)
        )


def test_rows_of_anything_end_in_findings(short: Listed) -> None:
    report = verify(Hostile(short.stored, short.tables))
    assert not report.ok
    assert {finding.table for finding in report.findings} >= {record.table for record in DERIVED}


@pytest.mark.parametrize("seed", range(20))
def test_entries_of_anything_end_in_findings(short: Listed, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(6):
        at = chance.randrange(len(short.stored) + 1)
        short.stored.insert(at, Row(*(chance.choice(VALUES) for _ in range(6))))
    report = verify(short)
    assert not report.ok
    assert report.to_dict()["ok"] is False


@pytest.mark.parametrize("seed", range(20))
def test_payloads_of_anything_that_everybody_signed_end_in_findings(short: Listed, seed: int) -> None:
    """The signatures are good, the chain is good: only what is said is mad."""
    chance = random.Random(seed)
    texts = ["", "x", "FRZ-1", "BOX-1", "maria.s", "9999-12-31T23:59:59.999Z", "0001-01-01", "a+b+c", "é\u0000"]
    numbers = [0, 1, -1, 2**53 - 1, -(2**53) + 1]
    for _ in range(8):
        at = chance.randrange(1, len(short.stored))
        data = dict(entry_of(short.stored[at]).envelope.data)
        field = chance.choice([*data, "late", "undoes", "proposal"])
        data[field] = chance.choice([*texts, *numbers, None, True, [], {}, [[]], {"number": 3, "leaf_hash": "x"}])
        rewrite_from(short, at, resigned(short.stored[at], data=data))
    assert verify(short).to_dict()["findings"]


class Failing(Listed):
    """A vault whose disk fails at some point."""

    at = 0
    error: Exception = VaultDamagedError("the file is torn", "restore")

    def entries(self) -> Iterator[Row]:
        for index, row in enumerate(self.stored):
            if index == self.at:
                raise self.error
            yield row


@pytest.mark.parametrize("at", [0, 1, 14])
@pytest.mark.parametrize("error", [VaultDamagedError("torn", "restore"), RuntimeError("?"), OSError(5, "I/O")])
def test_entries_that_cannot_be_read_on_are_named(short: Listed, at: int, error: Exception) -> None:
    source = Failing(short.stored, short.tables)
    source.at, source.error = at, error
    finding = verify(source).first_bad
    assert finding is not None
    assert (finding.epoch, finding.sequence) == (1, at)


def test_look_ups_that_fail_end_in_findings(whole: Listed) -> None:
    class Deaf(Listed):
        def entry(self, epoch: int, sequence: int) -> Row | None:
            raise OSError

        def where(self, record: type[Record], **equal: str | int | None) -> list[Record]:
            raise VaultDamagedError("torn")

        def count(self) -> int:
            raise OSError

    report = verify(Deaf(whole.stored, whole.tables))
    assert not report.ok
    assert {finding.check for finding in report.findings} >= {"rules", "derived tables"}


def test_look_ups_that_lie_cannot_make_a_broken_ledger_whole(whole: Listed) -> None:
    class Lying(Listed):
        def where(self, record: type[Record], **equal: str | int | None) -> list[Record]:
            return [Mention(1, "signer", "lena.k"), Mention(2**50, "signer", "x"), *super().where(record, **equal)]

    report = verify(Lying(whole.stored[:30], whole.tables))
    assert not report.ok
