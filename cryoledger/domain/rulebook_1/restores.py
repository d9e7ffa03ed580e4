"""Rules of restores: how the next epoch opens, what may go on until two persons declare it, what waits for box checks.

    kept of epoch 1 | RestoreFound (the station) ... unreconciled work ... LedgerRestored (by two) | box checks, issue
    kept of epoch 1 | LedgerRestored (by two)                                                      | box checks, issue

`check` stands beside the rule of every event, and costs nothing in a ledger that was never restored.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cryoledger.domain import catalogue, numbers
from cryoledger.domain.events.vault import LedgerRestored, RestoreFound
from cryoledger.domain.facts import Draft, Facts, State
from cryoledger.domain.records import Site, StorageUnit, Vial, VialPlacement
from cryoledger.domain.restore_records import Restoration
from cryoledger.domain.roles import Kind
from cryoledger.domain.rulebook_1.common import changes, checks, unsafe
from cryoledger.errors import Refusal

PROPOSED = "Proposed"
PATIENT = "therapy"
# A freezer is never locked at 3 am: what keeps vials cold, or only warns, goes on. The rest waits.
GOES_ON = frozenset({
    "VialsStored", "VialsTakenOut", "VialsMoved", "VialsReturned", "VialsTransferred", "VialsLabelled",
    "VialLabelReplaced", "VialTubeBound", "VialTubeUnbound", "VialsReportedMissing", "VialsFound", "VialsDiscarded",
    "StorageUnitMoved", "StorageUnitTakenOut", "StorageUnitReturned", "BoxChecked", "ExcursionRecorded",
    "IssuedVialsReturned", "DoseDiscarded", "RemaindersWasted", "HoldPlaced", "RecallIssued", "ConsentWithdrawn",
    "AdverseEventReported", "PersonSignedIn", "PersonSignedOut", "KeyRevoked", "AdministratorRecovered",
    "ClockCorrected", "LedgerRestored",
})  # fmt: skip


def restoration(epoch: int, facts: Facts) -> Restoration | None:
    """The restore that opened an epoch; None for the first."""
    return facts.get(Restoration, numbers.number_of(epoch, 0)) if epoch > 1 else None


def unreconciled(epoch: int, facts: Facts) -> Restoration | None:
    """The restore of an epoch while nobody has declared it."""
    row = restoration(epoch, facts)
    return row if row is not None and row.declared is None else None


def check(draft: Draft, facts: Facts) -> None:
    """Judge any event by the restore that opened its epoch; silent in the first epoch."""
    row = restoration(draft.epoch, facts)
    if row is None:
        return
    if row.declared is None:
        _goes_on(draft, row)
    elif _is_for_patient(draft):
        for code in getattr(_act(draft), "vials", ()):
            _box_checked(facts, row, code)


def _goes_on(draft: Draft, row: Restoration) -> None:
    """Until two persons declare a restore, nothing reaches a patient and nothing is administered."""
    name = draft.type.removesuffix(PROPOSED)
    if name in GOES_ON or catalogue.of(draft.type).signing.kind is Kind.OBSERVED:
        return
    if name == "VialsThawed" and not _is_for_patient(draft):
        return
    raise Refusal(
        "restore.unreconciled",
        f"{name} waits: this ledger was restored and lacks entries from {numbers.shown(row.lost_from)} on.",
        "Store, take out, move and discard go on. An administrator and quality declare the restore: "
        "`cryoledger restore --declare`.",
        safety=catalogue.of(name).safety,
    )


def _act(draft: Draft) -> Any:
    return getattr(draft.event, "act", draft.event)


def _is_for_patient(draft: Draft) -> bool:
    name = draft.type.removesuffix(PROPOSED)
    return name == "VialsIssued" or (name == "VialsThawed" and _act(draft).purpose == PATIENT)


def _box_checked(facts: Facts, row: Restoration, code: str) -> None:
    """Where entries were lost, nobody knows what they moved: the box that a vial was in then is checked first.

    A range that was lost says nothing of its content, so it calls for every box. A box into which the vial was put
    since says nothing of where the vial had been.
    """
    vial = facts.get(Vial, code)
    if vial is None:
        return  # the event's own rule refuses it
    box = _box_at(facts, vial, row.opened_at)
    unit = facts.get(StorageUnit, box) if box is not None else None
    if unit is None or (unit.checked_at is not None and unit.checked_at > row.opened_at):
        return
    raise unsafe(
        "restore.box",
        f"Vial {code} waits: box {unit.code} was not checked since the ledger was restored at {row.opened_at}.",
        f"Check the box first: `cryoledger unit check {unit.code}`.",
        code,
    )


def _box_at(facts: Facts, vial: Vial, at: str) -> str | None:
    """The box that a vial was in at an instant, or had left last; of one that came into a box later, that box."""
    stays = sorted(facts.where(VialPlacement, vial=vial.code), key=lambda stay: stay.ended)
    earlier = [stay for stay in stays if stay.started_at <= at]
    if vial.unit is not None and (vial.since <= at or not earlier):
        return vial.unit
    return (earlier or stays)[-1].unit if stays else None


@checks(RestoreFound)
def _restore_found(draft: Draft, event: RestoreFound, _facts: Facts) -> None:
    _follows(draft, event)


@checks(LedgerRestored)
def _ledger_restored(draft: Draft, event: LedgerRestored, facts: Facts) -> None:
    if draft.sequence == 0:
        _follows(draft, event)
        return
    row = unreconciled(draft.epoch, facts)
    if row is None or _kept(event) != (row.origin, row.size, row.root, row.last_leaf_hash):
        raise Refusal(
            "restore", "This is not the restore that opened the present epoch.", "Use `cryoledger restore --declare`."
        )


def _follows(draft: Draft, event: RestoreFound | LedgerRestored) -> None:
    if draft.epoch < 2 or event.origin == draft.origin or event.size < 1:
        raise Refusal("restore", "A restore opens a later epoch under a later origin.", "Use `cryoledger restore`.")


def _kept(event: RestoreFound | LedgerRestored) -> tuple[str, int, str, str]:
    return event.origin, event.size, event.root, event.last_leaf_hash


@changes(RestoreFound)
def _open_unreconciled(draft: Draft, event: RestoreFound, state: State) -> None:
    _open(draft, event, state, None)


@changes(LedgerRestored)
def _declare(draft: Draft, event: LedgerRestored, state: State) -> None:
    if draft.sequence == 0:
        _open(draft, event, state, draft.number)
        return
    row = state.need(Restoration, numbers.number_of(draft.epoch, 0))
    state.put(replace(row, lost_from=event.lost_from, lost_to=event.lost_to, declared=draft.number))


def _open(draft: Draft, event: RestoreFound | LedgerRestored, state: State, declared: int | None) -> None:
    state.put(replace(state.need(Site, "site"), origin=draft.origin))
    state.put(
        Restoration(
            draft.number, draft.recorded_at, *_kept(event), lost_from=event.lost_from, lost_to=event.lost_to,
            declared=declared,
        )
    )  # fmt: skip
