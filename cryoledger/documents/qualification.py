"""The record of a qualification as pages: verdict, every check, from each rule to its tests, and the signed note."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import zip_longest

from cryoledger.custody.qualification import Check, verdict
from cryoledger.documents.pages import Block, Document, Page, Stamp, Table, Words
from cryoledger.ledger.note import Note

__all__ = ["pages_of", "traceability"]

TITLE = "Qualification of cryoledger"
_ROWS, _LINES, _WIDE, _COLUMN = 34, 36, 150, 78
_PARTS = (
    ("IQ", "Installation: this machine"),
    ("OQ", "Operation: a sample clinic's day on a scratch vault"),
    ("PQ", "Performance: the site's own vault, only read"),
)


@cache
def traceability() -> Mapping[str, tuple[str, ...]]:
    """For every rule's ID, tests of the release that show it; `tests/traceability.py` writes the file."""
    text = (files("cryoledger.documents") / "traceability.json").read_text(encoding="utf-8")
    return {rule: tuple(tests) for rule, tests in json.loads(text).items()}


def pages_of(stamp: Stamp, head: Sequence[str], checks: Sequence[Check], note: Note | None) -> Document:
    """The record of these checks; `note` is the signed text, None where there was no vault to sign with."""
    pages = [_first(head, checks, note)]
    for prefix, title in _PARTS:
        part = [check for check in checks if check.number.startswith(prefix)]
        rows = [row for check in part for row in _rows((check.number, check.outcome), check.expected, check.found)]
        pages += _tables(title, ("check", "outcome", "expected", "found"), rows, (1, 1, 7, 8))
    traced = [(rule if not at else "", name) for rule, tests in traceability().items() for at, name in enumerate(tests)]
    pages += _tables("From each rule to tests that show it", ("rule", "tests of this release"), traced, (2, 15))
    if note is not None:
        lines = _wrapped(note.encode().decode())
        pages += [
            Page("The signed note", (Words(tuple(lines[at : at + _LINES])),)) for at in range(0, len(lines), _LINES)
        ]
    facts = {"verdict": verdict(checks), "checks": [[c.number, c.outcome, c.expected, c.found] for c in checks]}
    return Document(TITLE, stamp, tuple(pages), facts)


def _first(head: Sequence[str], checks: Sequence[Check], note: Note | None) -> Page:
    failed = [check.line for check in checks if check.outcome == "failed"]
    signers = ", ".join(line.name for line in note.signatures) if note is not None else ""
    blocks: list[Block] = [
        Words(tuple(head)),
        Words((verdict(checks), *failed[:20])),
        Words(
            (
                f"Signed by {signers}: the signed text, a C2SP signed note, is on the last pages."
                if signers
                else "Not signed: there was no vault of the site to sign with.",
                "",
                "What this shows: this installation does what its release was tested to do, here and today.",
                "What it does not: that the program is fit for the site's own way of working. The site validates that.",
            )
        ),
        Table(("qualified for use by", "date", "signature"), (("", "", ""), ("", "", "")), (6, 3, 6), by_hand=True),
    ]
    return Page(TITLE, tuple(blocks))


def _tables(
    title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], weights: tuple[int, ...]
) -> list[Page]:
    parts = [tuple(rows[at : at + _ROWS]) for at in range(0, len(rows), _ROWS)]
    return [Page(title, (Table(heads, part, weights),)) for part in parts]


def _rows(first: tuple[str, str], *texts: str) -> Iterator[tuple[str, ...]]:
    """A check as rows: what is too long for a column goes on below."""
    columns = [textwrap.wrap(text, _COLUMN) or [""] for text in texts]
    for at, cells in enumerate(zip_longest(*columns, fillvalue="")):
        yield (*(first if not at else ("", "")), *cells)


def _wrapped(text: str) -> list[str]:
    """The lines of a text, each cut where the page ends; a line that goes on is marked."""
    lines: list[str] = []
    for line in text.splitlines():
        parts = [line[at : at + _WIDE] for at in range(0, max(1, len(line)), _WIDE)]
        lines += [part if not at else f"    {part}" for at, part in enumerate(parts)]
    return lines
