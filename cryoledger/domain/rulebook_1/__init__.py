"""Rulebook 1: the rules of custody as of the first release. Frozen once released; later rules get a later number.

`common` holds what rules share; `envelope` what every entry must satisfy; the other modules follow those of `events/`.
"""

from __future__ import annotations

from cryoledger.domain import signing
from cryoledger.domain.facts import Change, Draft, Facts, State
from cryoledger.domain.rulebook_1 import (
    bedside,
    corrections,
    deviations,
    donors,
    envelope,
    identities,
    import_parts,
    imports,
    lots,
    people,
    proposals,
    restores,
    shipments,
    storage,
    treatment,
    undo,
    units,
    vault,
)
from cryoledger.domain.rulebook_1.common import CHANGES, CHECKS

__all__ = [
    "bedside", "changes", "check", "check_signed", "corrections", "deviations", "donors", "foresee", "identities",
    "import_parts", "imports", "lots", "people", "proposals", "restores", "shipments", "storage", "treatment", "undo",
    "units", "vault",
]  # fmt: skip


def check(draft: Draft, facts: Facts) -> None:
    """Raise a Refusal where this draft may not be recorded now."""
    envelope.check(draft, facts)
    signing.expected(draft, facts)
    _check_event(draft, facts)


def check_signed(draft: Draft, facts: Facts) -> None:
    """As `check`, where the signers were judged just before."""
    envelope.check(draft, facts)
    _check_event(draft, facts)


def _check_event(draft: Draft, facts: Facts) -> None:
    undo.check(draft, facts)
    proposals.check(draft, facts)
    imports.check(draft, facts)
    restores.check(draft, facts)
    envelope.check_rule(draft, facts, CHECKS[draft.type])


def foresee(draft: Draft, facts: Facts) -> None:
    """Raise the Refusal of the event type's own rule; who signs and when is judged by `check` alone."""
    imports.check(draft, facts)
    restores.check(draft, facts)
    CHECKS[draft.type](draft, draft.event, facts)


def changes(draft: Draft, facts: Facts) -> tuple[Change, ...]:
    """The rows that a checked draft puts and removes."""
    state = State(facts)
    CHANGES[draft.type](draft, draft.event, state)
    proposals.complete(draft, state)
    envelope.after(draft, state)
    return state.changes()
