"""A site's words for the screen: `texts.toml` in the station's folder, read, judged, and made to begin with.

    [texts]
    "leave.question" = "Sair desta estação?"
    "desk/To thaw" = "A descongelar"

    [messages]
    "Put it aside." = "Ponha de lado."

A site translates what it likes; the rest stays as it is. What stands in braces is filled in and must stay. Pages of the
manual are translated by a file of the page's name in the folder `manual` beside it.

A sentence or a name of a desk that this version of the program does not have is left aside, so that a station opens
after an upgrade as it did before; `review` names it. Anything else that cannot be is refused.
"""

from __future__ import annotations

import json
import re
import string
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeGuard

from cryoledger.errors import StationError
from cryoledger.manual.messages import fields, rooms
from cryoledger.manual.site_file import read_tables
from cryoledger.manual.texts import MESSAGE, TEXTS

__all__ = ["FILE", "Review", "Room", "read_texts", "review", "template"]

FILE: Final = "texts.toml"
BYTES_MAX: Final = 1024 * 1024
LENGTH_MAX: Final = 400
COLUMNS: Final = 76
"""What a line takes on a screen of 80 columns."""
_VERDICT: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ ")
"""What can be drawn in block letters."""
_KEPT: Final = re.compile(r"CMD-[A-Z-]*[A-Z]|`[^`]*`")
"""What is scanned or typed as it stands, in any language."""


@dataclass(frozen=True, slots=True)
class Room:
    """How far a translation is in one room: how many texts there are, and those that stay as they are."""

    name: str
    count: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """What a file of texts says that may be said, what is wrong in it, and the sentences that nobody says any more."""

    texts: dict[str, str]
    wrong: list[str]
    unsaid: list[str]

    @property
    def rooms(self) -> list[Room]:
        """How far it is, room by room."""
        parts = {"names and lines of the screen": tuple(TEXTS)}
        parts |= {name: tuple(MESSAGE + each for each in said) for name, said in rooms().items()}
        return [
            Room(name, len(each), tuple(text.removeprefix(MESSAGE) for text in each if text not in self.texts))
            for name, each in parts.items()
        ]


def read_texts(folder: Path) -> dict[str, str]:
    """A site's own words; StationError where the file says what cannot be."""
    path = folder / FILE
    found = review(path)
    if found.wrong:
        raise _refused(path, found.wrong[0])
    return found.texts


def review(path: Path) -> Review:
    """All that a file of texts says; StationError where it cannot be read at all."""
    own, sentences = read_tables(path, ("texts", "messages"), BYTES_MAX, lambda why: _refused(path, why))
    said = {each for room in rooms().values() for each in room} if sentences else set()
    gone = [name for name in own if name.startswith("desk/") and name not in TEXTS]
    own = {name: text for name, text in own.items() if name not in gone}
    wrong = {name: _wrong(name, text) for name, text in own.items()}
    wrong |= {MESSAGE + name: _wrong_message(name, text) for name, text in sentences.items() if name in said}
    texts = {**own, **{MESSAGE + name: text for name, text in sentences.items() if name in said}}
    return Review(
        {name: text for name, text in texts.items() if not wrong[name]},
        [_at(path, name.removeprefix(MESSAGE)) + why for name, why in wrong.items() if why],
        [*gone, *(name for name in sentences if name not in said)],
    )


def _refused(path: Path, why: str) -> StationError:
    return StationError(
        f"The texts in {path} are not used: {why}.",
        "Set it right, or move it away; `cryoledger manual texts-check` names all that is wrong.",
    )


def template(own: Mapping[str, str] | None = None) -> str:
    """A file to begin with, or to go on with: every text, those that `own` has as they are there."""
    own = own or {}
    lines = [
        "# Take away the # before a line and translate what stands after =; what stands in braces stays.",
        "[texts]",
    ]
    lines += [_line(name, text, own.get(name)) for name, text in TEXTS.items()]
    lines += ["", "[messages]"]
    for room, each in rooms().items():
        lines += ["", f"# -- {room}", *(_line(text, text, own.get(MESSAGE + text)) for text in each)]
    return "\n".join(lines)


def _line(name: str, text: str, own: str | None) -> str:
    line = f"{json.dumps(name, ensure_ascii=False)} = {json.dumps(own or text, ensure_ascii=False)}"
    return line if own is not None else f"# {line}"


def _at(path: Path, name: str) -> str:
    """Where a name stands in a file, as far as it stands there as it is."""
    lines = path.read_text(encoding="utf-8").splitlines()
    begins = json.dumps(name, ensure_ascii=False)
    return next((f"in line {at}, " for at, line in enumerate(lines, start=1) if line.strip().startswith(begins)), "")


def _wrong(name: str, text: object) -> str:
    """Why a text cannot stand for another; "" where it can."""
    if name not in TEXTS:
        return f"there is no text {name!r}"
    if not _is_line(text):
        return _no_line(name)
    if name.startswith("verdict.") and not set(text) <= _VERDICT:
        return f'"{name}" is drawn in block letters, which are A to Z; {text!r} has others'
    if _too_wide(text, TEXTS[name], COLUMNS):
        return f'"{name}" has {COLUMNS} columns on the screen; {text!r} is longer'
    try:
        if _braces(text) != _braces(TEXTS[name]):
            return f'"{name}" must name {_braces(TEXTS[name]) or "nothing"} in braces'
    except ValueError:
        return f'"{name}" has a brace that is not closed'
    return ""


def _braces(text: str) -> list[str]:
    """What a text's braces hold, whole: a format or an attribute in them is another thing than the bare name."""
    parts = [part[1:] for part in string.Formatter().parse(text) if part[1] is not None]
    return sorted("".join(str(each) for each in part if each) for part in parts)


def _wrong_message(template: str, text: object) -> str:
    """Why a text cannot stand for a sentence; "" where it can."""
    if not _is_line(text):
        return _no_line(template)
    own, theirs = sorted(fields(template)), sorted(fields(text))
    if own != theirs or set("{}") & set(re.sub(r"\{[0-9]+\}", "", text)):
        return f'"{template}" must have {_listed([f"{{{at}}}" for at in own])}, each once, and no other braces'
    if _too_wide(text, template, 2 * COLUMNS):
        return f'"{template}" has two lines of {COLUMNS} columns on the screen; {text!r} is longer'
    if sorted(set(_KEPT.findall(template))) != sorted(set(_KEPT.findall(text))):
        return f'"{template}" must name {_listed(_KEPT.findall(template))} as it stands'
    return ""


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "nothing in braces"


def _is_line(text: object) -> TypeGuard[str]:
    return isinstance(text, str) and bool(text.strip()) and len(text) <= LENGTH_MAX and text.isprintable()


def _no_line(name: str) -> str:
    return f'"{name}" is no text of one line and at most {LENGTH_MAX} characters'


def _too_wide(text: str, ours: str, columns: int) -> bool:
    """Whether a text would be cut where ours is not, on a screen of 80 columns."""
    return _columns(text) > max(columns, _columns(ours))


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
