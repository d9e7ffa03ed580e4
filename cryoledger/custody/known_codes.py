"""What a scanned text means in the inventory, under whichever of its names it is known there."""

from __future__ import annotations

from cryoledger.codes import other_names
from cryoledger.domain.facts import Facts
from cryoledger.domain.records import ScanCode, Vial
from cryoledger.errors import CodeError

__all__ = ["known", "tubes_of"]


def known(facts: Facts, text: str) -> ScanCode | None:
    """The one thing that a text names, None where there is none; CodeError where it names two."""
    found: dict[tuple[str, str], ScanCode] = {}
    for name in (text, *other_names(text)):
        row = facts.get(ScanCode, name)
        if row is not None:
            found.setdefault((row.kind, row.code), row)
    if len(found) > 1:
        things = " and ".join(f"{kind} {code}" for kind, code in found)
        raise CodeError(f"This code means two things: {things}.", "Scan or type the code of the one that you mean.")
    return next(iter(found.values()), None)


def tubes_of(facts: Facts, code: str) -> list[str]:
    """The codes of tubes that are bound to a vial, beside its own code and its label."""
    vial = facts.get(Vial, code)
    own = (code, vial.label if vial is not None else "")
    found = facts.where(ScanCode, kind="vial", code=code)
    return sorted(row.text for row in found if not row.retired and row.text not in own)
