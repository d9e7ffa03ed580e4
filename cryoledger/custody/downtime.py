"""What was written on paper while the station was down: acts checked as a whole, then recorded in order of time.

    plan = check(vault, acts, ("maria.s", "quinn.o"))      # nobody signs, nothing is recorded
    if not plan.refused:
        enter(vault, plan, By("maria.s", pin="..."), By("quinn.o", pin="..."))

Each act is an event of its own, late for the reason "downtime", signed by both. All are judged before the first is
recorded, one upon the other, by the rules that judge them again as they are recorded. An act has an id made of its
own words: a file that is entered again, whole or corrected, records nothing twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from cryoledger.custody.clock import stamp
from cryoledger.custody.identities import narrative
from cryoledger.custody.keys.unlock import unlock
from cryoledger.custody.paper_acts import PaperAct, boxes_of, event_of
from cryoledger.custody.record import By, Sealed, note_refusal, record, signers_of
from cryoledger.custody.vault import Vault, head_of, site_of
from cryoledger.database.store import Head, Reading
from cryoledger.domain import catalogue, times
from cryoledger.domain.facts import Draft, Remove, State
from cryoledger.domain.fields import Event
from cryoledger.domain.rulebooks import rulebook
from cryoledger.errors import CryoledgerError, Refusal
from cryoledger.ledger.entry import uuid7

__all__ = ["Entered", "Judged", "Plan", "check", "enter"]

REASON: Final = "downtime"
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Judged:
    """One act of the paper: its event and id, or why it is refused, or the entry that recorded it before."""

    act: PaperAct
    id: str
    event: Event | None = None
    refusal: CryoledgerError | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Every act in order of time, and the boxes to check afterwards."""

    acts: tuple[Judged, ...]
    boxes: tuple[str, ...]

    @property
    def fresh(self) -> tuple[Judged, ...]:
        """What may be recorded."""
        return tuple(each for each in self.acts if each.event is not None)

    @property
    def refused(self) -> tuple[Judged, ...]:
        """What may not, in the order of the file."""
        return tuple(sorted((each for each in self.acts if each.refusal is not None), key=lambda each: each.act.line))

    @property
    def known(self) -> tuple[Judged, ...]:
        """What an earlier try recorded."""
        return tuple(each for each in self.acts if each.number is not None)


@dataclass(frozen=True, slots=True)
class Entered:
    """The acts recorded, and the one at which it stopped, if it did: what comes after that is not recorded."""

    sealed: tuple[Sealed, ...]
    stopped: Judged | None = None


def check(vault: Vault, acts: Iterable[PaperAct], signers: Sequence[str], *, scanned: bool = False) -> Plan:
    """Judge acts by the rules, each upon those before it in time, as if these two signed them now."""
    ordered = sorted(acts, key=lambda act: (act.occurred_at, act.line))
    with vault.store.reading() as reading:
        trial = _Trial(vault, reading, signers, scanned=scanned)
        seen: dict[str, int] = {}
        judged = tuple([trial.judge(act, seen) for act in ordered])
    return Plan(judged, tuple(trial.boxes))


class _Trial:
    """The inventory as it would become, act by act; nothing leaves this object."""

    def __init__(self, vault: Vault, reading: Reading, signers: Sequence[str], *, scanned: bool) -> None:
        self.boxes: dict[str, None] = {}
        self._state = State(reading.facts)
        self._vault, self._reading, self._signers, self._scanned = vault, reading, signers, scanned
        self._head: Head = head_of(reading)
        self._site = site_of(reading)
        now = vault.clock.now()
        self._now = stamp(self._head.recorded_at, now, confirmed=vault.clock_confirmed)
        self._made = 0

    def judge(self, act: PaperAct, seen: dict[str, int]) -> Judged:
        """One act: what it would record, or why not."""
        made = _id(self._vault, act)
        before = self._reading.find(made)
        if before is not None:
            self._note_boxes(act)
            return Judged(act, made, number=before.number)
        try:
            if made in seen:
                raise Refusal("once", f"This is the same as line {seen[made]}.", "Strike one of them out.")
            seen[made] = act.line
            event = event_of(act, self._state, self._site, scanned=self._scanned)
            self._carry_out(act, event)
        except CryoledgerError as error:
            return Judged(act, made, refusal=error)
        return Judged(act, made, event=event)

    def _note_boxes(self, act: PaperAct) -> None:
        self.boxes |= dict.fromkeys(boxes_of(act, self._state, self._site))

    def _carry_out(self, act: PaperAct, event: Event) -> None:
        draft = self._draft(act, event)
        rules = rulebook(draft.rules)
        rules.check(draft, self._state)
        for change in rules.changes(draft, self._state):
            if isinstance(change, Remove):
                self._state.remove(change.record, *change.key)
            else:
                self._state.put(change.row)
        self._made += 1
        self._note_boxes(act)

    def _draft(self, act: PaperAct, event: Event) -> Draft:
        name = type(event).__name__
        return Draft(
            epoch=self._head.epoch,
            sequence=self._head.sequence + 1 + self._made,
            type=name,
            schema=catalogue.of(name).schema,
            event=event,
            rules=self._site.rulebook,
            id="",
            station=self._vault.station,
            signers=signers_of(event, self._vault.station, self._signers),
            occurred_at=act.occurred_at,
            recorded_at=self._now,
            previous_recorded_at=self._now,  # a leap of the clock is put on record before the first act
            origin=self._head.origin,
        )


def _id(vault: Vault, act: PaperAct) -> str:
    """The act's own id (UUIDv7), the same for the same words in the same ledger."""
    milliseconds = times.milliseconds("1970-01-01T00:00:00.000Z", act.occurred_at)
    said = "\x1f".join((act.occurred_at, act.act, act.vial, act.unit, act.position, act.reason))
    return uuid7(milliseconds, hashlib.sha256(vault.fingerprint + said.encode()).digest()[:10])


def enter(vault: Vault, plan: Plan, *by: By, paper: bytes | None = None, progress: Progress | None = None) -> Entered:
    """Record what a plan allows, signed by both, each PIN tried once; `paper`, the file itself, is kept beside.

    Refusals for safety are put on record too (I10). Raises PinError; stops at the first act that another station
    has made impossible meanwhile, so that none is recorded out of order.
    """
    kept = narrative.keep(vault, paper, narrative.SITE) if paper else None
    sealed: list[Sealed] = []
    with _signing(vault, by):
        for each in plan.refused:
            if isinstance(each.refusal, Refusal) and each.refusal.safety:
                note_refusal(vault, each.act.event_type, each.refusal, None, by[0].name)
        names = [replace(signer, pin=None) for signer in by]
        for each in plan.fresh:
            assert each.event is not None
            event = narrative.with_document(each.event, kept) if kept is not None else each.event
            also = kept.write if kept is not None else None
            try:
                done = record(vault, event, *names, occurred_at=each.act.occurred_at, id=each.id, also=also)
            except Refusal as refusal:
                return Entered(tuple(sealed), replace(each, event=None, refusal=refusal))
            sealed.append(done)
            if progress is not None:
                progress(len(sealed), len(plan.fresh))
    return Entered(tuple(sealed))


@contextmanager
def _signing(vault: Vault, by: Sequence[By]) -> Iterator[None]:
    """Both PINs, once, for every act of the batch; the keys are locked again behind it."""
    try:
        for each in by:
            unlock(vault, each.name, each.pin or "")
        vault.batch = frozenset(each.name for each in by)
        yield
    finally:
        vault.batch = frozenset()
        for each in by:
            if each.name != vault.signed_in:
                vault.keyring.lock(each.name)
