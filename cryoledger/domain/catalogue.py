"""The catalogue of events: everything that can be said in a ledger, declared once each.

An event type is a payload class under `events/`, decorated with who signs it and how. From these declarations are
made: the validation of payloads, the JSON Schemas of `schema/events/`, the help of commands, the manual's reference,
and the audit's role check. An act that two persons sign and that may wait for the second has, beside its own type,
`<Act>Proposed`: the first person's signed proposal.

    >>> from cryoledger.domain import catalogue
    >>> catalogue.of("VialsStored").help
    'Filled vials were put into positions of a box.'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError, create_model

from cryoledger.domain.declare import DECLARED, EventType, Mentioned, declared, subjects
from cryoledger.domain.events import (
    corrections,
    identities,
    imports,
    lots,
    people,
    shipments,
    storage,
    treatment,
    vault,
)
from cryoledger.domain.fields import Event, Instant
from cryoledger.domain.roles import Kind, Line, Signing
from cryoledger.domain.wrong_fields import told
from cryoledger.errors import FieldError, RequestError

__all__ = [
    "TYPES",
    "EventType",
    "Mentioned",
    "data_of",
    "make",
    "of",
    "parse",
    "proposal_type",
    "schema_of",
    "subjects",
]

PROPOSED = "Proposed"
E = TypeVar("E", bound=Event)


class Proposal(Event):
    """What every proposal carries beside the act: until when the second person may complete it."""

    act: Event
    expires_at: Instant


def _declare_proposals() -> None:
    for act in [each for each in DECLARED.values() if each.proposable]:
        first: Line = act.signing.lines[0]
        model = create_model(
            act.name + PROPOSED,
            __base__=Proposal,
            __doc__=f"The first person's signed proposal: {act.help[0].lower()}{act.help[1:]}",
            act=(act.payload, ...),
        )
        declared(Signing(Kind.CRITICAL, (Line("proposed", first.roles),)))(model)


_declare_proposals()

TYPES: Mapping[str, EventType] = dict(sorted(DECLARED.items()))
MODULES = (vault, people, lots, storage, treatment, corrections, imports, identities, shipments)


def of(name: str) -> EventType:
    """The declaration of an event type; RequestError for a name that is in no catalogue."""
    try:
        return TYPES[name]
    except KeyError:
        raise RequestError(f"There is no event type {name!r}.", "See `cryoledger manual events`.") from None


def proposal_type(act: str) -> EventType:
    """The type of the proposal of an act that may be proposed."""
    return of(act + PROPOSED)


def parse(name: str, data: Mapping[str, Any]) -> Event:
    """The payload of an event from the JSON object of its entry; FieldError says which field is wrong."""
    try:
        event = of(name).payload.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = first["loc"]
        field = next((part for part in reversed(path) if isinstance(part, str)), "")
        raise FieldError(name, path, told(field, first)) from None
    return event


def make(event: type[E], data: Mapping[str, Any]) -> E:
    """As `parse`, of a type at hand."""
    made = parse(event.__name__, data)
    assert isinstance(made, event)
    return made


def data_of(event: Event) -> dict[str, Any]:
    """The JSON object of a payload; fields that have their default are left out, so there is one form."""
    return event.model_dump(mode="json", exclude_defaults=True)


def schema_of(declaration: EventType) -> dict[str, Any]:
    """The JSON Schema of an event's `data` at its present version."""
    schema = declaration.payload.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{declaration.name}.v{declaration.schema}",
        **schema,
    }
