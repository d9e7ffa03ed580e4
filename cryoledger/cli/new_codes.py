"""The next free codes of this site, for things that get their label here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryoledger.errors import CodeError, RequestError

if TYPE_CHECKING:
    from cryoledger.cli.call import Call

__all__ = ["next_codes"]


def next_codes(call: Call, kind: str, count: int) -> list[str]:
    """So many codes of a kind, numbered on from the last; RequestError where the site has no prefix for its own."""
    from cryoledger.codes import local
    from cryoledger.database import queries

    prefix = call.vault.site().code_prefix
    try:
        local.check_prefix(prefix)
    except CodeError:
        raise RequestError(
            f"The site's prefix {prefix!r} makes no codes of its own.",
            "Give the codes, or set a prefix of two characters.",
        ) from None
    letter = local.Kind(kind).letter
    last = queries.last_local_code(call.vault.store, prefix + letter)
    first = local.split(last).number + 1 if last is not None else 1
    return [local.make(prefix, local.Kind(kind), first + more) for more in range(count)]
