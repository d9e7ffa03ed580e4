"""The auditor's view: the ledger by pages, an entry as the note that it is, a chain as a tree, a vial's timeline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryoledger.database import queries, work_lists
from cryoledger.documents.card_words import amount
from cryoledger.documents.graph import Thing, after, before, thing_of
from cryoledger.documents.signatures import Signature, local_time, printed_name, signatures_of, zone_of
from cryoledger.documents.telling import Told, details, tell
from cryoledger.domain import catalogue, numbers, times
from cryoledger.domain.records import Donor, Dose, Lot, Order, Person, Vial
from cryoledger.errors import CryoledgerError
from cryoledger.ledger.lines import encode_base64

if TYPE_CHECKING:
    from cryoledger.database.facts import Stored
    from cryoledger.database.store import Reading
    from cryoledger.database.work_lists import LedgerSpan

CHILDREN_MOST = 40
NODES_MOST = 2_000
STORY_MOST = 500
TYPED_MOST = 200
OWN_MOST = 100
_TYPED = b'"typed":['


@dataclass(frozen=True, slots=True)
class EntryLine:
    """An entry in the list of the ledger."""

    number: int
    entry: str
    at: str
    type: str
    what: str
    signers: str
    marks: str
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class Ledger:
    """How long the list is; its lines are read by pages."""

    origin: str = ""
    fingerprint: str = ""
    spans: tuple[LedgerSpan, ...] = ()

    @property
    def count(self) -> int:
        """How many entries there are, over all epochs."""
        return sum(span.count for span in self.spans)


@dataclass(frozen=True, slots=True)
class EntryShown:
    """One entry as the signed note that it is, and what its signatures mean."""

    entry: str
    type: str
    help: str
    note: tuple[str, ...]
    signatures: tuple[Signature, ...]
    leaf_hash: str
    occurred: str
    recorded: str


@dataclass(frozen=True, slots=True)
class Node:
    """A thing of a chain in the tree, so deep; `again` where it stands further up already, `asked` where it is it."""

    thing: Thing | None
    depth: int
    text: str
    asked: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class Signer:
    """A person or station, and how much it signed."""

    name: str
    full_name: str
    roles: str
    status: str
    count: int


def read_ledger(now: Reading) -> Ledger:
    """The ledger's length, origin and fingerprint."""
    head, first = now.head(), now.entry(0)
    return Ledger(
        head.origin if head is not None else "",
        encode_base64(first.leaf_hash) if first is not None else "",
        work_lists.ledger_spans(now),
    )


def read_page(now: Reading, spans: tuple[LedgerSpan, ...], first: int, count: int) -> list[EntryLine]:
    """Lines of the list, by their place in it."""
    zone = zone_of(now)
    return [_line(stored, zone) for stored in work_lists.ledger_page(now, spans, first, count)]


def _line(stored: Stored, zone: str) -> EntryLine:
    number, shown = stored.number, numbers.shown(stored.number)
    try:
        envelope = stored.parse().envelope
        what = details(envelope.data)
    except (CryoledgerError, ValueError, TypeError):
        return EntryLine(
            number, shown, "", "(damaged)", "This entry cannot be read: run the verification.", "", "", True
        )
    signers = ", ".join(signer.name for signer in envelope.signers)
    marks = " ".join(
        mark for mark, there in (("late", "late" in envelope.data), ("typed", "typed" in envelope.data)) if there
    )
    moment = local_time(times.text_of(envelope.recorded_at), zone)[:19]
    return EntryLine(number, shown, moment, envelope.type, what, signers, marks)


def read_entry(now: Reading, number: int) -> EntryShown | None:
    """An entry in full; None where there is none."""
    stored = now.entry(number)
    entry = now.recorded(number) if stored is not None else None
    if stored is None or entry is None:
        return None
    zone = zone_of(now)
    return EntryShown(
        numbers.shown(number), entry.type, catalogue.of(entry.type).help.split("\n\n")[0],
        tuple(stored.note.decode("utf-8", "replace").splitlines()), signatures_of(now, entry), entry.leaf_hash,
        local_time(entry.occurred_at, zone), local_time(entry.recorded_at, zone),
    )  # fmt: skip


def read_tree(now: Reading, code: str) -> tuple[Node, ...]:
    """The chain of a thing from donors to patients, as a tree; RequestError where the code means none.

    Long lists of siblings are cut: a donor of ten thousand vials shows those that went on to a dose or an order.
    """
    asked = thing_of(now, code)
    above = _closure(now, asked)
    roots = [thing for thing in above if not any(each in above for each in before(now, thing))]
    nodes: list[Node] = []
    seen: set[Thing] = set()
    waiting: list[tuple[Thing | str, int]] = [(thing, 0) for thing in sorted(roots, key=str, reverse=True)]
    while waiting and len(nodes) < NODES_MOST:
        thing, depth = waiting.pop()
        if isinstance(thing, str):
            nodes.append(Node(None, depth, thing))
            continue
        if thing in seen:
            nodes.append(Node(thing, depth, str(thing), again=True))
            continue
        seen.add(thing)
        nodes.append(Node(thing, depth, f"{thing}: {_summary(now, thing)}", asked=thing == asked))
        on_way = thing in above and thing != asked
        waiting += [(each, depth + 1) for each in reversed(_below(now, thing, above if on_way else None))]
    return tuple(nodes)


def _closure(now: Reading, asked: Thing) -> set[Thing]:
    found, waiting = {asked}, [asked]
    while waiting and len(found) < NODES_MOST:
        for nearer in before(now, waiting.pop()):
            if nearer not in found:
                found.add(nearer)
                waiting.append(nearer)
    return found


def _below(now: Reading, thing: Thing, only: set[Thing] | None) -> list[Thing | str]:
    """What comes from a thing: `only` some of it, or all, or those that lead on and how many do not."""
    lot = now.facts.get(Lot, thing.code) if thing.kind == "lot" else None
    if lot is not None and lot.vial_count > CHILDREN_MOST:
        banked = [Thing("lot", row.code) for row in now.facts.where(Lot, parent=lot.code)]
        vials = [Thing("vial", code) for code in work_lists.vials_leading_on(now, lot.code)]
        if only is not None:
            return [*(each for each in banked if each in only), *_of_lot(now, only, lot)]
        rest = lot.vial_count - len(vials)
        return [*banked[:CHILDREN_MOST], *vials, *([f"and {amount(rest)} more vials"] if rest else [])]
    children = [each for each in after(now, thing) if only is None or each in only]
    if len(children) <= CHILDREN_MOST:
        return [*children]
    kinds = {each.kind for each in children}
    word = f"{kinds.pop()}s" if len(kinds) == 1 else "things"
    return [*children[:CHILDREN_MOST], f"and {amount(len(children) - CHILDREN_MOST)} more {word}"]


def _of_lot(now: Reading, things: set[Thing], lot: Lot) -> list[Thing]:
    """The vials among some things that are of a lot."""
    vials = [each for each in things if each.kind == "vial"]
    rows = [(each, now.facts.get(Vial, each.code)) for each in vials]
    return sorted((each for each, row in rows if row is not None and row.lot == lot.code), key=str)


def _summary(now: Reading, thing: Thing) -> str:
    facts, code = now.facts, thing.code
    match thing.kind:
        case "donor" if (donor := facts.get(Donor, code)) is not None:
            return donor.eligibility + (", consent withdrawn" if donor.consent_withdrawn_on is not None else "")
        case "lot" if (lot := facts.get(Lot, code)) is not None:
            return f"{lot.product} v{lot.version}, {lot.bank}, {lot.disposition}, {amount(lot.vial_count)} vials"
        case "vial" if (vial := facts.get(Vial, code)) is not None:
            return f"{vial.custody} ({vial.custodian or vial.custodian_kind})"
        case "dose" if (dose := facts.get(Dose, code)) is not None:
            return f"{dose.custody}, {amount(dose.cells)} cells"
        case "order" if (order := facts.get(Order, code)) is not None:
            return f"{order.product}, {order.status}"
        case _:
            return "registered"


def read_timeline(now: Reading, code: str) -> tuple[Thing, tuple[Told, ...]]:
    """The story of a thing in order, a vial's with that of its doses; its last entries where it is very long."""
    thing = thing_of(now, code)
    things = [thing, *(each for each in after(now, thing) if (thing.kind, each.kind) == ("vial", "dose"))]
    found = {entry.number: entry for each in things for entry in queries.history(now, each.kind, each.code)}
    story = [found[number] for number in sorted(found)[-STORY_MOST:]]
    return thing, tuple(tell(now, story, about=thing.code))


def read_typed(now: Reading) -> tuple[EntryLine, ...]:
    """Entries whose codes were typed instead of scanned, among the last ones, the latest first."""
    zone = zone_of(now)
    return _lines((stored for stored in work_lists.recent_entries(now) if _TYPED in stored.note), zone)


def _lines(found: Iterable[Stored], zone: str) -> tuple[EntryLine, ...]:
    lines: list[EntryLine] = []
    for stored in found:
        lines.append(_line(stored, zone))
        if len(lines) == TYPED_MOST:
            break
    return tuple(lines)


def read_signers(now: Reading) -> tuple[Signer, ...]:
    """Who signs here, and how often each did."""
    counts = work_lists.signature_counts(now)
    people = {row.name: row for row in now.facts.where(Person)}
    found = [
        Signer(name, row.full_name, row.roles.replace(",", ", "), row.status, counts.get(name, 0))
        for name, row in people.items()
    ]
    found += [
        Signer(name, printed_name(now, name), "", "", count) for name, count in counts.items() if name not in people
    ]
    return tuple(sorted(found, key=lambda signer: (-signer.count, signer.name)))


def read_signed_by(now: Reading, name: str) -> tuple[EntryLine, ...]:
    """What somebody signed last, the latest first."""
    zone = zone_of(now)
    numbers_of = [each.recorded.number for each in queries.signatures_of(now, name, OWN_MOST)]
    stored = [now.entry(number) for number in numbers_of]
    return tuple(_line(each, zone) for each in stored if each is not None)
