"""What the station's own screen says, in one place, and a site's words for it: `texts.toml` in the station's folder.

    [texts]
    "leave.question" = "Sair desta estação?"

A site translates what it likes; the rest stays as it is here. Names in braces are filled in and must stay. Pages of the
manual are translated by a file of the page's name in the folder `manual` beside it.

The names of the desks' lists, columns and acts are keyed by themselves: `"desk/To thaw" = "A descongelar"`. So are
sentences, such as refusals and questions, in a table of their own: `[messages]` (see `messages`).

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
from cryoledger.manual.desk_words import DESK_WORDS
from cryoledger.manual.keys import KEYS
from cryoledger.manual.messages import fields, has_messages, rooms, use_messages
from cryoledger.manual.site_file import read_tables

__all__ = [
    "FILE",
    "MESSAGE",
    "TEXTS",
    "Review",
    "Room",
    "desk_word",
    "has_own_words",
    "read_texts",
    "review",
    "say",
    "template",
    "use",
]

FILE: Final = "texts.toml"
MESSAGE: Final = "message/"
"""Before a sentence, where it stands among the texts."""
BYTES_MAX: Final = 1024 * 1024
LENGTH_MAX: Final = 400
COLUMNS: Final = 76
"""What a line takes on a screen of 80 columns."""
_VERDICT: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ ")
"""What can be drawn in block letters."""
_KEPT: Final = re.compile(r"CMD-[A-Z-]*[A-Z]|`[^`]*`")
"""What is scanned or typed as it stands, in any language."""

TEXTS: Final[Mapping[str, str]] = {
    "verdict.recorded": "RECORDED",
    "verdict.question": "QUESTION",
    "verdict.refused": "REFUSED",
    "verdict.info": "INFO",
    "verdict.broken": "SCAN AGAIN",
    "verdict.sign-in": "SIGN IN",
    "station.opening": "Opening the vault ...",
    "station.moment": "One moment.",
    "station.nobody": "nobody signed in",
    "station.locked": "This station is locked. Nothing is lost: your task stays open, and goes on after your badge and "
    "PIN.",
    "station.task": "Open task: {task}",
    "station.training": "TRAINING - nothing recorded here is real",
    "station.unreconciled": "UNRECONCILED - a restore waits for its declaration",
    "station.slow": "Keys came too slowly for a scan, and nothing was recorded. Scan again, or press {key} to type a "
    "code.",
    "station.broken": "The scan came without its end, and nothing was recorded. Scan again.",
    "lists.out": "OUT OF STORAGE ({count})",
    "lists.left": "{time} left",
    "lists.own": "YOUR OWN SIGNATURES",
    "lists.not-yours": "Not yours? Tell the quality officer now.",
    "lists.scans": "LAST SCANS",
    "map.all": "All storage",
    "map.empty": "Nothing is in here.",
    "map.keys": "↑ ↓ choose   → go in   ← go out",
    "prompt.typing": "Enter hands it over as typed. Escape closes this line.",
    "prompt.keys": "Enter gives it, Esc closes",
    "prompt.digits": "Digits, then Enter. Escape empties it; a badge can be scanned as ever.",
    "prompt.code": "TYPE A CODE",
    "leave.question": "Leave this station?",
    "leave.one": "1 thing is still out of storage.",
    "leave.many": "{count} things are still out of storage.",
    "leave.leave": "leave: your key is wiped from this station",
    "leave.stay": "stay",
    "help.keys": "↑ ↓ scroll   ← → turn the page   Esc closes   a scan is answered",
    "help.codes": "COMMAND CODES",
    "tour.offer": "First day here?  → shows a tour in six steps.  ← does not ask again.",
    "tour.on": "{step} of {steps}   → goes on   ← back   Esc ends the tour",
    "tour.last": "{step} of {steps}   → ends   ← back   Esc ends the tour",
    "palette.placeholder": "Type part of a name. Enter does it, Esc closes.",
    "palette.row": "what this row offers",
    "palette.go": "Go to {place}",
    "palette.workplace": "a workplace",
    "palette.type": "Type a code",
    "palette.type-help": "a line to type in, when no scanner works",
    "palette.tour": "Tour of the first day",
    "palette.tour-help": "six steps; Esc ends it",
    "palette.leave": "Leave",
    "palette.leave-help": "leave the station, after a question",
    "palette.colours": "Colours: {name}",
    "palette.page": "Manual: {title}",
    "palette.page-help": "read this page",
    "foot.pin": "PIN",
    "foot.empty": "empty",
    "foot.hand-over": "hand over",
    "foot.close": "close",
    "foot.rows": "rows",
    "foot.lists": "lists",
    "foot.map": "map",
    **{f"key.{key.name}": key.label for key in KEYS if key.label},
    **{f"desk/{word}": word for word in DESK_WORDS},
}

_used: dict[str, str] = dict(TEXTS)


@dataclass(frozen=True, slots=True)
class Room:
    """How far a translation is in one room: how many texts there are, and those that stay as they are."""

    name: str
    count: int
    missing: tuple[str, ...]


def say(name: str, /, **words: object) -> str:
    """A text in this site's words, with what its braces name."""
    return _used[name].format(**words) if words else _used[name]


def desk_word(word: str) -> str:
    """What a desk calls a list, a column or an act, in this site's words; anything else comes back as it is."""
    return _used.get(f"desk/{word}", word)


def has_own_words() -> bool:
    """Whether this site says anything otherwise."""
    return _used != TEXTS or has_messages()


def use(texts: Mapping[str, str]) -> None:
    """From now on say these; what they lack stays as it is in `TEXTS` and in the sources."""
    _used.clear()
    _used.update({**TEXTS, **{name: text for name, text in texts.items() if not name.startswith(MESSAGE)}})
    use_messages({name.removeprefix(MESSAGE): text for name, text in texts.items() if name.startswith(MESSAGE)})


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
