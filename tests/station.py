"""A clinic with a scan desk: the sample's people and stock, a lot to store, one that expired, and codes by short names.

station = Station.copy_of(made, tmp_path)
station.play("@badge maria.s", "@pin maria.s", "CMD-STORE")
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cryoledger.cli.sample import clinic, people, stock
from cryoledger.codes import Kind, make
from cryoledger.custody.clock import SteppingClock
from cryoledger.custody.create import end_of_day
from cryoledger.custody.desk import Answer, Desk
from cryoledger.custody.record import record
from cryoledger.custody.vault import Vault
from cryoledger.domain.events import lots
from cryoledger.domain.facts import Recorded
from cryoledger.domain.records import Person
from cryoledger.ledger.keys import KdfParameters

CHEAP = KdfParameters(8192, 1, 1)
PINS = {member.name: member.pin for member in people.STAFF}
FRESH, OLD = "WJ-2604", "WJ-2605"
FRESH_VIALS = tuple(stock.vial_code(500 + number) for number in range(22))
OLD_VIALS = tuple(stock.vial_code(600 + number) for number in range(2))
DOSE = make(stock.PREFIX, Kind.DOSE, 1)
START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def make_station(home: Path) -> datetime:
    """Make the clinic's vault in a station's home; the time at which it is left."""
    made = clinic.make_clinic(str(home / "clinic.cryoledger"), lambda _text: None, START)
    with made.vault as vault:
        _fill(vault, FRESH, FRESH_VIALS, made.clock.now() + timedelta(days=400))
        _fill(vault, OLD, OLD_VIALS, made.clock.now() + timedelta(days=1))
        results = stock.GOOD
        tested = made.clock.now().date().isoformat()
        values = [
            {"test": test, "tested_on": tested, "method": "in house",
             **({"value_milli": value} if isinstance(value, int) else {"outcome": value})}
            for test, value in results.items()
        ]  # fmt: skip
        record(vault, stock.make_event("TestResultsRecorded", lot=OLD, results=values), people.QUINN.by)
        record(vault, stock.make_event("LotReleased", lot=OLD), people.QUINN.by)
        return made.clock.now() + timedelta(days=3)


def _fill(vault: Vault, lot: str, vials: tuple[str, ...], expiry: datetime) -> None:
    day = expiry.date()
    record(
        vault,
        lots.LotRegistered(
            lot=lot, product=stock.PRODUCT, version=1, donations=(stock.donation_codes()[0],), passage=3,
            cells_per_vial=10_000_000, volume_microlitres=1_000, cryoprotectant="CryoStor CS10",
            filled_on=vault.clock.now().date().isoformat(), expiry_on=day.isoformat(),
            expires_at=end_of_day(day, clinic.ZONE),
        ),
        people.MARIA.by,
    )  # fmt: skip
    record(vault, lots.LotFilled(lot=lot, vials=vials), people.MARIA.by)


@dataclass
class Station:
    """An open vault, its clock, its idle clock, and a desk."""

    home: Path
    vault: Vault
    clock: SteppingClock
    badges: dict[str, str]
    desk: Desk = field(init=False)
    idle: float = 0.0

    def __post_init__(self) -> None:
        self.desk = Desk(self.vault, monotonic=self.monotonic)

    @classmethod
    def copy_of(cls, made: tuple[Path, datetime], folder: Path, patch: pytest.MonkeyPatch) -> Station:
        """This test's own copy of a clinic made once."""
        home = folder / "home"
        shutil.copytree(made[0], home)
        patch.setenv("CRYOLEDGER_HOME", str(home))
        clock = SteppingClock(made[1])
        vault = Vault.open(str(home / "clinic.cryoledger"), clock=clock, kdf=CHEAP)
        with vault.store.reading() as reading:
            badges = {person.name: person.badge for person in reading.facts.where(Person)}
        return cls(home, vault, clock, badges)

    def monotonic(self) -> float:
        """The idle clock."""
        return self.idle

    def wait(self, minutes: float) -> None:
        """Let time pass on both clocks."""
        self.idle += minutes * 60
        self.clock.advance(seconds=minutes * 60)

    def line(self, text: str) -> str:
        """A line of a script as it is scanned: `@badge NAME`, `@pin NAME`, or the text itself."""
        word, _, name = text.partition(" ")
        return {"@badge": self.badges, "@pin": PINS}.get(word, {}).get(name, text)

    def play(self, *lines: str) -> list[Answer]:
        """Scan the lines; their answers."""
        return [self.desk.scan(self.line(line)) for line in lines]

    def last(self, *lines: str) -> Answer:
        """Scan the lines; the last answer."""
        return self.play(*lines)[-1]

    def sign_in(self, name: str = "maria.s") -> Answer:
        """Sign a person in."""
        if self.last(f"@badge {name}").ask == "confirm":
            self.play("CMD-CONFIRM")
        answer = self.last(f"@pin {name}")
        assert self.desk.person is not None
        assert self.desk.person.name == name
        return answer

    def entries(self, *types: str) -> list[Recorded]:
        """What was recorded, of these types or of all."""
        with self.vault.store.reading() as reading:
            found = [reading.recorded(stored.number) for stored in list(reading.entries())]
        return [entry for entry in found if entry is not None and (not types or entry.type in types)]
