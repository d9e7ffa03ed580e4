"""What the station's own screen says, in one place, and what a site says instead (`texts_file` reads that).

The names of the desks' lists, columns and acts are keyed by themselves, as "desk/To thaw"; sentences, such as refusals
and questions, stand in the sources and in `messages`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cryoledger.manual.desk_words import DESK_WORDS
from cryoledger.manual.keys import KEYS
from cryoledger.manual.messages import has_messages, use_messages

__all__ = ["MESSAGE", "TEXTS", "desk_word", "has_own_words", "say", "use"]

MESSAGE: Final = "message/"
"""Before a sentence, where it stands among the texts."""

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
    "palette.pin": "Change my PIN",
    "palette.pin-help": "the present one, then the new one twice",
    "palette.scanner": "Check the scanner",
    "palette.scanner-help": "scan its sheet; each fault is named, with how to mend it",
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
