"""The one write path: judge, seal, append, in one transaction; a safety refusal is recorded too.

    done = record(vault, VialsTakenOut(vials=("BKV000001W",)), By("maria.s"))
    done = record(vault, LotReleased(lot="L1"), By("quinn.q", pin="402719"))

PIN work happens before the vault is locked for writing.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from cryoledger.custody.clock import stamp
from cryoledger.custody.identities import one_key
from cryoledger.custody.keys.unlock import unlock
from cryoledger.custody.proof import commitments
from cryoledger.custody.retrying import until_known
from cryoledger.custody.vault import Vault
from cryoledger.database.store import Stored, Transaction
from cryoledger.domain import catalogue, numbers, signing, times
from cryoledger.domain.events.vault import ClockStepped, RequestRefused
from cryoledger.domain.facts import Draft, Facts, Signed
from cryoledger.domain.fields import Event, Named
from cryoledger.domain.records import SUBJECT_RECORD, Person, Site
from cryoledger.domain.roles import Kind, Line
from cryoledger.domain.rulebooks import CURRENT, Rulebook, rulebook
from cryoledger.errors import ConflictError, CryoledgerError, PinError, Refusal
from cryoledger.ledger import canonical
from cryoledger.ledger.entry import ZERO_HASH, Entry, Envelope, SignerRole, entry_text, seal, uuid7
from cryoledger.ledger.note import Signature, VerifierKey

Also = Callable[[Transaction], None]


@dataclass(frozen=True, slots=True)
class By:
    """A signer: the name, and the PIN where the act asks for it. `fresh` keys accept their own enrolment."""

    name: str
    pin: str | None = field(default=None, repr=False)
    fresh: bool = False


@dataclass(frozen=True)
class Sealed:
    """An entry as recorded."""

    epoch: int
    entry: Entry

    @cached_property
    def stored(self) -> Stored:
        """Its row in the vault."""
        return Stored.of(self.epoch, self.entry)

    @property
    def number(self) -> int:
        """Its number over all epochs."""
        return numbers.number_of(self.epoch, self.entry.sequence)


def new_id(moment_text: str) -> str:
    """A new event id (UUIDv7) for an instant; a caller that may retry makes it once and passes it again."""
    milliseconds = times.milliseconds("1970-01-01T00:00:00.000Z", moment_text)
    return uuid7(milliseconds, secrets.token_bytes(10))


def record(
    vault: Vault,
    event: Event,
    *by: By,
    occurred_at: str | None = None,
    id: str | None = None,  # noqa: A002 - the envelope's word
    also: Also | None = None,
) -> Sealed:
    """Seal one event in the ledger and its rows in the inventory, or refuse and leave the inventory untouched.

    `by` are the signers in the order of the declaration's lines (none for an observed event: the station signs).
    `occurred_at` is given for what happened earlier; `id` makes a retry find what an earlier try recorded;
    `also` writes local rows in the same transaction. Raises Refusal, PinError, ConflictError, VaultError.
    """
    event, made = _clean(event), id or new_id(times.text_of(vault.clock.now()))
    declaration = catalogue.of(type(event).__name__)
    signers = _signers(vault, event, by)
    try:
        for each in by:
            _ask_pin(vault, each, declaration.signing.pin)
        return until_known(
            made, lambda again: _write(vault, event, signers, occurred_at, made, also, find=again or id is not None)
        )
    except Refusal as refusal:
        if refusal.safety and declaration.signing.kind is not Kind.OBSERVED:
            note_refusal(vault, declaration.name, refusal, event, by[0].name if by else None)
        raise
    finally:
        _lock_others(vault, by)


def observe(vault: Vault, event: Event) -> Sealed:
    """Record what no person did: the station signs."""
    return record(vault, event)


def note_refusal(vault: Vault, act: str, refusal: Refusal, event: Event | None, person: str | None) -> None:
    """Record that a request was refused for safety (I10); what cannot be recorded does not hide the refusal."""
    with vault.store.reading() as reading:
        known = person if person is not None and reading.facts.get(Person, person) else None
        concerning = _known(reading.facts, event)
    try:
        observe(vault, RequestRefused(act=act, rule=refusal.rule, person=known, concerning=concerning))
    except CryoledgerError as error:
        refusal.add_note(f"The refusal itself could not be recorded: {error}")


def _known(facts: Facts, event: Event | None) -> tuple[Named, ...]:
    found = []
    for item in catalogue.subjects(event) if event is not None else ():
        record = SUBJECT_RECORD.get(item.kind)
        if record is not None and facts.get(record, item.code) is not None:
            found.append(Named.model_validate({"kind": item.kind, "code": item.code}))
    return tuple(found[:400])


def _clean(event: Event) -> Event:
    """The event with its text as it will be signed; TextError for what may not be recorded."""
    given = catalogue.data_of(event)
    if canonical.is_plain(given):
        return event
    data = canonical.clean(given)
    assert isinstance(data, dict)
    return event if data == given else catalogue.parse(type(event).__name__, data)


def _signers(vault: Vault, event: Event, by: Sequence[By]) -> tuple[Signed, ...]:
    observed = catalogue.of(type(event).__name__).signing.kind is Kind.OBSERVED
    return signers_of(event, vault.station if observed else "", [each.name for each in by])


def signers_of(event: Event, station: str, names: Sequence[str]) -> tuple[Signed, ...]:
    """Names and meanings, in order: optional lines stay away where fewer persons sign than there are lines."""
    declaration = catalogue.of(type(event).__name__)
    if declaration.signing.kind is Kind.OBSERVED:
        return (Signed(station, "observed"),)
    lines: list[Line] = list(declaration.signing.lines)
    if signing.proposal_of(event) is not None:
        lines = lines[1:]
    for line in reversed(lines):
        if line.optional and len(lines) > len(names):
            lines.remove(line)
    meanings = [line.meaning for line in lines]
    if len(names) == len(meanings) + 1 and event.late is not None:
        meanings.append(signing.COUNTERSIGNED)
    if len(names) != len(meanings):
        raise Refusal("I7", f"{declaration.name} is signed by: {', '.join(meanings)}.", "Let every person sign.")
    return tuple(Signed(name, meaning) for name, meaning in zip(names, meanings, strict=True))


def _ask_pin(vault: Vault, by: By, asked: bool) -> None:
    if by.pin is not None:
        unlock(vault, by.name, by.pin)
    elif asked and not by.fresh and by.name not in (vault.station, *vault.batch):
        raise PinError(f"The PIN of {by.name} is asked for this.", "Enter it.")


def _lock_others(vault: Vault, by: Sequence[By]) -> None:
    """Whoever is not signed in here signed once: the key is locked again."""
    for each in by:
        if each.name != vault.signed_in and each.name not in (vault.station, *vault.batch):
            vault.keyring.lock(each.name)


def _write(
    vault: Vault,
    event: Event,
    signers: tuple[Signed, ...],
    occurred_at: str | None,
    event_id: str,
    also: Also | None,
    *,
    find: bool,
) -> Sealed:
    names = (*(signed.name for signed in signers), *(item.code for item in catalogue.subjects(event)))
    with vault.store.writing(type(event).__name__, names) as transaction:
        sealed = _same_as(transaction.find(event_id), event, signers) if find else None
        if sealed is None:
            step = _clock_step(vault, transaction, signers)
            if step is not None:
                _append(vault, transaction, step, (Signed(vault.station, "observed"),), None, None)
            sealed = _append(vault, transaction, event, signers, occurred_at, event_id)
            one_key.claim_bands(vault, transaction, event)
            if also is not None:
                also(transaction)
    vault.remember(sealed.stored, sealed.entry.origin)
    return sealed


def _append(
    vault: Vault,
    transaction: Transaction,
    event: Event,
    signers: tuple[Signed, ...],
    occurred_at: str | None,
    event_id: str | None,
) -> Sealed:
    draft = _draft(vault, transaction, event, signers, occurred_at, event_id)
    rules = rulebook(draft.rules)
    rules.check(draft, transaction.facts)
    commitments.check(event, transaction)
    sealed = Sealed(draft.epoch, _sign(vault, transaction, draft, rules))
    transaction.append(sealed.stored)
    return sealed


def _same_as(stored: Stored | None, event: Event, signers: tuple[Signed, ...]) -> Sealed | None:
    """An entry already recorded under this id, if it says the same; ConflictError where it says another thing."""
    if stored is None:
        return None
    entry = stored.parse()
    envelope = entry.envelope
    told = tuple(Signed(line.name, line.meaning) for line in envelope.signers)
    if (envelope.type, envelope.data, told) != (type(event).__name__, catalogue.data_of(event), signers):
        raise ConflictError(
            f"The id {envelope.id} was recorded with another content, as entry {numbers.shown(stored.number)}.",
            "Make a new id for a new event.",
        )
    return Sealed(stored.epoch, entry)


def _clock_step(vault: Vault, transaction: Transaction, signers: tuple[Signed, ...]) -> ClockStepped | None:
    """After more than 12 hours the station records the step, once a person confirmed the clock (Refusal until then)."""
    head = transaction.head()
    if head is None:
        return None
    try:
        stamp(head.recorded_at, vault.now_in(transaction))
    except Refusal as refusal:
        if refusal.rule != "time.ahead":
            return None
        if not vault.clock_confirmed:
            raise
        person = transaction.facts.get(Person, signers[0].name)
        return ClockStepped(head_recorded_at=head.recorded_at, confirmed_by=person.name if person else None)
    return None


def _draft(
    vault: Vault,
    transaction: Transaction,
    event: Event,
    signers: tuple[Signed, ...],
    occurred_at: str | None,
    event_id: str | None,
) -> Draft:
    head = transaction.head()
    if head is None:
        raise RuntimeError("the first entry is made by `create`")
    name = type(event).__name__
    recorded_at = stamp(
        head.recorded_at,
        vault.now_in(transaction),
        confirmed=isinstance(event, ClockStepped),
        corrected=name == "ClockCorrected",
    )
    site = transaction.facts.get(Site, "site")
    return Draft(
        epoch=head.epoch,
        sequence=head.sequence + 1,
        type=name,
        schema=catalogue.of(name).schema,
        event=event,
        rules=site.rulebook if site is not None else CURRENT,
        id=event_id or new_id(recorded_at),
        station=vault.station,
        signers=signers,
        occurred_at=occurred_at or recorded_at,
        recorded_at=recorded_at,
        previous_recorded_at=head.recorded_at,
        origin=head.origin,
    )


def _sign(vault: Vault, transaction: Transaction, draft: Draft, rules: Rulebook) -> Entry:
    """The sealed entry; what it changes is worked out and carried out while the first signer's key signs.

    Every signature is checked against the key that the ledger expects before anything is kept.
    """
    head = transaction.head()
    text = note_text(draft, head.leaf_hash if head is not None else ZERO_HASH)
    first, *others = signing.expected(draft, transaction.facts)
    with vault.keyring.signing(first.name, text) as fetch:
        transaction.change(rules.changes(draft, transaction.facts))
        signatures = [_checked(first, text, fetch())]
    signatures += [_checked(each, text, vault.keyring.sign(each.name, text)) for each in others]
    return seal(text, signatures)


def _checked(expected: signing.Expected, text: bytes, signature: Signature) -> Signature:
    _verifier(expected.verifier_key).verify(text, signature)
    return signature


@lru_cache(maxsize=256)
def _verifier(text: str) -> VerifierKey:
    return VerifierKey.parse(text)


def note_text(draft: Draft, previous: bytes) -> bytes:
    """The text that a draft's signers sign."""
    envelope = Envelope(
        type=draft.type,
        schema=draft.schema,
        rules=draft.rules,
        id=draft.id,
        occurred_at=times.instant(draft.occurred_at),
        recorded_at=times.instant(draft.recorded_at),
        station=draft.station,
        signers=tuple(SignerRole(signed.name, signed.meaning) for signed in draft.signers),
        data=catalogue.data_of(draft.event),
    )
    return entry_text(draft.origin, draft.sequence, previous, envelope)


def late(event: Event, reason: str) -> Event:
    """The event marked as recorded late, with a reason of the catalogue's list."""
    return type(event).model_validate({**catalogue.data_of(event), "late": reason})
