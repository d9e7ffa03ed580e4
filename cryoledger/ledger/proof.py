"""A proof that an entry is in a ledger, in one file that needs no vault (C2SP tlog-proof).

    c2sp.org/tlog-proof@v1
    extra <base64 of the entry's whole note>
    index <its sequence>
    <base64 of each hash of the inclusion proof>

    <the checkpoint, with the log's signatures and the witnesses'>

The entry travels as the extra data. Nothing is believed of it but what its leaf hash proves.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryoledger.errors import LedgerFormatError
from cryoledger.ledger.checkpoint import SignedCheckpoint, parse_checkpoint
from cryoledger.ledger.entry import Entry, parse_entry
from cryoledger.ledger.lines import decode_base64, encode_base64, parse_decimal
from cryoledger.ledger.policy import Policy, PolicyVerdict
from cryoledger.ledger.tree import leaf_hash, verify_inclusion

__all__ = ["HEADER", "MAX_PROOF_HASHES", "Receipt", "parse_hashes", "parse_receipt"]

HEADER = "c2sp.org/tlog-proof@v1"
MAX_BYTES = 1_000_000
MAX_PROOF_HASHES = 63


@dataclass(frozen=True, slots=True)
class Receipt:
    """An entry's note, its place, its inclusion proof, and a checkpoint of the ledger that holds it."""

    note: bytes
    index: int
    proof: tuple[bytes, ...]
    checkpoint: SignedCheckpoint

    @property
    def entry(self) -> Entry:
        """The entry; LedgerFormatError where the extra data is none."""
        return parse_entry(self.note)

    def encode(self) -> bytes:
        """The bytes of the file."""
        lines = [HEADER, f"extra {encode_base64(self.note)}", f"index {self.index}", *map(encode_base64, self.proof)]
        return "".join(f"{line}\n" for line in [*lines, ""]).encode() + self.checkpoint.encode()

    def check_inclusion(self) -> None:
        """SignatureError unless the entry is what the checkpoint's tree holds at its place, of the same ledger."""
        head, entry = self.checkpoint.checkpoint, self.entry
        verify_inclusion(leaf_hash(self.note), self.index, head.size, self.proof, head.root)
        if (entry.origin, entry.sequence) != (head.origin, self.index):
            raise LedgerFormatError("The receipt's entry says that it belongs to another place or another ledger.")

    def verify(self, policy: Policy) -> PolicyVerdict:
        """Who vouches for the entry; SignatureError or LedgerFormatError unless all of it holds under the policy."""
        self.check_inclusion()
        return policy.judge(self.checkpoint)


def parse_receipt(data: bytes) -> Receipt:
    """The receipt in a file; LedgerFormatError for any other bytes."""
    if len(data) > MAX_BYTES:
        raise LedgerFormatError(f"The receipt has {len(data)} bytes; at most {MAX_BYTES} are read.")
    head, separator, rest = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        lines = []
    if not separator or len(lines) < 3 or lines[0] != HEADER:
        raise LedgerFormatError(f"The file is no receipt: its first line is not {HEADER!r}, or it is cut off.")
    if not lines[1].startswith("extra ") or not lines[2].startswith("index "):
        raise LedgerFormatError("The receipt lacks its entry (`extra`) or its place (`index`).")
    note = decode_base64(lines[1][6:], "receipt's entry")
    index = parse_decimal(lines[2][6:], "receipt's index")
    return Receipt(note, index, parse_hashes(lines[3:]), parse_checkpoint(rest))


def parse_hashes(lines: list[str]) -> tuple[bytes, ...]:
    """The hashes of a proof, one a line; LedgerFormatError for other lines, or for more than a proof can have."""
    if len(lines) > MAX_PROOF_HASHES:
        raise LedgerFormatError(f"The proof has {len(lines)} hashes; at most {MAX_PROOF_HASHES} are read.")
    hashes = tuple(decode_base64(line, "hash of a proof") for line in lines)
    if any(len(each) != 32 for each in hashes):
        raise LedgerFormatError("A proof holds something that is not a SHA-256 hash.")
    return hashes
