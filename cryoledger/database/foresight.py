"""What the next act will ask of a server, so that it is asked together with the lock and not one by one under it.

Acts of one type ask much the same: the site, who signs, the things that the event names and what holds them. So the
questions of the last act are kept, with the names of its event as places to be filled in by the next one. A question
too many costs little, one too few is asked when it comes.

    foresight = Foresight()
    foresight.learn("VialsStored", ("V1", "B1"), facts.questions())
    foresight.questions("VialsStored", ("V2", "B1"))
"""

from __future__ import annotations

from dataclasses import dataclass

from cryoledger.database import statements
from cryoledger.database.driver import Value
from cryoledger.domain.records import Record

__all__ = ["Foresight", "Question"]

_MOST = 64
Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """Rows of one table with these values: by their key where `by_key`."""

    record: type[Record]
    fields: tuple[str, ...]
    values: tuple[Value, ...]
    by_key: bool

    def statement(self) -> tuple[str, tuple[Value, ...]]:
        """The question in SQL, and its parameters."""
        if self.by_key:
            return statements.of(self.record).get, self.values
        pairs = list(zip(self.fields, self.values, strict=True))
        given = tuple(name for name, value in pairs if value is not None)
        empty = tuple(name for name, value in pairs if value is None)
        return statements.select_where(self.record, given, empty), tuple(v for v in self.values if v is not None)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a name of the event stands in a question: which of its names."""

    index: int


@dataclass(frozen=True, slots=True)
class _Kept:
    record: type[Record]
    fields: tuple[str, ...]
    values: tuple[Value | _Place, ...]
    by_key: bool


class Foresight:
    """The questions of the last act of each type."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[_Kept, ...]] = {}

    def learn(self, act: str, names: Names, questions: list[Question]) -> None:
        """Keep what an act asked; one that asked much is of many things, and its successor is of others."""
        if len(questions) > _MOST:
            self._kept.pop(act, None)
            return
        places: dict[Value, _Place] = {name: _Place(index) for index, name in enumerate(names)}
        self._kept[act] = tuple(
            _Kept(each.record, each.fields, tuple(places.get(value, value) for value in each.values), each.by_key)
            for each in questions
        )

    def questions(self, act: str, names: Names) -> list[Question]:
        """What an act that names these will probably ask."""
        found: dict[Question, None] = {}
        for kept in self._kept.get(act, ()):
            if all(not isinstance(value, _Place) or value.index < len(names) for value in kept.values):
                values = tuple(names[value.index] if isinstance(value, _Place) else value for value in kept.values)
                found[Question(kept.record, kept.fields, values, kept.by_key)] = None
        # No text of PostgreSQL holds U+0000: there is no asking for one.
        return [each for each in found if not any(isinstance(value, str) and "\0" in value for value in each.values)]
