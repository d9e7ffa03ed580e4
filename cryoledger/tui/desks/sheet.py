"""What a desk draws: tabs with rows and a cursor, lines above and beside them, and the acts that a row offers.

A sheet is plain data, made from a desk's view and drawn by `panel`. Times that run are given as instants and are
counted when they are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from cryoledger.manual.messages import told
from cryoledger.manual.texts import desk_word, has_own_words

if TYPE_CHECKING:
    from cryoledger.custody.workflow import Task

Tone: TypeAlias = Literal["", "good", "wait", "bad", "held", "note", "quiet", "strong"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A text in its tone; `until` is an instant that is counted down to, behind the text."""

    text: str
    tone: Tone = ""
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column's title and width (0 takes what is left); `wide` ones are left out where there is little room."""

    title: str
    width: int = 0
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """An act that a key begins on the row under the cursor: a task of the desk, or `act`, a word for the screen."""

    key: str
    label: str
    task: Task | None = None
    act: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a list; `key` is what stays under the cursor when the list is read again.

    A `heading` stands over the rows of a group: its first cell runs over all columns, and the cursor passes it by.
    """

    key: str
    cells: tuple[Cell, ...]
    offers: tuple[Offer, ...] = ()
    heading: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text in several tones; `big` is drawn in block letters where there is room."""

    parts: tuple[Cell, ...]
    big: bool = False


@dataclass(frozen=True, slots=True)
class Tab:
    """A list under its name; `empty` is said where it has no rows, `offers` need no row.

    Of a list too long to be held, `rows` are those from `first` on, and `count` says how many there are.
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    empty: str = "Nothing here."
    offers: tuple[Offer, ...] = ()
    alarm: bool = False
    first: int = 0
    count: int | None = None

    @property
    def length(self) -> int:
        """How many rows there are."""
        return len(self.rows) if self.count is None else self.count

    @property
    def things(self) -> int:
        """How many rows there are beside headings."""
        return self.length if self.count is not None else sum(not row.heading for row in self.rows)

    def row(self, at: int) -> Row | None:
        """The row at a place; None where there is none, or it is not read yet."""
        return self.rows[at - self.first] if 0 <= at - self.first < len(self.rows) else None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A desk as it is drawn: `head` above the tabs, `detail` of the row under the cursor beside or below them.

    What a sheet of the ledger itself says, its rows and details, is `recorded`: it is shown as it is, in any language.
    """

    tabs: tuple[Tab, ...] = ()
    head: tuple[Line, ...] = ()
    detail: tuple[Line, ...] = ()
    recorded: bool = False


def line(text: str, tone: Tone = "", *, big: bool = False) -> Line:
    """A line in one tone."""
    return Line((Cell(text, tone),), big)


def labelled(label: str, value: str, tone: Tone = "", *, until: str | None = None, width: int = 15) -> Line:
    """A label and its value."""
    return Line((Cell(f"{desk_word(label):<{width}} ", "quiet"), Cell(value, tone, until)))


def heading(text: str) -> Line:
    """A heading over what follows."""
    return line(text.upper(), "strong")


def over(text: str, tone: Tone = "strong") -> Row:
    """The heading of a group of rows."""
    return Row(f"over {text}", (Cell(text, tone),), heading=True)


def beside_headings(tab: Tab, cursor: int, step: int = 1) -> int:
    """The nearest place from `cursor` on, in a direction, that is no heading; the other direction where none is."""
    for way in (step, -step):
        at = cursor
        while (row := tab.row(at)) is not None and row.heading:
            at += 1 if way > 0 else -1
        if tab.row(at) is not None:
            return at
    return cursor


def rekeyed(sheet: Sheet, keys: Mapping[str, str]) -> Sheet:
    """The sheet with each act under the key that it has at this station; `keys` goes by names such as "desk.f5"."""
    if all(name == f"desk.{key}" for name, key in keys.items() if name.startswith("desk.")):
        return sheet
    return _with_offers(sheet, lambda offer: replace(offer, key=keys.get(f"desk.{offer.key}", offer.key)))


def in_words(sheet: Sheet) -> Sheet:
    """The sheet in this site's words: its lists, columns and acts, and what its rows and lines say."""
    if not has_own_words():
        return sheet
    tabs = [
        replace(
            tab,
            name=desk_word(tab.name),
            empty=desk_word(tab.empty),
            columns=tuple(replace(column, title=desk_word(column.title)) for column in tab.columns),
            rows=tab.rows if sheet.recorded else tuple(replace(row, cells=_told(row.cells)) for row in tab.rows),
        )
        for tab in sheet.tabs
    ]
    head, detail = (
        tuple(replace(line, parts=_told(line.parts)) for line in lines) for lines in (sheet.head, sheet.detail)
    )
    translated = replace(sheet, tabs=tuple(tabs), head=head, detail=sheet.detail if sheet.recorded else detail)
    return _with_offers(translated, lambda offer: replace(offer, label=desk_word(offer.label)))


def _told(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """Cells in this site's words, with the room that stood around them."""
    return tuple(
        replace(cell, text=cell.text.replace(bare, told(bare), 1)) if (bare := cell.text.strip()) else cell
        for cell in cells
    )


def _with_offers(sheet: Sheet, change: Callable[[Offer], Offer]) -> Sheet:
    """The sheet with every act that it offers changed."""
    tabs = [
        replace(
            tab,
            offers=tuple(map(change, tab.offers)),
            rows=tuple(replace(row, offers=tuple(map(change, row.offers))) if row.offers else row for row in tab.rows),
        )
        for tab in sheet.tabs
    ]
    return replace(sheet, tabs=tuple(tabs))
