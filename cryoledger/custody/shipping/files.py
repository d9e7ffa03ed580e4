"""The two files between sites, to bytes and back; the form is in the package's docstring, and no other is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from cryoledger.custody.proof import checkpoints
from cryoledger.custody.shipping.contents import Contents
from cryoledger.database.store import Reading
from cryoledger.domain.events.shipments import ForeignHead, ProvenEntry
from cryoledger.domain.shipment_records import OtherHead, OtherSite
from cryoledger.errors import LedgerFormatError, RequestError
from cryoledger.ledger import canonical
from cryoledger.ledger.canonical import Json
from cryoledger.ledger.checkpoint import SignedCheckpoint
from cryoledger.ledger.lines import decode_base64, encode_base64
from cryoledger.ledger.policy import Policy
from cryoledger.ledger.proof import MAX_PROOF_HASHES, Receipt, parse_receipt

__all__ = ["Acknowledgement", "Consistency", "Manifest", "consistency_of", "foreign_head", "parse_acknowledgement",
           "parse_manifest", "proven", "worded"]  # fmt: skip

MAX_BYTES = 4 * 1024 * 1024
ACKNOWLEDGEMENT: Literal["cryoledger/acknowledgement/v1"] = "cryoledger/acknowledgement/v1"
SIZES_MOST = 100
Consistency = Mapping[int, tuple[bytes, ...]]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the sender gives with a shipment."""

    contents: Contents
    receipt: Receipt
    consistency: Consistency

    def encode(self) -> bytes:
        """The bytes of the file."""
        return _encoded(
            {
                "consistency": _listed(self.consistency),
                "contents": self.contents.to_json(),
                "receipt": self.receipt.encode().decode(),
            }
        )


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What the receiver gives back."""

    shipment: str
    receipts: tuple[Receipt, ...]
    consistency: Consistency

    @property
    def checkpoint(self) -> SignedCheckpoint:
        """The one checkpoint under which all of it stands."""
        return self.receipts[0].checkpoint

    def encode(self) -> bytes:
        """The bytes of the file."""
        return _encoded(
            {
                "consistency": _listed(self.consistency),
                "format": ACKNOWLEDGEMENT,
                "receipts": [receipt.encode().decode() for receipt in self.receipts],
                "shipment": self.shipment,
            }
        )


@contextmanager
def worded(what: str) -> Iterator[None]:
    """RequestError, which names the field, where a value does not fit its declaration."""
    try:
        yield
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RequestError(f"{what}: {where}: {first['msg']}.", "Correct it, or send fewer at once.") from None


def parse_manifest(data: bytes) -> Manifest:
    """The manifest in a file; LedgerFormatError for any other bytes. Nothing of it is verified yet."""
    found = _decoded(data, "manifest", {"consistency", "contents", "receipt"})
    try:
        contents = Contents.model_validate(found["contents"])
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise LedgerFormatError(f"The manifest's {where or 'contents'}: {first['msg']}.") from None
    if contents.to_json() != found["contents"]:
        raise LedgerFormatError("The manifest's contents are not written in their one form.")
    return Manifest(contents, _receipt(found["receipt"]), _sizes(found["consistency"]))


def parse_acknowledgement(data: bytes) -> Acknowledgement:
    """The acknowledgement in a file; LedgerFormatError for any other bytes. Nothing of it is verified yet."""
    found = _decoded(data, "acknowledgement", {"consistency", "format", "receipts", "shipment"})
    texts, shipment = found["receipts"], found["shipment"]
    if found["format"] != ACKNOWLEDGEMENT or not isinstance(texts, list) or not isinstance(shipment, str):
        raise LedgerFormatError(f"The file is no {ACKNOWLEDGEMENT}.")
    if not 2 <= len(texts) <= 50:
        raise LedgerFormatError("An acknowledgement has 2 to 50 receipts: the announcement, then what arrived.")
    receipts = tuple(_receipt(text) for text in texts)
    if any(receipt.checkpoint != receipts[0].checkpoint for receipt in receipts):
        raise LedgerFormatError("The receipts of the acknowledgement stand under more than one checkpoint.")
    return Acknowledgement(shipment, receipts, _sizes(found["consistency"]))


def consistency_of(reading: Reading, head: SignedCheckpoint) -> Consistency:
    """From each head of this ledger that somebody outside may hold, the proof that `head` extends it."""
    epoch = next(
        each.epoch for each in reading.checkpoints() if checkpoints.signed_of(each).checkpoint == head.checkpoint
    )
    size = head.checkpoint.size
    given = [each.size for each in reading.checkpoints() if each.epoch == epoch and each.given and each.size < size]
    tree = reading.tree(epoch, size)
    return {each: tuple(tree.consistency_proof(each)) for each in given[-SIZES_MOST:]}


def proven(receipt: Receipt) -> ProvenEntry:
    """The entry of a receipt, as an event names it."""
    hashes = tuple(encode_base64(each) for each in receipt.proof)
    return ProvenEntry(sequence=receipt.index, leaf_hash=encode_base64(receipt.entry.leaf_hash), proof=hashes)


def foreign_head(
    reading: Reading, site: OtherSite, signed: SignedCheckpoint, consistency: Consistency, policy: Policy
) -> ForeignHead:
    """The head of a file as an event commits to it; SignatureError where the policy is not met."""
    verdict, head = policy.judge(signed), signed.checkpoint
    counted = tuple(line for line in signed.signatures if line not in verdict.not_counted)
    held = reading.facts.get(OtherHead, site.code, head.origin)
    proof: tuple[bytes, ...] = ()
    if held is not None and held.size < head.size:
        found = consistency.get(held.size)
        if found is None:
            raise RequestError(
                f"This ledger holds {site.code} at {held.size} entries, and the file proves nothing from there.",
                "Ask the other site whether it still knows that head; show both to its quality officer.",
            )
        proof = found
    return ForeignHead(
        origin=head.origin,
        size=head.size,
        root=encode_base64(head.root),
        checkpoint=SignedCheckpoint(head, counted).encode().decode(),
        extends=held.size if held is not None else 0,
        proof=tuple(encode_base64(each) for each in proof),
    )


def _encoded(value: dict[str, Json]) -> bytes:
    return canonical.write(value) + b"\n"


def _decoded(data: bytes, what: str, fields: set[str]) -> dict[str, Any]:
    if len(data) > MAX_BYTES:
        raise LedgerFormatError(f"The {what} has {len(data)} bytes; at most {MAX_BYTES} are read.")
    if not data.endswith(b"\n"):
        raise LedgerFormatError(f"The file is no {what}, or is cut off: it does not end with a newline.")
    try:
        found = canonical.decode(data[:-1])
    except LedgerFormatError as error:
        raise LedgerFormatError(f"The file is no {what}: {error.message}", error.advice) from None
    if not isinstance(found, dict) or set(found) != fields:
        raise LedgerFormatError(f"The file is no {what}: it has not the fields {', '.join(sorted(fields))}.")
    return found


def _receipt(text: object) -> Receipt:
    if not isinstance(text, str):
        raise LedgerFormatError("A receipt of the file is no text.")
    return parse_receipt(text.encode())


def _listed(consistency: Consistency) -> Json:
    return [{"from": size, "proof": [encode_base64(each) for each in proof]} for size, proof in consistency.items()]


def _sizes(listed: object) -> Consistency:
    found: dict[int, tuple[bytes, ...]] = {}
    if not isinstance(listed, list) or len(listed) > SIZES_MOST:
        raise LedgerFormatError(f"`consistency` is a list of at most {SIZES_MOST} proofs.")
    for each in listed:
        size, proof = (each.get("from"), each.get("proof")) if isinstance(each, dict) else (None, None)
        if type(size) is not int or not isinstance(proof, list) or len(proof) > MAX_PROOF_HASHES:
            raise LedgerFormatError("A proof of consistency has a size and a list of hashes.")
        found[size] = tuple(decode_base64(str(text), "hash of a proof") for text in proof)
    return found
