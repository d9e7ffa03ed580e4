"""What a person is told about a vault that is not there, not ours, not whole, or not to be used."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import pytest

from cryoledger.database import guards
from cryoledger.database.location import Location
from cryoledger.database.store import Store
from cryoledger.errors import (
    CryoledgerError,
    RequestError,
    VaultBusyError,
    VaultDamagedError,
    VaultError,
    VaultMissingError,
    VaultNewerError,
)


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """A vault in a file; a server has no file that could be cut."""
    with Store.create(str(path)) as made:
        yield made


def made(path: Path) -> Path:
    Store.create(str(path)).close()
    return path


def change(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_new_vault_opens_and_has_no_head(path: Path) -> None:
    made(path)
    with Store.open(str(path)) as store, store.reading() as now:
        assert now.head() is None
        assert store.location == Location(path=path)


def test_a_new_vault_is_for_its_owner_only(store: Store, path: Path) -> None:
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def test_creating_over_anything_is_refused(path: Path) -> None:
    path.write_bytes(b"")
    with pytest.raises(VaultError, match="already something"):
        Store.create(str(path))
    assert path.read_bytes() == b""


def test_creating_in_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VaultMissingError, match=r"folder .* does not exist"):
        Store.create(str(tmp_path / "no" / "vault.sqlite"))


def test_a_creation_that_fails_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("cryoledger.database.migrate.schema_folder", lambda: tmp_path / "nowhere")
    with pytest.raises(Exception, match="nowhere"):
        Store.create(str(path))
    assert not list(tmp_path.iterdir())


def test_a_missing_vault_is_not_made(path: Path) -> None:
    with pytest.raises(VaultMissingError, match="no vault at") as caught:
        Store.open(str(path))
    assert "init" in caught.value.advice
    assert not path.exists()


def test_a_folder_is_no_vault(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="is a folder"):
        Store.open(str(tmp_path))


def test_an_empty_file_is_no_vault_and_stays_empty(path: Path) -> None:
    path.touch()
    with pytest.raises(VaultDamagedError, match="is empty"):
        Store.open(str(path))
    assert path.stat().st_size == 0


@pytest.mark.parametrize("content", [b"minutes of the meeting\n" * 400, b"S", b"\0" * 5000])
def test_another_file_is_no_vault(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(VaultDamagedError, match="no SQLite file"):
        Store.open(str(path))
    assert path.read_bytes() == content


def test_another_sqlite_database_is_no_vault(path: Path) -> None:
    change(path, "CREATE TABLE alembic_version (version_num TEXT)", "CREATE TABLE recipe (name TEXT)")
    with pytest.raises(VaultDamagedError, match="not a vault of cryoledger"):
        Store.open(str(path))


@pytest.mark.parametrize("kept", [17, 99, 100, 5000, 0.5, 0.99])
def test_a_file_cut_off_anywhere_is_damaged(path: Path, kept: float) -> None:
    whole = made(path).read_bytes()
    path.write_bytes(whole[: int(kept if kept > 1 else kept * len(whole))])
    with pytest.raises(VaultDamagedError, match="cut off"):
        Store.open(str(path))


def test_torn_pages_are_damage_not_a_crash(path: Path) -> None:
    whole = bytearray(made(path).read_bytes())
    whole[100:8192] = b"\xaa" * (8192 - 100)
    path.write_bytes(whole)
    with pytest.raises(VaultDamagedError, match="torn"):
        Store.open(str(path))


def test_a_newer_vault_says_so(path: Path) -> None:
    change(made(path), "UPDATE alembic_version SET version_num = '0999'")
    with pytest.raises(VaultNewerError, match="0999") as caught:
        Store.open(str(path))
    assert "newer version" in caught.value.advice


def test_a_vault_without_a_version_is_damaged(path: Path) -> None:
    change(made(path), "DELETE FROM alembic_version")
    with pytest.raises(VaultDamagedError, match="which version"):
        Store.open(str(path))


def test_a_vault_that_lost_a_table_is_damaged(path: Path) -> None:
    change(made(path), "DROP TABLE hold")
    with pytest.raises(VaultDamagedError, match="lacks the tables hold"):
        Store.open(str(path))


@pytest.mark.parametrize("name", [name for name, _, _ in guards.expected("sqlite")])
def test_a_removed_guard_is_named(path: Path, name: str) -> None:
    change(made(path), f"DROP TRIGGER {name}")
    with pytest.raises(VaultDamagedError, match=rf"guards.*removed.*{name}"):
        Store.open(str(path))


def test_a_guard_that_guards_nothing_is_named(path: Path) -> None:
    change(
        made(path),
        "DROP TRIGGER entry_no_delete",
        "CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry BEGIN SELECT 1; END",
    )
    with pytest.raises(VaultDamagedError, match="entry_no_delete"):
        Store.open(str(path))


def _open_as_nobody(path: Path) -> str:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    try:
        Store.open(str(path)).close()
    except CryoledgerError as error:
        return f"{type(error).__name__}: {error}"
    return "opened"


@pytest.mark.parametrize(
    ("mode", "answer"), [(0o444, "may not be written"), (0o000, "may not be read"), (0o666, "opened")]
)
def test_a_file_without_permission_is_refused_before_anything_else(mode: int, answer: str) -> None:
    with tempfile.TemporaryDirectory() as folder:  # not tmp_path, whose parents are closed to nobody
        Path(folder).chmod(0o777)
        path = made(Path(folder) / "vault.sqlite")
        path.chmod(mode)
        # A child, because root may write everything: it becomes nobody first.
        with get_context("fork").Pool(1) as pool:
            assert answer in pool.apply(_open_as_nobody, (path,))


def test_a_vault_that_another_program_holds_is_busy(store: Store, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with (
        Store.open(str(path), busy_seconds=0.05) as waiting,
        pytest.raises(VaultBusyError) as caught,
        waiting.writing(),
    ):
        pass
    assert caught.value.advice
    other.close()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://maria:sesame@server/vault",
        "postgresql+psycopg://maria:@server/vault",
        "postgresql+psycopg://server/vault?password=sesame",
    ],
)
def test_a_password_in_the_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(RequestError, match="PGPASSFILE") as caught:
        Location.parse(url)
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "mysql://host/vault", "sqlite:///vault.sqlite", "postgresql://host/vault"])
def test_other_places_are_refused(text: str) -> None:
    with pytest.raises(RequestError):
        Location.parse(text)


def test_a_postgresql_url_is_read() -> None:
    place = Location.parse("postgresql+psycopg://maria@server:5432/vault")
    assert place.path is None
    assert place.conninfo == "postgresql://maria@server:5432/vault"


@pytest.mark.parametrize("name", ["with space.sqlite", "100%?mode=memory#1.sqlite", "ตู้แช่.sqlite"])
def test_any_file_name_is_taken_literally(tmp_path: Path, name: str) -> None:
    made(tmp_path / name)
    Store.open(str(tmp_path / name)).close()
    assert (tmp_path / name).exists()


def test_the_store_comes_without_the_orm() -> None:
    program = (
        "import sys, cryoledger.database.store, cryoledger.database.queries, cryoledger.database.rebuild\n"
        "print([name for name in ('sqlmodel', 'sqlalchemy', 'alembic', 'psycopg') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
