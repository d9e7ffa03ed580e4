"""Delimited text as rows of cells, whatever its encoding and delimiter, read in bounded memory.

    table = open_table(path, ColumnMap())
    for number, cells in table.rows():      # any number of times; the first row of the file is 1

A file that is no table is refused: a binary, a line without end, a quotation that never closes.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryoledger.custody.file_hash import unreadable
from cryoledger.errors import RequestError
from cryoledger.exchange.column_map import ColumnMap
from cryoledger.ledger.lines import encode_base64

__all__ = ["CELL_MOST", "DELIMITERS", "DelimitedText", "Table", "file_sha256", "open_table"]

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
CELL_MOST = 32_767  # characters: what a spreadsheet's cell can hold
RECORD_MOST = 1_000_000
COLUMNS_MOST = 1_000
CHUNK = 1 << 20
HEAD_BYTES = 1 << 16
SNIFFED = 20
_BINARY = {
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls)",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a compressed file",
    b"SQLite format": "a database",
    b"\x89PNG": "a picture",
}
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class Table(Protocol):
    """Rows of text cells, read from the beginning each time."""

    @property
    def sha256(self) -> str:
        """The hash of the file, in base64."""

    @property
    def guessed(self) -> dict[str, object]:
        """What was made of the file."""

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row's number in the file, from 1, and its cells; rows without any cell are left out."""


def open_table(path: Path, given: ColumnMap) -> Table:
    """The table in a file; RequestError where there is none."""
    head, digest = _head(path)
    if head.startswith(b"PK\x03\x04"):
        from cryoledger.exchange.workbook import Workbook

        return Workbook(path, digest, given.sheet)
    for start, what in _BINARY.items():
        if head.startswith(start):
            raise RequestError(f"{path} is {what}, not a table.", "Save it as XLSX or CSV.")
    encoding = given.encoding or _encoding(path, head)
    delimiter = given.delimiter or _delimiter(path, encoding)
    return DelimitedText(path, digest, encoding, delimiter)


@dataclass(frozen=True)
class DelimitedText:
    """A file of delimited text."""

    path: Path
    sha256: str
    encoding: str
    delimiter: str

    @property
    def guessed(self) -> dict[str, object]:
        """What was made of the file."""
        return {"format": "CSV", "encoding": self.encoding, "delimiter": DELIMITERS.get(self.delimiter, self.delimiter)}

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row's number and cells."""
        with self.path.open("rb") as binary:
            lines = _Lines(io.TextIOWrapper(binary, encoding=self.encoding, newline=""), self.path)
            number = 0
            reader = csv.reader(lines, delimiter=self.delimiter)
            while True:
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    message = f"Row {number + 1} of {self.path} cannot be read: {error}."
                    raise RequestError(message, "Look there for a quotation mark that is not closed.") from None
                except UnicodeError:
                    message = f"Row {number + 1} of {self.path}, or one soon after it, is not {self.encoding} text."
                    raise RequestError(message, 'Name the encoding in the map: encoding = "cp1252".') from None
                number += 1
                lines.taken = 0
                if len(cells) > COLUMNS_MOST:
                    raise RequestError(
                        f"Row {number} of {self.path} has {len(cells)} columns.", "Is it the right file?"
                    )
                if cells:
                    yield number, cells


class _Lines:
    """Lines of a text, none of them longer than a record may be."""

    def __init__(self, text: io.TextIOWrapper, path: Path) -> None:
        self._text = text
        self._path = path
        self.taken = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._text.readline(RECORD_MOST)
        if not line:
            raise StopIteration
        self.taken += len(line)
        if self.taken >= RECORD_MOST:
            raise RequestError(
                f"A row of {self._path} has more than {RECORD_MOST} characters.",
                "It is no table, or a quotation mark is not closed.",
            )
        return line


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, in base64."""
    return _head(path)[1]


def _head(path: Path) -> tuple[bytes, str]:
    """The first bytes, and the base64 SHA-256 of the whole file."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise RequestError(f"{path} is no file.", "Name the file itself.")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").digest()
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    if not head.strip():
        raise RequestError(f"{path} is empty.", "Name a file with a header and rows.")
    return head, encode_base64(digest)


def _encoding(path: Path, head: bytes) -> str:
    """The encoding, by byte-order mark, by the zeros of UTF-16, else UTF-8 where the whole file is, else cp1252."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    even, odd = head[::2].count(0), head[1::2].count(0)
    if even + odd:
        if max(even, odd) > len(head) // 8 and min(even, odd) <= max(even, odd) // 16:
            return "utf-16-le" if odd > even else "utf-16-be"
        raise RequestError(f"{path} is a binary file, not a table.", "Save it as XLSX or CSV.")
    for name in ("utf-8", "cp1252"):
        if _decodes(path, name):
            return name
    raise RequestError(f"The encoding of {path} is not known.", 'Name it in the map: encoding = "cp874".')


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while chunk := file.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeError:
            return False
    return True


def _delimiter(path: Path, encoding: str) -> str:
    """The delimiter that cuts the first rows into the most columns, the same number in each."""
    best, chosen = (0, 0), ","
    for delimiter in DELIMITERS:
        widths = []
        try:
            for _, cells in DelimitedText(path, "", encoding, delimiter).rows():
                widths.append(len(cells))
                if len(widths) == SNIFFED:
                    break
        except RequestError:
            continue
        common = max(set(widths), key=widths.count) if widths else 0
        if common > 1 and (widths.count(common), common) > best:
            best, chosen = (widths.count(common), common), delimiter
    return chosen
