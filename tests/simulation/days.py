"""What happens at a simulated site: work, mistakes and faults, chosen by a seeded chance; checks after each day."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from cryoledger.cli.sample import people, stock
from cryoledger.cli.sample.story import ORDERS, PATIENTS, wristband
from cryoledger.codes import Kind, make
from cryoledger.custody.backups import backup, restore
from cryoledger.custody.proof.auditing import verify_at
from cryoledger.custody.record import observe
from cryoledger.custody.vault import Vault
from cryoledger.domain import times
from cryoledger.domain.records import Hold, StorageUnit, Vial
from cryoledger.errors import VaultSetBackError
from tests.simulation import invariants
from tests.simulation.moving_in import PLANTED, MovingIn
from tests.simulation.site import STATIONS, Site, Station, at_home

GARBAGE = ("", "???", "=A9999", "CMD-NOTHING", "VBV008Q2U1", "]C1010123", "\x1d", "TANK1-C9-B9/A1")
FREEZERS = STATIONS[:2]


class Days:
    """A site and its days."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.site = Site.make(folder, seed)
        self.chance = self.site.chance
        self.seen = invariants.Ledger(self.site.path)
        self.day = 0
        self._treated = 0
        self.moving_in = MovingIn(self.site)

    def live(self, steps: int = 25) -> None:
        """One day, and what must hold after it."""
        self.day += 1
        for name in FREEZERS:
            self.site.sign_in(self.site.stations[name], self.chance.choice(("maria.s", "tomas.h")))
        acts = self._acts()
        for _ in range(steps):
            act = self.chance.choices([act for act, _ in acts], [weight for _, weight in acts])[0]
            act()
        self._check()
        if self.chance.random() < 0.25:
            self._disaster()
        self.site.night()

    def close(self) -> None:
        """Switch everything off."""
        self.site.stop()

    def _acts(self) -> list[tuple[Callable[[], None], int]]:
        return [
            (self._store_or_move, 6), (self._out_and_back, 8), (self._nonsense, 4), (self._undo, 3), (self._treat, 2),
            (self._wrong, 3), (self._hold, 2), (self._crash, 2), (self._killed, 1), (self._backup, 1),
            (self.moving_in.step, 3),
        ]  # fmt: skip

    def _desk(self) -> Station:
        station = self.site.stations[self.chance.choice(FREEZERS)]
        if station.desk.person is None:
            self.site.sign_in(station, self.chance.choice(("maria.s", "tomas.h")))
        return station

    def _vials(self, **equal: str) -> list[Vial]:
        with self.site.stations[STATIONS[0]].vault.store.reading() as reading:
            return reading.facts.where(Vial, **equal)

    def _some(self, **equal: str) -> str | None:
        found = [vial.code for vial in self._vials(**equal)]
        return self.chance.choice(found) if found else None

    # Work at the freezer

    def _store_or_move(self) -> None:
        vial = self._some(custody="stored")
        box = self.chance.choice(("TANK1-C3-B1", "TANK1-C3-B2", "CF2-R1-B2", "TANK1-C1-B1"))
        if vial is not None:
            position = f"{box}/{self.chance.choice('ABCDEFGHI')}{self.chance.randrange(1, 10)}"
            self.site.scan(self._desk(), "CMD-MOVE", vial, position, "CMD-CANCEL")

    def _out_and_back(self) -> None:
        desk, vials = self._desk(), [self._some(custody="stored") for _ in range(self.chance.randrange(1, 4))]
        taken = [vial for vial in vials if vial is not None]
        self.site.scan(desk, "CMD-TAKE-OUT", *taken, "CMD-DONE", "CMD-CANCEL")
        if self.chance.random() < 0.8:
            self.site.scan(desk, "CMD-RETURN", *taken, "CMD-CANCEL")

    def _nonsense(self) -> None:
        self.site.scan(self._desk(), *self.chance.sample(GARBAGE, 3), "CMD-CANCEL")

    def _undo(self) -> None:
        self.site.scan(self._desk(), self.chance.choice(("CMD-UNDO-LAST", "CMD-UNDO-BOX")), "CMD-CONFIRM", "CMD-CANCEL")

    # From order to patient

    def _treat(self) -> None:
        """A new order and what follows, up to a random end: some orders are never finished."""
        station, number = self.site.stations[STATIONS[2]], self._treated
        lots = (stock.RELEASED, *self.moving_in.lots())
        released = [vial.code for lot in lots for vial in self._vials(lot=lot) if vial.custody == "stored"]
        if not released:
            return
        self._treated += 1
        vial, patient = self.chance.choice(released), self.chance.choice(PATIENTS)
        order, dose = make(stock.PREFIX, Kind.ORDER, 8_000 + number), make(stock.PREFIX, Kind.DOSE, 9_100 + number)
        band = station.vault.subjects().band(patient, wristband(patient))
        line = {"line": 1, "cells": 9_000_000, "cells_max": 11_000_000, "route": "intravenous infusion",
                "due_on": self.site.clock.now().date().isoformat()}  # fmt: skip
        pia, maria, carl, wanda = people.PIA.by, people.MARIA.by, people.CARL.by, people.WANDA.by
        event, named = stock.make_event, {"order": order, "line": 1}
        steps = [
            (event("OrderPlaced", order=order, patient=patient, product=stock.PRODUCT, lines=[line]), (carl,)),
            (event("VialsReserved", **named, vials=[vial]), (pia,)),
            (event("VialsTakenOut", vials=[vial], purpose="order", order=order), (maria,)),
            (event("VialsIssued", **named, vials=[vial]), (pia, maria)),
            (event("VialsThawed", vials=[vial], purpose="therapy"), (pia,)),
            (event("DosePrepared", dose=dose, **named, container="syringe",
                   sources=[{"vial": vial, "volume_microlitres": 1_000}], diluent_microlitres=0,
                   sampled_microlitres=0, volume_microlitres=1_000, cells=9_100_000,
                   viability_millipercent=91_000), (pia,)),
            (event("DoseHandedOver", dose=dose, receiver="carl.w"), (pia, carl)),
            (event("BedsideCheckPassed", dose=dose, **named, patient=patient, band=band), (carl, wanda)),
        ]  # fmt: skip
        for made, by in steps[: self.chance.choice((4, 6, 8, 8, 8))]:
            if self.site.act(station, made, *by) is not None:
                return
            if self.chance.random() < 0.03:
                self.site.clock.advance(minutes=150)  # something came in between: the dose may lapse
        now = times.text_of(self.site.clock.now())
        given = event("AdministrationCompleted", dose=dose, order=order, patient=patient, started_at=now, ended_at=now,
                      given_microlitres=1_000, wasted_microlitres=0, reaction="none")  # fmt: skip
        self.site.act(station, given, carl, wanda)

    def _wrong(self) -> None:
        """What must never be recorded: an unreleased vial, the wrong role, one person as two."""
        station, vial = self.site.stations[STATIONS[2]], self._some(lot=stock.QUARANTINED)
        event = self.chance.choice((
            stock.make_event("VialsReserved", order=ORDERS[0], line=1, vials=[vial]),
            stock.make_event("VialsIssued", order=ORDERS[0], line=1, vials=[vial]),
        ))  # fmt: skip
        by = (people.PIA.by, people.MARIA.by) if type(event).__name__ == "VialsIssued" else (people.PIA.by,)
        assert self.site.act(station, event, *by) is not None, event
        assert self.site.act(station, stock.make_event("LotReleased", lot=stock.QUARANTINED), people.MARIA.by)
        discard = stock.make_event("VialsDiscarded", vials=[vial], reason="broken")
        assert self.site.act(station, discard, people.MARIA.by, people.MARIA.by) is not None

    def _hold(self) -> None:
        station = self.site.stations[STATIONS[2]]
        with station.vault.store.reading() as reading:
            held = [row for row in reading.facts.where(Hold) if row.lifted is None and row.kind == "hold"]
        if held and self.chance.random() < 0.6:
            number = held[0].number
            self.site.act(station, stock.make_event("HoldLifted", number=number, reason="cleared"), people.QUINN.by)
        elif (vial := self._some(custody="stored")) is not None:
            event = stock.make_event("HoldPlaced", scope="vial", codes=[vial], reason="investigation")
            self.site.act(station, event, people.QUINN.by)

    # Faults

    def _crash(self) -> None:
        name = self.chance.choice(STATIONS)
        self.site.crash(name)
        self.site.start(name)
        self.site.count("crash")

    def _killed(self) -> None:
        """A process of a station is killed at a random moment of its work."""
        home = self.site.folder / STATIONS[1]
        child = os.fork()
        if child == 0:
            with at_home(home):
                vault = Vault.open(str(self.site.path), clock=self.site.clock)
                vault.clock_confirmed = True
                signal.setitimer(signal.ITIMER_REAL, self.chance.random() * 0.2 + 0.001)
                while True:
                    observe(vault, stock.make_event("AlarmRaised", unit="TANK1", alarm="door"))
        os.waitpid(child, 0)
        self.site.count("killed")

    def _backup(self) -> None:
        target = self.site.folder / f"backup-{self.day}-{self.chance.getrandbits(32)}"
        backup.back_up(self.site.stations[STATIONS[0]].vault, target)
        self.site.count("backup")

    def _disaster(self) -> None:
        """The vault's disk dies: the last backup is restored, nobody can sign at first, two declare it later."""
        backups = sorted(self.site.folder.glob("backup-*[0-9]"), key=lambda path: path.stat().st_mtime)
        if not backups:
            return
        self.site.stop()
        path = self.site.folder / f"restored-{self.day}.cryoledger"
        with at_home(self.site.folder / STATIONS[0]):
            done = restore.restore(backups[-1], path, now=times.text_of(self.site.clock.now()))
            kept = invariants.Ledger(path)
            assert self.seen.places[: len(kept.places)] == kept.places[: len(self.seen.places)]
            self.site.path = path
            if not done.complete:
                self._alarmed()
        self.site.told = [each for each in self.site.told if each in set(kept.ids)]
        self.site.unsafe = 0
        for name in STATIONS:
            self.site.start(name)
        self.seen = invariants.Ledger(path)
        self.site.count("restore")
        if not done.complete:
            self._reconcile()
        for each in backups:
            each.unlink()

    def _alarmed(self) -> None:
        try:
            Vault.open(str(self.site.path), clock=self.site.clock).close()
        except VaultSetBackError:
            pass
        else:
            raise AssertionError("a vault that was set back must not open")
        with Vault.open(str(self.site.path), clock=self.site.clock, remembered=False) as vault:
            restore.go_on(vault)

    def _reconcile(self) -> None:
        """A night of unreconciled work, the declaration, then the box checks that let vials go to patients again."""
        site, station = self.site, self.site.stations[STATIONS[2]]
        refused = site.act(station, stock.make_event("LotReleased", lot=stock.QUARANTINED), people.QUINN.by)
        assert refused is not None
        assert refused.rule == "restore.unreconciled"
        self._out_and_back()
        restore.declare(station.vault, people.ADA.by, people.QUINN.by)
        with station.vault.store.reading() as reading:
            boxes = [unit.code for unit in reading.facts.where(StorageUnit) if unit.rows]
        for box in boxes:
            present = [vial.code for vial in self._vials(unit=box)]
            if self.chance.random() < 0.8:
                site.act(station, stock.make_event("BoxChecked", unit=box, present=present), people.MARIA.by)

    # What must hold

    def _check(self) -> None:
        now = invariants.check(self.site.path, (PLANTED.encode(),))
        invariants.nothing_was_edited(self.seen, now)
        invariants.refusals_are_recorded(now, self.site.unsafe)
        there = set(now.ids)
        assert [told for told in self.site.told if told not in there] == []
        for name in STATIONS:
            with at_home(self.site.folder / name):
                report = verify_at(str(self.site.path))
            assert report.ok, (self.day, name, report.findings)
        self.seen = now
