"""What only a server has: its own refusals, guards, password files, and connections that break."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.dialects.postgresql import dialect as postgresql_dialect

from cryoledger.database import guards, migrate
from cryoledger.database.location import Location
from cryoledger.database.store import Reading, Store, Stored
from cryoledger.database.tables import METADATA
from cryoledger.domain.facts import Put
from cryoledger.domain.records import Mention, ScanCode
from cryoledger.errors import (
    RequestError,
    VaultDamagedError,
    VaultError,
    VaultMissingError,
    VaultNewerError,
    VaultUnreachableError,
)
from tests import postgresql
from tests.proxy import Cut, Proxy

DIALECT = postgresql_dialect()  # type: ignore[no-untyped-call]
Following = Callable[..., Stored]
Admin = psycopg.Connection[Any]


@pytest.fixture
def url() -> Iterator[str]:
    with postgresql.database(postgresql.template()) as made:
        yield made


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url) as opened:
        yield opened


@pytest.fixture
def careless(url: str) -> Iterator[Admin]:
    """Another tool at the vault."""
    with postgresql.admin(url) as connection:
        yield connection


def append(store: Store, entry_after: Following) -> Stored:
    with store.writing() as tx:
        head = tx.head()
        stored = entry_after(head)
        tx.append(stored, [Put(Mention(stored.sequence, "unit", "F1"))])
    return stored


def sequences(store: Store) -> list[int]:
    with store.reading() as now:
        return [each.sequence for each in now.entries()]


# What a person is told


def test_a_vault_is_made_in_an_empty_database_and_not_in_another() -> None:
    with postgresql.database() as url:
        Store.create(url).close()
        with pytest.raises(VaultError, match="not empty"):
            Store.create(url)


def test_a_creation_that_was_not_finished_leaves_an_empty_database(url: str) -> None:
    migrate.remove(Location.parse(url))
    Store.create(url).close()


def test_a_missing_database_is_said() -> None:
    with pytest.raises(VaultMissingError, match='database "nowhere" does not exist'):
        Store.open(postgresql.at("nowhere"))


def test_a_server_that_is_not_there_is_said() -> None:
    with pytest.raises(VaultUnreachableError, match=r"does not answer.*refused"):
        Store.open("postgresql+psycopg://maria@127.0.0.1:1/vault")


def test_a_url_with_unknown_words_is_refused() -> None:
    with pytest.raises(RequestError, match="cannot be read"):
        Store.open("postgresql+psycopg://127.0.0.1/vault?colour=blue")


def test_an_empty_database_is_no_vault() -> None:
    with postgresql.database() as url, pytest.raises(VaultDamagedError, match="not a vault of cryoledger"):
        Store.open(url)


def test_a_newer_vault_says_so(url: str, careless: Admin) -> None:
    careless.execute("UPDATE alembic_version SET version_num = '0999'")
    with pytest.raises(VaultNewerError, match="0999"):
        Store.open(url)


def test_a_vault_that_lost_a_table_is_damaged(url: str, careless: Admin) -> None:
    careless.execute("DROP TABLE hold")
    with pytest.raises(VaultDamagedError, match="lacks the tables hold"):
        Store.open(url)


# Tables and guards


def test_the_migrations_make_the_declared_tables(careless: Admin) -> None:
    kinds = {"BIGINT": "bigint", "TEXT": "text", "BYTEA": "bytea"}
    columns = careless.execute(
        "SELECT table_name, column_name, data_type, collation_name, is_nullable FROM information_schema.columns "
        "WHERE table_schema = current_schema() AND table_name <> 'alembic_version' "
        "ORDER BY table_name, ordinal_position"
    ).fetchall()
    wanted = []
    for name, table in sorted(METADATA.tables.items()):
        for column in table.columns:
            kind = kinds[column.type.compile(DIALECT).split()[0]]
            collation = "C" if kind == "text" else None
            wanted.append((name, column.name, kind, collation, "YES" if column.nullable else "NO"))
    assert columns == wanted
    indexes = careless.execute("SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()").fetchall()
    declared = {index.name for table in METADATA.tables.values() for index in table.indexes}
    unique = {
        made.name
        for table in METADATA.tables.values()
        for made in table.constraints
        if str(made.name).startswith("uq_")
    }
    keys = {f"{name}_pkey" for name in METADATA.tables}
    assert {name for (name,) in indexes} - {"alembic_version_pkc"} == declared | unique | keys


DROPPED = "DROP TRIGGER {name} ON {table}"
DISABLED = "ALTER TABLE {table} DISABLE TRIGGER {name}"
ANOTHER = "CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH STATEMENT EXECUTE FUNCTION cryoledger_append_only()"


@pytest.mark.parametrize("name", [name for name, _, _ in guards.expected("postgresql")])
@pytest.mark.parametrize("changes", [(DROPPED,), (DISABLED,), (DROPPED, ANOTHER)], ids=["dropped", "off", "another"])
def test_a_removed_guard_is_named(store: Store, name: str, changes: tuple[str, ...]) -> None:
    table = name.rsplit("_no_", 1)[0]
    with pytest.raises(VaultDamagedError, match=name), store.writing() as tx:  # noqa: PT012
        for change in changes:
            tx.driver.execute(change.format(name=name, table=table))
        migrate.check(tx.driver, "here")


def test_guards_that_refuse_nothing_are_named(url: str, careless: Admin) -> None:
    careless.execute(
        "CREATE OR REPLACE FUNCTION cryoledger_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RETURN NULL; END $$"
    )
    with pytest.raises(VaultDamagedError, match=r"entry_no_update.*mention_no_truncate"):
        Store.open(url)


@pytest.mark.parametrize("table", ["entry", *guards.JOURNAL_TABLES])
@pytest.mark.parametrize("verb", ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}", "TRUNCATE {table}"])
def test_guards_refuse(store: Store, table: str, verb: str) -> None:
    column = {"entry": "epoch", "mention": "entry"}.get(table, "ended")
    with pytest.raises(RuntimeError, match="append-only"), store.writing() as tx:
        tx.driver.execute(verb.format(table=table, column=column))


def test_an_upsert_on_an_entry_is_refused(store: Store, entry_after: Following) -> None:
    append(store, entry_after)
    with pytest.raises(RuntimeError, match="append-only"), store.writing() as tx:
        tx.driver.execute(
            "INSERT INTO entry SELECT * FROM entry WHERE true ON CONFLICT (epoch, sequence) DO UPDATE SET note = 'x'"
        )


@pytest.mark.parametrize(
    ("column", "wrong"), [("epoch", "x"), ("sequence", "1.5"), ("previous", "\\xzz"), ("epoch", None), ("id", None)]
)
def test_another_type_in_an_entry_is_refused(store: Store, column: str, wrong: object) -> None:
    right: dict[str, object] = {
        "epoch": 1, "sequence": 0, "id": "i", "previous": b"p", "leaf_hash": b"l", "note": b"n",
    }  # fmt: skip
    values = right | {column: wrong}
    with pytest.raises(RuntimeError, match="refuses"), store.writing() as tx:
        tx.driver.execute(
            "INSERT INTO entry (epoch, sequence, id, previous, leaf_hash, note) VALUES (?, ?, ?, ?, ?, ?)",
            tuple(values.values()),  # type: ignore[arg-type]
        )


def test_a_text_that_postgresql_cannot_keep_is_said_and_equals_nothing(store: Store, entry_after: Following) -> None:
    with store.reading() as now:
        assert now.facts.get(ScanCode, "A\0B") is None
    with pytest.raises(RequestError, match=r"U\+0000"), store.writing() as tx:
        tx.append(entry_after(tx.head()), [Put(ScanCode("A\0B", "vial", "V1", 0))])
    assert sequences(store) == []


# Times, settings, passwords


def test_the_time_of_a_transaction_is_the_servers_when_it_got_the_lock(store: Store, careless: Admin) -> None:
    now = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"
    before = careless.execute(now).fetchall()[0][0]
    with store.writing() as tx:
        first = tx.server_milliseconds()
        assert tx.server_milliseconds() == first
    after = careless.execute(now).fetchall()[0][0]
    assert first is not None
    assert before <= first <= after


def test_every_transaction_that_writes_is_durable_and_lets_go_of_the_lock(store: Store, careless: Admin) -> None:
    with store.writing() as tx:
        for setting, value in (
            ("synchronous_commit", "on"),
            ("idle_in_transaction_session_timeout", "1min"),
            ("lock_timeout", "5s"),
            ("transaction_isolation", "read committed"),
        ):
            assert tx.driver.one(f"SHOW {setting}") == (value,), setting


@pytest.fixture
def with_password(url: str) -> Iterator[str]:
    """The vault's URL for a user whom the server asks for a password; skipped on somebody's own server."""
    if os.environ.get(postgresql.VARIABLE):
        pytest.skip("the access file of another's server is not ours to change")
    with postgresql.admin() as admin:
        admin.execute("CREATE ROLE bench LOGIN PASSWORD 'sesame' SUPERUSER")
        (file,) = admin.execute("SHOW hba_file").fetchall()[0]
        before = Path(file).read_text()
        Path(file).write_text("local all bench scram-sha-256\n" + before)
        admin.execute("SELECT pg_reload_conf()")
        yield url.replace("//postgres@", "//bench@")
        Path(file).write_text(before)
        admin.execute("SELECT pg_reload_conf()")
        admin.execute("DROP ROLE bench")


def test_the_password_comes_from_the_password_file(
    with_password: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGPASSWORD", raising=False)
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    with pytest.raises(VaultError, match="does not let this user in") as caught:
        Store.open(with_password)
    assert ".pgpass" in caught.value.advice
    (tmp_path / "pgpass").write_text("*:*:*:bench:sesame\n")
    (tmp_path / "pgpass").chmod(0o600)
    Store.open(with_password).close()
    (tmp_path / "pgpass").write_text("*:*:*:bench:wrong\n")
    with pytest.raises(VaultError, match="password authentication failed") as caught:
        Store.open(with_password)
    assert "sesame" not in str(caught.value)


# Connections that break


@pytest.fixture
def proxy(url: str) -> Iterator[Proxy]:
    with Proxy(url) as made:
        yield made


@pytest.mark.parametrize(("cut", "kept"), [("before commit", []), ("after commit", [0])])
def test_a_commit_without_an_answer_is_unknown_and_the_lock_is_free(
    proxy: Proxy, entry_after: Following, cut: Cut, kept: list[int]
) -> None:
    with Store.open(proxy.url) as store:
        proxy.cut = cut
        with pytest.raises(VaultUnreachableError, match="broke") as caught:
            append(store, entry_after)
        assert caught.value.unknown
        with store.writing() as tx:  # the writer before has ended, one way or the other: now it is known
            assert tx.head() is None if not kept else tx.head() is not None
        assert sequences(store) == kept
        append(store, entry_after)
        assert sequences(store) == [*kept, len(kept)]


def test_a_connection_that_broke_while_idle_is_made_anew(proxy: Proxy, entry_after: Following) -> None:
    with Store.open(proxy.url) as store:
        append(store, entry_after)
        assert sequences(store) == [0]
        proxy.drop()
        append(store, entry_after)
        proxy.drop()
        assert sequences(store) == [0, 1]


def test_a_connection_that_breaks_before_the_commit_records_nothing(
    proxy: Proxy, url: str, entry_after: Following
) -> None:
    with Store.open(proxy.url) as store:
        with pytest.raises(VaultUnreachableError) as caught, store.writing() as tx:  # noqa: PT012
            proxy.drop()
            tx.append(entry_after(tx.head()), [])
        assert not caught.value.unknown
        assert sequences(store) == []


def test_a_server_that_ends_the_connection_is_said(store: Store, careless: Admin, entry_after: Following) -> None:
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cryoledger'"
    with pytest.raises(VaultUnreachableError), store.writing() as tx:  # noqa: PT012
        careless.execute(f"{end} AND datname = current_database()")
        tx.append(entry_after(tx.head()), [])
    append(store, entry_after)
    assert sequences(store) == [0]


def test_a_server_that_is_gone_and_comes_back(proxy: Proxy, entry_after: Following) -> None:
    with Store.open(proxy.url) as store:
        append(store, entry_after)
        proxy.cut = "always"
        proxy.drop()
        for _ in range(2):
            with pytest.raises(VaultUnreachableError):
                append(store, entry_after)
            with pytest.raises(VaultUnreachableError):
                sequences(store)
        proxy.cut = ""
        append(store, entry_after)
        assert sequences(store) == [0, 1]


def test_another_server_is_looked_at_before_it_is_used(proxy: Proxy, entry_after: Following) -> None:
    """After a failover the vault may lack commits: whoever remembers them judges, for writers and readers alike."""

    def look(reading: Reading) -> None:
        assert reading.head() is not None
        raise VaultDamagedError("ALARM", "")

    with Store.open(proxy.url) as store:
        append(store, entry_after)
        store.when_reconnected(look)
        append(store, entry_after)
        proxy.drop()
        for _ in range(2):
            with pytest.raises(VaultDamagedError, match="ALARM"):
                append(store, entry_after)
            with pytest.raises(VaultDamagedError, match="ALARM"):
                sequences(store)
