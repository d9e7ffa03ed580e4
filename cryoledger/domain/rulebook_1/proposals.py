"""Proposals: one person signs an act and holds what it names; another completes it, later or elsewhere."""

from __future__ import annotations

from dataclasses import replace

from cryoledger.domain import catalogue, signing, times
from cryoledger.domain.catalogue import PROPOSED
from cryoledger.domain.facts import Draft, Facts, State
from cryoledger.domain.fields import Event
from cryoledger.domain.records import Hold, Person, Proposal
from cryoledger.domain.rulebook_1.common import CHANGES, CHECKS, hold
from cryoledger.errors import Refusal

LONGEST_MS = 7 * 24 * 3_600_000
HOLDABLE = frozenset({"vial", "unit", "lot", "donation", "donor", "dose"})
APART = {"proposal", "late", "typed", "document"}


def check(draft: Draft, facts: Facts) -> None:
    """Judge an act that completes a proposal; silent for any other."""
    reference = signing.proposal_of(draft.event)
    if reference is None:
        return
    entry = facts.recorded(reference.number)
    if entry is None or entry.leaf_hash != reference.leaf_hash or entry.type != draft.type + PROPOSED:
        raise _no("no such proposal was recorded.")
    proposal = facts.get(Proposal, reference.number)
    if proposal is None or proposal.status != "open":
        raise _no("it was completed already.")
    if proposal.expires_at <= draft.recorded_at:
        raise _no(f"it expired at {proposal.expires_at}.")
    proposer = facts.get(Person, proposal.proposer)
    first = catalogue.of(draft.type).signing.lines[0]
    if proposer is None or proposer.status != "active" or not signing.roles_of(proposer) & first.roles:
        raise _no(f"{proposal.proposer} may not sign it any more.")
    act: Event = entry.event.act  # type: ignore[attr-defined]
    if act.model_dump(exclude=APART) != draft.event.model_dump(exclude=APART):
        raise _no("it proposed something else.")


def _no(why: str) -> Refusal:
    return Refusal("proposal", f"The proposal cannot be completed: {why}", "Propose the act again.")


def check_proposed(draft: Draft, event: Event, facts: Facts) -> None:
    """A proposal is judged as its act would be, and expires within a week."""
    act: Event = event.act  # type: ignore[attr-defined]
    ahead = times.milliseconds(draft.recorded_at, event.expires_at)  # type: ignore[attr-defined]
    if not 0 < ahead <= LONGEST_MS:
        raise Refusal("proposal", "A proposal expires within seven days.", "Give an earlier time.")
    if signing.proposal_of(act) is not None or act.late is not None:
        raise Refusal("proposal", "The proposed act names no proposal and no lateness of its own.", "Leave them out.")
    name = draft.type.removesuffix(PROPOSED)
    CHECKS[name](replace(draft, type=name, event=act), act, facts)


def change_proposed(draft: Draft, event: Event, state: State) -> None:
    """The proposal waits, and what it names is held."""
    name, expires = draft.type.removesuffix(PROPOSED), str(event.expires_at)  # type: ignore[attr-defined]
    state.put(Proposal(draft.number, name, draft.first, expires, "open"))
    for item in catalogue.subjects(event):
        if item.touched and item.kind in HOLDABLE:
            hold(draft, state, item.kind, item.code, "proposal", kind="proposal")


def complete(draft: Draft, state: State) -> None:
    """Close the proposal that an act completes, and lift what it held."""
    reference = signing.proposal_of(draft.event)
    if reference is None:
        return
    state.put(replace(state.need(Proposal, reference.number), status="completed"))
    for row in state.where(Hold, number=reference.number):
        state.put(replace(row, lifted=draft.number))


for _act in [each for each in catalogue.TYPES.values() if each.name.endswith(PROPOSED)]:
    CHECKS[_act.name] = check_proposed
    CHANGES[_act.name] = change_proposed
