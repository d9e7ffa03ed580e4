"""What the rules would say to an event now, asked before anybody gives a PIN for it.

    preview(vault, event, ["maria.s"])      # silent, or the Refusal that `record` would raise

Nothing is written, and nothing is held: `record` judges again. What is refused for safety is let through, so that it is
refused, and put on record, with the name of a person who has shown the PIN (I10). A missing role is not: whoever may
not sign an act need not prove who they are to hear it, and the refusal is on record without a name.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryoledger.custody.record import new_id, note_refusal, signers_of
from cryoledger.custody.vault import Vault, head_of, site_of
from cryoledger.domain import catalogue, times
from cryoledger.domain.facts import Draft
from cryoledger.domain.fields import Event
from cryoledger.domain.records import Person
from cryoledger.domain.rulebook_1.common import free_codes
from cryoledger.domain.rulebooks import rulebook
from cryoledger.errors import Refusal

__all__ = ["preview", "refuse_taken_codes"]

WHO_SIGNS = "I7"


def preview(
    vault: Vault,
    event: Event,
    names: Sequence[str],
    occurred_at: str | None = None,
    *,
    fresh: Sequence[str] = (),
    station: str | None = None,
) -> None:
    """Raise the Refusal with which an event of these signers would meet now, but for those of safety.

    `fresh` are the further signers whose keys the event itself enrols. A station that is about to enrol itself is
    given by name; it has no key yet to record a refusal with.
    """
    name, here = type(event).__name__, station or vault.station
    with vault.store.reading() as reading:
        people = [reading.facts.get(Person, each) for each in names]
        if any(person is not None and person.status != "active" for person in people):
            return  # a key that is locked is the keyring's to explain
        try:
            head, site = head_of(reading), site_of(reading)
            # A clock that two must correct, or one confirm, is the business of `record`.
            now = max(times.text_of(vault.clock.now()), head.recorded_at)
            draft = Draft(
                epoch=head.epoch,
                sequence=head.sequence + 1,
                type=name,
                schema=catalogue.of(name).schema,
                event=event,
                rules=site.rulebook,
                id=new_id(now),
                station=here,
                signers=signers_of(event, here, (*names, *fresh)),
                occurred_at=occurred_at or now,
                recorded_at=now,
                previous_recorded_at=now,
                origin=head.origin,
            )
            rulebook(draft.rules).check(draft, reading.facts)
        except Refusal as refusal:
            if refusal.safety and refusal.rule != WHO_SIGNS:
                return
            refused = refusal
        else:
            return
    if refused.safety and station is None:
        note_refusal(vault, name, refused, event, None)
    raise refused


def refuse_taken_codes(vault: Vault, codes: Sequence[str], what: str) -> None:
    """Raise a Refusal where one of these new codes means something already, before a series of acts begins."""
    with vault.store.reading() as reading:
        free_codes(reading.facts, codes, what)
