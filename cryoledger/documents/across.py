"""A chain across sites: where each part of it is proven, and what files of another site say of the rest.

    told = elsewhere(reading, things, receipts_in(path, read))      # SignatureError where a file does not hold
    proof_of(reading, thing)                                        # for a thing of this vault, in one line

Nothing is believed of a file but what is proven under the policy that is trusted for its site, and nothing that
contradicts what this ledger committed to before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryoledger.custody.shipping.files import parse_acknowledgement, parse_manifest
from cryoledger.database import queries
from cryoledger.database.store import Reading
from cryoledger.documents.graph import KINDS, Thing
from cryoledger.documents.telling import details
from cryoledger.domain import catalogue, numbers
from cryoledger.domain.events.shipments import ForeignHead, ProvenEntry, ShipmentAnnounced, ShipmentConfirmed
from cryoledger.domain.fields import Event
from cryoledger.domain.rulebook_1.shipments import of_origin
from cryoledger.domain.shipment_records import Consignment, OtherSite, Provenance
from cryoledger.errors import CryoledgerError, LedgerFormatError, RequestError, SignatureError
from cryoledger.ledger.canonical import format_time
from cryoledger.ledger.lines import encode_base64
from cryoledger.ledger.policy import parse_policy
from cryoledger.ledger.proof import HEADER, Receipt, parse_receipt

__all__ = ["Elsewhere", "does_not_hold", "elsewhere", "proof_of", "receipts_in", "receipts_of"]

Read = Callable[[Path], bytes]
ENTRIES_MOST = 2000
_Judged = tuple[OtherSite, Receipt, Event | None]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """An entry of another site's ledger: which things it is about (ours by their code here), and how it is proven."""

    site: str
    origin: str
    sequence: int
    type: str
    sentence: str
    details: str
    occurred_at: str
    station: str
    signers: tuple[str, ...]
    things: tuple[Thing, ...]
    proof: str

    def lines(self) -> list[str]:
        """The entry in a few lines, the first of them naming it."""
        return [
            f"{self.occurred_at}  {self.site} entry {self.sequence}  {self.type}: {self.details}",
            f"    signed there by {', '.join(self.signers)}, at station {self.station}",
            f"    about {', '.join(map(str, self.things)) or 'no thing of the chain'}",
            f"    proven {self.proof}",
        ]

    def to_dict(self) -> dict[str, Any]:
        """The entry as JSON writes it."""
        return {
            "site": self.site,
            "origin": self.origin,
            "sequence": self.sequence,
            "type": self.type,
            "details": self.details,
            "occurred_at": self.occurred_at,
            "station": self.station,
            "signers": list(self.signers),
            "things": [{"kind": thing.kind, "code": thing.code} for thing in self.things],
            "proof": self.proof,
        }


# What this vault itself holds


def proof_of(reading: Reading, thing: Thing) -> str:
    """Where a thing that came from another site, or went there, is proven; "" for what is this ledger's alone."""
    came = reading.facts.get(Provenance, thing.kind, thing.code)
    told = []
    if came is not None:
        event = _event(reading, came.number, ShipmentAnnounced)
        there = f", there {came.theirs}" if came.theirs != came.code else ""
        told.append(f"from {came.site}{there}: {_under(came.site, (event.sent,), event.head, came.number)}")
    if thing.kind == "vial":
        told += _ways(reading, thing.code, came.number if came is not None else None)
    return "; ".join(told)


def _ways(reading: Reading, vial: str, first: int | None) -> Iterator[str]:
    """Each time that a vial arrived at another site, or came back from one, as this ledger's commitments prove it."""
    for entry in queries.history(reading, "vial", vial):
        event, number = entry.event, entry.number
        if isinstance(event, ShipmentConfirmed):
            how = "was refused" if vial in event.refused else "arrived"
            yield f"{how} at {event.site}: {_under(event.site, event.entries, event.head, number)}"
        elif isinstance(event, ShipmentAnnounced) and number != first:
            yield f"came back from {event.site}: {_under(event.site, (event.sent,), event.head, number)}"


def _under(site: str, entries: Iterable[ProvenEntry], head: ForeignHead, number: int) -> str:
    shown = ", ".join(str(entry.sequence) for entry in entries)
    return (
        f"proven by {site}'s entry {shown} under its head of {head.size} entries, to which entry "
        f"{numbers.shown(number)} here commits"
    )


def _event(reading: Reading, number: int, kind: type[Any]) -> Any:
    recorded = reading.recorded(number)
    if recorded is None or not isinstance(recorded.event, kind):
        raise RuntimeError(f"entry {number} is no {kind.__name__}")
    return recorded.event


# What files of another site say


def receipts_in(path: Path, read: Read) -> tuple[Receipt, ...]:
    """The receipts in a file or folder: a receipt, a manifest, an acknowledgement, a bundle about one subject."""
    if path.is_dir():
        return _of_bundle(path, read)
    return receipts_of(read(path), str(path))


def receipts_of(data: bytes, name: str) -> tuple[Receipt, ...]:
    """The same of a file's bytes; LedgerFormatError for any other bytes."""
    if data.startswith(HEADER.encode()):
        return (parse_receipt(data),)
    try:
        return (parse_manifest(data).receipt,)
    except LedgerFormatError as error:
        try:
            return parse_acknowledgement(data).receipts
        except LedgerFormatError:
            raise LedgerFormatError(
                f"{name} is no receipt, manifest or acknowledgement: {error.message}",
                "Name a file that the other site wrote, or the folder of its bundle about one subject.",
            ) from None


def _of_bundle(folder: Path, read: Read) -> tuple[Receipt, ...]:
    notes = sorted(folder.glob("epoch-*/entries/*"), key=lambda path: (path.parent.parent.name, int(path.name)))
    if not 0 < len(notes) <= ENTRIES_MOST:
        raise RequestError(
            f"{folder} is no bundle about one subject: it has {len(notes)} single entries.",
            "Ask the other site for `cryoledger export audit FOLDER --subject CODE`.",
        )
    found = []
    for path in notes:
        proof = read(path.parent.parent / "proofs" / f"{path.name}.tlog-proof")
        first, _, rest = proof.partition(b"\n")
        found.append(parse_receipt(b"%b\nextra %b\n%b" % (first, encode_base64(read(path)).encode(), rest)))
    return tuple(found)


def does_not_hold(reading: Reading, receipt: Receipt) -> str:
    """Why a receipt proves nothing here today, as under a policy trusted for its site since; "" where it holds."""
    try:
        _judged(reading, receipt)
    except CryoledgerError as error:
        return error.message
    return ""


def elsewhere(reading: Reading, chain: Sequence[Thing], receipts: Iterable[Receipt]) -> tuple[Elsewhere, ...]:
    """What proven entries of other sites say of a chain, in their order; entries about nothing in it are left out.

    SignatureError or LedgerFormatError where a receipt does not hold, or contradicts what this ledger committed to.
    """
    judged = list(_once([_judged(reading, receipt) for receipt in receipts]))
    names = _Names(reading, [(site, event) for site, _, event in judged])
    told = [_told(site, receipt, event, names) for site, receipt, event in judged]
    return tuple(_reached(chain, sorted(told, key=lambda each: (each.occurred_at, each.site, each.sequence))))


def _once(judged: Iterable[_Judged]) -> Iterator[_Judged]:
    """Each entry once, however many receipts there are of it; SignatureError for two entries at one place."""
    seen: dict[tuple[str, int], bytes] = {}
    for site, receipt, event in judged:
        place, leaf = (receipt.entry.origin, receipt.index), receipt.entry.leaf_hash
        if seen.get(place, leaf) != leaf:
            raise _rewritten(site, f"its entry {receipt.index}", "in another of these files")
        if place not in seen:
            seen[place] = leaf
            yield site, receipt, event


def _judged(reading: Reading, receipt: Receipt) -> _Judged:
    origin = receipt.entry.origin
    site = next((row for row in reading.facts.where(OtherSite) if of_origin(origin, row)), None)
    if site is None:
        raise RequestError(
            f"The file is of {origin[:80]}, a site that is not known here.",
            "Quality and an administrator accept its keys first: `cryoledger site trust`.",
        )
    receipt.verify(parse_policy(site.policy.encode()))
    _not_contradicted(reading, site, receipt)
    said = receipt.entry.envelope
    try:
        event: Event | None = catalogue.parse(said.type, said.data)
    except CryoledgerError:
        event = None  # of a later program: told by its words alone
    return site, receipt, event


def _not_contradicted(reading: Reading, site: OtherSite, receipt: Receipt) -> None:
    """SignatureError where this ledger committed to another entry or head at the same place."""
    head = receipt.checkpoint.checkpoint
    for recorded in _commitments(reading, site):
        held, entries = recorded
        if held.origin != head.origin:
            continue
        if held.size == head.size and held.root != encode_base64(head.root):
            raise _rewritten(site, f"its head of {head.size} entries")
        for entry in entries:
            if entry.sequence == receipt.index and entry.leaf_hash != encode_base64(receipt.entry.leaf_hash):
                raise _rewritten(site, f"its entry {entry.sequence}")


def _rewritten(site: OtherSite, what: str, where: str = "to which this ledger committed") -> SignatureError:
    return SignatureError(
        f"REWRITE: {site.code} shows {what} as another than the one {where}.",
        "It has two histories, and its own signatures under both are proof. Keep the file; call both quality officers.",
    )


def _commitments(reading: Reading, site: OtherSite) -> list[tuple[ForeignHead, tuple[ProvenEntry, ...]]]:
    found: list[tuple[ForeignHead, tuple[ProvenEntry, ...]]] = []
    for entry in queries.history(reading, "site", site.code):
        if isinstance(entry.event, ShipmentAnnounced):
            found.append((entry.event.head, (entry.event.sent,)))
        elif isinstance(entry.event, ShipmentConfirmed):
            found.append((entry.event.head, entry.event.entries))
    return found


_Theirs = tuple[str, str, str]  # site, kind, the code that a thing has there


def _arriving(event: ShipmentAnnounced) -> Iterator[tuple[str, str, str | None]]:
    """What an announcement takes in: kind, the receiver's code, the sender's where that is another."""
    yield from (("donor", each.donor, each.theirs) for each in event.donors)
    yield from (("donation", each.donation, each.theirs) for each in event.donations)
    yield from (("lot", each.lot, each.theirs) for each in event.lots)
    yield from (("vial", each.vial, each.theirs) for each in event.vials)


class _Names:
    """Things of other sites by their code here; what is not known here keeps its own, qualified by the site's."""

    def __init__(self, reading: Reading, events: Iterable[tuple[OtherSite, Event | None]]) -> None:
        self._reading = reading
        self._sent: dict[_Theirs, str] = {}
        self._asked: dict[str, dict[_Theirs, str]] = {}
        for site, event in events:
            self._sent |= self._came_back(site)
            if not isinstance(event, ShipmentAnnounced):
                continue
            # Of a shipment of ours: there the things have the codes that the receiver gave them.
            row = reading.facts.get(Consignment, event.theirs or event.shipment)
            if row is not None and (row.direction, row.manifest_sha256) == ("out", event.manifest_sha256):
                self._sent |= {(site.code, kind, code): theirs or code for kind, code, theirs in _arriving(event)}

    def _came_back(self, site: OtherSite) -> dict[_Theirs, str]:
        """The codes there of vials that a site sent here, or back, as this ledger has them."""
        if site.code not in self._asked:
            history = queries.history(self._reading, "site", site.code)
            announced = [each.event for each in history if isinstance(each.event, ShipmentAnnounced)]
            self._asked[site.code] = {
                (site.code, "vial", vial.theirs or vial.vial): vial.vial for event in announced for vial in event.vials
            }
        return self._asked[site.code]

    def of(self, site: str, kind: str, code: str) -> Thing:
        """The thing as this vault names it."""
        came = self._reading.facts.where(Provenance, site=site, kind=kind, theirs=code)
        if came:
            return Thing(kind, came[0].code)
        if (site, kind, code) in self._sent:
            return Thing(kind, self._sent[site, kind, code])
        return Thing(kind, f"{site}/{code}")


def _told(site: OtherSite, receipt: Receipt, event: Event | None, names: _Names) -> Elsewhere:
    entry, head = receipt.entry, receipt.checkpoint.checkpoint
    said = entry.envelope
    named = catalogue.subjects(event) if event is not None else ()
    return Elsewhere(
        site=site.code,
        origin=entry.origin,
        sequence=entry.sequence,
        type=said.type,
        sentence=catalogue.of(said.type).help.split("\n\n")[0] if event is not None else "",
        details=details(said.data),
        occurred_at=format_time(said.occurred_at),
        station=said.station,
        signers=tuple(f"{signer.name} ({signer.meaning})" for signer in said.signers),
        things=tuple(names.of(site.code, item.kind, item.code) for item in named if item.kind in KINDS),
        proof=f"by {site.code}'s entry {entry.sequence} under its head of {head.size} entries, in the file",
    )


def _reached(chain: Sequence[Thing], told: list[Elsewhere]) -> list[Elsewhere]:
    """The entries about the chain, and about what they lead to, such as a dose made there of one of its vials."""
    known, found = set(chain), dict[int, Elsewhere]()
    grew = True
    while grew:
        grew = False
        for at, each in enumerate(told):
            if at not in found and known & set(each.things):
                found[at], grew = each, True
                known |= {thing for thing in each.things if thing.kind in ("dose", "order", "patient")}
    return [found[at] for at in sorted(found)]
