"""Rules of deviations: what two persons may accept, and how far it goes from there (`acceptance`)."""

from __future__ import annotations

from cryoledger.domain import times
from cryoledger.domain.events import lots
from cryoledger.domain.facts import Draft, Facts, State
from cryoledger.domain.fields import Named
from cryoledger.domain.records import SUBJECT_RECORD, Deviation, Dose, DoseSource, Lot, Product, Vial
from cryoledger.domain.rulebook_1.acceptance import AMOUNT, OUT_OF_STORAGE, TEST, WINDOW, reach
from cryoledger.domain.rulebook_1.common import (
    accepted_exposure,
    changes,
    checks,
    each_once,
    local,
    need,
    product_of,
    vial_exposure,
)
from cryoledger.errors import Refusal

KINDS = {OUT_OF_STORAGE: ("vial",), WINDOW: ("vial", "dose"), TEST: ("lot",), AMOUNT: ("order",)}


@checks(lots.DeviationRecorded)
def _deviation(draft: Draft, event: lots.DeviationRecorded, facts: Facts) -> None:
    each_once(((item.kind, item.code) for item in event.concerning), "thing")
    for item in event.concerning:
        if item.kind not in KINDS[event.limit]:
            raise Refusal(
                "deviation",
                f"A deviation from {event.limit} does not concern a {item.kind}.",
                f"Name a {' or a '.join(KINDS[event.limit])}.",
                subject=item.code,
            )
        need(facts, SUBJECT_RECORD[item.kind], item.code)
        if event.limit in (OUT_OF_STORAGE, WINDOW):
            _was_passed(draft, facts, event.limit, item)


def _was_passed(draft: Draft, facts: Facts, limit: str, item: Named) -> None:
    """Nothing is accepted beforehand: nobody has looked at what has not happened."""
    past = _out_too_long(draft, facts, item) if limit == OUT_OF_STORAGE else _too_late(draft, facts, item)
    if past is not None:
        raise Refusal(
            "deviation.not-passed", past, "Record the deviation when the limit was passed; leave this one out.",
            subject=item.code,
        )  # fmt: skip


def _out_too_long(draft: Draft, facts: Facts, item: Named) -> str | None:
    vial = need(facts, Vial, item.code)
    allowed = max(_product(facts, vial).out_of_storage_minutes * 60_000, accepted_exposure(facts, vial))
    exposed = vial_exposure(facts, vial, draft.at)
    if exposed > allowed:
        return None
    return f"Vial {vial.code} was out of storage for {times.span(exposed)} of {times.span(allowed)} that are allowed."


def _too_late(draft: Draft, facts: Facts, item: Named) -> str | None:
    deadline = _deadline(facts, item)
    if deadline is None:
        return f"Vial {item.code} is not thawed and has no post-thaw window."
    until = times.later(deadline, minutes=reach(facts, item.kind, item.code, WINDOW) // 60_000)
    return None if draft.at > until else f"The window of {item.kind} {item.code} lasts until {local(facts, until)}."


def _deadline(facts: Facts, item: Named) -> str | None:
    return need(facts, Dose, item.code).deadline if item.kind == "dose" else need(facts, Vial, item.code).deadline


@changes(lots.DeviationRecorded)
def _deviate(draft: Draft, event: lots.DeviationRecorded, state: State) -> None:
    for item in event.concerning:
        reached = _reach(draft, state, event.limit, item)
        state.put(Deviation(draft.number, item.kind, item.code, event.limit, event.reason, reached, None))


def _reach(draft: Draft, state: State, limit: str, item: Named) -> int | None:
    """What was passed until now, and the product's limit once more."""
    if limit == OUT_OF_STORAGE:
        vial = state.need(Vial, item.code)
        exposed = vial_exposure(state, vial, draft.at)
        return exposed + _product(state, vial).out_of_storage_minutes * 60_000
    deadline = _deadline(state, item) if limit == WINDOW else None
    if deadline is None:
        return None
    return times.milliseconds(deadline, draft.at) + _window_minutes(state, item) * 60_000


def _window_minutes(facts: Facts, item: Named) -> int:
    """The post-thaw window of a vial; of a dose the shortest of its vials'."""
    codes = [source.vial for source in facts.where(DoseSource, dose=item.code)] if item.kind == "dose" else [item.code]
    return min(_product(facts, need(facts, Vial, code)).post_thaw_minutes for code in codes)


def _product(facts: Facts, vial: Vial) -> Product:
    return product_of(facts, need(facts, Lot, vial.lot))
