"""Facts answered by SQL over the derived tables, and earlier entries read from the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from cryoledger.database import statements
from cryoledger.database.driver import Driver, Row, Value
from cryoledger.database.foresight import Question
from cryoledger.domain import catalogue, numbers
from cryoledger.domain.facts import Recorded, Signed
from cryoledger.domain.records import Key, Record
from cryoledger.errors import LedgerFormatError, VaultDamagedError
from cryoledger.ledger.canonical import format_time
from cryoledger.ledger.entry import Entry, parse_again
from cryoledger.ledger.lines import encode_base64
from cryoledger.ledger.tree import leaf_hash

__all__ = ["ENTRY_COLUMNS", "SqlFacts", "Stored", "recorded_of"]

R = TypeVar("R", bound=Record)

AT_ONCE = 500  # codes in one question
ENTRY_COLUMNS = '"epoch", "sequence", "id", "previous", "leaf_hash", "note"'
_ENTRY = f'SELECT {ENTRY_COLUMNS} FROM "entry" WHERE "epoch" = ? AND "sequence" = ?'  # noqa: S608


@dataclass(frozen=True, slots=True)
class Stored:
    """One entry as it lies in the vault: the note's bytes, and what is read off them for look-ups."""

    epoch: int
    sequence: int
    id: str
    previous: bytes
    leaf_hash: bytes
    note: bytes

    @classmethod
    def of(cls, epoch: int, entry: Entry) -> Stored:
        """The row of a sealed entry in its epoch (from 1)."""
        note = entry.encode()
        return cls(epoch, entry.sequence, entry.envelope.id, entry.previous, leaf_hash(note), note)

    @property
    def number(self) -> int:
        """The entry's number over all epochs."""
        return numbers.number_of(self.epoch, self.sequence)

    def parse(self) -> Entry:
        """The entry; VaultDamagedError where the stored bytes are not one."""
        try:
            return parse_again(self.note)
        except LedgerFormatError as error:
            raise VaultDamagedError(
                f"Entry {numbers.shown(self.number)} of the vault is damaged: {error.message}",
                "Keep the file, run `cryoledger verify` on it, and restore the newest backup.",
            ) from error


def recorded_of(stored: Stored) -> Recorded:
    """An entry as rules and screens see it; VaultDamagedError or RequestError where its bytes are not ours."""
    envelope = stored.parse().envelope
    return Recorded(
        number=stored.number,
        leaf_hash=encode_base64(stored.leaf_hash),
        type=envelope.type,
        event=catalogue.parse(envelope.type, envelope.data),
        station=envelope.station,
        signers=tuple(Signed(signer.name, signer.meaning) for signer in envelope.signers),
        occurred_at=format_time(envelope.occurred_at),
        recorded_at=format_time(envelope.recorded_at),
    )


class SqlFacts:
    """`domain.facts.Facts` over one state of the vault; each question is asked of the database once."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._rows: dict[tuple[type[Record], Key], Record | None] = {}
        self._found: dict[type[Record], dict[tuple[tuple[str, Value], ...], list[Record]]] = {}
        self._entries: dict[int, Recorded | None] = {}
        self._ahead: dict[Question, list[Row]] = {}

    def get(self, record: type[R], *key: str | int) -> R | None:
        """The row with this primary key."""
        if (record, key) not in self._rows:
            if len(key) != len(record.key):
                raise RuntimeError(f"the key of {record.table} is {record.key}, not {len(key)} values")
            question = Question(record, record.key, key, by_key=True)
            rows = self._ask(question)
            self._rows[record, key] = record(*rows[0]) if rows else None
        return cast("R | None", self._rows[record, key])

    def several(self, record: type[R], codes: Sequence[str]) -> list[R]:
        """Of the rows with these primary keys those that are there; one question for some hundreds of them."""
        asked = [code for code in codes if (record, (code,)) not in self._rows]
        for start in range(0, len(asked), AT_ONCE):
            some = asked[start : start + AT_ONCE]
            self._rows.update({(record, (code,)): None for code in some})
            for values in self._driver.all(statements.select_some(record, len(some)), some):
                found = record(*values)
                self._rows[record, found.identity] = found
        return [row for code in codes if (row := self.get(record, code)) is not None]

    def where(self, record: type[R], **equal: str | int | None) -> list[R]:
        """Rows whose fields equal these, ordered by key."""
        found = self._found.setdefault(record, {})
        question = tuple(equal.items())
        if question not in found:
            asked = Question(record, tuple(equal), tuple(equal.values()), by_key=False)
            found[question] = [record(*row) for row in self._ask(asked)]
        return list(cast("list[R]", found[question]))

    def recorded(self, number: int) -> Recorded | None:
        """An earlier entry, by its number; None where there is none."""
        if number < 0:
            return None
        if number not in self._entries:
            row = self._driver.one(_ENTRY, numbers.place_of(number))
            self._entries[number] = None if row is None else recorded_of(Stored(*row))
        return self._entries[number]

    def questions(self) -> list[Question]:
        """What was asked so far, earlier entries aside."""
        rows = [Question(record, record.key, key, by_key=True) for record, key in self._rows]
        found = [
            Question(record, tuple(name for name, _ in pairs), tuple(value for _, value in pairs), by_key=False)
            for record, asked in self._found.items()
            for pairs in asked
        ]
        return rows + found

    def learn(self, question: Question, rows: list[Row]) -> None:
        """Take the answer to a question that may be asked in this transaction."""
        self._ahead[question] = rows

    def _ask(self, question: Question) -> list[Row]:
        rows = self._ahead.pop(question, None) if self._ahead else None
        return self._driver.all(*question.statement()) if rows is None else rows

    @property
    def size(self) -> int:
        """About how many answers are remembered."""
        return len(self._rows) + len(self._entries) + sum(map(len, self._found.values()))

    def known(self, record: type[R], key: Key) -> R | None:
        """The row, where it was asked for already and is there."""
        return cast("R | None", self._rows.get((record, key)))

    def forget(self, touched: Iterable[tuple[type[Record], Key]]) -> None:
        """Ask again for what an event has just changed."""
        self._ahead.clear()
        for record, key in touched:
            self._rows.pop((record, key), None)
            self._found.pop(record, None)
        self._entries = {number: entry for number, entry in self._entries.items() if entry is not None}

    def forget_all(self) -> None:
        """Ask again for everything."""
        self._ahead.clear()
        self._rows.clear()
        self._found.clear()
        self._entries.clear()
