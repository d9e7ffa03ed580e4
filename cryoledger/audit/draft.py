"""An entry's bytes as the rules see them: the draft that was judged, and the earlier entry that rules refer to."""

from __future__ import annotations

from cryoledger.domain import catalogue, numbers
from cryoledger.domain.facts import Draft, Recorded, Signed
from cryoledger.domain.fields import Event
from cryoledger.errors import LedgerFormatError
from cryoledger.ledger import canonical
from cryoledger.ledger.canonical import format_time
from cryoledger.ledger.entry import Entry
from cryoledger.ledger.lines import encode_base64

__all__ = ["draft_of", "event_of", "recorded_of"]


def event_of(entry: Entry) -> Event:
    """The payload of an entry; RequestError for an unknown type or shape, LedgerFormatError for another spelling.

    A payload has one form: what its declaration would write. Without that, `true` could be signed as `1`.
    """
    envelope = entry.envelope
    event = catalogue.parse(envelope.type, envelope.data)
    # `data` is the first field of line 5 (its keys are sorted), and stands there as canonical JSON.
    line = entry.note_text.split(b"\n", 4)[4]
    if not line.startswith(b'{"data":%b,"id":' % canonical.write(catalogue.data_of(event))):
        raise LedgerFormatError(f"The payload of {envelope.type} is not written as its declaration writes it.")
    return event


def draft_of(entry: Entry, epoch: int, previous_recorded_at: str | None) -> Draft:
    """The draft of a sealed entry, given its epoch and when the entry before was recorded; raises as `event_of`."""
    envelope = entry.envelope
    return Draft(
        epoch=epoch,
        sequence=entry.sequence,
        type=envelope.type,
        schema=envelope.schema,
        event=event_of(entry),
        rules=envelope.rules,
        id=envelope.id,
        station=envelope.station,
        signers=_signers(entry),
        occurred_at=format_time(envelope.occurred_at),
        recorded_at=format_time(envelope.recorded_at),
        previous_recorded_at=previous_recorded_at,
        origin=entry.origin,
    )


def recorded_of(entry: Entry, epoch: int) -> Recorded:
    """A sealed entry as later rules refer to it; raises as `event_of`."""
    envelope = entry.envelope
    return Recorded(
        number=numbers.number_of(epoch, entry.sequence),
        leaf_hash=encode_base64(entry.leaf_hash),
        type=envelope.type,
        event=event_of(entry),
        station=envelope.station,
        signers=_signers(entry),
        occurred_at=format_time(envelope.occurred_at),
        recorded_at=format_time(envelope.recorded_at),
    )


def _signers(entry: Entry) -> tuple[Signed, ...]:
    return tuple(Signed(signer.name, signer.meaning) for signer in entry.envelope.signers)
