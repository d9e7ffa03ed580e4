"""What the program says in sentences, in a site's words: refusals, questions, answers and what is to be signed.

A message is English where it is made, as it is recorded, and is translated only where a person at a station reads it.
`messages.txt` holds every sentence that can be said there, read off the sources by `tests/messages.py`, with its fields
as {1}, {2}. A site's `texts.toml` maps them to its own words, with the same fields:

    [messages]
    "Vial {1} is {2}, not stored." = "Röhrchen {1} ist {2}, nicht eingelagert."

A message is taken apart into the sentences it was made of. Of those that fit, the one whose fields hold the least is
taken; fields are told in the site's words too, where they are known. What a site did not translate stays English.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import resources
from typing import TypeAlias

__all__ = ["Table", "fields", "has_messages", "rooms", "told", "use_messages"]

_FIELD = re.compile(r"\{([0-9]+)\}")
_SENTENCE = re.compile(r".*?[.!?](?= |$)", re.DOTALL)
_INNER = re.compile(r"[.!?] ")
_WORD = re.compile(r"[A-Za-z]+")
_FIXED_WORD = re.compile(r"(?<![A-Za-z}])[A-Za-z]+(?![A-Za-z{])")
_APART = (": ", "; ", " · ", ", ", " and ", " or ")
"""What parts that are known by themselves may stand between, the widest first."""
_ENDS = (".", "!", "?")
_NUMBERED = re.compile(r"([0-9]+ )(.+)")
_LOOSE = re.compile(r"\{1\} (?:at|by|for|from|in|into|of|on|to|with) \{2\}")
"""What anybody might write, in the name of a product or a person."""
_DEPTH_MAX = 8
"""So deep may a message hold another: a refusal within a refusal, with a place in it."""
_LENGTH_MAX = 1000
"""What is longer is cut on the screen, and shown as it is."""


@lru_cache(maxsize=1)
def rooms() -> dict[str, tuple[str, ...]]:
    """Every template that the program can say, by room."""
    text = resources.files(__package__).joinpath("messages.txt").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("# "):
            room = found.setdefault(line[2:], [])
        elif line:
            room.append(line)
    return {name: tuple(each) for name, each in found.items()}


def fields(template: str) -> list[str]:
    """The fields of a template, in order: of "Vial {1} is {2}." they are 1 and 2."""
    return _FIELD.findall(template)


class _Template:
    """One template; a sentence is found within a message, a phrase is the whole of what it is looked for in."""

    __slots__ = ("_pattern", "is_loose", "is_sentence", "literals", "text", "weight")

    def __init__(self, text: str) -> None:
        self.text = text
        self.is_sentence = text.endswith(_ENDS)
        self.literals = _FIELD.split(text)[::2]  # what stands before, between and behind the fields
        self.weight = sum(map(len, self.literals))
        self.is_loose = _LOOSE.fullmatch(text) is not None
        self._pattern: re.Pattern[str] | None = None

    def match(self, text: str) -> re.Match[str] | None:
        """Where it begins a text: of its fields none but the last may hold what stands behind a colon, and the text
        begins with none that holds the end of a sentence.
        """
        if not text.startswith(self.literals[0]):
            return None
        at = 0
        for part in self.literals:  # much quicker than the pattern, and nearly always the end of it
            if (at := text.find(part, at)) < 0:
                return None
            at += len(part)
        if self._pattern is None:
            first, *others = map(re.escape, self.literals)
            made = first + "".join(f"(.*?){part}" for part in others)
            made = made.replace("(.*?)(.*?)", "(.*?)((?:[ ,;(].*?)?)")  # what is put right behind a field is set off
            self._pattern = re.compile(made + ("(?= |$)" if self.is_sentence else "$"), re.DOTALL)
        found = self._pattern.match(text)
        if found is None or any(": " in value for value in found.groups()[:-1]):
            return None
        return None if not self.literals[0] and _INNER.search(found[1]) else found


_Found: TypeAlias = tuple[_Template, re.Match[str]]


class Table:
    """What a site says for which template; `templates` are all that there are."""

    def __init__(self, said: Mapping[str, str], templates: Iterable[str]) -> None:
        self.said = said
        self._whole = frozenset(each for each in templates if "{" not in each)
        made = [_Template(each) for each in templates]
        self._near = {
            sentence: _indexed([each for each in made if each.is_sentence is sentence]) for sentence in (True, False)
        }

    def tell(self, message: str) -> str:
        """A message in the site's words."""
        return message if len(message) > _LENGTH_MAX else self._message(message, 0)

    def _message(self, message: str, depth: int) -> str:
        """Sentence by sentence."""
        if message in self._whole:
            return self.said.get(message, message)
        parts: list[str] = []
        rest = message if depth <= _DEPTH_MAX else ""
        while rest:
            part, size = (" ", 1) if rest[0] == " " else self._sentence(rest, depth)
            parts.append(part)
            rest = rest[size:]
        return "".join(parts) or message

    def _sentence(self, rest: str, depth: int) -> tuple[str, int]:
        """The first sentence of a text in the site's words, and how long it was."""
        ended = _SENTENCE.match(rest)
        sentence = ended[0] if ended is not None else rest
        bare = sentence[:-1] if ended is not None else sentence
        found = self._best(rest, sentence=True)
        if found is not None and _weight(found) >= _weight(self._best(bare, sentence=False)):
            return self._put(*found, depth), found[1].end()
        return self._phrase(bare, depth) + sentence[len(bare) :], len(sentence)

    def _phrase(self, text: str, depth: int) -> str:
        """A text without an end: a phrase as a whole, or such as stand side by side in it."""
        if text in self._whole or depth > _DEPTH_MAX:
            return self.said.get(text, text)
        found = self._best(text, sentence=False)
        whole = self._best(f"{text}.", sentence=True) if text[:1].isupper() else None
        if whole is not None and whole[1].end() > len(text) and _weight(whole) > _weight(found):
            return self._put(*whole, depth).removesuffix(".")  # its end was taken for that of what holds it
        if found is not None and self._is_list(*found):
            return ", ".join(self._phrase(part, depth + 1) for part in text.split(", "))
        if found is not None and found[0].text in self.said and (not found[0].is_loose or self._knows(found[1])):
            return self._put(*found, depth)
        apart = next((sign for sign in _APART if sign in text), "")
        if apart:
            return apart.join(self._phrase(part, depth + 1) for part in text.split(apart))
        if len(text) > 2 and text[0] == text[-1] == "'":
            return f"'{self.said.get(text[1:-1], text[1:-1])}'"
        numbered = _NUMBERED.fullmatch(text)
        return numbered[1] + self.said.get(numbered[2], numbered[2]) if numbered is not None else text

    def _is_list(self, template: _Template, match: re.Match[str]) -> bool:
        """Whether its last field holds more than the field's own text: what is listed behind it, as on a card."""
        last = match[match.re.groups]
        if not template.text.endswith("}") or ", " not in last or self._is_phrase(last):
            return False
        return any(map(self._is_phrase, last.split(", ")[1:]))

    def _knows(self, match: re.Match[str]) -> bool:
        """Whether a field is a word of ours: "stored in A1" is said by the program, "Ada of Berlin" by somebody."""
        return any(value.strip() in self._whole for value in match.groups())

    def _is_phrase(self, text: str) -> bool:
        found = self._best(text, sentence=False)
        return text in self._whole or (found is not None and not _spread(found[1]))

    def _put(self, template: _Template, match: re.Match[str], depth: int) -> str:
        """A template in the site's words, its fields in theirs."""
        said = self.said.get(template.text)
        if said is None:
            return match[0]
        values = dict(zip(fields(template.text), match.groups(), strict=True))
        return _FIELD.sub(lambda name: self._message(values[name[1]], depth + 1), said)

    def _best(self, text: str, *, sentence: bool) -> _Found | None:
        """Of the templates that begin a text, the one whose fields run over no end of a sentence and hold the least."""
        near = self._near[sentence]
        found = [
            (each, match)
            for word in {"", *_WORD.findall(text)}
            for each in near.get(word, ())
            if (match := each.match(text)) is not None
        ]
        return min(found, key=lambda each: (_spread(each[1]), -each[0].weight, each[0].text), default=None)


def _indexed(templates: list[_Template]) -> dict[str, list[_Template]]:
    """Each under the rarest of its fixed words, for a text that lacks it need not be compared; "" where it has none."""
    words = [set(_FIXED_WORD.findall(each.text)) or {""} for each in templates]
    often = Counter(word for each in words for word in each)
    found: dict[str, list[_Template]] = {}
    for template, own in zip(templates, words, strict=True):
        found.setdefault(min(own, key=lambda word: (often[word], word)), []).append(template)
    return found


def _weight(found: _Found | None) -> int:
    return found[0].weight if found is not None else 0


def _spread(match: re.Match[str]) -> int:
    *first, last = ("", *match.groups())
    return sum(100 * len(_INNER.findall(value)) for value in (*first, last)) + sum(value.count(", ") for value in first)


_used: list[Table] = []


def use_messages(said: Mapping[str, str]) -> None:
    """From now on say these; nothing at all is looked up where there are none."""
    told.cache_clear()
    _used.clear()
    if said:
        _used.append(Table(said, tuple(each for room in rooms().values() for each in room)))


def has_messages() -> bool:
    """Whether this site says any of them otherwise."""
    return bool(_used)


@lru_cache(maxsize=4096)
def told(message: str) -> str:
    """A message in this site's words; as it is where the site has none."""
    return _used[0].tell(message) if _used else message
