"""Files that come from outside or go there: checkpoints, requests, receipts and policies, as text or as a picture."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cryoledger.cli import output
from cryoledger.errors import RequestError

if TYPE_CHECKING:
    from cryoledger.ledger.policy import Policy

__all__ = ["POLICY_VARIABLE", "drawn", "named_policy", "read_bytes", "read_policy"]

POLICY_VARIABLE = "CRYOLEDGER_POLICY"
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")
MAX_BYTES = 32 * 1024 * 1024


def read_bytes(path: Path, what: str) -> bytes:
    """What a file holds; of a picture, what its QR code says. RequestError where it cannot be read."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise RequestError(f"The {what} {path} cannot be read: {error.strerror}.", "See where the file is.") from None
    if len(content) > MAX_BYTES:
        raise RequestError(f"The {what} {path} is too big to be one.", "Name the right file.")
    if path.suffix.lower() in PICTURES:
        from cryoledger.documents.pictures import read_symbol

        return read_symbol(content, str(path))
    if content.startswith(b"%PDF"):
        raise RequestError(
            f"The {what} {path} is a PDF, which is for printing.",
            "Give a photograph or a scan of the sheet (.png, .jpg), the .png that can be written instead, or the file.",
        )
    return content


def drawn(make: Callable[[], bytes]) -> bytes:
    """A document's bytes; which letters no font could draw is told to the person."""
    from cryoledger.documents.fonts import footnotes

    with footnotes() as notes:
        content = make()
    if told := notes.sentence():
        output.narrate(told)
    return content


def named_policy(option: Path | None) -> Path | None:
    """The policy that is meant: of the option, else of the environment."""
    text = os.environ.get(POLICY_VARIABLE, "")
    return option or (Path(text) if text else None)


def read_policy(path: Path) -> Policy:
    """The policy in a file of the verifier's own."""
    from cryoledger.ledger.policy import parse_policy

    return parse_policy(read_bytes(path, "policy"))


def need_policy(option: Path | None) -> Policy:
    """The verifier's policy; RequestError where none is named."""
    path = named_policy(option)
    if path is None:
        raise RequestError(
            "Whose word is enough? No policy was named.",
            f"Name your own with --policy FILE, or set {POLICY_VARIABLE}. It is a text: what `cryoledger checkpoint "
            "keys` prints, the line of each witness as `witness init` printed it, and `quorum NAME` of the witness.",
        )
    return read_policy(path)
