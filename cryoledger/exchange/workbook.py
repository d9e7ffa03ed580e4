"""A sheet of an XLSX workbook as rows of text cells; openpyxl reads it, row by row, formulas by their last result."""

from __future__ import annotations

import importlib
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from cryoledger.errors import RequestError

__all__ = ["Workbook"]

UNPACKED_MOST = 2 << 30
STRINGS_MOST = 256 << 20  # texts that many cells share are held in memory
ROWS_MOST = 1_048_576
COLUMNS_MOST = 1_000


class Workbook:
    """One sheet of a workbook: the one that is named, else the first that has a row."""

    def __init__(self, path: Path, sha256: str, sheet: str | None) -> None:
        self.path = path
        self.sha256 = sha256
        _check_size(path)
        book = self._open()
        try:
            self.sheet = self._choose(book, sheet)
            self.others = [name for name in book.sheetnames if name != self.sheet]
        finally:
            book.close()

    @property
    def guessed(self) -> dict[str, object]:
        """What was made of the file."""
        return {"format": "XLSX", "sheet": self.sheet, **({"other_sheets": self.others} if self.others else {})}

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row's number and cells."""
        book = self._open()
        try:
            for number, cells in enumerate(book[self.sheet].iter_rows(values_only=True), start=1):
                if number > ROWS_MOST or len(cells) > COLUMNS_MOST:
                    raise RequestError(f"{self.path} has more rows or columns than a sheet holds.", "Save it as CSV.")
                texts = [_text(value) for value in cells]
                if any(texts):
                    yield number, texts
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, SyntaxError, OSError, EOFError) as error:
            raise _broken(self.path, error) from None
        finally:
            book.close()

    def _open(self) -> Any:
        try:
            openpyxl: Any = importlib.import_module("openpyxl")
        except ImportError:
            raise RequestError(
                "An XLSX file needs cryoledger[xlsx], which is not installed.",
                "Install it with `pip install 'cryoledger[xlsx]'`, or save the sheet as CSV.",
            ) from None
        try:
            return openpyxl.load_workbook(self.path, read_only=True, data_only=True, keep_links=False)
        except Exception as error:  # noqa: BLE001 - a hostile archive raises anything
            raise _broken(self.path, error) from None

    def _choose(self, book: Any, named: str | None) -> str:
        if named is not None:
            if named not in book.sheetnames:
                raise RequestError(f"{self.path} has no sheet {named!r}.", f"It has: {', '.join(book.sheetnames)}.")
            return named
        for sheet in book.worksheets:
            if sheet.sheet_state == "visible" and next(sheet.iter_rows(values_only=True), None):
                return str(sheet.title)
        raise RequestError(f"{self.path} has no sheet with rows.", "Name a file with a header and rows.")


def _check_size(path: Path) -> None:
    """A small archive may unpack to more than any machine holds."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:
        raise _broken(path, error) from None
    shared = sum(part.file_size for part in parts if not part.filename.startswith("xl/worksheets/"))
    if shared > STRINGS_MOST or sum(part.file_size for part in parts) > UNPACKED_MOST:
        raise RequestError(f"{path} unpacks to more than a sheet can hold.", "Save the sheet as CSV.")


def _broken(path: Path, error: Exception) -> RequestError:
    return RequestError(f"{path} is no readable XLSX file ({type(error).__name__}).", "Save it again, or as CSV.")


def _text(value: object) -> str:
    """A cell as the text that it would be in a CSV file; dates as ISO 8601, whatever the sheet shows."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value).replace("e+", "E+")
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time(0) else value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date | time) else str(value)
