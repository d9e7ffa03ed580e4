"""A site's own table of ISBT 128 product descriptions: none is shipped, a licensed site imports the one it may use.

`isbt128-products.csv` lies in the user's configuration on this station, for all vaults: two columns, code and name.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from typing import Final

from cryoledger.custody.keys.secret_file import make_folder
from cryoledger.custody.station.station_folder import default_config_folder
from cryoledger.errors import RequestError, StationError

__all__ = ["import_names", "names"]

FILE: Final = "isbt128-products.csv"
BYTES_MAX: Final = 16 * 1024 * 1024
NAME_MAX: Final = 300
_CODE: Final = re.compile(r"[A-Z][A-Z0-9]{4}")


def names() -> Mapping[str, str]:
    """The imported names by product description code; empty where none were imported."""
    path = default_config_folder() / FILE
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StationError(f"{path} cannot be read: {error.strerror}.", "See who owns the file.") from None
    return _parse(content, str(path))


def import_names(content: bytes, source: str) -> int:
    """Take over a table in place of the one before; how many names. RequestError names a wrong line."""
    found = _parse(content, source)
    if not found:
        raise RequestError(f"{source} holds no product.", "Give a CSV file with two columns: code and name.")
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(found.items())
    folder = default_config_folder()
    make_folder(folder)
    temporary = folder / f".{FILE}.new"
    try:
        temporary.write_text(text.getvalue(), encoding="utf-8")
        temporary.replace(folder / FILE)
    except OSError as error:
        raise StationError(f"{folder / FILE} cannot be written: {error.strerror}.", "See the folder.") from None
    return len(found)


def _parse(content: bytes, source: str) -> dict[str, str]:
    if len(content) > BYTES_MAX:
        raise RequestError(f"{source} is larger than {BYTES_MAX // 2**20} MiB.", "Give the table of products alone.")
    try:
        text = content.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text), strict=True, delimiter=_separator(text)))
    except (UnicodeDecodeError, csv.Error):
        raise RequestError(f"{source} is no CSV file in UTF-8.", "Save it as CSV, UTF-8.") from None
    found: dict[str, str] = {}
    for number, row in enumerate(rows, start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (number == 1 and [cell.lower() for cell in cells[:2]] == ["code", "name"]):
            continue
        if len(cells) != 2 or not _CODE.fullmatch(cells[0]) or not _is_name(cells[1]):
            raise RequestError(
                f"Line {number} of {source} is no product: {','.join(row)[:80]!r}.",
                "A line has a code of five characters, such as S1295, and a name of up to 300.",
            )
        if found.setdefault(cells[0], cells[1]) != cells[1]:
            raise RequestError(f"{cells[0]} has two names in {source}, line {number}.", "Keep one.")
    return found


def _separator(text: str) -> str:
    """What parts the columns: a comma, or the semicolon or tab of the spreadsheets of many countries."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return next((sign for sign in ";\t" if sign in first and "," not in first.partition(sign)[0]), ",")


def _is_name(text: str) -> bool:
    return 0 < len(text) <= NAME_MAX and text.isprintable()
