"""What a form is made of: its blanks, and what the answers make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Asks = Literal[
    "thing", "choice", "day", "number", "volume", "entry", "test", "result", "text", "code", "cells", "weight",
    "celsius", "product", "requirement", "version", "date", "size", "grid", "file", "wristband", "time",
]  # fmt: skip
Value = str | int | tuple[str, ...]
Answers = tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Blank:
    """One answer of a form: the field it fills, what it is, and, of a thing, the kinds that it may be of.

    CMD-CONFIRM answers with `default`; where there is none it leaves an `optional` one out, and that word says what
    then holds. It is asked only `when` the other answers are so. A "date" is a day that is hardly ever today.
    A "version" is asked of nobody: it is the product's next.
    """

    field: str
    asks: Asks
    prompt: str
    kinds: tuple[str, ...] = ()
    many: bool = False
    choices: tuple[str, ...] = ()
    default: str = ""
    optional: str = ""
    when: Callable[[Mapping[str, Value]], bool] = lambda _: True


@dataclass(frozen=True, slots=True)
class Form:
    """An act's blanks, its name in capitals as it is signed, and the payload that the answers make.

    `more` says, behind the answers, what follows from them and is signed as well. Where it `makes_key`, the event is
    made by the desk, once the person concerned has chosen a PIN; where it `asks_vault`, by `custody.registering`,
    which knows what only the vault can say: the site's next codes, its zone, the newest version of a product.
    """

    title: str
    done: str
    blanks: tuple[Blank, ...]
    payload: Callable[[Mapping[str, Any]], dict[str, Any]] = dict
    makes_key: bool = False
    asks_vault: bool = False
    more: Callable[[Mapping[str, Any]], str] = lambda _: ""


def given(field: str) -> Callable[[Mapping[str, Value]], bool]:
    """Whether an answer says something."""
    return lambda answers: bool(answers.get(field))


def said(field: str, *values: str) -> Callable[[Mapping[str, Value]], bool]:
    """Whether an answer is one of some."""
    return lambda answers: answers.get(field) in values


def code_of(thing: str) -> str:
    """The code of a thing that stands with its kind: "lot L1"."""
    return thing.partition(" ")[2]
