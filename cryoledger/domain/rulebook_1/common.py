"""What several rules of rulebook 1 share: finding things, refusing, exposure, placing, and fitness for a patient."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from cryoledger.domain import catalogue, times
from cryoledger.domain.facts import Draft, Facts, State
from cryoledger.domain.fields import Event
from cryoledger.domain.identity_records import Identity
from cryoledger.domain.records import (
    Donation,
    Donor,
    Dose,
    DoseSource,
    Hold,
    Lot,
    LotDonation,
    Mention,
    Order,
    OrderLine,
    Product,
    Proposal,
    Record,
    ScanCode,
    Site,
    StorageUnit,
    Vial,
    VialPlacement,
)
from cryoledger.domain.row import altered
from cryoledger.domain.rulebook_1 import acceptance
from cryoledger.errors import Refusal

R = TypeVar("R", bound=Record)
C = TypeVar("C", bound=Callable[..., None])

CHECKS: dict[str, Callable[[Draft, Event, Facts], None]] = {}
CHANGES: dict[str, Callable[[Draft, Event, State], None]] = {}

FINAL = frozenset({"administered", "consumed", "discarded"})
FINAL_DOSE = frozenset({"administered", "discarded"})
DEEPEST = 16

WORDS: dict[type[Record], str] = {
    Vial: "vial", Dose: "dose", StorageUnit: "storage unit", Lot: "lot", Donor: "donor", Donation: "donation",
    Order: "order", Product: "product", Identity: "identity kept of",
}  # fmt: skip


def checks(event: type[Event]) -> Callable[[C], C]:
    """Enter a check, (draft, event, facts), under its event type."""

    def enter(rule: C) -> C:
        CHECKS[event.__name__] = rule
        return rule

    return enter


def changes(event: type[Event]) -> Callable[[C], C]:
    """Enter the changes, (draft, event, state), of an event type."""

    def enter(rule: C) -> C:
        CHANGES[event.__name__] = rule
        return rule

    return enter


def unsafe(rule: str, message: str, advice: str, subject: str = "") -> Refusal:
    """A refusal that is itself recorded (I10)."""
    return Refusal(rule, message, advice, safety=True, subject=subject)


def need(facts: Facts, record: type[R], *key: str | int) -> R:
    """The row of a thing that an event names; a refusal where there is none."""
    row = facts.get(record, *key)
    if row is None:
        shown = " ".join(str(part) for part in key)
        word = WORDS.get(record, record.table.replace("_", " "))
        raise Refusal("known", f"There is no {word} {shown}.", "Check the code, or scan it again.", subject=shown)
    return row


def free_code(facts: Facts, code: str, what: str) -> None:
    """Refuse a new code that already means something: a code that matches two things is an error."""
    free_codes(facts, (code,), what)


def free_codes(facts: Facts, codes: Sequence[str], what: str) -> None:
    """The same of many codes at once."""
    for taken in facts.several(ScanCode, codes):
        raise Refusal(
            "one-meaning",
            f"{taken.text} is already the code of {taken.kind} {taken.code}.",
            f"Give the {what} another code.",
            subject=taken.text,
        )


def happened(draft: Draft, facts: Facts, day: str, what: str) -> None:
    """Refuse a day that has not come yet at the site, for what is said to be done; a slip of a digit is caught here."""
    today = times.local_day(draft.occurred_at, need(facts, Site, "site").zone)
    if day > today:
        raise Refusal("date.future", f"{what} on {day} lies ahead: it is {today} here.", "Correct the date.")


def each_once(codes: Iterable[object], what: str) -> None:
    """Refuse an event that names a thing twice."""
    seen: set[object] = set()
    for code in codes:
        if code in seen:
            raise Refusal("once", f"The {what} {code} is named twice in one event.", "Name each once.")
        seen.add(code)


def in_custody(draft: Draft, vial: Vial) -> None:
    """Refuse a vial whose custody is not one that the event starts from (catalogue, `moves`)."""
    before = catalogue.of(draft.type).before
    if vial.custody not in before:
        raise Refusal(
            "I1",
            f"Vial {vial.code} is {vial.custody}{whereabouts(vial)}; this needs it {' or '.join(sorted(before))}.",
            _first(before) if vial.custody not in FINAL else "Its story is closed.",
            subject=vial.code,
            safety=vial.custody in FINAL,
        )


FIRST = {"out": "Take it out first.", "stored": "Store or return it first.", "issued": "Issue it for an order first."}


def _first(before: Iterable[str]) -> str:
    """What brings a vial to where an event starts from."""
    wanted = sorted(before)
    return FIRST.get(wanted[0], "Scan it to see its card.") if len(wanted) == 1 else "Scan it to see its card."


def local(facts: Facts, at: str) -> str:
    """An instant as the clock on the site's wall said it, for who reads a refusal."""
    return times.local_text(at, need(facts, Site, "site").zone)


def whereabouts(vial: Vial) -> str:
    """Who or what holds a vial, as the end of a sentence."""
    if vial.custodian_kind == "position":
        return f" in {vial.unit}"
    return f" ({vial.custodian_kind} {vial.custodian})".replace(" )", ")") if vial.custodian_kind else ""


def chain(facts: Facts, unit: str | None) -> Iterator[StorageUnit]:
    """A storage unit and all that hold it, innermost first."""
    for _ in range(DEEPEST):
        if unit is None:
            return
        row = need(facts, StorageUnit, unit)
        yield row
        unit = row.parent


def unit_exposure(facts: Facts, unit: StorageUnit, at: str) -> int:
    """Milliseconds that a unit was out of storage up to an instant, its parents' time included."""
    total = unit.exposed_ms
    if unit.out_since is not None:
        total += max(0, times.milliseconds(unit.out_since, at))
    elif unit.parent is not None:
        total += max(0, unit_exposure(facts, need(facts, StorageUnit, unit.parent), at) - unit.parent_mark_ms)
    return total


def vial_exposure(facts: Facts, vial: Vial, at: str) -> int:
    """Milliseconds that a vial was out of storage up to an instant, the units that held it included."""
    total = vial.exposed_ms
    if vial.out_since is not None:
        total += max(0, times.milliseconds(vial.out_since, at))
    elif vial.unit is not None:
        total += max(0, unit_exposure(facts, need(facts, StorageUnit, vial.unit), at) - vial.unit_mark_ms)
    return total


def product_of(facts: Facts, lot: Lot) -> Product:
    """The version of the product that a lot was made to."""
    return need(facts, Product, lot.product, lot.version)


def holds_on(facts: Facts, scope: str, code: str, at: str) -> list[Hold]:
    """The holds and recalls that lie on one thing now; a proposal's hold ends when it expires."""
    return [
        row
        for row in facts.where(Hold, scope=scope, code=code)
        if row.lifted is None and (row.kind != "proposal" or _waiting(facts, row.number, at))
    ]


def _waiting(facts: Facts, number: int, at: str) -> bool:
    proposal = facts.get(Proposal, number)
    return proposal is not None and proposal.status == "open" and proposal.expires_at > at


def lineage(facts: Facts, lot: Lot) -> list[Lot]:
    """A lot and the banks it was expanded from."""
    found = [lot]
    while found[-1].parent is not None and len(found) < DEEPEST:
        found.append(need(facts, Lot, found[-1].parent))
    return found


def donors_of(facts: Facts, lot: Lot) -> list[tuple[Donation, Donor]]:
    """Every donation and donor behind a lot and its banks."""
    found: dict[str, tuple[Donation, Donor]] = {}
    for ancestor in lineage(facts, lot):
        for row in facts.where(LotDonation, lot=ancestor.code):
            donation = need(facts, Donation, row.donation)
            found[donation.code] = (donation, need(facts, Donor, donation.donor))
    return list(found.values())


def not_held(facts: Facts, vial: Vial, lot: Lot, at: str) -> None:
    """I3: no hold or recall on vial, unit, lot, donation or donor."""
    places = [("vial", vial.code)]
    places += [("unit", unit.code) for unit in chain(facts, vial.unit)]
    places += [("lot", row.code) for row in lineage(facts, lot)]
    for donation, donor in donors_of(facts, lot):
        places += [("donation", donation.code), ("donor", donor.code)]
    for scope, code in dict.fromkeys(places):
        for hold in holds_on(facts, scope, code, at):
            raise unsafe(
                "I3.hold",
                f"Vial {vial.code} may not be used: {hold.kind} {hold.number} on {scope} {code} ({hold.reason}).",
                "Put it back; a quality officer decides.",
                vial.code,
            )


def consents(donor: Donor, scope: str, vial: str) -> None:
    """I3: the donor's consent stands, and covers what the vial is to be used for."""
    if donor.consent_withdrawn_on is not None or scope not in donor.consent_scope.split(","):
        how = "withdrew consent" if donor.consent_withdrawn_on is not None else f"gave no consent to {scope}"
        raise unsafe(
            "I3.consent",
            f"Vial {vial} may not be used: donor {donor.code} {how}.",
            "Put it back; ask the quality officer what is to become of it.",
            vial,
        )


def origin_allows(facts: Facts, vial: Vial, order: Order, at: str) -> None:
    """I3, all that depends on where the vial comes from and for whom it is."""
    lot = need(facts, Lot, vial.lot)
    conditional = lot.disposition == "conditionally released" and lot.conditional_order == order.code
    if lot.disposition != "released" and not conditional:
        raise unsafe(
            "I3.released",
            f"Vial {vial.code} may not be used: lot {lot.code} is {lot.disposition}.",
            "Put it back; take a vial of a released lot.",
            vial.code,
        )
    not_held(facts, vial, lot, at)
    for _, donor in donors_of(facts, lot):
        consents(donor, "therapy", vial.code)
    if lot.expires_at <= at:
        raise unsafe(
            "I3.expired",
            f"Vial {vial.code} expired on {lot.expiry_on}.",
            "Put it back; take one that has not expired.",
            vial.code,
        )
    if lot.donor_kind != "allogeneic" and lot.patient != order.patient:
        raise unsafe(
            "I3.autologous",
            f"Vial {vial.code} is {lot.donor_kind}, for another patient than that of order {order.code}.",
            "Put it back.",
            vial.code,
        )


def open_order(facts: Facts, code: str, line: int) -> tuple[Order, OrderLine]:
    """An order and its line, both still open."""
    order = need(facts, Order, code)
    row = facts.get(OrderLine, code, line)
    if row is None:
        raise Refusal("known", f"Order {code} has no line {line}.", "Scan the order again.", subject=code)
    if order.status != "open" or row.status != "open":
        status = order.status if order.status != "open" else row.status
        raise unsafe("I3.order", f"Order {code} line {line} is {status}.", "Nothing more is issued under it.", code)
    return order, row


def fits_order(facts: Facts, vial: Vial, order: Order, line: int, at: str) -> None:
    """I3 in full for a vial that is to serve a line of an order."""
    if (vial.order_code, vial.order_line) != (order.code, line):
        whose = f"reserved for order {vial.order_code}" if vial.order_code else "reserved for no order"
        raise unsafe(
            "I3.reserved",
            f"Vial {vial.code} is {whose}, not for order {order.code} line {line}.",
            "Put it back, or reserve it first.",
            vial.code,
        )
    origin_allows(facts, vial, order, at)
    within_exposure(facts, vial, at)


def accepted_exposure(facts: Facts, vial: Vial) -> int:
    """Milliseconds out of storage that accepted deviations of a vial reach; 0 where there is none."""
    return acceptance.reach(facts, "vial", vial.code, acceptance.OUT_OF_STORAGE)


def within_exposure(facts: Facts, vial: Vial, at: str) -> None:
    """Refuse a vial that was out of storage for longer than its product allows, or than a deviation reaches."""
    minutes = product_of(facts, need(facts, Lot, vial.lot)).out_of_storage_minutes
    exposed, accepted = vial_exposure(facts, vial, at), accepted_exposure(facts, vial)
    if exposed > max(minutes * 60_000, accepted):
        reaches = f", and what was accepted reaches {times.span(accepted)}" if accepted else ""
        raise unsafe(
            "I3.exposure",
            f"Vial {vial.code} was out of storage for {times.span(exposed)}; it may be for {minutes} min{reaches}.",
            "Put it back; a quality officer may record a deviation.",
            vial.code,
        )


def leave(draft: Draft, state: State, vial: Vial) -> Vial:
    """The vial out of its position: its stay is written to the journal, its exposure settled, holds come along."""
    at = draft.occurred_at
    if vial.unit is None or vial.position is None:
        return altered(vial, exposed_ms=vial_exposure(state, vial, at), out_since=None, unit_mark_ms=0)
    for unit in chain(state, vial.unit):
        for hold in holds_on(state, "unit", unit.code, at):
            state.put(altered(hold, scope="vial", code=vial.code))
    state.journal(VialPlacement(draft.number, vial.code, vial.unit, vial.position, vial.since, at))
    exposed = vial_exposure(state, vial, at)
    return altered(vial, unit=None, position=None, exposed_ms=exposed, out_since=None, unit_mark_ms=0)


def place(draft: Draft, state: State, vial: Vial, unit: str, position: int) -> None:
    """Put a vial into a position."""
    at = draft.occurred_at
    gone = leave(draft, state, vial)
    mark = unit_exposure(state, state.need(StorageUnit, unit), at)
    state.put(
        altered(
            gone,
            custody="stored",
            custodian_kind="position",
            custodian=unit,
            unit=unit,
            position=position,
            since=at,
            unit_mark_ms=mark,
        )
    )


def hand(draft: Draft, state: State, vial: Vial, custody: str, kind: str, custodian: str) -> Vial:
    """The vial with another custodian, out of any position; the clock of its exposure runs where it is frozen."""
    at = draft.occurred_at
    gone = leave(draft, state, vial)
    running = at if custody in ("out", "issued", "in_transit") else None
    return altered(gone, custody=custody, custodian_kind=kind, custodian=custodian, since=at, out_since=running)


def close(draft: Draft, state: State, vial: Vial, custody: str) -> None:
    """Bring a vial to a final state."""
    kind = {"administered": "patient", "consumed": "process", "discarded": "waste"}[custody]
    owner = {"administered": lambda: need(state, Order, vial.order_code or "").patient}.get(custody, lambda: "")()
    state.put(altered(hand(draft, state, vial, custody, kind, owner), deadline=None))


def settle_sources(draft: Draft, state: State, dose: str) -> None:
    """Close every vial of a dose whose contents are all accounted for and whose doses are all final (I5)."""
    for source in state.where(DoseSource, dose=dose):
        vial = state.need(Vial, source.vial)
        doses = [state.need(Dose, row.dose) for row in state.where(DoseSource, vial=vial.code)]
        if vial.custody in FINAL or vial.remaining_microlitres or any(row.custody not in FINAL_DOSE for row in doses):
            continue
        given = any(row.custody == "administered" for row in doses)
        close(draft, state, vial, "administered" if given else "discarded")


def hold(draft: Draft, state: State, scope: str, code: str, reason: str, kind: str = "hold") -> None:
    """Put a hold, numbered by this entry, on a thing."""
    state.put(Hold(draft.number, scope, code, kind, reason, None))
    state.journal(Mention(draft.number, scope, code))
