"""The JSON Schemas of `schema/events/`: one file for every version of every event type, written once.

    write(folder)       makes the files that are not there yet
    differences(folder) says where files and catalogue disagree; empty where all is well

A file that exists is never written again: a payload of another shape is another version (`declared(schema=...)`),
beside the old one, which old entries still have.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from cryoledger.domain import catalogue
from cryoledger.domain.declare import EventType

FILE = re.compile(r"([A-Z][A-Za-z0-9]*)\.v([1-9][0-9]*)\.json")


def file_name(declaration: EventType) -> str:
    """The name of a type's file at its present version, such as `VialsMoved.v1.json`."""
    return f"{declaration.name}.v{declaration.schema}.json"


def text_of(declaration: EventType) -> str:
    """What stands in the file: keys sorted, two spaces, a newline at the end."""
    return json.dumps(catalogue.schema_of(declaration), sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def differences(folder: Path) -> tuple[str, ...]:
    """One sentence for every type without its file, file that says another thing, and file without a type."""
    found = []
    for declaration in catalogue.TYPES.values():
        path = folder / file_name(declaration)
        if not path.exists():
            found.append(f"{path.name} is missing.")
        elif path.read_text(encoding="utf-8") != text_of(declaration):
            found.append(f"{path.name} is not what the catalogue declares.")
    return (
        *found,
        *(f"{path.name} belongs to no event type." for path in sorted(folder.iterdir()) if not _known(path)),
    )


def _known(path: Path) -> bool:
    name = FILE.fullmatch(path.name)
    if name is None or name[1] not in catalogue.TYPES:
        return False
    return int(name[2]) <= catalogue.TYPES[name[1]].schema


def write(folder: Path) -> tuple[Path, ...]:
    """Write the files that are missing, and name them; RuntimeError, and nothing written, where one would change."""
    missing: list[tuple[Path, str]] = []
    for declaration in catalogue.TYPES.values():
        path, text = folder / file_name(declaration), text_of(declaration)
        if not path.exists():
            missing.append((path, text))
        elif path.read_text(encoding="utf-8") != text:
            raise RuntimeError(f"{path.name} is never overwritten: declare {declaration.name} with a higher schema")
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in missing:
        path.write_text(text, encoding="utf-8", newline="\n")
    return tuple(path for path, _ in missing)
