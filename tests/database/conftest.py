"""Vaults on real files and on a real server, and entries that follow a head.

What takes the fixture `store` or `store_location` runs on both. Signatures here are bytes: who signs is another room's.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cryoledger.database.store import Head, Store, Stored, Transaction
from cryoledger.domain.facts import Put
from cryoledger.domain.records import Record, StorageUnit, Vial
from cryoledger.ledger.canonical import Json
from cryoledger.ledger.entry import ZERO_HASH, Envelope, SignerRole, entry_text, seal, uuid7
from cryoledger.ledger.note import Signature
from tests import postgresql

START = datetime(2026, 11, 22, 3, tzinfo=UTC)

Following = Callable[..., Stored]
Recording = Callable[..., Stored]


@pytest.fixture
def entry_after() -> Following:
    def following(
        head: Head | None,
        type: str = "AlarmRaised",  # noqa: A002
        data: dict[str, Json] | None = None,
        *,
        minutes: int | None = None,
        opens_epoch: bool = False,
    ) -> Stored:
        epoch, sequence, previous = 1, 0, ZERO_HASH
        if head is not None:
            epoch, sequence, previous = head.epoch, head.sequence + 1, head.leaf_hash
        if opens_epoch:
            epoch, sequence, previous = epoch + 1, 0, ZERO_HASH
        at = START + timedelta(minutes=sequence if minutes is None else minutes)
        envelope = Envelope(
            type=type,
            schema=1,
            rules=1,
            id=uuid7(int(at.timestamp() * 1000), os.urandom(10)),
            occurred_at=at,
            recorded_at=at,
            station="freezer-room-1",
            signers=(SignerRole("freezer-room-1", "observed"),),
            data=data if data is not None else {"unit": "F1", "alarm": "door"},
        )
        text = entry_text("example/test", sequence, previous, envelope)
        return Stored.of(epoch, seal(text, [Signature("freezer-room-1", b"test", bytes(64))]))

    return following


@pytest.fixture
def record(store: Store, entry_after: Following) -> Recording:
    """Append an entry that puts some rows."""

    def recording(*rows: Record, **entry: object) -> Stored:
        with store.writing() as tx:
            stored = entry_after(tx.head(), **entry)
            tx.append(stored, [Put(row) for row in rows])
        return stored

    return recording


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vault.sqlite"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_location(request: pytest.FixtureRequest, path: Path) -> Iterator[str]:
    """Where an empty vault is, on each of the two databases."""
    if request.param == "sqlite":
        Store.create(str(path)).close()
        yield str(path)
        return
    with postgresql.database(postgresql.template()) as url:
        yield url


@pytest.fixture
def store(store_location: str) -> Iterator[Store]:
    with Store.open(store_location) as opened:
        yield opened


@pytest.fixture
def tx(store: Store) -> Iterator[Transaction]:
    with store.writing() as transaction:
        yield transaction


def _vial(code: str, unit: str | None, position: int | None, lot: str = "L1") -> Vial:
    return Vial(
        code=code, label=code, lot=lot, custody="stored" if unit else "out", custodian_kind="position",
        custodian=unit or "maria.s", unit=unit, position=position, since="2026-11-22T03:00:00.000Z", out_since=None,
        exposed_ms=0, unit_mark_ms=0, cells=1_000_000, filled_microlitres=1000, dosed_microlitres=0,
        sampled_microlitres=0, wasted_microlitres=0, order_code=None, order_line=None, purpose=None, thawed_at=None,
        deadline=None, last_at="2026-11-22T03:00:00.000Z", last_entry=0,
    )  # fmt: skip


def _unit(
    code: str, parent: str | None = None, slot: str | None = None, rows: int = 0, columns: int = 0
) -> StorageUnit:
    return StorageUnit(
        code=code, kind="box" if rows else "freezer", name=f"Unit {code}", parent=parent, slot=slot, rows=rows,
        columns=columns, scheme="letters", temperature_millicelsius_max=None, status="in place", custodian=None,
        since="2026-11-22T03:00:00.000Z", out_since=None, exposed_ms=0, parent_mark_ms=0, checked_at=None,
        last_at="2026-11-22T03:00:00.000Z", last_entry=0,
    )  # fmt: skip


@pytest.fixture
def vial() -> Callable[..., Vial]:
    return _vial


@pytest.fixture
def unit() -> Callable[..., StorageUnit]:
    return _unit
