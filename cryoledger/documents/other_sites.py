"""The part of a chain that lies in other sites' ledgers, for reports: what their receipts prove, and what to ask for.

files = kept_files(reading, code)                       # what came with shipments lies beside their entries
at_hand = at_hand_of(vault, files)                      # their receipts, as far as they hold today
there = there_of(reading, trace(reading, code, at_hand.receipts), at_hand)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryoledger.custody.identities import narrative
from cryoledger.database.store import Reading
from cryoledger.documents.across import does_not_hold, receipts_of
from cryoledger.documents.graph import Thing
from cryoledger.documents.pages import Words
from cryoledger.documents.report import Heading, Pairs, Part
from cryoledger.documents.trace import Trace, trace
from cryoledger.domain import catalogue, numbers
from cryoledger.domain.events.shipments import ShipmentAnnounced, ShipmentConfirmed
from cryoledger.domain.fields import Document
from cryoledger.domain.records import Vial
from cryoledger.domain.shipment_records import OtherSite, Provenance
from cryoledger.errors import CryoledgerError
from cryoledger.ledger.proof import Receipt

if TYPE_CHECKING:
    from cryoledger.custody.vault import Vault

__all__ = ["AtHand", "There", "at_hand_of", "kept_files", "there_of"]

PROVEN = (
    "Verified by receipts: each entry's inclusion proof, and that site's checkpoint under the keys and witnesses that "
    "this ledger trusts for it. Its people signed there; whether their keys were valid, its own ledger shows."
)
ASK = "Ask it for `cryoledger export audit FOLDER --subject {code}`, and repeat the report with --with FOLDER."


@dataclass(frozen=True, slots=True)
class AtHand:
    """Receipts of other sites' entries, and why files that are kept here do not count any more."""

    receipts: tuple[Receipt, ...] = ()
    not_counted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class There:
    """What is told of the other sites: for people and for machines."""

    parts: tuple[Part, ...]
    data: dict[str, Any]


def kept_files(reading: Reading, code: str) -> list[tuple[int, Document]]:
    """The files that came with shipments of a chain, by the number of the entry that keeps each."""
    if not list(reading.facts.where(OtherSite)):
        return []
    entries = {event.number for traced in trace(reading, code).things for event in traced.events}
    found = []
    for number in sorted(entries):
        recorded = reading.recorded(number)
        event = recorded.event if recorded is not None else None
        if isinstance(event, ShipmentAnnounced | ShipmentConfirmed) and event.document is not None:
            found.append((number, event.document))
    return found


def at_hand_of(vault: Vault, files: Iterable[tuple[int, Document]], given: Sequence[Receipt] = ()) -> AtHand:
    """The receipts in those files and the given ones; what does not hold any more of the kept ones is named."""
    receipts, refused = list(given), list[str]()
    for number, document in files:
        where = f"the file kept with entry {numbers.shown(number)}"
        try:
            content = narrative.read(vault, document)
            found = receipts_of(content, where) if content is not None else ()
        except CryoledgerError as error:
            refused.append(f"{where}: {error.message}")
            continue
        with vault.store.reading() as reading:
            why = next((told for each in found if (told := does_not_hold(reading, each))), "")
        if why:
            refused.append(f"{where}: {why}")
        else:
            receipts += [each for each in found if each not in receipts]
    return AtHand(tuple(receipts), tuple(refused))


def there_of(reading: Reading, chain: Trace, at_hand: AtHand) -> There:
    """The other sites' part of a chain: what is proven of it, what only they can tell; nothing where all is here."""
    asked = list(_to_ask(reading, chain, at_hand.receipts))
    if not (asked or chain.elsewhere or at_hand.not_counted):
        return There((), {})
    lines = [line for each in chain.elsewhere for line in each.lines()]
    told = lines or ["No file of another site is at hand that tells of this chain."]
    parts: list[Part] = [Heading("At other sites", PROVEN), Words((*told, *at_hand.not_counted))]
    if asked:
        parts += [Heading("What only they can tell", "Their ledgers may hold more than the receipts at hand prove."),
                  Pairs(tuple((str(thing), told) for thing, _, told in asked))]  # fmt: skip
    data = {
        "elsewhere": [each.to_dict() for each in chain.elsewhere],
        "not_counted": list(at_hand.not_counted),
        "to_ask": [{"kind": thing.kind, "code": thing.code, "site": site, "told": told} for thing, site, told in asked],
    }
    return There(tuple(parts), data)


def _to_ask(reading: Reading, chain: Trace, receipts: Sequence[Receipt]) -> Iterator[tuple[Thing, str, str]]:
    """Which part of the chain is in whose ledger, and how to ask for it."""
    for traced in chain.things:
        thing = traced.thing
        came = reading.facts.get(Provenance, thing.kind, thing.code)
        if came is not None and thing.kind in ("lot", "vial"):
            before = f"before entry {numbers.shown(came.number)} in the ledger of {_site(reading, came.site)}"
            yield thing, came.site, f"{before}. {ASK.format(code=came.theirs)}"
        vial = reading.facts.get(Vial, thing.code) if thing.kind == "vial" else None
        if vial is not None and vial.custody == "delivered":
            code = _code_there(vial.code, receipts)
            since = f"since it was delivered, in the ledger of {_site(reading, vial.custodian)}"
            yield thing, vial.custodian, f"{since}. {ASK.format(code=code)}"


def _site(reading: Reading, code: str) -> str:
    site = reading.facts.get(OtherSite, code)
    return f"{code}, {site.name} ({site.origin})" if site is not None else code


def _code_there(vial: str, receipts: Iterable[Receipt]) -> str:
    """The code that the receiver gave a vial of ours, by its own announcement; else the vial's own."""
    for receipt in receipts:
        said = receipt.entry.envelope
        if said.type != "ShipmentAnnounced":
            continue
        event = catalogue.parse(said.type, said.data)
        if isinstance(event, ShipmentAnnounced):
            for each in event.vials:
                if (each.theirs or each.vial) == vial:
                    return each.vial
    return vial
