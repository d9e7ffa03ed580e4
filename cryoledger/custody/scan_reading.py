"""Reads one line at the desk: what was scanned is looked up, and what must be quoted nowhere is told apart.

Secret are a PIN, entered when asked for or not, and the text of a wristband: only its patient and HMAC go further.
"""

from __future__ import annotations

from pathlib import Path

from cryoledger.codes import Code, Kind, Scan, read
from cryoledger.codes.local import check_prefix
from cryoledger.custody.file_hash import file_hash
from cryoledger.custody.identities.new_band import new_band
from cryoledger.custody.session import Session
from cryoledger.custody.workflow import Scanned, World, resolve
from cryoledger.custody.workflow.sign_in import looks_like_pin
from cryoledger.errors import CodeError, RequestError

BAND_MARKS = ("8018", "(8018")

Looked = tuple[Scanned, bool]
"""The scan, and whether its text is secret."""


def look(text: str, session: Session, world: World, *, ask: str, typed: bool, band_of: str = "") -> Looked:
    """What was scanned while `ask` was awaited; CodeError where it cannot be read.

    Where a file is awaited, its path is looked up on this machine, and only its hash goes further (RequestError).
    `band_of` is the patient whose new wristband is awaited: of one that is nobody's yet goes only its HMAC under the
    key of that patient.
    """
    try:
        parsed: Scan = read(text, _prefix(world.prefix))
    except CodeError:
        if ask == "pin":
            return Scanned("text"), True
        if ask == "file":
            return _file(text), False
        if ask != "wristband":
            raise
        parsed = Code(text.strip(), raw=text)
    found = resolve(parsed, world.facts, typed=typed)
    if ask == "file" and found.kind == "text":
        return _file(text), False
    band_of_patient = ask == "wristband" and found.kind == "patient"
    if ask == "pin" or not isinstance(parsed, Code) or (found.kind != "text" and not band_of_patient):
        return found, ask == "pin"
    band = session.wristband(parsed, world.facts)
    if band is None and band_of:
        return Scanned("wristband", band=new_band(session.vault, band_of, parsed.text)), True
    if band is not None or parsed.kind is Kind.PATIENT:
        return band or Scanned("wristband"), True
    return found, ask == "wristband" or looks_like_pin(found.text)


def _file(text: str) -> Scanned:
    path = text.strip()
    try:
        return Scanned("file", file_hash(Path(path).expanduser()), path)
    except RuntimeError:  # "~name" of nobody here
        raise RequestError(f"The file {path} cannot be read: there is no such home.", "Type its whole path.") from None


def may_be_wristband(text: str) -> bool:
    """True for what starts as a wristband does, though it cannot be read."""
    return any(mark in text[:8] for mark in BAND_MARKS)


def _prefix(text: str) -> str:
    """The site's prefix where it can stand in local codes; "" lets those of any site count."""
    try:
        check_prefix(text)
    except CodeError:
        return ""
    return text
