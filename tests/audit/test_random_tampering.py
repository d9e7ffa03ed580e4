"""Random tampering, by seed: each is found, and the first bad entry or row is the one that was touched.

CRYOLEDGER_TAMPER=2000 runs as many; by default a bounded share.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from cryoledger.audit import Head, verify
from cryoledger.domain.records import DERIVED
from cryoledger.ledger.tree import leaf_hash
from tests.audit.sources import Listed
from tests.audit.tampering import entry_of, resigned
from tests.lab import Lab, later

TOTAL = int(os.environ.get("CRYOLEDGER_TAMPER", "150"))
SHARES = 10

Named = tuple[str, set[Any]]  # ("entry", places) or (table, rows)


def flip_bit(source: Listed, chance: random.Random) -> Named:
    row = chance.choice(source.stored)
    at = chance.randrange(len(row.note))
    row.note = row.note[:at] + bytes((row.note[at] ^ 1 << chance.randrange(8),)) + row.note[at + 1 :]
    if chance.random() < 0.5:
        row.leaf_hash = leaf_hash(row.note)
    return "entry", {(row.epoch, row.sequence)}


def cut_note(source: Listed, chance: random.Random) -> Named:
    row = chance.choice(source.stored)
    at = chance.randrange(len(row.note))
    row.note = row.note[:at]
    row.leaf_hash = leaf_hash(row.note)
    return "entry", {(row.epoch, row.sequence)}


def bend_column(source: Listed, chance: random.Random) -> Named:
    row = chance.choice(source.stored)
    place = (row.epoch, row.sequence)
    column = chance.choice([each.name for each in fields(row)])
    value = getattr(row, column)
    if isinstance(value, int):
        setattr(row, column, value + chance.choice([1000, 5000, 2**41]))
    elif isinstance(value, str):
        setattr(row, column, value[:-1] + ("0" if value[-1] != "0" else "1"))
    else:
        setattr(row, column, chance.randbytes(len(value)))
    source.stored.sort(key=lambda each: (each.epoch, each.sequence))
    return "entry", {place}


def delete_entry(source: Listed, chance: random.Random) -> Named:
    row = source.stored.pop(chance.randrange(len(source.stored)))
    return "entry", {(row.epoch, row.sequence)}


def cut_tail(source: Listed, chance: random.Random) -> Named:
    first = chance.randrange(1, len(source.stored))
    row, before = source.stored[first], source.stored[first - 1]
    del source.stored[first:]
    # Of an epoch that is gone as a whole nothing says that it began: then the one before it seems to go on.
    return "entry", {(row.epoch, row.sequence), (before.epoch, before.sequence + 1)}


def swap_entries(source: Listed, chance: random.Random) -> Named:
    one, other = sorted(chance.sample(range(len(source.stored)), 2))
    first, second = source.stored[one], source.stored[other]
    place = (first.epoch, first.sequence)
    first.epoch, first.sequence, second.epoch, second.sequence = (
        second.epoch, second.sequence, first.epoch, first.sequence,
    )  # fmt: skip
    source.stored[one], source.stored[other] = second, first
    return "entry", {place}


def copy_over(source: Listed, chance: random.Random) -> Named:
    one, other = chance.sample(range(len(source.stored)), 2)
    target, twin = source.stored[one], source.copy().stored[other]
    place = (target.epoch, target.sequence)
    twin.epoch, twin.sequence = place
    source.stored[one] = twin
    return "entry", {place}


def append_copy(source: Listed, chance: random.Random) -> Named:
    last, twin = source.stored[-1], source.copy().stored[chance.randrange(len(source.stored))]
    twin.epoch, twin.sequence = last.epoch, last.sequence + 1
    source.stored.append(twin)
    return "entry", {(twin.epoch, twin.sequence)}


def bend_signatures(source: Listed, chance: random.Random) -> Named:
    row = chance.choice([row for row in source.stored if len(entry_of(row).signatures) > 1])
    text, lines = row.note.rsplit(b"\n\n", 1)
    kept = lines[:-1].split(b"\n")
    if chance.random() < 0.5:
        kept.pop(chance.randrange(len(kept)))
    else:
        kept = [*kept[1:], kept[0]]
    row.note = text + b"\n\n" + b"\n".join(kept) + b"\n"
    row.leaf_hash = leaf_hash(row.note)
    return "entry", {(row.epoch, row.sequence)}


def insider(source: Listed, chance: random.Random) -> Named:
    """The signers of one entry together say something else; the next entry stands against them."""
    at = chance.randrange(len(source.stored))
    row = source.stored[at]
    envelope = entry_of(row).envelope
    when = later(f"{envelope.occurred_at:%Y-%m-%dT%H:%M:%S}.000Z", -chance.randrange(1, 500))
    source.stored[at] = resigned(row, envelope={"occurred_at": _instant(when)})
    return "entry", {(row.epoch, row.sequence)}


def _instant(text: str) -> Any:
    from cryoledger.domain.times import instant

    return instant(text)


def bend_row(source: Listed, chance: random.Random) -> Named:
    record = chance.choice([record for record in DERIVED if source.tables[record]])
    at = chance.randrange(len(source.tables[record]))
    row = source.tables[record][at]
    column = chance.choice(fields(row)).name  # type: ignore[arg-type]
    value = getattr(row, column)
    other: Any = chance.choice(["x", 7]) if value is None else value + (4099 if isinstance(value, int) else "x")
    bent = replace(row, **{column: other})  # type: ignore[type-var]
    source.tables[record][at] = bent
    source.tables[record].sort(key=lambda each: each.identity)
    return record.table, {_key(row.identity), _key(bent.identity)}


def delete_row(source: Listed, chance: random.Random) -> Named:
    record = chance.choice([record for record in DERIVED if source.tables[record]])
    row = source.tables[record].pop(chance.randrange(len(source.tables[record])))
    return record.table, {_key(row.identity)}


def insert_row(source: Listed, chance: random.Random) -> Named:
    record = chance.choice([record for record in DERIVED if source.tables[record]])
    row = chance.choice(source.tables[record])
    name = chance.choice(record.key)
    value = getattr(row, name)
    twin = replace(row, **{name: value + (4099 if isinstance(value, int) else "x")})  # type: ignore[type-var]
    source.tables[record].append(twin)
    source.tables[record].sort(key=lambda each: each.identity)
    return record.table, {_key(twin.identity)}


def _key(identity: tuple[str | int, ...]) -> str:
    return " ".join(map(str, identity))


WAYS: tuple[Callable[[Listed, random.Random], Named], ...] = (
    flip_bit, cut_note, bend_column, delete_entry, cut_tail, swap_entries, copy_over, append_copy, bend_signatures,
    insider, bend_row, delete_row, insert_row,
)  # fmt: skip


@pytest.mark.parametrize("share", range(SHARES))
def test_random_tampering_is_found_and_named(share: int, whole_lab: Lab) -> None:
    true = Listed.of(whole_lab)
    last = true.stored[-1]
    remembered = Head(entry_of(last).origin, last.epoch, last.sequence, last.leaf_hash)
    for seed in range(share, TOTAL, SHARES):
        chance = random.Random(seed)
        source, way = true.copy(), WAYS[seed % len(WAYS)]
        where, named = way(source, chance)
        report = verify(source, remembered=remembered)
        finding = report.first_bad
        assert finding is not None, (seed, way.__name__)
        assert not report.ok
        if where == "entry":
            assert (finding.epoch, finding.sequence) in named, (seed, way.__name__, named, finding)
        else:
            assert finding.table == where, (seed, way.__name__, named, finding)
            assert finding.row in named, (seed, way.__name__, named, finding)
