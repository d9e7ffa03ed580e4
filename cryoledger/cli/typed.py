"""What is typed as one word and means several: pairs, placements, sizes, files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryoledger.errors import RequestError

if TYPE_CHECKING:
    from cryoledger.cli.call import Call

__all__ = ["pairs", "placements", "read_bytes", "read_json", "read_toml", "reference"]

FILE_MAX = 1 << 20


def pairs(texts: Sequence[str], form: str) -> Iterator[tuple[str, str]]:
    """NAME=VALUE, each split at its first equals sign."""
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise RequestError(f"{text[:80]!r} is not {form}.", f"Write each as {form}, without blanks.")
        yield name, value


def placements(call: Call, unit: str, texts: Sequence[str], first: str | None = None) -> list[dict[str, Any]]:
    """Vials with their positions in a box; those without one go into the free ones that follow, in fill order."""
    from cryoledger.codes import position
    from cryoledger.database import queries

    with call.reading() as reading:
        contents = queries.box(reading, unit)
    box = contents.unit
    if not box.rows:
        raise RequestError(f"The {box.kind} {unit} has no positions of its own.", "Name a box.")
    given: list[tuple[str, int | None]] = []
    for text in texts:
        code, at, label = text.rpartition("@")
        if at and code and position.looks_like_label(label):
            given.append((call.code(code), position.parse(box.scheme, box.rows, box.columns, label)))
        else:
            given.append((call.code(text), None))
    wanted = {index for _, index in given if index is not None}
    start = position.parse(box.scheme, box.rows, box.columns, first) if first else 0
    free = iter([at for at in range(start, contents.positions) if at not in contents.vials and at not in wanted])
    placed = []
    for code, index in given:
        at_index = index if index is not None else next(free, None)
        if at_index is None:
            raise RequestError(f"The box {unit} has too few free positions.", "Name another box for the rest.")
        placed.append({"vial": code, "position": at_index})
    return placed


def reference(call: Call, number: int) -> dict[str, Any]:
    """An earlier entry, as corrections name it."""
    from cryoledger.ledger.lines import encode_base64

    with call.reading() as reading:
        stored = reading.entry(number) if number < 2**53 else None
    if stored is None:
        raise RequestError(f"There is no entry {number}.", "See `cryoledger entries`.")
    return {"number": number, "leaf_hash": encode_base64(stored.leaf_hash)}


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file."""
    import tomllib

    try:
        return tomllib.loads(_text(path))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RequestError(f"{path} is not TOML: {str(error)[:200]}.", "Correct the file.") from None


def read_json(text: str) -> dict[str, Any]:
    """A JSON object, given as text, or as @PATH of a file that holds it."""
    import json

    content = _text(Path(text[1:])) if text.startswith("@") else text
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RequestError(f"The data is not JSON: {str(error)[:200]}.", "Correct it.") from None
    if not isinstance(value, dict):
        raise RequestError("The data is not a JSON object.", "Write it as {...}.")
    return value


def read_bytes(path: Path, most: int = FILE_MAX) -> bytes:
    """The bytes of a file; RequestError where it cannot be read, or is longer than it may be."""
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except (OSError, ValueError) as error:
        from cryoledger.custody.file_hash import unreadable

        raise unreadable(path, error) from None
    if len(content) > most:
        raise RequestError(f"The file {path} has more than {most} bytes.", "Name the right file.")
    return content


def _text(path: Path) -> str:
    try:
        return read_bytes(path).decode()
    except UnicodeDecodeError:
        raise RequestError(f"The file {path} is not UTF-8 text.", "Save it as UTF-8.") from None
