"""The triggers that keep the ledger and the journals append-only.

They stop accidents and careless tools: UPDATE, DELETE, and on SQLite an INSERT OR REPLACE, which fires no DELETE
trigger unless recursive_triggers is on. Whoever holds the file can drop them; signatures carry the proof. The
migrations hold their own frozen copy of these texts, and a test holds both together.
"""

from __future__ import annotations

from cryoledger.database.driver import Driver
from cryoledger.domain.records import JOURNAL

__all__ = ["JOURNAL_TABLES", "Guard", "create", "drop", "expected", "missing"]

Guard = tuple[str, str, str]  # its name, its table, its statement

JOURNAL_TABLES = tuple(record.table for record in JOURNAL)
# The combinations by which an INSERT could displace a row.
_UNIQUE: dict[str, tuple[tuple[str, ...], ...]] = {
    "entry": (("epoch", "sequence"), ("id",), ("epoch", "previous")),
    **{record.table: (record.key, *record.unique) for record in JOURNAL},
}
_VERBS = ("UPDATE", "DELETE")

# PostgreSQL: what fires before each statement, as pg_trigger.tgtype says it (2: before; 8, 16, 32: the verbs).
_WHEN = {"UPDATE": 2 | 16, "DELETE": 2 | 8, "TRUNCATE": 2 | 32}
FUNCTION = "cryoledger_append_only"
_BODY = "\nBEGIN RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP; END\n"
_ENABLED = """\
SELECT t.tgname, c.relname, t.tgtype::int, p.proname, p.prosrc
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE t.tgenabled IN ('O', 'A') AND c.relnamespace = current_schema()::regnamespace
"""


def expected(dialect: str) -> list[Guard]:
    """Every guard of a vault on `sqlite` or `postgresql`."""
    make = _sqlite if dialect == "sqlite" else _postgresql
    return [guard for table, unique in _UNIQUE.items() for guard in make(table, unique)]


def missing(driver: Driver) -> list[str]:
    """The names of guards that are gone, or that no longer say what they said."""
    if driver.dialect == "sqlite":
        present: dict[str, str] = dict(driver.all("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"))
        return [name for name, _, sql in expected("sqlite") if present.get(name) != sql]
    enabled = set(driver.all(_ENABLED))
    return [
        f"{table}_no_{verb.lower()}"
        for table in _UNIQUE
        for verb, when in _WHEN.items()
        if (f"{table}_no_{verb.lower()}", table, when, FUNCTION, _BODY) not in enabled
    ]


def drop(driver: Driver, tables: tuple[str, ...]) -> None:
    """Take the guards of some tables away, inside a transaction that puts them back.

    On PostgreSQL they are only switched off: to drop one would wait for every reader of its table.
    """
    for name, table, _ in expected(driver.dialect):
        if table in tables:
            disable = f"ALTER TABLE {table} DISABLE TRIGGER {name}"
            driver.execute(f"DROP TRIGGER {name}" if driver.dialect == "sqlite" else disable)


def create(driver: Driver, tables: tuple[str, ...]) -> None:
    """Put the guards of some tables back."""
    for name, table, sql in expected(driver.dialect):
        if table in tables:
            driver.execute(sql if driver.dialect == "sqlite" else f"ALTER TABLE {table} ENABLE TRIGGER {name}")


def _guard(table: str, verb: str, event: str, action: str) -> Guard:
    name = f"{table}_no_{verb.lower()}"
    return name, table, f"CREATE TRIGGER {name} BEFORE {event} ON {table} {action}"


def _refuse(message: str) -> str:
    return f"BEGIN SELECT RAISE(ABORT, '{message}'); END"


def _sqlite(table: str, unique: tuple[tuple[str, ...], ...]) -> list[Guard]:
    present = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE {' AND '.join(f'{name} = NEW.{name}' for name in names)})"  # noqa: S608
        for names in unique
    )
    replace = f"WHEN {present} {_refuse(f'{table} is append-only: the key is present')}"
    changes = [_guard(table, verb, verb, _refuse(f"{table} is append-only: {verb} is refused")) for verb in _VERBS]
    return [*changes, _guard(table, "replace", "INSERT", replace)]


def _postgresql(table: str, _: tuple[tuple[str, ...], ...]) -> list[Guard]:
    # An INSERT ... ON CONFLICT DO UPDATE fires the UPDATE trigger; nothing else displaces a row.
    action = f"FOR EACH STATEMENT EXECUTE FUNCTION {FUNCTION}()"
    return [_guard(table, verb, verb, action) for verb in _WHEN]
