"""The checkpoint sheet: a head of the ledger on paper, for the bound log that nobody can roll back.

Its QR code holds the checkpoint's Ed25519 lines; the words say what an auditor compares: the vault's fingerprint, the
log's key, and the SHA-256 of the verifiers, where these are known.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryoledger.documents.pictures import picture_page
from cryoledger.ledger.checkpoint import SignedCheckpoint
from cryoledger.ledger.lines import encode_base64
from cryoledger.ledger.note import Algorithm, VerifierKey

__all__ = ["paper", "sheet"]

TITLE = "Checkpoint sheet - keep it in the bound log"


def paper(signed: SignedCheckpoint, keys: Sequence[VerifierKey]) -> SignedCheckpoint:
    """The checkpoint without the lines that are too big for paper: ML-DSA-44 has 2,420 bytes."""
    large = [key for key in keys if key.algorithm is Algorithm.ML_DSA_44]
    kept = tuple(line for line in signed.signatures if len(line.signature) <= 72 and not _by(line, large))
    return SignedCheckpoint(signed.checkpoint, kept)


def _by(line: object, keys: Sequence[VerifierKey]) -> bool:
    return any(key.matches(line) for key in keys)  # type: ignore[arg-type]


def sheet(
    signed: SignedCheckpoint,
    keys: Sequence[VerifierKey],
    fingerprint: bytes,
    *,
    signed_at: str,
    suffix: str,
    window: str,
    verifiers: Sequence[tuple[str, str]] = (),
) -> bytes:
    """The sheet as .png, .pdf or text."""
    small = paper(signed, keys)
    note = small.encode()
    lines = (
        f"Ledger       {signed.checkpoint.origin}",
        f"Entries      {signed.checkpoint.size}",
        f"Root         {encode_base64(signed.checkpoint.root)}",
        f"Signed at    {signed_at}",
        f"Fingerprint  {encode_base64(fingerprint)}",
        "             (the leaf hash of entry 0: give it to `cryoledger verify --fingerprint`)",
        window,
        "",
        *(f"Log key      {key.encode()}" for key in keys if key.algorithm is Algorithm.ED25519),
        *(f"Log key      {key.name}+{key.key_id_hex} (ML-DSA-44: in files only)" for key in keys
          if key.algorithm is Algorithm.ML_DSA_44),
        *_verifiers(verifiers),
        "",
        "The checkpoint as it was signed, which the QR code holds too:",
        "",
        *note.decode().rstrip("\n").split("\n"),
        "",
        "Signed in the log by ____________________________  on ______________",
    )  # fmt: skip
    return picture_page(note, suffix, TITLE, lines)


def _verifiers(verifiers: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    if not verifiers:
        return ()
    return ("", "SHA-256 of the verifiers (take these from here, not from a bundle):", *(
        f"  {name}  {digest}" for name, digest in verifiers
    ))  # fmt: skip
