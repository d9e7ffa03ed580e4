"""Pages to be printed: words, tables and boxes, as plain text or HTML here, as PDF in `pages_pdf`.

Every page bears its number, the ledger's origin and fingerprint, its head when it was printed, and in a training
vault that it is void: a loose sheet says by itself what it belongs to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from typing import Any, Final

from cryoledger.database.store import Reading
from cryoledger.documents.signatures import local_time, zone_of
from cryoledger.documents.training import void_of
from cryoledger.domain import numbers
from cryoledger.ledger.lines import encode_base64

__all__ = [
    "Block",
    "Cell",
    "Document",
    "Grid",
    "Page",
    "Stamp",
    "Table",
    "Words",
    "stamp_of",
    "text_of",
]

RULE = "=" * 100
WRITTEN = 10  # characters of room for a code, in a box without vials too


@dataclass(frozen=True, slots=True)
class Words:
    """Lines of text; an empty one parts paragraphs."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under heads. `weights` share out the width of the paper; `by_hand` leaves room to write."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    weights: tuple[int, ...]
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A position of a box: its label, the letter and code of what lies in it, and a small line below."""

    label: str
    letter: str
    code: str = ""
    small: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A box as it lies, its marked corner on the upper left."""

    above: tuple[str, ...]
    left: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


Block = Words | Table | Grid
_OBEYED: Final = {
    **dict.fromkeys((*range(32), *range(127, 160)), "\N{REPLACEMENT CHARACTER}"), ord("\n"): "\n", ord("\t"): " ",
    **dict.fromkeys(
        (0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A)), "\N{REPLACEMENT CHARACTER}"
    ),
}  # fmt: skip


def _obeyed_by_none(text: str) -> str:
    """Text in which what a terminal obeys, and what turns the direction of writing, is a mark that is seen."""
    return text.translate(_OBEYED)


@dataclass(frozen=True, slots=True)
class Page:
    """One sheet of paper."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Stamp:
    """What every page says of the ledger it was printed from."""

    origin: str
    fingerprint: str
    head: str
    head_hash: str
    printed: str
    void: str

    @property
    def lines(self) -> tuple[str, str]:
        """Two lines for the foot of a page."""
        return (
            f"{self.origin}   fingerprint {self.fingerprint}",
            f"as of entry {self.head}, leaf hash {self.head_hash}   printed {self.printed}",
        )


@dataclass(frozen=True, slots=True)
class Document:
    """Pages that were printed together."""

    title: str
    stamp: Stamp
    pages: tuple[Page, ...]
    facts: dict[str, Any] = field(default_factory=dict, hash=False)

    def text(self) -> str:
        """The pages as plain text, a rule between them."""
        sheets = []
        for number, page in enumerate(self.pages, start=1):
            void = [self.stamp.void, ""] if self.stamp.void else []
            body = [line for block in page.blocks for line in (*text_of(block), "")]
            foot = [*self.stamp.lines, self.number(number)]
            sheets.append("\n".join([*void, page.title, "", *body, *foot]))
        return _obeyed_by_none(f"\n{RULE}\n".join(sheets))

    def html(self) -> str:
        """The pages as one HTML file that needs nothing else and prints a page a sheet."""
        sheets = []
        for number, page in enumerate(self.pages, start=1):
            void = f'<p class="void">{escape(self.stamp.void)}</p>' if self.stamp.void else ""
            body = "\n".join(_html(block) for block in page.blocks)
            foot = "<br>".join(escape(line) for line in (*self.stamp.lines, self.number(number)))
            sheets.append(f"<section>{void}<h1>{escape(page.title)}</h1>\n{body}\n<footer>{foot}</footer></section>")
        return _obeyed_by_none(_HTML.format(title=escape(self.title), body="\n".join(sheets)))

    def number(self, number: int) -> str:
        """A page's number."""
        return f"{self.title}, page {number} of {len(self.pages)}"

    def to_dict(self) -> dict[str, Any]:
        """The document as JSON writes it."""
        return {"title": self.title, "pages": len(self.pages), **asdict(self.stamp), **self.facts}


def stamp_of(reading: Reading, now: str) -> Stamp:
    """The stamp of what is printed from one state of a vault."""
    head, first = reading.head(), reading.entry(0)
    if head is None or first is None:
        raise RuntimeError("a vault without entries is not printed from")
    return Stamp(
        origin=head.origin,
        fingerprint=encode_base64(first.leaf_hash),
        head=numbers.shown(head.number),
        head_hash=encode_base64(head.leaf_hash),
        printed=local_time(now, zone_of(reading), seconds=False),
        void=void_of(reading),
    )


# As text


def text_of(block: Block) -> list[str]:
    """A block as lines of plain text."""
    match block:
        case Words():
            return list(block.lines)
        case Table():
            return _table_text(block)
        case Grid():
            return _grid_text(block)


def _table_text(table: Table) -> list[str]:
    if table.by_hand:
        total, room = sum(table.weights), len(RULE) - len(table.heads) - 1
        widths = [
            max(room * weight // total, *(len(row[at]) for row in (table.heads, *table.rows)))
            for at, weight in enumerate(table.weights)
        ]
        rule = "+".join(["", *("-" * width for width in widths), ""])
        lines = [rule, _row("|", table.heads, widths), rule]
        for row in table.rows:
            lines += [_row("|", row, widths), rule]
        return lines
    rows = [table.heads, *table.rows]
    widths = [max(len(row[at]) for row in rows) for at in range(len(table.heads))]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _row(edge: str, cells: Sequence[str], widths: Sequence[int]) -> str:
    return edge.join(["", *(f"{cell[:width]:<{width}}" for cell, width in zip(cells, widths, strict=True)), ""])


def _grid_text(grid: Grid) -> list[str]:
    shown = [[f"{cell.letter} {cell.code}".rstrip() for cell in row] for row in grid.rows]
    width = max(WRITTEN, *(len(text) for row in shown for text in row)) + 1
    side = max(len(head) for head in grid.left)
    lines = [" " * side + "".join(f" {head:<{width}}" for head in grid.above).rstrip()]
    for head, row in zip(grid.left, shown, strict=True):
        lines.append((f"{head:>{side}}" + "".join(f" {text:<{width}}" for text in row)).rstrip())
    return lines


# As HTML


def _html(block: Block) -> str:
    match block:
        case Words():
            return "<p>" + "<br>\n".join(escape(line) for line in block.lines) + "</p>"
        case Table():
            return _table_html(block)
        case Grid():
            return _grid_html(block)


def _table_html(table: Table) -> str:
    total = sum(table.weights)
    heads = "".join(
        f'<th style="width:{100 * weight / total:.1f}%">{escape(head)}</th>'
        for head, weight in zip(table.heads, table.weights, strict=True)
    )
    rows = ["<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in table.rows]
    kind = "hand" if table.by_hand else "list"
    return f'<table class="{kind}"><tr>{heads}</tr>\n' + "\n".join(rows) + "</table>"


def _grid_html(grid: Grid) -> str:
    above = "".join(f"<th>{escape(head)}</th>" for head in grid.above)
    rows = []
    for head, row in zip(grid.left, grid.rows, strict=True):
        cells = "".join(
            f"<td><i>{escape(cell.label)}</i> <b>{escape(cell.letter)}</b><br>{escape(cell.code)}<br>"
            f"<small>{escape(cell.small)}</small></td>"
            for cell in row
        )
        rows.append(f"<tr><th>{escape(head)}</th>{cells}</tr>")
    return f'<table class="grid"><tr><th></th>{above}</tr>\n' + "\n".join(rows) + "</table>"


_HTML = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>
@page {{ size: A4 landscape; margin: 10mm; }}
body {{ font: 10pt sans-serif; color: #000; }} h1 {{ font-size: 13pt; margin: 0 0 2mm; }}
section {{ page-break-after: always; }} footer {{ font-size: 7pt; border-top: 1px solid; margin-top: 3mm; }}
.void {{ border: 2px solid; text-align: center; font-weight: bold; font-size: 14pt; margin: 0 0 2mm; }}
table {{ border-collapse: collapse; width: 100%; }} th {{ text-align: left; font-size: 8pt; }}
td, .hand th {{ border: 1px solid #777; padding: 1px 3px; }} .hand td {{ height: 8mm; }}
.grid {{ table-layout: fixed; }} .grid td {{ font-size: 7pt; height: 12mm; vertical-align: top; }}
.grid th {{ text-align: center; }} .grid i {{ color: #555; }} .grid b {{ float: right; }}
.grid td {{ overflow-wrap: anywhere; }} .grid tr > th:first-child {{ width: 6mm; }}
</style></head><body>
{body}
</body></html>
"""
