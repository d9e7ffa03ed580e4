"""The graph of containers, read both ways: donor -> donation -> lot -> vial -> dose -> order -> patient.

A lot may come from another lot (its bank), and a vial may be reserved for an order before there is a dose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cryoledger.custody.known_codes import known
from cryoledger.database.store import Reading
from cryoledger.domain.records import Donation, Dose, DoseSource, Lot, LotDonation, Order, Person, Vial
from cryoledger.errors import RequestError

__all__ = ["KINDS", "Thing", "after", "all_after", "all_before", "before", "thing_of"]

KINDS = ("donor", "donation", "lot", "vial", "dose", "order", "patient")


@dataclass(frozen=True, slots=True)
class Thing:
    """A thing of the chain, by kind and code."""

    kind: str
    code: str

    def __str__(self) -> str:
        return f"{self.kind} {self.code}"


def thing_of(reading: Reading, text: str, kinds: Iterable[str] = KINDS) -> Thing:
    """What a code, a label or a tube's code means; RequestError where it means nothing of these kinds."""
    row = known(reading.facts, text)
    shown = text if len(text) <= 64 else f"{text[:60]}..."
    kinds = tuple(kinds)
    if row is None and "person" in kinds and reading.facts.get(Person, text) is not None:
        return Thing("person", text)
    if row is None:
        raise RequestError(f"Nothing here has the code {shown!r}.", "Look it up by a part of it: `cryoledger find`.")
    if row.kind not in kinds:
        wanted = ", ".join(kinds[:-1]) + f" or {kinds[-1]}" if len(kinds) > 1 else kinds[0]
        raise RequestError(f"{shown} is a {row.kind}, and a {wanted} is asked for.", "Give another code.")
    return Thing(row.kind, row.code)


def after(reading: Reading, thing: Thing) -> list[Thing]:
    """What comes directly from a thing, ordered by kind and code."""
    facts, code = reading.facts, thing.code
    match thing.kind:
        case "donor":
            return [Thing("donation", row.code) for row in facts.where(Donation, donor=code)]
        case "donation":
            return [Thing("lot", row.lot) for row in facts.where(LotDonation, donation=code)]
        case "lot":
            children = [Thing("lot", row.code) for row in facts.where(Lot, parent=code)]
            return children + [Thing("vial", row.code) for row in facts.where(Vial, lot=code)]
        case "vial":
            doses = [Thing("dose", row.dose) for row in facts.where(DoseSource, vial=code)]
            vial = facts.get(Vial, code)
            waiting = vial is not None and vial.order_code is not None and not doses
            return [*doses, Thing("order", str(vial.order_code))] if vial is not None and waiting else doses
        case "dose":
            dose = facts.get(Dose, code)
            return [Thing("order", dose.order_code)] if dose is not None else []
        case "order":
            order = facts.get(Order, code)
            return [Thing("patient", order.patient)] if order is not None else []
        case _:
            return []


def before(reading: Reading, thing: Thing) -> list[Thing]:
    """What a thing comes directly from, ordered by kind and code."""
    facts, code = reading.facts, thing.code
    match thing.kind:
        case "donation":
            donation = facts.get(Donation, code)
            return [Thing("donor", donation.donor)] if donation is not None else []
        case "lot":
            lot = facts.get(Lot, code)
            banks = [Thing("lot", lot.parent)] if lot is not None and lot.parent is not None else []
            return [Thing("donation", row.donation) for row in facts.where(LotDonation, lot=code)] + banks
        case "vial":
            vial = facts.get(Vial, code)
            return [Thing("lot", vial.lot)] if vial is not None else []
        case "dose":
            return [Thing("vial", row.vial) for row in facts.where(DoseSource, dose=code)]
        case "order":
            doses = [Thing("dose", row.code) for row in facts.where(Dose, order_code=code)]
            dosed = {source.code for dose in doses for source in before(reading, dose)}
            vials = [row.code for row in facts.where(Vial, order_code=code)]
            return [Thing("vial", vial) for vial in vials if vial not in dosed] + doses
        case "patient":
            return [Thing("order", row.code) for row in facts.where(Order, patient=code)]
        case _:
            return []


def all_after(reading: Reading, thing: Thing) -> list[Thing]:
    """A thing and all that comes from it, each once."""
    return _all(reading, thing, after)


def all_before(reading: Reading, thing: Thing) -> list[Thing]:
    """A thing and all that it comes from, each once."""
    return _all(reading, thing, before)


def _all(reading: Reading, thing: Thing, step: Callable[[Reading, Thing], list[Thing]]) -> list[Thing]:
    found = {thing: None}
    waiting = [thing]
    while waiting:
        for nearer in step(reading, waiting.pop()):
            if nearer not in found:
                found[nearer] = None
                waiting.append(nearer)
    return sorted(found, key=lambda item: (KINDS.index(item.kind), item.code))
