"""The one place that renders a signature: printed name, date and time with zone, and meaning (21 CFR 11.50)."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cryoledger.database.store import Reading
from cryoledger.domain import times
from cryoledger.domain.facts import Recorded
from cryoledger.domain.records import Person, Site, Station

__all__ = ["Signature", "local_time", "printed_name", "signatures_of", "zone_of"]


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature of an entry; `signed_at` is the ledger's instant, `local` the same with the site's zone."""

    name: str
    full_name: str
    meaning: str
    signed_at: str
    local: str

    @property
    def who(self) -> str:
        """The printed name with the signing name, where the first does not end with the second anyway."""
        named = self.full_name.endswith(f" {self.name}")
        return self.full_name if named else f"{self.full_name} ({self.name})"

    def __str__(self) -> str:
        return f"{self.who}, {self.meaning}, {self.local}"

    def to_dict(self) -> dict[str, str]:
        """The signature as JSON writes it."""
        return {
            "name": self.name,
            "full_name": self.full_name,
            "meaning": self.meaning,
            "signed_at": self.signed_at,
            "local": self.local,
        }


def signatures_of(reading: Reading, recorded: Recorded) -> tuple[Signature, ...]:
    """The signatures of an entry, in its order."""
    local = local_time(recorded.recorded_at, zone_of(reading))
    return tuple(
        Signature(line.name, printed_name(reading, line.name), line.meaning, recorded.recorded_at, local)
        for line in recorded.signers
    )


def printed_name(reading: Reading, name: str) -> str:
    """The printed name of whoever signs as `name`; a station and a key of the vault say what they are."""
    person = reading.facts.get(Person, name)
    if person is not None:
        return person.full_name
    return f"station {name}" if reading.facts.get(Station, name) is not None else f"key {name}"


def zone_of(reading: Reading) -> str:
    """The site's time zone, as the ledger has it."""
    site = reading.facts.get(Site, "site")
    return site.zone if site is not None else "UTC"


def local_time(instant: str, zone: str, *, seconds: bool = True) -> str:
    """An instant of the ledger as people of the site read it: "2026-11-22 10:41:07 +07:00 (Asia/Bangkok)"."""
    try:
        moment = times.instant(instant).astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return instant
    offset = f"{moment:%z}"
    clock = f"{moment:%Y-%m-%d %H:%M:%S}" if seconds else f"{moment:%Y-%m-%d %H:%M}"
    return f"{clock} {offset[:3]}:{offset[3:]} ({zone})"
