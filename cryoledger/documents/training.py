"""What every document of a training vault says of itself: nothing in it is real."""

from __future__ import annotations

from cryoledger.database.store import Reading
from cryoledger.domain.records import Site

__all__ = ["VOID", "void_of"]

VOID = "TRAINING / VOID - nothing recorded here is real"


def void_of(reading: Reading) -> str:
    """The line that stands on a document of a training vault; "" for any other."""
    site = reading.facts.get(Site, "site")
    return VOID if site is not None and site.training else ""
