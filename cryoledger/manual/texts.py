"""What the station's own screen says, in one place, and a site's words for it: `texts.toml` in the station's folder.

    [texts]
    "leave.question" = "Sair desta estação?"

A site translates what it likes; the rest stays as it is here. Names in braces are filled in and must stay. Pages of the
manual are translated by a file of the page's name in the folder `manual` beside it.

The names of the desks' lists, columns and acts are keyed by themselves: `"desk/To thaw" = "A descongelar"`.

Not here: what the core says of an act (refusals, questions, events), which is told as it is recorded.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryoledger.errors import StationError
from cryoledger.manual.desk_words import DESK_WORDS
from cryoledger.manual.keys import KEYS
from cryoledger.manual.site_file import read_table

__all__ = ["FILE", "TEXTS", "desk_word", "has_desk_words", "read_texts", "say", "template", "use"]

FILE: Final = "texts.toml"
BYTES_MAX: Final = 256 * 1024
LENGTH_MAX: Final = 400
_VERDICT: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ ")
"""What can be drawn in block letters."""

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

_DESK: Final = tuple(name for name in TEXTS if name.startswith("desk/"))
_used: dict[str, str] = dict(TEXTS)


def say(name: str, /, **words: object) -> str:
    """A text in this site's words, with what its braces name."""
    return _used[name].format(**words) if words else _used[name]


def desk_word(word: str) -> str:
    """What a desk calls a list, a column or an act, in this site's words; anything else comes back as it is."""
    return _used.get(f"desk/{word}", word)


def has_desk_words() -> bool:
    """Whether this site calls any of them otherwise."""
    return any(_used[name] != TEXTS[name] for name in _DESK)


def use(texts: Mapping[str, str]) -> None:
    """From now on say these; what they lack stays as it is in `TEXTS`."""
    _used.clear()
    _used.update({**TEXTS, **texts})


def read_texts(folder: Path) -> dict[str, str]:
    """A site's own words; StationError where the file says what cannot be."""
    path = folder / FILE
    texts: dict[str, str] = read_table(path, "texts", BYTES_MAX, lambda why: _refused(path, why))
    for name, text in texts.items():
        if why := _wrong(name, text):
            raise _refused(path, why)
    return texts


def template() -> str:
    """A file to begin with: every text, none of them changed."""
    lines = ["# Take away the # before a line and translate what stands after =; names in braces stay.", "[texts]"]
    lines += [f'# "{name}" = "{text}"' for name, text in TEXTS.items()]
    return "\n".join(lines)


def _wrong(name: str, text: object) -> str:
    """Why a text cannot stand for another; "" where it can."""
    if name not in TEXTS:
        return f"there is no text {name!r}"
    if not isinstance(text, str) or not text.strip() or len(text) > LENGTH_MAX or not text.isprintable():
        return f'"{name}" is no text of one line and at most {LENGTH_MAX} characters'
    if name.startswith("verdict.") and not set(text) <= _VERDICT:
        return f'"{name}" is drawn in block letters, which are A to Z; {text!r} has others'
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


def _refused(path: Path, why: str) -> StationError:
    return StationError(
        f"The texts in {path} are not used: {why}.",
        "Set it right, or move it away; `cryoledger manual texts-file`.",
    )
