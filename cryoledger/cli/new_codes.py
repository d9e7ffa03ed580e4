"""The next free codes of this site, for things that get their label here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryoledger.cli.call import Call

__all__ = ["next_codes"]


def next_codes(call: Call, kind: str, count: int) -> list[str]:
    """So many codes of a kind, numbered on from the last; RequestError where the site has no prefix for its own."""
    from cryoledger.codes import Kind
    from cryoledger.custody.labels import vial_scheme

    with call.reading() as reading:
        return vial_scheme.next_codes(reading, Kind(kind), count)
