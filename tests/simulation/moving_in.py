"""Parts of an old spreadsheet that a simulated site takes over: stopped by faults, resumed, given up, released."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryoledger.cli.sample import people, stock
from cryoledger.custody.imports import import_parts
from cryoledger.custody.imports.importing import Progress, abandon, carry_out, find_import
from cryoledger.custody.vault import Vault
from cryoledger.domain import numbers
from cryoledger.domain.import_records import Import, ImportLot
from cryoledger.domain.records import Lot, Vial
from cryoledger.exchange.tables import file_sha256
from tests.exchange.laboratory import prepared, row, table
from tests.simulation.site import STATIONS, Site, Station, at_home

PLANTED = "Planted Remark of Mrs Namewell"
FEW = 6  # vials in a part, so that a short file has many


class Pulled(Exception):
    """The plug of the machine that imports."""


class MovingIn:
    """The files that came so far, by their hash."""

    def __init__(self, site: Site) -> None:
        self.site, self.chance = site, site.chance
        self._files: dict[str, Path] = {}

    def step(self) -> None:
        """A new file, or what is to be done with the one that is half in."""
        half = self._half()
        if half is None:
            self._import(self._file(), self.chance.choice(("none", "pulled", "pulled", "killed", "killed")))
        elif self.chance.random() < 0.2:
            self._give_up(half)
        else:
            self._import(half, self.chance.choice(("none", "none", "none", "pulled")))

    def lots(self) -> list[str]:
        """Imported lots that quality has released."""
        with self.site.stations[STATIONS[0]].vault.store.reading() as reading:
            found = [reading.facts.get(Lot, each.lot) for each in reading.facts.where(ImportLot)]
        return [lot.code for lot in found if lot is not None and lot.disposition == "released"]

    def _half(self) -> Path | None:
        """The file that is half in, as the vault has it: a restore may have brought it back to that."""
        with self.site.stations[STATIONS[0]].vault.store.reading() as reading:
            return next((self._files[row.sha256] for row in reading.facts.where(Import, status="open")), None)

    def _file(self) -> Path:
        """Some boxes of one lot, with a comment, a position given twice, and a row that makes no sense."""
        name, rows = f"OLD{len(self._files) + 1}", []
        for at in range(self.chance.randrange(14, 40)):
            place = {
                "freezer": "OLD",
                "box": f"{name}-{at // 20}",
                "position": f"{'ABCDEFGHI'[at % 20 // 9]}{at % 9 + 1}",
            }
            rows.append(
                row(**place, vial=f"{name}V{at}", lot=name, donor=f"{name}D", comments=PLANTED if at == 3 else "")
            )
        rows.append(row(freezer="OLD", box=f"{name}-0", position="A1", vial=f"{name}TWIN", lot=name, donor=f"{name}D"))
        rows.append(row(freezer="OLD", box=f"{name}-0", position="Z99", vial=f"{name}BAD", lot=name, donor=f"{name}D"))
        path = self.site.folder / f"{name}.csv"
        path.write_text(table(rows))
        self._files[file_sha256(path)] = path
        return path

    def _import(self, path: Path, fault: str) -> None:
        name = self.chance.choice(STATIONS)
        self.site.clock.advance(seconds=30)
        if fault == "killed":
            self._killed(name, path)
        else:
            try:
                with few_vials_a_part(), prepared(self.site.stations[name].vault, path) as job:
                    carry_out(self.site.stations[name].vault, job.plan, people.MARIA.by, self._pulled(fault))
            except Pulled:
                self.site.crash(name)
                self.site.start(name)
        self.site.count(f"import {fault}")
        own = self._own(path)
        if own is None or own.status == "open":
            self._nothing_is_usable(own)
            return
        self._again(path)
        if self.chance.random() < 0.8:
            self._release(own.number)

    def _pulled(self, fault: str) -> Progress:
        left = self.chance.randrange(1, 4) if fault == "pulled" else 0

        def told(_done: int, _total: int) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Pulled

        return told

    def _killed(self, name: str, path: Path) -> None:
        """A process of the station imports, and is killed at a random moment, if it lasts so long."""
        moment, child = self.chance.random() * 0.15 + 0.001, os.fork()
        if child == 0:
            with at_home(self.site.folder / name), few_vials_a_part():
                vault = Vault.open(str(self.site.path), clock=self.site.clock)
                vault.clock_confirmed = True
                signal.setitimer(signal.ITIMER_REAL, moment)
                with prepared(vault, path) as job:
                    carry_out(vault, job.plan, people.MARIA.by)
            os._exit(0)
        os.waitpid(child, 0)

    def _own(self, path: Path) -> Import | None:
        """The import of a file, as the vault has it."""
        station = self.site.stations[STATIONS[0]]
        with prepared(station.vault, path) as job, station.vault.store.reading() as reading:
            return find_import(reading.facts, job.plan.sha256)

    def _nothing_is_usable(self, own: Import | None) -> None:
        """Of an import that is not completed nothing can be taken out, and quality can release nothing."""
        station, made = self._desk(), stock.make_event
        if own is None:
            return
        self.site.count("import found half in")
        with station.vault.store.reading() as reading:
            lots = [row.lot for row in reading.facts.where(ImportLot) if row.number == own.number]
            vials = [vial.code for lot in lots for vial in reading.facts.where(Vial, lot=lot)]
        for vial in vials[:1]:
            refused = self.site.act(station, made("VialsTakenOut", vials=[vial], purpose="other"), people.MARIA.by)
            assert refused is not None, own
            assert refused.rule == "import.open"
        if lots:
            release = made("ImportedLotsReleased", number=own.number, lots=lots, basis="former-release-records")
            assert self.site.act(station, release, people.QUINN.by) is not None

    def _again(self, path: Path) -> None:
        """The very file adds nothing."""
        vault = self._desk().vault
        with vault.store.reading() as reading:
            before = reading.head()
        with few_vials_a_part(), prepared(vault, path) as job:
            assert job.before is not None
            assert dict(job.plan.rejected()).keys() >= {job.rows + 1}
        with vault.store.reading() as reading:
            assert reading.head() == before

    def _release(self, number: int) -> None:
        station = self._desk()
        with station.vault.store.reading() as reading:
            lots = [row.lot for row in reading.facts.where(ImportLot) if row.number == number]
        event = stock.make_event("ImportedLotsReleased", number=number, lots=lots, basis="former-release-records")
        refused = self.site.act(station, event, people.QUINN.by)
        assert refused is None, (numbers.shown(number), refused)

    def _give_up(self, path: Path) -> None:
        own = self._own(path)
        if own is not None and own.status == "open":
            self.site.clock.advance(seconds=30)
            abandon(self._desk().vault, own, "interrupted", people.MARIA.by)
            self.site.count("import given up")
            with self._desk().vault.store.reading() as reading:
                assert not [row for row in reading.facts.where(ImportLot) if row.number == own.number]

    def _desk(self) -> Station:
        return self.site.stations[STATIONS[2]]


@contextmanager
def few_vials_a_part() -> Iterator[None]:
    """Parts as small as a file of this simulation needs to have some."""
    before, import_parts.PART_VIALS = import_parts.PART_VIALS, FEW
    try:
        yield
    finally:
        import_parts.PART_VIALS = before
