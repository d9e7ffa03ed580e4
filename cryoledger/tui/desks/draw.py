"""Draws a sheet as lines of styled pieces that fit a width: no screen is needed to know what will be on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from rich.cells import cell_len, set_cell_size

from cryoledger.domain import times
from cryoledger.manual.keys import shown
from cryoledger.manual.texts import say
from cryoledger.tui import blocks
from cryoledger.tui.desks.sheet import Cell, Column, Line, Row, Sheet, Tab, Tone, beside_headings, labelled
from cryoledger.tui.words import clean, duration

if TYPE_CHECKING:
    from cryoledger.tui.desks.sheet import Offer

BESIDE: Final = 116
"""From this width on the detail stands beside the list, not below it."""
_BIG_ROWS: Final = 15
_SOON_SECONDS: Final = 30 * 60
_LIST_LEAST: Final = 3


Mark: TypeAlias = Literal["", "reverse", "row"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A text in its tone; `mark` says that it is drawn in reverse, or on the colour of the row under the cursor."""

    text: str
    tone: Tone = ""
    mark: Mark = ""


Drawn: TypeAlias = list[Piece]


@dataclass(frozen=True, slots=True)
class Place:
    """Which list is open, which row is under the cursor, and the first row and detail line in sight."""

    tab: int = 0
    cursor: int = 0
    top: int = 0
    below: int = 0


@dataclass(frozen=True, slots=True)
class Drawing:
    """The lines, the place as it was corrected to what there is, and how many rows a page of the list has."""

    lines: list[Drawn]
    place: Place
    page: int


def draw(sheet: Sheet, place: Place, width: int, height: int, now: datetime) -> Drawing:
    """A sheet in so much room."""
    if not sheet.tabs or width < 20 or height < 3:
        return Drawing(_head(sheet.head, width, height, now)[:height] if width >= 20 else [], place, 1)
    place = replace(place, tab=min(place.tab, len(sheet.tabs) - 1))
    tab = sheet.tabs[place.tab]
    place = replace(place, cursor=beside_headings(tab, max(0, min(place.cursor, tab.length - 1))))
    head = _head(sheet.head, width, height, now)
    offers = _offers(offers_at(sheet, place), width)
    room = max(_LIST_LEAST, height - len(head) - 2 - len(offers))
    beside = bool(sheet.detail) and width >= BESIDE
    list_width = width * 11 // 20 if beside else width
    told = sheet.detail or _in_full(tab, tab.row(place.cursor), width)
    detail = _wrapped(told, width - list_width - 2 if beside else width, now)
    rows = room if beside or not detail else max(_LIST_LEAST, min(tab.length, room // 2))
    place = _kept(place, tab, rows)
    listed = [_titles(tab, list_width), *_rows(tab, place, list_width, rows, now)]
    left = room - rows
    body = _beside(listed, detail, place, list_width, width) if beside else listed + _below(detail, place, left, width)
    lines = [*head, _bar(sheet, place, width), *body]
    lines = lines[: height - len(offers)]
    lines += [[] for _ in range(height - len(offers) - len(lines))]
    return Drawing([*lines, *offers], place, rows)


def offers_at(sheet: Sheet, place: Place) -> tuple[Offer, ...]:
    """What can be begun at a place: with the row under the cursor, and without one."""
    if place.tab >= len(sheet.tabs):
        return ()
    tab = sheet.tabs[place.tab]
    row = tab.row(place.cursor)
    own = row.offers if row is not None else ()
    taken = {offer.key for offer in own}
    return (*own, *(offer for offer in tab.offers if offer.key not in taken))


def _kept(place: Place, tab: Tab, rows: int) -> Place:
    """The place with its cursor in sight, and the heading right above it."""
    cursor = place.cursor
    above = tab.row(cursor - 1)
    highest = cursor - 1 if above is not None and above.heading and rows > 1 else cursor
    top = min(max(place.top, cursor - rows + 1), highest)
    return replace(place, top=max(0, min(top, max(0, tab.length - rows))))


def _bar(sheet: Sheet, place: Place, width: int) -> Drawn:
    """The names of the lists, the open one marked and in sight."""
    drawn = [_name(tab, open_=at == place.tab) for at, tab in enumerate(sheet.tabs)]
    sizes = [cell_len(piece.text) + 1 for piece in drawn]
    first = 0
    while first < place.tab and sum(sizes[first : place.tab + 1]) + 2 > width:
        first += 1
    before = [Piece("‹ ", "quiet")] if first else []
    shown = [part for piece in drawn[first:] for part in (piece, Piece(" "))]
    return _fitted([*before, *shown], width)


def _name(tab: Tab, *, open_: bool) -> Piece:
    count = f" {tab.things}" if tab.things else ""
    tone: Tone = "bad" if tab.alarm else "strong" if open_ else "quiet"
    return Piece(f" {'▲' if tab.alarm else ''}{clean(tab.name)}{count} ", tone, mark="reverse" if open_ else "")


def _titles(tab: Tab, width: int) -> Drawn:
    titles = [Cell(column.title, "quiet") for column in tab.columns]
    return _fitted([Piece("  "), *_columns(tab.columns, titles, width)], width)


def _rows(tab: Tab, place: Place, width: int, rows: int, now: datetime) -> list[Drawn]:
    if not tab.length:
        return [_fitted([Piece(f"  {tab.empty}", "quiet")], width)]
    found = []
    for at in range(place.top, min(place.top + rows, tab.length)):
        row = tab.row(at)
        if row is not None and row.heading:
            found.append(_fitted([Piece(clean(row.cells[0].text), row.cells[0].tone)], width))
            continue
        under = at == place.cursor
        cells = [_counted(cell, now) for cell in row.cells] if row is not None else [Cell("…", "quiet")]
        pieces = [Piece("▶ " if under else "  ", "strong"), *_columns(tab.columns, cells, width)]
        found.append(_fitted([replace(piece, mark="row") for piece in pieces] if under else pieces, width))
    return found


def _columns(columns: Sequence[Column], cells: Sequence[Cell], width: int) -> Drawn:
    shown = [(column, cell) for column, cell in zip(columns, cells, strict=False) if width >= BESIDE or not column.wide]
    fixed = sum(column.width + 1 for column, _ in shown)
    free = sum(not column.width for column, _ in shown)
    rest = max(4, (width - 2 - fixed) // free) if free else 0
    return [Piece(_sized(clean(cell.text), column.width or rest) + " ", cell.tone) for column, cell in shown]


def _in_full(tab: Tab, row: Row | None, width: int) -> tuple[Line, ...]:
    """What the row under the cursor says and the list has no room for."""
    if row is None:
        return ()
    free = sum(not column.width for column in tab.columns if width >= BESIDE or not column.wide)
    fixed = sum(column.width + 1 for column in tab.columns if width >= BESIDE or not column.wide)
    rest = max(4, (width - 2 - fixed) // free) if free else 0
    return tuple(
        labelled(column.title, cell.text, cell.tone)
        for column, cell in zip(tab.columns, row.cells, strict=False)
        if cell.text and ((column.wide and width < BESIDE) or cell_len(clean(cell.text)) > (column.width or rest))
    )


def _sized(text: str, width: int) -> str:
    """A text in exactly so many columns; what is cut says so."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + "…"


def _counted(cell: Cell, now: datetime) -> Cell:
    """A cell whose deadline is counted down to now."""
    if cell.until is None:
        return cell
    seconds = int((times.instant(cell.until) - now).total_seconds())
    if seconds < 0:
        return Cell(f"{cell.text}✗ -{duration(-seconds * 1000)}", "bad")
    tone: Tone = "wait" if seconds < _SOON_SECONDS else "good"
    rest = duration(seconds * 1000)
    return Cell(f"{cell.text}{say('lists.left', time=rest) if cell.tone == 'strong' else rest}", tone)


def _head(lines: Sequence[Line], width: int, height: int, now: datetime) -> list[Drawn]:
    """The lines above the lists; large ones in block letters where the room allows it."""
    large = height >= _BIG_ROWS
    drawn: list[Drawn] = []
    for each in lines:
        if each.big and large:
            drawn += _big(each, width, now)
        else:
            drawn += [
                [replace(piece, mark="reverse" if each.big else "") for piece in pieces]
                for pieces in _wrap(each, width, now)
            ]
    return [*drawn, []] if drawn and large else drawn


def _big(each: Line, width: int, now: datetime) -> list[Drawn]:
    """The first part in block letters; the others beside it, in the middle."""
    first, *others = (_counted(cell, now) for cell in each.parts)
    letters = blocks.small(first.text.strip())
    rest = [Piece(clean(cell.text), cell.tone) for cell in others]
    return [
        _fitted([Piece(f" {row}  ", first.tone), *(rest if at == 1 else [])], width) for at, row in enumerate(letters)
    ]


def _wrapped(lines: Sequence[Line], width: int, now: datetime) -> list[Drawn]:
    return [drawn for each in lines for drawn in _wrap(each, width, now)]


def _wrap(each: Line, width: int, now: datetime) -> list[Drawn]:
    """A line in as many as it takes, broken between words, the later ones under its last part."""
    cells = [_counted(cell, now) for cell in each.parts]
    indent = min(sum(cell_len(clean(cell.text)) for cell in cells[:-1]), width // 2) if len(cells) > 1 else 0
    lines: list[Drawn] = [[]]
    used = 0
    for cell in cells:
        for word in _words(clean(cell.text), width - indent):
            size = cell_len(word.rstrip())
            if used + size > width and used > indent:
                lines.append([Piece(" " * indent)])
                used = indent
                word = word.lstrip()
            lines[-1].append(Piece(word, cell.tone))
            used += cell_len(word)
    return [_fitted(line, width) for line in lines]


def _words(text: str, longest: int) -> list[str]:
    """A text cut after its spaces; a word that is longer than a line is cut anyway."""
    words: list[str] = []
    step = max(1, longest)
    for part in text.split(" "):
        words += [part[at : at + step] for at in range(0, max(1, len(part)), step)]
        words[-1] += " "
    words[-1] = words[-1][:-1]
    return words


def _below(detail: list[Drawn], place: Place, room: int, width: int) -> list[Drawn]:
    if not detail or room < 2:
        return []
    return [[Piece("─" * width, "quiet")], *detail[place.below : place.below + room - 1]]


def _beside(listed: list[Drawn], detail: list[Drawn], place: Place, list_width: int, width: int) -> list[Drawn]:
    tail = detail[place.below :]
    count = max(len(listed), len(tail))
    empty: Drawn = [Piece(" " * list_width)]
    return [
        _fitted(
            [*(listed[at] if at < len(listed) else empty), Piece("│ ", "quiet"), *(tail[at] if at < len(tail) else [])],
            width,
        )
        for at in range(count)
    ]


def _offers(offers: Sequence[Offer], width: int) -> list[Drawn]:
    """What the keys begin here, in as many lines as it takes."""
    lines: list[Drawn] = [[]]
    used = 0
    for offer in offers:
        key, label = f" {shown(offer.key)} ", f" {offer.label}  "
        size = cell_len(key) + cell_len(label)
        if used and used + size - 2 > width:
            lines.append([])
            used = 0
        lines[-1] += [Piece(key, "strong", mark="reverse"), Piece(label, "note")]
        used += size
    return [_fitted(pieces, width) for pieces in lines]


def _fitted(pieces: Sequence[Piece], width: int) -> Drawn:
    """Pieces cut to a width."""
    found: Drawn = []
    left = width
    for piece in pieces:
        size = cell_len(piece.text)
        if size > left:
            if left > 0:
                found.append(replace(piece, text=_sized(piece.text, left)))
            return found
        found.append(piece)
        left -= size
    if left:
        last = found[-1] if found else Piece("")
        whole = bool(found) and last.mark == found[0].mark == "row"
        found.append(Piece(" " * left, last.tone, mark="row" if whole else ""))
    return found


def row_of(sheet: Sheet, place: Place) -> Row | None:
    """The row under the cursor."""
    if place.tab >= len(sheet.tabs):
        return None
    return sheet.tabs[place.tab].row(place.cursor)
