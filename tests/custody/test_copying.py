"""A vault moves between a file and a server: byte for byte, verified, and used on in one place only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest

from cryoledger.cli.sample import people
from cryoledger.cli.sample.clinic import CHEAP
from cryoledger.cli.sample.stock import make_event
from cryoledger.custody import copying
from cryoledger.custody.clock import SteppingClock
from cryoledger.custody.copying import copy
from cryoledger.custody.proof.auditing import verify_at
from cryoledger.custody.record import record
from cryoledger.custody.vault import Vault
from cryoledger.database import migrate, rebuild, relocation, transfer
from cryoledger.database.location import Location
from cryoledger.database.store import Store, Stored, StoredDocument
from cryoledger.domain.records import Record
from cryoledger.errors import (
    CryoledgerError,
    RequestError,
    VaultBusyError,
    VaultDamagedError,
    VaultError,
    VaultMovedError,
    VaultUnreachableError,
)
from tests import postgresql
from tests.proxy import Proxy

CLOCK = SteppingClock(datetime(2026, 3, 2, 1, 5, tzinfo=UTC))  # soon after the old vault's last entry
OUT = make_event("StorageUnitTakenOut", unit="CF2-R1-B1")
Local = list[tuple[str, tuple[str, ...], list[tuple[object, ...]]]]
State = tuple[list[Stored], list[Record], Local]


@pytest.fixture
def old(home: Path) -> str:
    """A furnished vault in a file."""
    return str(home / "lab.cryoledger")


@pytest.fixture
def url() -> Iterator[str]:
    with postgresql.database() as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def new(request: pytest.FixtureRequest, home: Path) -> Iterator[str]:
    """Where nothing is yet, on each of the two."""
    if request.param == "sqlite":
        yield str(home / "moved.cryoledger")
        return
    with postgresql.database() as made:
        yield made


def state(place: str) -> State:
    with Store.open(place) as store, store.reading() as reading:
        local = [(name, columns, list(rows)) for name, columns, rows in transfer.local_rows(reading)]
        return list(reading.entries()), list(rebuild.dump(reading)), local


def test_a_copy_is_the_vault_byte_for_byte_and_goes_on(old: str, new: str) -> None:
    before = state(old)
    assert [name for name, _, rows in before[2] if rows] == ["checkpoint", "wrapped_key"]
    done = copy(old, new)
    assert (done.source, done.target, done.entries) == (old, new, len(before[0]))
    assert state(new) == before
    with Vault.open(new, clock=CLOCK, kdf=CHEAP) as vault:
        assert vault.station == "bench-1"
        sealed = record(vault, OUT, people.MARIA.by)
        assert sealed.entry.previous == done.head
    report = verify_at(new)
    assert report.ok, report.findings


def test_there_and_back_again(old: str, url: str, home: Path) -> None:
    before = state(old)
    copy(old, url)
    back = str(home / "back.cryoledger")
    copy(url, back)
    assert state(back) == before
    with pytest.raises(VaultMovedError):
        Vault.open(url)
    with Vault.open(back, clock=CLOCK, kdf=CHEAP) as vault:
        record(vault, OUT, people.MARIA.by)
    assert verify_at(back).ok


def test_the_old_vault_says_where_it_went_and_can_still_be_verified(old: str, new: str) -> None:
    copy(old, new)
    with pytest.raises(VaultMovedError, match="was moved to") as caught:
        Vault.open(old)
    assert new in caught.value.message
    assert "CRYOLEDGER_VAULT" in caught.value.advice
    report = verify_at(old)
    assert report.ok, report.findings
    with pytest.raises(VaultMovedError):
        copy(old, str(Path(old).with_name("third")))


def test_who_has_the_old_vault_open_records_nothing_more_in_it(old: str, new: str) -> None:
    with Vault.open(old, clock=CLOCK, kdf=CHEAP) as vault:
        copy(old, new)
        with pytest.raises(VaultMovedError, match="while this program had it open"):
            record(vault, OUT, people.MARIA.by)


def test_who_has_a_moved_server_vault_open_records_nothing_more_in_it(old: str, url: str, home: Path) -> None:
    copy(old, url)
    with Vault.open(url, clock=CLOCK, kdf=CHEAP) as vault:
        copy(url, str(home / "back.cryoledger"))
        with pytest.raises(VaultMovedError, match="while this program had it open"):
            record(vault, OUT, people.MARIA.by)


def test_nobody_records_while_it_is_copied(old: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Exception] = []
    judge = copying._judge

    def meanwhile(report: object) -> None:
        with Store.open(old, busy_seconds=0.05) as store:
            try:
                with store.writing():
                    pass
            except VaultBusyError as error:
                told.append(error)
        judge(report)  # type: ignore[arg-type]

    monkeypatch.setattr(copying, "_judge", meanwhile)
    copy(old, url)
    assert len(told) == 1


def test_documents_come_along(old: str, url: str, home: Path) -> None:
    with Store.open(old) as store, store.writing() as transaction:
        transaction.put_document(StoredDocument("h1", "s1", "patient", "P1", 9, b"\0encrypted"))
        transaction.put_document(StoredDocument("h2", "s2", None, None, 9, None, "2026-11-22T03:00:00.000Z"))
    before = state(old)[2]
    copy(old, url)
    assert state(url)[2] == before
    copy(url, str(home / "back"))
    assert state(str(home / "back"))[2] == before


def test_a_place_that_is_not_empty_is_refused(old: str, home: Path) -> None:
    (home / "taken").write_text("minutes of the meeting")
    with pytest.raises(VaultError, match="already something"):
        copy(old, str(home / "taken"))
    with postgresql.database(postgresql.template()) as url, pytest.raises(VaultError, match="not empty"):
        copy(old, url)
    with pytest.raises(RequestError, match="own place"):
        copy(old, old)
    Vault.open(old).close()


def spoil(path: str, statement: str) -> None:
    connection = sqlite3.connect(path)
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        sql = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).fetchone()[0]
        connection.execute(f"DROP TRIGGER {name}")
        connection.execute("CREATE TEMP TABLE IF NOT EXISTS kept (sql TEXT)")
        connection.execute("INSERT INTO kept VALUES (?)", (sql,))
    connection.execute(statement)
    for (sql,) in connection.execute("SELECT sql FROM kept").fetchall():
        connection.execute(sql)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE storage_unit SET name = 'another' WHERE code = 'CF2'",
        "DELETE FROM mention WHERE entry = 3",
        "UPDATE entry SET note = CAST(replace(CAST(note AS TEXT), 'Ada', 'Eda') AS BLOB) WHERE sequence = 0",
        "UPDATE entry SET leaf_hash = previous WHERE sequence = 3",
        "DELETE FROM entry WHERE sequence = (SELECT max(sequence) FROM entry)",
    ],
)
def test_a_vault_that_is_not_sound_is_not_copied(old: str, new: str, statement: str) -> None:
    spoil(old, statement)
    with pytest.raises(CryoledgerError):
        copy(old, new)
    assert transfer.mark_of(Location.parse(old)) is None
    with pytest.raises((VaultError, CryoledgerError)):
        Vault.open(new)


class Killed(BaseException):
    """The process ends here: nothing after it runs."""


@pytest.mark.parametrize("step", ["_fill_and_mark", "_finish"])
def test_a_copy_that_was_killed_goes_on_or_starts_anew(
    old: str, new: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = state(old)

    def killed(*_: object) -> NoReturn:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(copying, step, killed)
        patch.setattr(migrate, "remove", lambda _: None)
        with pytest.raises(Killed):
            copy(old, new)
    with pytest.raises(VaultMovedError, match="not finished"):
        Vault.open(new)
    if step == "_finish":  # and nowhere are both open
        with pytest.raises(VaultMovedError):
            Vault.open(old)
    copy(old, new)
    assert state(new) == before
    with pytest.raises(VaultMovedError, match="was moved"):
        Vault.open(old)


@pytest.mark.parametrize("cut", ["before commit", "after commit"])
def test_a_connection_that_breaks_at_the_mark_leaves_one_usable_vault(
    old: str, url: str, home: Path, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    copy(old, url)
    before, back = state(url), str(home / "back.cryoledger")
    mark = relocation.mark
    with Proxy(url) as proxy:

        def cutting(*given: object) -> None:
            mark(*given)  # type: ignore[arg-type]
            proxy.cut = cut  # type: ignore[assignment]

        with monkeypatch.context() as patch:
            patch.setattr(copying, "mark", cutting)
            with pytest.raises(VaultUnreachableError):
                copy(proxy.url, back)
        with pytest.raises(VaultMovedError):
            Vault.open(back)
        copy(proxy.url, back)
    assert state(back) == before
    with pytest.raises(VaultMovedError):
        Vault.open(url)


def test_a_copy_of_the_file_made_before_forks_and_a_station_that_saw_both_notices(
    old: str, url: str, home: Path
) -> None:
    with Vault.open(old) as vault:
        vault.store._connections._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    stolen = home / "stolen.cryoledger"
    stolen.write_bytes(Path(old).read_bytes())
    copy(old, url)
    with Vault.open(url, clock=CLOCK, kdf=CHEAP) as vault:
        record(vault, OUT, people.MARIA.by)
    with pytest.raises(VaultDamagedError, match="ALARM"):
        Vault.open(str(stolen))
