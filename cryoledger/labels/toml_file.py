"""Reads the TOML files of stocks and layouts strictly: every error names the file, the line and the key.

`Table` gives typed values and remembers which keys were asked for; `finish` refuses the others, so that a
misspelt key is an error and not a default. Lengths are millimetres.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Final

from cryoledger.labels.errors import LabelError

__all__ = ["Table", "read_toml"]

BYTES_MAX: Final = 100_000
_HEADER: Final = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_.\-\"' ]+?)\s*\]\]?\s*(?:#.*)?")
_KEY: Final = re.compile(r"\s*([A-Za-z0-9_\-\"'.]+)\s*=")
_MISSING: Final = object()


def read_toml(path: Path) -> tuple[Table, bytes]:
    """Read a file; return its top table and its bytes. A LabelError says where it is not TOML."""
    try:
        content = path.read_bytes()
        if len(content) > BYTES_MAX:
            raise LabelError(f"{path}: the file has more than {BYTES_MAX} bytes.", "Is it the right file?")
        text = content.decode("utf-8")
        values = tomllib.loads(text)
    except OSError as error:
        raise LabelError(f"{path}: cannot be read ({error.strerror}).", "Check its name and permissions.") from error
    except UnicodeDecodeError as error:
        raise LabelError(f"{path}: byte {error.start} is not UTF-8.", "Save the file as UTF-8.") from error
    except (ValueError, RecursionError) as error:  # also for numbers too long and tables too deep for Python
        raise LabelError(f"{path}: not TOML: {error}.", "Compare it with a file that came with the program.") from error
    return Table(values, str(path), _lines(text)), content


class Table:
    """One table of a file; `where` is its dotted name, with the index in an array of tables."""

    def __init__(self, values: dict[str, object], file: str, lines: dict[str, int], where: str = "") -> None:
        self._values = values
        self._file = file
        self._lines = lines
        self._where = where
        self._asked: set[str] = set()

    @property
    def name(self) -> str:
        """The table's dotted name."""
        return self._where

    def fail(self, key: str, why: str, advice: str = "") -> LabelError:
        """Return the error for a key, to be raised; a missing key is given the line of its table."""
        full = self._full(key)
        line = self._lines.get(full) or self._lines.get(self._where, 1)
        return LabelError(f"{self._file}, line {line}, {full or 'file'}: {why}.", advice)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text, not empty unless it is the default."""
        value = self._take(key, default)
        if not isinstance(value, str) or (not value and value != default):
            raise self.fail(key, "must be a text in quotation marks")
        return value

    def choice(self, key: str, allowed: Collection[str], default: str | None = None) -> str:
        """Return a text that is one of `allowed`."""
        value = self.text(key, default)
        if value not in allowed:
            raise self.fail(key, f"{value!r} is not one of {', '.join(sorted(allowed))}")
        return value

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """Return a number from `low` to `high`."""
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.fail(key, "must be a number")
        if not low <= value <= high:
            raise self.fail(key, f"{str(value)[:20]} is not between {low:g} and {high:g}")
        return float(value)

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number from `low` to `high`."""
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.fail(key, "must be a whole number")
        if not low <= value <= high:
            raise self.fail(key, f"{str(value)[:20]} is not between {low} and {high}")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self.fail(key, "must be true or false")
        return value

    def table(self, key: str) -> Table:
        """Return a table within this one; a missing one is an error."""
        value = self._take(key, None)
        if not isinstance(value, dict):
            raise self.fail(key, "must be a table")
        return Table(value, self._file, self._lines, self._full(key))

    def optional_table(self, key: str) -> Table:
        """Return a table within this one, empty where it is left out."""
        return self.table(key) if key in self._values else Table({}, self._file, self._lines, self._full(key))

    def tables(self, key: str) -> list[Table]:
        """Return an array of tables (`[[key]]`), empty where there is none."""
        value = self._take(key, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self.fail(key, f"must be written as [[{key}]]")
        full = self._full(key)
        return [Table(each, self._file, self._lines, f"{full}[{index}]") for index, each in enumerate(value)]

    def finish(self) -> None:
        """Refuse the keys that nobody asked for."""
        for key in self._values:
            if key not in self._asked:
                known = ", ".join(sorted(self._asked))
                raise self.fail(key, "is not a key that is known here", f"Known keys: {known}.")

    def _take(self, key: str, default: object) -> object:
        self._asked.add(key)
        value = self._values.get(key, _MISSING)
        if value is not _MISSING:
            return value
        if default is None:
            raise self.fail(key, "is missing")
        return default

    def _full(self, key: str) -> str:
        return f"{self._where}.{key}" if self._where and key else self._where or key


def _lines(text: str) -> dict[str, int]:
    """Line numbers of tables and keys, by their full name with the index in arrays of tables.

    The text is valid TOML by now; keys inside inline tables get no line of their own and take their table's.
    """
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    where = ""
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.fullmatch(line)
        if header is not None:
            where = header[1].replace('"', "").replace("'", "").replace(" ", "")
            if line.lstrip().startswith("[["):
                counts[where] = counts.get(where, -1) + 1
                where = f"{where}[{counts[where]}]"
            lines[where] = number
        elif (key := _KEY.match(line)) is not None:
            name = key[1].replace('"', "").replace("'", "")
            lines.setdefault(f"{where}.{name}" if where else name, number)
    return lines
