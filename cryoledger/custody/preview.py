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
from cryoledger.domain.rulebooks import rulebook
from cryoledger.errors import Refusal

__all__ = ["preview"]

WHO_SIGNS = "I7"


def preview(vault: Vault, event: Event, names: Sequence[str], occurred_at: str | None = None) -> None:
    """Raise the Refusal with which an event of these signers would meet now, but for those of safety."""
    name = type(event).__name__
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
                station=vault.station,
                signers=signers_of(event, vault.station, names),
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
    if refused.safety:
        note_refusal(vault, name, refused, event, None)
    raise refused
