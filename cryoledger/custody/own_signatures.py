"""What was signed in a person's name: shown at sign-in, so that each person sees a signature that is not theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from cryoledger.custody.vault import site_of
from cryoledger.database.history import SignedEntry, signatures_of
from cryoledger.database.store import Store
from cryoledger.domain import times

__all__ = ["OwnSignatures", "own_signatures"]

RECENT_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class OwnSignatures:
    """The last entries that a name signed, the latest first; `since` is when it signed in last, in the site's zone.

    The first `fresh` of them came since then.
    """

    name: str
    zone: str
    entries: tuple[SignedEntry, ...]
    fresh: int
    since: str

    @property
    def sentence(self) -> str:
        """How many, in a sentence."""
        if not self.since:
            return f"Entries with your signature so far: {self.fresh}."
        return f"Entries with your signature since you signed in at {self.since}: {self.fresh}."

    def local(self, instant: str) -> str:
        """An instant of the ledger at the site: "22 Nov 10:41"."""
        return f"{times.instant(instant).astimezone(ZoneInfo(self.zone)):%d %b %H:%M}"


def own_signatures(store: Store, name: str, limit: int = RECENT_MAX) -> OwnSignatures:
    """What a name signed last."""
    with store.reading() as reading:
        found = signatures_of(reading, name, limit)
        zone = site_of(reading).zone
    before = next((at for at, each in enumerate(found) if each.recorded.type == "PersonSignedIn"), None)
    if before is None:
        return OwnSignatures(name, zone, tuple(found), len(found), "")
    at = times.instant(found[before].recorded.recorded_at).astimezone(ZoneInfo(zone))
    return OwnSignatures(name, zone, tuple(found), before, f"{at:%Y-%m-%d %H:%M}")
