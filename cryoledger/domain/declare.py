"""How an event type is declared: one decorator, read by validation, schemas, help, the manual and the audit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from cryoledger.domain.fields import Event, Named, Subject
from cryoledger.domain.roles import Signing

E = TypeVar("E", bound=type[Event])


@dataclass(frozen=True, slots=True)
class EventType:
    """One declaration of the catalogue.

    `moves` are the custody states before and after, as (states, state); `proposable` acts may be proposed by
    their first signer and completed later by the second; `safety` acts, when refused, are recorded as refused.
    """

    name: str
    payload: type[Event]
    signing: Signing
    help: str
    schema: int = 1
    before: frozenset[str] = field(default_factory=frozenset)
    after: str = ""
    proposable: bool = False
    safety: bool = False


DECLARED: dict[str, EventType] = {}


def declared(
    signing: Signing, *, moves: str = "", proposable: bool = False, safety: bool = False, schema: int = 1
) -> Callable[[E], E]:
    """Enter a payload class in the catalogue under its own name; `moves` reads "expected|out -> stored"."""

    def enter(payload: E) -> E:
        before, _, after = moves.partition(" -> ")
        DECLARED[payload.__name__] = EventType(
            name=payload.__name__,
            payload=payload,
            signing=signing,
            help=(payload.__doc__ or "").strip(),
            schema=schema,
            before=frozenset(filter(None, before.split("|"))),
            after=after,
            proposable=proposable,
            safety=safety,
        )
        return payload

    return enter


class Mentioned(NamedTuple):
    """A thing that an event names; `touched` where the event changes it rather than refers to it."""

    kind: str
    code: str
    touched: bool


def subjects(event: Event) -> tuple[Mentioned, ...]:
    """Every thing that the event names, in the order of its fields, each once."""
    last = _LAST[0]
    if last is None or last[0] is not event:  # rules, envelope and append ask one after the other
        last = _LAST[0] = event, _subjects(event)
    return last[1]


_LAST: list[tuple[Event, tuple[Mentioned, ...]] | None] = [None]


def _subjects(event: Event) -> tuple[Mentioned, ...]:
    found: dict[tuple[str, str], bool] = {}
    for kind, code, touched in _walk(event):
        found[kind, code] = found.get((kind, code), False) or touched
    return tuple(Mentioned(kind, code, touched) for (kind, code), touched in found.items())


def _walk(value: BaseModel) -> Iterator[tuple[str, str, bool]]:
    plan, fields = _plan(type(value)), vars(value)
    for name, subject in plan.fields:
        content = fields[name]
        for item in content if isinstance(content, tuple) else (content,):
            if item is None:
                continue
            if subject is not None:
                yield subject.kind, item, subject.touched
            elif isinstance(item, BaseModel):
                yield from _walk(item)
    if isinstance(value, Named):
        yield value.kind, value.code, False
    scope = fields["scope"] if plan.scoped else None
    if isinstance(scope, str):  # a donor's consent has a scope too, of another kind
        codes: tuple[str, ...] = fields.get("codes", ()) or (fields.get("code", ""),)
        for code in codes:
            yield scope, code, True


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which fields of a payload name things (with their marker) or hold parts that may; whether it has a scope."""

    fields: tuple[tuple[str, Subject | None], ...]
    scoped: bool


@cache
def _plan(model: type[BaseModel]) -> _Plan:
    """The plan of a payload class; made once, since to ask a model for a field that it lacks is slow."""
    plan: list[tuple[str, Subject | None]] = []
    for name, info in model.model_fields.items():
        subject = _marker(info)
        if subject is not None or "Value" in _bases(info.annotation):
            plan.append((name, subject))
    return _Plan(tuple(plan), "scope" in model.model_fields)


def _marker(info: FieldInfo) -> Subject | None:
    found = [item for item in info.metadata if isinstance(item, Subject)]
    if not found:
        found = [item for item in _metadata(info.annotation) if isinstance(item, Subject)]
    return found[-1] if found else None


def _metadata(annotation: Any) -> Iterator[object]:
    yield from getattr(annotation, "__metadata__", ())
    for part in getattr(annotation, "__args__", ()):
        yield from _metadata(part)
    if hasattr(annotation, "__origin__"):
        yield from _metadata(annotation.__origin__) if hasattr(annotation, "__metadata__") else ()


def _bases(annotation: Any) -> set[str]:
    names: set[str] = set()
    if isinstance(annotation, type):
        names |= {base.__name__ for base in annotation.__mro__}
    for part in getattr(annotation, "__args__", ()):
        names |= _bases(part)
    return names
