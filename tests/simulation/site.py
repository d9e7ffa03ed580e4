"""A site that is simulated: one vault file, several stations each with a home of its own, people, and a clock."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from cryoledger.cli.sample import people, stock
from cryoledger.cli.sample.clinic import CHEAP, make_clinic
from cryoledger.custody.clock import SteppingClock
from cryoledger.custody.desk import Answer, Desk
from cryoledger.custody.identities.narrative import SITE
from cryoledger.custody.record import By, record
from cryoledger.custody.vault import Vault, head_of
from cryoledger.domain.fields import Event
from cryoledger.domain.numbers import number_of
from cryoledger.domain.records import Person
from cryoledger.errors import CryoledgerError, Refusal, VaultError
from cryoledger.ledger.keys import PrivateKey
from tests.station import START

PINS = {member.name: member.pin for member in people.STAFF}
STATIONS = ("freezer-room-1", "freezer-room-2", "ward-3")
HOME = "CRYOLEDGER_HOME"


@contextmanager
def at_home(home: Path) -> Iterator[None]:
    """This process as the machine that has this home."""
    before = os.environ.get(HOME)
    os.environ[HOME] = str(home)
    try:
        yield
    finally:
        os.environ.pop(HOME) if before is None else os.environ.__setitem__(HOME, before)


@dataclass
class Station:
    """One machine: its home, the vault as it has it open, its desk."""

    name: str
    home: Path
    vault: Vault
    desk: Desk


@dataclass
class Site:
    """The whole site. `told` are the entries that were acknowledged to somebody, by id, in order of the telling."""

    folder: Path
    chance: random.Random
    clock: SteppingClock
    path: Path
    badges: dict[str, str] = field(default_factory=dict)
    stations: dict[str, Station] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    unsafe: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    @classmethod
    def make(cls, folder: Path, seed: int) -> Site:
        """A clinic with three stations, everybody enrolled, 400 vials, two orders."""
        home = folder / STATIONS[0]
        with at_home(home):
            clinic = make_clinic(str(folder / "clinic.cryoledger"), lambda _: None, START)
            site = cls(folder, random.Random(seed), clinic.clock, folder / "clinic.cryoledger")
            clinic.clock.advance(days=1)
            clinic.vault.subjects().create(*SITE)  # as the first invitation of a station makes it
            for name in STATIONS[1:]:
                site._enrol(clinic.vault, name)
            with clinic.vault.store.reading() as reading:
                site.badges = {person.name: person.badge for person in reading.facts.where(Person)}
            clinic.vault.close()
        for name in STATIONS:
            site.start(name)
        return site

    def _enrol(self, vault: Vault, name: str) -> None:
        key = PrivateKey.generate(name)
        vault.keyring.load_station(name, key.seed)
        event = stock.make_event("StationEnrolled", station=name, key=key.verifier.encode())
        record(vault, event, people.ADA.by, people.BORIS.by, By(name, fresh=True))
        with at_home(self.folder / name):
            from cryoledger.custody.station.station_folder import StationFolder

            folder = StationFolder.for_vault(vault.fingerprint)
            folder.write_secret(vault.secret)
            folder.write_station(name, key.seed)
            if (vault.folder.path / "subjects.keys").exists():
                (folder.path / "subjects.keys").write_bytes((vault.folder.path / "subjects.keys").read_bytes())
                (folder.path / "subjects.keys").chmod(0o600)

    def start(self, name: str) -> Station:
        """A machine starts and opens the vault; the alarm where the vault does not continue what it saw."""
        home = self.folder / name
        with at_home(home):
            vault = Vault.open(str(self.path), clock=self.clock, kdf=CHEAP)
        vault.clock_confirmed = True
        made = self.stations[name] = Station(name, home, vault, Desk(vault, monotonic=lambda: 0.0))
        return made

    def crash(self, name: str) -> None:
        """A machine dies: nothing is locked, synced or said; its connections go as the system closes them."""
        station = self.stations.pop(name)
        station.vault.keyring.close()
        station.vault.store.close()

    def stop(self) -> None:
        """Every machine is switched off as it should be."""
        for station in self.stations.values():
            station.vault.close()
        self.stations.clear()

    def count(self, what: str) -> None:
        """Count what happened, for whoever reads the run."""
        self.counts[what] = self.counts.get(what, 0) + 1

    def scan(self, station: Station, *texts: str) -> Answer:
        """Scan at a desk, as a person does; the last answer."""
        for text in texts:
            self.clock.advance(seconds=self.chance.choice((0.5, 1, 2, 5)))
            answer = station.desk.scan(text)
            self.count(f"scan {answer.outcome}")
            if answer.sequence is not None:
                with station.vault.store.reading() as reading:
                    stored = reading.entry(number_of(head_of(reading).epoch, answer.sequence))
                assert stored is not None, answer
                self._tell(stored.id)
        return answer

    def _tell(self, event_id: str) -> None:
        if event_id not in self.told[-20:]:
            self.told.append(event_id)

    def act(self, station: Station, event: Event, *by: By) -> Refusal | None:
        """Record an event; the refusal where a rule says no."""
        self.clock.advance(seconds=self.chance.choice((3, 20, 60)))
        try:
            sealed = record(station.vault, event, *by)
        except Refusal as refusal:
            self.unsafe += refusal.safety
            self.count(f"refused {refusal.rule}")
            return refusal
        self._tell(sealed.entry.envelope.id)
        self.count(type(event).__name__)
        return None

    def sign_in(self, station: Station, name: str) -> None:
        """Badge and PIN; sometimes the wrong PIN first."""
        answer = self.scan(station, self.badges[name])
        if answer.ask == "confirm":
            answer = self.scan(station, "CMD-CONFIRM")
        if answer.ask == "pin" and self.chance.random() < 0.1:
            answer = self.scan(station, "000000")
            if answer.ask != "pin":
                answer = self.scan(station, self.badges[name])
        if answer.ask == "pin":
            self.scan(station, PINS[name])

    def night(self) -> None:
        """Until the next morning."""
        now = self.clock.now()
        morning = (now + timedelta(days=1)).replace(hour=1, minute=0, second=0, microsecond=0)
        self.clock.set(morning + timedelta(minutes=self.chance.randrange(60)))
        for station in self.stations.values():
            with suppress(CryoledgerError, VaultError):
                station.desk.close()
