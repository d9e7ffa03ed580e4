"""The vault as the program holds it: one writer at a time, any number of readers, each seeing one state.

Opening checks version and guards and never creates; importing this module imports no ORM.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType

from cryoledger.database import faults, files, migrate, statements, trees
from cryoledger.database.connections import Connections
from cryoledger.database.driver import BUSY_SECONDS, Driver, Row, connect
from cryoledger.database.facts import ENTRY_COLUMNS, SqlFacts, Stored, recorded_of
from cryoledger.database.faults import UniqueViolation
from cryoledger.database.foresight import Foresight, Question
from cryoledger.database.local import LocalReads, LocalWrites, StoredDocument, WrappedKey
from cryoledger.database.location import Location
from cryoledger.domain import numbers
from cryoledger.domain.facts import Change, Put, Recorded
from cryoledger.domain.records import Vial
from cryoledger.errors import LedgerFormatError, Refusal, VaultError
from cryoledger.ledger.canonical import format_time
from cryoledger.ledger.entry import ZERO_HASH, read_place
from cryoledger.ledger.tiles import Tree
from cryoledger.ledger.tree import leaf_hash

__all__ = ["Head", "Reading", "Store", "Stored", "StoredDocument", "Transaction", "WrappedKey", "recorded_of"]

_ENTRIES = f'SELECT {ENTRY_COLUMNS} FROM "entry"'  # noqa: S608 - fixed names
_HEAD = f"{_ENTRIES} ORDER BY epoch DESC, sequence DESC LIMIT 1"
_REMEMBERED_MAX = 4_000  # answers that a store keeps from one transaction to the next
_APPEND = f'INSERT INTO "entry" ({ENTRY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)'  # noqa: S608


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry: what the next one must follow."""

    epoch: int
    sequence: int
    leaf_hash: bytes
    recorded_at: str
    origin: str

    @property
    def number(self) -> int:
        """Its number over all epochs."""
        return numbers.number_of(self.epoch, self.sequence)


class Reading(LocalReads):
    """One consistent state of the vault, until its `with` block ends. `driver` is for this package."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.facts = SqlFacts(driver)
        self._open = True

    def head(self) -> Head | None:
        """The last entry; None in a vault without entries."""
        row = self.driver.one(_HEAD)
        return None if row is None else _head(Stored(*row))

    def find(self, id: str) -> Stored | None:  # noqa: A002 - the envelope's word
        """The entry of an event's id."""
        row = self.driver.one(f"{_ENTRIES} WHERE id = ?", (id,))
        return None if row is None else Stored(*row)

    def entry(self, number: int) -> Stored | None:
        """An entry by its number over all epochs."""
        row = self.driver.one(f"{_ENTRIES} WHERE epoch = ? AND sequence = ?", numbers.place_of(number))
        return None if row is None else Stored(*row)

    def entries(self, first: int = 0, last: int | None = None) -> Iterator[Stored]:
        """Entries in order, from number `first` to number `last`, both included."""
        where = "WHERE (epoch, sequence) >= (?, ?)"
        params: tuple[int, ...] = numbers.place_of(first)
        if last is not None:
            where, params = f"{where} AND (epoch, sequence) <= (?, ?)", (*params, *numbers.place_of(last))
        for row in self.driver.each(f"{_ENTRIES} {where} ORDER BY epoch, sequence", params):
            yield Stored(*row)

    def recorded(self, number: int) -> Recorded | None:
        """An entry by its number, as rules and screens see it."""
        return self.facts.recorded(number)

    def tree(self, epoch: int, size: int) -> Tree:
        """The tree over the first entries of an epoch, for roots and proofs."""
        return trees.tree(self.driver, epoch, size)

    def server_milliseconds(self) -> int | None:
        """The server's time since 1970, in a transaction that writes as it began; None where the vault is a file."""
        return self.driver.milliseconds()

    def _must_be_open(self) -> None:
        if not self._open:
            raise RuntimeError("the transaction is over")

    def _finish(self) -> None:
        self._open = False


class Transaction(Reading, LocalWrites):
    """The one transaction that writes now; nobody else can append before it ends."""

    def __init__(self, driver: Driver, last: Row | None, facts: SqlFacts | None = None) -> None:
        super().__init__(driver)
        if facts is not None:
            self.facts = facts
        self._last = last
        self._head: Head | None = None
        self._changes: tuple[Change, ...] = ()
        self._owed = False
        self.asked: list[Question] = []

    def head(self) -> Head | None:
        """The last entry, which stays the last until `append`."""
        if self._last is not None:
            self._head, self._last = _last_head(Stored(*self._last)), None
        return self._head

    def change(self, changes: Iterable[Change]) -> None:
        """Carry out what the next entry changes in the inventory, while its signature is still being made.

        The entry must follow: without it, nothing of the transaction can be kept. Refusal (I2) where two vials would
        share a position; RuntimeError where a row breaks another constraint.
        """
        self._must_be_open()
        wanted, self._owed = tuple(changes), True
        self._changes += wanted
        if not self.asked and self.driver.state() is None:
            self.asked = self.facts.questions()
        with self._refusing(), self.driver.together():
            touched = statements.apply(self.driver, wanted, self.facts.known)
        self.facts.forget(touched)

    def append(self, entry: Stored, changes: Iterable[Change] = ()) -> None:
        """Add the next entry and what it changes in the inventory, unless `change` has carried that out.

        As `change`; RuntimeError too where the entry does not follow the head, or its columns do not say what its
        note says.
        """
        self._must_be_open()
        head = _following(self.head(), entry)
        if not self._owed:
            self.change(changes)
        values = (entry.epoch, entry.sequence, entry.id, entry.previous, entry.leaf_hash, entry.note)
        with self._refusing(), self.driver.together():
            self.driver.execute(_APPEND, values)
        with self._refusing():
            trees.grow(self.driver, entry.epoch, entry.sequence)
        self._head, self._owed = head, False

    def commit(self) -> None:
        """For the store: keep what was done. A server may refuse it only now, as `change` and `append` would."""
        if self._owed:
            raise RuntimeError("rows were changed, and the entry that changes them did not follow")
        with self._refusing():
            self.driver.commit()

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except UniqueViolation as violation:
            raise _refusal(violation, self._changes) from violation


class Store:
    """An open vault. May be used from several threads; one writes at a time."""

    def __init__(self, location: Location, writer: Driver, busy_seconds: float) -> None:
        self.location = location
        self._connections = Connections(location, writer, busy_seconds)
        self._busy_seconds = busy_seconds
        self._lock = threading.Lock()
        self._holder: int | None = None
        self._closed = False
        self._foresight = Foresight()
        self._facts: tuple[object, SqlFacts] | None = None  # what the last transaction knew, and of which state

    @classmethod
    def open(cls, location: str | Location, *, busy_seconds: float = BUSY_SECONDS) -> Store:
        """The vault at a path or URL; a VaultError of the precise kind where it cannot be used. Never creates."""
        place = Location.parse(location) if isinstance(location, str) else location
        if place.path is not None:
            files.check(place.path)
        with ExitStack() as undo:
            writer = connect(place, writing=True, busy_seconds=busy_seconds)
            undo.callback(writer.close)
            migrate.check(writer, place)
            undo.pop_all()
        return cls(place, writer, busy_seconds)

    @classmethod
    def create(cls, location: str | Location, *, busy_seconds: float = BUSY_SECONDS) -> Store:
        """A new vault without entries; VaultError where there is something at the place already."""
        from cryoledger.database.engine import engine

        place = Location.parse(location) if isinstance(location, str) else location
        if place.path is None:
            with _closing(connect(place, writing=True, busy_seconds=busy_seconds)) as driver:
                if migrate.table_names(driver):
                    raise VaultError(f"The database {place} is not empty.", "Name an empty database for a new vault.")
            migrate.upgrade(engine(place))
            return cls.open(place, busy_seconds=busy_seconds)
        with files.created(place.path):
            migrate.upgrade(engine(place))
            return cls.open(place, busy_seconds=busy_seconds)

    @contextmanager
    def writing(self, act: str = "", names: tuple[str, ...] = ()) -> Iterator[Transaction]:
        """BEGIN IMMEDIATE ... COMMIT; any exception leaves the vault as it was. VaultBusyError after some seconds.

        `act` and the `names` in it let a server be asked at once what the last such act asked (`foresight`).
        """
        me = threading.get_ident()
        if self._holder == me:
            raise RuntimeError("this thread is writing already")
        if not self._lock.acquire(timeout=self._busy_seconds):
            raise faults.busy(self.location)
        self._holder = me
        try:
            self._must_be_open()
            yield from self._transaction(act, names)
        finally:
            self._holder = None
            self._lock.release()

    def _transaction(self, act: str, names: tuple[str, ...]) -> Iterator[Transaction]:
        try:
            questions = self._foresight.questions(act, names)
            ahead = [(_HEAD, ()), *(each.statement() for each in questions)]
            driver, (heads, *answers) = self._connections.begin_writing(ahead)
            facts = self._remembered(driver)
            for question, rows in zip(questions, answers, strict=True):
                facts.learn(question, rows)
            transaction = Transaction(driver, heads[0] if heads else None, facts)
            try:
                yield transaction
            finally:
                transaction._finish()  # noqa: SLF001 - its maker ends it
            state, asked = driver.state(), transaction.asked
            transaction.commit()
            if state is not None:
                self._facts = state, facts
            elif act:
                self._foresight.learn(act, names, asked)
        except BaseException:
            self._connections.rollback()
            raise

    def _remembered(self, driver: Driver) -> SqlFacts:
        """What the transaction before this one knew, where nothing was written since; else nothing."""
        kept, self._facts = self._facts, None
        if kept is not None and kept[0] == driver.state() and kept[1].size < _REMEMBERED_MAX:
            return kept[1]
        return SqlFacts(driver)

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """One consistent snapshot, on a connection of its own; does not wait for the writer."""
        self._must_be_open()
        with self._connections.reading() as driver:
            reading = Reading(driver)
            try:
                yield reading
            finally:
                reading._finish()  # noqa: SLF001 - its maker ends it

    def when_reconnected(self, look: Callable[[Reading], None]) -> None:
        """Let `look` judge what every further connection to a server shows, before it is used; it may raise."""
        self._connections.look = lambda driver: look(Reading(driver))

    def close(self) -> None:
        """Let go of the vault; waits for a transaction of another thread."""
        with self._lock:
            self._closed = True
            self._connections.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _must_be_open(self) -> None:
        if self._closed:
            raise RuntimeError("the store is closed")


@contextmanager
def _closing(driver: Driver) -> Iterator[Driver]:
    try:
        yield driver
    finally:
        driver.close()


def _head(stored: Stored) -> Head:
    entry = stored.parse()
    return Head(stored.epoch, stored.sequence, stored.leaf_hash, format_time(entry.envelope.recorded_at), entry.origin)


def _last_head(stored: Stored) -> Head:
    """The head of an entry that lies in the vault, and was looked at closely when it was appended."""
    if leaf_hash(stored.note) == stored.leaf_hash:
        with suppress(LedgerFormatError):
            origin, recorded_at = read_place(stored.note)
            return Head(stored.epoch, stored.sequence, stored.leaf_hash, recorded_at, origin)
    return _head(stored)


def _following(head: Head | None, stored: Stored) -> Head:
    """The head after an entry; RuntimeError unless it follows `head` and its columns are those of its note."""
    entry = stored.parse()
    told = (entry.sequence, entry.envelope.id, entry.previous, leaf_hash(stored.note))
    if told != (stored.sequence, stored.id, stored.previous, stored.leaf_hash):
        raise RuntimeError("the entry's columns do not say what its note says")
    epoch, sequence = (1, 0) if head is None else (head.epoch, head.sequence + 1)
    opens_epoch = head is not None and (stored.epoch, stored.sequence) == (head.epoch + 1, 0)
    if (stored.epoch, stored.sequence) != (epoch, sequence) and not opens_epoch:
        raise RuntimeError(f"entry {stored.epoch}/{stored.sequence} does not follow; {epoch}/{sequence} would")
    previous = ZERO_HASH if head is None or opens_epoch else head.leaf_hash
    if stored.previous != previous:
        raise RuntimeError(f"entry {stored.epoch}/{stored.sequence} does not name the leaf hash of the entry before")
    return _head(stored)


def _refusal(violation: UniqueViolation, changes: tuple[Change, ...]) -> Exception:
    if (violation.table, violation.columns) != (Vial.table, ("unit", "position")):
        return violation
    vials = [change.row for change in changes if isinstance(change, Put) and isinstance(change.row, Vial)]
    boxes = ", ".join(sorted({vial.unit for vial in vials if vial.unit is not None}))
    return Refusal(
        "I2",
        f"A position of box {boxes} that this would fill holds another vial.",
        "Scan the box's positions, and choose a free one.",
        subject=vials[0].code if len(vials) == 1 else "",
    )
