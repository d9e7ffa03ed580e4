"""The whole chain of one thing, both ways, from donors to patients, with all that happened and who signed it.

21 CFR 1271.290: from a donor to every recipient, and back, in one question.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cryoledger.database import queries
from cryoledger.database.store import Reading
from cryoledger.documents.across import Elsewhere, elsewhere, proof_of
from cryoledger.documents.card_words import amount
from cryoledger.documents.graph import KINDS, Thing, after, all_after, all_before, thing_of
from cryoledger.documents.telling import Told, attributions, tell
from cryoledger.documents.training import void_of
from cryoledger.documents.whereabouts import of_dose, of_vial
from cryoledger.domain.records import AdverseEvent, Donation, Donor, Dose, FollowUp, Lot, Order, Vial
from cryoledger.ledger.lines import encode_base64
from cryoledger.ledger.proof import Receipt

__all__ = ["Trace", "Traced", "trace"]


@dataclass(frozen=True, slots=True)
class Traced:
    """One thing of a chain: in one line, what came of it (follow-up, adverse events), and its events in order.

    `proof` says where it is proven, if it came from another site or went there.
    """

    thing: Thing
    summary: str
    outcomes: tuple[str, ...]
    events: tuple[Told, ...]
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """A chain: its things from donors to patients, which comes from which, and what files of other sites add."""

    asked: Thing
    origin: str
    fingerprint: str
    things: tuple[Traced, ...]
    links: tuple[tuple[Thing, Thing], ...]
    void: str = ""
    elsewhere: tuple[Elsewhere, ...] = ()

    def of(self, kind: str) -> tuple[Traced, ...]:
        """The things of one kind."""
        return tuple(traced for traced in self.things if traced.thing.kind == kind)

    def text(self) -> str:
        """The chain as a tree, then the story of each thing."""
        void = [self.void] if self.void else []
        head = [*void, f"Trace of {self.asked}", f"Ledger {self.origin}, fingerprint {self.fingerprint}", ""]
        return "\n".join([*head, *self._tree(), "", *self._stories(), *self._there()])

    def _there(self) -> list[str]:
        """What proven entries of other sites say."""
        if not self.elsewhere:
            return []
        own = {traced.thing for traced in self.things}
        further = dict.fromkeys(
            thing
            for each in self.elsewhere
            for thing in each.things
            if thing not in own and thing.kind in ("dose", "order", "patient")
        )
        ordered = sorted(further, key=lambda thing: (KINDS.index(thing.kind), thing.code))
        reached = [f"There: {', '.join(map(str, ordered))}"] if ordered else []
        lines = [line for each in self.elsewhere for line in each.lines()]
        return ["", "At other sites, proven by their files", *reached, *(f"  {line}" for line in lines)]

    def rows(self) -> Iterator[tuple[int, Traced, bool]]:
        """The chain as a tree: depth, thing, and whether it stood further up already."""
        by_thing = {traced.thing: traced for traced in self.things}
        below: dict[Thing, list[Thing]] = {}
        for source, result in self.links:
            below.setdefault(source, []).append(result)
        results = {result for _, result in self.links}
        seen: set[Thing] = set()
        # A chain can be as long as a lot has banks: no recursion.
        waiting = [(thing, 0) for thing in reversed(by_thing) if thing not in results]
        while waiting:
            thing, depth = waiting.pop()
            yield depth, by_thing[thing], thing in seen
            if thing not in seen:
                seen.add(thing)
                waiting += [(each, depth + 1) for each in reversed(below.get(thing, []))]

    def _tree(self) -> list[str]:
        lines: list[str] = []
        for depth, traced, repeated in self.rows():
            indent = "  " * depth
            if repeated:
                lines.append(f"{indent}{traced.thing} (see above)")
                continue
            asked = "  <--" if traced.thing == self.asked else ""
            lines.append(f"{indent}{traced.thing}: {traced.summary}{asked}")
            lines += [f"{indent}    {outcome}" for outcome in (*traced.outcomes, traced.proof) if outcome]
        return lines

    def _stories(self) -> list[str]:
        lines: list[str] = []
        told: set[int] = set()
        for traced in self.things:
            lines.append(f"{traced.thing}")
            for event in traced.events:
                first, *signed = event.lines()
                # What concerns several things is told in full where it comes first.
                lines += [f"  {first}", *(f"  {line}" for line in signed if event.number not in told)]
                told.add(event.number)
            lines.append("")
        return lines[:-1]

    def to_dict(self) -> dict[str, Any]:
        """The trace as JSON writes it."""
        return {
            "of": {"kind": self.asked.kind, "code": self.asked.code},
            "origin": self.origin,
            "fingerprint": self.fingerprint,
            "void": self.void,
            "things": [
                {
                    "kind": traced.thing.kind,
                    "code": traced.thing.code,
                    "summary": traced.summary,
                    "outcomes": list(traced.outcomes),
                    "proof": traced.proof,
                    "events": [event.to_dict() for event in traced.events],
                }
                for traced in self.things
            ],
            "links": [
                {"from": {"kind": one.kind, "code": one.code}, "to": {"kind": other.kind, "code": other.code}}
                for one, other in self.links
            ],
            "elsewhere": [each.to_dict() for each in self.elsewhere],
        }


def trace(reading: Reading, code: str, receipts: Iterable[Receipt] = ()) -> Trace:
    """The chain of a donor, donation, lot, vial, dose, order or patient; RequestError for any other code.

    `receipts` are of other sites' entries: what they prove is told too. SignatureError or LedgerFormatError where one
    does not hold, or contradicts what this ledger committed to.
    """
    asked = thing_of(reading, code)
    things = dict.fromkeys([*all_before(reading, asked), *all_after(reading, asked)])
    ordered = sorted(things, key=lambda item: (KINDS.index(item.kind), _generation(reading, item), item.code))
    links = [(thing, result) for thing in ordered for result in after(reading, thing) if result in things]
    known = attributions(reading)
    traced = [_traced(reading, thing, known) for thing in ordered]
    head, first = reading.head(), reading.entry(0)
    fingerprint = encode_base64(first.leaf_hash) if first is not None else ""
    origin = head.origin if head is not None else ""
    there = elsewhere(reading, ordered, receipts)
    return Trace(asked, origin, fingerprint, tuple(traced), tuple(links), void_of(reading), there)


def _generation(reading: Reading, thing: Thing) -> int:
    """A bank before the lots expanded from it."""
    depth, lot = 0, reading.facts.get(Lot, thing.code) if thing.kind == "lot" else None
    while lot is not None and lot.parent is not None and depth < len(KINDS) * 8:
        depth, lot = depth + 1, reading.facts.get(Lot, lot.parent)
    return depth


def _traced(reading: Reading, thing: Thing, known: dict[int, str]) -> Traced:
    events = tell(reading, queries.history(reading, thing.kind, thing.code), known, thing.code)
    return Traced(thing, _summary(reading, thing), _outcomes(reading, thing), tuple(events), proof_of(reading, thing))


def _summary(reading: Reading, thing: Thing) -> str:
    facts, code = reading.facts, thing.code
    match thing.kind:
        case "donor" if (donor := facts.get(Donor, code)) is not None:
            return donor.eligibility + (", consent withdrawn" if donor.consent_withdrawn_on is not None else "")
        case "donation" if (donation := facts.get(Donation, code)) is not None:
            return f"{donation.tissue}, collected {donation.collected_on or 'on a day that is not known'}"
        case "lot" if (lot := facts.get(Lot, code)) is not None:
            return f"{lot.product} v{lot.version}, {lot.bank}, {lot.disposition}, {lot.vial_count} vials"
        case "vial" if (vial := facts.get(Vial, code)) is not None:
            return f"{vial.custody}, {of_vial(reading, vial)}"
        case "dose" if (dose := facts.get(Dose, code)) is not None:
            return f"{dose.custody}, {amount(dose.cells)} cells, {of_dose(reading, dose)}"
        case "order" if (order := facts.get(Order, code)) is not None:
            return f"{order.product}, {order.status}"
        case _:
            return "registered"


def _outcomes(reading: Reading, thing: Thing) -> tuple[str, ...]:
    if thing.kind != "dose":
        return ()
    months = [f"month {row.month}: {row.outcome}" for row in reading.facts.where(FollowUp, dose=thing.code)]
    harm = [
        f"adverse event: {row.kind}, {row.severity}, {row.relatedness}, from {row.onset_on}"
        for row in reading.facts.where(AdverseEvent, dose=thing.code)
    ]
    return (*months, *harm)
