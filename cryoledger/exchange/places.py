"""From the cells of a row to its box: the units on the way, their codes, names and slots."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from cryoledger.codes.position import Scheme, label, parse
from cryoledger.custody.imports.import_facts import BoxFacts, BoxSize, Place, SizeOf
from cryoledger.errors import CodeError
from cryoledger.exchange.column_map import KINDS
from cryoledger.exchange.survey import Survey
from cryoledger.exchange.texts import is_code, plain

__all__ = ["CACHED_MOST", "Boxes", "unit_code"]

CACHED_MOST = 20_000
CODE_MOST = 64
SLOT_MOST = 16
SIDE_MOST = 64
Texts = tuple[str, ...]


def unit_code(parent: str, name: str) -> str:
    """The code of a unit that has only a name: its holder's code and the name, as far as a code can hold them.

    >>> unit_code("", "F1"), unit_code("F1", "R1"), unit_code("F1-R1", "Box 7")
    ('F1', 'F1-R1', 'F1-R1-Box-7')
    """
    code = _in_ascii(name)
    code = f"{parent}-{code}" if parent else code
    return code if len(code) <= CODE_MOST else f"{code[: CODE_MOST - 9]}-{_mark(code)}"


def _in_ascii(name: str) -> str:
    """A name in letters, digits, dots and hyphens; where letters are lost, a mark made of all of them."""
    bare = unicodedata.normalize("NFKD", name)
    bare = "".join(c for c in bare if not "\u0300" <= c <= "\u036f")
    text = re.sub(r"[^A-Za-z0-9._]+", "-", bare).strip("-")
    lost = any(ord(c) > 127 and c.isalnum() for c in bare)
    return f"{text}-{_mark(name)}".lstrip("-") if lost or not text else text


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


class Boxes:
    """The boxes of a file, each made once of the cells that name it."""

    def __init__(self, known: Survey, size_of: SizeOf) -> None:
        at, defaults = known.columns.at, known.given.defaults
        self.fields = [
            name for kind in KINDS for name in (kind, f"{kind}_code", f"{kind}_slot") if name in at or name in defaults
        ] + [name for name in ("box_rows", "box_columns", "box_scheme") if name in at]
        self._known = known
        self._size_of = size_of
        self._prefix = known.given.prefixes.get("unit", "")
        self._made: dict[Texts, BoxFacts | str] = {}
        self._by_case: dict[str, str] = {}
        self._positions: dict[tuple[BoxSize, str], int | None] = {}

    def box(self, texts: Texts) -> BoxFacts | str:
        """The box that cells (in the order of `fields`) name, or why there is none."""
        made = self._made.get(texts)
        if made is None:
            if len(self._made) >= CACHED_MOST:
                self._made.clear()
            made = self._made[texts] = self._make(dict(zip(self.fields, texts, strict=True)))
        return made

    def position(self, box: BoxFacts, text: str) -> int | str:
        """The place in fill order that a cell names, or why there is none."""
        if not text:
            return "no position"
        key = (box.size, text)
        if key not in self._positions:
            if len(self._positions) >= CACHED_MOST:
                self._positions.clear()
            try:
                self._positions[key] = parse(*_sized(box.size), text)
            except CodeError:
                self._positions[key] = None
        found = self._positions[key]
        if found is not None:
            return found
        first, last = (label(*_sized(box.size), at) for at in (0, box.size.rows * box.size.columns - 1))
        return f"position outside the box: {text[:16]!r}, and {box.code} has {first} to {last}"

    def _make(self, cells: dict[str, str]) -> BoxFacts | str:
        path: list[Place] = []
        for kind in KINDS:
            name, code = cells.get(kind, ""), cells.get(f"{kind}_code", "")
            if not name and not code:
                continue
            place = self._place(kind, name, code, cells.get(f"{kind}_slot", ""), path[-1].code if path else "")
            if isinstance(place, str):
                return place
            path.append(place)
        if not path or path[0].kind not in ("freezer", "tank"):
            return "no freezer"
        if path[-1].kind != "box":
            return "no box"
        size = self._size_of(path[-1].code) or self._size(cells)
        return BoxFacts(tuple(path), size) if isinstance(size, BoxSize) else size

    def _place(self, kind: str, name: str, code: str, slot: str, parent: str) -> Place | str:
        shown = plain(name or code)
        if shown is None:
            return f"the {kind}'s name is longer than 120 characters or holds characters that nobody sees"
        made = code or unit_code(parent or "", shown)
        if not code and not parent:
            made = f"{self._prefix}{made}"
        if not is_code(made) or "/" in made:
            return f"the {kind}'s code {made[:64]!r} is none: 1 to 64 letters, digits and signs, no space, no stroke"
        made = self._by_case.setdefault(made.casefold(), made) if not code else made
        own = slot or _in_ascii(shown)
        own = own if len(own) <= SLOT_MOST else f"{own[:7]}-{_mark(own)}"
        if not is_code(own):
            return f"the {kind}'s slot {own!r} is none"
        return Place(kind, made, shown, own if parent else None)

    def _size(self, cells: dict[str, str]) -> BoxSize | str:
        rows, columns, scheme = (cells.get(name, "") for name in ("box_rows", "box_columns", "box_scheme"))
        if not rows and not columns:
            return self._known.box
        high, wide = (int(text) if text.isdecimal() and len(text) < 4 else 0 for text in (rows, columns))
        if not (1 <= high <= SIDE_MOST and 1 <= wide <= SIDE_MOST) or scheme not in ("", *Scheme):
            return f"a box of {rows[:8]!r} rows and {columns[:8]!r} columns is none"
        return BoxSize(high, wide, scheme or Scheme.LETTERS.value)


def _sized(size: BoxSize) -> tuple[str, int, int]:
    return size.scheme, size.rows, size.columns
