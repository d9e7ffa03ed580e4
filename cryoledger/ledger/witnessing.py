"""What a ledger asks of a witness, and how the witness judges it (C2SP tlog-witness, `add-checkpoint`).

    request = parse_request(data)
    judge(request, last, keys)              # WitnessError says: rewrite, rollback, fork, unknown log, unsigned, stale
    cosign(request.checkpoint.checkpoint, witness_key, seconds)

The same bytes travel over HTTP, in a file on a USB stick, and as a QR code on paper.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cryoledger.errors import LedgerFormatError, SignatureError
from cryoledger.ledger.checkpoint import Checkpoint, SignedCheckpoint, parse_checkpoint
from cryoledger.ledger.lines import encode_base64, parse_decimal
from cryoledger.ledger.note import VerifierKey
from cryoledger.ledger.proof import parse_hashes
from cryoledger.ledger.tree import verify_consistency

__all__ = ["MAX_REQUEST_BYTES", "Request", "Trouble", "WitnessError", "judge", "parse_request"]

MAX_REQUEST_BYTES = 64 * 1024


class Trouble(StrEnum):
    """Why a witness does not cosign. The first three are proof that the ledger's keeper misbehaved, or was robbed."""

    REWRITE = "rewrite"
    ROLLBACK = "rollback"
    FORK = "fork"
    UNKNOWN_LOG = "unknown log"
    UNSIGNED = "unsigned"
    STALE = "stale request"


class WitnessError(SignatureError):
    """A witness does not cosign; `trouble` says why, `size` what it cosigned last."""

    def __init__(self, trouble: Trouble, message: str, advice: str, size: int = 0) -> None:
        super().__init__(message, advice)
        self.trouble = trouble
        self.size = size


@dataclass(frozen=True, slots=True)
class Request:
    """A checkpoint, and the proof that it extends the tree of `old_size` entries."""

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: SignedCheckpoint

    def encode(self) -> bytes:
        """The body of an `add-checkpoint` request."""
        lines = [f"old {self.old_size}", *map(encode_base64, self.proof), ""]
        return "".join(f"{line}\n" for line in lines).encode() + self.checkpoint.encode()


def parse_request(data: bytes) -> Request:
    """The request in a body, a file or a QR code; LedgerFormatError for other bytes. A bare checkpoint asks from 0."""
    if len(data) > MAX_REQUEST_BYTES:
        raise LedgerFormatError(f"The request has {len(data)} bytes; at most {MAX_REQUEST_BYTES} are read.")
    if not data.startswith(b"old "):
        return Request(0, (), parse_checkpoint(data))
    head, separator, rest = data.partition(b"\n\n")
    try:
        first, *hashes = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise LedgerFormatError("The request's proof is not ASCII.") from None
    if not separator:
        raise LedgerFormatError("The request has no empty line before its checkpoint.")
    old_size = parse_decimal(first[4:], "request's old size")
    request = Request(old_size, parse_hashes(hashes), parse_checkpoint(rest))
    if old_size > request.checkpoint.checkpoint.size:
        raise LedgerFormatError("The request's old size is larger than its checkpoint's.")
    if old_size == 0 and hashes:
        raise LedgerFormatError("The request proves consistency with an empty tree, which needs no proof.")
    return request


def judge(request: Request, last: Checkpoint | None, keys: Iterable[VerifierKey]) -> None:
    """Return where the witness may cosign; WitnessError otherwise.

    `last` is the checkpoint of this origin that it cosigned last, `keys` those by which it knows the log.
    """
    head, known = request.checkpoint.checkpoint, tuple(keys)
    if not known:
        raise WitnessError(
            Trouble.UNKNOWN_LOG,
            f"This witness knows no log {head.origin}.",
            "Add its key with `cryoledger witness trust`, from the printed sheet, if this witness is meant to know it.",
        )
    try:
        request.checkpoint.verify(known)
    except SignatureError as error:
        raise WitnessError(Trouble.UNSIGNED, error.message, "Ask the log for its signed checkpoint again.") from None
    if last is None:
        if request.old_size:
            raise _stale(head, 0)
        return
    size = last.size
    if head.size < size:
        raise WitnessError(
            Trouble.ROLLBACK,
            f"ROLLBACK: {head.origin} shows {head.size} entries, but this witness cosigned it at {size}: "
            f"{size - head.size} {'entry is' if size - head.size == 1 else 'entries are'} gone.",
            "Do not cosign by any other means. Show both checkpoints to the auditor; look for a restored backup.",
            size,
        )
    if head.size == size and head.root != last.root:
        raise WitnessError(
            Trouble.FORK,
            f"FORK: {head.origin} shows another tree of {size} entries than the one that this witness cosigned.",
            "There are two histories. Keep both checkpoints; they are proof. Call the auditor.",
            size,
        )
    if request.old_size != size:
        if head.size == size:
            return  # the very tree that was cosigned: there is nothing to prove
        raise _stale(head, size)
    try:
        verify_consistency(size, last.root, head.size, head.root, request.proof)
    except SignatureError:
        raise WitnessError(
            Trouble.REWRITE,
            f"REWRITE: the tree of {head.size} entries that {head.origin} shows does not extend the {size} "
            "entries that this witness cosigned: something before that was changed, or the proof is of another ledger.",
            "Keep the request and this witness's checkpoint; together they are proof. Call the auditor.",
            size,
        ) from None


def _stale(head: Checkpoint, size: int) -> WitnessError:
    return WitnessError(
        Trouble.STALE,
        f"This witness cosigned {head.origin} at {size} entries last; the request proves nothing from there.",
        f"Make it again at the vault: `cryoledger witness request --from-size {size}`.",
        size,
    )
