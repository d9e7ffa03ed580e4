"""A commit whose answer was lost: another look at the ledger, under the same id, tells whether it was carried out."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from cryoledger.errors import VaultBusyError, VaultError, VaultUnreachableError

__all__ = ["PAUSES_SECONDS", "until_known"]

PAUSES_SECONDS = (0.2, 1.5)

T = TypeVar("T")


def until_known(event_id: str, attempt: Callable[[bool], T]) -> T:
    """The outcome of `attempt(again)`, tried again where the connection broke; with `again` it looks for the id first.

    Nothing is doubled: a writer gets the writers' lock only after the transaction that broke has ended, and then finds
    its entry or not. Where nothing answers any more, the error says whether the outcome is open, and names the id.
    """
    unknown = False
    for pause in (*PAUSES_SECONDS, None):
        try:
            return attempt(unknown)
        except VaultUnreachableError as error:
            unknown |= error.unknown
            if pause is None:
                raise _open_outcome(error, event_id) if unknown else error from None
            time.sleep(pause)
        except VaultBusyError as error:
            raise _open_outcome(error, event_id) if unknown else error from None
    raise AssertionError("the last attempt returns or raises")


def _open_outcome(error: VaultError, event_id: str) -> VaultUnreachableError:
    found = VaultUnreachableError(
        f"{error.message} It is not known whether this was recorded.",
        f"Repeat it with the id {event_id} (--id): that finds the entry, or records it now, and never twice.",
    )
    found.unknown = True
    return found
